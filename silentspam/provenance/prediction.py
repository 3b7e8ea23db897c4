"""Linear prediction of speech in frames of 10 ms: the vocal tract's filter, and the residual that it leaves.

US 9,516,497 B2 on iLBC: inverse filtering takes the formants out of speech; what stays is the excitation that
a decoder repeats when it conceals a loss. Samples are 16 bits; frame k begins at sample 80 k.
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
"""Of the power, as white noise: keeps the recursion well conditioned (G.729, section 3.2.1)."""
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
    lags = np.stack(
        [np.einsum("nt,nt->n", frames[:, lag:], frames[:, : WINDOW - lag]) for lag in range(ORDER + 1)]
    )
    lags[0] = lags[0] * (1 + NOISE) + STEP_POWER * WINDOW / 4
    coefficients, error = levinson(lags)
    return Prediction(
        coefficients=coefficients,
        error=error / lags[0],
        cepstra=_cepstra(coefficients),
        residual=_residual(samples[: n * FRAME], coefficients),
    )


def levinson(lags: Figures) -> tuple[Figures, Figures]:
    """Levinson and Durbin's recursion for many frames: lags [shape=(ORDER + 1, n)] to filters and errors."""
    filters = np.zeros_like(lags)
    filters[0] = 1.0
    error = lags[0].copy()
    for order in range(1, len(lags)):
        reflection = -np.sum(filters[:order] * lags[order:0:-1], axis=0) / error
        filters[1 : order + 1] += reflection * filters[order - 1 :: -1][:order]
        error *= 1 - reflection**2
    return np.ascontiguousarray(filters.T), error


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


def _residual(samples: Figures, coefficients: Figures) -> Figures:
    padded = np.pad(samples, (ORDER, FRAME))
    frames = sliding_window_view(padded, FRAME + ORDER)[::FRAME][: len(coefficients)]
    residual = np.zeros((len(coefficients), FRAME))
    for lag in range(ORDER + 1):
        residual += coefficients[:, lag, np.newaxis] * frames[:, ORDER - lag : ORDER - lag + FRAME]
    return residual.ravel()
