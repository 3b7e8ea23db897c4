"""The lines of a store as places in a space: embedded many calls at once, whatever the number of lines."""

import sqlite3
from collections.abc import Iterator

import numpy as np

from silentspam.provenance.fingerprint import vectors_of
from silentspam.provenance.line_space import LineSpace
from silentspam.provenance.sources import Known, known_sources
from silentspam.provenance.store_rows import print_of

AT_ONCE = 2000
"""Calls embedded at once, which bounds the memory."""


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
