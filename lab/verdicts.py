"""Whether a scenario went as its table says: the row of the call log, and what the caller heard."""

from collections.abc import Iterator

from lab.scenarios import Row, Scenario
from lab.worker import VOICE_DBFS, Observation

MIN_RING_SHARE = 0.25
"""Without ring tone it is 0; with it, what a busy machine's dropouts leave of the windows."""
MAX_RING_SHARE_BRIDGED = 0.1


def faults(scenario: Scenario, row: Row | None, observation: Observation) -> tuple[str, ...]:
    """Everything that differs from the table, each in words; empty where nothing does."""
    return (
        *_row_faults(scenario, row),
        *_heard_faults(scenario, observation),
        *_key_faults(scenario, row or {}, observation),
    )


def _row_faults(scenario: Scenario, row: Row | None) -> Iterator[str]:
    if row is None:
        yield f"no row in the call log for {scenario.ani}"
        return
    if row.get("ended_at") is None:
        yield "the row has no end: the hangup handler did not log"
    for column, wanted in scenario.expect.items():
        if column not in row:
            yield f"the call log has no column {column}"
        elif row[column] != wanted:
            yield f"{column} is {row[column]}, not {wanted}"
    if scenario.speech:
        yield from _speech_faults(scenario.speech, row.get("caller_speech_seconds"))
    if row.get("failed_open") and not row.get("failed_open_cause"):
        yield "failed_open has no cause"


def _speech_faults(wanted: str, spoken: object) -> Iterator[str]:
    if not isinstance(spoken, float):
        yield "the caller's speech was not measured"
    elif (spoken > 0) != (wanted == "some"):
        yield f"the caller spoke {spoken:.1f} s, not {wanted}"


def _heard_faults(scenario: Scenario, observation: Observation) -> Iterator[str]:
    if observation.fault:
        yield observation.fault
        return
    if not observation.trouble_done:
        yield f"the trouble {scenario.trouble} could not be made"
    hears = scenario.hears
    if hears.refused and observation.refused != hears.refused:
        yield f"the call was refused with {observation.refused or 'nothing'}, not {hears.refused}"
    if hears.refused and observation.answered_at is not None:
        yield "the call was answered"
    ring, ring_bridged = observation.ring_while_recorded, observation.ring_while_bridged
    if hears.ring and (ring is None or ring < MIN_RING_SHARE):
        yield f"ring tone in {ring or 0:.0%} of the recording, not {MIN_RING_SHARE:.0%}"
    if hears.agent:
        if observation.agent_answered_at is None:
            yield "the agent was not reached"
        elif (level := observation.agent_heard_dbfs) is None:
            yield "nothing was recorded of the time with the agent"
        elif level < VOICE_DBFS:
            yield f"the agent was heard at {level:.0f} dBFS only"
        if ring_bridged is not None and ring_bridged > MAX_RING_SHARE_BRIDGED:
            yield f"ring tone in {ring_bridged:.0%} of the time with the agent"
    elif observation.agent_answered_at is not None and not scenario.caller.sipp:
        yield "the agent was reached"
    if hears.asked is not None and len(observation.asked) != hears.asked:
        yield f"{len(observation.asked)} digits were asked for, not {hears.asked}"


def _key_faults(scenario: Scenario, row: Row, observation: Observation) -> Iterator[str]:
    limit, begun = scenario.hears.barge_in, row.get("challenged_at")
    if limit is None or not isinstance(begun, float):
        return
    if not observation.pressed or observation.pressed[0][0] - begun > limit:
        yield f"no key was pressed within {limit} s of the prompt's beginning"
