"""Ends for calls whose switch has reported none: it was restarted in mid-call, or its report was lost.

Asterisk numbers channels as they are made, from 0 at each start: a uniqueid is [SYSTEMNAME-]SECONDS.COUNTER.
A later call of the same Asterisk whose counter is no larger shows that it was started again meanwhile, and
that no call from before lives on. Without a SYSTEMNAME the counters of two servers look like one's: calls are
then compared only with those of their own screener, and nothing is concluded where counters fall as they do
when calls of two servers come by turns: more than once a day, or to where they have been that day.

What is closed so has `ended_by` APP, no hangup cause, and `end_cause` in words; the switch's own report
replaces it, should it come after all.
"""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate, pairwise

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
    switches = _switches(newest)
    return [closing for call in calls if (closing := _closing(call, switches, now))]


class _Switch:
    """The newest calls of one Asterisk, or of what looks like one, in the order they were numbered."""

    def __init__(self, places: Mapping[Place, float]) -> None:
        """By their places, when each began."""
        self._places = sorted(places)
        self._began = [places[one] for one in self._places]
        self._seconds = [one.second for one in self._places]
        counters = [one.counter for one in self._places]
        self._least = list(accumulate(reversed(counters), min))[::-1]
        """The least counter from each place on."""
        falls = (later <= earlier for earlier, later in pairwise(counters))
        self._falls = [*reversed(list(accumulate(reversed(list(falls))))), 0] if counters else []
        """How often counters fall from each place on."""

    def restarted_at(self, mine: Place) -> float | None:
        """When the first call came that can only be of a later life than a call's; None for no such."""
        after = bisect_right(self._seconds, mine.second)
        if after == len(self._places) or self._least[after] > mine.counter:
            return None
        if not mine.system and self._may_be_two(mine):
            return None
        later = zip(self._places[after:], self._began[after:], strict=True)
        return min(at for its, at in later if its.counter <= mine.counter)

    def _may_be_two(self, mine: Place) -> bool:
        """Whether counters since a day before a call fall as those of two servers do, not to a new start."""
        first = bisect_right(self._seconds, mine.second - LONGEST_SECONDS)
        if self._falls[first] > 1:  # that of one call more takes none away
            return True
        counters = [its.counter for its in sorted({mine, *self._places[first:]})]
        falls = [later for earlier, later in pairwise(counters) if later <= earlier]
        return len(falls) > 1 or any(fall > min(counters) for fall in falls)


def _switches(newest: Iterable[Started]) -> dict[tuple[str, str], _Switch]:
    places: dict[tuple[str, str], dict[Place, float]] = {}
    for call in newest:
        if where := place(call.uniqueid):
            known = places.setdefault(_of_switch(where, call), {})
            known[where] = min(call.started_at, known.get(where, math.inf))
    return {switch: _Switch(known) for switch, known in places.items()}


def _of_switch(where: Place, call: Started) -> tuple[str, str]:
    """Without a SYSTEMNAME calls are compared with those of their own screener only."""
    return where.system, "" if where.system else call.screener


def _closing(call: Started, switches: Mapping[tuple[str, str], _Switch], now: float) -> Closing | None:
    mine = place(call.uniqueid)
    switch = switches.get(_of_switch(mine, call)) if mine else None
    if mine and switch and (at := switch.restarted_at(mine)) is not None:
        return Closing(call.call_id, max(call.started_at, at), RESTARTED)
    if now - call.started_at > LONGEST_SECONDS:
        return Closing(call.call_id, call.started_at + LONGEST_SECONDS, NOT_REPORTED)
    return None


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
