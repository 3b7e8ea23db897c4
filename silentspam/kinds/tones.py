"""Steady tones in an opening, alone or in pairs: which frequencies, from when to when, and how pure.

A machine's tone is a line: all its power stays within a few hertz for as long as it sounds. A voice that
holds a vowel, hums or whistles is concentrated too, but its line wanders and has harmonics; so a stretch is
found by how much of a frame's power two narrow bands hold, and believed by how much of the whole stretch's
power two lines hold. Frequencies Hz, times s from the recording's start, shares 0…1 of the power from 250 to
3,700 Hz.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Samples
from silentspam.kinds.sound import STFT, Sound
from silentspam.spectrum import hann

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
TONAL_SHARE = 0.6
"""Of a frame's power in its two clusters. White noise has 0.1; tones through GSM at −45 dBm0 0.7."""
QUIETEST = 10 ** (-62.0 / 10) * (3 / 32) * STFT.window_length**2
"""Power in the spectrogram of a sine of −62 dBFS: a window of Hann spreads A²/4·(ΣW)² over 1.5 bins."""
LONGEST_DROPOUT = 2
"""Frames within a tone that may be spoilt, by a lost packet or a phase reversal."""
LONGEST_HOLE = 3
"""Frames that packets lost in a row may take out of a pulse; the shortest pause of a cadence is 0.2 s."""
LOBE_BINS = 2
SHORTEST_FRAMES = 2
HALF_POWER = 0.25
"""A frame belongs to a tone while half of its window does: half of the amplitude."""

FAINT_POWER, FAINT_SHARE = 10**-3.2, 0.4
EDGE_FRAMES = 2

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
class Pulse:
    """A time for which lines sound [s]. cut_before, cut_after: beyond the recording's ends."""

    begin: float
    end: float
    cut_before: bool
    cut_after: bool

    @property
    def seconds(self) -> float:
        """How much of it there is [s]."""
        return self.end - self.begin

    @property
    def cut(self) -> bool:
        """Whether it may have been longer than it is here."""
        return self.cut_before or self.cut_after


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


@dataclass(frozen=True, eq=False)
class Frames:
    """Each frame's power, its two clusters' share of it, and the bins these are at, the lower first."""

    power: Figures
    share: Figures
    low: Positions
    high: Positions


_FRAMES: "WeakKeyDictionary[Sound, Frames]" = WeakKeyDictionary()
_TONES: "WeakKeyDictionary[Sound, tuple[Tone, ...]]" = WeakKeyDictionary()


def tones_of(sound: Sound) -> tuple[Tone, ...]:
    """The tones of a sound in the order of their beginnings, computed once for all detectors."""
    found = _TONES.get(sound)
    if found is None:
        found = _TONES[sound] = tuple(_find(sound)) if not sound.is_empty else ()
    return found


def pulses_of(sound: Sound, tone: Tone) -> list[Pulse]:
    """When the lines of `tone` sound in the whole recording, at no less than half of its amplitude.

    Whatever else sounds at that time; holes that lost packets leave are filled. `tone` is one of the sound's.
    """
    power = line_power(sound, tone.hz)
    first, end = _inner_frames(tone, len(power))
    level = float(np.median(power[first:end]))
    on = power >= HALF_POWER * level
    # Where packets were lost G.729 takes a tone down by 25 dB, and back within 0.3 s; nothing else sounds.
    faint = (power >= FAINT_POWER * level) & (power >= FAINT_SHARE * frames_of(sound).power)
    return [
        _pulse(sound, *run)
        for run in _runs(on, LONGEST_HOLE, faint)
        if run[1] - run[0] >= SHORTEST_FRAMES or 0 in run or len(on) in run
    ]


def line_power(sound: Sound, hz: Sequence[float]) -> Figures:
    """The power that each frame has within the main lobes of lines [shape=(n_frames,)]."""
    bins = {round(one / BIN_HZ) + k for one in hz for k in range(-LOBE_BINS, LOBE_BINS + 1)}
    return np.asarray(sound.power[sorted(bins)].sum(axis=0))


def _inner_frames(tone: Tone, n_frames: int) -> tuple[int, int]:
    """The frames that lie within a tone wholly, or else the nearest one."""
    first = min(int(np.ceil(tone.begin / HOP_SECONDS)), n_frames - 1)
    end = int((tone.end - STFT.window_length / SAMPLE_RATE) / HOP_SECONDS) + 1
    return first, min(max(end, first + 1), n_frames)


