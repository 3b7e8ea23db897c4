"""Where calls came from by their audio: a row for each call that was analysed, shared by all servers.

A call may be analysed again, from more audio or after a crash: the longer audio counts, then the later
analysis. A call that was erased at its caller's request has no row, whoever brings one late.
"""

from collections.abc import Iterator, Mapping, Sequence

from silentspam.calllog.database import Connection, Database, Row
from silentspam.calllog.entry import Value
from silentspam.calllog.schema import PROVENANCE_COLUMNS

CALL_COLUMNS = (
    "call_id",
    "started_at",
    "ani",
    "caller_id",
    "dnis",
    "channel",
    "uniqueid",
    "challenged_at",
    "bridged_at",
    "ended_at",
    "erased_at",
)
"""What provenance needs of a call's own row."""

_ASKED = 500
"""Calls of one query."""
_NAMES = tuple(PROVENANCE_COLUMNS)
_LONG = ("analysis", "fingerprint", "reasons")
_LENGTH = "COALESCE({}.seconds, 0)"
_PUT = (
    f"INSERT INTO provenance ({', '.join(_NAMES)}) VALUES ({', '.join(f':{name}' for name in _NAMES)}) "
    f"ON CONFLICT (call_id) DO UPDATE SET {', '.join(f'{one} = excluded.{one}' for one in _NAMES[1:])} "
    f"WHERE {_LENGTH.format('excluded')} > {_LENGTH.format('provenance')} "
    f"OR ({_LENGTH.format('excluded')} = {_LENGTH.format('provenance')} "
    "AND COALESCE(excluded.analysed_at, 0) >= COALESCE(provenance.analysed_at, 0))"
)
_LEAVE_ERASED = (
    "DELETE FROM provenance WHERE call_id = :call_id "
    "AND call_id IN (SELECT call_id FROM calls WHERE erased_at IS NOT NULL)"
)
_OF_SPAM = (
    "SELECT provenance.call_id, provenance.line_name, provenance.fingerprint, calls.disposition "
    "FROM provenance JOIN calls ON calls.call_id = provenance.call_id "
    "WHERE provenance.analysed_at >= :since "
    "AND provenance.marked_at IS NULL AND provenance.fingerprint IS NOT NULL "
    "AND (calls.disposition LIKE 'REJECTED%' OR EXISTS "
    "(SELECT 1 FROM labels WHERE labels.call_id = calls.call_id AND labels.label = 'spam')) "
    "AND NOT EXISTS (SELECT 1 FROM labels WHERE labels.call_id = calls.call_id AND labels.label = 'ham' "
    "AND labels.source IN ('REVIEW', 'IMPORT')) "
    "ORDER BY provenance.analysed_at, provenance.call_id LIMIT :most"
)
_MARKED = "UPDATE provenance SET marked_at = :at WHERE call_id = :call_id"


def write_provenance(connection: Connection, rows: Sequence[Mapping[str, Value]]) -> None:
    """Put rows into the table; the columns that one does not have are unknown."""
    if not rows:
        return
    unknown = dict.fromkeys(_NAMES)
    connection.executemany(_PUT, [unknown | dict(row) for row in rows])
    connection.executemany(_LEAVE_ERASED, [{"call_id": row["call_id"]} for row in rows])


class ProvenanceTable:
    """Reads the table. Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_call(self, call_id: str) -> dict[str, Value] | None:
        """The row of a call; None where it was not analysed."""
        statement = "SELECT * FROM provenance WHERE call_id = :call_id"
        with self._database.transaction(write=False) as connection:
            row = connection.execute(statement, {"call_id": call_id}).fetchone()
        return None if row is None else dict(row)

    def calls(self, call_ids: Sequence[str]) -> dict[str, dict[str, Value]]:
        """As much as provenance needs of calls, by their ids; one without a row is left out.

        Read from the database alone: whoever takes in what waits elsewhere has more to do with it.
        """
        found: dict[str, dict[str, Value]] = {}
        with self._database.transaction(write=False) as connection:
            for begin in range(0, len(call_ids), _ASKED):
                names = {f"id{place}": one for place, one in enumerate(call_ids[begin : begin + _ASKED])}
                wanted = ", ".join(f":{name}" for name in names)
                statement = f"SELECT {', '.join(CALL_COLUMNS)} FROM calls WHERE call_id IN ({wanted})"
                found |= {row["call_id"]: dict(row) for row in connection.execute(statement, names)}
        return found

    def since(self, since: float) -> Iterator[Row]:
        """The rows analysed since then [s since the epoch], newest first, one at a time."""
        statement = "SELECT * FROM provenance WHERE analysed_at >= :since ORDER BY analysed_at DESC, call_id"
        with self._database.transaction(write=False) as connection:
            yield from connection.stream(statement, {"since": since})

    def of_calls(self, since: float, until: float) -> Iterator[Row]:
        """What was told of the calls that began in a period [s since the epoch], one at a time.

        Without what is long: analysis, fingerprint and reasons.
        """
        names = ", ".join(f"provenance.{name}" for name in _NAMES if name not in _LONG)
        statement = (
            f"SELECT {names} FROM provenance JOIN calls ON calls.call_id = provenance.call_id "
            "WHERE calls.started_at >= :since AND calls.started_at < :until"
        )
        with self._database.transaction(write=False) as connection:
            yield from connection.stream(statement, {"since": since, "until": until})

    def of_spam(self, most: int, *, since: float) -> list[Row]:
        """Calls analysed since then [s since the epoch], confirmed spam, whose line was not marked yet, the
        oldest first.

        Confirmed: rejected, or labelled so, and no person says otherwise.
        """
        with self._database.transaction(write=False) as connection:
            return connection.execute(_OF_SPAM, {"most": most, "since": since}).fetchall()

    def marked(self, call_id: str, at: float) -> None:
        """Note that a call's line was marked then [s since the epoch]."""
        with self._database.transaction(write=True) as connection:
            connection.execute(_MARKED, {"call_id": call_id, "at": at})
