"""Whole calls through a real `silentspam serve`, asked by a FreeSWITCH that replays recordings of a real one.

CI has no FreeSWITCH: what is shown here is what the program does with what a real one said in fourteen
recorded sessions, and with what is known of one (measured, or read in its source; the replay says which).
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.freeswitch.callers import RIGHT, WRONG, Agent, Caller, Fate, Heard, Moment
from tests.freeswitch.screened import DEAD_AIR, PATIENT_GUARD, SPEECH, Office, an_office

HUMAN = Caller(opening=SPEECH, guard_seconds=PATIENT_GUARD)
SUSPECT = replace(HUMAN, opening=DEAD_AIR)


def to(fate: Fate, *, rings: float = 0.3) -> Caller:
    return replace(HUMAN, agent=Agent(fate=fate, rings=rings))


def row(disposition: str | None, ended_by: str | None, verdict: str | None, **more: Any) -> dict[str, Any]:
    plain = {"challenge_result": None, "failed_open": 0}
    return {"disposition": disposition, "ended_by": ended_by, "verdict": verdict, **plain, **more}


SILENCE, FAILED = "CALLER_SILENCE", {"challenge_result": "FAILED"}

CALLS: dict[str, tuple[Caller, dict[str, Any], list[Heard]]] = {
    "bridged_human": (
        HUMAN,
        row("BRIDGED", "AGENT", "HAM"),
        [Heard.ANSWERED, Heard.TONE, Heard.AGENT_RINGS, Heard.WITH_AGENT],
    ),
    "bridged_human_caller_hangs": (
        to(Fate.CALLER_ENDS),
        row("BRIDGED", "CALLER", "HAM"),
        [Heard.ANSWERED, Heard.TONE, Heard.AGENT_RINGS, Heard.WITH_AGENT, Heard.LEFT],
    ),
    "failed_ivr_no_digit": (
        SUSPECT,
        row("REJECTED_CALLER_SILENCE", "APP", SILENCE, **FAILED),
        [Heard.ANSWERED, Heard.TONE, *[Heard.SOUND] * 4, Heard.HUNG_UP],
    ),
    "failed_ivr_wrong_digit": (
        replace(SUSPECT, answers=((1.0, WRONG), (1.0, WRONG))),
        row("REJECTED_CALLER_SILENCE", "APP", SILENCE, **FAILED),
        [Heard.ANSWERED, Heard.TONE, *[Heard.SOUND] * 4, Heard.HUNG_UP],
    ),
    "ivr_pass_bridged": (
        replace(SUSPECT, answers=((1.0, RIGHT),)),
        row("BRIDGED", "AGENT", SILENCE, challenge_result="PASSED"),
        [Heard.ANSWERED, Heard.TONE, *[Heard.SOUND] * 2, Heard.AGENT_RINGS, Heard.WITH_AGENT],
    ),
    "ivr_early_digit": (
        replace(SUSPECT, early_keys=tuple((0.8 + n / 50, key) for n, key in enumerate("*#0123456789"))),
        row("REJECTED_CALLER_SILENCE", "APP", SILENCE, **FAILED),
        [Heard.ANSWERED, Heard.TONE, *[Heard.SOUND] * 4, Heard.HUNG_UP],
    ),
    "hangup_mid_record": (
        replace(SUSPECT, leaves=(Moment.RECORDING, 1.0)),
        row("SCREEN_ABANDON", "CALLER", None),
        [Heard.ANSWERED, Heard.TONE, Heard.LEFT],
    ),
    "caller_cancels_before_answer": (
        replace(HUMAN, leaves=(Moment.ANNOUNCED, 0.01)),
        row("SCREEN_ABANDON", "CALLER", None),
        [Heard.LEFT],
    ),
    "agent_busy": (
        to(Fate.BUSY),
        row("BRIDGE_ABANDON", "AGENT", "HAM"),
        [Heard.ANSWERED, Heard.TONE, Heard.AGENT_RINGS, Heard.FAILED],
    ),
    "agent_no_answer": (
        to(Fate.NO_ANSWER, rings=3.0),
        row("BRIDGE_TIMEOUT", "APP", "HAM"),
        [Heard.ANSWERED, Heard.TONE, Heard.AGENT_RINGS, Heard.FAILED],
    ),
    "nobody at the agent's": (
        to(Fate.NOBODY),
        row("BRIDGE_OUT_OF_SERVICE", "APP", "HAM"),
        [Heard.ANSWERED, Heard.TONE, Heard.AGENT_RINGS, Heard.FAILED],
    ),
    "the agent declines": (
        to(Fate.DECLINES),
        row("BRIDGE_ABANDON", "AGENT", "HAM"),
        [Heard.ANSWERED, Heard.TONE, Heard.AGENT_RINGS, Heard.FAILED],
    ),
    "leaves while the agent rings": (
        replace(to(Fate.NO_ANSWER, rings=9.0), leaves=(Moment.AGENT_RINGS, 1.0)),
        row("BRIDGE_ABANDON", "CALLER", "HAM"),
        [Heard.ANSWERED, Heard.TONE, Heard.AGENT_RINGS, Heard.LEFT],
    ),
    "leaves in the question": (
        replace(SUSPECT, leaves=(Moment.QUESTION, 0.5)),
        row("IVR_ABANDON", "CALLER", SILENCE, challenge_result="ABANDONED"),
        [Heard.ANSWERED, Heard.TONE, Heard.SOUND, Heard.LEFT],
    ),
    "right at the second question": (
        replace(SUSPECT, answers=(None, (0.5, RIGHT))),
        row("BRIDGED", "AGENT", SILENCE, challenge_result="PASSED"),
        [Heard.ANSWERED, Heard.TONE, *[Heard.SOUND] * 4, Heard.AGENT_RINGS, Heard.WITH_AGENT],
    ),
}
"""By the recordings' names, where there is one: what is done, the row, and what the caller notices."""


