"""Everything that the call database has of a number: where it stands, and the calls it stands in.

A number stands in calls as the network's (ANI) or as the one presented (caller ID), in the lists before any
audio, and hashed in lines of dead air. It is compared exactly, with and without a leading +.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from silentspam.calllog.database import Connection
from silentspam.calllog.entry import Value
from silentspam.calllog.schema import COLUMNS
from silentspam.gate.numbers import identifies, normal
from silentspam.lines.numbers import number_key
from silentspam.retention import RetentionError

UNDER_WAY_SECONDS = 6 * 3600.0
"""A call without an end that began since then may go on [s]."""

Row = Mapping[str, Value]


@dataclass(frozen=True)
class Person:
    """A number in the forms in which it may stand."""

    forms: tuple[str, ...]

    @property
    def values(self) -> dict[str, str]:
        """The forms as named values."""
        return {f"form{place}": form for place, form in enumerate(self.forms)}

    @property
    def keys(self) -> frozenset[int]:
        """The forms as lines of dead air keep them."""
        return frozenset(key for form in self.forms if (key := number_key(form)) is not None)

    def stands_in(self, column: str) -> str:
        """The condition that a column holds the number."""
        return f"{column} IN ({', '.join(f':{name}' for name in self.values)})"

    @property
    def calls(self) -> str:
        """The condition that a call is of the number."""
        return f"({self.stands_in('calls.ani')} OR {self.stands_in('calls.caller_id')})"

    def is_billed(self, row: Row) -> bool:
        """Whether the network says that the number called; presented alone it may be anybody's call."""
        return row["ani"] in self.forms


def person(number: str) -> Person:
    """The number in its forms. Raises RetentionError for what cannot be one caller's, such as `anonymous`."""
    plain = normal(number)
    if not identifies(plain):
        raise RetentionError(f"number {number!r}: not one caller's number, so not one caller's calls either")
    digits = plain.lstrip("+")
    return Person(tuple(dict.fromkeys((number.strip(), digits, f"+{digits}"))))


def calls_of(connection: Connection, who: Person) -> Iterator[Row]:
    """The rows of a number, newest first, one at a time."""
    statement = f"SELECT {', '.join(COLUMNS)} FROM calls WHERE {who.calls} ORDER BY started_at DESC, call_id"
    return (dict(row) for row in connection.stream(statement, who.values))


def labels_of(connection: Connection, who: Person) -> Iterator[Row]:
    """The labels of a number's calls."""
    statement = (
        "SELECT labels.* FROM labels JOIN calls ON calls.call_id = labels.call_id "
        f"WHERE {who.calls} ORDER BY labels.call_id, labels.source"
    )
    return (dict(row) for row in connection.stream(statement, who.values))


def plays_of(connection: Connection, who: Person) -> Iterator[Row]:
    """The recordings that a number's calls were found to play."""
    statement = (
        "SELECT recording_matches.*, recordings.name, recordings.standing FROM recording_matches "
        "JOIN calls ON calls.call_id = recording_matches.call_id "
        "LEFT JOIN recordings ON recordings.recording_id = recording_matches.recording_id "
        f"WHERE {who.calls} ORDER BY recording_matches.call_id, recording_matches.recording_id"
    )
    return (dict(row) for row in connection.stream(statement, who.values))


def provenance_of(connection: Connection, who: Person) -> Iterator[Row]:
    """Where a number's calls came from by their audio."""
    statement = (
        "SELECT provenance.* FROM provenance "
        f"JOIN calls ON calls.call_id = provenance.call_id WHERE {who.calls} ORDER BY provenance.call_id"
    )
    return (dict(row) for row in connection.stream(statement, who.values))


def openings_of(connection: Connection, who: Person) -> Iterator[Row]:
    """The peaks of a number's openings that are still compared with other calls'."""
    statement = (
        "SELECT recent_openings.* FROM recent_openings "
        f"JOIN calls ON calls.call_id = recent_openings.call_id WHERE {who.calls} ORDER BY heard_at"
    )
    return (dict(row) for row in connection.stream(statement, who.values))


def listings_of(connection: Connection, who: Person) -> list[Row]:
    """Its entries in the lists of permitted, blocked and public safety's numbers."""
    statement = f"SELECT * FROM listed_numbers WHERE {who.stands_in('number')} ORDER BY number"
    return [dict(row) for row in connection.execute(statement, who.values)]


def deeds_of(connection: Connection, who: Person) -> list[Row]:
    """What was done to those entries."""
    statement = f"SELECT * FROM list_events WHERE {who.stands_in('subject')} ORDER BY changed_at, event_id"
    return [dict(row) for row in connection.execute(statement, who.values)]


def lines_of(connection: Connection, who: Person) -> list[Row]:
    """The lines of dead air that keep the number, hashed: as a caller's, or as one of who passed."""
    found: list[Row] = []
    for row in connection.stream("SELECT line_id, numbers, passers FROM lines ORDER BY line_id"):
        sets = {name: set(json.loads(row[name] or "[]")) for name in ("numbers", "passers")}
        if any(who.keys & keys for keys in sets.values()):
            of = {name: bool(who.keys & keys) for name, keys in sets.items()}
            found.append({"line_id": row["line_id"], **of})
    return found
