"""The lines of a store as places in a space: embedded many calls at once, whatever the number of lines."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from silentspam.errors import LineStoreError
from silentspam.provenance.features import VERSION
from silentspam.provenance.fingerprint import stored_bytes, vectors_of
from silentspam.provenance.line_space import LineSpace
from silentspam.provenance.sources import Known, known_sources
from silentspam.provenance.store_rows import print_of

AT_ONCE = 2000
"""Calls embedded at once, which bounds the memory."""


NAMED = 5
"""Lines that a message names at most."""


def refuse_outdated(connection: sqlite3.Connection, path: Path) -> None:
    """Raise LineStoreError where measures of another version, or of another length, are kept."""
    rows = connection.execute(
        "SELECT DISTINCT name, version FROM prints WHERE version <> ? OR length(vector) <> ? ORDER BY 1",
        (VERSION, stored_bytes()),
    ).fetchall()
    if not rows:
        return
    names = list(dict.fromkeys(row["name"] for row in rows))
    some = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} others" if len(names) > NAMED else "")
    versions = sorted({row["version"] for row in rows})
    remedy = "enrol their calls again (`silentspam lines enrol`; lists and marks stay), or forget them"
    raise LineStoreError(
        f"provenance.store {path}: fingerprints of version {', '.join(map(str, versions))}, "
        f"this program measures version {VERSION} in {stored_bytes()} bytes: "
        f"{'update Silentspam' if max(versions) > VERSION else remedy}: {some}"
    )


def known_lines(connection: sqlite3.Connection, space: LineSpace) -> Known:
    """Every line with a call. Raises LineError for a fingerprint that is none of this version."""
    index: dict[str, int] = {}
    lines, places = [], []
    for rows in _pieces(connection):
        lines.append([index.setdefault(row["name"], len(index)) for row in rows])
        places.append(space.embed(vectors_of([print_of(row) for row in rows])))
    if not index:
        return known_sources(space, {})
    line, place = np.concatenate(lines), np.concatenate(places)
    sums = np.zeros((len(index), place.shape[1]))
    np.add.at(sums, line, place)
    counts = np.bincount(line).astype(np.int32)
    return Known(space=space, names=tuple(index), sums=sums, counts=counts)


def _pieces(connection: sqlite3.Connection) -> Iterator[list[sqlite3.Row]]:
    """The rows of all fingerprints, AT_ONCE at a time."""
    rows = connection.execute("SELECT * FROM prints ORDER BY name, id")
    while piece := rows.fetchmany(AT_ONCE):
        yield piece
