"""Line memory in the call database: shared by every process and server that writes calls there.

Calls wait in `line_queue` from the moment their row is written. One learner at a time (a transaction alone)
restores the memory, learns from them, and stores what changed; the snapshot is published under the same lock,
so that an older one never takes a newer one's place.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from silentspam.budget import Credit
from silentspam.calllog.database import Connection, Database, Row
from silentspam.calllog.line_rows import EVENT_NAMES, INSERT_EVENT, event_of, line_of
from silentspam.calllog.line_store import Basis, restored, state, store
from silentspam.errors import LineError
from silentspam.lines.deeds import LineEvent, after
from silentspam.lines.fate import KindLesson, Lesson, Outcome
from silentspam.lines.ground import LineGround
from silentspam.lines.lessons import COLUMNS, lesson
from silentspam.lines.line import Line
from silentspam.lines.memory import LineMemory
from silentspam.lines.snapshot import Snapshot

LESSONS_AT_ONCE = 200
"""Calls learnt from under one lock."""

Publish = Callable[[Snapshot], None]


class Lines:
    """The tables of lines. Every error of the database is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self) -> int:
        """Calls that have still to be learnt from."""
        return int(self._one("SELECT COUNT(*) FROM line_queue"))

    def last_learnt_at(self) -> float | None:
        """When a call was learnt from last [s since the epoch]; None when none was."""
        last = self._one("SELECT MAX(learnt_at) FROM line_lessons")
        return None if last is None else float(last)

    def version(self, space_id: str) -> int:
        """How often the lines of a space have changed; 0 for a space without any."""
        with self._database.transaction(write=False) as connection:
            return state(connection, space_id)[0]

    def learn(self, basis: Basis, *, now: float, publish: Publish) -> int:
        """Learn from the calls that wait, LESSONS_AT_ONCE at most; returns how many there were.

        `publish` gets the new snapshot, and must not raise: what was learnt counts, published or not.
        """
        with self._database.transaction(write=True, alone=True) as connection:
            rows = _queued(connection)
            if not rows:
                return 0
            memory = restored(connection, basis, now)
            _learn(connection, memory, rows, now)
            store(connection, memory, now)
            publish(memory.snapshot(now))
        return len(rows)

    def snapshot(self, basis: Basis, *, now: float) -> Snapshot:
        """The lines as they stand, for a server that has not learnt them itself."""
        with self._database.transaction(write=False) as connection:
            return restored(connection, basis, now).snapshot(now)

    def change(self, basis: Basis, event: LineEvent, *, publish: Publish) -> Line:
        """Do to a line what an operator wants, and keep the record of it; returns the line after it.

        Raises LineError for a line that is not there, or of the space of another model.
        """
        with self._database.transaction(write=True, alone=True) as connection:
            row = connection.execute(
                "SELECT * FROM lines WHERE line_id = :line_id", {"line_id": event.line_id}
            ).fetchone()
            if row is None or row["space_id"] != basis.ground.space_id:
                raise LineError(f"line {event.line_id}: the active model knows no such line")
            memory = restored(connection, basis, event.changed_at)
            line = after(line_of(row), event.deed)
            memory.put(line)
            store(connection, memory, event.changed_at)
            connection.execute(INSERT_EVENT, asdict(event))
            publish(memory.snapshot(event.changed_at))
        return line

    def events(self, line_id: str) -> list[LineEvent]:
        """What operators did to a line, oldest first."""
        statement = (
            f"SELECT {', '.join(EVENT_NAMES)} FROM line_events WHERE line_id = :line_id ORDER BY arrival"
        )
        with self._database.transaction(write=False) as connection:
            return [event_of(row) for row in connection.execute(statement, {"line_id": line_id})]

    def lines(self, *, expired: bool = True) -> list[Line]:
        """Every line of every space, the one heard of last first."""
        where = "" if expired else " WHERE state <> 'EXPIRED'"
        statement = f"SELECT * FROM lines{where} ORDER BY last_seen DESC NULLS LAST, line_id"
        with self._database.transaction(write=False) as connection:
            return [line_of(row) for row in connection.execute(statement)]

    def credit(self, space_id: str) -> Credit:
        """The credit of false challenges that is left."""
        with self._database.transaction(write=False) as connection:
            return state(connection, space_id)[2]

    def _one(self, statement: str) -> Any:
        with self._database.transaction(write=False) as connection:
            return connection.execute(statement).fetchone()[0]


def _queued(connection: Connection) -> list[Row]:
    columns = ", ".join(f"calls.{name}" for name in COLUMNS)
    return connection.execute(
        f"SELECT line_queue.call_id AS queued_id, line_queue.turn, {columns}, "
        "line_lessons.outcome AS before, line_lessons.line_id AS learnt_line FROM "
        "(SELECT * FROM line_queue ORDER BY queued_at, call_id LIMIT :limit) AS line_queue "
        "LEFT JOIN calls ON calls.call_id = line_queue.call_id "
        "LEFT JOIN line_lessons ON line_lessons.call_id = line_queue.call_id "
        "ORDER BY calls.started_at NULLS FIRST, line_queue.queued_at, line_queue.call_id",
        {"limit": LESSONS_AT_ONCE},
    ).fetchall()


def _learn(connection: Connection, memory: LineMemory, rows: Sequence[Row], now: float) -> None:
    """Learn from rows; those that cannot be learnt from are taken out of the queue all the same.

    Only in the turn that was read: a part that was written meanwhile is still to be learnt.
    """
    connection.executemany(
        "DELETE FROM line_queue WHERE call_id = :call_id AND turn = :turn",
        [{"call_id": row["queued_id"], "turn": row["turn"]} for row in rows],
    )
    lessons = [found for row in rows if (found := _lesson(row, memory.ground)) is not None]
    memory.await_lessons(one for one in lessons if isinstance(one, Lesson))
    connection.executemany(
        "INSERT INTO line_lessons (call_id, outcome, line_id, learnt_at) "
        "VALUES (:call_id, :outcome, :line_id, :learnt_at) "
        "ON CONFLICT (call_id) DO UPDATE SET outcome = excluded.outcome, line_id = excluded.line_id",
        [
            {
                "call_id": one.call_id,
                "outcome": one.outcome,
                "line_id": memory.learn(one, now),
                "learnt_at": now,
            }
            for one in lessons
        ],
    )


def _lesson(row: Row, ground: LineGround) -> Lesson | KindLesson | None:
    """What a row teaches that was not learnt of it before."""
    before = Outcome(row["before"]) if row["before"] else None
    try:
        found = lesson(
            {name: row[name] for name in COLUMNS}, ground, before=before, line_id=row["learnt_line"]
        )
    except (LineError, ValueError, TypeError):
        return None
    return None if found is None or found.outcome is before else found
