"""The calls of lines: those taken for a line when they came, and those found to be of one later.

A burst's first calls and the call that made a line known matched nothing yet; what was learnt of them names
their line. Calls of lines that were merged belong to the line that stayed.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from silentspam.calllog.database import Database
from silentspam.calllog.query import SAME_LINE
from silentspam.lines.fate import Outcome


@dataclass(frozen=True, kw_only=True)
class LineCall:
    """A call of a line. number: ANI, else caller ID; outcome: what it taught, None as long as it did not."""

    call_id: str
    line_id: str
    started_at: float
    number: str | None = None
    challenge_cause: str | None = None
    challenge_result: str | None = None
    disposition: str | None = None
    recording: str | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What was learnt of one call, and of which line; learnt_at in seconds since the epoch."""

    outcome: Outcome
    line_id: str | None
    learnt_at: float


class LineCalls:
    """Reads calls by their line. Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_all(self, since: float, until: float = math.inf) -> Iterator[LineCall]:
        """The calls of every line between two times [s since the epoch], newest first, one at a time."""
        where = (
            "calls.started_at >= :since AND calls.started_at < :until "
            "AND (calls.line_id IS NOT NULL OR calls.call_id IN "
            "(SELECT call_id FROM line_lessons WHERE line_id IS NOT NULL))"
        )
        return self._calls(where, {"since": since, "until": until})

    def of_line(self, line_id: str) -> Iterator[LineCall]:
        """The calls of one line, and of those merged into it, newest first."""
        where = (
            f"calls.line_id IN {SAME_LINE} OR calls.call_id IN "
            f"(SELECT call_id FROM line_lessons WHERE line_id IN {SAME_LINE})"
        )
        return (call for call in self._calls(where, {"line": line_id}) if call.line_id == line_id)

    def taught(self, call_id: str) -> Taught | None:
        """What was learnt of a call; None when nothing was."""
        with self._database.transaction(write=False) as connection:
            row = connection.execute(
                "SELECT outcome, line_id, learnt_at FROM line_lessons WHERE call_id = :call_id",
                {"call_id": call_id},
            ).fetchone()
        if row is None:
            return None
        return Taught(outcome=Outcome(row["outcome"]), line_id=row["line_id"], learnt_at=row["learnt_at"])

    def _calls(self, where: str, values: Mapping[str, str | float]) -> Iterator[LineCall]:
        with self._database.transaction(write=False) as connection:
            merged = connection.execute(
                "SELECT line_id, merged_into FROM lines WHERE merged_into IS NOT NULL"
            )
            stayed = {row["line_id"]: row["merged_into"] for row in merged}
            for row in connection.stream(_SELECT + where + _NEWEST_FIRST, values):
                columns = dict(row) | {"outcome": Outcome(row["outcome"]) if row["outcome"] else None}
                yield LineCall(**columns | {"line_id": survivor(row["line_id"], stayed)})


_SELECT = (
    "SELECT calls.call_id, COALESCE(line_lessons.line_id, calls.line_id) AS line_id, "
    "COALESCE(calls.started_at, 0) AS started_at, "
    "COALESCE(NULLIF(calls.ani, ''), calls.caller_id) AS number, "
    "calls.challenge_cause, calls.challenge_result, calls.disposition, calls.recording, line_lessons.outcome "
    "FROM calls LEFT JOIN line_lessons ON line_lessons.call_id = calls.call_id WHERE "
)
_NEWEST_FIRST = " ORDER BY calls.started_at DESC NULLS LAST, calls.call_id"


def survivor(line_id: str, merged_into: Mapping[str, str]) -> str:
    """The line that a line became part of in the end; itself where it was not merged."""
    seen = {line_id}
    while (into := merged_into.get(line_id)) is not None and into not in seen:
        line_id = into
        seen.add(into)
    return line_id
