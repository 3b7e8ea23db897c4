"""The table of calls: parts of rows are merged into it, and rows come out of it newest first."""

import time
from collections.abc import Collection, Iterator, Sequence

from silentspam.calllog.database import Connection, Database
from silentspam.calllog.entry import Entry, Part, Value
from silentspam.calllog.provenance import write_provenance
from silentspam.calllog.query import Filter
from silentspam.calllog.refusals import Refused, write_apart
from silentspam.calllog.schema import COLUMNS
from silentspam.errors import CallLogError

_MERGES = {
    # The part that wins keeps its value, the other fills what is missing.
    Part.SCREENED: "{c} = COALESCE(excluded.{c}, calls.{c})",
    Part.SPEECH: "{c} = COALESCE(excluded.{c}, calls.{c})",
    Part.ENDED: "{c} = COALESCE(calls.{c}, excluded.{c})",
}
_OF_AGENTS = {
    # Who talked with an agent was bridged: a screener that hung, and found the caller gone, cannot know.
    Part.SCREENED: {
        "disposition": "CASE WHEN calls.disposition = 'BRIDGED' THEN calls.disposition "
        "ELSE COALESCE(excluded.disposition, calls.disposition) END",
        "ended_by": "CASE WHEN calls.disposition = 'BRIDGED' THEN calls.ended_by "
        "ELSE COALESCE(excluded.ended_by, calls.ended_by) END",
    },
    # The switch's report replaces what was put in its place (calllog.closing).
    Part.ENDED: {
        "disposition": "CASE WHEN excluded.disposition = 'BRIDGED' THEN excluded.disposition "
        "ELSE COALESCE(calls.disposition, excluded.disposition) END",
        "ended_by": "CASE WHEN excluded.disposition = 'BRIDGED' OR calls.end_cause IS NOT NULL "
        "THEN COALESCE(excluded.ended_by, calls.ended_by) "
        "ELSE COALESCE(calls.ended_by, excluded.ended_by) END",
        "ended_at": "CASE WHEN calls.end_cause IS NOT NULL THEN COALESCE(excluded.ended_at, calls.ended_at) "
        "ELSE COALESCE(calls.ended_at, excluded.ended_at) END",
    },
}
ALARM = (
    "failed_open = CASE WHEN calls.failed_open = 1 OR excluded.failed_open = 1 THEN 1 "
    "ELSE COALESCE(excluded.failed_open, calls.failed_open) END"
)
"""An alarm once raised stays, whoever raised it."""

_QUEUE = (
    # A call that waits already takes another turn: a learner that read it before leaves it in the queue.
    "INSERT INTO line_queue (call_id, queued_at, turn) "
    # What lines cannot learn from, the budget of the call's kind can.
    "SELECT call_id, :now, 0 FROM calls WHERE call_id = :call_id AND space_id IS NOT NULL "
    "AND (embedding IS NOT NULL OR verdict NOT IN ('HAM', 'INCONCLUSIVE')) "
    "ON CONFLICT (call_id) DO UPDATE SET turn = line_queue.turn + 1"
)


class CallTable:
    """The calls of a database (implements CallLog). Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, entry: Entry) -> None:
        """Merge one part of a row, and let line memory know; it is durable when this returns."""
        with self._database.transaction(write=True) as connection:
            _write_all(connection, entry.part, [entry])
            if entry.teaches:
                connection.execute(_QUEUE, {"call_id": entry.call_id, "now": time.time()})

    def write_many(self, entries: Sequence[Entry]) -> list[Refused[Entry]]:
        """Merge many parts at once; they are durable when this returns. Returns those that never can be.

        Raises CallLogError when the database fails: some may be written then, and all can be again.
        """
        return write_apart(entries, self._write_together)

    def _write_together(self, entries: Sequence[Entry]) -> None:
        """All in one transaction: rows in the order of their ids, as every other writer has them.

        Two servers that write the same calls then wait one for the other, and not each for the other; entries
        of one call and part stay in the order they came.
        """
        ordered = sorted(entries, key=lambda entry: entry.call_id)
        with self._database.transaction(write=True) as connection:
            for part in Part:
                _write_all(connection, part, [entry for entry in ordered if entry.part is part])
            teaching = [{"call_id": one.call_id, "now": time.time()} for one in ordered if one.teaches]
            if teaching:
                connection.executemany(_QUEUE, teaching)

    def rows(self, wanted: Filter) -> list[dict[str, Value]]:
        """The rows that match, newest first."""
        clauses, values = wanted.newest_first()
        with self._database.transaction(write=False) as connection:
            return [dict(row) for row in connection.stream(f"SELECT * FROM calls{clauses}", values)]

    def iterate(self, wanted: Filter, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """These columns of the rows that match, newest first and one at a time.

        All rows are of one moment, that of the first. Raises CallLogError for a column that is none.
        """
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown or not columns:
            raise CallLogError(f"columns {unknown or 'none'} wanted: the call log has {', '.join(COLUMNS)}")
        return self._walk(wanted, columns)

    def _walk(self, wanted: Filter, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        clauses, values = wanted.newest_first()
        with self._database.transaction(write=False) as connection:
            for row in connection.stream(f"SELECT {', '.join(columns)} FROM calls{clauses}", values):
                yield tuple(row)


def _write_all(connection: Connection, part: Part, entries: Sequence[Entry]) -> None:
    """Merge entries of one part, each into the table that it belongs to."""
    if part is Part.PROVENANCE:
        write_provenance(connection, [entry.columns for entry in entries])
    else:
        _upsert_all(connection, part, entries)


def _upsert_all(connection: Connection, part: Part, entries: Sequence[Entry]) -> None:
    """One statement for them all: a column that an entry does not know is NULL, which changes nothing."""
    if not entries:
        return
    known = set().union(*(entry.columns for entry in entries))
    unknown = dict.fromkeys(known)
    connection.executemany(_upsert(part, known), [unknown | entry.columns for entry in entries])


def _merge(part: Part, name: str) -> str:
    own = _OF_AGENTS.get(part, {}).get(name)
    return f"{name} = {own}" if own else _MERGES[part].format(c=name)


def _upsert(part: Part, known: Collection[str]) -> str:
    """The statement that merges a part with these columns."""
    names = [name for name in COLUMNS if name in known]
    merge = [_merge(part, name) for name in names if name not in ("call_id", "failed_open")]
    if part is Part.ENDED:
        merge.append("end_cause = NULL")
    if "failed_open" in names:
        merge.append(ALARM)
    values = ", ".join(f":{name}" for name in names)
    update = f"DO UPDATE SET {', '.join(merge)}" if merge else "DO NOTHING"
    return f"INSERT INTO calls ({', '.join(names)}) VALUES ({values}) ON CONFLICT (call_id) {update}"
