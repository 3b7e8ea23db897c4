"""Short-term energy: where a call's energy drops, stays at a floor, and rises again (the patent's figure 4B).

Samples are those of 16 bits, so that a level is dB re one step of them; full scale is at 90.3 dB.
"""

import numpy as np
from numpy.typing import NDArray

WINDOW = 40
"""Samples of the Hamming window: fewer than the 80 of the shortest packet, so that several windows lie in one
(US 9,516,497 B2, on FIG. 4)."""

Figures = NDArray[np.float64]


def decibels(mean_squares: Figures) -> Figures:
    """Levels of mean squares [dB re one step]; digital silence is at 0."""
    return np.asarray(10 * np.log10(mean_squares + 1.0))


def short_term_levels(linear: NDArray[np.int16]) -> Figures:
    """Level of the short-term energy around each sample [shape=(n,)] [dB re one step].

    E(n) = Σ y(m)² w(n − m) with a sliding Hamming window w (the patent's equation for FIG. 4B).
    """
    if len(linear) < WINDOW:
        return np.zeros(len(linear))
    window = np.hamming(WINDOW)
    square = np.square(linear.astype(np.float64))
    return decibels(np.maximum(np.convolve(square, window / window.sum(), "same"), 0.0))


def running_sum(values: Figures) -> Figures:
    """Sums of all values before each place [shape=(n,)] to [shape=(n + 1,)]."""
    return np.concatenate([[0.0], np.cumsum(values)])


def runs(marked: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First places of the runs of marked ones, and the places after their last."""
    turns = np.diff(np.concatenate([[0], marked.astype(np.int8), [0]]))
    return np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)
