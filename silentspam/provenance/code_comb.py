"""Which mu-law codes a path prefers to their neighbours: a comb over the histogram of levels.

Speech spreads smoothly over neighbouring levels, whoever speaks; a coder of other laws or of fewer bits, a
gain in a gateway and an encoder's rounding do not: some levels come too often, some never, and one sign more
than the other. US 9,516,497 B2 takes the codes in pauses; here it is those of the whole call and of pauses.
"""

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import Codes
from silentspam.provenance.energy import Figures

LEVELS = 80
"""Magnitudes that are looked at: those of the five lowest segments of G.711 (table 2), which all come."""
NEAR = 4
"""Magnitudes on each side that are a level's surroundings."""
SIGNED = 24
"""Magnitudes whose signs are compared."""
BLOCK = 160
QUIET = 0.3
"""Share of the blocks of 20 ms that are pauses."""
PAUSE_LEVELS = 16
FEW = 2.0
"""Added to each count: what comes seldom says little."""


def names() -> list[str]:
    """The name of each figure of `code_comb`."""
    return [
        *(f"comb_{level}" for level in range(LEVELS)),
        *(f"comb_sign_{level}" for level in range(SIGNED)),
        *(f"comb_pause_{level}" for level in range(PAUSE_LEVELS)),
        *(f"comb_pause_sign_{level}" for level in range(PAUSE_LEVELS)),
    ]


def code_comb(codes: Codes) -> Figures:
    """The figures of a call's codes [shape=(n,), uint8], of BLOCK or more [nepers]."""
    whole, pause = _counts(codes), _counts(_quiet(codes))
    both = whole.sum(axis=0)[:LEVELS]
    return np.concatenate(
        [
            np.log((both + FEW) / (_around(both) + FEW)),
            _signs(whole[:, :SIGNED]),
            np.log((pause.sum(axis=0)[:PAUSE_LEVELS] + FEW) / (pause.sum() + FEW)),
            _signs(pause[:, :PAUSE_LEVELS]),
        ]
    )


def _counts(codes: Codes) -> Figures:
    """How often each magnitude comes with each sign [shape=(2, 128)], + first, the smallest first."""
    return np.bincount(codes, minlength=256).reshape(2, 128)[::-1, ::-1].astype(np.float64)


def _signs(counts: Figures) -> Figures:
    return np.asarray(np.log((counts[0] + FEW) / (counts[1] + FEW)))


def _around(counts: Figures) -> Figures:
    """Mean of the counts beside each, itself left out [shape=(n,)]."""
    kernel = np.ones(2 * NEAR + 1)
    kernel[NEAR] = 0
    beside: NDArray[np.float64] = np.convolve(counts, kernel, "same")
    return np.asarray(beside / np.convolve(np.ones(len(counts)), kernel, "same"))


def _quiet(codes: Codes) -> Codes:
    """The blocks whose largest magnitude is smallest."""
    blocks = codes[: len(codes) // BLOCK * BLOCK].reshape(-1, BLOCK)
    peaks = (127 - (blocks & 0x7F)).max(axis=1)
    return blocks[np.argsort(peaks, kind="stable")[: max(1, int(QUIET * len(blocks)))]].ravel()
