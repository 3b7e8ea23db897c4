"""What the resident server counts, and the log of its calls: one line of JSON a stage.

Labels are enums and class names alone: nothing that a caller can set ever becomes one.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from silentspam.call import CallEnd, CallRecord, ChallengeCause, Decision, EndedBy
from silentspam.kinds.table import kind_named
from silentspam.metrics import Metric, Registry
from silentspam.screening import Stage
from silentspam.serve.masking import masked

CALLS_ENDED = Metric(
    "silentspam_calls_total", "counter", "Calls that ended, by their disposition.", ("disposition",)
)
SCREENED = Metric(
    "silentspam_screened_total",
    "counter",
    "Screenings that are over, by decision, or ABANDONED by the caller.",
    ("decision",),
)
GATED = Metric("silentspam_gate_total", "counter", "Calls decided before any audio, by cause.", ("cause",))
VERDICTS = Metric("silentspam_verdicts_total", "counter", "Openings judged, by kind.", ("kind",))
CHALLENGES = Metric(
    "silentspam_challenges_total", "counter", "Challenges, by cause and result.", ("cause", "result")
)
SUSPECTS = Metric(
    "silentspam_suspects_total",
    "counter",
    "Suspects by kind of SPAM and what became of them: a challenge's result, REJECTED_UNASKED, HELD_BACK, "
    "BRIDGED (by configuration, mode or trust), or FAILED_OPEN.",
    ("kind", "outcome"),
)
UNHEARD = Metric(
    "silentspam_unheard_total", "counter", "Openings in which a kind could not be listened for.", ("kind",)
)
HELD_BACK = Metric(
    "silentspam_held_back_total", "counter", "Challenges that the budget did not allow, by cause.", ("cause",)
)
FAILED_OPEN = Metric(
    "silentspam_failed_open_total",
    "counter",
    "Calls bridged because the screening failed, by error.",
    ("cause",),
)
REFUSED = Metric(
    "silentspam_refused_total",
    "counter",
    "Connections not served, by reason: full, not allowed, neither AGI nor an announcement.",
    ("reason",),
)
SECONDS = Metric("silentspam_stage_seconds", "histogram", "What each stage of a call took.", ("stage",))
IN_PROGRESS = Metric("silentspam_calls_in_progress", "gauge", "Calls being screened.")
GREETINGS = Metric("silentspam_connections_greeting", "gauge", "Connections whose greeting is not whole yet.")
RECENT = Metric(
    "silentspam_recent_calls",
    "gauge",
    "Of the newest judged calls of each worker: all, and those challenged.",
    ("which",),
)
MODEL = Metric("silentspam_model_info", "gauge", "Processes that judge with this model.", ("model_id",))
UNWRITTEN = Metric("silentspam_rows_unwritten", "gauge", "Rows that no disk takes: they wait in memory.")

WORKER_METRICS = (
    CALLS_ENDED, SCREENED, GATED, VERDICTS, SUSPECTS, UNHEARD, CHALLENGES, HELD_BACK, FAILED_OPEN, REFUSED,
    SECONDS, IN_PROGRESS, GREETINGS, RECENT, MODEL, UNWRITTEN,
)  # fmt: skip


ABANDONED = "ABANDONED"
"""In place of a decision: the caller left first."""


@dataclass(frozen=True, kw_only=True)
class Log:
    """Lines of JSON. stages: one a stage, else one a call; masked: callers' numbers lose their end."""

    stages: bool
    masked: bool
    write: Callable[[str], object] = sys.stderr.write

    def event(self, name: str, **facts: Any) -> None:
        """One line."""
        known = {key: value for key, value in facts.items() if value not in (None, "", ())}
        known = masked(known) if self.masked else known
        self.write(json.dumps({"at": round(time.time(), 3), "event": name, **known}) + "\n")


