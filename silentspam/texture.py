"""How an opening's sound is spread over frequency and moves in time: what the bases leave out.

A machine's dead air holds still; a person's quiet line breathes, wanders and rustles, also far below hearing.
Everything here comes from the power spectrogram and the codes that the verdict has anyway, in numpy alone.
Any number of openings of one length is measured at once: their axis is the first. Levels are dB re full
scale; bands are about a third of an octave wide.

For one opening numpy's calls cost more than its arithmetic: sums and counts are taken here without the care
of `mean`, `std` and `count_nonzero` along an axis, to the same bits.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import FRAME_LENGTH, Codes, code_values
from silentspam.spectrum import hann

N_BANDS = 16
N_CEPSTRAL = 20
N_LAGS = 40
LOWEST_LAG_BIN = 2
"""Autocorrelation leaves out 0 Hz and what the window spreads of it."""

TINY = 1e-10
"""Power below everything that mu-law can hold: keeps a logarithm finite."""

BAND_STATISTICS = ("mean", "spread", "swell", "lag1")
SAMPLE_SHAPES = ("kurtosis", "skewness", "zero_crossings", "dc", "crest_db")
FRAME_SHAPES = (
    "frame_change_mean",
    "frame_change_spread",
    "frame_range",
    "frame_peak",
    "trend",
    "start_excess",
)
FLATNESS_SHAPES = ("flatness_mean", "flatness_spread")
CODE_SHAPES = ("repeated_codes", "zero_balance")

MINUS_ZERO = 0x7F
"""Codes below it are negative samples (ITU-T G.711, Table 2b)."""

Figures = NDArray[np.float64]


def _centred(rows: Figures) -> tuple[Figures, Figures, Figures]:
    """Mean and standard deviation along the last axis, and what the mean leaves."""
    n = rows.shape[-1]
    mean = rows.sum(axis=-1) / n
    centred = rows - mean[..., np.newaxis]
    return mean, np.sqrt(np.square(centred).sum(axis=-1) / n), centred


def _side_by_side(*figures: Figures) -> Figures:
    """Figures of n openings each, as columns [shape=(n, len(figures))]."""
    return np.array(figures).T


def _share_of(marked: NDArray[np.bool_], n_samples: int) -> Figures:
    """How many are marked in each row, of so many samples [shape=(n,)]."""
    return np.array([np.count_nonzero(row) / n_samples for row in marked])


@lru_cache(maxsize=8)
def band_edges(n_bins: int, n_bands: int = N_BANDS) -> NDArray[np.intp]:
    """First bins of the bands from bin 1 up, each a bin wide at least, and the end [shape=(n_bands + 1,)]."""
    edges = [1]
    for band in range(1, n_bands + 1):
        ideal = n_bins ** (band / n_bands)
        edges.append(max(edges[-1] + 1, round(ideal)))
    return np.minimum(np.array(edges, dtype=np.intp), n_bins)


@lru_cache(maxsize=8)
def _band_means(n_bins: int) -> Figures:
    """The matrix that takes bins to means over bands [shape=(N_BANDS, n_bins)]."""
    edges = band_edges(n_bins)
    means = np.zeros((N_BANDS, n_bins))
    for band, (first, end) in enumerate(pairwise(edges)):
        means[band, first:end] = 1 / (end - first)
    return means


def in_bands(rows: Figures) -> Figures:
    """Means over bands of the bins [shape=(…, n_bins, k)]: [shape=(…, N_BANDS, k)]."""
    return np.asarray(_band_means(rows.shape[-2]) @ rows)


def decibels(powers: Figures) -> Figures:
    """Levels of powers [dB], of none that of TINY."""
    return np.asarray(10 * np.log10(powers + TINY))


def band_features(levels: Figures) -> Figures:
    """Each band's level over time: mean, spread, how far it swells above its median, and how slowly it moves.

    Parameters: levels [shape=(…, N_BANDS, n_frames)] [dB]. Returns [shape=(…, 4 * N_BANDS)], by statistic in
    the order of BAND_STATISTICS.
    """
    mean, spread, moving = _centred(levels)
    ranked = np.sort(levels, axis=-1)
    n_frames = levels.shape[-1]
    swell = ranked[..., int(0.95 * (n_frames - 1))] - ranked[..., n_frames // 2]
    lag1 = (moving[..., 1:] * moving[..., :-1]).sum(axis=-1) / (n_frames * spread**2 + TINY)
    return np.concatenate([mean, spread, swell, lag1], axis=-1)


def flatness(powers: Figures, levels: Figures) -> Figures:
    """Geometric over arithmetic mean of the bands' powers in each frame: its mean and spread [shape=(n, 2)].

    1 for a flat spectrum, near 0 for a tone (Johnston 1988, over bands rather than bins). Parameters: powers
    and their levels [dB] [shape=(n, N_BANDS, n_frames)].
    """
    flat = 10 ** (levels.sum(axis=-2) / N_BANDS / 10) / (powers.sum(axis=-2) / N_BANDS + TINY)
    mean, spread, _ = _centred(flat)
    return _side_by_side(mean, spread)


@lru_cache(maxsize=8)
def _cepstral_cosines(n_bins: int) -> Figures:
    k, n = np.arange(N_CEPSTRAL)[:, np.newaxis], np.arange(n_bins)
    return np.asarray(np.cos(np.pi * k * (2 * n + 1) / (2 * n_bins)) * np.sqrt(2 / n_bins))


def cepstrum(mean_power: Figures) -> Figures:
    """The first cepstral coefficients (DCT-II) of the log mean spectrum [shape=(…, n_bins)] in dB."""
    return np.asarray(decibels(mean_power) @ _cepstral_cosines(mean_power.shape[-1]).T)


@lru_cache(maxsize=8)
def _lag_cosines(n_bins: int) -> Figures:
    """Takes a mean power spectrum to the lags 0 to N_LAGS [shape=(n_bins, N_LAGS + 1)].

    What the window itself takes from the longer lags is given back.
    """
    length = 2 * (n_bins - 1)
    bins, lags = np.arange(n_bins)[:, np.newaxis], np.arange(N_LAGS + 1)
    cosines = np.cos(2 * np.pi * bins * lags / length) * np.where((bins == 0) | (bins == n_bins - 1), 1, 2)
    cosines[:LOWEST_LAG_BIN] = 0
    window = np.pad(hann(length), (0, length))
    own = np.fft.irfft(np.abs(np.fft.rfft(window)) ** 2)[: N_LAGS + 1]
    return np.asarray(cosines * (own[0] / np.maximum(own, TINY)))


def autocorrelation(mean_power: Figures) -> Figures:
    """Normalised autocorrelation at lags of 1 to N_LAGS samples [shape=(…, N_LAGS)].

    From the mean power spectrum [shape=(…, n_bins)] by the theorem of Wiener (1930) and Khinchin (1934),
    without 0 Hz.
    """
    lags = mean_power @ _lag_cosines(mean_power.shape[-1])
    return np.asarray(lags[..., 1:] / (lags[..., :1] + TINY))


def mean_square_and_peak(shares: Figures) -> tuple[Figures, Figures]:
    """Mean square and square of the largest sample, of 32768², from the shares of codes [shape=(n, 256)]."""
    square = np.square(code_values())
    return shares @ square, np.where(shares > 0, square, 0).max(axis=1)


def sample_shapes(codes: Codes, shares: Figures, peak: Figures) -> Figures:
    """Figures of the samples' distribution, in the order of SAMPLE_SHAPES.

    A sample has one of 256 values, so moments are sums over codes, exactly. Parameters: codes
    [shape=(n, n_samples)]; shares of all 256 codes [shape=(n, 256)]; peak of `mean_square_and_peak`.
    """
    dc = shares @ code_values()
    centred = code_values() - dc[:, np.newaxis]
    square = np.square(centred)
    weighted = shares * square
    variance = weighted.sum(axis=1) + TINY
    third, fourth = (weighted * centred).sum(axis=1), (weighted * square).sum(axis=1)
    negative = codes < MINUS_ZERO
    crossings = _share_of(negative[:, 1:] != negative[:, :-1], codes.shape[1])
    crest = decibels(peak) - 10 * np.log10(variance)
    return _side_by_side(fourth / variance**2, third / variance**1.5, crossings, dc, crest)


@lru_cache(maxsize=8)
def _courses(n_frames: int) -> Figures:
    """What takes levels to their trend, and to how far the start exceeds the rest [shape=(n_frames, 2)]."""
    time = np.linspace(-1, 1, n_frames)
    start = max(n_frames // 10, 1)
    excess = np.full(n_frames, -1 / (n_frames - start))
    excess[:start] = 1 / start
    return _side_by_side(time / (time @ time), excess)


def frame_shapes(levels: Figures) -> Figures:
    """How the level of 20 ms frames moves [shape=(n, n_frames)] [dB], in the order of FRAME_SHAPES.

    Change from frame to frame and its spread, range, highest over median, trend, and a loud start.
    """
    n, n_frames = levels.shape
    if n_frames < 2:
        return np.zeros((n, len(FRAME_SHAPES)))
    change, ranked = levels[:, 1:] - levels[:, :-1], np.sort(levels, axis=1)
    trend, start_excess = (levels @ _courses(n_frames)).T
    return _side_by_side(
        np.abs(change).sum(axis=1) / (n_frames - 1),
        _centred(change)[1],
        ranked[:, int(0.95 * (n_frames - 1))] - ranked[:, int(0.05 * (n_frames - 1))],
        ranked[:, -1] - ranked[:, n_frames // 2],
        trend,
        start_excess,
    )


def frame_powers(samples: NDArray[np.float32]) -> Figures:
    """Mean square of each whole 20 ms frame [shape=(n, n_samples // 160)]."""
    n, length = samples.shape
    n_frames = length // FRAME_LENGTH
    frames = samples[:, : n_frames * FRAME_LENGTH].reshape(n, n_frames, FRAME_LENGTH)
    return np.asarray(np.einsum("nft,nft->nf", frames, frames), dtype=np.float64) / FRAME_LENGTH


def code_shapes(codes: Codes, shares: Figures) -> Figures:
    """How often a code follows itself, and +0 over −0, in the order of CODE_SHAPES.

    Parameters: codes [shape=(n, n_samples)]; shares of all 256 codes [shape=(n, 256)].
    """
    repeated = _share_of(codes[:, 1:] == codes[:, :-1], codes.shape[1])
    return _side_by_side(repeated, shares[:, 0xFF] - shares[:, MINUS_ZERO])
