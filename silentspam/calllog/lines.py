"""Line memory in the call database: shared by every process and server that writes calls there.

Calls wait in `line_queue` from the moment their row is written. One learner at a time (the write lock)
restores the memory, learns from them, and stores what changed; the snapshot is published under the same lock,
so that an older one never takes a newer one's place.
"""

import base64
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from silentspam.budget import Credit
from silentspam.calllog.sqlite_database import SqliteDatabase
from silentspam.errors import CallLogError, LineError
from silentspam.lines.bursts import FLOOR, Opening
from silentspam.lines.deeds import Deed, LineEvent, after
from silentspam.lines.ground import LineGround, unpack
from silentspam.lines.lessons import COLUMNS, lesson
from silentspam.lines.line import Line, LineOrigin
from silentspam.lines.memory import PEOPLE_KEPT, TRUSTED_KEPT, LineMemory, Outcome
from silentspam.lines.numbers import number_key
from silentspam.lines.settings import MemorySettings
from silentspam.lines.snapshot import Snapshot
from silentspam.verdict import LineState

LESSONS_AT_ONCE = 200
"""Calls learnt from under one lock."""

LOOKED_THROUGH = 20_000
"""Lessons, the newest, among which openings are looked for: those of another model may be many."""

LESSONS_KEPT_SECONDS = 30 * 86400.0
"""How long it is remembered what was learnt of which call."""

EXPIRED_KEPT_SECONDS = 90 * 86400.0
"""How long reports can tell of a line after it was last heard of."""

Publish = Callable[[Snapshot], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Basis:
    """What memory is restored on: the model's ground and reference of people, and the settings."""

    ground: LineGround
    reference: NDArray[np.float64]
    settings: MemorySettings


class SqliteLines:
    """The tables of lines. Every error of the database is a CallLogError."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def waiting(self) -> int:
        """Calls that have still to be learnt from."""
        with self._database.transaction(write=False) as connection:
            return int(connection.execute("SELECT COUNT(*) FROM line_queue").fetchone()[0])

    def last_learnt_at(self) -> float | None:
        """When a call was learnt from last [s since the epoch]; None when none was."""
        with self._database.transaction(write=False) as connection:
            (last,) = connection.execute("SELECT MAX(learnt_at) FROM line_lessons").fetchone()
        return None if last is None else float(last)

    def version(self, space_id: str) -> int:
        """How often the lines of a space have changed; 0 for a space without any."""
        with self._database.transaction(write=False) as connection:
            return _state(connection, space_id)[0]

    def learn(self, basis: Basis, *, now: float, publish: Publish) -> int:
        """Learn from the calls that wait, LESSONS_AT_ONCE at most; returns how many there were.

        `publish` gets the new snapshot, and must not raise: what was learnt counts, published or not.
        """
        with self._database.transaction(write=True) as connection:
            rows = _queued(connection)
            if not rows:
                return 0
            memory = _restored(connection, basis, now)
            for row in rows:
                _learn_one(connection, memory, row, now)
            _store(connection, memory, now)
            publish(memory.snapshot(now))
        return len(rows)

    def snapshot(self, basis: Basis, *, now: float) -> Snapshot:
        """The lines as they stand, for a server that has not learnt them itself."""
        with self._database.transaction(write=False) as connection:
            return _restored(connection, basis, now).snapshot(now)

    def change(self, basis: Basis, event: LineEvent, *, publish: Publish) -> Line:
        """Do to a line what an operator wants, and keep the record of it; returns the line after it.

        Raises LineError for a line that is not there, or of the space of another model.
        """
        with self._database.transaction(write=True) as connection:
            row = connection.execute("SELECT * FROM lines WHERE line_id = ?", (event.line_id,)).fetchone()
            if row is None or row["space_id"] != basis.ground.space_id:
                raise LineError(f"line {event.line_id}: the active model knows no such line")
            memory = _restored(connection, basis, event.changed_at)
            line = after(_line(row), event.deed)
            memory.put(line)
            _store(connection, memory, event.changed_at)
            connection.execute(_INSERT_EVENT, asdict(event))
            publish(memory.snapshot(event.changed_at))
        return line

    def events(self, line_id: str) -> list[LineEvent]:
        """What operators did to a line, oldest first."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute(
                f"SELECT {', '.join(_EVENT_NAMES)} FROM line_events WHERE line_id = ? ORDER BY rowid",
                (line_id,),
            ).fetchall()
        return [LineEvent(**dict(row) | {"deed": Deed(row["deed"])}) for row in rows]

    def lines(self, *, expired: bool = True) -> list[Line]:
        """Every line of every space, the one heard of last first."""
        where = "" if expired else " WHERE state <> 'EXPIRED'"
        with self._database.transaction(write=False) as connection:
            rows = connection.execute(f"SELECT * FROM lines{where} ORDER BY last_seen DESC").fetchall()
        return [_line(row) for row in rows]

    def credit(self, space_id: str) -> Credit:
        """The credit of false challenges that is left."""
        with self._database.transaction(write=False) as connection:
            return _state(connection, space_id)[2]


