"""Lines known by their provenance, in one SQLite file that several processes write.

A line is a name with the fingerprints of its newest calls, how it is listed for whom, and its marks of fraud:
the patent's identification database, exclusion lists and fraud database (US 9,516,497 B2, column 14). Raw
measures are kept, so that a space that is learnt anew needs no new calls; measures of an older version are
refused until their lines are enrolled again, which leaves lists and marks as they are.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from silentspam.errors import LineStoreError
from silentspam.provenance.features import VERSION
from silentspam.provenance.fingerprint import Fingerprint, stored_bytes, vectors_of
from silentspam.provenance.line_space import LineSpace
from silentspam.provenance.sources import Known
from silentspam.provenance.store_file import StoreFile
from silentspam.provenance.store_places import known_lines, refuse_outdated
from silentspam.provenance.store_rows import (
    erase_call,
    event_of,
    print_of,
    put_event,
    put_fraud,
    put_line,
    put_listings,
    put_prints,
    read_line,
    read_lines,
)
from silentspam.provenance.stored_line import (
    ALL,
    FraudMark,
    LineDeed,
    LineEvent,
    LineListing,
    StoredLine,
    called_numbers,
    check_name,
    check_text,
)

_DEED_OF = {
    LineListing.PERMITTED: LineDeed.PERMITTED,
    LineListing.BLOCKED: LineDeed.BLOCKED,
    LineListing.NONE: LineDeed.UNLISTED,
}


class LineStore:
    """The store in one file; by: who does what is done through it. Every error is a LineStoreError."""

    def __init__(
        self,
        path: Path,
        *,
        by: str = "",
        busy_seconds: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.path = path
        self._file = StoreFile(path, busy_seconds=busy_seconds)
        self._by = by
        self._clock = clock

    def enrol(
        self, name: str, prints: Sequence[Fingerprint], *, call_id: str = "", note: str = ""
    ) -> StoredLine:
        """Make calls known as those of a line, which may be new; its calls of older versions go.

        call_id: of the call, where it is one that was logged. Raises LineError for a fingerprint of another
        version, or of none.
        """
        check_name(name)
        vectors_of(prints)  # refuses what is not of this version, or not finite
        with self._file.transaction(write=True) as connection:
            put_line(connection, name, self._clock())
            outdated = "DELETE FROM prints WHERE name = ? AND (version <> ? OR length(vector) <> ?)"
            connection.execute(outdated, (name, VERSION, stored_bytes()))
            put_prints(connection, name, prints, call_id)
            put_event(connection, self._event(name, LineDeed.ENROLLED, call_id=call_id, note=note))
            return read_line(connection, name)

    def lines(self) -> tuple[StoredLine, ...]:
        """Every line, by name."""
        with self._file.transaction(write=False) as connection:
            return tuple(read_lines(connection).values())

    def line(self, name: str) -> StoredLine:
        """One line. Raises LineStoreError where there is none of that name."""
        with self._file.transaction(write=False) as connection:
            return read_line(connection, name)

    def permit(
        self, name: str, called: Iterable[str] = (), *, call_id: str = "", note: str = ""
    ) -> StoredLine:
        """Want its calls, to these called numbers or, without any, to all."""
        return self._list(name, LineListing.PERMITTED, called_numbers(called) or (ALL,), call_id, note)

    def block(
        self, name: str, called: Iterable[str] = (), *, call_id: str = "", note: str = ""
    ) -> StoredLine:
        """Want none of its calls, to these called numbers or, without any, to all."""
        return self._list(name, LineListing.BLOCKED, called_numbers(called) or (ALL,), call_id, note)

    def unlist(self, name: str, called: Iterable[str] = (), *, note: str = "") -> StoredLine:
        """Take back what it is listed as for these called numbers or, without any, altogether."""
        numbers = called_numbers(called) or tuple(self.line(name).listings) or (ALL,)
        return self._list(name, LineListing.NONE, numbers, "", note)

    def forget(self, name: str, *, note: str = "") -> None:
        """Delete a line with all that is kept of it; that it was forgotten stays in the history."""
        with self._file.transaction(write=True) as connection:
            read_line(connection, name)
            connection.execute("DELETE FROM lines WHERE name = ?", (name,))
            put_event(connection, self._event(name, LineDeed.FORGOTTEN, note=note))

    def mark_fraud(self, name: str, call_id: str, why: str) -> StoredLine:
        """Put a line into the fraud database; the same call again only says why anew."""
        if not call_id:
            raise LineStoreError(f"line {name}: a mark of fraud names the call that showed it (--call)")
        event = self._event(name, LineDeed.MARKED, call_id=call_id, note=why)
        with self._file.transaction(write=True) as connection:
            read_line(connection, name)
            mark = FraudMark(call_id=call_id, why=why, marked_at=event.at, marked_by=self._by)
            put_fraud(connection, name, mark)
            put_event(connection, event)
            return read_line(connection, name)

    def clear_fraud(self, name: str, *, note: str = "") -> StoredLine:
        """Take a line out of the fraud database: the marks were mistakes."""
        with self._file.transaction(write=True) as connection:
            read_line(connection, name)
            connection.execute("DELETE FROM frauds WHERE name = ?", (name,))
            put_event(connection, self._event(name, LineDeed.CLEARED, note=note))
            return read_line(connection, name)

    def erase(self, call_ids: Iterable[str]) -> tuple[str, ...]:
        """Delete the fingerprints of calls whose caller asked for it, and their ids; returns their lines.

        Names, lists and why a line is marked stay: they are of a line and not of a caller.
        """
        with self._file.transaction(write=True) as connection:
            names = {name for call_id in call_ids if call_id for name in erase_call(connection, call_id)}
            for name in sorted(names):
                put_event(connection, self._event(name, LineDeed.ERASED))
        return tuple(sorted(names))

    def prints(self) -> dict[str, tuple[Fingerprint, ...]]:
        """The fingerprints of every line that has any, oldest first, whatever their version."""
        found: dict[str, list[Fingerprint]] = {}
        with self._file.transaction(write=False) as connection:
            for row in connection.execute("SELECT * FROM prints ORDER BY name, id"):
                found.setdefault(row["name"], []).append(print_of(row))
        return {name: tuple(prints) for name, prints in found.items()}

    def known(self, space: LineSpace) -> Known:
        """The lines as places in a space. Raises LineStoreError while calls of another version are kept."""
        with self._file.transaction(write=False) as connection:
            refuse_outdated(connection, self.path)
            return known_lines(connection, space)

    def calls_of(self, name: str) -> tuple[str, ...]:
        """The call ids of a line's enrolled calls that were logged, newest first."""
        statement = "SELECT call_id FROM prints WHERE name = ? AND call_id <> '' ORDER BY id DESC"
        with self._file.transaction(write=False) as connection:
            return tuple(dict.fromkeys(row["call_id"] for row in connection.execute(statement, (name,))))

    def history(self, name: str | None = None) -> tuple[LineEvent, ...]:
        """What was done to every line, or to one, oldest first; of lines that were forgotten too."""
        where, values = ("", ()) if name is None else (" WHERE name = ?", (name,))
        with self._file.transaction(write=False) as connection:
            rows = connection.execute(f"SELECT * FROM deeds{where} ORDER BY id", values)
            return tuple(event_of(row) for row in rows)

    def revision(self) -> int:
        """A number that rises with every change: who keeps `known` asks whether it is still true."""
        with self._file.transaction(write=False) as connection:
            (newest,) = connection.execute("SELECT COALESCE(MAX(id), 0) FROM deeds").fetchone()
            return int(newest)

    def take_in(self, lines: Sequence[tuple[StoredLine, Sequence[Fingerprint]]], *, note: str = "") -> None:
        """Add lines of another store with their marks of fraud: all, or none.

        Raises LineStoreError for the name of a line of one's own that is no fraud: two of one name are never
        joined. A line that is in the fraud database already gains what it lacks.
        """
        for line, prints in lines:
            check_name(line.name)
            for mark in line.frauds:
                check_text(f"{mark.call_id} {mark.why}", "mark of fraud")
            vectors_of(prints)
        with self._file.transaction(write=True) as connection:
            for line, prints in lines:
                own = read_lines(connection, line.name).get(line.name)
                if own is not None and not own.fraud:
                    raise LineStoreError(
                        f"line {line.name}: provenance.store {self.path} has its own line of that name: "
                        "import with --prefix, which goes before every name"
                    )
                put_line(connection, line.name, self._clock())
                put_prints(connection, line.name, prints, "")
                for mark in line.frauds:
                    put_fraud(connection, line.name, mark)
                put_event(connection, self._event(line.name, LineDeed.IMPORTED, note=note))

    def _list(
        self, name: str, listing: LineListing, called: tuple[str, ...], call_id: str, note: str
    ) -> StoredLine:
        event = self._event(
            name,
            _DEED_OF[listing],
            called=tuple(one for one in called if one != ALL),
            call_id=call_id,
            note=note,
        )
        with self._file.transaction(write=True) as connection:
            read_line(connection, name)
            put_listings(connection, name, listing, called)
            put_event(connection, event)
            return read_line(connection, name)

    def _event(
        self, name: str, deed: LineDeed, *, called: tuple[str, ...] = (), call_id: str = "", note: str = ""
    ) -> LineEvent:
        check_text(note, "note")
        return LineEvent(
            name=name, deed=deed, at=self._clock(), by=self._by, called=called, call_id=call_id, note=note
        )
