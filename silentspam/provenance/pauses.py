"""What is heard when nobody speaks: the level of a line's noise in each band, hum, and how deep pauses are.

Levels are absolute: whoever speaks louder leaves his line's noise where it is. A band's level in pauses is
taken twice, in the quietest windows and by the minimum statistics of each band for itself (Martin 2001, Noise
power spectral density estimation), since voices leave bands at different times. Levels dB re one step of 16
bits.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from silentspam.provenance.energy import Figures, decibels

WINDOW, HOP = 512, 256
BIN_HZ = 8000 / WINDOW
EDGES = (*range(2, 28, 2), *range(28, 188, 8), *range(188, 257, 4))
"""Bins at which bands begin: 31 Hz wide up to 440 Hz, where telephones cut off, 125 to 2.9 kHz, then 62."""
N_BANDS = len(EDGES) - 1
QUIET, LOUD = 0.15, 0.3
"""Shares of the windows that are pauses, and speech."""
LEAST = 0.05
"""Quantile of each band's levels over time that is its minimum."""
STILL = 4.0
"""A window whose samples span less than mu-law's smallest step, 8, is digital silence or a lost packet's."""

FRAME = 160
LEVEL_QUANTILES = (0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)

LONG = 2048
"""Samples of the windows in which hum is looked for, a quarter of a second."""
HUM = tuple(sorted({mains * k for mains in (50, 60) for k in range(1, 9)}))
"""Mains' harmonics [Hz]."""
HUM_QUANTILE = 0.15
BESIDE = (-6, -5, -4, 4, 5, 6)
"""Bins of 4 Hz around a harmonic that are its surroundings."""

PARTS = ("level", "least", "spread", "speech")


def names() -> list[str]:
    """The name of each figure of `pauses`."""
    return [
        *(f"pauses_{what}_{band}" for what in PARTS for band in range(N_BANDS)),
        *(f"pauses_depth_{quantile:g}" for quantile in LEVEL_QUANTILES),
        "pauses_still",
        *(f"pauses_hum_{hz}" for hz in HUM),
    ]


def pauses(samples: Figures) -> Figures:
    """The figures of samples of 16 bits [shape=(n,)], of WINDOW or more."""
    windows = sliding_window_view(samples, WINDOW)[::HOP]
    sounding = np.ptp(windows[:, ::2], axis=1) > STILL
    still = 1 - sounding.mean()
    heard = windows[sounding] if sounding.any() else windows[:1]
    bands = _bands(heard)
    order = np.argsort(np.square(heard).sum(axis=1), kind="stable")
    quiet = bands[order[: max(1, int(QUIET * len(order)))]]
    loud = bands[order[-max(1, int(LOUD * len(order))) :]].mean(axis=0)
    return np.concatenate(
        [
            quiet.mean(axis=0),
            np.quantile(bands, LEAST, axis=0),
            quiet.std(axis=0),
            loud - loud.mean(),
            _depths(samples),
            [still],
            _hum(samples),
        ]
    )


def _bands(windows: NDArray[np.float64]) -> Figures:
    spectra = np.fft.rfft(windows * np.hanning(WINDOW))
    power = spectra.real**2 + spectra.imag**2
    widths = np.diff(EDGES)
    sums = np.add.reduceat(power[:, : EDGES[-1]], EDGES[:-1], axis=1)
    return decibels(sums / widths / WINDOW)


def _depths(samples: Figures) -> Figures:
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    levels = decibels(np.square(frames - frames.mean(axis=1, keepdims=True)).mean(axis=1))
    return np.asarray(np.quantile(levels, LEVEL_QUANTILES))


def _hum(samples: Figures) -> Figures:
    """How far mains' harmonics stand above their surroundings, in windows without much else [dB]."""
    if len(samples) < LONG:
        return np.zeros(len(HUM))
    windows = sliding_window_view(samples, LONG)[:: LONG // 4]
    spectra = np.fft.rfft(windows * np.hanning(LONG))
    least = np.quantile(decibels((spectra.real**2 + spectra.imag**2) / LONG), HUM_QUANTILE, axis=0)
    places = np.round(np.array(HUM) * LONG / 8000).astype(np.intp)
    around = least[places[:, np.newaxis] + np.array(BESIDE)].mean(axis=1)
    return np.asarray(np.maximum(least[places - 1], np.maximum(least[places], least[places + 1])) - around)