FROM_A_CALLER = "x\"'\n;Event-UUID: 1\r\n\napi hupall${system(id)}%0A\u202e"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Office]:
    with an_office(tmp_path_factory.mktemp("office"), model_folder, cuts=1) as one:
        yield one


@pytest.mark.parametrize("name", CALLS)
def test_every_recorded_call_gets_its_row_and_its_caller_what_is_due(office: Office, name: str) -> None:
    caller, expected, noticed = CALLS[name]
    outcome = office.call(caller)
    found = office.row_of(outcome, "screened_at", "ended_at")
    assert {column: found[column] for column in expected} == expected, found["failed_open_cause"]
    assert [what for _, what, _ in outcome.noticed if what is not Heard.RINGING] == noticed
    if found["verdict"] is not None:
        assert 2.0 <= found["recorded_seconds"] <= 2.08
        assert found["digital_silence_share"] == 0.0, "the recorder's fill is no caller's silence"
    assert not outcome.guard_fired
    assert not outcome.late


def test_a_caller_who_sends_nothing_has_no_sound_and_is_not_blamed_for_the_recorders(office: Office) -> None:
    """`no_rtp`: what FreeSWITCH fills two seconds with is nobody's digital silence."""
    found = office.row_of(office.call(replace(HUMAN, opening=None)), "screened_at", "ended_at")
    assert (found["verdict"], found["recorded_seconds"]) == ("INCONCLUSIVE", 0.0)
    assert (found["disposition"], found["failed_open"]) == ("BRIDGED", 0)


@pytest.mark.parametrize("seconds", [0.0, 0.03, 0.06, 0.09, 0.12])
def test_who_leaves_as_the_screening_begins_has_one_row_and_was_let_through_by_nobody(
    office: Office, seconds: float
) -> None:
    outcomes = [office.begin(replace(HUMAN, leaves=(Moment.ANNOUNCED, seconds))) for _ in range(8)]
    for outcome in outcomes:
        found = office.row_of(outcome.wait(), "screened_at", "ended_at")
        assert (found["disposition"], found["ended_by"]) == ("SCREEN_ABANDON", "CALLER")
        assert found["failed_open"] == 0, found["failed_open_cause"]


def test_who_leaves_before_the_program_has_the_call_has_a_row_all_the_same(office: Office) -> None:
    outcome = office.call(replace(HUMAN, leaves=(Moment.ARRIVAL, 0.001)))
    found = office.row_of(outcome, "ended_at")
    assert (found["disposition"], found["ended_by"]) == ("SCREEN_ABANDON", "CALLER")


