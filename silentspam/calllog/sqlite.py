"""The call log in SQLite: write-ahead logging, so that many AGI processes write and a reader never waits."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from silentspam.calllog.entry import Entry, Half, Value
from silentspam.calllog.query import Filter
from silentspam.calllog.schema import COLUMNS, STEPS
from silentspam.errors import CallLogError

Row = dict[str, Value]

_MERGES = {
    # The half that wins keeps its value, the other fills what is missing; an alarm once raised stays.
    Half.SCREENED: "{c} = COALESCE(excluded.{c}, calls.{c})",
    Half.ENDED: "{c} = COALESCE(calls.{c}, excluded.{c})",
}


class SqliteCallLog:
    """The calls table in one file (implements the CallLog contract; every error is a CallLogError)."""

    def __init__(self, path: Path, *, busy_seconds: float = 2.0) -> None:
        self._path = path
        self._busy_seconds = busy_seconds

    def write(self, entry: Entry) -> None:
        """Merge one half of a row; it is on the disk when this returns."""
        with self._database(create=True) as database:
            database.execute(_upsert(entry), entry.columns)

    def rows(self, wanted: Filter) -> list[Row]:
        """The rows that match, newest first."""
        where, values = wanted.where()
        statement = f"SELECT * FROM calls{where} ORDER BY started_at DESC, call_id LIMIT :limit"
        with self._database(create=False) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(statement, values | {"limit": wanted.limit})]

    @contextmanager
    def _database(self, *, create: bool) -> Iterator[sqlite3.Connection]:
        """A connection with the newest schema, in one transaction."""
        try:
            if not create and not self._path.exists():
                raise CallLogError(f"{self._path}: there is no call log yet")
            if create:
                self._create()
            connection = sqlite3.connect(self._path, timeout=self._busy_seconds, isolation_level=None)
            with closing(connection):
                _upgrade(connection)
                connection.execute("BEGIN IMMEDIATE" if create else "BEGIN")
                with connection:
                    yield connection
        except (sqlite3.Error, OSError) as error:
            raise CallLogError(f"call_log.database {self._path}: {error}") from error

    def _create(self) -> None:
        """An empty file that belongs to its folder's owner: root may look first, Asterisk writes later."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
            if os.geteuid() == 0:
                folder = self._path.parent.stat()
                os.chown(self._path, folder.st_uid, folder.st_gid)


def _upgrade(database: sqlite3.Connection) -> None:
    """Bring the schema up to date. Safe when many processes find a new file at once."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(STEPS):
        raise CallLogError(
            f"the call log has schema {version}, this version knows {len(STEPS)}: update Silentspam"
        )
    # The mode is kept in the file. SQLite does not wait for the lock that the change needs, so whoever finds
    # the file idle makes it.
    with suppress(sqlite3.OperationalError):
        database.execute("PRAGMA journal_mode=WAL")
    if version == len(STEPS):
        return
    database.execute("BEGIN IMMEDIATE")
    with database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        for step in STEPS[version:]:
            database.execute(step)
        database.execute(f"PRAGMA user_version={len(STEPS)}")


def _upsert(entry: Entry) -> str:
    names = [name for name in COLUMNS if name in entry.columns]
    merge = [_MERGES[entry.half].format(c=name) for name in names if name not in ("call_id", "failed_open")]
    if "failed_open" in names:
        merge.append("failed_open = MAX(COALESCE(calls.failed_open, 0), excluded.failed_open)")
    values = ", ".join(f":{name}" for name in names)
    update = f"DO UPDATE SET {', '.join(merge)}" if merge else "DO NOTHING"
    return f"INSERT INTO calls ({', '.join(names)}) VALUES ({values}) ON CONFLICT (call_id) {update}"
