"""Pairs of strong peaks as numbers that can be looked up: Wang 2003, section 2.2, "combinatorial hashing".

A landmark is a peak's bin, the way to a later peak's bin, and the time between them: 20 bits, which level and
cut leave as they are. A recording keeps few of them; an opening is asked for more, in case a peak between was
lost, and for the next frames too, since it was cut at another place.
"""

import numpy as np
from numpy.typing import NDArray

from silentspam.kinds.constellation import FIRST_BIN, Constellation

N_CODES = 1 << 20
"""Landmarks there can be."""

SOONEST, LATEST = 2, 33
"""Frames from a peak to the next of a landmark, 32 to 528 ms: five bits."""

WIDEST = 63
"""Bins between them at most, 984 Hz: seven bits with the sign."""

KEPT, ASKED = 3, 5
"""Later peaks that each is paired with, the soonest first: where it is stored, and where it is looked up."""

Codes = NDArray[np.uint32]
Frames = NDArray[np.int32]


def landmarks(known: Constellation) -> tuple[Codes, Frames]:
    """What a recording is stored by: codes below N_CODES and the frames they begin at [shape=(n,)]."""
    codes, frames, _ = _pairs(known, KEPT)
    return codes, frames


def sought(opening: Constellation) -> tuple[Codes, Frames]:
    """What is looked up for an opening, the neighbours in time included [shape=(n,)]."""
    codes, frames, spans = _pairs(opening, ASKED)
    steps = np.array([[-1], [0], [1]], np.int32)
    spans = spans + steps
    fits = np.flatnonzero((spans >= SOONEST) & (spans <= LATEST))
    tried = (codes.view(np.int32) + steps).ravel()[fits]
    return tried.view(np.uint32), frames[fits % len(frames)] if len(frames) else frames


def _pairs(peaks: Constellation, partners: int) -> tuple[Codes, Frames, Frames]:
    """Codes, first frames, and frames between, of each strong peak with its `partners` next ones."""
    frames, bins = peaks.frames[peaks.strong], peaks.bins[peaks.strong]
    # From the least that fits on: without a sign, what is below that is above everything.
    spans = (frames - (frames + SOONEST)[:, np.newaxis]).view(np.uint32)
    ways = (bins - (bins - WIDEST)[:, np.newaxis]).view(np.uint32)
    within = (spans <= LATEST - SOONEST) & (ways <= 2 * WIDEST)
    within &= within.cumsum(axis=1, dtype=np.int16) <= partners
    first, second = np.nonzero(within)
    span = spans[first, second]
    firsts = (bins - FIRST_BIN).astype(np.uint32)[first]
    codes = (firsts << np.uint32(12)) | (ways[first, second] << np.uint32(5)) | span
    return codes, frames[first], span.view(np.int32) + np.int32(SOONEST)
