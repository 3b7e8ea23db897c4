"""The strongest peaks of an opening's spectrogram: what of a sound survives codec, gain, cut and noise.

A recording that is played again has the same peaks at the same distances, whatever was done to the rest: the
constellation of Wang 2003, "An industrial-strength audio search algorithm" (ISMIR), section 2.1, for the two
seconds and the 200 to 3400 Hz that a telephone has. Frames are 16 ms (128 samples) apart, bins 15.6 Hz.
Tones, steady noise, dead air and digital silence tell nothing: any call could have them.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Samples
from silentspam.kinds.sound import STFT, Sound

WINDOW, HOP = STFT.window_length, STFT.hop_length // 2
"""Samples of a window (64 ms: it resolves the harmonics of a voice), and from one to the next (16 ms): every
second one is a window of `Sound.spectrogram`."""

FIRST_BIN, END_BIN = 13, 218
"""200 to 3400 Hz: what every telephone codec carries."""

N_BINS = END_BIN - FIRST_BIN

REACH = 4
"""A peak is the highest within so many frames (64 ms) and bins (62 Hz) on every side."""

_ROW = REACH + N_BINS
_FIRST_CELL = REACH * _ROW + REACH
"""Places of a frame among the zeros of `_room`, and where its first frame's first bin is."""

BLOCK = 62
"""Frames of about a second, each of which gives its own peaks: a loud word must not take them all."""

PEAKS, STRONG_PEAKS = 40, 20
"""Peaks of a block at most, and how many of them, the highest, make landmarks."""

FLOOR_DBFS = -66.0
"""Level of a sine below which nothing is a peak: twice the smallest step of mu-law."""

QUIET_BETWEEN = 0.1
"""Where no known window has so much of FLOOR_DBFS's power, as in dead air, none between has a peak: what lies
in the middle of one weighs a quarter of its power in both beside it (Hann, half a hop away)."""

DEPTH_DB = 40.0
"""How far below the highest peak of its block one may lie: deeper is what codecs add to a loud tone."""

LEAST_PEAKS, LEAST_BINS, LEAST_FRAMES = 20, 18, 12
"""With fewer peaks a sound is nearly silent; in fewer bins it is tones, through whatever codec; in fewer
frames clicks. Measured: of 600 openings of speech and music 1 % have fewer than 19 bins or 20 frames."""

AROUND = 8
"""Bins on each side (125 Hz) over which a peak's surroundings are averaged, and a block in time."""

CONTRASTED = 0.2
LEAST_CONTRAST_DB = 11.0
"""The best fifth of the strong peaks must stand so far above their surroundings. Measured: of 200 steady
noises none reached 10.3 dB, of 300 re-plays of speech and music at 10 dB SNR 1 % stayed below 12.0 dB."""

AT_ONCE = 62
"""Windows transformed together: half of an opening's; more would leave the core's cache."""

LONGEST_SECONDS = 8.0
"""Fewer than 512 frames: what `recordings.index` has room for."""

Power = NDArray[np.float32]
Places = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Constellation:
    """Peaks in the order of time: frames, bins [shape=(n,), int32], strong [shape=(n,), bool].

    contrast: how far the best peaks stand above their surroundings [dB].
    """

    frames: Places
    bins: Places
    strong: NDArray[np.bool_]
    contrast: float = 0.0

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def is_telling(self) -> bool:
        """Whether there is enough in it to know a recording by."""
        return not self.lack

    @property
    def lack(self) -> str:
        """Why no recording could be known by it, in words; "" where one could."""
        if len(self) < LEAST_PEAKS:
            return f"{len(self)} peaks, {LEAST_PEAKS} are needed: it is short, nearly silent, or tones"
        if (bins := len(set(self.bins.tolist()))) < LEAST_BINS:
            return f"its peaks lie in {bins} bins, {LEAST_BINS} are needed: it is tones"
        if (frames := len(set(self.frames.tolist()))) < LEAST_FRAMES:
            return f"its peaks lie in {frames} frames of 16 ms, {LEAST_FRAMES} are needed: it is clicks"
        if self.contrast < LEAST_CONTRAST_DB:
            least = f"{LEAST_CONTRAST_DB:.0f} dB are needed"
            return f"its best peaks stand {self.contrast:.1f} dB above the rest, {least}: it is steady noise"
        return ""


NOTHING = Constellation(np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, bool))


def constellation(samples: Samples) -> Constellation:
    """Peaks of an opening [shape=(n,), float32 in ±1], of LONGEST_SECONDS at most; none of a short one."""
    windows = _windows(samples)
    power, around = _room(len(windows))
    _transform(windows, power)
    return _peaks(power, around)


