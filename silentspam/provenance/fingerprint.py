"""What is kept of a call so that its line is known again: everything measured of it, with a version.

The raw measures are kept rather than their place in a space of lines: a space that is learnt anew needs no
new calls. Vectors of another version, or of another length, are never compared.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np

from silentspam.audio import Recording
from silentspam.errors import LineError
from silentspam.provenance.features import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    VERSION,
    Measures,
    Vector,
    measure,
    names,
)
from silentspam.provenance.tones import tones_alone

STORED = np.dtype("<f4")
"""How a figure is kept."""


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """One call's: version is that of the measures (`features.VERSION`), seconds those of the call that were
    measured; vector: the measures, little-endian float32."""

    version: int
    seconds: float
    vector: bytes


def fingerprint(measures: Measures, seconds: float) -> Fingerprint:
    """The fingerprint of a call of so many seconds."""
    stored = np.ascontiguousarray(measures.vector, dtype=STORED)
    return Fingerprint(version=VERSION, seconds=seconds, vector=stored.tobytes())


def fingerprint_of(recording: Recording) -> Fingerprint | None:
    """The fingerprint of one side of a call; None where nothing tells its line."""
    measures = measure(recording) if tells_a_line(recording) else None
    return fingerprint(measures, min(recording.seconds, LONGEST_SECONDS)) if measures else None


def tells_a_line(recording: Recording) -> bool:
    """Whether anything but tones and digital silence sounds for SHORTEST_SECONDS: all calls of those alone
    are alike, whatever line they came on."""
    return recording.sounding.seconds >= SHORTEST_SECONDS and not tones_alone(recording)


def vectors_of(prints: Sequence[Fingerprint]) -> Vector:
    """The vectors of fingerprints, one a row [shape=(len(prints), n_figures), float32].

    Raises LineError for none, and for a fingerprint of another version or length, with the remedy.
    """
    if not prints:
        raise LineError("no fingerprint: a line is known by one call or more")
    for one in prints:
        _check(one)
    return np.stack([np.frombuffer(one.vector, STORED) for one in prints])


@lru_cache(maxsize=1)
def stored_bytes() -> int:
    """Of a vector as it is kept; computed once, since a store has ten thousands of them to check."""
    return len(names()) * STORED.itemsize


def _check(one: Fingerprint) -> None:
    if one.version != VERSION:
        raise LineError(
            f"a fingerprint of version {one.version}: this program measures version {VERSION}; "
            "enrol the line again from its recordings"
        )
    if len(one.vector) != (wanted := stored_bytes()):
        raise LineError(
            f"a fingerprint of {len(one.vector)} bytes: version {VERSION} has {wanted}; "
            "enrol the line again from its recordings"
        )
    if not np.isfinite(np.frombuffer(one.vector, STORED)).all():
        raise LineError("a fingerprint that is not finite: enrol the line again from its recordings")
