"""The call log in SQLite."""

from collections.abc import Iterator, Sequence

from silentspam.calllog.entry import Entry, Part, Value
from silentspam.calllog.query import Filter
from silentspam.calllog.schema import COLUMNS
from silentspam.calllog.sqlite_database import SqliteDatabase
from silentspam.errors import CallLogError

Row = dict[str, Value]

_MERGES = {
    # The part that wins keeps its value, the other fills what is missing; an alarm once raised stays.
    Part.SCREENED: "{c} = COALESCE(excluded.{c}, calls.{c})",
    Part.SPEECH: "{c} = COALESCE(excluded.{c}, calls.{c})",
    Part.ENDED: "{c} = COALESCE(calls.{c}, excluded.{c})",
}

_QUEUE = (
    "INSERT OR IGNORE INTO line_queue (call_id) "
    "SELECT call_id FROM calls WHERE call_id = ? AND embedding IS NOT NULL"
)


class SqliteCallLog:
    """The calls table in one file (implements the CallLog contract; every error is a CallLogError)."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def write(self, entry: Entry) -> None:
        """Merge one part of a row, and let line memory know; it is on the disk when this returns."""
        with self._database.transaction(write=True) as connection:
            connection.execute(_upsert(entry), entry.columns)
            if entry.teaches:
                connection.execute(_QUEUE, (entry.call_id,))

    def rows(self, wanted: Filter) -> list[Row]:
        """The rows that match, newest first."""
        where, values = wanted.where()
        statement = f"SELECT * FROM calls{where} ORDER BY started_at DESC, call_id LIMIT :limit"
        with self._database.transaction(write=False) as connection:
            return [dict(row) for row in connection.execute(statement, values | {"limit": wanted.limit})]

    def iterate(self, wanted: Filter, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """These columns of the rows that match, newest first and one at a time.

        All rows are of one moment, that of the first. Raises CallLogError for a column that is none.
        """
        unknown = [name for name in columns if name not in COLUMNS]
        if unknown or not columns:
            raise CallLogError(f"columns {unknown or 'none'} wanted: the call log has {', '.join(COLUMNS)}")
        return self._walk(wanted, columns)

    def _walk(self, wanted: Filter, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        where, values = wanted.where()
        statement = (
            f"SELECT {', '.join(columns)} FROM calls{where} ORDER BY started_at DESC, call_id LIMIT :limit"
        )
        with self._database.transaction(write=False) as connection:
            for row in connection.execute(statement, values | {"limit": wanted.limit}):
                yield tuple(row)


def _upsert(entry: Entry) -> str:
    names = [name for name in COLUMNS if name in entry.columns]
    merge = [_MERGES[entry.part].format(c=name) for name in names if name not in ("call_id", "failed_open")]
    if "failed_open" in names:
        merge.append("failed_open = MAX(COALESCE(calls.failed_open, 0), excluded.failed_open)")
    values = ", ".join(f":{name}" for name in names)
    update = f"DO UPDATE SET {', '.join(merge)}" if merge else "DO NOTHING"
    return f"INSERT INTO calls ({', '.join(names)}) VALUES ({values}) ON CONFLICT (call_id) {update}"
