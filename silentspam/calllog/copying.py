"""All tables of a call database: how many rows they hold, and their rows copied into another database.

Copying can be repeated, also while the target is in use: what the target has already stays as it is, and a
call of which both know a part becomes one row. A call that was erased in the target stays erased.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from silentspam.calllog.calls import ALARM
from silentspam.calllog.database import Connection, Database, Row
from silentspam.calllog.refusals import Refused, write_apart

KEYS = {
    "calls": ("call_id",),
    "labels": ("call_id", "source"),
    "model_events": ("event_id",),
    "lines": ("line_id",),
    "line_state": ("space_id",),
    "kind_credits": ("kind",),
    "line_lessons": ("call_id",),
    "line_queue": ("call_id",),
    "line_events": (),
    "listed_numbers": ("number",),
    "dnis_settings": ("dnis",),
    "switch_events": ("event_id",),
    "list_events": ("event_id",),
    "privacy_events": ("event_id",),
    "recordings": ("recording_id",),
    "recording_events": ("event_id",),
    "recording_matches": ("recording_id", "call_id"),
    "recent_openings": ("call_id",),
    "provenance": ("call_id",),
}
"""Table → the columns of its key; a table without one is compared row by row."""

AT_ONCE = 1000
"""Rows of one transaction."""


def counts(database: Database) -> dict[str, int]:
    """How many rows each table has, at one moment. Raises CallLogError."""
    with database.transaction(write=False) as connection:
        return {table: _count(connection, table) for table in KEYS}


def copy(source: Database, target: Database) -> Iterator[tuple[str, int, list[Refused[Row]]]]:
    """Copy every row; yields for each batch, when it is durable, the table, its rows, and those refused.

    Raises CallLogError when a database fails: then copy again.
    """
    for table in KEYS:
        with source.transaction(write=False) as connection:
            for rows in _batches(connection.stream(f"SELECT * FROM {table}")):
                yield table, len(rows), write_apart(rows, partial(_put, target, table))


def _count(connection: Connection, table: str) -> int:
    ((count,),) = connection.stream(f"SELECT COUNT(*) FROM {table}")
    return int(count)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while some := list(islice(left, AT_ONCE)):
        yield some


def _put(target: Database, table: str, rows: Sequence[Row]) -> None:
    names = list(rows[0].keys())
    with target.transaction(write=True, alone=not KEYS[table]) as connection:
        if not KEYS[table]:
            there = {tuple(row) for row in connection.execute(f"SELECT {', '.join(names)} FROM {table}")}
            rows = [row for row in rows if tuple(row) not in there]
        connection.executemany(_insert(table, names), [dict(row) for row in rows])


def _insert(table: str, names: Sequence[str]) -> str:
    values = ", ".join(f":{name}" for name in names)
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"
    keys = KEYS[table]
    if not keys:
        return insert
    if table != "calls":
        return f"{insert} ON CONFLICT ({', '.join(keys)}) DO NOTHING"
    gaps = [f"{name} = COALESCE(calls.{name}, excluded.{name})" for name in names if name not in _APART]
    return (
        f"{insert} ON CONFLICT (call_id) DO UPDATE SET {', '.join([*gaps, ALARM])} "
        "WHERE calls.erased_at IS NULL"
    )


_APART = ("call_id", "failed_open")
