"""The error analysis of the paper's section 7: calls that were probably judged wrongly, and how often.

A log knows no truth, only what followed. Each finding is one pattern of what followed, named with what it was
selected by: who passed a challenge was challenged first, so nothing here speaks of calls that never were.
A call is listed once, under its strongest evidence.
"""

import enum
import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from silentspam.call import ChallengeResult, Disposition, EndedBy, VerdictKind
from silentspam.kinds.table import kind_named
from silentspam.reports.cases import Value
from silentspam.training.operating_point import Rate

CONVERSATION_SECONDS = 20.0
"""A bridged call that lasted this long [s] was probably a conversation: "hello? hello?" is shorter."""

QUICK_SECONDS = 10.0
"""An agent who hangs up within this time [s] of a caller who said nothing has probably met dead air."""

LISTED = 50
"""Newest calls of a finding that are listed; all are counted."""


class Finding(enum.StrEnum):
    """What followed on a judgement and speaks against it, strongest evidence first."""

    PASSED_CHALLENGE = "suspected, passed the challenge"
    SUSPECT_SPOKE = "suspected, not challenged, and the caller spoke"
    SUSPECT_CONVERSED = "suspected, not challenged, and talked with an agent"
    LEFT_CHALLENGE = "suspected, hung up during the challenge"
    FAILED_EXPLORATION = "not suspected, failed a challenge by chance"
    SILENT_BRIDGE = "not suspected, said nothing, and the agent hung up at once"


FALSELY_SUSPECTED = (
    Finding.PASSED_CHALLENGE,
    Finding.SUSPECT_SPOKE,
    Finding.SUSPECT_CONVERSED,
    Finding.LEFT_CHALLENGE,
)
"""Perhaps people who were taken for SPAM; the others are SPAM that was perhaps missed."""

SELECTED_BY = {
    Finding.PASSED_CHALLENGE: "challenged calls only; a machine that guesses a digit passes one time in ten",
    Finding.SUSPECT_SPOKE: "suspects that were bridged unchallenged and whose caller's leg was measured",
    Finding.SUSPECT_CONVERSED: "suspects that were bridged unchallenged; an agent may also wait on dead air",
    Finding.LEFT_CHALLENGE: "challenged calls only; machines leave too: neither person nor SPAM is proven",
    Finding.FAILED_EXPLORATION: "the random share of unsuspected calls that was challenged",
    Finding.SILENT_BRIDGE: "unsuspected calls whose caller's leg was measured",
}


class LoggedCall(NamedTuple):
    """The columns of a row that the error analysis asks for; any but the first may be None."""

    call_id: Value
    started_at: Value
    caller_id: Value
    caller_name: Value
    verdict: Value
    spam_probability: Value
    challenge_result: Value
    disposition: Value
    ended_by: Value
    bridged_at: Value
    ended_at: Value
    caller_speech_seconds: Value


COLUMNS = LoggedCall._fields


@dataclass
class Errors:
    """What the calls of a period say of the errors in them; grows call by call.

    counts and newest by finding; the rest are the numbers of calls that the rates need. challenged counts
    challenges of suspects with a result of pass or fail, explored those of calls that nobody suspected.
    """

    counts: dict[Finding, int] = field(default_factory=lambda: dict.fromkeys(Finding, 0))
    newest: dict[Finding, list[tuple[float, int, LoggedCall]]] = field(
        default_factory=lambda: {finding: [] for finding in Finding}
    )
    suspects: int = 0
    unsuspected: int = 0
    challenged: int = 0
    explored: int = 0
    unchallenged_suspects: int = 0
    measured_suspects: int = 0

    @property
    def passed_of_challenged(self) -> Rate:
        """Of the suspects whose challenge had a result, those who passed: the rule's false discoveries."""
        return Rate(hits=self.counts[Finding.PASSED_CHALLENGE], n=self.challenged)

    @property
    def likely_people(self) -> int:
        """Suspects with good evidence of a person: who left the challenge are not counted."""
        return sum(self.counts[finding] for finding in FALSELY_SUSPECTED[:3])

    @property
    def false_challenge_rate(self) -> Rate:
        """Likely people among the suspects, of all likely people (the rest: whoever was not suspected).

        Only evidence that was seen counts as a person, so a period without challenges and measurements shows
        too low a rate; taking every unsuspected call for a person makes it lower by the share of missed SPAM.
        """
        return Rate(hits=self.likely_people, n=self.likely_people + self.unsuspected)

    @property
    def false_challenge_rate_with_hang_ups(self) -> Rate:
        """The same with everybody who hung up during the challenge taken for a person."""
        people = self.likely_people + self.counts[Finding.LEFT_CHALLENGE]
        return Rate(hits=people, n=people + self.unsuspected)

    @property
    def missed_of_explored(self) -> Rate:
        """Unsuspected calls that failed the challenge a lot brought them: missed SPAM, without selection."""
        return Rate(hits=self.counts[Finding.FAILED_EXPLORATION], n=self.explored)

    def listed(self, finding: Finding) -> list[LoggedCall]:
        """The newest calls of a finding, newest first."""
        return [call for _, _, call in sorted(self.newest[finding], reverse=True)]


