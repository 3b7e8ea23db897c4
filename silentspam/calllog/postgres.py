"""A PostgreSQL database for the calls of several servers (implements Database).

One connection is kept and opened anew after any failure. No server can hold its caller up: each statement has
`busy_seconds`, by the server's watch and by ours. Only `migrate` changes the schema: with another one than
this version knows every transaction is refused, and rows wait in the spool.
"""

import math
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
from psycopg import conninfo, errors
from psycopg.pq import TransactionStatus

from silentspam.calllog.database import SchemaVersion
from silentspam.calllog.postgres_schema import check_version, migrated, version_of
from silentspam.calllog.psycopg_session import (
    ImpatientConnection,
    NoAnswerError,
    PostgresConnection,
    adapt,
    by_name_and_place,
)
from silentspam.calllog.schema import POSTGRES_STEPS
from silentspam.errors import CallLogError, ValueRefusedError

REFUSALS = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded, UnicodeError)
"""What is the fault of a value and not of the database: SQLSTATE classes 22, 23 and 54."""

ALONE_LOCK = 0x51_1E_27_01
"""The advisory lock of a transaction that is alone: a number of our own."""

LEAST_SECONDS = 1.0
"""A statement's time when call_log.busy_seconds is less: every one has to travel there and back."""

GRACE_SECONDS = 1.0
"""How much longer we wait than the server is told to work: its own words are the better error."""

ABANDONED_SECONDS = 60
"""A writer that stops in mid-transaction (its process hangs) gives its locks up after this."""


class PostgresDatabase:
    """Transactions on the server that a connection string names. Every error is a CallLogError.

    The string is libpq's, keywords or address; a password may stand in it, in PGPASSWORD, a password file or
    a service file, and is never shown. busy_seconds: a statement's time; reading_seconds: that of a query
    for many rows.
    """

    def __init__(self, address: str, *, busy_seconds: float = 2.0, reading_seconds: float = 60.0) -> None:
        self._address = address
        self._busy_seconds = max(busy_seconds, LEAST_SECONDS)
        self._reading_seconds = max(reading_seconds, busy_seconds)
        self._idle: ImpatientConnection | None = None
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def __str__(self) -> str:
        """Where it is, without the password."""
        with suppress(CallLogError):
            known = self._parameters()
            place = f"{known.get('host', 'localhost')}:{known.get('port', 5432)}"
            return f"PostgreSQL {known.get('dbname', known.get('service', ''))} at {place}"
        return "PostgreSQL"

    @contextmanager
    def transaction(self, *, write: bool, alone: bool = False) -> Iterator[PostgresConnection]:
        """A connection within one transaction; what was written is durable when it ends.

        Raises ValueRefusedError for a value that PostgreSQL cannot hold, CallLogError for all else.
        """
        with self._errors_named():
            connection = self._begin(_beginning(write=write))
            try:
                if alone:
                    connection.execute("SELECT pg_advisory_xact_lock(%s)", (ALONE_LOCK,))
                yield PostgresConnection(connection, reading_seconds=self._reading_seconds)
                connection.execute("COMMIT")
            finally:
                self._give_back(connection)

    def schema_version(self) -> SchemaVersion:
        """Which steps the tables have taken."""
        with self._errors_named():
            connection = self._take()
            if connection is None or not _answers(connection):
                connection = self._connected()
            try:
                found = SchemaVersion(version_of(connection), len(POSTGRES_STEPS))
            except BaseException:
                connection.close()
                raise
            self._give_back(connection) if found.current else connection.close()
            return found

    def migrate(self) -> SchemaVersion:
        """Bring the tables up to date, all of it or nothing; returns what was found before."""
        with self._errors_named():
            connection = self._connected()
            try:
                connection.patience = math.inf
                connection.execute("SET statement_timeout = 0")
                with connection.transaction():
                    return migrated(connection)
            finally:
                connection.close()

    def forget_deleted(self) -> bool:
        """The server's own affair: its autovacuum."""
        return True

    def close(self) -> None:
        """Let the connection that is kept go."""
        with self._lock:
            kept, self._idle = self._idle, None
        if kept is not None:
            kept.close()

    def _begin(self, statement: str) -> ImpatientConnection:
        """A connection within a transaction: the one kept, or a new one where that has died meanwhile."""
        kept = self._take()
        if kept is not None:
            try:
                return self._started(kept, statement)
            except NoAnswerError:
                kept.close()
                raise
            except psycopg.OperationalError:
                kept.close()
        connection = self._connected()
        try:
            check_version(connection)
            return self._started(connection, statement)
        except BaseException:
            connection.close()
            raise

    def _started(self, connection: ImpatientConnection, statement: str) -> ImpatientConnection:
        connection.patience = self._busy_seconds + GRACE_SECONDS
        connection.execute(statement)
        return connection

    def _connected(self) -> ImpatientConnection:
        connection = ImpatientConnection.connect(
            conninfo.make_conninfo(**self._parameters()), autocommit=True, row_factory=by_name_and_place
        )
        connection.patience = self._busy_seconds + GRACE_SECONDS
        adapt(connection)
        return connection

    def _take(self) -> ImpatientConnection | None:
        """The connection that is kept, for one at a time; never one of the process we were forked from."""
        with self._lock:
            kept, self._idle = self._idle, None
            if self._owner != os.getpid():
                self._owner = os.getpid()
                return None
            return kept

    def _give_back(self, connection: ImpatientConnection) -> None:
        """Keep a connection that is good for another transaction."""
        if connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
        good = connection.info.transaction_status is TransactionStatus.IDLE
        with self._lock:
            if good and self._idle is None and self._owner == os.getpid():
                self._idle = connection
                return
        connection.close()

    def _parameters(self) -> dict[str, str]:
        """What libpq is told. Raises CallLogError without the string, which may hold a password."""
        try:
            given = {name: str(value) for name, value in conninfo.conninfo_to_dict(self._address).items()}
        except psycopg.ProgrammingError:
            raise CallLogError("call_log.postgres: this is no connection string of PostgreSQL") from None
        milliseconds = round(self._busy_seconds * 1000)
        ours = {
            "application_name": "silentspam",
            "connect_timeout": str(math.ceil(max(self._busy_seconds, 2))),
            "keepalives_idle": "10",
            "keepalives_interval": "5",
            "keepalives_count": "3",
            "tcp_user_timeout": str(milliseconds + 10_000),
        }
        options = f"{given.get('options', '')} -c statement_timeout={milliseconds}".strip()
        return ours | given | {"options": options, "client_encoding": "UTF8"}

    @contextmanager
    def _errors_named(self) -> Iterator[None]:
        try:
            yield
        except REFUSALS as error:
            raise ValueRefusedError(self._told(error)) from None
        except (psycopg.Error, OSError) as error:
            raise CallLogError(self._told(error)) from None

    def _told(self, error: Exception) -> str:
        """An error on one line that names the key and the place, and shows no password."""
        said = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        text = " ".join((said or str(error)).split()) or type(error).__name__
        with suppress(CallLogError, psycopg.Error):
            if password := self._parameters().get("password"):
                text = re.sub(re.escape(password), "***", text)
        return f"call_log.postgres: {self}: {text}"


def _beginning(*, write: bool) -> str:
    if write:
        return f"BEGIN; SET LOCAL idle_in_transaction_session_timeout = '{ABANDONED_SECONDS}s'"
    return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def _answers(connection: ImpatientConnection) -> bool:
    """Whether a connection that was kept still leads to its server; else it is closed."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        connection.close()
        return False
    return True