class Meter:
    """Counts and logs the calls of one worker."""

    def __init__(self, registry: Registry, log: Log) -> None:
        self.registry = registry
        self.log = log

    def observe(self, stage: Stage, record: CallRecord) -> None:
        """A stage is over (`Screener.observe`)."""
        if stage is Stage.DECIDED:
            self._count(record)
            self._log_stage(stage, record)
        elif self.log.stages:
            self._log_stage(stage, record)

    def ended(self, end: CallEnd, *, counted: bool = False) -> None:
        """The switch has reported the end of a call. counted: who screened it has counted it already."""
        if not counted:
            self.registry.add(CALLS_ENDED, end.disposition or "UNKNOWN")
        self.log.event(
            "ended",
            call_id=end.call.call_id,
            disposition=end.disposition,
            ended_by=end.ended_by,
            failed_open=end.failed_open or None,
            cause=end.failed_open_cause,
            seconds=round(end.ended_at - end.call.started_at, 3),
        )

    def refused(self, reason: str) -> None:
        """A connection was not served."""
        self.registry.add(REFUSED, reason)

    def _count(self, record: CallRecord) -> None:
        count = self.registry.add
        count(SCREENED, _decision(record))
        if record.ended_by is EndedBy.CALLER and record.disposition:
            count(CALLS_ENDED, record.disposition)
        if record.gate_cause:
            count(GATED, record.gate_cause)
        if record.verdict:
            count(VERDICTS, record.verdict)
        if kind := kind_named(record.verdict):
            count(SUSPECTS, kind.name, _outcome(record))
        for name in record.unheard:
            count(UNHEARD, name)
        if record.challenge_cause and record.challenged_at is not None:
            count(CHALLENGES, record.challenge_cause, record.challenge_result or "FAILED_OPEN")
        if record.held_back:
            count(HELD_BACK, record.held_back)
        if record.failed_open:
            count(FAILED_OPEN, (record.failed_open_cause or "").partition(":")[0])
        for stage, begin, end in _spans(record):
            if begin is not None and end is not None:
                self.registry.observe(SECONDS, stage, seconds=max(0.0, end - begin))

    def _log_stage(self, stage: Stage, record: CallRecord) -> None:
        self.log.event(stage, call_id=record.call.call_id, **_FACTS[stage](record))


def is_suspect(record: CallRecord) -> bool:
    """Whether a call was challenged, or rejected unasked, for what it sounded like, not by lot."""
    return record.challenge_cause not in (None, ChallengeCause.EXPLORATION)


def _outcome(record: CallRecord) -> str:
    """What became of a suspect."""
    if record.challenged_at is not None:
        return record.challenge_result or "FAILED_OPEN"
    if record.failed_open:
        return "FAILED_OPEN"
    if record.decision is Decision.REJECT:
        return "REJECTED_UNASKED"
    return "HELD_BACK" if record.held_back else "BRIDGED"


def _decision(record: CallRecord) -> str:
    decision = record.decision or Decision.BRIDGE
    return ABANDONED if record.ended_by is EndedBy.CALLER and decision is not Decision.REJECT else decision


def _spans(record: CallRecord) -> tuple[tuple[str, float | None, float | None], ...]:
    """Stages with their begin and end [s since the epoch]; decide: a caller not challenged waits."""
    return (
        ("answer", record.call.started_at, record.answered_at),
        ("record", record.answered_at, record.recorded_at),
        ("judge", record.recorded_at, record.judged_at),
        ("challenge", record.challenged_at, record.screened_at),
        ("decide", record.recorded_at, None if record.challenged_at else record.screened_at),
        ("whole", record.call.started_at, record.screened_at),
    )


def _since(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else round(1000 * (end - begin), 1)


Facts = Callable[[CallRecord], dict[str, Any]]

_FACTS: dict[Stage, Facts] = {
    Stage.ADMITTED: lambda r: {
        "ani": r.call.ani, "dnis": r.call.dnis, "channel": r.call.channel,
        "gate": r.gate_cause, "mode": r.mode, "mode_reason": r.mode_reason,
    },
    Stage.ANSWERED: lambda r: {"ms": _since(r.call.started_at, r.answered_at)},
    Stage.RECORDED: lambda r: {"ms": _since(r.answered_at, r.recorded_at), "recording": r.recording},
    Stage.JUDGED: lambda r: {
        "ms": _since(r.recorded_at, r.judged_at), "verdict": r.verdict, "probability": r.spam_probability,
        "threshold": r.threshold, "model_id": r.model_id, "line": r.line_id, "challenge": r.challenge_cause,
        "held_back": r.held_back, "unheard": r.unheard,
    },
    Stage.CHALLENGED: lambda r: {"attempts": len(r.challenge_attempts), "result": r.challenge_result},
    Stage.DECIDED: lambda r: {
        "ms": _since(r.call.started_at, r.screened_at), "decision": r.decision, "disposition": r.disposition,
        "verdict": r.verdict, "challenge": r.challenge_cause, "result": r.challenge_result,
        "failed_open": r.failed_open or None, "cause": r.failed_open_cause, "ani": r.call.ani,
    },
}  # fmt: skip
