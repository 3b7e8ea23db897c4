"""Whole calls over a scripted channel: what becomes of each, and that nothing that breaks loses a caller."""

import errno
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from silentspam.call import (
    CallRecord,
    ChallengeCause,
    ChallengeResult,
    Decision,
    Disposition,
    EndedBy,
    Mode,
    VerdictKind,
)
from silentspam.challenge import ChallengeSettings
from silentspam.errors import AudioError, ChannelError, DeadlineExceeded, ModelError
from silentspam.kinds.table import KINDS, names
from silentspam.policy import Exploration
from silentspam.screening import Screener, screen_call
from tests.fakes import HANGUP, FakeChannel, FakeJudge, a_call, ham, inconclusive, spam, unjudged

BRIDGE, REJECT = Decision.BRIDGE, Decision.REJECT


def screen(
    channel: FakeChannel,
    judge: FakeJudge,
    folder: Path,
    *,
    mode: Mode = Mode.ENFORCE,
    contact: str = "",
    ring: bool = True,
    share: float = 0.0,
) -> CallRecord:
    digits: Iterator[str] = iter("73")
    ticks = count(1_700_000_000.0)
    screener = Screener(
        mode=mode,
        record_seconds=2.0,
        recordings=folder,
        challenge=ChallengeSettings(
            attempts=2, key_seconds=5.0, prompts=Path("/prompts"), contact_number=contact
        ),
        judge=judge,
        exploration=Exploration(share=share, draw=lambda: 0.0),
        ring=ring,
        clock=lambda: next(ticks),
        choose_digit=lambda: next(digits),
    )
    return screen_call(a_call(), channel, screener)


def assert_bridged(record: CallRecord, channel: FakeChannel, cause: str) -> None:
    """The first law: the switch was told to bridge (or was told nothing), and the log says why."""
    assert record.decision is BRIDGE
    assert all(told.decision is BRIDGE for told in channel.handed_back)
    assert record.disposition is None
    assert record.ended_by is None
    assert record.failed_open
    assert record.failed_open_cause
    assert cause in record.failed_open_cause


# --- calls -------------------------------------------------------------------------------------------------

OPENING = ["announce", "answer", "start_ringing", "record"]
CALLS = {
    "a person speaks": (ham(), [], BRIDGE, None, None, None),
    "no media, digital silence": (inconclusive(), [], BRIDGE, None, None, None),
    "dead air presses nothing": (
        spam(),
        [],
        REJECT,
        ChallengeResult.FAILED,
        Disposition.REJECTED_CALLER_SILENCE,
        EndedBy.APP,
    ),
    "dead air presses wrong keys": (
        spam(),
        ["1", "1"],
        REJECT,
        ChallengeResult.FAILED,
        Disposition.REJECTED_CALLER_SILENCE,
        EndedBy.APP,
    ),
    "a quiet person presses at once": (spam(), ["7"], BRIDGE, ChallengeResult.PASSED, None, None),
    "a quiet person needs two": (spam(), ["1", "3"], BRIDGE, ChallengeResult.PASSED, None, None),
}


@pytest.mark.parametrize("what", CALLS)
def test_what_becomes_of_a_call(what: str, tmp_path: Path) -> None:
    verdict, keys, decision, challenge, disposition, ended_by = CALLS[what]
    channel, judge = FakeChannel(keys=keys), FakeJudge(verdict)
    record = screen(channel, judge, tmp_path)
    assert channel.commands[:4] == OPENING
    assert channel.commands[-1] == "hand_back"
    assert channel.handed_back == [record]
    assert record.decision is decision
    assert record.challenge_result is challenge
    assert record.disposition is disposition
    assert record.ended_by is ended_by
    assert not record.failed_open
    assert record.verdict is verdict.kind
    assert record.spam_probability == verdict.spam_probability


