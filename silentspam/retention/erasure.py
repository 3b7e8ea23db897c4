"""Erasing a number from the call database and its recordings from this machine.

A call that is erased keeps a row without the caller: no number, name or channel, no recording, no place in
the space of lines, its times moved together to the start of their hour. So counts and durations stay true,
and nobody can tell whose call it was. A number's hash in lines of dead air is replaced by one of nobody's;
the peaks of its openings go, and with them a candidate for a recording that no other call plays; so does
what was told of where its calls came from.

Recordings go first, a few hundred calls at a time: what breaks off is done again from where it was.
"""

import json
import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from silentspam.calllog.database import Connection, Database
from silentspam.calllog.recordings import forget_calls
from silentspam.retention import names, shelf
from silentspam.retention.person import UNDER_WAY_SECONDS, Person, Row

AT_ONCE = 500
HOUR = 3600.0

_MOVED = (
    "started_at",
    "answered_at",
    "recorded_at",
    "judged_at",
    "challenged_at",
    "screened_at",
    "bridged_at",
    "ended_at",
    "redress_at",
)
_EMPTIED = ("uniqueid", "channel", "ani", "caller_id", "caller_name")
"""Emptied and not unset: a part of the row that comes late fills what is unset."""
_UNSET = (
    "recording",
    "reasons",
    "mode_reason",
    "failed_open_cause",
    "redress_reason",
    "embedding",
    "space_id",
)

