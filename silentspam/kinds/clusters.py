"""Each frame's two strongest clusters: how much of its power they hold, and where they are.

Computed once a sound, for all detectors of tones. Power is that of the spectrogram, shares 0…1 of what lies
between 250 and 3,700 Hz.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE
from silentspam.kinds.sound import STFT, Sound

Figures = NDArray[np.float64]
Positions = NDArray[np.intp]

BIN_HZ = SAMPLE_RATE / STFT.window_length
HOP_SECONDS = STFT.hop_length / SAMPLE_RATE
LOWEST_HZ, HIGHEST_HZ = 250.0, 3700.0
FIRST_BIN, END_BIN = round(LOWEST_HZ / BIN_HZ), round(HIGHEST_HZ / BIN_HZ) + 1

HALF_CLUSTER = 3
"""Bins on each side of a peak that go with it: the main lobe, and a second tone up to 50 Hz away."""
SECOND_SHARE = 0.05
"""A second cluster counts from −13 dB of the first on: keys may be twisted by 8 dB (ITU-T Q.24)."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Each frame's power, its two clusters' share of it, and the bins these are at, the lower first."""

    power: Figures
    share: Figures
    low: Positions
    high: Positions


_FRAMES: "WeakKeyDictionary[Sound, Frames]" = WeakKeyDictionary()


def frames_of(sound: Sound) -> Frames:
    """The two strongest clusters of each frame, computed once. The sound must not be empty."""
    found = _FRAMES.get(sound)
    if found is None:
        found = _FRAMES[sound] = _clusters(sound)
    return found


def _clusters(sound: Sound) -> Frames:
    band = np.array(sound.power.T[:, FIRST_BIN:END_BIN])
    power = band.sum(axis=1)
    first, first_power = _take_cluster(band)
    second, second_power = _take_cluster(band)
    pair = second_power > SECOND_SHARE * first_power
    share = (first_power + np.where(pair, second_power, 0)) / np.maximum(power, 1e-30)
    second = np.where(pair, second, first)
    return Frames(power, share, np.minimum(first, second), np.maximum(first, second))


def _take_cluster(band: Figures) -> tuple[Positions, Figures]:
    """The strongest cluster of each frame: its bin and its power; it is taken out of `band`."""
    peak = band.argmax(axis=1)
    around = peak[:, np.newaxis] + np.arange(-HALF_CLUSTER, HALF_CLUSTER + 1)
    np.clip(around, 0, band.shape[1] - 1, out=around)
    rows = np.arange(len(band))[:, np.newaxis]
    power = band[rows, around]
    band[rows, around] = 0
    return peak + FIRST_BIN, power.sum(axis=1)