@pytest.mark.parametrize("what", CALLS)
def test_in_shadow_every_call_is_judged_logged_and_bridged_unasked(what: str, tmp_path: Path) -> None:
    channel = FakeChannel()
    record = screen(channel, FakeJudge(CALLS[what][0]), tmp_path, mode=Mode.SHADOW)
    assert (record.decision, record.mode, record.challenge_result) == (BRIDGE, Mode.SHADOW, None)
    assert record.verdict is CALLS[what][0].kind
    assert channel.commands == [*OPENING, "hand_back"]


def test_the_times_of_the_stages_follow_one_another(tmp_path: Path) -> None:
    record = screen(FakeChannel(), FakeJudge(spam()), tmp_path)
    times = [
        record.call.started_at,
        record.answered_at,
        record.recorded_at,
        record.judged_at,
        record.challenged_at,
        record.screened_at,
    ]
    assert None not in times
    assert times == sorted(times, key=lambda time: time or 0.0)
    assert len(set(times[1:])) == 5


def test_the_recording_is_named_by_our_own_id_and_the_judge_hears_that_file(tmp_path: Path) -> None:
    judge = FakeJudge()
    record = screen(FakeChannel(opening=b"\x7f\xff"), judge, tmp_path / "new" / "folder")
    path = tmp_path / "new" / "folder" / f"{record.call.call_id}.ulaw"
    assert record.recording == str(path)
    assert judge.judged == [path]
    assert path.read_bytes() == b"\x7f\xff"


def test_what_is_heavy_happens_while_the_caller_is_recorded(tmp_path: Path) -> None:
    judge = FakeJudge()
    screen(FakeChannel(faults={"record": HANGUP}), judge, tmp_path)
    assert judge.prepared == 0
    screen(FakeChannel(), judge, tmp_path)
    assert judge.prepared == 1


def test_a_screener_without_ring_tone_sends_none(tmp_path: Path) -> None:
    channel = FakeChannel()
    screen(channel, FakeJudge(), tmp_path, ring=False)
    assert "start_ringing" not in channel.commands


# --- the caller leaves -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leaves_at", "disposition", "challenge"),
    [
        ("announce", Disposition.SCREEN_ABANDON, None),
        ("answer", Disposition.SCREEN_ABANDON, None),
        ("start_ringing", Disposition.SCREEN_ABANDON, None),
        ("record", Disposition.SCREEN_ABANDON, None),
        ("play press-7", Disposition.IVR_ABANDON, ChallengeResult.ABANDONED),
        ("wait_for_key", Disposition.IVR_ABANDON, ChallengeResult.ABANDONED),
        ("play no-key", Disposition.IVR_ABANDON, ChallengeResult.ABANDONED),
        ("play press-3", Disposition.IVR_ABANDON, ChallengeResult.ABANDONED),
        ("play rejected-contact", Disposition.REJECTED_CALLER_SILENCE, ChallengeResult.FAILED),
        ("play digit-8", Disposition.REJECTED_CALLER_SILENCE, ChallengeResult.FAILED),
        ("play goodbye", Disposition.REJECTED_CALLER_SILENCE, ChallengeResult.FAILED),
    ],
)
def test_a_caller_who_leaves_has_the_disposition_of_the_stage(
    leaves_at: str, disposition: Disposition, challenge: ChallengeResult | None, tmp_path: Path
) -> None:
    channel = FakeChannel(faults={leaves_at: HANGUP})
    record = screen(channel, FakeJudge(spam()), tmp_path, contact="8")
    assert (record.disposition, record.challenge_result) == (disposition, challenge)
    assert record.ended_by is EndedBy.CALLER
    assert not record.failed_open
    assert channel.commands[-1] == "hand_back"


@pytest.mark.parametrize(
    ("verdict", "keys", "leaves_at"),
    [(ham(), [], "hand_back"), (spam(), ["7"], "play passed"), (spam(), ["7"], "hand_back")],
)
def test_a_caller_who_leaves_on_the_way_to_the_agent_abandoned_the_bridge(
    verdict: object, keys: list[str], leaves_at: str, tmp_path: Path
) -> None:
    channel = FakeChannel(keys=keys, faults={leaves_at: HANGUP})
    record = screen(channel, FakeJudge(verdict), tmp_path)  # type: ignore[arg-type]
    assert (record.disposition, record.ended_by) == (Disposition.BRIDGE_ABANDON, EndedBy.CALLER)


