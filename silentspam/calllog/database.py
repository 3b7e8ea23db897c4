"""The call database as its tables see it: transactions of SQL that every database behind them understands.

Portable SQL: parameters by name (`:name`) only, upserts with ON CONFLICT, NULLS LAST or FIRST spelt out where
an order can meet them, aliases for subqueries, truth values as 0 and 1, the order of arrival in a column.
Column types are TEXT, REAL (64 bits) and INTEGER (64 bits); times are seconds since the epoch.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from silentspam.errors import CallLogError

Values = Mapping[str, Any]
"""Parameters of a statement by name."""


class Row(Protocol):
    """A row: `row["name"]`, `row[0]`, `dict(row)`; iterating gives the values."""

    def keys(self) -> Iterable[str]:
        """The names of the columns, in order."""

    def __getitem__(self, column: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


class Rows(Protocol):
    """What a statement found."""

    def __iter__(self) -> Iterator[Row]: ...

    def fetchone(self) -> Any:
        """The next row; None when there is none."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""


class Connection(Protocol):
    """A connection within one transaction."""

    def execute(self, statement: str, values: Values = ..., /) -> Rows:
        """Run one statement; what it found may be all in memory."""

    def executemany(self, statement: str, values: Iterable[Values], /) -> object:
        """Run one statement for each of many sets of parameters, at little cost for each."""

    def stream(self, statement: str, values: Values = ..., /) -> Iterator[Row]:
        """The rows of a query one at a time, never all in memory."""


@dataclass(frozen=True)
class SchemaVersion:
    """Which steps of the schema a database has taken (None: it has no tables yet), and how many there are."""

    found: int | None
    known: int

    @property
    def current(self) -> bool:
        """Whether this version of Silentspam can use the tables as they are."""
        return self.found == self.known


class Database(Protocol):
    """A call database. Every error is a CallLogError."""

    def transaction(self, *, write: bool, alone: bool = False) -> AbstractContextManager[Connection]:
        """A connection within one transaction: what was written is durable when it ends, or none of it is.

        Reading is of one moment. `alone`: no other such transaction runs meanwhile, on any server.
        """

    def schema_version(self) -> SchemaVersion:
        """Which schema the tables have. Raises CallLogError when the database cannot be asked."""

    def migrate(self) -> SchemaVersion:
        """Bring the tables up to date; returns what was found before. Raises CallLogError."""

    def forget_deleted(self) -> bool:
        """Have nothing left of deleted rows where this is in our hands; False where somebody is in the way.

        Raises CallLogError.
        """

    def close(self) -> None:
        """Let go of what is kept between transactions; the next one opens it anew."""


class UnusableDatabase:
    """In place of a database that cannot even be opened: rows wait in the spool, and everyone is told why."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __str__(self) -> str:
        return self._reason

    def transaction(self, *, write: bool, alone: bool = False) -> NoReturn:
        """Raises CallLogError."""
        del write, alone
        raise CallLogError(self._reason)

    def schema_version(self) -> NoReturn:
        """Raises CallLogError."""
        raise CallLogError(self._reason)

    def migrate(self) -> NoReturn:
        """Raises CallLogError."""
        raise CallLogError(self._reason)

    def forget_deleted(self) -> NoReturn:
        """Raises CallLogError."""
        raise CallLogError(self._reason)

    def close(self) -> None:
        """Nothing is kept."""
