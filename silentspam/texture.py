"""How an opening's sound is spread over frequency and moves in time: what the bases leave out.

A machine's dead air holds still; a person's quiet line breathes, wanders and rustles, also far below hearing.
Everything here comes from the magnitude spectrogram and the samples that the verdict has anyway, in numpy
alone. Levels are dB re full scale; bands are about a third of an octave wide.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import FRAME_LENGTH, Recording
from silentspam.spectrum import Spectrogram

N_BANDS = 16
N_CEPSTRAL = 20
N_LAGS = 40
N_FRAME_FEATURES = 6
TINY = 1e-10
"""Power below everything that mu-law can hold: keeps a logarithm finite."""

BAND_STATISTICS = ("mean", "spread", "swell", "lag1")
SHAPES = (
    "kurtosis",
    "skewness",
    "zero_crossings",
    "dc",
    "crest_db",
    "frame_change_mean",
    "frame_change_spread",
    "frame_range",
    "frame_peak",
    "trend",
    "start_excess",
    "flatness_mean",
    "flatness_spread",
    "repeated_codes",
    "zero_balance",
)


@lru_cache(maxsize=8)
def band_edges(n_bins: int, n_bands: int = N_BANDS) -> NDArray[np.intp]:
    """First bins of the bands from bin 1 up, each a bin wide at least, and the end [shape=(n_bands + 1,)]."""
    edges = [1]
    for band in range(1, n_bands + 1):
        ideal = n_bins ** (band / n_bands)
        edges.append(max(edges[-1] + 1, round(ideal)))
    return np.minimum(np.array(edges, dtype=np.intp), n_bins)


def in_bands(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over bands of the bins [shape=(n_bins, k)]: [shape=(N_BANDS, k)]."""
    edges = band_edges(len(rows))
    return np.asarray(np.add.reduceat(rows[: edges[-1]], edges[:-1], axis=0) / np.diff(edges)[:, np.newaxis])


def band_features(spectrogram: Spectrogram) -> NDArray[np.float64]:
    """Each band's level over time: mean, spread, how far it swells above its median, and how slowly it moves.

    Returns [shape=(4 * N_BANDS,)], by statistic in the order of BAND_STATISTICS.
    """
    levels = 10 * np.log10(in_bands(spectrogram**2) + TINY)
    mean, spread = levels.mean(axis=1), levels.std(axis=1)
    ranked = np.sort(levels, axis=1)
    n_frames = levels.shape[1]
    swell = ranked[:, int(0.95 * (n_frames - 1))] - ranked[:, n_frames // 2]
    moving = levels - mean[:, np.newaxis]
    lag1 = (moving[:, 1:] * moving[:, :-1]).sum(axis=1) / (n_frames * spread**2 + TINY)
    return np.concatenate([mean, spread, swell, lag1])


@lru_cache(maxsize=8)
def _cosines(n_bins: int) -> NDArray[np.float64]:
    k, n = np.arange(N_CEPSTRAL)[:, np.newaxis], np.arange(n_bins)
    return np.asarray(np.cos(np.pi * k * (2 * n + 1) / (2 * n_bins)) * np.sqrt(2 / n_bins))


def cepstrum(spectrogram: Spectrogram) -> NDArray[np.float64]:
    """The first cepstral coefficients (DCT-II) of the mean log spectrum [shape=(N_CEPSTRAL,)]."""
    return np.asarray(_cosines(len(spectrogram)) @ (10 * np.log10((spectrogram**2).mean(axis=1) + TINY)))


def autocorrelation(recording: Recording) -> NDArray[np.float64]:
    """Normalised autocorrelation at lags of 1 to N_LAGS samples, the DC taken out [shape=(N_LAGS,)]."""
    x = recording.samples.astype(np.float64)
    x -= x.mean()
    n = len(x)
    lags = np.array([x[: n - lag] @ x[lag:] for lag in range(1, N_LAGS + 1)])
    return np.asarray(lags / (x @ x + TINY))


def shape_features(recording: Recording, spectrogram: Spectrogram) -> NDArray[np.float64]:
    """Single figures, in the order of SHAPES."""
    x = recording.samples.astype(np.float64)
    dc = x.mean()
    centred = x - dc
    square = centred * centred
    variance = square.mean() + TINY
    power = spectrogram[2:-2] ** 2 + TINY
    flatness = np.exp(np.log(power).mean(axis=0)) / power.mean(axis=0)
    codes = recording.codes
    return np.array(
        [
            (square @ square) / len(x) / variance**2,
            (square @ centred) / len(x) / variance**1.5,
            np.count_nonzero(np.signbit(x[1:]) != np.signbit(x[:-1])) / len(x),
            dc * 32768,
            10 * np.log10(np.max(np.abs(x)) ** 2 + TINY) - 10 * np.log10(variance),
            *_frame_features(x),
            flatness.mean(),
            flatness.std(),
            np.count_nonzero(codes[1:] == codes[:-1]) / len(codes),
            (np.count_nonzero(codes == 0xFF) - np.count_nonzero(codes == 0x7F)) / len(codes),
        ]
    )


def _frame_features(x: NDArray[np.float64]) -> list[float]:
    """How the level of 20 ms frames moves: changes, range, highest over median, trend, and a loud start."""
    frames = x[: len(x) // FRAME_LENGTH * FRAME_LENGTH].reshape(-1, FRAME_LENGTH)
    level = 10 * np.log10((frames**2).mean(axis=1) + TINY)
    if len(level) < 2:
        return [0.0] * N_FRAME_FEATURES
    change, ranked = np.diff(level), np.sort(level)
    n = len(level)
    start = max(n // 10, 1)
    time = np.linspace(-1, 1, n)
    return [
        float(np.abs(change).mean()),
        float(change.std()),
        float(ranked[int(0.95 * (n - 1))] - ranked[int(0.05 * (n - 1))]),
        float(ranked[-1] - ranked[n // 2]),
        float((time * level).mean() / (time**2).mean()),
        float(level[:start].mean() - level[start:].mean()),
    ]