def constellation_of(sound: Sound) -> Constellation:
    """The same of a sound whose spectrogram others need too: every second window is in it."""
    windows = _windows(sound.samples)
    if not len(windows):
        return NOTHING
    known = sound.power[FIRST_BIN:END_BIN, : (len(windows) + 1) // 2]
    if known.max() < QUIET_BETWEEN * _floor():
        return NOTHING
    power, around = _room(len(windows))
    power[::2] = known.T
    _transform(windows[1::2], power[1::2])
    return _peaks(power, around)


def _room(n_frames: int) -> tuple[Power, Power]:
    """Where the power goes [shape=(n_frames, N_BINS)], and all of it with zeros on every side, as one row.

    REACH zeros before each frame's bins are enough: those before the next one's come after its last.
    """
    around = np.zeros((n_frames + 2 * REACH) * _ROW + REACH, np.float32)
    power = around[_FIRST_CELL - REACH :][: n_frames * _ROW].reshape(n_frames, _ROW)[:, REACH:]
    return power, around


def _peaks(power: Power, around: Power) -> Constellation:
    if not power.size:
        return NOTHING
    cells = np.flatnonzero(_are_highest(around))
    heights = around[_FIRST_CELL:][cells]
    loud = heights > _floor()
    cells, heights = cells[loud], heights[loud]
    if not len(cells):
        return NOTHING
    frames, bins = np.divmod(cells, _ROW)
    blocks = frames // BLOCK
    kept, strong = _ranked(blocks, heights)
    best = kept[strong]
    contrast = _contrast(power, blocks[best], bins[best], heights[best])
    places = frames[kept].astype(np.int32), (bins[kept] + FIRST_BIN).astype(np.int32)
    return Constellation(*places, strong, contrast)


@lru_cache(maxsize=1)
def _window() -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


@lru_cache(maxsize=1)
def _floor() -> float:
    """The power of a sine of FLOOR_DBFS: a Hann window gives its bin a quarter of the window's length."""
    return float((10 ** (FLOOR_DBFS / 20) * np.sqrt(2) * WINDOW / 4) ** 2)


def _windows(samples: Samples) -> Samples:
    """The windows that fit [shape=(n_frames, WINDOW)], without a copy."""
    heard = np.ascontiguousarray(samples[: int(LONGEST_SECONDS * SAMPLE_RATE)], np.float32)
    n_frames = max((len(heard) - WINDOW) // HOP + 1, 0)
    # numpy's own sliding window takes twenty times as long to be made.
    return np.ndarray((n_frames, WINDOW), np.float32, heard, strides=(4 * HOP, 4))


def _transform(windows: Samples, power: Power) -> None:
    """Put the windows' power between FIRST_BIN and END_BIN into `power` [shape=(n_frames, n_bins)]."""
    for first in range(0, len(windows), AT_ONCE):
        spectra = np.fft.rfft(windows[first : first + AT_ONCE] * _window())[:, FIRST_BIN:END_BIN]
        np.square(np.abs(spectra), out=power[first : first + AT_ONCE])


def _are_highest(around: Power) -> NDArray[np.bool_]:
    """Whether each place from _FIRST_CELL on is the highest within REACH on all sides of it.

    Rows lie one after the other in memory, so that a step to the next frame is one of a whole row.
    """
    highest = _highest_ahead(_highest_ahead(around, _ROW), 1)
    return np.asarray(highest == around[_FIRST_CELL : _FIRST_CELL + len(highest)])


def _highest_ahead(values: Power, step: int) -> Power:
    """The highest of each value and the next 2 · REACH at this distance from each other."""
    for span in (1, 2, 4, 1):
        values = np.maximum(values[: -span * step], values[span * step :])
    return values


def _ranked(blocks: NDArray[np.intp], heights: Power) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Which peaks each block keeps, in the order of time, and which of those are strong."""
    # A float above zero has the order of its bits: one number says both, of which block, and how high.
    order = ((blocks << 32) - heights.view(np.int32)).argsort(kind="stable")
    starts = blocks.searchsorted(blocks)
    rank = np.empty(len(blocks), np.intp)
    rank[order] = np.arange(len(blocks))
    rank -= starts
    deepest = heights[order[starts]] * np.float32(10 ** (-DEPTH_DB / 10))
    kept = np.flatnonzero((rank < PEAKS) & (heights > deepest))
    return kept, np.asarray(rank[kept] < STRONG_PEAKS)


def _contrast(power: Power, blocks: NDArray[np.intp], bins: NDArray[np.intp], heights: Power) -> float:
    """What CONTRASTED of these peaks stand above their surroundings at least [dB]."""
    lowest, ends, shares = _surroundings(len(power))
    sums = np.zeros((len(shares), N_BINS + 1))
    np.cumsum(shares @ power, axis=1, out=sums[:, 1:])
    around = (sums[blocks, ends[bins]] - sums[blocks, lowest[bins]]) / (ends - lowest)[bins]
    ratios = np.sort(heights / around)
    return float(10 * np.log10(ratios[int((1 - CONTRASTED) * (len(ratios) - 1))]))


@lru_cache(maxsize=8)
def _surroundings(n_frames: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Power]:
    """The first bin around each, the end of them, and each frame's share in its block
    [shape=(n_blocks, n_frames)]."""
    bins, frames = np.arange(N_BINS), np.arange(n_frames)
    of_block = frames // BLOCK == np.arange(-(-n_frames // BLOCK))[:, np.newaxis]
    shares = of_block / of_block.sum(axis=1, keepdims=True)
    return (
        np.maximum(bins - AROUND, 0),
        np.minimum(bins + AROUND + 1, N_BINS),
        shares.astype(np.float32),
    )
