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


QUIETEST = 10 ** (-62.0 / 10) * (3 / 32) * STFT.window_length**2
"""Power in the spectrogram of a sine of −62 dBFS: A²·W²/16 at its peak, half as much beside it."""


@dataclass(frozen=True, eq=False)
class Frames:
    """Each frame's power, its two clusters' share of it, and the bins these are at, the lower first."""

    power: Figures
    share: Figures
    low: Positions
    high: Positions


_POWERS: "WeakKeyDictionary[Sound, Figures]" = WeakKeyDictionary()
_FRAMES: "WeakKeyDictionary[Sound, Frames]" = WeakKeyDictionary()


def powers_of(sound: Sound) -> Figures:
    """Each frame's power [shape=(n_frames,)], computed once. The sound must not be empty."""
    found = _POWERS.get(sound)
    if found is None:
        found = _POWERS[sound] = sound.power.T[:, FIRST_BIN:END_BIN].sum(axis=1)
    return found


def may_hold_tones(sound: Sound) -> bool:
    """Whether any frame is loud enough for a tone: dead air mostly has none, and is looked at no further."""
    return not sound.is_empty and bool(powers_of(sound).max() >= QUIETEST)


def frames_of(sound: Sound) -> Frames:
    """The two strongest clusters of each frame, computed once. The sound must not be empty."""
    found = _FRAMES.get(sound)
    if found is None:
        found = _FRAMES[sound] = _clusters(sound)
    return found


def _clusters(sound: Sound) -> Frames:
    power = powers_of(sound)
    # Beyond the band lies nothing, on both sides: a cluster at its edge has no other bins.
    band = np.zeros((len(power), END_BIN - FIRST_BIN + 2 * HALF_CLUSTER))
    band[:, HALF_CLUSTER:-HALF_CLUSTER] = sound.power.T[:, FIRST_BIN:END_BIN]
    first, first_power = _take_cluster(band)
    second, second_power = _take_cluster(band)
    pair = second_power > SECOND_SHARE * first_power
    share = (first_power + second_power * pair) / np.maximum(power, 1e-30)
    second = np.where(pair, second, first)
    return Frames(power, share, np.minimum(first, second), np.maximum(first, second))


def _take_cluster(band: Figures) -> tuple[Positions, Figures]:
    """The strongest cluster of each frame: its bin and its power; it is taken out of `band`."""
    peak = band.argmax(axis=1)
    starts = np.arange(0, band.size, band.shape[1]) - HALF_CLUSTER + peak
    around = starts[:, np.newaxis] + np.arange(2 * HALF_CLUSTER + 1)
    power = band.take(around).sum(axis=1)
    band.put(around, 0.0)
    return peak + (FIRST_BIN - HALF_CLUSTER), power
