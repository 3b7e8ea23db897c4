"""What linear prediction leaves of a call: the excitation that coders have sent, as well as it can be had.

Windows are HOP samples apart, a prime: nothing that is found at multiples of 5, 20 or 30 ms in the residual
is the analysis's own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from silentspam.provenance.energy import Figures
from silentspam.provenance.prediction import ORDER, TINY, inverse_filtered, linear_prediction

WINDOW, HOP = 256, 97
MARGIN = (WINDOW - HOP) // 2
"""Samples of a window before those whose residual it gives."""


@dataclass(frozen=True, eq=False)
class Residual:
    """values [shape=(n,)], whose first is sample MARGIN of the call; powers of the windows [shape=(k,)] and
    the shares of them that prediction leaves [shape=(k,)]."""

    values: Figures
    powers: Figures
    shares: Figures


def residual(samples: Figures) -> Residual:
    """The residual of samples [shape=(n,)]; empty where not one window fits."""
    n_windows = max(0, (len(samples) - WINDOW) // HOP + 1)
    if not n_windows:
        return Residual(np.zeros(0), np.zeros(0), np.zeros(0))
    windows = sliding_window_view(samples, WINDOW)[::HOP] * np.hanning(WINDOW)
    coefficients, errors, powers = linear_prediction(windows)
    spans = sliding_window_view(samples, HOP + ORDER)[MARGIN - ORDER :: HOP][:n_windows]
    values = inverse_filtered(spans, coefficients)
    return Residual(values.ravel(), powers, errors / np.maximum(powers, TINY))
