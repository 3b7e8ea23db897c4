"""What the resident server counts of calls and writes of them, by real screenings and hostile callers."""

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from silentspam.budget import Credit
from silentspam.call import (
    Call,
    CallEnd,
    CallRecord,
    Decision,
    Disposition,
    EndedBy,
    GateCause,
    Mode,
    VerdictKind,
)
from silentspam.challenge import ChallengeSettings
from silentspam.gate.passage import Passage
from silentspam.metrics import Registry, told
from silentspam.policy import Standing, Treatments
from silentspam.screening import Screener, Stage, screen_call
from silentspam.serve.metering import WORKER_METRICS, Log, Meter
from tests.fakes import HANGUP, FakeChannel, FakeJudge, a_call, ham, spam

HOSTILE = '15550199"} 1\nsilentspam_calls_total{disposition="x"} 9\u2028\x00\x1b[2J\ud800'


class Watched:
    """A meter, what it counts, and the lines that it writes."""

    def __init__(self, *, stages: bool = True, masked: bool = False) -> None:
        self.written: list[str] = []
        self.registry = Registry()
        self.meter = Meter(self.registry, Log(stages=stages, masked=masked, write=self.written.append))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.written]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines]

    def samples(self) -> dict[tuple[str, ...], float]:
        """Every sample but a histogram's, by its name and its labels' values."""
        families = text_string_to_metric_families(told(self.registry.copy(), WORKER_METRICS))
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in families
            if family.type != "histogram"
            for sample in family.samples
        }


def screened(
    watched: Watched,
    folder: Path,
    *,
    judge: FakeJudge | None = None,
    channel: FakeChannel | None = None,
    passage: Passage | None = None,
    call: Call | None = None,
    treatments: Treatments | None = None,
) -> CallRecord:
    ticks = iter(range(1_700_000_000, 1_700_001_000))
    screener = Screener(
        mode=Mode.ENFORCE,
        record_seconds=2.0,
        recordings=folder,
        challenge=ChallengeSettings(attempts=1, key_seconds=1.0, prompts=folder),
        judge=judge or FakeJudge(ham()),
        observe=watched.meter.observe,
        treatments=treatments or {},
        clock=lambda: float(next(ticks)),
    )
    if passage is not None:
        screener = replace(screener, admit=lambda _call: passage)
    return screen_call(call or a_call(), channel or FakeChannel(), screener)


def test_one_line_a_stage_each_with_the_call_id(tmp_path: Path) -> None:
    watched = Watched()
    record = screened(watched, tmp_path, judge=FakeJudge(spam()))
    assert watched.events() == ["admitted", "answered", "recorded", "judged", "challenged", "decided"]
    assert {line["call_id"] for line in watched.lines} == {record.call.call_id}
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in watched.written)


def test_one_line_a_call_where_stages_are_not_wanted(tmp_path: Path) -> None:
    watched = Watched(stages=False)
    screened(watched, tmp_path, judge=FakeJudge(spam()))
    assert watched.events() == ["decided"]


@pytest.mark.parametrize(
    ("happening", "counted"),
    [
        ({}, {("screened", "BRIDGE"), ("verdicts", "HAM")}),
        (
            {"judge": FakeJudge(spam())},
            {
                ("screened", "REJECT"),
                ("verdicts", "CALLER_SILENCE"),
                ("suspects", "CALLER_SILENCE", "FAILED"),
                ("challenges", "SUSPICION", "FAILED"),
            },
        ),
        (
            {"judge": FakeJudge(RuntimeError("secret 15550199"))},
            {("screened", "BRIDGE"), ("failed_open", "RuntimeError")},
        ),
        (
            {"judge": FakeJudge(spam()), "channel": FakeChannel(faults={"play press-7": ValueError("x: y")})},
            None,
        ),
        (
            {"channel": FakeChannel(faults={"record": HANGUP})},
            {("screened", "ABANDONED"), ("calls", "SCREEN_ABANDON")},
        ),
        (
            {"passage": Passage(cause=GateCause.EMERGENCY, reason="911")},
            {("screened", "BRIDGE"), ("gate", "EMERGENCY")},
        ),
        (
            {"passage": Passage(cause=GateCause.BLOCKED, reason="b")},
            {("screened", "REJECT"), ("gate", "BLOCKED")},
        ),
    ],
)
def test_a_call_counts_once_wherever_it_went(
    tmp_path: Path, happening: dict[str, Any], counted: set[tuple[str, ...]] | None
) -> None:
    watched = Watched()
    screened(watched, tmp_path, **happening)
    found = watched.samples()
    assert set(found.values()) == {1.0}
    if counted is not None:
        assert set(found) == {(f"silentspam_{name}_total", *labels) for name, *labels in counted}


def test_every_stage_that_was_reached_has_its_duration(tmp_path: Path) -> None:
    watched = Watched()
    screened(watched, tmp_path)
    (family,) = [
        family
        for family in text_string_to_metric_families(told(watched.registry.copy(), WORKER_METRICS))
        if family.name == "silentspam_stage_seconds"
    ]
    counts = {s.labels["stage"]: s.value for s in family.samples if s.name.endswith("_count")}
    assert counts == {"answer": 1, "record": 1, "judge": 1, "decide": 1, "whole": 1}


