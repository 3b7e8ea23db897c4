"""What a rejected caller can ask about later, and how the network is told."""

import pytest

from silentspam.call import (
    CallRecord,
    ChallengeCause,
    ChallengeResult,
    EndedBy,
    GateCause,
    VerdictKind,
)
from silentspam.gate.rejection import Rejection, withdraw
from tests.gate.gates import a_call

SETTINGS = Rejection(hangup_cause=17, sip_603=True, contact="2025550199")


def noted(**own: object) -> CallRecord:
    record = CallRecord(call=a_call(), screened_at=5.0, **own)  # type: ignore[arg-type]
    SETTINGS.note(record)
    return record


def test_a_blocked_call_is_told_603_and_names_its_number() -> None:
    record = noted(
        gate_cause=GateCause.BLOCKED, reasons=("number 2025550101 is blocked",), ended_by=EndedBy.APP
    )
    assert record.hangup_with == "SIP 603"
    assert (record.redress_at, record.redress_contact) == (5.0, "2025550199")
    assert record.redress_reason == "number 2025550101 is blocked"


def test_a_failed_challenge_was_answered_and_can_be_told_a_cause_only() -> None:
    record = noted(
        verdict=VerdictKind.CALLER_SILENCE,
        challenge_cause=ChallengeCause.LINE,
        challenge_result=ChallengeResult.FAILED,
        ended_by=EndedBy.APP,
    )
    assert record.hangup_with == "Q.850 17"
    assert record.redress_reason == "CALLER_SILENCE, challenged for LINE, and the challenge was failed"


def test_a_caller_who_left_while_being_rejected_was_told_nothing() -> None:
    assert noted(verdict=VerdictKind.CALLER_SILENCE, ended_by=EndedBy.CALLER).hangup_with is None


@pytest.mark.parametrize("name", ["redress_at", "redress_reason", "redress_contact", "hangup_with"])
def test_a_rejection_that_is_taken_back_leaves_no_record(name: str) -> None:
    record = noted(gate_cause=GateCause.BLOCKED)
    withdraw(record)
    assert getattr(record, name) is None
