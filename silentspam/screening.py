"""Screening one call, from answer to decision: one straight function over a Channel.

Whatever fails, the caller reaches the agent: every error but a hangup becomes `failed_open` and its cause in
the record, and the decision stays BRIDGE (the first law; `tests/test_screening.py` has a test for each way).
Only a suspect can be rejected: a challenge by chance is there to learn from, and can cost nobody the call.
"""

import enum
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from silentspam.call import (
    Call,
    CallRecord,
    ChallengeCause,
    ChallengeResult,
    Decision,
    Disposition,
    EndedBy,
    GateCause,
    Mode,
)
from silentspam.challenge import PROMPT, ChallengeOutcome, ChallengeSettings, random_digit, run_challenge
from silentspam.channel import Channel
from silentspam.errors import ChannelError, ChannelHangup
from silentspam.gate.passage import SCREENED, Passage
from silentspam.gate.rejection import Rejection, withdraw
from silentspam.kinds.table import kind_named
from silentspam.policy import Exploration, Standing, Treatments, rule
from silentspam.verdict import Verdict


class Stage(enum.StrEnum):
    """What a screening has done when it is observed; `DECIDED` when the switch has been told."""

    ADMITTED = "admitted"
    ANSWERED = "answered"
    RECORDED = "recorded"
    JUDGED = "judged"
    CHALLENGED = "challenged"
    DECIDED = "decided"


class Judge(Protocol):
    """Judges a recorded opening. `prepare` does the heavy imports and loads the model; `standing` is asked
    after `judge`, and never fails."""

    def prepare(self) -> None: ...

    def judge(self, path: Path, passage: Passage) -> Verdict: ...

    def standing(self, call: Call) -> Standing: ...


@dataclass(frozen=True, kw_only=True)
class Screener:
    """Everything that is the same for all calls: settings, the judge, and the sources of time and chance.

    prompts: by the name of a kind, the question that its suspects are asked. admit: the gate. observe: told
    of each stage when it is over; what it raises is its own affair.
    """

    mode: Mode
    record_seconds: float
    recordings: Path
    challenge: ChallengeSettings
    judge: Judge
    exploration: Exploration = field(default_factory=Exploration)
    treatments: Treatments = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    ring: bool = True
    admit: Callable[[Call], Passage] = lambda _call: SCREENED
    rejection: Rejection = field(default_factory=Rejection)
    observe: Callable[[Stage, CallRecord], None] = lambda _stage, _record: None
    clock: Callable[[], float] = time.time
    choose_digit: Callable[[], str] = random_digit


def screen_call(call: Call, channel: Channel, screener: Screener) -> CallRecord:
    """Screen a call and tell the switch what to do with it. Never raises: it fails open."""
    record = CallRecord(call=call, mode=screener.mode, decision=Decision.BRIDGE)
    try:
        channel.announce(call.call_id)
        passage = _admit(record, screener)
        if record.gate_cause is None:
            _screen(record, channel, screener, passage)
    except ChannelHangup:
        _abandoned(record)
    except Exception as error:  # noqa: BLE001  the first law: no defect of ours may cost a caller the call
        fail_open(record, error)
    record.screened_at = screener.clock()
    if record.decision is Decision.REJECT:
        screener.rejection.note(record)
    try:
        channel.hand_back(record)
    except ChannelHangup:
        _abandoned(record)
    except Exception as error:  # noqa: BLE001  the dialplan bridges a call it has heard nothing about
        if not record.failed_open:  # what failed first is the cause
            fail_open(record, error)
    _observe(Stage.DECIDED, record, screener)
    return record


def _admit(record: CallRecord, screener: Screener) -> Passage:
    """Ask the gate. One that fails has said nothing: the call is screened, and the row tells why it was."""
    try:
        passage = screener.admit(record.call)
    except Exception as error:  # noqa: BLE001  emergencies are known without the gate's file (`gate.rules`)
        record.mode_reason = f"the gate was not asked: {type(error).__name__}: {error}"[:500]
        return SCREENED
    record.gate_cause, record.agent = passage.cause, passage.agent
    record.mode, record.mode_reason = passage.mode or screener.mode, passage.mode_reason
    if passage.reason:
        record.reasons = (passage.reason,)
    if passage.cause is GateCause.BLOCKED:
        record.decision = Decision.REJECT
        record.disposition = Disposition.REJECTED_BLOCKED
        record.ended_by = EndedBy.APP
    _observe(Stage.ADMITTED, record, screener)
    return passage


def _screen(record: CallRecord, channel: Channel, screener: Screener, passage: Passage) -> None:
    opening = _record_opening(record, channel, screener)
    _observe(Stage.RECORDED, record, screener)
    verdict = _judge(record, opening, screener, passage)
    decision = _rule(record, verdict, screener)
    _observe(Stage.JUDGED, record, screener)
    if decision is Decision.CHALLENGE:
        _challenge(record, channel, screener)
        _observe(Stage.CHALLENGED, record, screener)
    elif decision is Decision.REJECT:
        _reject(record)


