"""The SQLite file of a store of lines: its tables, and one transaction at a time on it.

Write-ahead logging: several processes write, and a reader never waits. A file that is something else, or of
a newer version, is left as it is and refused; so is one that is not there, when it is only to be read.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from silentspam.errors import LineStoreError, NoLineStoreError

APPLICATION_ID = 0x53536C6E
"""Marks the file as a store of lines (sqlite.org/pragma.html#pragma_application_id)."""

STEPS = (
    "CREATE TABLE lines (name TEXT PRIMARY KEY, created_at REAL NOT NULL, note TEXT NOT NULL)",
    "CREATE TABLE prints (id INTEGER PRIMARY KEY, name TEXT NOT NULL REFERENCES lines ON DELETE CASCADE, "
    "digest BLOB NOT NULL, version INTEGER NOT NULL, seconds REAL NOT NULL, vector BLOB NOT NULL, "
    "call_id TEXT NOT NULL, UNIQUE (name, digest))",
    "CREATE TABLE listings (name TEXT NOT NULL REFERENCES lines ON DELETE CASCADE, called TEXT NOT NULL, "
    "listing TEXT NOT NULL, PRIMARY KEY (name, called))",
    "CREATE TABLE frauds (name TEXT NOT NULL REFERENCES lines ON DELETE CASCADE, call_id TEXT NOT NULL, "
    "why TEXT NOT NULL, marked_at REAL NOT NULL, marked_by TEXT NOT NULL, PRIMARY KEY (name, call_id))",
    "CREATE TABLE deeds (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, deed TEXT NOT NULL, "
    "at REAL NOT NULL, by TEXT NOT NULL, called TEXT NOT NULL, call_id TEXT NOT NULL, note TEXT NOT NULL)",
)
"""The schema, one statement a step: a newer version adds steps, and an older program refuses them."""


class StoreFile:
    """Opens the file for one transaction at a time. Every error of SQLite is a LineStoreError."""

    def __init__(self, path: Path, *, busy_seconds: float = 5.0) -> None:
        self.path = path
        self._busy_seconds = busy_seconds

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[sqlite3.Connection]:
        """A connection within one transaction; what was written is on the disk when it ends, or none of it.

        A writer makes a file that is not there yet.
        """
        try:
            with closing(self._connected(write=write)) as connection:
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                with connection:
                    yield connection
        except (sqlite3.Error, OSError, OverflowError, UnicodeError) as error:
            raise LineStoreError(f"provenance.store {self.path}: {error}") from error

    def _connected(self, *, write: bool) -> sqlite3.Connection:
        if write:
            self._create()
        elif not self.path.exists():
            raise self._absent()
        if not self.path.is_file():
            raise LineStoreError(f"provenance.store {self.path}: no regular file, where one is wanted")
        connection = sqlite3.connect(self.path, timeout=self._busy_seconds, isolation_level=None)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA secure_delete = ON")  # a line that is forgotten leaves no free page
            self._upgrade(connection, write=write)
        except BaseException:
            connection.close()
            raise
        connection.row_factory = sqlite3.Row
        return connection

    def _create(self) -> None:
        """An empty file that belongs to its folder's owner: root may enrol first, the worker writes later."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
            if os.geteuid() == 0:
                folder = self.path.parent.stat()
                os.chown(self.path, folder.st_uid, folder.st_gid)

    def _upgrade(self, connection: sqlite3.Connection, *, write: bool) -> None:
        version = self._version(connection)
        if version == len(STEPS):
            return
        if not write and version == 0:
            raise self._absent()
        if not write:
            raise LineStoreError(
                f"provenance.store {self.path}: schema {version}, this version reads {len(STEPS)}: what is "
                "next written to it, as by `silentspam lines enrol`, brings it up to date"
            )
        # SQLite does not wait for the lock that this change needs; the mode is kept in the file.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        with connection:
            for step in STEPS[self._version(connection) :]:
                connection.execute(step)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={len(STEPS)}")

    def _version(self, connection: sqlite3.Connection) -> int:
        """How many steps of the schema the file has. Raises LineStoreError for another kind of file."""
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
        if application != APPLICATION_ID and (tables or version):
            raise LineStoreError(f"provenance.store {self.path}: a database, but no store of lines")
        if version > len(STEPS):
            raise LineStoreError(
                f"provenance.store {self.path}: schema {version}, this version knows {len(STEPS)}: "
                "update Silentspam"
            )
        return int(version)

    def _absent(self) -> NoLineStoreError:
        return NoLineStoreError(
            f"provenance.store {self.path}: there is no store of lines yet: "
            "`silentspam lines enrol` makes it with its first line"
        )
