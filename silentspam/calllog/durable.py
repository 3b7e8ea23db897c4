"""A call log that loses no row: the database, and a spool for when it cannot be written.

What the database can never hold is set aside in the spool, for a person to look at.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from silentspam.calllog.entry import Entry, Value
from silentspam.calllog.query import Filter
from silentspam.calllog.spool import Spool
from silentspam.errors import CallLogError, ValueRefusedError

TAKE_IN_AT_ONCE = 100
"""Spooled entries that one call's process takes in when the database is back: its own work stays short."""


class CallLog(Protocol):
    """A database of calls. Every error is a CallLogError."""

    def write(self, entry: Entry) -> None:
        """Merge one part of a row; it is durable when this returns."""

    def rows(self, wanted: Filter) -> list[dict[str, Value]]:
        """The rows that match, newest first."""

    def iterate(self, wanted: Filter, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """These columns of the rows that match, newest first and one at a time: never all in memory."""


class DurableCallLog:
    """Writes to the database, else to the spool; takes the spool in as soon as the database is back."""

    def __init__(self, database: CallLog, spool: Spool) -> None:
        self._database = database
        self._spool = spool

    def write(self, entry: Entry) -> None:
        """Keep an entry. Raises CallLogError only when neither the database nor the spool can be written."""
        try:
            self._database.write(entry)
        except CallLogError as error:
            keep = self._set_aside if isinstance(error, ValueRefusedError) else self._spool.add
            try:
                keep(entry)
            except CallLogError as spool_error:
                raise CallLogError(f"{error}; {spool_error}") from error
            return
        with suppress(CallLogError):
            self._spool.take_in(self._database.write, limit=TAKE_IN_AT_ONCE)

    def _set_aside(self, entry: Entry) -> Path:
        return self._spool.set_aside([entry])

    def rows(self, wanted: Filter) -> list[dict[str, Value]]:
        """The rows that match, those that were waiting in the spool included."""
        self._spool.take_in(self._database.write)
        return self._database.rows(wanted)

    def iterate(self, wanted: Filter, columns: Sequence[str]) -> Iterator[tuple[Value, ...]]:
        """These columns of the rows that match, those that were waiting in the spool included."""
        self._spool.take_in(self._database.write)
        return self._database.iterate(wanted, columns)
