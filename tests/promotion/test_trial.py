"""Judging again: both models hear the same recording, and what is gone is counted."""

from pathlib import Path

from silentspam.audio import Recording, read_ulaw
from silentspam.call import VerdictKind
from silentspam.promotion.people import Evidence, RecentCall
from silentspam.promotion.trial import judge_again
from silentspam.verdict import Verdict
from tests.fakes import noise, tone


def loud_is_ham(recording: Recording) -> Verdict:
    loud = abs(recording.samples).max() > 0.1
    return Verdict(kind=VerdictKind.HAM if loud else VerdictKind.CALLER_SILENCE, model_id="a")


def all_is_spam(_: Recording) -> Verdict:
    return Verdict(kind=VerdictKind.CALLER_SILENCE, model_id="b")


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
