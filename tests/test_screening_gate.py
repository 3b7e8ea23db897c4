"""Whole calls past the gate: what it decides costs no audio, and its breaking costs no caller."""

from collections.abc import Callable
from pathlib import Path

import pytest

from silentspam.budget import Credit
from silentspam.call import (
    Call,
    CallRecord,
    ChallengeCause,
    Decision,
    Disposition,
    EndedBy,
    GateCause,
    Mode,
    VerdictKind,
)
from silentspam.challenge import ChallengeSettings
from silentspam.errors import ChannelError, DeadlineExceeded, GateError
from silentspam.gate.passage import Passage
from silentspam.gate.rejection import Rejection
from silentspam.policy import BRIDGED_BY_RULE, Standing
from silentspam.screening import Screener, screen_call
from tests.fakes import HANGUP, FakeChannel, FakeJudge, a_call, spam

BLOCKED = Passage(cause=GateCause.BLOCKED, reason="number 15550100 is blocked")


def screen(
    admit: Callable[[Call], Passage],
    folder: Path,
    channel: FakeChannel | None = None,
    *,
    judge: FakeJudge | None = None,
    mode: Mode = Mode.ENFORCE,
    treatment: Decision = Decision.CHALLENGE,
) -> CallRecord:
    screener = Screener(
        mode=mode,
        treatments={VerdictKind.CALLER_SILENCE: treatment},
        record_seconds=2.0,
        recordings=folder,
        challenge=ChallengeSettings(attempts=1, key_seconds=5.0, prompts=Path("/p"), contact_number=""),
        judge=judge or FakeJudge(spam(), known=Standing(credit=Credit())),
        rejection=Rejection(hangup_cause=21, contact="2025550199"),
        admit=admit,
        clock=lambda: 1_700_000_000.0,
        choose_digit=lambda: "7",
    )
    return screen_call(a_call(), channel or FakeChannel(), screener)


def passes(passage: Passage) -> Callable[[Call], Passage]:
    return lambda _call: passage


@pytest.mark.parametrize("cause", [cause for cause in GateCause if cause is not GateCause.BLOCKED])
def test_a_call_that_is_let_through_hears_nothing_of_us(cause: GateCause, tmp_path: Path) -> None:
    channel = FakeChannel()
    record = screen(passes(Passage(cause=cause, reason="why", agent="PJSIP/a")), tmp_path, channel)
    assert channel.commands == ["announce", "hand_back"]
    assert (record.decision, record.gate_cause, record.agent) == (Decision.BRIDGE, cause, "PJSIP/a")
    assert record.reasons == ("why",)
    assert record.redress_at is None
    assert (record.disposition, record.answered_at) == (None, None)


def test_a_blocked_call_is_rejected_unanswered_with_a_record_for_redress(tmp_path: Path) -> None:
    channel = FakeChannel()
    record = screen(passes(BLOCKED), tmp_path, channel)
    assert channel.commands == ["announce", "hand_back"]
    assert (record.decision, record.disposition) == (Decision.REJECT, Disposition.REJECTED_BLOCKED)
    assert record.ended_by is EndedBy.APP
    assert (record.redress_contact, record.hangup_with) == ("2025550199", "Q.850 21")
    assert record.redress_reason == "number 15550100 is blocked"


def test_the_terms_of_the_number_called_reach_the_judge(tmp_path: Path) -> None:
    passage = Passage(mode=Mode.SHADOW, mode_reason="of its own", threshold=0.9)
    record = screen(passes(passage), tmp_path)
    assert (record.mode, record.mode_reason) == (Mode.SHADOW, "of its own")
    assert record.challenge_result is None, "shadow challenges nobody"


def test_a_failed_challenge_leaves_a_record_for_redress(tmp_path: Path) -> None:
    record = screen(passes(Passage()), tmp_path)
    assert record.disposition is Disposition.REJECTED_CALLER_SILENCE
    assert record.redress_reason == (
        f"CALLER_SILENCE, challenged for {ChallengeCause.SUSPICION}, and the challenge was failed"
    )


# --- fail open ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [GateError("torn"), OSError("disk"), MemoryError(), RecursionError(), KeyError("x"), UnicodeError("x")],
)
def test_the_gate_raises_and_the_call_is_screened_all_the_same(fault: Exception, tmp_path: Path) -> None:
    def broken(_call: Call) -> Passage:
        raise fault

    record = screen(broken, tmp_path, FakeChannel(keys=["7"]))
    assert record.decision is Decision.BRIDGE
    assert not record.failed_open
    assert "the gate was not asked" in str(record.mode_reason)
    assert record.verdict is not None


def test_the_deadline_passes_in_the_gate_and_the_call_goes_on(tmp_path: Path) -> None:
    def late(_call: Call) -> Passage:
        raise DeadlineExceeded("too long")

    assert screen(late, tmp_path, FakeChannel(keys=["7"])).decision is Decision.BRIDGE


def test_a_rejection_that_cannot_be_handed_back_bridges_and_leaves_no_record_for_redress(
    tmp_path: Path,
) -> None:
    record = screen(passes(BLOCKED), tmp_path, FakeChannel(faults={"hand_back": ChannelError("garbled")}))
    assert (record.decision, record.disposition, record.failed_open) == (Decision.BRIDGE, None, True)
    assert (record.redress_at, record.redress_reason, record.hangup_with) == (None, None, None)


def test_a_blocked_caller_who_leaves_first_stays_rejected(tmp_path: Path) -> None:
    record = screen(passes(BLOCKED), tmp_path, FakeChannel(faults={"hand_back": HANGUP}))
    assert (record.disposition, record.ended_by) == (Disposition.REJECTED_BLOCKED, EndedBy.CALLER)


def test_a_caller_let_through_unheard_who_leaves_first_abandoned_the_bridge(tmp_path: Path) -> None:
    through = Passage(cause=GateCause.PERMITTED, reason="why")
    record = screen(passes(through), tmp_path, FakeChannel(faults={"hand_back": HANGUP}))
    assert (record.disposition, record.ended_by) == (Disposition.BRIDGE_ABANDON, EndedBy.CALLER)


def test_a_kind_that_is_rejected_unasked_hears_nothing_and_can_complain(tmp_path: Path) -> None:
    channel = FakeChannel()
    record = screen(passes(Passage()), tmp_path, channel, treatment=Decision.REJECT)
    assert not [command for command in channel.commands if command.startswith("play")]
    assert (record.decision, record.disposition) == (Decision.REJECT, Disposition.REJECTED_CALLER_SILENCE)
    assert (record.challenged_at, record.challenge_result, record.ended_by) == (None, None, EndedBy.APP)
    assert record.redress_reason == "CALLER_SILENCE, rejected unasked as configured (kinds)"


def test_who_leaves_when_rejected_unasked_stays_rejected(tmp_path: Path) -> None:
    gone = FakeChannel(faults={"hand_back": HANGUP})
    record = screen(passes(Passage()), tmp_path, gone, treatment=Decision.REJECT)
    assert (record.disposition, record.ended_by) == (Disposition.REJECTED_CALLER_SILENCE, EndedBy.CALLER)


def test_a_kind_that_is_bridged_by_rule_says_so(tmp_path: Path) -> None:
    record = screen(passes(Passage()), tmp_path, treatment=Decision.BRIDGE)
    assert (record.decision, record.verdict) == (Decision.BRIDGE, VerdictKind.CALLER_SILENCE)
    assert record.reasons[-1] == BRIDGED_BY_RULE
