"""Who is taken for a person, and which recent calls are judged again."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from silentspam.calllog.entry import Value
from silentspam.calllog.query import Filter
from silentspam.promotion.people import COLUMNS, CONVERSATION_SECONDS, Evidence, evidence, recent_calls

NOTHING: dict[str, Value] = dict.fromkeys(COLUMNS)
TALKED = {
    "disposition": "BRIDGED",
    "ended_by": "AGENT",
    "bridged_at": 100.0,
    "ended_at": 100.0 + CONVERSATION_SECONDS,
}


@pytest.mark.parametrize(
    ("known", "label", "expected"),
    [
        ({}, None, None),
        ({}, "ham", Evidence.LABEL),
        ({"challenge_result": "FAILED", "caller_speech_seconds": 0.0}, "ham", Evidence.LABEL),
        ({"challenge_result": "PASSED", **TALKED}, "spam", None),
        ({"challenge_result": "PASSED"}, None, Evidence.PASSED),
        ({"challenge_result": "PASSED", "caller_speech_seconds": 0.0}, None, None),
        ({"challenge_result": "FAILED", **TALKED}, None, None),
        ({"caller_speech_seconds": 0.5}, None, Evidence.SPEECH),
        (TALKED, None, Evidence.CONVERSATION),
        (TALKED | {"ended_by": "CALLER"}, None, Evidence.CONVERSATION),
        (TALKED | {"ended_by": "APP"}, None, None),
        (TALKED | {"ended_by": None}, None, None),
        (TALKED | {"caller_speech_seconds": 0.0}, None, None),
        (TALKED | {"ended_at": 99.9 + CONVERSATION_SECONDS}, None, None),
        (TALKED | {"bridged_at": None}, None, None),
        (TALKED | {"disposition": "BRIDGE_ABANDON"}, None, None),
    ],
)
def test_what_is_known_of_a_call_says_whether_its_caller_was_a_person(
    known: dict[str, Value], label: str | None, expected: Evidence | None
) -> None:
    assert evidence(NOTHING | known, label) == expected


def log_of(rows: list[dict[str, Value]]) -> object:
    def iterate(wanted: Filter, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        assert wanted.since == 5.0
        for row in rows:
            yield tuple(row[name] for name in columns)

    return iterate


def a_row(number: int, **known: Value) -> dict[str, Value]:
    return NOTHING | {"call_id": f"call-{number}", "recording": f"/r/{number}.ulaw"} | known


def test_the_newest_calls_are_taken_and_a_flood_does_not_crowd_people_out() -> None:
    flood = [a_row(number) for number in range(4)]
    people = [a_row(number, challenge_result="PASSED") for number in range(4, 8)]
    calls = recent_calls(log_of([*flood, *people]), {}, since=5.0, at_most=3)  # type: ignore[arg-type]
    assert [call.call_id for call in calls] == ["call-0", "call-1", "call-2", "call-4", "call-5", "call-6"]
    assert calls[0].recording == Path("/r/0.ulaw")


def test_calls_without_a_recording_are_left_out_and_labels_count() -> None:
    rows = [a_row(0, recording=None, challenge_result="PASSED"), a_row(1), a_row(2)]
    labels = {"call-1": "ham", "call-2": "spam"}
    calls = recent_calls(log_of(rows), labels, since=5.0, at_most=9)  # type: ignore[arg-type]
    assert [(call.call_id, call.person) for call in calls] == [("call-1", Evidence.LABEL), ("call-2", None)]
