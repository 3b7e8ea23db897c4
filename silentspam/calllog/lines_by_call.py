"""What an operator says of one call, done to line memory: the line that its opening came on.

A call that was of no line makes one by hand, from the two seconds of its opening. That is left be where the
opening is like those of people at large: the threshold that keeps people from it would keep out the line's
own next call too, and it is every line's threshold.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from silentspam.calllog.database import Connection, Database, Row
from silentspam.calllog.line_calls import survivor
from silentspam.calllog.line_rows import INSERT_EVENT
from silentspam.calllog.line_store import Basis, restored, store
from silentspam.errors import LineError
from silentspam.lines.deeds import Deed, LineEvent, after
from silentspam.lines.ground import unpack
from silentspam.lines.line import Line, LineOrigin
from silentspam.lines.matching import LineTable
from silentspam.lines.memory import SAME_LINE, LineMemory
from silentspam.lines.numbers import number_key
from silentspam.lines.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What became of a call's line: None where its opening is too like people's; likeness that the next call
    of it can be expected to have, and the threshold from which on that is taken for it [natural log ratios].
    """

    line: Line | None
    likeness: float
    threshold: float


def settle_call(
    database: Database,
    basis: Basis,
    call_id: str,
    event: LineEvent,
    *,
    publish: Callable[[Snapshot], None],
) -> Settled:
    """Do a deed to the line of a call; the event's line_id is taken for a line that has to be made.

    Raises LineError for a call that is not there, has no opening, or one of the space of another model.
    """
    with database.transaction(write=True, alone=True) as connection:
        row = _row(connection, call_id)
        embedding = _opening(row, basis, call_id)
        memory = restored(connection, basis, event.changed_at)
        found = _line_of(connection, row, memory) or memory.table.nearest(embedding, SAME_LINE)
        line = after(found or _new(row, basis, embedding, event.line_id), event.deed)
        memory.put(line)
        likeness, threshold = _of_next_call(basis, line, embedding), memory.threshold
        if found is None and likeness < threshold:
            return Settled(line=None, likeness=likeness, threshold=threshold)
        store(connection, memory, event.changed_at)
        connection.execute(INSERT_EVENT, asdict(replace(event, line_id=line.line_id)))
        publish(memory.snapshot(event.changed_at))
        return Settled(line=line, likeness=likeness, threshold=threshold)


def release_call(
    database: Database,
    basis: Basis,
    call_id: str,
    event: LineEvent,
    *,
    publish: Callable[[Snapshot], None],
) -> Line | None:
    """Take an operator's word on the line of a call back; None where there is none of it.

    The evidence decides again, or the line is forgotten, if it was made by hand and has none. Raises
    LineError as `settle_call` does.
    """
    with database.transaction(write=True, alone=True) as connection:
        row = _row(connection, call_id)
        embedding = _opening(row, basis, call_id)
        memory = restored(connection, basis, event.changed_at)
        line = _line_of(connection, row, memory) or memory.table.nearest(embedding, SAME_LINE)
        if line is None or not line.pinned:
            return None
        by_hand = line.origin is LineOrigin.OPERATOR and not line.failed and not line.people
        deed = Deed.FORGET if by_hand else Deed.RELEASE
        line = after(line, deed)
        memory.put(line)
        store(connection, memory, event.changed_at)
        connection.execute(INSERT_EVENT, asdict(replace(event, line_id=line.line_id, deed=deed)))
        publish(memory.snapshot(event.changed_at))
        return line


def _of_next_call(basis: Basis, line: Line, embedding: NDArray[np.float64]) -> float:
    """The score of this opening, less what another of a line of one call lacks on average: it lies √2 away
    in each dimension, with a variance of 2 (Prince and Elder 2007), which costs half a unit of log ratio."""
    score = float(LineTable(basis.ground, [line]).scores(embedding[np.newaxis])[0, 0])
    return score - len(embedding) / 2


def _row(connection: Connection, call_id: str) -> Row:
    row: Row | None = connection.execute(
        "SELECT calls.started_at, calls.ani, calls.caller_id, calls.space_id, calls.embedding, "
        "COALESCE(line_lessons.line_id, calls.line_id) AS line_id FROM calls "
        "LEFT JOIN line_lessons ON line_lessons.call_id = calls.call_id WHERE calls.call_id = :call_id",
        {"call_id": call_id},
    ).fetchone()
    if row is None:
        raise LineError(f"call {call_id}: the call log has no such call")
    return row


def _opening(row: Row, basis: Basis, call_id: str) -> NDArray[np.float64]:
    if row["embedding"] is None:
        raise LineError(f"call {call_id}: its opening was not judged, so line memory has no place for it")
    if row["space_id"] != basis.ground.space_id:
        raise LineError(f"call {call_id}: it was judged by another model than the active one")
    return unpack(row["embedding"], len(basis.ground.space.origin))


def _line_of(connection: Connection, row: Row, memory: LineMemory) -> Line | None:
    """The line that a call was of, as it stands; None where there was none, or it is given up."""
    if row["line_id"] is None:
        return None
    merged = connection.execute("SELECT line_id, merged_into FROM lines WHERE merged_into IS NOT NULL")
    stayed = {one["line_id"]: one["merged_into"] for one in merged}
    return memory.lines.get(survivor(row["line_id"], stayed))


def _new(row: Row, basis: Basis, embedding: NDArray[np.float64], line_id: str) -> Line:
    number = number_key(row["ani"] or row["caller_id"] or "")
    return Line(
        line_id=line_id,
        space_id=basis.ground.space_id,
        origin=LineOrigin.OPERATOR,
        mean=embedding,
        count=1,
        first_seen=row["started_at"] or 0.0,
        last_seen=row["started_at"] or 0.0,
        numbers=frozenset() if number is None else frozenset({number}),
    )
