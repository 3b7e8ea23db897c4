"""What the gate goes by, in the call database: lists, terms of called numbers, the switch, and their history.

Numbers stand here in normal form. The events are the history: they are added and never edited. Every server
publishes its file from here (`gate.writing`) when the fingerprint of these tables is no longer that of it.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec import structs

from silentspam.calllog.database import Connection, Database, Row
from silentspam.gate.guard import GuardedCall
from silentspam.gate.numbers import identifies, normal
from silentspam.gate.packing import Lists
from silentspam.gate.terms import DnisMode, DnisTerms, Listing, SwitchCause, SwitchEvent, SwitchState

PASSED_KEPT = 20_000
"""Callers who passed a challenge, the newest, that are published at most."""


@dataclass(frozen=True, kw_only=True)
class ListedNumber:
    """A row of `listed_numbers`. expires_at in seconds since the epoch; None: never."""

    number: str
    listing: Listing
    expires_at: float | None = None
    note: str = ""
    changed_by: str = ""
    changed_at: float = 0.0


@dataclass(frozen=True, kw_only=True)
class ListEvent:
    """A row of `list_events`. subject: a number, or `dnis` and the one called; deed: what was done."""

    subject: str
    deed: str
    changed_at: float
    changed_by: str
    note: str = ""
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a gate's file is made of; the fingerprint is that of the tables it came from."""

    fingerprint: str
    lists: Lists
    switch: SwitchEvent | None


class GateTables:
    """The tables of the gate. Every error is a CallLogError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, listed: Iterable[ListedNumber], deeds: Iterable[ListEvent]) -> None:
        """List numbers, whatever they were listed as before, and keep the deeds."""
        with self._database.transaction(write=True) as connection:
            connection.executemany(_PUT_NUMBER, [_columns(one, _NUMBER) for one in listed])
            connection.executemany(_ADD_DEED, [_columns(deed, _DEED) for deed in deeds])

    def remove(self, number: str, deed: ListEvent) -> bool:
        """Take a number from its list; False where it stands in none, and nothing is kept."""
        with self._database.transaction(write=True) as connection:
            if not _any(connection, "SELECT number FROM listed_numbers WHERE number = :it", number):
                return False
            connection.execute("DELETE FROM listed_numbers WHERE number = :it", {"it": number})
            connection.execute(_ADD_DEED, _columns(deed, _DEED))
        return True

    def listed(self) -> list[ListedNumber]:
        """Every listed number, those that have expired too, by list and number."""
        with self._database.transaction(write=False) as connection:
            return _listed(connection)

    def set_terms(self, terms: DnisTerms, deed: ListEvent) -> None:
        """Give a called number these terms, in place of those it had."""
        columns = structs.asdict(terms) | {name: getattr(deed, name) for name in _BY_WHOM}
        with self._database.transaction(write=True) as connection:
            connection.execute(_PUT_TERMS, columns)
            connection.execute(_ADD_DEED, _columns(deed, _DEED))

    def unset_terms(self, dnis: str, deed: ListEvent) -> bool:
        """Take a called number's terms away; False where it has none, and nothing is kept."""
        with self._database.transaction(write=True) as connection:
            if not _any(connection, "SELECT dnis FROM dnis_settings WHERE dnis = :it", dnis):
                return False
            connection.execute("DELETE FROM dnis_settings WHERE dnis = :it", {"it": dnis})
            connection.execute(_ADD_DEED, _columns(deed, _DEED))
        return True

    def terms(self) -> list[DnisTerms]:
        """The terms of every called number that has some, by number."""
        with self._database.transaction(write=False) as connection:
            return _terms(connection)

    def deeds(self) -> list[ListEvent]:
        """What was done to lists and called numbers, oldest first."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute("SELECT * FROM list_events ORDER BY changed_at, event_id")
            return [ListEvent(**{name: row[name] for name in _DEED}) for row in rows]

    def copy(self, events: Iterable[SwitchEvent]) -> None:
        """Add the throws of the switch that are not there yet."""
        with self._database.transaction(write=True) as connection:
            connection.executemany(_ADD_SWITCH, [structs.asdict(event) for event in events])

    def throw(self, event: SwitchEvent) -> None:
        """Add a throw of the switch, as the newest."""
        with self._database.transaction(write=True) as connection:
            event = event.following(_newest_switch(connection))
            connection.execute(_ADD_SWITCH, structs.asdict(event))

    def switch_events(self) -> list[SwitchEvent]:
        """Every throw of the switch, oldest first; the last one counts."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute("SELECT * FROM switch_events ORDER BY changed_at, event_id")
            return [_switch(row) for row in rows]

    def fingerprint(self, *, passed_since: float) -> str:
        """Changes whenever a file should be published anew; costs a look at four indexes."""
        with self._database.transaction(write=False) as connection:
            return _fingerprint(connection, passed_since)

    def published(self, *, passed_since: float) -> Published:
        """What a file is to hold, of one moment. passed_since: callers who passed from then on [s]."""
        with self._database.transaction(write=False) as connection:
            listed = {one.number: (one.listing, one.expires_at) for one in _listed(connection)}
            lists = Lists(
                listed=listed, passed=_passed(connection, passed_since), dnis=tuple(_terms(connection))
            )
            return Published(
                fingerprint=_fingerprint(connection, passed_since),
                lists=lists,
                switch=_newest_switch(connection),
            )

    def newest_calls(self, count: int, *, since: float) -> list[GuardedCall]:
        """The newest calls that came after `since` [s since the epoch], newest first, for the rate guard."""
        with self._database.transaction(write=False) as connection:
            rows = connection.execute(_NEWEST, {"since": since, "count": count})
            return [GuardedCall(**{name: row[name] for name in _GUARDED}) for row in rows]


