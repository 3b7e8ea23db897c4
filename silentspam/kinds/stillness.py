"""How still a sound is, and how Gaussian: what tells a machine's hiss from rain on a roof.

A machine's noise keeps its colour, or moves all of it together; a place moves in each band by itself, and
what it is made of, drops, steps, wheels, is not Gaussian. Of Gaussian noise of a constant level the power in
one bin is exponentially distributed (chi-squared with two degrees of freedom): the mean of its logarithm lies
Euler's 0.5772 below the logarithm of its mean. Levels are dB, within bins nepers of power (4.34 dB). All of
it is made of one opening's samples and the power spectrogram that is there.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from silentspam import texture
from silentspam.audio import FRAME_LENGTH, Samples

Figures = NDArray[np.float64]
Floats32 = NDArray[np.float32]

SPOKEN_BANDS = slice(4, 15)
"""Of `texture.N_BANDS`: what a telephone lets through, 90 Hz to 2.8 kHz."""

LOW_BIN, HIGH_BIN = 16, 224
"""Bins of 250 to 3,500 Hz: what a telephone lets through whole."""
N_SMOOTHED = 9
GAUSSIAN_EDGES = (0, 48, 112, 176, 208)
COLOUR_EDGES = (0, 48, 112, 208)
"""Parts of the bins from LOW_BIN on, in which figures are summed up."""

SHORT = 40
"""Samples of a short frame: 5 ms."""
SHORT_FIGURES = ("spread", "skewness", "kurtosis", "lag4", "lag2")

SMOOTHING = np.full(N_SMOOTHED, 1 / N_SMOOTHED, dtype=np.float32)

TINY = np.float32(1e-10)

NAMES = (
    *(f"still_band{k + 1}_own" for k in range(texture.N_BANDS)),
    "still_common_spread",
    "still_common_change",
    "still_common_share",
    *(f"still_gaussian{k + 1}_{what}" for what in ("mean", "spread") for k in range(len(GAUSSIAN_EDGES) - 1)),
    *(f"still_ragged{k + 1}" for k in range(len(COLOUR_EDGES) - 1)),
    "still_flatness_mean",
    "still_flatness_spread",
    "still_persistence",
    *(f"still_short_{what}" for what in SHORT_FIGURES),
    *(f"still_high_{what}" for what in SHORT_FIGURES),
    "still_peaky_mean",
    "still_peaky_median",
)


def stillness(samples: Samples, power: NDArray[np.float64]) -> NDArray[np.float32]:
    """The figures of NAMES [shape=(len(NAMES),)], finite for any sound of one window or more.

    Parameters: samples [shape=(n,), float32 in ±1]; power, its spectrogram's squares [shape=(257, n_frames)].
    """
    high = np.diff(samples)
    parts = (_bands(power), _bins(power), _short(samples), _short(high), _peaky(high))
    return np.concatenate(parts).astype(np.float32)


def _bands(power: NDArray[np.float64]) -> Figures:
    """How far each band moves by itself, and what all move together [dB]."""
    levels = texture.decibels(texture.in_bands(power))
    spoken = levels[SPOKEN_BANDS]
    common = spoken.sum(axis=0) / len(spoken)
    own = _spread(levels - common)
    together = float(_spread(common))
    change = np.abs(np.diff(common)).sum() / max(len(common) - 1, 1)
    share = together**2 / (np.square(_spread(spoken)).sum() / len(spoken) + 1e-9)
    return np.concatenate([own, [together, change, share]])


def _bins(power: NDArray[np.float64]) -> Figures:
    """Whether the bins are Gaussian, ragged, flat and independent of the frame before [nepers]."""
    margin = N_SMOOTHED // 2
    bins = power.T[:, LOW_BIN - margin : HIGH_BIN + margin].astype(np.float32) + TINY
    inner = slice(margin, -margin)
    bins /= bins[:, inner].sum(axis=1, keepdims=True) / (HIGH_BIN - LOW_BIN)
    colour = np.log(bins.sum(axis=0) / len(bins))
    logs = np.log(bins[:, inner])
    means = logs.sum(axis=0) / len(logs)
    gaussian = means - colour[inner]
    ragged = colour[inner] - np.convolve(colour, SMOOTHING, "valid")
    flat = logs.sum(axis=1) / logs.shape[1]
    moving = (logs - means).ravel()
    n = logs.shape[1]
    persistence = np.dot(moving[n:], moving[:-n]) / (np.dot(moving, moving) + TINY)
    figures = np.array([gaussian, gaussian**2, ragged, ragged**2]) @ _part_means()
    of_gaussian, of_ragged = figures[:2, : len(GAUSSIAN_EDGES) - 1], figures[2:, len(GAUSSIAN_EDGES) - 1 :]
    return np.concatenate(
        [
            of_gaussian[0],
            _spread_of(of_gaussian),
            _spread_of(of_ragged),
            [_mean(flat), _spread(flat), persistence],
        ]
    )


@lru_cache(maxsize=1)
def _part_means() -> Figures:
    """Takes bins to means over the parts: GAUSSIAN_EDGES', then COLOUR_EDGES' [shape=(208, 7)]."""
    edges = (*pairwise(GAUSSIAN_EDGES), *pairwise(COLOUR_EDGES))
    means = np.zeros((HIGH_BIN - LOW_BIN, len(edges)))
    for part, (first, end) in enumerate(edges):
        means[first:end, part] = 1 / (end - first)
    return means


def _spread_of(means: Figures) -> Figures:
    """Standard deviation, from means of figures and of their squares [shape=(2, k)]."""
    return np.asarray(np.sqrt(np.maximum(means[1] - means[0] ** 2, 0)))


def _short(samples: Samples) -> Figures:
    """The levels of 5 ms frames around their own course: SHORT_FIGURES."""
    frames = samples[: len(samples) // SHORT * SHORT].reshape(-1, SHORT)
    levels = 10 * np.log10(np.square(frames).sum(axis=1) / SHORT + TINY)
    margin = N_SMOOTHED // 2
    around = levels[margin:-margin] - np.convolve(levels, SMOOTHING, "valid")
    centred = around - _mean(around)
    squares = np.square(centred)
    power = squares.sum() + 1e-9
    variance = power / len(centred)
    skewness = np.dot(squares, centred) / len(centred) / variance**1.5
    kurtosis = np.dot(squares, squares) / len(centred) / variance**2
    lags = [np.dot(centred[lag:], centred[:-lag]) / power for lag in (4, 2)]
    return np.array([np.sqrt(variance), skewness, kurtosis, *lags], dtype=np.float64)


def _peaky(high: Floats32) -> Figures:
    """Kurtosis of the samples' steps in 20 ms: 3 of Gaussian noise, more of drops and clicks."""
    squares = np.square(high[: len(high) // FRAME_LENGTH * FRAME_LENGTH].reshape(-1, FRAME_LENGTH))
    variance = squares.sum(axis=1) / FRAME_LENGTH + TINY
    kurtosis = np.square(squares).sum(axis=1) / FRAME_LENGTH / np.square(variance)
    return np.array([_mean(kurtosis), np.sort(kurtosis)[len(kurtosis) // 2]], dtype=np.float64)


def _mean(figures: NDArray[np.floating]) -> float:
    return float(figures.sum()) / len(figures)


def _spread(rows: NDArray[np.floating]) -> NDArray[np.floating]:
    """Standard deviation along the last axis."""
    n = rows.shape[-1]
    centred = rows - (rows.sum(axis=-1) / n)[..., np.newaxis]
    return np.asarray(np.sqrt(np.square(centred).sum(axis=-1) / n))
