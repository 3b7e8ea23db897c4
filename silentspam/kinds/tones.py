"""Steady tones in an opening, alone or in pairs: which frequencies, from when to when, and how pure.

A machine's tone is a line: all its power stays within a few hertz for as long as it sounds. A voice that
holds a vowel, hums or whistles is concentrated too, but its line wanders and has harmonics; so a stretch is
found by how much of a frame's power two narrow bands hold, and believed by how much of the whole stretch's
power two lines hold. Frequencies Hz, times s from the recording's start, shares 0…1 of the power from 250 to
3,700 Hz.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import numpy as np

from silentspam.audio import SAMPLE_RATE, Samples
from silentspam.kinds.clusters import (
    BIN_HZ,
    HALF_CLUSTER,
    HIGHEST_HZ,
    HOP_SECONDS,
    LOWEST_HZ,
    QUIETEST,
    Figures,
    frames_of,
    may_hold_tones,
)
from silentspam.kinds.pulses import HALF_POWER, SHORTEST_FRAMES, Pulse, line_power, pulse_of
from silentspam.kinds.sound import Sound

TONAL_SHARE = 0.6
"""Of a frame's power in its two clusters. White noise has 0.1; tones through GSM at −45 dBm0 0.7."""
TINY = 1e-30
LEAST_SHARE, LEAST_HIGH_SHARE, VOICE_HZ = 0.85, 0.7, 800.0
"""Of the power of a run's middle frame: below VOICE_HZ vowels come near, and codecs keep a tone pure."""
STEADY_SHARE, STEADY_BINS = 0.7, 2
"""Of a run's frames, whose peaks lie so many bins from the middle one's at most: tones may beat."""
SHORTEST_SINGLE = 3
"""Frames of a single tone; a key has two tones, and may be as short as 40 ms (ITU-T Q.24)."""
LONGEST_DROPOUT = 2
"""Frames within a tone that may be spoilt, by a lost packet or a phase reversal."""
LINE_LOBES = 2
"""Half of a line's width in units of 1/T: a Hann window's main lobe."""
LINE_HZ = 5.0
"""Half of a line's width at least: phase reversals each 450 ms spread it by 3.3 Hz, lost packets as much."""
SECOND_LINE = 0.05


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: its frequency [Hz] and its share of the stretch's power."""

    hz: float
    share: float


@dataclass(frozen=True, kw_only=True)
class Tone(Pulse):
    """A stretch that one or two lines hold.

    spread: the median departure of its frames from their median level [dB], small for a machine and large for
    a voice.
    """

    spread: float
    lines: tuple[Line, ...]

    @property
    def purity(self) -> float:
        """The lines' share of all power while it lasts."""
        return min(sum(line.share for line in self.lines), 1.0)

    @property
    def hz(self) -> tuple[float, ...]:
        """The lines' frequencies, rising."""
        return tuple(sorted(line.hz for line in self.lines))


Bins = frozenset[int]
"""Of the transform, at which a detector listens."""


def bins_near(*ranges: tuple[float, float]) -> Bins:
    """The bins at which a line may peak that lies in one of these ranges [Hz]."""
    return frozenset(
        one
        for low, high in ranges
        for one in range(int(low / BIN_HZ) - HALF_CLUSTER, int(high / BIN_HZ) + HALF_CLUSTER + 2)
    )


def tones_of(sound: Sound, bins: Bins | None = None) -> tuple[Tone, ...]:
    """The tones of a sound in the order of their beginnings, each computed once for all detectors.

    bins: those alone whose frames mostly peak there, all where it is None.
    """
    search = _search(sound)
    return tuple(search.tone(sound, run) for run in search.runs if bins is None or run.is_near(bins))


def any_near(sound: Sound, bins: Bins) -> bool:
    """Whether there may be a tone whose frames mostly peak at these bins."""
    return any(run.is_near(bins) for run in _search(sound).runs)


@dataclass(frozen=True)
class _Run:
    """Frames that may be of one tone, the bins where they mostly peak, and their spread [dB]."""

    first: int
    end: int
    low: int
    high: int
    spread: float

    def is_near(self, bins: Bins) -> bool:
        """Whether one of its peaks is at one of these bins."""
        return self.low in bins or self.high in bins