_NUMBER = ("number", "listing", "expires_at", "note", "changed_by", "changed_at")
_DEED = ("event_id", "subject", "deed", "changed_at", "changed_by", "note")
_TERMS = ("dnis", "mode", "threshold", "max_false_challenge_rate", "agent")
_BY_WHOM = ("note", "changed_by", "changed_at")
_SWITCH = ("event_id", "state", "cause", "changed_at", "changed_by", "note")
_GUARDED = (
    "mode",
    "gate_cause",
    "model_id",
    "verdict",
    "challenge_cause",
    "challenge_result",
    "decision",
)


def _insert(table: str, names: tuple[str, ...], conflict: str) -> str:
    values = ", ".join(f":{name}" for name in names)
    into = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"
    return f"{into} ON CONFLICT ({names[0]}) DO {conflict}"


def _instead(names: tuple[str, ...]) -> str:
    return "UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in names[1:])


_PUT_NUMBER = _insert("listed_numbers", _NUMBER, _instead(_NUMBER))
_PUT_TERMS = _insert("dnis_settings", (*_TERMS, *_BY_WHOM), _instead((*_TERMS, *_BY_WHOM)))
_ADD_DEED = _insert("list_events", _DEED, "NOTHING")
_ADD_SWITCH = _insert("switch_events", _SWITCH, "NOTHING")
_NEWEST = (
    f"SELECT {', '.join(_GUARDED)} FROM calls WHERE started_at > :since "
    "ORDER BY started_at DESC NULLS LAST, call_id LIMIT :count"
)
_PASSED = "FROM calls WHERE challenge_result = 'PASSED' AND started_at > :since"


def _columns(value: ListedNumber | ListEvent, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def _any(connection: Connection, query: str, it: str) -> bool:
    return connection.execute(query, {"it": it}).fetchone() is not None


def _listed(connection: Connection) -> list[ListedNumber]:
    rows = connection.execute("SELECT * FROM listed_numbers ORDER BY listing, number")
    known = {str(listing) for listing in Listing}
    columns = ({name: row[name] for name in _NUMBER} for row in rows if row["listing"] in known)
    return [ListedNumber(**one | {"listing": Listing(one["listing"])}) for one in columns]


def _terms(connection: Connection) -> list[DnisTerms]:
    rows = connection.execute("SELECT * FROM dnis_settings ORDER BY dnis")
    columns = ({name: row[name] for name in _TERMS} for row in rows)
    return [DnisTerms(**one | {"mode": DnisMode(one["mode"]) if one["mode"] else None}) for one in columns]


def _newest_switch(connection: Connection) -> SwitchEvent | None:
    query = "SELECT * FROM switch_events ORDER BY changed_at DESC, event_id DESC LIMIT 1"
    newest = connection.execute(query).fetchone()
    return None if newest is None else _switch(newest)


def _passed(connection: Connection, since: float) -> dict[str, float]:
    """Callers who passed, by the number that stands for them, with the time of the last one."""
    query = f"SELECT ani, caller_id, started_at {_PASSED} ORDER BY started_at DESC LIMIT {PASSED_KEPT}"
    passed: dict[str, float] = {}
    for row in connection.execute(query, {"since": since}):
        number = normal(row["ani"] or row["caller_id"] or "")
        if identifies(number):
            passed.setdefault(number, row["started_at"])
    return passed


def _switch(row: Row) -> SwitchEvent:
    columns = {name: row[name] for name in _SWITCH}
    return SwitchEvent(**columns | {"state": SwitchState(row["state"]), "cause": SwitchCause(row["cause"])})


def _fingerprint(connection: Connection, passed_since: float) -> str:
    parts = [
        connection.execute("SELECT COUNT(*), MAX(changed_at) FROM list_events").fetchone(),
        connection.execute("SELECT COUNT(*), MAX(changed_at) FROM switch_events").fetchone(),
        connection.execute(f"SELECT COUNT(*), MAX(started_at) {_PASSED}", {"since": passed_since}).fetchone(),
    ]
    return " ".join(f"{count}:{newest or 0:.6f}" for count, newest in map(tuple, parts))
