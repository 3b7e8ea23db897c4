"""Lines of the fraud database from one store to another: a file of JSON lines, whose first one says so.

US 9,516,497 B2, column 14: individuals, banks and others exclude the fraudsters that one of them met. What is
handed on is a name, the fingerprints and why the line is marked; no list, no called number, and no name of
whoever marked it.
"""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from silentspam.errors import LineStoreError
from silentspam.provenance.features import VERSION
from silentspam.provenance.fingerprint import Fingerprint
from silentspam.provenance.line_store import LineStore
from silentspam.provenance.stored_line import FraudMark, StoredLine

FORMAT = 1

_Form = TypeVar("_Form")


class _Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    silentspam_lines: int
    fingerprint_version: int


class SharedLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line as it is handed on; its fingerprints as base64."""

    name: str
    frauds: tuple[FraudMark, ...]
    prints: tuple[Fingerprint, ...]


def exported(store: LineStore, *, every: bool = False) -> Iterator[bytes]:
    """The file's lines: those marked as fraud, or every one. Raises LineStoreError."""
    prints = store.prints()
    yield msgspec.json.encode(_Head(silentspam_lines=FORMAT, fingerprint_version=VERSION))
    for line in store.lines():
        if every or line.fraud:
            marks = tuple(replace(mark, marked_by="") for mark in line.frauds)
            shared = SharedLine(name=line.name, frauds=marks, prints=prints.get(line.name, ()))
            yield msgspec.json.encode(shared)


def imported(
    store: LineStore, lines: Iterable[bytes], *, prefix: str = "", note: str = ""
) -> tuple[str, ...]:
    """Take such a file into a store, all of it or nothing; returns the names that its lines have there.

    Raises LineStoreError for what is no such file, with its line, or a name that the store has for another
    line; LineError for fingerprints of another version.
    """
    numbered = enumerate(lines, start=1)
    head = _decoded(next(numbered, (1, b"")), _Head)
    if head.silentspam_lines != FORMAT:
        raise LineStoreError(f"line 1: format {head.silentspam_lines}, this version knows {FORMAT}")
    shared = [_decoded(one, SharedLine) for one in numbered if one[1].strip()]
    named = [(replace(one, name=prefix + one.name), one.prints) for one in shared]
    store.take_in([(_stored(one), prints) for one, prints in named], note=note)
    return tuple(one.name for one, _ in named)


def _stored(one: SharedLine) -> StoredLine:
    return StoredLine(name=one.name, calls=len(one.prints), created_at=0.0, frauds=one.frauds)


def _decoded(numbered: tuple[int, bytes], form: type[_Form]) -> _Form:
    number, line = numbered
    try:
        return msgspec.json.decode(line, type=form)
    except msgspec.MsgspecError as error:
        raise LineStoreError(f"line {number}: not from `silentspam lines export`: {error}") from error