def test_a_caller_who_leaves_twice_has_left_once(tmp_path: Path) -> None:
    for stage in ("record", "wait_for_key", "play rejected"):
        once = screen(FakeChannel(faults={stage: HANGUP}), FakeJudge(spam()), tmp_path)
        twice = screen(FakeChannel(faults={stage: HANGUP, "hand_back": HANGUP}), FakeJudge(spam()), tmp_path)
        assert (once.disposition, once.ended_by) == (twice.disposition, twice.ended_by)


def test_a_side_that_cannot_be_recorded_changes_nobodys_fate(tmp_path: Path) -> None:
    for keys, decision in (([], REJECT), (["7"], BRIDGE)):
        channel = FakeChannel(keys=keys, faults={"record_side": ChannelError("no MixMonitor")})
        record = screen(channel, FakeJudge(spam()), tmp_path)
        assert (record.decision, record.failed_open) == (decision, False)


def test_a_side_is_recorded_of_the_challenged_alone(tmp_path: Path) -> None:
    for verdict, recorded in ((spam(), True), (ham(), False), (inconclusive(), False)):
        channel = FakeChannel()
        screen(channel, FakeJudge(verdict), tmp_path)
        assert ("record_side" in channel.commands) == recorded


# --- exploration: challenged by lot -------------------------------------------------------------------------


def test_a_row_says_how_probable_a_challenge_was_and_why_there_was_one(tmp_path: Path) -> None:
    cases = {
        "suspect": (spam(), Mode.ENFORCE, 0.01, ChallengeCause.SUSPICION, 1.0),
        "explored": (ham(), Mode.ENFORCE, 0.01, ChallengeCause.EXPLORATION, 0.01),
        "spared": (ham(), Mode.ENFORCE, 0.0, None, 0.0),
        "digital silence": (inconclusive(), Mode.ENFORCE, 1.0, None, 0.0),
        "shadow": (ham(), Mode.SHADOW, 1.0, None, None),
        "collected": (unjudged(), Mode.COLLECT, 0.01, ChallengeCause.EXPLORATION, 0.01),
        "digital silence collected": (inconclusive(), Mode.COLLECT, 1.0, None, 0.0),
    }
    for what, (verdict, mode, share, cause, probability) in cases.items():
        record = screen(FakeChannel(), FakeJudge(verdict), tmp_path, mode=mode, share=share)
        assert (record.challenge_cause, record.challenge_probability) == (cause, probability), what
        assert (record.challenge_result is None) == (cause is None), what


@pytest.mark.parametrize(("verdict", "mode"), [(ham(), Mode.ENFORCE), (unjudged(), Mode.COLLECT)])
@pytest.mark.parametrize("keys", [(), ("1", "1")])
def test_who_fails_a_challenge_by_lot_is_bridged_and_told_so(
    verdict: object, mode: Mode, keys: tuple[str, ...], tmp_path: Path
) -> None:
    channel = FakeChannel(keys=keys)
    record = screen(channel, FakeJudge(verdict), tmp_path, mode=mode, share=1.0, contact="8")  # type: ignore[arg-type]
    assert (record.decision, record.disposition, record.ended_by) == (BRIDGE, None, None)
    assert record.challenge_result is ChallengeResult.FAILED
    assert not record.failed_open
    assert channel.commands[-2:] == ["play passed", "hand_back"]


@pytest.mark.parametrize(
    ("leaves_at", "disposition", "challenge"),
    [
        ("wait_for_key", Disposition.IVR_ABANDON, ChallengeResult.ABANDONED),
        ("play passed", Disposition.BRIDGE_ABANDON, ChallengeResult.FAILED),
        ("hand_back", Disposition.BRIDGE_ABANDON, ChallengeResult.FAILED),
    ],
)
def test_who_leaves_a_challenge_by_lot_is_not_rejected(
    leaves_at: str, disposition: Disposition, challenge: ChallengeResult, tmp_path: Path
) -> None:
    record = screen(FakeChannel(faults={leaves_at: HANGUP}), FakeJudge(ham()), tmp_path, share=1.0)
    assert (record.disposition, record.challenge_result) == (disposition, challenge)
    assert record.ended_by is EndedBy.CALLER
    assert record.decision is not REJECT


