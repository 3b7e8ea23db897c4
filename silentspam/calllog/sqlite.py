"""An SQLite file with the newest schema: the call database of one machine (implements Database).

Write-ahead logging: many processes write, and a reader never waits.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from silentspam.calllog.database import Row, SchemaVersion, Values
from silentspam.calllog.schema import STEPS
from silentspam.errors import CallLogError, NoCallLogError, ValueRefusedError

REFUSALS = (OverflowError, UnicodeError, sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InterfaceError)
"""What is the fault of a value and not of the database."""


class SqliteConnection(sqlite3.Connection):
    """A connection whose queries give one row at a time, which is what SQLite does anyway."""

    def stream(self, statement: str, values: Values = {}, /) -> Iterator[Row]:  # noqa: B006  never changed
        """The rows of a query, one at a time."""
        return self.execute(statement, values)


@dataclass(frozen=True)
class _Kept:
    """A connection between transactions: to which file, and whose; one of another process is no use."""

    connection: SqliteConnection
    file: tuple[int, int] | None
    owner: int


class SqliteDatabase:
    """Opens the file for one transaction at a time. Every error is a CallLogError.

    keep: for a process that writes all the time. The connection stays open until a transaction fails or
    another file lies at the path: opening and closing cost more than a small transaction, since who closes
    last also empties the write-ahead log. Such a process must not open the file by other means, which would
    end its locks (sqlite.org/howtocorrupt.html, 2.2).
    """

    def __init__(self, path: Path, *, busy_seconds: float = 2.0, keep: bool = False) -> None:
        self._path = path
        self._busy_seconds = busy_seconds
        self._keep = keep
        self._kept: _Kept | None = None
        self._lock = threading.Lock()

    def __str__(self) -> str:
        return f"SQLite {self._path}"

    @contextmanager
    def transaction(self, *, write: bool, alone: bool = False) -> Iterator[SqliteConnection]:
        """A connection within one transaction; what was written is on the disk when it ends.

        A writer creates a file that is not there yet, and is always alone. Raises ValueRefusedError for a
        value that no SQLite file can hold.
        """
        del alone
        try:
            with self._opened(write=write) as connection:
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                with connection:
                    yield connection
        except REFUSALS as error:
            raise ValueRefusedError(f"call_log.database {self._path}: {error}") from error
        except (sqlite3.Error, OSError) as error:
            raise CallLogError(f"call_log.database {self._path}: {error}") from error

    def schema_version(self) -> SchemaVersion:
        """The schema of the file, as it is: nothing is created and nothing upgraded."""
        if not self._path.exists():
            return SchemaVersion(None, len(STEPS))
        try:
            with closing(
                sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)
            ) as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.Error as error:
            raise CallLogError(f"call_log.database {self._path}: {error}") from error
        return SchemaVersion(version or None, len(STEPS))

    def migrate(self) -> SchemaVersion:
        """Bring the file up to date, as its first use does."""
        before = self.schema_version()
        with self.transaction(write=True):
            return before

    def forget_deleted(self) -> bool:
        """Empty the write-ahead log into the file, whose pages of deleted rows are overwritten.

        Without it a process that keeps the file open has them in both for long. Raises CallLogError.
        """
        try:
            with closing(sqlite3.connect(self._path, timeout=self._busy_seconds)) as connection:
                (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            raise CallLogError(f"call_log.database {self._path}: {error}") from error
        return not busy

    def close(self) -> None:
        """Let a connection that is kept go."""
        if connection := self._take():
            connection.close()

    @contextmanager
    def _opened(self, *, write: bool) -> Iterator[SqliteConnection]:
        connection = self._take()
        is_new = connection is None
        file = self._file()
        if connection is None:
            connection = self._connected(write=write)
        try:
            _upgrade(connection, is_new=is_new)
            connection.row_factory = sqlite3.Row
            yield connection
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, file)

    def _connected(self, *, write: bool) -> SqliteConnection:
        if not write and not self._path.exists():
            raise NoCallLogError(f"{self._path}: there is no call log yet")
        if write:
            self._create()
        connection = sqlite3.connect(
            self._path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,  # one transaction at a time has it, in whichever thread
            factory=SqliteConnection,
        )
        connection.execute("PRAGMA secure_delete = ON")  # an erased number must not stay in free pages
        return connection

    def _take(self) -> SqliteConnection | None:
        """The connection that is kept, for one at a time."""
        with self._lock:
            kept = self._kept
            if kept is None or kept.owner != os.getpid():
                return None  # the parent's stays as it is: what we closed of it would be its own
            self._kept = None
        if kept.file is not None and kept.file == self._file():
            return kept.connection
        kept.connection.close()
        return None

    def _give_back(self, connection: SqliteConnection, file: tuple[int, int] | None) -> None:
        """Keep a connection that another transaction may have."""
        with self._lock:
            if self._keep and self._kept is None and file is not None:
                self._kept = _Kept(connection, file, os.getpid())
                return
        connection.close()

    def _file(self) -> tuple[int, int] | None:
        """Which file lies at the path."""
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _create(self) -> None:
        """An empty file that belongs to its folder's owner: root may look first, Asterisk writes later."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
            if os.geteuid() == 0:
                folder = self._path.parent.stat()
                os.chown(self._path, folder.st_uid, folder.st_gid)


def _upgrade(database: sqlite3.Connection, *, is_new: bool) -> None:
    """Bring the schema up to date. Safe when many processes find a new file at once."""
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > len(STEPS):
        raise CallLogError(
            f"the call log has schema {version}, this version knows {len(STEPS)}: update Silentspam"
        )
    # The mode is kept in the file. SQLite does not wait for the lock that the change needs, so whoever finds
    # the file idle makes it.
    if is_new:
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
