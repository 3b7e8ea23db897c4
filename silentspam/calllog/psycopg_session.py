"""One PostgreSQL connection as the tables see it: portable SQL in, rows by name and position out.

psycopg 3 (psycopg.org) binds parameters on the server. What SQLite takes and PostgreSQL does not is made good
here: truth values become integers, NaN becomes NULL, and a NUL character or a lone surrogate becomes a
replacement character, since PostgreSQL's TEXT can hold neither.
"""

import itertools
import math
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.adapt import Dumper
from psycopg.types.numeric import FloatDumper
from psycopg.types.string import StrDumperUnknown

from silentspam.calllog.database import Rows, Values

FETCHED = 2000
"""Rows that a stream takes over the network at once."""

INT8_OID = 20
"""pg_type's number of BIGINT."""

_PARAMETER = re.compile(r":([a-z_][a-z0-9_]*)")


class PostgresRow:
    """A row by column name and by position (implements Row)."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: dict[str, int], values: Sequence[Any]) -> None:
        self._places = places
        self._values = values

    def keys(self) -> Iterable[str]:
        """The names of the columns, in order."""
        return self._places.keys()

    def __getitem__(self, column: str | int, /) -> Any:
        return self._values[self._places[column] if isinstance(column, str) else column]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def by_name_and_place(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], PostgresRow]:
    """psycopg's row factory for `PostgresRow`."""
    places = {column.name: place for place, column in enumerate(cursor.description or ())}
    return lambda values: PostgresRow(places, values)


class _Text(StrDumperUnknown):
    def dump(self, obj: str) -> bytes:
        return obj.replace("\0", "\ufffd").encode("utf-8", "replace")


class _Float(FloatDumper):
    def dump(self, obj: float) -> Any:
        return None if math.isnan(obj) else super().dump(obj)


class _Integer(Dumper):
    oid = INT8_OID

    def dump(self, obj: int) -> bytes:
        return str(int(obj)).encode()


class NoAnswerError(psycopg.OperationalError):
    """The server hangs, or cannot be reached any more."""


class ImpatientConnection(psycopg.Connection[PostgresRow]):
    """A connection that waits no longer than `patience` [s] for an answer, even of a server that hangs.

    `statement_timeout` is the server's own watch; one that is stopped or unreachable keeps none.
    """

    patience = math.inf

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **options: Any) -> Any:
        """As psycopg's, with an end. Raises NoAnswerError."""
        return super().wait(_within(gen, self.patience), *args, **options)


def _within(gen: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """psycopg's dialogue with the server, broken off when that says nothing for longer.

    Many statements in one dialogue may take longer together: each answer counts.
    """
    until = time.monotonic() + seconds
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready:
                until = time.monotonic() + seconds
            elif time.monotonic() > until:
                raise NoAnswerError(f"no answer within {seconds:g} s")
            wanted = gen.send(ready)
    except StopIteration as ended:
        return ended.value


def adapt(connection: psycopg.Connection[Any]) -> None:
    """Let a connection take the values that the tables write."""
    for kind, dumper in ((str, _Text), (float, _Float), (int, _Integer), (bool, _Integer)):
        connection.adapters.register_dumper(kind, dumper)


@lru_cache(maxsize=256)
def translated(statement: str) -> str:
    """A portable statement with its parameters as psycopg writes them.

    >>> translated("SELECT 1 % 2 WHERE a = :a")
    'SELECT 1 %% 2 WHERE a = %(a)s'
    """
    return _PARAMETER.sub(r"%(\1)s", statement.replace("%", "%%"))


class PostgresConnection:
    """A connection within one transaction (implements Connection).

    Reading many rows may take `reading_seconds` a time, whatever else a statement is allowed.
    """

    def __init__(self, connection: ImpatientConnection, *, reading_seconds: float) -> None:
        self._connection = connection
        self._reading_seconds = reading_seconds
        self._names = itertools.count()

    def execute(self, statement: str, values: Values = {}, /) -> Rows:  # noqa: B006  never changed
        """Run one statement; all it found is in memory."""
        return self._connection.execute(translated(statement), values)

    def executemany(self, statement: str, values: Iterable[Values], /) -> object:
        """Run one statement for each set of parameters, without waiting for each answer (pipeline)."""
        with self._connection.cursor() as cursor:
            cursor.executemany(translated(statement), list(values))
        return None

    def stream(self, statement: str, values: Values = {}, /) -> Iterator[PostgresRow]:  # noqa: B006
        """The rows of a query through a cursor on the server, which ends with the transaction."""
        name = f"rows_{next(self._names)}"
        self._connection.patience = self._reading_seconds + 1
        self._connection.execute(f"SET LOCAL statement_timeout = {self._reading_seconds * 1000:.0f}")
        self._connection.execute(f"DECLARE {name} NO SCROLL CURSOR FOR {translated(statement)}", values)
        while rows := self._connection.execute(f"FETCH {FETCHED} FROM {name}").fetchall():
            yield from rows