class _Search:
    """The runs of a sound, and those of their tones that somebody asked for."""

    def __init__(self, runs: list[_Run]) -> None:
        self.runs = runs
        self._tones: dict[_Run, Tone] = {}

    def tone(self, sound: Sound, run: _Run) -> Tone:
        """The tone of one of the runs."""
        if run not in self._tones:
            self._tones[run] = _tone(sound, run)
        return self._tones[run]


_SEARCHES: "WeakKeyDictionary[Sound, _Search]" = WeakKeyDictionary()


def _search(sound: Sound) -> _Search:
    found = _SEARCHES.get(sound)
    if found is None:
        found = _SEARCHES[sound] = _Search(_runs(sound) if may_hold_tones(sound) else [])
    return found


@dataclass(frozen=True, eq=False)
class _Peaks:
    """The frames as plain numbers: a run is a few dozen, which lists handle faster than arrays."""

    power: list[float]
    share: list[float]
    pairs: list[tuple[int, int]]


def quality(tone: Tone) -> float:
    """What makes one stretch a better pattern of a tone than another: length, and above all purity."""
    return tone.purity**4 * tone.seconds


def _runs(sound: Sound) -> list[_Run]:
    frames = frames_of(sound)
    tonal = np.flatnonzero((frames.share >= TONAL_SHARE) & (frames.power >= QUIETEST)).tolist()
    if len(tonal) < SHORTEST_FRAMES:
        return []
    pairs = list(zip(frames.low.tolist(), frames.high.tolist(), strict=True))
    peaks = _Peaks(frames.power.tolist(), frames.share.tolist(), pairs)
    found = (_run(peaks, first, end) for first, end in _stretches(pairs, tonal))
    return [run for run in found if run is not None]


def _stretches(pairs: list[tuple[int, int]], tonal: list[int]) -> Iterator[tuple[int, int]]:
    """Runs of tonal frames at the same bins, as (first frame, frame after the last), over short dropouts."""
    start = last = -1
    for frame in tonal:
        if start >= 0 and frame - last <= LONGEST_DROPOUT + 1 and _same(pairs[start], pairs[frame]):
            last = frame
            continue
        if start >= 0 and last + 1 - start >= SHORTEST_FRAMES:
            yield start, last + 1
        start = last = frame
    if start >= 0 and last + 1 - start >= SHORTEST_FRAMES:
        yield start, last + 1


def _same(old: tuple[int, int], new: tuple[int, int]) -> bool:
    """Whether a frame goes on with the tones that a run began with.

    Two tones less than a cluster apart beat, and look like one or like two from frame to frame.
    """
    return _within(new, old) or _within(old, new)


def _within(these: tuple[int, int], those: tuple[int, int]) -> bool:
    low, high = those
    one, other = these
    return (abs(one - low) <= HALF_CLUSTER or abs(one - high) <= HALF_CLUSTER) and (
        abs(other - low) <= HALF_CLUSTER or abs(other - high) <= HALF_CLUSTER
    )


def _tone(sound: Sound, run: _Run) -> Tone:
    pulse = pulse_of(sound, run.first, run.end)
    span = slice(round(pulse.begin * SAMPLE_RATE), round(pulse.end * SAMPLE_RATE))
    return Tone(
        begin=pulse.begin,
        end=pulse.end,
        cut_before=pulse.cut_before,
        cut_after=pulse.cut_after,
        spread=run.spread,
        lines=lines_of(sound.samples[span]),
    )


