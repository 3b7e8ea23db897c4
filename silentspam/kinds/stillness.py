"""How still a sound is, and how Gaussian: what tells a machine's hiss from rain on a roof.

A machine's noise keeps its colour, or moves all of it together; a place moves in each band by itself, and
what it is made of, drops, steps, wheels, is not Gaussian. Of Gaussian noise of a constant level the power in
one bin is exponentially distributed (chi-squared with two degrees of freedom): the mean of its logarithm lies
Euler's 0.5772 below the logarithm of its mean. Levels are dB, within bins nepers of power (4.34 dB). All of
it is made of one opening's samples and the power spectrogram that is there.
"""

import math
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


def stillness(
    samples: Samples, power: NDArray[np.float64], levels: Figures | None = None
) -> NDArray[np.float32]:
    """The figures of NAMES [shape=(len(NAMES),)], finite for any sound of one window or more.

    Parameters: samples [shape=(n,), float32 in ±1]; power, its spectrogram's squares [shape=(257, n_frames)];
    levels of its bands [shape=(N_BANDS, n_frames)] [dB], where they are known.
    """
    levels = texture.decibels(texture.in_bands(power)) if levels is None else levels
    high = samples[1:] - samples[:-1]
    squares = np.square(high)
    short = _short(np.square(samples), squares)
    return np.concatenate([_bands(levels), *_bins(power), short, _peaky(squares)], dtype=np.float32)


def _bands(levels: Figures) -> Figures:
    """How far each band moves by itself, and what all move together, of their levels [dB]."""
    n = levels.shape[1]
    rows = _bands_apart() @ (levels - (levels @ _ones(n) / n)[:, np.newaxis])
    squares = np.square(rows) @ _ones(n) / n
    common, spread = rows[texture.N_BANDS], np.sqrt(squares[: texture.N_BANDS + 1])
    change = np.abs(common[1:] - common[:-1]) @ _ones(n - 1) / max(n - 1, 1)
    spoken = squares[texture.N_BANDS + 1 :]
    share = squares[texture.N_BANDS] / (spoken.sum() / len(spoken) + 1e-9)
    return np.array([*spread.tolist(), change, share])


@lru_cache(maxsize=1)
def _bands_apart() -> Figures:
    """Takes bands to what each has of its own, the spoken bands' mean, and those bands [shape=(28, 16)]."""
    bands = np.eye(texture.N_BANDS)
    spoken = bands[SPOKEN_BANDS]
    common = spoken.sum(axis=0, keepdims=True) / len(spoken)
    return np.concatenate([bands - common, common, spoken])


def _bins(power: NDArray[np.float64]) -> tuple[NDArray[np.floating], ...]:
    """Whether the bins are Gaussian, ragged, flat and independent of the frame before [nepers]."""
    margin = N_SMOOTHED // 2
    heard = power.T[:, LOW_BIN - margin : HIGH_BIN + margin]
    bins = np.add(heard, TINY, dtype=np.float32, casting="same_kind")
    inner = slice(margin, -margin)
    n_frames, n = len(bins), HIGH_BIN - LOW_BIN
    bins *= (n / (bins[:, inner] @ _ones(n)))[:, np.newaxis]
    colour = np.log(_ones(n_frames) @ bins / n_frames)
    logs = np.log(bins[:, inner])
    means = _ones(n_frames) @ logs / n_frames
    gaussian = means - colour[inner]
    ragged = colour[inner] - np.correlate(colour, SMOOTHING)
    flat = logs @ _ones(n) / n
    logs -= means
    moving = logs.ravel()
    persistence = np.dot(moving[n:], moving[:-n]) / (np.dot(moving, moving) + TINY)
    figures = np.array([gaussian, gaussian**2, ragged, ragged**2]) @ _part_means()
    of_gaussian, of_ragged = figures[:2, : len(GAUSSIAN_EDGES) - 1], figures[2:, len(GAUSSIAN_EDGES) - 1 :]
    frames = np.array([*_mean_and_spread(flat), persistence])
    return of_gaussian[0], _spread_of(of_gaussian), _spread_of(of_ragged), frames


@lru_cache(maxsize=16)
def _ones(n: int) -> Floats32:
    """Sums by a product of matrices, which is faster than `sum` along an axis [shape=(n,)]."""
    return np.ones(n, dtype=np.float32)


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


def _short(squares: Floats32, high: Floats32) -> Figures:
    """The levels of 5 ms frames around their own course: SHORT_FIGURES, of samples and of their steps.

    Parameters: the squares of both. They are one row until their course is known, which costs half.
    """
    powers = [_frame_means(squares, SHORT), _frame_means(high, SHORT)]
    levels = 10 * np.log10(np.concatenate(powers) + TINY)
    margin = N_SMOOTHED // 2
    around = levels[margin:-margin] - np.correlate(levels, SMOOTHING)
    n = len(powers[0])
    return np.array([*_shape(around[: n - 2 * margin]), *_shape(around[n:])])


def _shape(around: Floats32) -> tuple[float, ...]:
    """SHORT_FIGURES of levels around their course."""
    n = len(around)
    centred = around - np.float32(_mean(around))
    squares = np.square(centred)
    power = float(np.dot(centred, centred)) + 1e-9
    variance = power / n
    skewness = float(np.dot(squares, centred)) / n / variance**1.5
    kurtosis = float(np.dot(squares, squares)) / n / variance**2
    lags = (float(np.dot(centred[lag:], centred[:-lag])) / power for lag in (4, 2))
    return math.sqrt(variance), skewness, kurtosis, *lags


def _frame_means(figures: Floats32, length: int) -> Floats32:
    """Of each whole frame of so many samples [shape=(n // length,)]."""
    return np.asarray(figures[: len(figures) // length * length].reshape(-1, length) @ _ones(length) / length)


def _peaky(squares: Floats32) -> Figures:
    """Kurtosis of the samples' steps in 20 ms, from their squares: 3 of Gaussian noise, more of drops."""
    variance = _frame_means(squares, FRAME_LENGTH) + TINY
    kurtosis = _frame_means(np.square(squares), FRAME_LENGTH) / np.square(variance)
    return np.array([_mean(kurtosis), np.sort(kurtosis)[len(kurtosis) // 2]], dtype=np.float64)


def _mean(figures: NDArray[np.floating]) -> float:
    return float(figures @ _ones(len(figures))) / len(figures)


def _mean_and_spread(figures: NDArray[np.floating]) -> tuple[float, float]:
    mean = _mean(figures)
    centred = figures - figures.dtype.type(mean)
    return mean, math.sqrt(float(np.dot(centred, centred)) / len(centred))
