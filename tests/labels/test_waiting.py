"""Which calls wait for a person, and which comes first."""

from pathlib import Path

import pytest

from silentspam.calllog.labels import Answer, LabelledCall, LabelSource
from silentspam.labels.waiting import Order, waiting
from tests.labels.calls import a_call, a_label

FAILED = {"challenge_result": "FAILED"}


@pytest.fixture
def recording(tmp_path: Path) -> str:
    path = tmp_path / "a.ulaw"
    path.write_bytes(b"\x7e" * 16000)
    return str(path)


def ids(calls: list[LabelledCall], order: Order = Order.NEWEST) -> list[object]:
    return [call.row["call_id"] for call in waiting(calls, order=order)]


def test_only_what_no_rule_can_tell_waits(recording: str) -> None:
    assert ids([a_call(recording=recording, **FAILED)]) == ["call-1"]
    assert ids([a_call(recording=recording, caller_speech_seconds=0.0, **FAILED)]) == []
    assert ids([a_call(recording=recording)]) == []


@pytest.mark.parametrize("answer", Answer)
@pytest.mark.parametrize(
    ("source", "waits"),
    [
        (LabelSource.REVIEW, False),
        (LabelSource.IMPORT, False),
        (LabelSource.OUTCOME, True),
        (LabelSource.CONDUCT, True),
    ],
)
def test_an_answer_of_a_person_or_a_file_ends_the_wait(
    answer: Answer, source: LabelSource, waits: bool, recording: str
) -> None:
    assert bool(ids([a_call(a_label(answer, source), recording=recording, **FAILED)])) == waits


def test_a_call_whose_recording_is_gone_does_not_wait(tmp_path: Path) -> None:
    assert ids([a_call(recording=str(tmp_path / "gone.ulaw"), **FAILED)]) == []


def test_the_call_nearest_to_the_threshold_comes_first_and_one_without_a_probability_last(
    recording: str,
) -> None:
    probabilities = {"sure": 0.99, "unjudged": None, "near": 0.62, "below": 0.5, "unjudged, older": None}
    calls = [
        a_call(call_id=name, recording=recording, spam_probability=p, threshold=0.6, **FAILED)
        for name, p in probabilities.items()
    ]
    assert ids(calls, Order.INFORMATIVE) == ["near", "below", "sure", "unjudged", "unjudged, older"]
    assert ids(calls, Order.NEWEST) == list(probabilities)