def _observe(stage: Stage, record: CallRecord, screener: Screener) -> None:
    with suppress(Exception):
        screener.observe(stage, record)


def fail_open(record: CallRecord, error: BaseException) -> None:
    """Note that the call goes to the agent because the screening failed, and why."""
    record.decision = Decision.BRIDGE
    record.disposition = record.ended_by = None
    withdraw(record)
    record.failed_open = True
    record.failed_open_cause = f"{type(error).__name__}: {error}"[:500]


def _record_opening(record: CallRecord, channel: Channel, screener: Screener) -> Path:
    channel.answer()
    record.answered_at = screener.clock()
    _observe(Stage.ANSWERED, record, screener)
    if screener.ring:
        _ring(channel)
    if not screener.recordings.is_dir():
        screener.recordings.mkdir(mode=0o750, parents=True, exist_ok=True)
    path = screener.recordings / f"{record.call.call_id}.ulaw"
    try:
        channel.record(path, screener.record_seconds, screener.judge.prepare)
    finally:
        record.recording = str(path) if path.exists() else None
    record.recorded_at = screener.clock()
    return path


def _ring(channel: Channel) -> None:
    """Ring tone is a comfort: a switch without tones screens all the same."""
    try:
        channel.start_ringing()
    except ChannelHangup:
        raise
    except ChannelError:
        return


def _judge(record: CallRecord, opening: Path, screener: Screener, passage: Passage) -> Verdict:
    verdict = screener.judge.judge(opening, passage)
    record.judged_at = screener.clock()
    record.verdict, record.kind_probabilities = verdict.kind, verdict.kind_probabilities
    record.spam_probability = verdict.spam_probability
    record.threshold = verdict.threshold
    record.model_id = verdict.model_id
    record.recorded_seconds = verdict.seconds
    record.digital_silence_share = verdict.digital_silence_share
    record.reasons, record.unheard = verdict.reasons, verdict.unheard
    record.level_dbfs = verdict.level_dbfs
    record.space_id, record.embedding = verdict.space_id, verdict.embedding
    if line := verdict.line:
        record.line_id, record.line_state = line.line_id, line.state
        record.line_score, record.line_threshold = line.score, line.threshold
    return verdict


def _rule(record: CallRecord, verdict: Verdict, screener: Screener) -> Decision:
    standing = screener.judge.standing(record.call)
    ruling = rule(
        verdict,
        mode=Mode(record.mode),
        exploration=screener.exploration,
        standing=standing,
        treatments=screener.treatments,
    )
    if ruling.reason:
        record.reasons = (*record.reasons, ruling.reason)
    record.decision = ruling.decision
    record.challenge_cause = ruling.challenge_cause
    record.challenge_probability = ruling.challenge_probability
    record.held_back = ruling.held_back
    return ruling.decision


def _challenge(record: CallRecord, channel: Channel, screener: Screener) -> None:
    record.challenged_at = screener.clock()
    _record_side(record, channel)
    outcome = ChallengeOutcome()
    try:
        run_challenge(
            channel,
            screener.challenge,
            outcome,
            screener.choose_digit,
            prompt=screener.prompts.get(record.verdict or "", PROMPT),
            connects_anyway=not _may_reject(record),
        )
    finally:
        record.challenge_result = outcome.result
        record.challenge_attempts = tuple(outcome.attempts)
    if outcome.result is ChallengeResult.FAILED and _may_reject(record):
        _reject(record)
    else:
        record.decision = Decision.BRIDGE


def _record_side(record: CallRecord, channel: Channel) -> None:
    """What a caller says to the question helps to label the call: a switch that cannot keep it asks all the
    same."""
    try:
        channel.record_side(record.call.call_id)
    except ChannelHangup:
        raise
    except ChannelError:
        return


def _may_reject(record: CallRecord) -> bool:
    """Whether a failed challenge costs the call: never one that a lot brought about."""
    return record.challenge_cause is not ChallengeCause.EXPLORATION


def _reject(record: CallRecord) -> None:
    record.decision = Decision.REJECT
    kind = kind_named(record.verdict)
    record.disposition = kind.disposition if kind else None
    record.ended_by = EndedBy.APP


def _abandoned(record: CallRecord) -> None:
    """The caller left. One who had failed the test before, while being told so, stays rejected."""
    record.ended_by = EndedBy.CALLER
    if record.gate_cause is GateCause.BLOCKED or record.decision is Decision.REJECT:
        return
    if record.challenge_result is ChallengeResult.FAILED and _may_reject(record):
        _reject(record)
        record.ended_by = EndedBy.CALLER
    elif record.challenge_result in (ChallengeResult.PASSED, ChallengeResult.FAILED):
        record.disposition = Disposition.BRIDGE_ABANDON
    elif record.challenged_at is not None:
        record.challenge_result = ChallengeResult.ABANDONED
        record.disposition = Disposition.IVR_ABANDON
    elif record.judged_at is None and record.gate_cause is None:
        record.disposition = Disposition.SCREEN_ABANDON
    else:
        record.disposition = Disposition.BRIDGE_ABANDON