def test_a_challenged_call_tells_nothing_of_how_long_a_decision_takes(tmp_path: Path) -> None:
    watched = Watched()
    screened(watched, tmp_path, judge=FakeJudge(spam()))
    assert "decide" not in watched.registry.state["silentspam_stage_seconds"]
    assert "challenge" in watched.registry.state["silentspam_stage_seconds"]


@pytest.mark.parametrize("disposition", [*Disposition, None])
def test_an_end_counts_by_its_disposition(disposition: Disposition | None) -> None:
    watched = Watched()
    watched.meter.ended(
        CallEnd(call=a_call(), ended_at=1_700_000_007.5, disposition=disposition, ended_by=EndedBy.CALLER)
    )
    assert watched.samples() == {("silentspam_calls_total", disposition or "UNKNOWN"): 1.0}
    assert watched.lines[0]["seconds"] == 7.5


def test_nothing_of_a_hostile_caller_reaches_a_label_or_breaks_a_line(tmp_path: Path) -> None:
    watched = Watched()
    call = Call(
        call_id=str(uuid.uuid4()),
        started_at=1_700_000_000.0,
        ani=HOSTILE,
        caller_id=HOSTILE,
        caller_name=HOSTILE,
        dnis=HOSTILE,
        channel=HOSTILE,
    )
    screened(watched, tmp_path, call=call, judge=FakeJudge(RuntimeError(HOSTILE)))
    watched.meter.ended(CallEnd(call=call, ended_at=1.0, failed_open=True, failed_open_cause=HOSTILE))
    text = told(watched.registry.copy(), WORKER_METRICS)
    assert "15550199" not in text
    assert "\x1b" not in text
    assert all(line.isascii() and line[:-1].isprintable() for line in watched.written)
    assert {line["event"] for line in watched.lines} <= {*Stage, "ended"}
    assert watched.lines[0]["ani"] == HOSTILE


@given(st.text())
def test_any_number_and_name_leave_one_line_of_json(text: str) -> None:
    for masked in (True, False):
        watched = Watched(masked=masked)
        watched.meter.log.event("admitted", ani=text, channel=text, mode_reason=text, dnis=text)
        assert len(watched.written) == 1
        assert watched.written[0].count("\n") == 1
        assert len(watched.written[0].splitlines()) == 1
        assert watched.lines[0]["event"] == "admitted"


def test_a_masked_log_has_no_number_of_the_callers_in_any_line(tmp_path: Path) -> None:
    watched = Watched(masked=True)
    passage = Passage(mode=Mode.SHADOW, mode_reason="number 15550100 is blocked, but nobody is rejected")
    call = replace(a_call(), channel="PJSIP/15550100-00000001", dnis="5550200")
    screened(watched, tmp_path, call=call, passage=passage, judge=FakeJudge(RuntimeError("(15550100)")))
    watched.meter.ended(
        CallEnd(call=call, ended_at=1.0, failed_open=True, failed_open_cause="GET VARIABLE: 15550100")
    )
    assert "15550100" not in "".join(watched.written)
    assert watched.lines[0]["dnis"] == "5550200"
    assert watched.lines[0]["ani"] == "1555xxxx"


FAX = replace(spam(), kind="CALLER_FAX", unheard=("CALLER_NOISE",))
SPENT, TRUSTED = Standing(kinds={"CALLER_FAX": Credit(0.0)}), Standing(trusted=True)


@pytest.mark.parametrize(
    ("treatment", "standing", "outcome"),
    [
        (Decision.CHALLENGE, Standing(), "FAILED"),
        (Decision.REJECT, Standing(credit=Credit()), "REJECTED_UNASKED"),
        (Decision.REJECT, Standing(), "FAILED"),
        (Decision.BRIDGE, Standing(), "BRIDGED"),
        (Decision.CHALLENGE, TRUSTED, "BRIDGED"),
        (Decision.CHALLENGE, SPENT, "HELD_BACK"),
        (Decision.REJECT, SPENT, "HELD_BACK"),
    ],
)
def test_suspects_are_counted_by_kind_and_by_what_became_of_them(
    tmp_path: Path, treatment: Decision, standing: Standing, outcome: str
) -> None:
    watched = Watched()
    judge = FakeJudge(FAX, known=standing)
    record = screened(watched, tmp_path, judge=judge, treatments={"CALLER_FAX": treatment})
    found = watched.samples()
    assert found["silentspam_suspects_total", "CALLER_FAX", outcome] == 1
    assert found["silentspam_unheard_total", "CALLER_NOISE"] == 1
    assert ("silentspam_challenges_total", "SUSPICION", "FAILED") in found or outcome != "FAILED"
    assert record.verdict == "CALLER_FAX"


def test_every_kind_of_verdict_is_a_label_of_its_own(tmp_path: Path) -> None:
    watched = Watched()
    for kind in VerdictKind:
        screened(watched, tmp_path, judge=FakeJudge(replace(ham(), kind=kind)))
    assert {
        labels
        for name, *labels in watched.samples()
        if name == "silentspam_verdicts_total"
        for labels in labels
    } == set(VerdictKind)