def test_in_collect_mode_a_call_is_of_no_kind_and_bridged(tmp_path: Path) -> None:
    channel = FakeChannel()
    record = screen(channel, FakeJudge(unjudged()), tmp_path, mode=Mode.COLLECT)
    assert (record.decision, record.verdict, record.mode) == (BRIDGE, None, Mode.COLLECT)
    assert record.recorded_seconds == 2.0
    assert channel.commands == [*OPENING, "hand_back"]


@pytest.mark.parametrize(("verdict", "mode"), [(ham(), Mode.ENFORCE), (unjudged(), Mode.COLLECT)])
@pytest.mark.parametrize("keys", [(), ("1", "1"), ("7",)])
@pytest.mark.parametrize("fault", [ChannelError("refused"), MemoryError(), HANGUP])
def test_whatever_breaks_in_a_challenge_by_lot_nobody_is_rejected(
    verdict: object, mode: Mode, keys: tuple[str, ...], fault: Exception, tmp_path: Path
) -> None:
    whole = FakeChannel(keys=keys)
    screen(whole, FakeJudge(verdict), tmp_path, mode=mode, share=1.0)  # type: ignore[arg-type]
    for n in range(1, len(whole.commands) + 1):
        channel = FakeChannel(keys=keys, faults={n: fault})
        record = screen(channel, FakeJudge(verdict), tmp_path, mode=mode, share=1.0)  # type: ignore[arg-type]
        assert record.decision is not REJECT
        assert all(told.decision is not REJECT for told in channel.handed_back)


# --- the first law: each way of breaking, and the caller is bridged -----------------------------------------


def breaks(
    folder: Path,
    cause: str,
    *,
    judge: FakeJudge | None = None,
    keys: tuple[str | None, ...] = (),
    missing: str = "",
    **faults: BaseException,
) -> CallRecord:
    """Screen a call that breaks in the way named, and check that it is bridged."""
    channel = FakeChannel(
        keys=keys,
        missing=missing,
        faults={name.replace("_at_", " "): fault for name, fault in faults.items()},
    )
    record = screen(channel, judge or FakeJudge(), folder)
    assert_bridged(record, channel, cause)
    if "hand_back" not in faults:
        assert channel.handed_back == [record], "the switch must hear of it"
    return record


def test_announce_refused_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "no such channel", announce=ChannelError("no such channel"))


def test_answer_refused_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "ChannelError: answer refused", answer=ChannelError("answer refused"))


def test_ring_tone_refused_and_the_call_is_screened_all_the_same(tmp_path: Path) -> None:
    channel = FakeChannel(faults={"start_ringing": ChannelError("no such tone")})
    record = screen(channel, FakeJudge(), tmp_path)
    assert (record.decision, record.failed_open) == (BRIDGE, False)
    assert record.verdict is VerdictKind.HAM


def test_recording_refused_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "writefile", record=ChannelError("RECORD FILE: refused (writefile)"))


def test_disk_full_while_recording_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "is it full?", record=ChannelError("0 of 16000 bytes reached the disk: is it full?"))
    breaks(tmp_path, "No space left", record=OSError(errno.ENOSPC, "No space left on device"))


def test_the_recordings_folder_cannot_be_made_and_the_caller_is_bridged(below_a_file: Path) -> None:
    record = breaks(below_a_file, "NotADirectoryError")
    assert record.recording is None, "no recording is claimed that was never begun"


def test_the_judge_raises_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "ValueError: no", judge=FakeJudge(ValueError("no")))


def test_the_model_is_missing_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "ModelError: no model", judge=FakeJudge(ModelError("no model: gone")))