def analyse(
    rows: Iterable[tuple[Value, ...]],
    *,
    conversation_seconds: float = CONVERSATION_SECONDS,
    quick_seconds: float = QUICK_SECONDS,
    listed: int = LISTED,
) -> Errors:
    """The error analysis of rows that hold COLUMNS, in their order."""
    errors = Errors()
    for number, row in enumerate(rows):
        call = LoggedCall(*row)
        _count(errors, call)
        finding = find(call, conversation_seconds=conversation_seconds, quick_seconds=quick_seconds)
        if finding:
            errors.counts[finding] += 1
            entry = (_number(call.started_at) or 0.0, -number, call)
            keep = heapq.heappush if len(errors.newest[finding]) < listed else heapq.heappushpop
            keep(errors.newest[finding], entry)
    return errors


def find(call: LoggedCall, *, conversation_seconds: float, quick_seconds: float) -> Finding | None:
    """What followed that speaks against the judgement of a call; None when nothing did."""
    if kind_named(call.verdict) is not None:
        return _against_suspicion(call, conversation_seconds)
    if call.verdict == VerdictKind.HAM:
        return _against_trust(call, quick_seconds)
    return None


def _against_suspicion(call: LoggedCall, conversation_seconds: float) -> Finding | None:
    if call.challenge_result == ChallengeResult.PASSED:
        return Finding.PASSED_CHALLENGE
    if call.disposition == Disposition.IVR_ABANDON and call.ended_by in (EndedBy.CALLER, None):
        return Finding.LEFT_CHALLENGE
    if call.challenge_result is not None or call.disposition != Disposition.BRIDGED:
        return None
    if (_number(call.caller_speech_seconds) or 0) > 0:
        return Finding.SUSPECT_SPOKE
    talked = _talked(call)
    by_people = call.ended_by in (EndedBy.CALLER, EndedBy.AGENT)
    measured_mute = call.caller_speech_seconds is not None
    if by_people and talked is not None and talked >= conversation_seconds and not measured_mute:
        return Finding.SUSPECT_CONVERSED
    return None


def _against_trust(call: LoggedCall, quick_seconds: float) -> Finding | None:
    if call.challenge_result == ChallengeResult.FAILED:
        return Finding.FAILED_EXPLORATION
    if call.disposition != Disposition.BRIDGED or call.ended_by != EndedBy.AGENT:
        return None
    talked = _talked(call)
    mute = _number(call.caller_speech_seconds) == 0
    return Finding.SILENT_BRIDGE if mute and talked is not None and talked <= quick_seconds else None


def _count(errors: Errors, call: LoggedCall) -> None:
    suspect = kind_named(call.verdict) is not None
    answered = call.challenge_result in (ChallengeResult.PASSED, ChallengeResult.FAILED)
    errors.suspects += suspect
    errors.unsuspected += call.verdict == VerdictKind.HAM
    errors.challenged += suspect and answered
    unchallenged = suspect and call.challenge_result is None and call.disposition == Disposition.BRIDGED
    errors.unchallenged_suspects += unchallenged
    errors.measured_suspects += unchallenged and call.caller_speech_seconds is not None
    if call.verdict == VerdictKind.HAM and answered:
        errors.explored += 1


def _talked(call: LoggedCall) -> float | None:
    """From the agent's answer to the end [s]; None when a time is missing or they run backwards."""
    start, end = _number(call.bridged_at), _number(call.ended_at)
    return end - start if start is not None and end is not None and end >= start else None


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None
