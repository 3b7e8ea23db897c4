"""Rows of the call log as cases: what calls have in common, and how many share it.

A million calls fall into some hundred cases a day, so every table is a sum over a small counter, and no call
is kept. A row may lack any column (a screener that failed left none): what is missing is None here.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from silentspam.call import ChallengeCause, VerdictKind
from silentspam.kinds.table import kind_named, kind_rejected

Value = str | int | float | None

COLUMNS = (
    "started_at",
    "mode",
    "verdict",
    "challenged_at",
    "challenge_cause",
    "challenge_result",
    "disposition",
    "ended_by",
    "failed_open",
    "failed_open_cause",
    "reasons",
    "digital_silence_share",
    "challenge_probability",
    "held_back",
)
"""What `cases` wants of each row, in this order."""

UNKNOWN_DAY = "unknown"
OTHER = "another cause"
MAX_CAUSES = 50
"""Causes of failure told apart; an error that words itself anew each time must not fill the memory."""


class Case(NamedTuple):
    """What a report asks of a call.

    day: of its start, UTC, ISO 8601. challenge: why it was challenged, None when it was not. unasked: whether
    it was rejected without a question, as `kinds` may say. failure: why it failed open, None when it did not.
    doubt: why it could not be judged. silence: share of digital silence in its opening, as "none", "some",
    "most" (above half) or "all". held_back: why it would have been challenged, had the budget allowed it.
    lot: whether a lot could have challenged it, unsuspected.
    """

    day: str
    mode: str | None
    verdict: str | None
    challenge: str | None
    result: str | None
    disposition: str | None
    ended_by: str | None
    failure: str | None
    doubt: str | None
    silence: str | None
    held_back: str | None
    lot: bool
    unasked: bool

    @property
    def is_suspect(self) -> bool:
        """Whether it was judged to be a kind of SPAM."""
        return kind_named(self.verdict) is not None

    @property
    def rejected_for(self) -> str | None:
        """The name of the kind of SPAM for which it was rejected."""
        kind = kind_rejected(self.disposition)
        return kind.name if kind else None


Cases = Counter[Case]


def cases(rows: Iterable[tuple[Value, ...]]) -> Cases:
    """Count rows that hold COLUMNS, in their order."""
    return Counter(_cases(rows))


def _cases(rows: Iterable[tuple[Value, ...]]) -> Iterator[Case]:
    days: dict[int, str] = {}
    causes: set[str] = set()
    for started_at, mode, verdict, challenged_at, cause, result, disposition, ended_by, *rest in rows:
        failed_open, failure, reasons, silence, probability, held_back = rest
        asked = challenged_at is not None or result is not None
        unasked = not asked and kind_rejected(_text(disposition)) is not None
        yield Case(
            day=_day(started_at, days),
            mode=_text(mode),
            verdict=_text(verdict),
            challenge=None if unasked else _challenge(challenged_at, cause, result),
            result=_text(result),
            disposition=_text(disposition),
            ended_by=_text(ended_by),
            failure=_cause(failure, causes) if failed_open else None,
            doubt=_doubt(reasons) if verdict == VerdictKind.INCONCLUSIVE else None,
            silence=_silence(silence),
            held_back=_text(held_back),
            lot=_lot(probability, cause),
            unasked=unasked,
        )


def _text(value: Value) -> str | None:
    return None if value is None else str(value)


def _day(started_at: Value, days: dict[int, str]) -> str:
    if not isinstance(started_at, int | float):
        return UNKNOWN_DAY
    number = int(started_at // 86400)
    if number not in days:
        days[number] = day_of(started_at)
    return days[number]


def day_of(seconds: float) -> str:
    """The UTC day of a time [s since the epoch]; UNKNOWN_DAY for a time no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return UNKNOWN_DAY


def _challenge(challenged_at: Value, cause: Value, result: Value) -> str | None:
    """Calls logged before causes were: every challenge was one of suspicion then."""
    if challenged_at is None and result is None and cause is None:
        return None
    return str(cause or ChallengeCause.SUSPICION)


def _lot(probability: Value, cause: Value) -> bool:
    """Whether the lot fell on it, or could have; suspects have a probability too, and a cause beside it."""
    return cause == ChallengeCause.EXPLORATION or (bool(probability) and cause is None)


def _cause(failure: Value, known: set[str]) -> str:
    """The kind of error, without what is particular to one call."""
    kind = str(failure or "no cause given").partition(":")[0][:80]
    if kind not in known and len(known) >= MAX_CAUSES:
        return OTHER
    known.add(kind)
    return kind


def _doubt(reasons: Value) -> str:
    """Why an opening was INCONCLUSIVE: the first of its reasons (`fitness.why_inconclusive`), in general."""
    try:
        first = str(json.loads(str(reasons or "[]"))[0])
    except (ValueError, IndexError, KeyError, TypeError):
        return "no reason given"
    if first.startswith("digital silence"):
        return "digital silence"
    kind = first.partition(":")[0]
    return kind if kind in ("no media", "too little audio") else OTHER


def _silence(share: Value) -> str | None:
    if not isinstance(share, int | float):
        return None
    if share >= 1:
        return "all"
    return "most" if share > 0.5 else "some" if share > 0 else "none"
