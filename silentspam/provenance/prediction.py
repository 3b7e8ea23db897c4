"""Linear prediction of speech: the vocal tract's filter, and the residual that it leaves.

US 9,516,497 B2 on iLBC: inverse filtering takes the formants out of speech; what stays is the excitation that
a decoder repeats when it conceals a loss. By the autocorrelation method, with Levinson's recursion (Makhoul
1975), for any windows; and for frames of 10 ms, of which frame k begins at sample 80 k. Samples are 16 bits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from silentspam.provenance.energy import Figures

FRAME = 80
ORDER = 10
"""Coefficients of every 8 kHz codec at hand (iLBC, RFC 3951; G.729; Speex)."""
WINDOW = 160
CEPSTRAL = 12
NOISE = 1e-4
"""Of the power, as white noise 40 dB below: keeps the recursion well conditioned (G.729, section 3.2.1)."""
TINY = 1e-6
STEP_POWER = 8.0
"""Mean square of mu-law's own noise near zero, steps of 8 among 32,768."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Prediction:
    """LPC of each frame.

    coefficients [shape=(n, ORDER + 1)], the first 1; error: share of the power that it leaves [shape=(n,)];
    cepstra [shape=(n, CEPSTRAL)] of the filters; residual [shape=(n * FRAME,)].
    """

    coefficients: Figures
    error: Figures
    cepstra: Figures
    residual: Figures


def predict(samples: Figures) -> Prediction:
    """Autocorrelation method, 20 ms of Hann window around each whole frame of samples [shape=(m,)]."""
    n = len(samples) // FRAME
    side = (WINDOW - FRAME) // 2
    padded = np.pad(samples[: n * FRAME], (side, max(side, WINDOW)))
    frames = sliding_window_view(padded, WINDOW)[::FRAME][:n] * np.hanning(WINDOW)
    coefficients, error, power = linear_prediction(frames, floor=STEP_POWER * WINDOW / 4)
    return Prediction(
        coefficients=coefficients,
        error=error / power,
        cepstra=_cepstra(coefficients),
        residual=inverse_filtered(_spans(samples[: n * FRAME], n), coefficients).ravel(),
    )


def linear_prediction(windows: Figures, *, floor: float = TINY) -> tuple[Figures, Figures, Figures]:
    """Prediction of each window [shape=(k, n)].

    floor: power that is added, so that silence has a filter too. Returns the inverse filters, the first
    coefficient 1 [shape=(k, ORDER + 1)], the powers that they leave and those of the windows [shape=(k,)].
    """
    spectra = np.fft.rfft(windows, 2 * windows.shape[1])
    lags = np.fft.irfft(spectra.real**2 + spectra.imag**2)[:, : ORDER + 1]
    lags[:, 0] = lags[:, 0] * (1 + NOISE) + floor
    filters = np.zeros((len(windows), ORDER + 1))
    filters[:, 0] = 1.0
    left = lags[:, 0].copy()
    for order in range(1, ORDER + 1):
        known = filters[:, :order]
        reflection = -(known * lags[:, order:0:-1]).sum(axis=1) / left
        filters[:, 1 : order + 1] += reflection[:, np.newaxis] * known[:, ::-1].copy()
        left = left * (1 - reflection**2)
    return filters, left, lags[:, 0]


def inverse_filtered(spans: Figures, filters: Figures) -> Figures:
    """What filters [shape=(k, ORDER + 1)] leave of spans [shape=(k, ORDER + n)]: [shape=(k, n)]."""
    n = spans.shape[1] - ORDER
    left = np.zeros((len(filters), n))
    for lag in range(ORDER + 1):
        left += filters[:, lag, np.newaxis] * spans[:, ORDER - lag : ORDER - lag + n]
    return left


def _cepstra(coefficients: Figures) -> Figures:
    """Cepstra of the all-pole filters (Atal 1974): their distance is that of the log spectra."""
    n = len(coefficients)
    tail = np.zeros((CEPSTRAL + 1, n))
    tail[: ORDER + 1] = coefficients.T
    cepstra = np.zeros((CEPSTRAL + 1, n))
    for m in range(1, CEPSTRAL + 1):
        past = sum((k / m * cepstra[k] * tail[m - k] for k in range(1, m)), np.zeros(n))
        cepstra[m] = -tail[m] - past
    return np.ascontiguousarray(cepstra[1:].T)


def _spans(samples: Figures, n: int) -> Figures:
    """Each frame with the ORDER samples before it [shape=(n, ORDER + FRAME)]."""
    return np.asarray(sliding_window_view(np.pad(samples, (ORDER, FRAME)), FRAME + ORDER)[::FRAME][:n])
