"""The feature vector of an opening: one function for the call path and for training alike.

Features come in named groups; a model's card says which groups it was trained on. `bases` alone are the
features of Orife et al. 2018 (section 5: the top 3 bases of U); `base_bands` are the same bases in bands, so
that a forest learns a line's colour and not one bin of one campaign. Bases carry no level and no movement, so
a silent line and a loud one can look alike; the other groups add what U leaves out.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from silentspam import texture
from silentspam.audio import FLOOR_DBFS, FRAME_LENGTH, Recording
from silentspam.decompose import Bases, svd_bases
from silentspam.errors import ModelError
from silentspam.spectrum import Spectrogram, StftParams, magnitude_spectrogram

FeatureVector = NDArray[np.float32]

NEAREST_CODES = (0xFF, 0x7F, 0xFE, 0x7E, 0xFD, 0x7D, 0xFC, 0x7C, 0xFB, 0x7B)
"""The ten mu-law codes nearest zero: +0, −0, ±8, ±16, ±24, ±32 of 32768."""

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


def _levels(recording: Recording) -> NDArray[np.float64]:
    """RMS, peak and percentiles of the 20 ms frames' RMS [dBFS]; a percentile is the nearest frame's."""
    power = np.square(recording.samples, dtype=np.float64)
    frames = power[: len(power) // FRAME_LENGTH * FRAME_LENGTH].reshape(-1, FRAME_LENGTH)
    frame_power = np.sort(frames.mean(axis=1))
    ranks = [round(percentile / 100 * (len(frame_power) - 1)) for percentile in LEVEL_PERCENTILES]
    powers = np.array([power.mean(), power.max(), *frame_power[ranks]])
    return np.asarray(10 * np.log10(np.maximum(powers, 10 ** (FLOOR_DBFS / 10))))


def _code_shares(recording: Recording) -> list[float]:
    counts = np.bincount(recording.codes, minlength=256)
    return [*(counts[list(NEAREST_CODES)] / len(recording.codes)), float((counts > 0).sum())]


@dataclass(frozen=True, eq=False)
class _Opening:
    """An opening as the groups see it: everything that more than one of them needs, computed once."""

    recording: Recording
    spectrogram: Spectrogram
    bases: Bases


def _base_band_names(params: FeatureParams) -> list[str]:
    return [f"u{b + 1}_band{k + 1}" for b in range(params.n_bases) for k in range(texture.N_BANDS)]


def _band_names(_: FeatureParams) -> list[str]:
    return [
        f"band{k + 1}_{statistic}" for statistic in texture.BAND_STATISTICS for k in range(texture.N_BANDS)
    ]


def _texture_names(_: FeatureParams) -> list[str]:
    cepstral = [f"cepstral{k}" for k in range(texture.N_CEPSTRAL)]
    lags = [f"autocorrelation_lag{k + 1}" for k in range(texture.N_LAGS)]
    return [*cepstral, *lags, *texture.SHAPES]


def _texture(opening: _Opening) -> list[float]:
    return [
        *texture.cepstrum(opening.spectrogram),
        *texture.autocorrelation(opening.recording),
        *texture.shape_features(opening.recording, opening.spectrogram),
    ]


_GROUPS: dict[str, tuple[Callable[[FeatureParams], list[str]], Callable[[_Opening], object]]] = {
    "bases": (_base_names, lambda opening: opening.bases.u.T.ravel()),
    "shares": (_share_names, lambda opening: opening.bases.shares),
    "levels": (lambda params: list(_LEVEL_NAMES), lambda opening: _levels(opening.recording)),
    "codes": (_code_names, lambda opening: _code_shares(opening.recording)),
    "base_bands": (_base_band_names, lambda opening: texture.in_bands(opening.bases.u).T.ravel()),
    "bands": (_band_names, lambda opening: texture.band_features(opening.spectrogram)),
    "texture": (_texture_names, _texture),
}


def feature_names(params: FeatureParams) -> list[str]:
    """The name of each entry of `feature_vector`, in its order."""
    return [name for group in params.groups for name in _GROUPS[group][0](params)]


def feature_vector(recording: Recording, params: FeatureParams) -> FeatureVector:
    """The features of an opening [shape=(n_features,), float32].

    Raises ModelError when the recording is shorter than one window or sampled at another rate.
    """
    if recording.sample_rate != params.stft.sample_rate:
        raise ModelError(
            f"recording is at {recording.sample_rate} Hz, the model wants {params.stft.sample_rate} Hz"
        )
    spectrogram = magnitude_spectrogram(recording.samples, params.stft)
    opening = _Opening(recording, spectrogram, svd_bases(spectrogram, params.n_bases))
    parts = [np.asarray(_GROUPS[group][1](opening), dtype=np.float32) for group in params.groups]
    return np.concatenate(parts)
