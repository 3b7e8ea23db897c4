"""The feature vector of an opening: one function for the call path and for training alike.

Features come in named groups; a model's card says which groups it was trained on. `bases` alone are the
features of Orife et al. 2018 (section 5: the top 3 bases of U); `base_bands` are the same bases in bands, so
that a forest learns a line's colour and not one bin of one campaign. Bases carry no level and no movement, so
a silent line and a loud one can look alike; the other groups add what U leaves out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silentspam import texture
from silentspam.audio import FLOOR_DBFS, Recording, Samples, code_values
from silentspam.decompose import Bases, svd_bases
from silentspam.errors import ModelError
from silentspam.spectrum import Spectrogram, StftParams, power_spectrogram

FeatureVector = NDArray[np.float32]

NEAREST_CODES = (0xFF, 0x7F, 0xFE, 0x7E, 0xFD, 0x7D, 0xFC, 0x7C, 0xFB, 0x7B)
"""The ten mu-law codes nearest zero: +0, −0, ±8, ±16, ±24, ±32 of 32768."""

FULL_SCALE = 32768.0
"""What a linear sample is counted of."""

AT_ONCE = 32
"""Openings measured together: as many as fit into a core's cache."""

FEW = 8
"""Openings of which is kept what they were measured by: those of calls, judged further. Each has 200 kB."""

KEPT = ("power", "band_levels", "samples")
Kept = dict[str, NDArray[Any]]
"""By these names, which are those of `Measured`."""

LEVEL_PERCENTILES = (5, 25, 50, 75, 95)

_LEVEL_NAMES = ("rms_dbfs", "peak_dbfs", *(f"frame_dbfs_p{p}" for p in LEVEL_PERCENTILES))


@dataclass(frozen=True, kw_only=True)
class FeatureParams:
    """What goes into a feature vector: the transform, the number of bases, the groups in their order."""

    stft: StftParams = field(default_factory=StftParams)
    n_bases: int = 3
    groups: tuple[str, ...] = ("bases", "shares", "levels", "codes")

    def __post_init__(self) -> None:
        unknown = sorted(set(self.groups) - set(_GROUPS))
        if unknown or not self.groups:
            raise ModelError(f"features.groups holds {unknown or 'nothing'}: choose from {sorted(_GROUPS)}")
        if not 1 <= self.n_bases <= self.stft.n_bins:
            raise ModelError(f"features.n_bases is {self.n_bases}: it must lie in 1…{self.stft.n_bins}")
        if {"bands", "base_bands"} & set(self.groups) and self.stft.n_bins <= texture.N_BANDS:
            shortest = 2 * texture.N_BANDS
            raise ModelError(
                f"stft.window_length is {self.stft.window_length}: bands want at least {shortest}"
            )


def _base_names(params: FeatureParams) -> list[str]:
    return [f"u{b + 1}_bin{k}" for b in range(params.n_bases) for k in range(params.stft.n_bins)]


def _share_names(params: FeatureParams) -> list[str]:
    return [f"u{b + 1}_energy_share" for b in range(params.n_bases)]


def _code_names(_: FeatureParams) -> list[str]:
    return [f"code_{code:02X}_share" for code in NEAREST_CODES] + ["codes_in_use"]


def _levels(openings: "_Openings") -> NDArray[np.float64]:
    """RMS, peak and percentiles of the 20 ms frames' RMS [dBFS]; a percentile is the nearest frame's."""
    frames = openings.frame_power
    ranked = np.sort(frames, axis=1).take(_ranks(frames.shape[1]), axis=1)
    levels = np.array(openings.mean_square_and_peak).T / FULL_SCALE**2
    powers = np.concatenate([levels, ranked], axis=1)
    return np.asarray(10 * np.log10(np.maximum(powers, 10 ** (FLOOR_DBFS / 10))))


@lru_cache(maxsize=8)
def _ranks(n_frames: int) -> NDArray[np.intp]:
    """Where LEVEL_PERCENTILES stand among so many frames, the quietest first."""
    return np.array([round(percentile / 100 * (n_frames - 1)) for percentile in LEVEL_PERCENTILES])