def _queued(connection: sqlite3.Connection) -> list[sqlite3.Row]:
    columns = ", ".join(f"calls.{name}" for name in COLUMNS)
    return connection.execute(
        f"SELECT line_queue.call_id AS queued_id, {columns}, line_lessons.outcome AS before, "
        "line_lessons.line_id AS learnt_line FROM "
        "(SELECT call_id FROM line_queue ORDER BY rowid LIMIT ?) AS line_queue "
        "LEFT JOIN calls ON calls.call_id = line_queue.call_id "
        "LEFT JOIN line_lessons ON line_lessons.call_id = line_queue.call_id "
        "ORDER BY calls.started_at",
        (LESSONS_AT_ONCE,),
    ).fetchall()


def _learn_one(connection: sqlite3.Connection, memory: LineMemory, row: sqlite3.Row, now: float) -> None:
    """Learn from one row; one that cannot be learnt from is taken out of the queue all the same."""
    connection.execute("DELETE FROM line_queue WHERE call_id = ?", (row["queued_id"],))
    before = Outcome(row["before"]) if row["before"] else None
    try:
        found = lesson(
            {name: row[name] for name in COLUMNS}, memory.ground, before=before, line_id=row["learnt_line"]
        )
    except (LineError, ValueError, TypeError):
        return
    if found is None or found.outcome is before:
        return
    line_id = memory.learn(found, now)
    connection.execute(
        "INSERT INTO line_lessons (call_id, outcome, line_id, learnt_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (call_id) DO UPDATE SET outcome = excluded.outcome, line_id = excluded.line_id",
        (row["queued_id"], found.outcome, line_id, now),
    )


def _restored(connection: sqlite3.Connection, basis: Basis, now: float) -> LineMemory:
    ground, settings = basis.ground, basis.settings
    version, threshold, credit = _state(connection, ground.space_id)
    lines = connection.execute(
        "SELECT * FROM lines WHERE space_id = ? AND state <> 'EXPIRED'", (ground.space_id,)
    )
    return LineMemory(
        ground,
        basis.reference,
        settings,
        lines=map(_line, lines),
        recent=reversed(_recent(connection, ground, settings, now)),
        people=reversed([opening.embedding for opening in _people(connection, ground)]),
        trusted=_trusted(connection, now - settings.trust_seconds),
        credit=credit,
        version=version,
        threshold=threshold,
    )


_OPENINGS = (
    "SELECT calls.call_id, calls.started_at, calls.ani, calls.caller_id, calls.embedding "
    "FROM (SELECT * FROM line_lessons WHERE outcome = :outcome AND learnt_at > :since "
    f"ORDER BY learnt_at DESC LIMIT {LOOKED_THROUGH}) AS lessons "
    "JOIN calls ON calls.call_id = lessons.call_id "
    "WHERE calls.space_id = :space_id AND calls.embedding IS NOT NULL "
)


def _recent(
    connection: sqlite3.Connection, ground: LineGround, settings: MemorySettings, now: float
) -> list[Opening]:
    """Openings that nothing is known of, newest first."""
    rows = connection.execute(
        _OPENINGS + "AND lessons.line_id IS NULL AND COALESCE(calls.spam_probability, 1) >= :floor "
        "ORDER BY lessons.learnt_at DESC LIMIT :limit",
        {
            "outcome": Outcome.UNKNOWN,
            "space_id": ground.space_id,
            "floor": FLOOR,
            "since": now - settings.window_seconds,
            "limit": settings.window_calls,
        },
    )
    return _openings(rows, ground)


def _people(connection: sqlite3.Connection, ground: LineGround) -> list[Opening]:
    """Openings of people, newest first."""
    found: list[sqlite3.Row] = []
    for outcome in (Outcome.PERSON, Outcome.SPOKE):
        found += connection.execute(
            _OPENINGS + "ORDER BY lessons.learnt_at DESC LIMIT :limit",
            {"space_id": ground.space_id, "outcome": outcome, "since": 0.0, "limit": PEOPLE_KEPT},
        )
    return sorted(_openings(found, ground), key=lambda opening: -opening.at)[:PEOPLE_KEPT]


