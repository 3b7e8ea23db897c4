"""Judging again: both models hear the same recording, and what is gone is counted."""

from collections.abc import Sequence
from pathlib import Path

from silentspam.audio import Recording, read_ulaw
from silentspam.call import VerdictKind
from silentspam.promotion.people import Evidence, RecentCall
from silentspam.promotion.trial import AT_ONCE, judge_again
from silentspam.training.trained_on import fingerprint
from silentspam.verdict import Verdict
from tests.fakes import noise, tone


def loud_is_ham(recordings: Sequence[Recording]) -> list[Verdict]:
    loud = [abs(recording.samples).max() > 0.1 for recording in recordings]
    kinds = [VerdictKind.HAM if is_loud else VerdictKind.CALLER_SILENCE for is_loud in loud]
    return [Verdict(kind=kind, model_id="a") for kind in kinds]


def all_is_spam(recordings: Sequence[Recording]) -> list[Verdict]:
    return [Verdict(kind=VerdictKind.CALLER_SILENCE, model_id="b")] * len(recordings)


def test_both_models_judge_every_recording_that_is_there(tmp_path: Path) -> None:
    for name, recording in (("person", tone()), ("dead-air", noise())):
        (tmp_path / name).write_bytes(recording.codes.tobytes())
    calls = [
        RecentCall("person", tmp_path / "person", Evidence.CONVERSATION),
        RecentCall("dead-air", tmp_path / "dead-air", None),
        RecentCall("gone", tmp_path / "gone", Evidence.CONVERSATION),
    ]
    trial = judge_again(calls, read_ulaw, loud_is_ham, all_is_spam)
    assert [(rate.hits, rate.n) for rate in trial.people()] == [(0, 1), (1, 1)]
    assert [(rate.hits, rate.n) for rate in trial.everybody()] == [(1, 2), (2, 2)]
    assert trial.unreadable == 1
    assert trial.evidence() == {Evidence.CONVERSATION: 1}
    assert [judged.call.call_id for judged in trial.alike(False, True)] == ["person"]


def test_more_calls_than_are_judged_at_once_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "person").write_bytes(tone().codes.tobytes())
    (tmp_path / "dead-air").write_bytes(noise().codes.tobytes())
    names = ["person" if number % 3 else "dead-air" for number in range(AT_ONCE + 7)]
    calls = [RecentCall(str(number), tmp_path / name, None) for number, name in enumerate(names)]
    trial = judge_again(calls, read_ulaw, loud_is_ham, all_is_spam)
    assert [judged.call for judged in trial.calls] == calls
    assert [judged.challenged[0] for judged in trial.calls] == [name == "dead-air" for name in names]


def test_calls_that_a_model_was_trained_on_say_nothing_of_people_to_come(tmp_path: Path) -> None:
    met = noise()
    for name, recording in (("met", met), ("unmet", noise(2.0, seed=9)), ("flood", met)):
        (tmp_path / name).write_bytes(recording.codes.tobytes())
    calls = [
        RecentCall("met", tmp_path / "met", Evidence.LABEL),
        RecentCall("unmet", tmp_path / "unmet", Evidence.CONVERSATION),
        RecentCall("flood", tmp_path / "flood", None),
    ]
    trial = judge_again(
        calls, read_ulaw, loud_is_ham, all_is_spam, lambda heard: fingerprint(heard) == fingerprint(met)
    )
    assert [(rate.hits, rate.n) for rate in trial.people()] == [(1, 1), (1, 1)]
    assert trial.everybody()[1].n == 3
    assert trial.evidence() == {Evidence.CONVERSATION: 1}
    assert trial.left_out() == 1
