"""How a rejected call is ended, and the record that its caller's redress starts from: time, reason, contact.

Before the answer SIP 603 can be sent; afterwards only a BYE with a Q.850 cause (ITU-T Q.850).
"""

from dataclasses import dataclass

from silentspam.call import CallRecord, EndedBy, GateCause

SIP_603 = "SIP 603"
Q_850 = "Q.850"


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """hangup_cause: Q.850, 1…127; sip_603: for calls blocked before the answer; contact: whom to ask."""

    hangup_cause: int = 21
    sip_603: bool = False
    contact: str = ""

    def note(self, record: CallRecord) -> None:
        """Write into a rejected call's record what its caller can ask about."""
        blocked = record.gate_cause is GateCause.BLOCKED
        record.redress_at = record.screened_at
        record.redress_reason = _reason(record, blocked=blocked)
        record.redress_contact = self.contact or None
        if record.ended_by is not EndedBy.CALLER:
            record.hangup_with = SIP_603 if blocked and self.sip_603 else f"{Q_850} {self.hangup_cause}"


def withdraw(record: CallRecord) -> None:
    """Take the note back: the caller is let through after all."""
    record.redress_at = record.redress_reason = record.redress_contact = record.hangup_with = None


def _reason(record: CallRecord, *, blocked: bool) -> str:
    if blocked:
        return next(iter(record.reasons), "the number is blocked")
    if record.challenge_result is None:
        return f"{record.verdict}, rejected unasked as configured (kinds)"
    return f"{record.verdict}, challenged for {record.challenge_cause}, and the challenge was failed"