def _code_figures(openings: "_Openings") -> NDArray[np.float64]:
    shares = openings.code_shares
    in_use = (shares > 0).sum(axis=1)[:, np.newaxis]
    return np.concatenate([shares.take(NEAREST_CODES, axis=1), in_use], axis=1)


class _Openings:
    """Openings of one length as the groups see them: what more than one of them needs is computed once."""

    def __init__(self, recordings: Sequence[Recording], params: FeatureParams) -> None:
        self.codes = np.array([recording.codes for recording in recordings])
        self._recordings = recordings
        self._params = params

    @cached_property
    def samples(self) -> NDArray[np.float32]:
        """In ±1 [shape=(n, n_samples)]."""
        return _samples_of_codes().take(self.codes)

    @cached_property
    def power(self) -> Spectrogram:
        """[shape=(n, n_bins, n_frames)]"""
        return power_spectrogram(self.samples, self._params.stft)

    @cached_property
    def bases(self) -> Bases:
        """Of every opening, along the first axis."""
        return svd_bases(np.sqrt(self.power), self._params.n_bases)

    @cached_property
    def band_power(self) -> NDArray[np.float64]:
        """[shape=(n, N_BANDS, n_frames)]"""
        return texture.in_bands(self.power)

    @cached_property
    def band_levels(self) -> NDArray[np.float64]:
        """[shape=(n, N_BANDS, n_frames)] [dB]"""
        return texture.decibels(self.band_power)

    @cached_property
    def frame_power(self) -> NDArray[np.float64]:
        """Mean square of each 20 ms frame [shape=(n, n_samples // 160)]."""
        return texture.frame_powers(self.samples)

    @cached_property
    def code_shares(self) -> NDArray[np.float64]:
        """Share of each code [shape=(n, 256)]."""
        counts = np.array([recording.code_counts for recording in self._recordings])
        return np.asarray(counts / self.codes.shape[1])

    @cached_property
    def mean_square_and_peak(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """As `texture` gives them, of 32768² [shape=(n,)] each."""
        return texture.mean_square_and_peak(self.code_shares)

    def made(self, row: int) -> Kept:
        """What the groups needed of one opening and others may want: of `Measured`, by name."""
        return {name: self.__dict__[name][row] for name in KEPT if name in self.__dict__}


@lru_cache(maxsize=1)
def _samples_of_codes() -> NDArray[np.float32]:
    """The sample in ±1 that each code stands for [shape=(256,)]."""
    return (code_values() / FULL_SCALE).astype(np.float32)


def _base_band_names(params: FeatureParams) -> list[str]:
    return [f"u{b + 1}_band{k + 1}" for b in range(params.n_bases) for k in range(texture.N_BANDS)]


def _band_names(_: FeatureParams) -> list[str]:
    return [
        f"band{k + 1}_{statistic}" for statistic in texture.BAND_STATISTICS for k in range(texture.N_BANDS)
    ]


def _texture_names(_: FeatureParams) -> list[str]:
    cepstral = [f"cepstral{k}" for k in range(texture.N_CEPSTRAL)]
    lags = [f"autocorrelation_lag{k + 1}" for k in range(texture.N_LAGS)]
    shapes = (*texture.SAMPLE_SHAPES, *texture.FRAME_SHAPES, *texture.FLATNESS_SHAPES, *texture.CODE_SHAPES)
    return [*cepstral, *lags, *shapes]


def _texture(openings: _Openings) -> NDArray[np.float64]:
    power, shares = openings.power, openings.code_shares
    mean_power = power.sum(axis=-1) / power.shape[-1]
    _, peak = openings.mean_square_and_peak
    figures = (
        texture.cepstrum(mean_power),
        texture.autocorrelation(mean_power),
        texture.sample_shapes(openings.codes, shares, peak),
        texture.frame_shapes(texture.decibels(openings.frame_power)),
        texture.flatness(openings.band_power, openings.band_levels),
        texture.code_shapes(openings.codes, shares),
    )
    return np.concatenate(figures, axis=1)


def _rows(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns of each opening one after another: [shape=(n, rows, k)] to [shape=(n, k * rows)]."""
    return np.asarray(columns.swapaxes(1, 2).reshape(len(columns), -1))


_GROUPS: dict[
    str, tuple[Callable[[FeatureParams], list[str]], Callable[[_Openings], NDArray[np.float64]]]
] = {
    "bases": (_base_names, lambda openings: _rows(openings.bases.u)),
    "shares": (_share_names, lambda openings: openings.bases.shares),
    "levels": (lambda params: list(_LEVEL_NAMES), _levels),
    "codes": (_code_names, _code_figures),
    "base_bands": (_base_band_names, lambda openings: _rows(texture.in_bands(openings.bases.u))),
    "bands": (_band_names, lambda openings: texture.band_features(openings.band_levels)),
    "texture": (_texture_names, _texture),
}


def feature_names(params: FeatureParams) -> list[str]:
    """The name of each entry of `feature_vector`, in its order."""
    return [name for group in params.groups for name in _GROUPS[group][0](params)]


@lru_cache(maxsize=8)
def _n_features(params: FeatureParams) -> int:
    return len(feature_names(params))


@dataclass(frozen=True, eq=False)
class Measured:
    """What was computed of an opening on the way to a verdict, for whoever goes on judging it.

    vector [shape=(n_features,)]; where they were made, and kept: power, its spectrogram's squares
    [shape=(n_bins, n_frames)], the levels of its bands [shape=(N_BANDS, n_frames)] [dB], and the samples
    [shape=(n,), float32 in ±1].
    """

    vector: FeatureVector
    power: Spectrogram | None = None
    band_levels: NDArray[np.float64] | None = None
    samples: Samples | None = None


def feature_vector(recording: Recording, params: FeatureParams) -> FeatureVector:
    """The features of an opening [shape=(n_features,), float32].

    Raises ModelError when the recording is shorter than one window or sampled at another rate.
    """
    vector: FeatureVector = feature_matrix([recording], params)[0]
    return vector


def feature_matrix(
    recordings: Sequence[Recording],
    params: FeatureParams,
    *,
    kept: dict[int, Kept] | None = None,
) -> NDArray[np.float32]:
    """The features of many openings [shape=(n, n_features), float32], in their order.

    Openings of one length are measured together, which is faster; each row is what `feature_vector` gives,
    but for the last bit. Raises ModelError as it does. kept: where what was made on the way is put, by the
    openings' places.
    """
    by_length: dict[int, list[int]] = {}
    for index, recording in enumerate(recordings):
        if recording.sample_rate != params.stft.sample_rate:
            raise ModelError(
                f"recording is at {recording.sample_rate} Hz, the model wants {params.stft.sample_rate} Hz"
            )
        by_length.setdefault(len(recording.codes), []).append(index)
    matrix = np.empty((len(recordings), _n_features(params)), dtype=np.float32)
    for indices in by_length.values():
        for start in range(0, len(indices), AT_ONCE):
            chosen = indices[start : start + AT_ONCE]
            openings = _Openings([recordings[index] for index in chosen], params)
            parts = [_GROUPS[group][1](openings) for group in params.groups]
            matrix[chosen] = np.concatenate(parts, axis=1)
            if kept is not None:
                kept.update((index, openings.made(row)) for row, index in enumerate(chosen))
    return matrix


def measured(recordings: Sequence[Recording], params: FeatureParams) -> list[Measured]:
    """The features of openings, each as `feature_matrix` gives them; of a FEW what they were made of too."""
    kept: dict[int, Kept] | None = {} if len(recordings) <= FEW else None
    vectors = feature_matrix(recordings, params, kept=kept)
    return [Measured(vector, **(kept or {}).get(index, {})) for index, vector in enumerate(vectors)]