def test_nothing_of_what_a_caller_says_of_himself_is_ever_said_to_freeswitch(office: Office) -> None:
    hostile = replace(SUSPECT, name=FROM_A_CALLER, dnis="2000'; sched_del", answers=((0.5, RIGHT),))
    outcome = office.call(hostile)
    found = office.row_of(outcome, "screened_at", "ended_at")
    assert (found["disposition"], found["challenge_result"]) == ("BRIDGED", "PASSED")
    assert found["caller_name"].isprintable()
    said = "\n".join(outcome.commands)
    assert not any(text in said for text in ("hupall", "system", "\u202e", "2000'"))


def test_a_quarter_of_a_megabyte_of_headers_is_screened_and_more_is_sent_on(office: Office) -> None:
    long = b"variable_sip_h_X-Long: " + b"a" * 250_000 + b"\n"
    outcome = office.call(replace(HUMAN, headers=long))
    assert office.row_of(outcome, "screened_at", "ended_at")["verdict"] == "HAM"
    outcome = office.call(replace(HUMAN, headers=long * 2))
    found = office.row_of(outcome, "ended_at")
    assert (found["disposition"], found["failed_open"], outcome.guard_fired) == ("BRIDGED", 1, False)


def test_the_agents_own_leg_is_no_call(office: Office) -> None:
    before = len(office.server.rows())
    outcome = office.call(HUMAN)
    office.row_of(outcome, "screened_at", "ended_at")
    assert len(office.server.rows()) == before + 1


def test_many_calls_at_once_are_each_judged_on_their_own(office: Office) -> None:
    passed = replace(SUSPECT, answers=((0.5, RIGHT),))
    outcomes = [office.begin(HUMAN if number % 2 else passed) for number in range(40)]
    for outcome in outcomes:
        outcome.wait()
    rows = [office.row_of(outcome, "screened_at", "ended_at") for outcome in outcomes]
    assert [row["verdict"] for row in rows] == ["HAM" if number % 2 else SILENCE for number in range(40)]
    assert {(row["disposition"], row["failed_open"]) for row in rows} == {("BRIDGED", 0)}
    assert not office.switch.failures


EARLY: dict[str, tuple[Caller, dict[str, Any], list[Heard]]] = {
    "bridged": (
        HUMAN,
        row("BRIDGED", "AGENT", "HAM"),
        [Heard.EARLY_MEDIA, Heard.TONE, Heard.AGENT_RINGS, Heard.WITH_AGENT, Heard.ANSWERED],
    ),
    "rejected": (
        SUSPECT,
        row("REJECTED_CALLER_SILENCE", "APP", SILENCE, **FAILED),
        [Heard.EARLY_MEDIA, Heard.TONE, *[Heard.SOUND] * 4, Heard.HUNG_UP],
    ),
    "abandoned": (
        replace(HUMAN, leaves=(Moment.RECORDING, 1.0)),
        row("SCREEN_ABANDON", "CALLER", None),
        [Heard.EARLY_MEDIA, Heard.TONE, Heard.LEFT],
    ),
    "busy": (
        to(Fate.BUSY),
        row("BRIDGE_ABANDON", "AGENT", "HAM"),
        [Heard.EARLY_MEDIA, Heard.TONE, Heard.AGENT_RINGS, Heard.FAILED],
    ),
}
"""With freeswitch.early_media the call is the agent's to answer: measured, but in no recording."""


def test_early_media_is_screened_without_an_answer(tmp_path: Path, model_folder: Path) -> None:
    with an_office(tmp_path, model_folder, freeswitch={"early_media": True, "ring": [425]}) as early:
        outcomes = {name: early.begin(caller) for name, (caller, _, _) in EARLY.items()}
        for name, (_, expected, noticed) in EARLY.items():
            outcome = outcomes[name].wait()
            found = early.row_of(outcome, "screened_at", "ended_at")
            assert {column: found[column] for column in expected} == expected, name
            assert [what for _, what, _ in outcome.noticed if what is not Heard.RINGING] == noticed
            assert "tone_stream://%(2040,0,425)" in outcome.heard(Heard.TONE)[0][1]
        assert outcomes["rejected"].hung_up_with == "CALL_REJECTED"
        assert not early.switch.failures