_ERASE = (
    "UPDATE calls SET "
    + ", ".join(
        (
            *(f"{name} = {name} - :shift" for name in _MOVED),
            *(f"{name} = ''" for name in _EMPTIED),
            "recording_deleted_at = CASE WHEN recording IS NULL THEN NULL ELSE :now END",
            *(f"{name} = NULL" for name in _UNSET),
            "erased_at = :now",
        )
    )
    + " WHERE call_id = :call_id"
)
_AUDIT = (
    "INSERT INTO privacy_events (event_id, deed, changed_at, changed_by, calls, recordings, note) "
    "VALUES (:event_id, :deed, :changed_at, :changed_by, :calls, :recordings, :note) "
    "ON CONFLICT (event_id) DO UPDATE SET calls = privacy_events.calls + excluded.calls, "
    "recordings = privacy_events.recordings + excluded.recordings"
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """Who answers a caller's request, when, and why; its record never has the number."""

    deed: str
    by: str
    now: float
    note: str = ""
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Erased:
    """What was erased. under_way: calls that are not over yet, and were left."""

    calls: int = 0
    recordings: int = 0
    lines: int = 0
    under_way: int = 0


def erase(
    database: Database,
    who: Person,
    request: Request,
    *,
    folders: Iterable[Path],
    elsewhere: Callable[[Sequence[str]], object] = len,
) -> Erased:
    """Erase the calls of a number that are over, and its hash.

    `folders` are those of recordings and callers' sides; elsewhere: is given the ids of calls before their
    rows are erased, and erases them where the call database does not reach. Raises what that does, OSError
    where a recording cannot be deleted (its row is then as it was), CallLogError.
    """
    erased, where = Erased(), [folder for folder in folders if folder.is_dir()]
    while some := _some(database, who, request.now):
        found = sum(_delete_files(folder, some) for folder in where)
        elsewhere([str(call["call_id"]) for call in some])
        with database.transaction(write=True, alone=True) as connection:
            _erase_rows(connection, some, request.now)
            record(connection, request, calls=len(some), recordings=found)
        erased.calls += len(some)
        erased.recordings += found
    with database.transaction(write=True, alone=True) as connection:
        erased.lines = _forget_hash(connection, who)
        record(connection, request)
        erased.under_way = _under_way(connection, who)
    database.forget_deleted()
    return erased


def erase_listings(database: Database, who: Person) -> None:
    """Take a number from the lists, and out of their history."""
    with database.transaction(write=True) as connection:
        connection.execute(f"DELETE FROM listed_numbers WHERE {who.stands_in('number')}", who.values)
        statement = f"UPDATE list_events SET subject = '', note = '' WHERE {who.stands_in('subject')}"
        connection.execute(statement, who.values)
    database.forget_deleted()


def record(connection: Connection, request: Request, *, calls: int = 0, recordings: int = 0) -> None:
    """Keep, or add to, the record of a request."""
    connection.execute(
        _AUDIT,
        {
            "event_id": request.event_id,
            "deed": request.deed,
            "changed_at": request.now,
            "changed_by": request.by,
            "calls": calls,
            "recordings": recordings,
            "note": request.note,
        },
    )


def records(database: Database) -> list[Row]:
    """Every request that was answered, oldest first."""
    with database.transaction(write=False) as connection:
        return [dict(row) for row in connection.execute("SELECT * FROM privacy_events ORDER BY changed_at")]


def _some(database: Database, who: Person, now: float) -> list[Row]:
    """Some calls that are over."""
    values: dict[str, object] = {**who.values, "since": now - UNDER_WAY_SECONDS, "limit": AT_ONCE}
    statement = (
        f"SELECT call_id, started_at, recording FROM calls WHERE {who.calls} "
        "AND (ended_at IS NOT NULL OR started_at IS NULL OR started_at < :since) LIMIT :limit"
    )
    with database.transaction(write=False) as connection:
        return [dict(row) for row in connection.execute(statement, values)]


def _under_way(connection: Connection, who: Person) -> int:
    return int(connection.execute(f"SELECT COUNT(*) FROM calls WHERE {who.calls}", who.values).fetchone()[0])


def _delete_files(folder: Path, calls: Sequence[Row]) -> int:
    """Delete the files of these calls in a folder, in whatever form; returns how many there were."""
    found = 0
    with shelf.opened(folder) as files:
        for call in calls:
            if names.is_call_id(str(call["call_id"])):
                found += sum(files.remove(name) for name in names.all_of(str(call["call_id"])))
    return found


def _erase_rows(connection: Connection, calls: Sequence[Row], now: float) -> None:
    ids = [{"call_id": str(call["call_id"])} for call in calls]
    moved = [
        {"call_id": call["call_id"], "shift": float(call["started_at"] or 0.0) % HOUR, "now": now}
        for call in calls
    ]
    connection.executemany(_ERASE, moved)
    connection.executemany("UPDATE labels SET note = '' WHERE call_id = :call_id", ids)
    connection.executemany("DELETE FROM line_queue WHERE call_id = :call_id", ids)
    connection.executemany("DELETE FROM provenance WHERE call_id = :call_id", ids)
    forget_calls(connection, [one["call_id"] for one in ids])
    lessons = "UPDATE line_lessons SET learnt_at = learnt_at - :shift WHERE call_id = :call_id"
    connection.executemany(lessons, [{name: one[name] for name in ("call_id", "shift")} for one in moved])


def _forget_hash(connection: Connection, who: Person) -> int:
    """Put a number of nobody's in the place of this one's hash: how many callers a line has stays true."""
    changed = []
    for row in connection.execute("SELECT line_id, numbers, passers FROM lines").fetchall():
        sets = {name: json.loads(row[name] or "[]") for name in ("numbers", "passers")}
        if any(who.keys & set(keys) for keys in sets.values()):
            changed.append({"line_id": row["line_id"], **_replaced(sets, who)})
    connection.executemany(
        "UPDATE lines SET numbers = :numbers, passers = :passers WHERE line_id = :line_id", changed
    )
    return len(changed)


def _replaced(sets: Mapping[str, Sequence[int]], who: Person) -> dict[str, str]:
    nobody = {key: secrets.randbits(63) for key in who.keys}
    return {name: json.dumps(sorted(nobody.get(key, key) for key in keys)) for name, keys in sets.items()}
