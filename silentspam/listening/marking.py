"""The fraud database: the line of a call that is confirmed spam is marked, so that its next call is told of.

US 9,516,497 B2, column 14. Confirmed: rejected, or labelled spam by whoever may. A line that an operator
permits is never marked by itself, and a new line is made of long audio alone: two seconds of dead air are
line memory's business, and look like too many others'.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from silentspam.calllog.database import Row
from silentspam.calllog.provenance import ProvenanceTable
from silentspam.errors import LineError, NoLineStoreError
from silentspam.provenance.fingerprint import Fingerprint
from silentspam.provenance.line_store import LineStore
from silentspam.provenance.stored_line import LineListing, StoredLine

AT_ONCE = 100
"""Calls of one turn."""

PAUSE_SECONDS = 60.0
"""Between two questions for calls that are due: nobody labels faster, and each reads many rows [s]."""

LATEST_SECONDS = 30 * 86400.0
"""A call that is confirmed later marks no line: lines change, and the table grows for ever [s]."""

ENROLLED_SECONDS = 5.0
"""A line that is not known yet is enrolled from so much audio, or more [s]."""


@dataclass(kw_only=True)
class Marker:
    """Marks lines: `table` says which calls are due, asked so often (pause) [s]; `failed` is told in words
    what marks no line."""

    store: LineStore
    table: ProvenanceTable
    failed: Callable[[str], None] = lambda _words: None
    clock: Callable[[], float] = time.time
    pause: float = PAUSE_SECONDS
    _due_at: float = -math.inf

    def run(self) -> Iterator[str]:
        """Mark the lines of calls that are due; yields the name of each line that was marked.

        Raises CallLogError or LineStoreError: the rest is due again.
        """
        if time.monotonic() < self._due_at:
            return
        rows = self.table.of_spam(AT_ONCE, since=self.clock() - LATEST_SECONDS)
        for row in rows:
            name = self._mark(row)
            self.table.marked(row["call_id"], self.clock())
            if name is not None:
                yield name
        if len(rows) < AT_ONCE:
            self._due_at = time.monotonic() + self.pause

    def _mark(self, row: Row) -> str | None:
        name = self._line_of(row)
        if name is None:
            return None
        disposition = str(row["disposition"] or "")
        why = f"result {disposition}" if disposition.startswith("REJECTED") else "labelled spam"
        self.store.mark_fraud(name, row["call_id"], why)
        return name

    def _line_of(self, row: Row) -> str | None:
        """The line that a call came on, enrolled if need be; None where none is to be marked."""
        line = self._stored(row["line_name"])
        if line is not None:
            return None if line.listing is LineListing.PERMITTED else line.name
        prints = self._prints(row)
        if prints is None or prints.seconds < ENROLLED_SECONDS:
            return None
        name = f"spam {row['call_id'][:8]}"
        try:
            self.store.enrol(name, [prints], call_id=row["call_id"], note="confirmed spam")
        except LineError:  # its measures are those of another version: a later call will tell
            return None
        return name

    def _prints(self, row: Row) -> Fingerprint | None:
        """None for a fingerprint that cannot be read: it would be no better at the next turn."""
        try:
            return msgspec.json.decode(row["fingerprint"], type=Fingerprint)
        except (msgspec.MsgspecError, ValueError) as error:
            self.failed(f"call {row['call_id']}: its fingerprint cannot be read: {error}")
            return None

    def _stored(self, name: str | None) -> StoredLine | None:
        if not name:
            return None
        try:
            return next((line for line in self.store.lines() if line.name == name), None)
        except NoLineStoreError:
            return None
