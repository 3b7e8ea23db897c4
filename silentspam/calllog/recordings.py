"""Recordings in the call database: shared by every server that writes calls there.

What is known, what was found and not decided yet, which calls play it, and what was done by whom. Of sound
there are the peaks alone, and callers' numbers are hashed.
"""

from collections.abc import Container, Iterable
from dataclasses import asdict

from silentspam.calllog.database import Connection, Database
from silentspam.calllog.recording_pruning import forget_gone, forget_surplus, prune
from silentspam.calllog.recording_rows import (
    CALL,
    STORED,
    RecordingCall,
    RecordingEvent,
    StoredRecording,
    heard_of,
    is_of_a_standing,
    known_of,
    peaks_text,
    stored_of,
)
from silentspam.calllog.recording_rule import COUNTS, JOINED, RULE, Deed, after_call, counted, doubted
from silentspam.errors import CallLogError
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.recording import Match
from silentspam.kinds.standing import Standing
from silentspam.recordings.candidates import AcceptanceRule
from silentspam.recordings.library import KnownRecording, library_of
from silentspam.recordings.window import Heard, WindowSettings


class RecordingTables:
    """The tables of recordings. Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, sound: Constellation, event: RecordingEvent) -> None:
        """Keep a recording that was not there yet, with the standing of the event."""
        with self._database.transaction(write=True) as connection:
            _add(connection, name, sound, event)

    def change(self, event: RecordingEvent) -> bool:
        """Give a recording another standing; False where there is none of that id, and nothing is kept."""
        with self._database.transaction(write=True) as connection:
            if connection.execute(_ONE, {"it": event.recording_id}).fetchone() is None:
                return False
            _change(connection, event)
        return True

    def found(
        self, name: str, sound: Constellation, calls: Iterable[RecordingCall], at: float
    ) -> Match | None:
        """Keep a candidate and the calls that play it; the oldest undecided ones go where there are many.

        Where one of the newest recordings is the same audio (another server, or a call of this moment, was
        first), nothing is kept, and what it was found to be is returned.
        """
        calls = list(calls)
        event = RecordingEvent(
            recording_id=calls[0].recording_id, deed=Standing.CANDIDATE, changed_at=at, changed_by=RULE
        )
        with self._database.transaction(write=True, alone=True) as connection:
            newest = [one for one in map(known_of, connection.execute(_NEWEST)) if one is not None]
            if (same := library_of(newest).match(sound)) is not None:
                return same
            _add(connection, name, sound, event)
            for call in calls:
                _put_call(connection, call)
            forget_surplus(connection)
        return None

    def played(
        self, calls: Iterable[RecordingCall], rule: AcceptanceRule
    ) -> list[tuple[str, Standing | None]]:
        """Keep that calls play recordings; returns of each call the recording's standing after it.

        None for a recording that is gone. What the rule makes of one, it is at once (`recording_rule`).
        """
        with self._database.transaction(write=True) as connection:
            return [(call.call_id, _played(connection, call, rule)) for call in calls]

    def review(self, now: float) -> None:
        """Doubt what the rule alone confirmed, and a person plays: speech is measured after its call."""
        with self._database.transaction(write=False) as connection:
            if not doubted(connection):
                return
        with self._database.transaction(write=True) as connection:
            for recording_id, deed in doubted(connection):
                _change(connection, _by_rule(recording_id, deed, now))

    def prune(self, now: float) -> None:
        """Let go what is too old or too much: see `recording_pruning`. Review before: it looks at calls."""
        with self._database.transaction(write=True) as connection:
            prune(connection, now)

    def listed(self) -> list[StoredRecording]:
        """Every recording, the one added last first."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute(
                f"{_TALLIES} ORDER BY recordings.added_at DESC, recordings.recording_id"
            )
            return [stored_of(row, counted(row)) for row in rows if is_of_a_standing(row["standing"])]

    def strange(self) -> list[tuple[str, str]]:
        """What every other answer leaves out: ids, and the standing that this version knows not."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute("SELECT recording_id, standing FROM recordings ORDER BY recording_id")
            return [
                (row["recording_id"], str(row["standing"]))
                for row in rows
                if not is_of_a_standing(row["standing"])
            ]

    def unreadable(self) -> list[StoredRecording]:
        """Those that no call is matched with, for their peaks cannot be read: a hand or a disk changed them.

        Without their tally; of what was removed nothing is asked.
        """
        with self._database.transaction(write=False) as connection:
            rows = connection.execute("SELECT * FROM recordings ORDER BY recording_id")
            sound = [row for row in rows if is_of_a_standing(row["standing"])]
            broken = [stored_of(row) for row in sound if known_of(row) is None]
        return [one for one in broken if one.standing is not Standing.REMOVED]

    def known(self) -> tuple[str, list[KnownRecording]]:
        """What a library is made of, and its fingerprint, of one moment; a row that is none is left out."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute("SELECT * FROM recordings ORDER BY recording_id")
            return _fingerprint(connection), [one for one in map(known_of, rows) if one is not None]

    def fingerprint(self) -> str:
        """Changes whenever a library should be published anew."""
        with self._database.transaction(write=False) as connection:
            return _fingerprint(connection)

    def counts(self) -> dict[Standing, int]:
        """How many recordings are of each standing."""
        statement = "SELECT standing, COUNT(*) AS n FROM recordings GROUP BY standing"
        with self._database.transaction(write=False) as connection:
            found = {row["standing"]: int(row["n"]) for row in connection.execute(statement)}
        return {standing: found.get(standing, 0) for standing in Standing}

    def calls(self, recording_id: str) -> list[RecordingCall]:
        """The calls that play a recording, newest first."""
        statement = (
            "SELECT * FROM recording_matches WHERE recording_id = :it ORDER BY matched_at DESC, call_id"
        )
        with self._database.transaction(write=False) as connection:
            return [RecordingCall(**dict(row)) for row in connection.execute(statement, {"it": recording_id})]

    def played_by(self, call_id: str) -> list[tuple[RecordingCall, StoredRecording]]:
        """The recordings that a call was found to play, and what they are now, without their tally."""
        statement = (
            f"SELECT {_NAMED}, call_id, number, matched_at, begin_seconds, evidence FROM recording_matches "
            "JOIN recordings ON recordings.recording_id = recording_matches.recording_id "
            "WHERE call_id = :it ORDER BY evidence DESC"
        )
        with self._database.transaction(write=False) as connection:
            rows = [dict(row) for row in connection.execute(statement, {"it": call_id})]
        sound = [row for row in rows if is_of_a_standing(row["standing"])]
        return [(RecordingCall(**{name: row[name] for name in CALL}), stored_of(row)) for row in sound]

    def events(self, recording_id: str) -> list[RecordingEvent]:
        """What was done to a recording, oldest first."""
        statement = "SELECT * FROM recording_events WHERE recording_id = :it ORDER BY changed_at, event_id"
        with self._database.transaction(write=False) as connection:
            rows = connection.execute(statement, {"it": recording_id})
            sound = [dict(row) for row in rows if is_of_a_standing(row["deed"])]
        return [RecordingEvent(**row | {"deed": Standing(row["deed"])}) for row in sound]

    def remember(self, openings: Iterable[Heard], now: float) -> None:
        """Keep openings for the windows of all servers, as stored `now` [s since the epoch]."""
        columns = [
            {
                "call_id": heard.call_id,
                "number": heard.number,
                "heard_at": heard.at,
                "stored_at": now,
                "peaks": peaks_text(heard.constellation),
            }
            for heard in openings
        ]
        with self._database.transaction(write=True) as connection:
            for one in columns:
                if connection.execute(_ERASED, {"call_id": one["call_id"]}).fetchone() is None:
                    connection.execute(_REMEMBER, one)

    def recent(
        self, since: float, at_most: int, *, stored_since: float = 0.0, known: Container[str] = ()
    ) -> list[Heard]:
        """The newest openings that were heard after `since` [s since the epoch], oldest first.

        stored_since: those alone that came to the database after that; known: calls that are left out.
        """
        with self._database.transaction(write=False) as connection:
            columns = {"since": since, "stored_since": stored_since, "at_most": at_most}
            rows = connection.execute(_RECENT, columns).fetchall()
        new = [row for row in reversed(rows) if row["call_id"] not in known]
        return [one for one in map(heard_of, new) if one is not None]

    def forget_recent(self, settings: WindowSettings, now: float) -> None:
        """Let openings go that are older than the window, or more than it holds.

        One that bears a time to come is as old as it has been kept.
        """
        with self._database.transaction(write=True) as connection:
            connection.execute(
                "DELETE FROM recent_openings WHERE heard_at < :before OR stored_at < :before",
                {"before": now - settings.seconds},
            )
            connection.execute(
                "DELETE FROM recent_openings WHERE call_id IN (SELECT call_id FROM recent_openings "
                "ORDER BY heard_at DESC, call_id LIMIT :many OFFSET :kept)",
                {"kept": settings.openings, "many": 1_000_000},
            )

    def forget_calls(self, call_ids: Iterable[str]) -> None:
        """Erase what is kept of these calls, at a caller's request: see `forget_calls`."""
        with self._database.transaction(write=True) as connection:
            forget_calls(connection, call_ids)