def _openings(rows: Iterable[sqlite3.Row], ground: LineGround) -> list[Opening]:
    n_dims = len(ground.space.origin)
    return [
        Opening(
            call_id=row["call_id"],
            at=row["started_at"],
            number=number_key(row["ani"] or row["caller_id"] or ""),
            embedding=unpack(row["embedding"], n_dims),
        )
        for row in rows
    ]


def _trusted(connection: sqlite3.Connection, since: float) -> list[tuple[int, float]]:
    """Callers who passed a challenge since then, whatever the space."""
    rows = connection.execute(
        "SELECT calls.ani, calls.caller_id, calls.started_at FROM line_lessons "
        "JOIN calls ON calls.call_id = line_lessons.call_id "
        "WHERE line_lessons.outcome = 'PERSON' AND line_lessons.learnt_at > ? "
        "ORDER BY line_lessons.learnt_at DESC LIMIT ?",
        (since, TRUSTED_KEPT),
    )
    pairs = [(number_key(row["ani"] or row["caller_id"] or ""), row["started_at"]) for row in rows]
    return [(number, at) for number, at in reversed(pairs) if number is not None]


def _store(connection: sqlite3.Connection, memory: LineMemory, now: float) -> None:
    memory.version += 1
    connection.executemany(_UPSERT, [_columns(line) for line in memory.changed.values()])
    connection.executemany(
        "UPDATE line_lessons SET line_id = ? WHERE call_id = ?",
        [(line_id, call_id) for call_id, line_id in memory.joined.items()],
    )
    connection.execute(
        "INSERT OR REPLACE INTO line_state (space_id, version, threshold, threshold_changes, credit) "
        "VALUES (?, ?, ?, ?, ?)",
        (
            memory.ground.space_id,
            memory.version,
            memory.threshold,
            memory.threshold_changes,
            memory.credit.left,
        ),
    )
    for outcome in Outcome:  # each by the index: a month of lessons is long
        connection.execute(
            "DELETE FROM line_lessons WHERE outcome = ? AND learnt_at < ?",
            (outcome, now - LESSONS_KEPT_SECONDS),
        )
    connection.execute(
        "DELETE FROM lines WHERE state = 'EXPIRED' AND last_seen < ?", (now - EXPIRED_KEPT_SECONDS,)
    )


def _state(connection: sqlite3.Connection, space_id: str) -> tuple[int, tuple[float, int] | None, Credit]:
    """Version, threshold with the number of lines it was computed for, and credit of a space."""
    row = connection.execute("SELECT * FROM line_state WHERE space_id = ?", (space_id,)).fetchone()
    if row is None:
        return 0, None, Credit()
    return int(row["version"]), (row["threshold"], row["threshold_changes"]), Credit(row["credit"])


_NAMES = tuple(field.name for field in fields(Line))
_VALUES = ", ".join(f":{name}" for name in _NAMES)
_EVENT_NAMES = tuple(field.name for field in fields(LineEvent))
_INSERT_EVENT = (
    f"INSERT INTO line_events ({', '.join(_EVENT_NAMES)}) "
    f"VALUES ({', '.join(f':{name}' for name in _EVENT_NAMES)})"
)
_UPSERT = f"INSERT OR REPLACE INTO lines ({', '.join(_NAMES)}) VALUES ({_VALUES})"


def _columns(line: Line) -> dict[str, object]:
    columns: dict[str, object] = {name: getattr(line, name) for name in _NAMES}
    return columns | {
        "mean": base64.b64encode(np.asarray(line.mean, "<f4").tobytes()).decode(),
        "numbers": json.dumps(sorted(line.numbers)),
        "passers": json.dumps(sorted(line.passers)),
        "pinned": int(line.pinned),
    }


def _line(row: sqlite3.Row) -> Line:
    columns = {name: row[name] for name in _NAMES}
    try:
        return Line(
            **columns
            | {
                "state": LineState(row["state"]),
                "origin": LineOrigin(row["origin"]),
                "mean": np.frombuffer(base64.b64decode(row["mean"]), "<f4").astype(np.float64),
                "numbers": frozenset(json.loads(row["numbers"])),
                "passers": frozenset(json.loads(row["passers"])),
                "pinned": bool(row["pinned"]),
            }
        )
    except (ValueError, TypeError) as error:
        raise CallLogError(f"line {row['line_id']}: {error}: made by another version?") from error