def test_the_recording_is_unreadable_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "AudioError", judge=FakeJudge(AudioError("unreadable")))


def test_memory_runs_out_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "MemoryError", judge=FakeJudge(MemoryError()))


def test_numpy_cannot_be_imported_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "ImportError", judge=FakeJudge(prepare_fault=ImportError("no numpy")))
    breaks(tmp_path, "ImportError", judge=FakeJudge(ImportError("no numpy")))


def test_endless_recursion_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "RecursionError", judge=FakeJudge(RecursionError()))


@pytest.mark.parametrize("stage", ["answer", "start_ringing", "record", "play_at_press-7", "wait_for_key"])
def test_the_deadline_passes_and_the_caller_is_bridged(stage: str, tmp_path: Path) -> None:
    breaks(tmp_path, "DeadlineExceeded", judge=FakeJudge(spam()), **{stage: DeadlineExceeded("too long")})


def test_no_prompt_can_be_played_and_the_caller_is_bridged(tmp_path: Path) -> None:
    record = breaks(tmp_path, "STREAM FILE", judge=FakeJudge(spam()), missing="*")
    assert record.challenge_result is None


def test_waiting_for_a_key_fails_and_the_caller_is_bridged(tmp_path: Path) -> None:
    record = breaks(tmp_path, "garbled", judge=FakeJudge(spam()), wait_for_key=ChannelError("garbled"))
    assert record.challenge_result is None


def test_the_goodbye_to_a_rejected_caller_breaks_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "ValueError", judge=FakeJudge(spam()), play_at_rejected=ValueError("odd"))


def test_a_verdict_of_an_unknown_kind_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "AttributeError", judge=FakeJudge("HAM"))  # type: ignore[arg-type]


def test_handing_back_fails_and_the_caller_is_bridged(tmp_path: Path) -> None:
    breaks(tmp_path, "garbled", hand_back=ChannelError("garbled"))


def test_handing_back_a_rejection_fails_and_the_caller_is_bridged(tmp_path: Path) -> None:
    record = breaks(tmp_path, "garbled", judge=FakeJudge(spam()), hand_back=ChannelError("garbled"))
    assert record.challenge_result is ChallengeResult.FAILED


@pytest.mark.parametrize("verdict", [ham(), inconclusive(), spam()])
@pytest.mark.parametrize("keys", [(), ("1", "1"), ("7",)])
@pytest.mark.parametrize("fault", [ChannelError("refused"), OSError("broken"), MemoryError()])
def test_any_command_may_fail_and_only_a_caller_who_failed_the_test_is_rejected(
    verdict: object, keys: tuple[str, ...], fault: Exception, tmp_path: Path
) -> None:
    whole = FakeChannel(keys=keys)
    screen(whole, FakeJudge(verdict), tmp_path)  # type: ignore[arg-type]
    for n in range(1, len(whole.commands) + 1):
        channel = FakeChannel(keys=keys, faults={n: fault})
        record = screen(channel, FakeJudge(verdict), tmp_path)  # type: ignore[arg-type]
        assert channel.commands[-1] == "hand_back"
        if record.decision is REJECT:
            assert record.challenge_result is ChallengeResult.FAILED
            assert len(record.challenge_attempts) == 2
        else:
            assert record.decision is BRIDGE
            assert record.disposition is None


def test_every_kind_that_can_be_challenged_has_a_rejection() -> None:
    assert set(names()) == set(VerdictKind) - {VerdictKind.HAM, VerdictKind.INCONCLUSIVE}
    assert {kind.disposition for kind in KINDS} <= set(Disposition)


def test_what_failed_first_is_the_cause(tmp_path: Path) -> None:
    """A switch that has gone silent fails the hand-back too: that says nothing of why."""
    faults = {"record": ChannelError("the recorder"), "hand_back": ChannelError("the hand-back")}
    record = screen(FakeChannel(faults=faults), FakeJudge(ham()), tmp_path)
    assert record.failed_open_cause == "ChannelError: the recorder"
