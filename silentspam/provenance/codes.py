"""How often each mu-law code comes: near zero, in pauses, and which codes a tandem with A-law leaves out.

GSM, AMR and G.726 never give minus zero; an A-law leg leaves some codes of mu-law empty and doubles others
(ITU-T G.711, tables 1 and 2).
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from silentspam.audio import Codes
from silentspam.provenance.energy import Figures

NEAR_ZERO = (0xFF, 0x7F, 0xFE, 0x7E, 0xFD, 0x7D, 0xFC, 0x7C, 0xFB, 0x7B, 0xFA, 0x7A)
WINDOW, HOP = 256, 128
QUIET = 0.2
SEGMENTS = 8
"""Of mu-law's curve, each of 16 steps."""


def names() -> list[str]:
    """The name of each figure of `code_figures`."""
    return [
        *(f"codes_{where}_{code:02x}" for where in ("all", "quiet") for code in NEAR_ZERO),
        "codes_in_use",
        "codes_in_use_quiet",
        *(f"codes_{what}_{segment}" for segment in range(SEGMENTS) for what in ("empty", "uneven")),
        "codes_mean",
    ]


def code_figures(codes: Codes, samples: Figures) -> Figures:
    """The figures of a call's codes [shape=(n,)] of one window or more, and of its samples of 16 bits."""
    shares = np.bincount(codes, minlength=256) / len(codes)
    quiet = _shares_when_quiet(codes, samples)
    in_use = [np.count_nonzero(shares), np.count_nonzero(quiet)]
    near = list(NEAR_ZERO)
    return np.concatenate([shares[near], quiet[near], in_use, *_steps(shares), [samples.mean()]])


def _shares_when_quiet(codes: Codes, samples: Figures) -> Figures:
    powers = np.square(sliding_window_view(samples, WINDOW)[::HOP]).sum(axis=1)
    quietest = np.argsort(powers, kind="stable")[: max(1, int(QUIET * len(powers)))]
    heard = np.zeros(len(codes), dtype=bool)
    heard[(quietest[:, np.newaxis] * HOP + np.arange(WINDOW)).ravel()] = True
    return np.asarray(np.bincount(codes[heard], minlength=256) / np.count_nonzero(heard))


def _steps(shares: Figures) -> list[tuple[float, float]]:
    """For each segment the share of steps that are never used, and how uneven neighbours are."""
    both: NDArray[np.float64] = (shares[:128] + shares[128:]).reshape(SEGMENTS, -1)
    return [
        (float(np.mean(steps == 0)), float(np.abs(np.diff(steps)).sum() / max(steps.sum(), 1e-9)))
        for steps in both
    ]
