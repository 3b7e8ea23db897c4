"""Who is taken for a person, and which recent calls are judged again."""

from pathlib import Path

import pytest

from silentspam.calllog.entry import Value
from silentspam.calllog.labels import Answer, Label, LabelledCall, LabelSource
from silentspam.promotion.people import COLUMNS, CONVERSATION_SECONDS, Evidence, evidence, recent_calls

TALKED: dict[str, Value] = {
    "disposition": "BRIDGED",
    "ended_by": "AGENT",
    "bridged_at": 100.0,
    "ended_at": 100.0 + CONVERSATION_SECONDS,
}


def a_call(label: Answer | None = None, **known: Value) -> LabelledCall:
    row = dict.fromkeys(COLUMNS) | {"digital_silence_share": 0.0} | known
    given = Label(
        call_id="", source=LabelSource.REVIEW, label=label or Answer.HAM, labelled_at=0.0, labelled_by="ada"
    )
    return LabelledCall(row, (given,) if label else ())


@pytest.mark.parametrize(
    ("known", "label", "expected"),
    [
        ({}, None, None),
        ({}, Answer.HAM, Evidence.LABEL),
        ({"challenge_result": "FAILED", "caller_speech_seconds": 0.0}, Answer.HAM, Evidence.LABEL),
        ({"challenge_result": "PASSED", **TALKED}, Answer.SPAM, None),
        ({"challenge_result": "PASSED", **TALKED}, Answer.UNSURE, None),
        ({"challenge_result": "PASSED", "disposition": "BRIDGED"}, None, Evidence.OUTCOME),
        ({"challenge_result": "PASSED", "caller_speech_seconds": 0.0, **TALKED}, None, None),
        ({"challenge_result": "FAILED", **TALKED}, None, None),
        ({"caller_speech_seconds": 0.5, "disposition": "BRIDGED"}, None, Evidence.OUTCOME),
        (TALKED, None, Evidence.CONVERSATION),
        (TALKED | {"ended_by": "CALLER"}, None, Evidence.CONVERSATION),
        (TALKED | {"ended_by": "APP"}, None, None),
        (TALKED | {"ended_by": None}, None, None),
        (TALKED | {"caller_speech_seconds": 0.0, "verdict": "HAM", "recording": "/r"}, None, None),
        (TALKED | {"ended_at": 99.9 + CONVERSATION_SECONDS}, None, None),
        (TALKED | {"bridged_at": None}, None, None),
        (TALKED | {"disposition": "BRIDGE_ABANDON"}, None, None),
    ],
)
def test_what_is_known_of_a_call_says_whether_its_caller_was_a_person(
    known: dict[str, Value], label: Answer | None, expected: Evidence | None
) -> None:
    assert evidence(a_call(label, **known)) == expected


def numbered(number: int, **known: Value) -> LabelledCall:
    return a_call(None, **{"call_id": f"call-{number}", "recording": f"/r/{number}.ulaw"} | known)


def test_the_newest_calls_are_taken_and_a_flood_does_not_crowd_people_out() -> None:
    flood = [numbered(number) for number in range(4)]
    people = [numbered(number, **TALKED) for number in range(4, 8)]
    calls = recent_calls([*flood, *people], at_most=3)
    assert [call.call_id for call in calls] == ["call-0", "call-1", "call-2", "call-4", "call-5", "call-6"]
    assert calls[0].recording == Path("/r/0.ulaw")


def test_calls_without_a_recording_are_left_out() -> None:
    calls = recent_calls([numbered(0, recording=None, **TALKED), numbered(1)], at_most=9)
    assert [(call.call_id, call.person) for call in calls] == [("call-1", None)]
