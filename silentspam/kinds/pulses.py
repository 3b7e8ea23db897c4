"""When lines sound: pulses of known frequencies, timed to half a hop whatever packets were lost.

Frequencies Hz, times s from the recording's start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE
from silentspam.kinds.clusters import BIN_HZ, HOP_SECONDS, Figures, powers_of
from silentspam.kinds.sound import STFT, Sound

LOBE_BINS = 2
"""Half of a main lobe of Hann's window."""
SHORTEST_FRAMES = 2
HALF_POWER = 0.25
"""A frame belongs to a tone while half of its window does: half of the amplitude."""
LONGEST_HOLE = 3
"""Frames that packets lost in a row may take out of a pulse; the shortest pause of a cadence is 0.2 s."""
FAINT_POWER, FAINT_SHARE = 10**-3.2, 0.4
"""A faint frame has this much of a pulse's power, and this share of its own power in the lines."""
EDGE_FRAMES = 2
"""So many windows see a part of what is beyond an edge."""


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


def pulses_of(sound: Sound, hz: Sequence[float], tone: Pulse, *, rare: bool = False) -> tuple[Pulse, ...]:
    """When lines sound in the whole recording, at no less than half of their amplitude in `tone`.

    Whatever else sounds at that time; holes that lost packets leave are filled. rare: it has no short pauses,
    so that what is faint and torn goes with it too. The sound must not be empty.
    """
    power = line_power(sound, hz)
    first, end = _inner_frames(tone, len(power))
    level = float(np.median(power[first:end]))
    on = power >= HALF_POWER * level
    # Where packets were lost G.729 takes a tone down by 25 dB, and back within 0.3 s; nothing else sounds.
    faint = (power >= FAINT_POWER * level) & (power >= FAINT_SHARE * powers_of(sound))
    if rare:
        faint = _closed(on | faint)
    return tuple(
        pulse_of(sound, *run)
        for run in _runs(on, faint)
        if run[1] - run[0] >= SHORTEST_FRAMES or 0 in run or len(on) in run
    )


def line_power(sound: Sound, hz: Sequence[float]) -> Figures:
    """The power that each frame has within the main lobes of lines [shape=(n_frames,)]."""
    bins = {round(one / BIN_HZ) + k for one in hz for k in range(-LOBE_BINS, LOBE_BINS + 1)}
    return np.asarray(sound.power.T[:, sorted(bins)].sum(axis=1))


def _inner_frames(tone: Pulse, n_frames: int) -> tuple[int, int]:
    """The frames that lie within a tone wholly, or else the nearest one."""
    first = min(int(np.ceil(tone.begin / HOP_SECONDS)), n_frames - 1)
    end = int((tone.end - STFT.window_length / SAMPLE_RATE) / HOP_SECONDS) + 1
    return first, min(max(end, first + 1), n_frames)


def _closed(on: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With holes of up to LONGEST_HOLE frames filled."""
    filled = on.copy()
    for last, following in pairwise(np.flatnonzero(on).tolist()):
        if following - last <= LONGEST_HOLE + 1:
            filled[last:following] = True
    return filled


def _runs(on: NDArray[np.bool_], faint: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Runs of True as (first, one after the last), joined over holes that are short or faint.

    A faint end belongs to its run as well, where it is longer than the two windows that see an edge.
    """
    runs: list[tuple[int, int]] = []
    for frame in np.flatnonzero(on).tolist():
        hole = frame - runs[-1][1] if runs else 0
        if runs and (hole <= LONGEST_HOLE or faint[runs[-1][1] : frame].all()):
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


def pulse_of(sound: Sound, first: int, end: int) -> Pulse:
    """The times of a run of frames: each end in the middle between two windows, or the recording's own."""
    n_frames = STFT.n_frames(len(sound.samples))
    edge = (STFT.window_length - STFT.hop_length) / 2 / SAMPLE_RATE
    return Pulse(
        begin=first * HOP_SECONDS + edge if first else 0.0,
        end=end * HOP_SECONDS + edge if end < n_frames else len(sound.samples) / SAMPLE_RATE,
        cut_before=first == 0,
        cut_after=end == n_frames,
    )