def _runs(on: NDArray[np.bool_], longest_hole: int, faint: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of True as (first, one after the last), joined over holes that are short or faint.

    A faint end belongs to its run as well, where it is longer than the two windows that see an edge.
    """
    runs: list[tuple[int, int]] = []
    for frame in np.flatnonzero(on).tolist():
        hole = frame - runs[-1][1] if runs else 0
        if runs and (hole <= longest_hole or faint[runs[-1][1] : frame].all()):
            runs[-1] = (runs[-1][0], frame + 1)
        else:
            runs.append((frame, frame + 1))
    return [(first, _faint_end(end, faint)) for first, end in runs]


def _faint_end(end: int, faint: NDArray[np.bool_]) -> int:
    sounding = np.flatnonzero(~faint[end:])
    longer = int(sounding[0]) if len(sounding) else len(faint) - end
    if end + longer == len(faint):
        return len(faint)
    return end + longer - 1 if longer > EDGE_FRAMES else end


def _pulse(sound: Sound, first: int, end: int) -> Pulse:
    """The times of a run of frames: each end in the middle between two windows, or the recording's own."""
    n_frames = STFT.n_frames(len(sound.samples))
    edge = (STFT.window_length - STFT.hop_length) / 2 / SAMPLE_RATE
    return Pulse(
        begin=first * HOP_SECONDS + edge if first else 0.0,
        end=end * HOP_SECONDS + edge if end < n_frames else len(sound.samples) / SAMPLE_RATE,
        cut_before=first == 0,
        cut_after=end == n_frames,
    )


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


def _find(sound: Sound) -> Iterator[Tone]:
    frames = frames_of(sound)
    tonal = (frames.share >= TONAL_SHARE) & (frames.power >= QUIETEST)
    if np.count_nonzero(tonal) < SHORTEST_FRAMES:
        return
    for first, end in _stretches(frames, tonal):
        tone = _tone(sound, frames, first, end)
        if tone is not None:
            yield tone


def _stretches(frames: Frames, tonal: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Runs of tonal frames at the same bins, as (first frame, frame after the last), over short dropouts."""
    start = last = -1
    for frame in np.flatnonzero(tonal).tolist():
        if start >= 0 and frame - last <= LONGEST_DROPOUT + 1 and _same(frames, start, frame):
            last = frame
            continue
        if start >= 0 and last + 1 - start >= SHORTEST_FRAMES:
            yield start, last + 1
        start = last = frame
    if start >= 0 and last + 1 - start >= SHORTEST_FRAMES:
        yield start, last + 1


def _same(frames: Frames, start: int, frame: int) -> bool:
    """Whether a frame goes on with the tones that a run began with.

    Two tones less than a cluster apart beat, and look like one or like two from frame to frame.
    """
    new, old = (frames.low[frame], frames.high[frame]), (frames.low[start], frames.high[start])
    return _within(new, old) or _within(old, new)


def _within(these: tuple[int, int], those: tuple[int, int]) -> bool:
    return all(min(abs(one - those[0]), abs(one - those[1])) <= HALF_CLUSTER for one in these)


def _tone(sound: Sound, frames: Frames, first: int, end: int) -> Tone | None:
    """The tone of a run of frames, cut to where it has half of its amplitude; None where it is too short."""
    power = frames.power[first:end]
    level = float(np.median(power))
    loud = np.flatnonzero(power >= HALF_POWER * level)
    first, end = first + int(loud[0]), first + int(loud[-1]) + 1
    if end - first < SHORTEST_FRAMES:
        return None
    pulse = _pulse(sound, first, end)
    span = slice(round(pulse.begin * SAMPLE_RATE), round(pulse.end * SAMPLE_RATE))
    return Tone(
        begin=pulse.begin,
        end=pulse.end,
        cut_before=pulse.cut_before,
        cut_after=pulse.cut_after,
        spread=_spread(frames.power[first:end]),
        lines=lines_of(sound.samples[span]),
    )


def _spread(power: Figures) -> float:
    """The median departure of the whole frames' levels from their median [dB]: deaf to a few lost packets."""
    inside = power[1:-1] if len(power) > 3 else power
    level = 10 * np.log10(inside + 1e-30)
    return float(np.median(np.abs(level - np.median(level))))


def lines_of(samples: Samples, *, most: int = 2) -> tuple[Line, ...]:
    """The strongest lines of a stretch [shape=(n,)], at most so many, the strongest first.

    Each has the power within a main lobe of its peak; a further one counts from SECOND_LINE of the first on.
    """
    n = len(samples)
    spectrum = np.fft.rfft(samples * hann(n))
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    step = SAMPLE_RATE / n
    lowest, highest = int(LOWEST_HZ / step), int(HIGHEST_HZ / step) + 1
    total = max(float(power[lowest:highest].sum()), 1e-30)
    reach = max(LINE_LOBES, round(LINE_HZ / step))
    lines: list[Line] = []
    for _ in range(most):
        peak = lowest + int(power[lowest:highest].argmax())
        around = slice(max(peak - reach, lowest), peak + reach + 1)
        share = float(power[around].sum()) / total
        if lines and share < SECOND_LINE * lines[0].share:
            break
        centre = float(power[around] @ np.arange(around.start, around.start + len(power[around])))
        lines.append(Line(hz=centre / max(share * total, 1e-30) * step, share=share))
        power[around] = 0
    return tuple(lines)
