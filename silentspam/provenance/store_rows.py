"""The rows of a store of lines: what becomes of a line, its fingerprints, marks and deeds in its tables."""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Sequence

from silentspam.errors import LineStoreError
from silentspam.provenance.fingerprint import Fingerprint
from silentspam.provenance.numbers import canonical
from silentspam.provenance.stored_line import FraudMark, LineDeed, LineEvent, LineListing, StoredLine

KEPT = 20
"""Calls of a line whose fingerprints are kept, the newest: a line that drifts is followed."""


def read_lines(connection: sqlite3.Connection, name: str | None = None) -> dict[str, StoredLine]:
    """Every line by name, or the one that is named, as they stand; empty where there is none."""
    where, values = ("", ()) if name is None else ("WHERE name = ?", (name,))
    listings: dict[str, dict[str, LineListing]] = {}
    for row in connection.execute(f"SELECT * FROM listings {where} ORDER BY listing DESC", values):
        listings.setdefault(row["name"], {})[canonical(row["called"])] = LineListing(row["listing"])
    frauds: dict[str, list[FraudMark]] = {}
    for row in connection.execute(f"SELECT * FROM frauds {where} ORDER BY marked_at, call_id", values):
        columns = {field: row[field] for field in FraudMark.__struct_fields__}
        frauds.setdefault(row["name"], []).append(FraudMark(**columns))
    calls = dict(
        map(tuple, connection.execute(f"SELECT name, COUNT(*) FROM prints {where} GROUP BY name", values))
    )
    return {
        row["name"]: StoredLine(
            name=row["name"],
            calls=calls.get(row["name"], 0),
            created_at=row["created_at"],
            listings=listings.get(row["name"], {}),
            frauds=tuple(frauds.get(row["name"], ())),
            note=row["note"],
        )
        for row in connection.execute(f"SELECT * FROM lines {where} ORDER BY name", values)
    }


def read_line(connection: sqlite3.Connection, name: str) -> StoredLine:
    """A line as it stands. Raises LineStoreError where there is none of that name."""
    found = read_lines(connection, name)
    if name not in found:
        raise LineStoreError(f"no line {name!r} in the store: `silentspam lines list` has every one")
    return found[name]


def put_line(connection: sqlite3.Connection, name: str, created_at: float) -> None:
    """Make a line, unless it is there."""
    statement = "INSERT INTO lines (name, created_at, note) VALUES (?, ?, '') ON CONFLICT DO NOTHING"
    connection.execute(statement, (name, created_at))


def put_prints(
    connection: sqlite3.Connection, name: str, prints: Iterable[Fingerprint], call_id: str
) -> None:
    """Keep fingerprints, each once, and only the newest KEPT of the line."""
    connection.executemany(
        "INSERT INTO prints (name, digest, version, seconds, vector, call_id) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        [(name, _digest(one), one.version, one.seconds, one.vector, call_id) for one in prints],
    )
    connection.execute(
        "DELETE FROM prints WHERE name = :name AND id NOT IN "
        f"(SELECT id FROM prints WHERE name = :name ORDER BY id DESC LIMIT {KEPT})",
        {"name": name},
    )


def put_fraud(connection: sqlite3.Connection, name: str, mark: FraudMark) -> None:
    """Keep a mark, one a call."""
    connection.execute(
        "INSERT OR REPLACE INTO frauds (name, call_id, why, marked_at, marked_by) VALUES (?, ?, ?, ?, ?)",
        (name, mark.call_id, mark.why, mark.marked_at, mark.marked_by),
    )


def put_listings(
    connection: sqlite3.Connection, name: str, listing: LineListing, called: Sequence[str]
) -> None:
    """List a line for these called numbers; NONE takes back what it was listed as."""
    connection.executemany(
        "DELETE FROM listings WHERE name = ? AND called IN (?, ?, ?)",
        [(name, number, f"+{number}", f"00{number}") for number in called],
    )
    if listing is not LineListing.NONE:
        connection.executemany(
            "INSERT INTO listings (name, called, listing) VALUES (?, ?, ?)",
            [(name, number, listing.value) for number in called],
        )


def put_event(connection: sqlite3.Connection, event: LineEvent) -> None:
    """Add a deed to the history; its note becomes the line's, if it has one."""
    connection.execute(
        "INSERT INTO deeds (name, deed, at, by, called, call_id, note) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            event.name,
            event.deed.value,
            event.at,
            event.by,
            json.dumps(event.called),
            event.call_id,
            event.note,
        ),
    )
    if event.note and event.deed is not LineDeed.MARKED:
        connection.execute("UPDATE lines SET note = ? WHERE name = ?", (event.note, event.name))


def erase_call(connection: sqlite3.Connection, call_id: str) -> set[str]:
    """Delete the fingerprint of a call, and its id wherever it stands; returns the lines that had it."""
    tables = ("prints", "frauds", "deeds")
    found = [
        connection.execute(f"SELECT name FROM {table} WHERE call_id = ?", (call_id,)) for table in tables
    ]
    names = {row["name"] for rows in found for row in rows}
    connection.execute("DELETE FROM prints WHERE call_id = ?", (call_id,))
    connection.execute("UPDATE frauds SET call_id = 'erased ' || rowid WHERE call_id = ?", (call_id,))
    connection.execute("UPDATE deeds SET call_id = '' WHERE call_id = ?", (call_id,))
    return names


def print_of(row: sqlite3.Row) -> Fingerprint:
    """The fingerprint of a row."""
    return Fingerprint(version=row["version"], seconds=row["seconds"], vector=row["vector"])


def event_of(row: sqlite3.Row) -> LineEvent:
    """The deed of a row."""
    return LineEvent(
        name=row["name"],
        deed=LineDeed(row["deed"]),
        at=row["at"],
        by=row["by"],
        called=tuple(json.loads(row["called"])),
        call_id=row["call_id"],
        note=row["note"],
    )


def _digest(one: Fingerprint) -> bytes:
    return hashlib.sha256(one.vector).digest()