def forget_calls(connection: Connection, call_ids: Iterable[str]) -> None:
    """Erase what is kept of these calls, within a transaction.

    A candidate that no other call plays goes with them: its peaks are of that caller's audio, and nobody has
    decided on it. What others play too, or an operator decided on, is nobody's own.
    """
    for call_id in call_ids:
        it = {"it": call_id}
        played = connection.execute(
            "SELECT recording_id FROM recording_matches WHERE call_id = :it", it
        ).fetchall()
        connection.execute("DELETE FROM recent_openings WHERE call_id = :it", it)
        connection.execute("DELETE FROM recording_matches WHERE call_id = :it", it)
        for row in played:
            connection.execute(_FORGET_ORPHAN, {"it": row["recording_id"]})
    forget_gone(connection)


_NEWEST = "SELECT * FROM recordings ORDER BY added_at DESC, recording_id LIMIT 50"
"""Those that a library's file may not hold yet."""
_ONE = "SELECT * FROM recordings WHERE recording_id = :it"
_ADD = (
    "INSERT INTO recordings (recording_id, name, note, standing, peaks, added_at, changed_at, changed_by) "
    "VALUES (:recording_id, :name, :note, :deed, :peaks, :changed_at, :changed_at, :changed_by)"
)
_ADD_EVENT = (
    "INSERT INTO recording_events (event_id, recording_id, deed, changed_at, changed_by, note) "
    "VALUES (:event_id, :recording_id, :deed, :changed_at, :changed_by, :note)"
)
_CHANGE = (
    "UPDATE recordings SET standing = :deed, changed_at = :changed_at, changed_by = :changed_by, "
    "note = CASE WHEN :note <> '' THEN :note WHEN standing = 'REMOVED' AND :deed <> 'REMOVED' THEN "
    "COALESCE((SELECT e.note FROM recording_events AS e WHERE e.recording_id = recordings.recording_id "
    "AND e.deed <> 'REMOVED' AND e.note <> '' ORDER BY e.changed_at DESC LIMIT 1), '') "
    "ELSE note END WHERE recording_id = :recording_id"
)
"""What is taken back bears the note from before it was removed: why it was is history."""
_PUT_CALL = (
    "INSERT INTO recording_matches (recording_id, call_id, number, matched_at, begin_seconds, evidence) "
    "VALUES (:recording_id, :call_id, :number, :matched_at, :begin_seconds, :evidence) "
    "ON CONFLICT (recording_id, call_id) DO NOTHING"
)
_FORGET_ORPHAN = (
    "DELETE FROM recordings WHERE recording_id = :it AND standing = 'CANDIDATE' AND recording_id NOT IN "
    "(SELECT recording_id FROM recording_matches)"
)
_ERASED = "SELECT 1 FROM calls WHERE call_id = :call_id AND erased_at IS NOT NULL"
_RECENT = (
    "SELECT * FROM recent_openings WHERE heard_at > :since "
    "AND (stored_at > :stored_since OR stored_at IS NULL) ORDER BY heard_at DESC, call_id LIMIT :at_most"
)
_REMEMBER = (
    "INSERT INTO recent_openings (call_id, number, heard_at, stored_at, peaks) "
    "VALUES (:call_id, :number, :heard_at, :stored_at, :peaks) ON CONFLICT (call_id) DO NOTHING"
)
_NAMED = ", ".join(f"recordings.{name}" for name in STORED)
_TALLIES = f"SELECT {_NAMED}, {COUNTS} FROM recordings {JOINED} GROUP BY {_NAMED}"


