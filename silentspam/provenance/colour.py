"""The colour of a call: its mean spectra when it is loud, middling and quiet, and how bands go together.

Telephones, filters and coders each have their own; speakers change it too, so that it is taken relative to
the band in the middle, and only where many windows agree. Levels dB.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from silentspam.provenance.energy import Figures

WINDOW, HOP = 256, 128
N_BANDS = 64
"""Of 62.5 Hz, the first from 31 Hz on."""
MIDDLE = slice(4, 50)
"""Bands of 280 to 3150 Hz, whose mean level is 0 dB."""
QUIET, LOUD = 0.2, 1 / 3
"""Shares of the windows that are quiet and loud; the middle third is middling."""
APART = tuple((i, j) for i in range(2, N_BANDS - 2, 6) for j in range(i + 6, N_BANDS - 2, 6))
"""Bands whose levels are correlated."""
FOLDS_HZ = (2667.0,)
"""GSM-FR sends every third sample of its residual, so that its spectrum comes again around multiples of a
third of the sample rate (ETSI EN 300 961)."""
TINY = 1e-3

PLACES = ("loud", "middling", "quiet")


def names() -> list[str]:
    """The name of each figure of `colour`."""
    return [
        *(f"colour_{place}_{band}" for place in PLACES for band in range(N_BANDS)),
        *(f"colour_{place}_spread_{band}" for place in PLACES for band in range(0, N_BANDS, 2)),
        *(f"colour_together_{i}_{j}" for i, j in APART),
        "colour_fold_below",
        "colour_fold_above",
        *(f"colour_change_{band}" for band in range(0, N_BANDS, 4)),
    ]


def colour(samples: Figures) -> Figures:
    """The figures of samples of 16 bits [shape=(n,)], of two windows or more."""
    windows = sliding_window_view(samples, WINDOW)[::HOP] * np.hanning(WINDOW)
    spectra = np.fft.rfft(windows)
    power = spectra.real**2 + spectra.imag**2 + TINY
    bands = 10 * np.log10(power[:, 1:].reshape(len(power), N_BANDS, -1).mean(axis=2))
    order = np.argsort(np.square(windows).sum(axis=1), kind="stable")
    n = len(order)
    loud, quiet = order[-max(1, int(LOUD * n)) :], order[: max(1, int(QUIET * n))]
    places = (bands[loud], bands[order[n // 3 : max(n // 3 + 1, 2 * n // 3)]], bands[quiet])
    together = _correlations(places[0])
    return np.concatenate(
        [
            *(_relative(place.mean(axis=0)) for place in places),
            *(place.std(axis=0)[::2] for place in places),
            [together[pair] for pair in APART],
            _folds(together),
            np.abs(np.diff(bands, axis=0)).mean(axis=0)[::4] if n > 1 else np.zeros(N_BANDS // 4),
        ]
    )


def _relative(levels: Figures) -> Figures:
    return np.asarray(levels - levels[MIDDLE].mean())


def _correlations(bands: Figures) -> Figures:
    """Of every two bands over the windows [shape=(N_BANDS, N_BANDS)]; 0 of one that does not move."""
    moving = bands - bands.mean(axis=0)
    spread = np.sqrt(np.square(moving).mean(axis=0))
    moving = moving / np.where(spread > 0, spread, 1.0)
    return np.asarray(moving.T @ moving / len(bands))


def _folds(together: Figures) -> tuple[float, float]:
    """How well bands go with their images below and above a third of the sample rate."""
    centre = FOLDS_HZ[0] / (4000 / N_BANDS)
    low = range(2, 20)
    below = [together[band, round(centre - band) - 1] for band in low]
    above = [together[band, min(N_BANDS - 1, round(centre + band))] for band in low]
    return float(np.mean(below)), float(np.mean(above))
