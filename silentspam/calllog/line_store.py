"""Line memory out of the call database, and back into it.

What is restored: the lines of one space, the openings that nothing is known of, recent people, who is
trusted, the credit left. What is stored: the lines that changed, and the state of the space, one version on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silentspam.budget import Credit
from silentspam.calllog.database import Connection, Row
from silentspam.calllog.line_rows import UPSERT, columns_of, line_of
from silentspam.lines.bursts import FLOOR, Opening
from silentspam.lines.credits import Credits
from silentspam.lines.fate import Outcome
from silentspam.lines.ground import LineGround, unpack
from silentspam.lines.memory import PEOPLE_KEPT, TRUSTED_KEPT, LineMemory
from silentspam.lines.numbers import number_key
from silentspam.lines.settings import MemorySettings

LOOKED_THROUGH = 20_000
"""Lessons, the newest, among which openings are looked for: those of another model may be many."""

LESSONS_KEPT_SECONDS = 30 * 86400.0
"""How long it is remembered what was learnt of which call."""

EXPIRED_KEPT_SECONDS = 90 * 86400.0
"""How long reports can tell of a line after it was last heard of."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Basis:
    """What memory is restored on: the model's ground and reference of people, and the settings."""

    ground: LineGround
    reference: NDArray[np.float64]
    settings: MemorySettings


def restored(connection: Connection, basis: Basis, now: float) -> LineMemory:
    """Line memory as it was stored last."""
    ground, settings = basis.ground, basis.settings
    version, threshold, credit = state(connection, ground.space_id)
    lines = connection.execute(
        "SELECT * FROM lines WHERE space_id = :space_id AND state <> 'EXPIRED'", {"space_id": ground.space_id}
    )
    return LineMemory(
        ground,
        basis.reference,
        settings,
        lines=map(line_of, lines),
        recent=reversed(_recent(connection, ground, settings, now)),
        people=reversed([opening.embedding for opening in _people(connection, ground)]),
        trusted=_trusted(connection, now - settings.trust_seconds),
        credits=Credits(own=credit, kinds=kind_credits(connection)),
        version=version,
        threshold=threshold,
    )


def store(connection: Connection, memory: LineMemory, now: float) -> None:
    """Keep what changed in memory, and forget what is old."""
    memory.version += 1
    connection.executemany(UPSERT, [columns_of(line) for line in memory.changed.values()])
    connection.executemany(
        "UPDATE line_lessons SET line_id = :line_id WHERE call_id = :call_id",
        [{"line_id": line_id, "call_id": call_id} for call_id, line_id in memory.joined.items()],
    )
    connection.execute(_PUT_STATE, _state_columns(memory))
    connection.executemany(
        _PUT_KIND, [{"kind": kind, "credit": one.left} for kind, one in memory.credits.kinds.items()]
    )
    for outcome in Outcome:  # each by the index: a month of lessons is long
        connection.execute(
            "DELETE FROM line_lessons WHERE outcome = :outcome AND learnt_at < :before",
            {"outcome": outcome, "before": now - LESSONS_KEPT_SECONDS},
        )
    connection.execute(
        "DELETE FROM lines WHERE state = 'EXPIRED' AND last_seen < :before",
        {"before": now - EXPIRED_KEPT_SECONDS},
    )


def state(connection: Connection, space_id: str) -> tuple[int, tuple[float, int] | None, Credit]:
    """Version, threshold with the number of lines it was computed for, and credit of a space."""
    row = connection.execute(
        "SELECT * FROM line_state WHERE space_id = :space_id", {"space_id": space_id}
    ).fetchone()
    if row is None:
        return 0, None, Credit()
    return int(row["version"]), (row["threshold"], row["threshold_changes"]), Credit(row["credit"])


def kind_credits(connection: Connection) -> dict[str, Credit]:
    """The credit of each kind with a budget of its own, whatever the space."""
    rows = connection.execute("SELECT kind, credit FROM kind_credits")
    return {row["kind"]: Credit(row["credit"]) for row in rows}


_PUT_KIND = (
    "INSERT INTO kind_credits (kind, credit) VALUES (:kind, :credit) "
    "ON CONFLICT (kind) DO UPDATE SET credit = excluded.credit"
)
_PUT_STATE = (
    "INSERT INTO line_state (space_id, version, threshold, threshold_changes, credit) "
    "VALUES (:space_id, :version, :threshold, :threshold_changes, :credit) "
    "ON CONFLICT (space_id) DO UPDATE SET version = excluded.version, threshold = excluded.threshold, "
    "threshold_changes = excluded.threshold_changes, credit = excluded.credit"
)


def _state_columns(memory: LineMemory) -> dict[str, object]:
    threshold = memory.threshold  # before its changes are read: it may be computed only now
    return {
        "space_id": memory.ground.space_id,
        "version": memory.version,
        "threshold": threshold,
        "threshold_changes": memory.threshold_changes,
        "credit": memory.credits.own.left,
    }


_OPENINGS = (
    "SELECT calls.call_id, calls.started_at, calls.ani, calls.caller_id, calls.embedding "
    "FROM (SELECT * FROM line_lessons WHERE outcome = :outcome AND learnt_at > :since "
    f"ORDER BY learnt_at DESC LIMIT {LOOKED_THROUGH}) AS lessons "
    "JOIN calls ON calls.call_id = lessons.call_id "
    "WHERE calls.space_id = :space_id AND calls.embedding IS NOT NULL "
)


def _recent(
    connection: Connection, ground: LineGround, settings: MemorySettings, now: float
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


def _people(connection: Connection, ground: LineGround) -> list[Opening]:
    """Openings of people, newest first."""
    found: list[Row] = []
    for outcome in (Outcome.PERSON, Outcome.SPOKE):
        found += connection.execute(
            _OPENINGS + "ORDER BY lessons.learnt_at DESC LIMIT :limit",
            {"space_id": ground.space_id, "outcome": outcome, "since": 0.0, "limit": PEOPLE_KEPT},
        )
    return sorted(_openings(found, ground), key=lambda opening: -opening.at)[:PEOPLE_KEPT]


def _openings(rows: Iterable[Row], ground: LineGround) -> list[Opening]:
    n_dims = len(ground.space.origin)
    return [
        Opening(
            call_id=row["call_id"],
            at=row["started_at"],
            number=_number_of(row),
            embedding=unpack(row["embedding"], n_dims),
        )
        for row in rows
    ]


def _trusted(connection: Connection, since: float) -> list[tuple[int, float]]:
    """Callers who passed a challenge since then, whatever the space."""
    rows = connection.execute(
        "SELECT calls.ani, calls.caller_id, calls.started_at FROM line_lessons "
        "JOIN calls ON calls.call_id = line_lessons.call_id "
        "WHERE line_lessons.outcome = 'PERSON' AND line_lessons.learnt_at > :since "
        "ORDER BY line_lessons.learnt_at DESC LIMIT :limit",
        {"since": since, "limit": TRUSTED_KEPT},
    )
    pairs = [(_number_of(row), row["started_at"]) for row in rows]
    return [(number, at) for number, at in reversed(pairs) if number is not None]


def _number_of(row: Row | Mapping[str, Any]) -> int | None:
    return number_key(row["ani"] or row["caller_id"] or "")