def _add(connection: Connection, name: str, sound: Constellation, event: RecordingEvent) -> None:
    there = connection.execute(_ONE, {"it": event.recording_id}).fetchone()
    if there is not None:
        raise CallLogError(f"recording {event.recording_id}: there is one of that id already")
    connection.execute(_ADD, asdict(event) | {"name": name, "peaks": peaks_text(sound)})
    connection.execute(_ADD_EVENT, asdict(event))


def _change(connection: Connection, event: RecordingEvent) -> None:
    connection.execute(_CHANGE, asdict(event))
    connection.execute(_ADD_EVENT, asdict(event))


def _played(connection: Connection, call: RecordingCall, rule: AcceptanceRule) -> Standing | None:
    row = connection.execute(_ONE, {"it": call.recording_id}).fetchone()
    if row is None or not is_of_a_standing(row["standing"]):
        return None
    _put_call(connection, call)
    deed = after_call(connection, row, call.call_id, rule)
    if deed is None:
        return Standing(row["standing"])
    _change(connection, _by_rule(call.recording_id, deed, max(call.matched_at, row["changed_at"] + 0.001)))
    return deed[0]


def _put_call(connection: Connection, call: RecordingCall) -> None:
    """Keep that a call plays it; an erased one is remembered by windows for a while, and stays erased."""
    if connection.execute(_ERASED, {"call_id": call.call_id}).fetchone() is None:
        connection.execute(_PUT_CALL, asdict(call))


def _by_rule(recording_id: str, deed: Deed, at: float) -> RecordingEvent:
    return RecordingEvent(
        recording_id=recording_id, deed=deed[0], changed_at=at, changed_by=RULE, note=deed[1]
    )


def _fingerprint(connection: Connection) -> str:
    deeds = (
        "SELECT COUNT(*) AS n, MAX(changed_at) AS newest, SUM(CAST(1000 * changed_at AS BIGINT)) AS times "
        "FROM recording_events"
    )  # times: where one went and one came, of which neither is the newest
    count, newest, times = connection.execute(deeds).fetchone()
    (there,) = connection.execute("SELECT COUNT(*) FROM recordings").fetchone()
    return f"{there}:{count}:{newest or 0:.6f}:{int(times or 0)}"