def _run(peaks: _Peaks, first: int, end: int) -> _Run | None:
    """A run of frames, cut to where it has half of its amplitude; None where it can be no tone.

    What costs little first: a vowel's peaks wander from bin to bin, and are not all there is.
    """
    if end - first < SHORTEST_SINGLE and all(
        high - low <= 2 * HALF_CLUSTER for low, high in peaks.pairs[first:end]
    ):
        return None
    least = HALF_POWER * _median(peaks.power[first:end])
    loud = [frame for frame in range(first, end) if peaks.power[frame] >= least]
    first, end = loud[0], loud[-1] + 1
    pairs = peaks.pairs[first:end]
    low, high = int(_median([pair[0] for pair in pairs])), int(_median([pair[1] for pair in pairs]))
    if end - first < (SHORTEST_FRAMES if high - low > 2 * HALF_CLUSTER else SHORTEST_SINGLE):
        return None
    beating = 0 < high - low <= 2 * HALF_CLUSTER
    least_share = LEAST_HIGH_SHARE if beating or low * BIN_HZ >= VOICE_HZ else LEAST_SHARE
    if _median(peaks.share[first:end]) < least_share:
        return None
    if not _is_steady(pairs, low, high):
        return None
    return _Run(first, end, low, high, _spread(peaks.power[first:end]))


def _is_steady(pairs: list[tuple[int, int]], low: int, high: int) -> bool:
    """Whether most frames peak where the middle one does; two tones that beat need not."""
    if 0 < high - low <= 2 * HALF_CLUSTER:
        return True
    has = _has_both if low * BIN_HZ < VOICE_HZ else _has_either
    steady = sum(has(pair, low, high) for pair in pairs)
    return steady >= STEADY_SHARE * len(pairs)


def _has_both(pair: tuple[int, int], low: int, high: int) -> bool:
    return abs(pair[0] - low) <= STEADY_BINS and abs(pair[1] - high) <= STEADY_BINS


def _has_either(pair: tuple[int, int], low: int, high: int) -> bool:
    """Above vowels the other of a frame's peaks may be what a codec adds after a lost packet."""
    return all(abs(pair[0] - one) <= STEADY_BINS or abs(pair[1] - one) <= STEADY_BINS for one in {low, high})


def _median(values: list[float] | list[int]) -> float:
    return sorted(values)[len(values) // 2]


def _spread(power: list[float]) -> float:
    """The median departure of the whole frames' levels from their median [dB]: deaf to a few lost packets."""
    inside = power[1:-1] if len(power) > 3 else power
    level = _median(inside)
    return _median([abs(10 * math.log10(max(one, TINY) / level)) for one in inside])


@lru_cache(maxsize=256)
def _window(length: int) -> Figures:
    """Hann's window; a stretch has one of a few dozen lengths."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)


def spread_of(sound: Sound, hz: float, pulse: Pulse) -> float:
    """How far a line's own level departs from its median within a pulse [dB], whatever else sounds."""
    power = line_power(sound, (hz,))
    first, end = round(pulse.begin / HOP_SECONDS), round(pulse.end / HOP_SECONDS)
    return _spread(power[first : max(end - 1, first + 1)].tolist() or power[-1:].tolist())


def stretch_power(samples: Samples) -> Figures:
    """The power spectrum of a whole stretch [shape=(n,)], by one window of Hann."""
    spectrum = np.fft.rfft(samples * _window(len(samples)))
    return np.asarray(np.square(spectrum.real) + np.square(spectrum.imag))


def lines_of(samples: Samples, *, most: int = 2) -> tuple[Line, ...]:
    """The strongest lines of a stretch [shape=(n,)], at most so many, the strongest first.

    Each has the power within a main lobe of its peak; a further one counts from SECOND_LINE of the first on.
    """
    n = len(samples)
    power = stretch_power(samples)
    step = SAMPLE_RATE / n
    lowest, highest = int(LOWEST_HZ / step), int(HIGHEST_HZ / step) + 1
    total = max(float(power[lowest:highest].sum()), TINY)
    reach = max(LINE_LOBES, round(LINE_HZ / step))
    lines: list[Line] = []
    for _ in range(most):
        peak = lowest + int(power[lowest:highest].argmax())
        around = slice(max(peak - reach, lowest), peak + reach + 1)
        share = float(power[around].sum()) / total
        if lines and share < SECOND_LINE * lines[0].share:
            break
        centre = float(power[around] @ np.arange(around.start, around.start + len(power[around])))
        lines.append(Line(hz=centre / max(share * total, TINY) * step, share=share))
        power[around] = 0
    return tuple(lines)
