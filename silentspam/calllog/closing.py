"""Ends for calls whose switch has reported none: it was restarted in mid-call, or its report was lost.

Asterisk numbers channels as they are made, from 0 at each start: a uniqueid is [SYSTEMNAME-]SECONDS.COUNTER.
A later call of the same Asterisk whose counter is no larger shows that it was started again meanwhile, and
that no call from before lives on. Without a SYSTEMNAME the counters of two servers look like one's: calls are
then compared only with those of their own screener, and nothing is concluded where counters fall as they do
when calls of two servers come by turns: more than once a day, or to where they have been that day.

What is closed so has `ended_by` APP, no hangup cause, and `end_cause` in words; the switch's own report
replaces it, should it come after all.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from silentspam.call import EndedBy
from silentspam.calllog.database import Database, Row

LONGEST_SECONDS = 86_400.0
"""A call that has had no end for so long is taken for one whose report was lost."""

AT_ONCE = 500
"""Calls without an end that are looked at, and newest calls that are compared with them."""

RESTARTED = "the switch was restarted in mid-call: the call ended no later than this"
NOT_REPORTED = f"the switch reported no end within {LONGEST_SECONDS / 3600:.0f} h"

_UNIQUEID = re.compile(r"(?:(?P<system>.*)-)?(?P<second>\d{1,12})\.(?P<counter>\d{1,12})", re.ASCII)

_OPEN = (
    "SELECT call_id, uniqueid, started_at, screener FROM calls "
    "WHERE ended_at IS NULL AND started_at IS NOT NULL "
    f"ORDER BY started_at LIMIT {AT_ONCE}"
)
_NEWEST = (
    "SELECT call_id, uniqueid, started_at, screener FROM calls WHERE started_at IS NOT NULL "
    f"ORDER BY started_at DESC NULLS LAST LIMIT {AT_ONCE}"
)
_CLOSE = (
    "UPDATE calls SET ended_at = :ended_at, ended_by = COALESCE(ended_by, :ended_by), end_cause = :end_cause "
    "WHERE call_id = :call_id AND ended_at IS NULL"
)


@dataclass(frozen=True, order=True)
class Place:
    """Where a call stands in the life of its Asterisk. system: SYSTEMNAME, "" for none."""

    system: str
    second: int
    counter: int


@dataclass(frozen=True)
class Started:
    """A call of the log: when it began [s since the epoch], its uniqueid, and which server screened it."""

    call_id: str
    uniqueid: str
    started_at: float
    screener: str = ""


@dataclass(frozen=True)
class Closing:
    """The end that a call is given."""

    call_id: str
    ended_at: float
    end_cause: str


def place(uniqueid: str) -> Place | None:
    """The parts of a uniqueid of Asterisk's; None for any other text."""
    match = _UNIQUEID.fullmatch(uniqueid)
    return Place(match["system"] or "", int(match["second"]), int(match["counter"])) if match else None


def closings(calls: Iterable[Started], newest: Iterable[Started], *, now: float) -> list[Closing]:
    """The ends of those calls that cannot be going on any more."""
    known = [(where, other) for other in newest if (where := place(other.uniqueid))]
    return [closing for call in calls if (closing := _closing(call, known, now))]


def _closing(call: Started, known: Sequence[tuple[Place, Started]], now: float) -> Closing | None:
    mine = place(call.uniqueid)
    if mine and (at := _restarted_at(mine, call.screener, known)) is not None:
        return Closing(call.call_id, max(call.started_at, at), RESTARTED)
    if now - call.started_at > LONGEST_SECONDS:
        return Closing(call.call_id, call.started_at + LONGEST_SECONDS, NOT_REPORTED)
    return None


def _restarted_at(mine: Place, screener: str, known: Sequence[tuple[Place, Started]]) -> float | None:
    """When the first call came that can only be of a later life of the same Asterisk; None for no such."""
    same = [
        (its, other.started_at)
        for its, other in known
        if its.system == mine.system and (mine.system or other.screener == screener)
    ]
    since = [at for its, at in same if its.second > mine.second and its.counter <= mine.counter]
    if not since or (not mine.system and _may_be_two(mine, [its for its, _ in same])):
        return None
    return min(since)


def _may_be_two(mine: Place, same: Iterable[Place]) -> bool:
    """Whether the counters since a day before a call fall as those of two servers do, not to a new start."""
    near = {mine, *(its for its in same if its.second > mine.second - LONGEST_SECONDS)}
    counters = [its.counter for its in sorted(near)]
    falls = [later for earlier, later in pairwise(counters) if later <= earlier]
    return len(falls) > 1 or any(fall > min(counters) for fall in falls)


def close_unended(database: Database, *, now: float) -> int:
    """Give an end to calls that can have none of their own; returns how many. Raises CallLogError."""
    if database.schema_version().found is None:
        return 0
    with database.transaction(write=False) as connection:
        unended = connection.execute(_OPEN).fetchall()
        newest = connection.execute(_NEWEST).fetchall() if unended else []
    found = closings(map(_started, unended), map(_started, newest), now=now)
    if found:
        with database.transaction(write=True) as connection:
            connection.executemany(_CLOSE, [vars(one) | {"ended_by": EndedBy.APP.value} for one in found])
    return len(found)


def _started(row: Row) -> Started:
    return Started(row["call_id"], row["uniqueid"] or "", row["started_at"], row["screener"] or "")
