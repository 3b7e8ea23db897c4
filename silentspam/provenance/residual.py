"""What linear prediction leaves of a call: the excitation that coders have sent, as well as it can be had.

Windows are HOP samples apart, a prime: nothing that is found at multiples of 5, 20 or 30 ms in the residual
is the analysis's own. Prediction by the autocorrelation method, Levinson's recursion (Makhoul 1975).
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WINDOW, HOP, ORDER = 256, 97, 10
MARGIN = (WINDOW - HOP) // 2
"""Samples of a window before those whose residual it gives."""
WHITENING = 1.0001
"""Noise 40 dB below, that keeps the recursion stable (ITU-T G.729, 3.2.1)."""
TINY = 1e-6

Figures = NDArray[np.float64]


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
    values = np.zeros((n_windows, HOP))
    for lag in range(ORDER + 1):
        values += coefficients[:, lag, np.newaxis] * spans[:, ORDER - lag : ORDER - lag + HOP]
    return Residual(values.ravel(), powers, errors / np.maximum(powers, TINY))


def linear_prediction(windows: Figures) -> tuple[Figures, Figures, Figures]:
    """Prediction of each window [shape=(k, WINDOW)].

    Returns the inverse filters, the first coefficient 1 [shape=(k, ORDER + 1)], the powers that they leave
    and those of the windows [shape=(k,)].
    """
    spectra = np.fft.rfft(windows, 2 * windows.shape[1])
    lags = np.fft.irfft(spectra.real**2 + spectra.imag**2)[:, : ORDER + 1]
    lags[:, 0] = lags[:, 0] * WHITENING + TINY
    filters = np.zeros((len(windows), ORDER + 1))
    filters[:, 0] = 1.0
    left = lags[:, 0].copy()
    for order in range(1, ORDER + 1):
        known = filters[:, :order]
        reflection = -(known * lags[:, order:0:-1]).sum(axis=1) / left
        filters[:, 1 : order + 1] += reflection[:, np.newaxis] * known[:, ::-1].copy()
        left = left * (1 - reflection**2)
    return filters, left, lags[:, 0]
