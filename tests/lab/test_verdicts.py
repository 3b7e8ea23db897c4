"""A scenario fails for a reason that is said, and only then."""

import dataclasses

import pytest

from lab.outcome import Outcome
from lab.report import percentile, reasons, table, unchallenged_delays
from lab.scenarios import AgentPart, CallerPart, Hears, Row, Scenario
from lab.verdicts import faults
from lab.worker import Observation

ROW: Row = {
    "disposition": "BRIDGED",
    "ended_by": "CALLER",
    "verdict": "HAM",
    "spam_probability": 0.125,
    "challenge_result": None,
    "answered_at": 100.0,
    "challenged_at": None,
    "bridged_at": 102.1,
    "ended_at": 105.0,
    "failed_open": 0,
    "failed_open_cause": None,
}
GOOD = Observation(
    answered_at=100.0,
    agent_answered_at=102.1,
    ring_while_recorded=1.0,
    ring_while_bridged=0.0,
    agent_heard_dbfs=-20.0,
)


def _scenario(hears: Hears | None = None) -> Scenario:
    return Scenario(
        name="one",
        about="a call",
        number=0,
        caller=CallerPart(sends="speech"),
        agent=AgentPart(does="answers"),
        expect={"disposition": "BRIDGED", "challenge_result": None, "failed_open": 0},
        hears=hears or Hears(ring=True, agent=True),
    )


def _changed(**changes: object) -> Observation:
    import dataclasses

    return dataclasses.replace(GOOD, **changes)  # type: ignore[arg-type]


def test_a_call_as_expected_has_no_faults() -> None:
    assert faults(_scenario(), ROW, GOOD) == ()


def test_a_missing_row_is_a_fault() -> None:
    assert "no row" in faults(_scenario(), None, GOOD)[0]


def test_a_wrong_column_is_named_with_both_values() -> None:
    assert faults(_scenario(), {**ROW, "disposition": "IVR_ABANDON"}, GOOD) == (
        "disposition is IVR_ABANDON, not BRIDGED",
    )


def test_a_row_without_an_end_is_a_fault() -> None:
    assert any("no end" in fault for fault in faults(_scenario(), {**ROW, "ended_at": None}, GOOD))


def test_what_the_caller_hears_counts() -> None:
    for observation, word in (
        (_changed(ring_while_recorded=0.2), "ring tone in 20% of the recording"),
        (_changed(ring_while_bridged=0.5), "ring tone in 50% of the time with the agent"),
        (_changed(agent_answered_at=None), "not reached"),
        (_changed(agent_heard_dbfs=-80.0), "-80 dBFS"),
        (_changed(trouble_done=False), "could not be made"),
        (_changed(fault="the phones failed"), "the phones failed"),
    ):
        assert word in " ".join(faults(_scenario(), ROW, observation))


def test_an_agent_who_should_not_be_reached_is_a_fault() -> None:
    assert faults(_scenario(Hears(ring=True)), ROW, GOOD) == ("the agent was reached",)


def test_a_call_that_must_be_refused_is_not_answered_and_refused_with_these_words() -> None:
    scenario = _scenario(Hears(refused="603 Decline; Q.850;cause=0"))
    unanswered = _changed(answered_at=None, agent_answered_at=None, refused="603 Decline; Q.850;cause=0")
    assert faults(scenario, ROW, unanswered) == ()
    (fault,) = faults(scenario, ROW, _changed(answered_at=None, agent_answered_at=None))
    assert "refused with nothing" in fault
    assert "the call was answered" in faults(scenario, ROW, GOOD)


def test_a_key_pressed_too_late_did_not_end_the_prompt() -> None:
    scenario = _scenario(Hears(agent=True, barge_in=6.0))
    row = {**ROW, "challenged_at": 102.0}
    assert faults(scenario, row, _changed(pressed=((105.0, "7"),))) == ()
    assert "no key" in faults(scenario, row, _changed(pressed=((109.0, "7"),)))[0]


def test_the_table_and_the_reasons_say_what_became_of_each_call() -> None:
    outcomes = [
        Outcome(scenario=_scenario(), row=ROW, observation=GOOD),
        Outcome(scenario=_scenario(), skipped="no mounts here"),
        Outcome(scenario=_scenario(), faults=("it rained",)),
    ]
    lines = table(outcomes).splitlines()
    assert lines[2].split() == [
        "one",
        "HAM",
        "0.125",
        "-",
        "-",
        "BRIDGED",
        "CALLER",
        "2.10",
        "s",
        "-",
        "pass",
    ]
    assert lines[3].endswith("SKIPPED")
    assert lines[4].endswith("FAIL")
    assert reasons(outcomes) == "one: SKIPPED: no mounts here\none: it rained"
    assert [round(delay, 3) for delay in unchallenged_delays(outcomes)] == [2.1]


def test_percentiles_take_the_nearest_rank() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 21)], 0.95) == 19.0
    assert percentile([5.0], 0.95) == 5.0


@pytest.mark.parametrize(
    ("wanted", "spoken", "fault"),
    [
        ("some", 2.5, None),
        ("none", 0.0, None),
        ("some", 0.0, "the caller spoke 0.0 s, not some"),
        ("none", 2.5, "the caller spoke 2.5 s, not none"),
        ("some", None, "the caller's speech was not measured"),
        ("none", None, "the caller's speech was not measured"),
    ],
)
def test_the_callers_speech_is_as_the_table_says(
    wanted: str, spoken: float | None, fault: str | None
) -> None:
    scenario = dataclasses.replace(_scenario(), speech=wanted)
    assert faults(scenario, {**ROW, "caller_speech_seconds": spoken}, GOOD) == ((fault,) if fault else ())
