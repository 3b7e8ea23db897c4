"""A steady tone beneath speech, or in a loud place: one line among others, that does not move.

Where somebody talks over it, a tone holds little of all power, but still nearly all of its own neighbourhood:
the harmonics of a voice come near it and go on, for they move. So the neighbourhood of a known frequency is
searched for a line that stays: in the spectrogram first and, where one seems to, in the stretch's own
spectrum. A note that is held is such a line too (C6 sharp is 1109 Hz, C7 2093 Hz), but among other notes:
so what else sounds must not be lines, and must not be much louder.
Frequencies Hz, times s.
"""

from collections.abc import Sequence

import numpy as np

from silentspam.audio import SAMPLE_RATE
from silentspam.kinds.clusters import BIN_HZ, HIGHEST_HZ, LOWEST_HZ, QUIETEST, Figures, powers_of
from silentspam.kinds.pulses import Pulse, pulse_of, pulses_of
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import TINY, Line, Tone, spread_of, stretch_power

NEAR, FAR = 4, 9
"""Bins from a line, between which its neighbourhood lies: beyond its main lobe, nearer than harmonics."""
STANDS_OUT = 4.0
"""A line's power over that of its neighbourhood."""
FAINTEST = 0.01
"""Of all power: −20 dB. Below it lie the lines that quantising to mu-law gives to any steady tone."""
LONGEST_DROPOUT = 2
LEAST_FRAMES = 4
"""Of the twelve that 0.4 s have, and of which a dropout may spoil two thirds."""
LINE_HZ, NEIGHBOURHOOD_HZ = 5.0, 80.0
LOCAL_PURITY = 0.85
"""Of the power within NEIGHBOURHOOD_HZ, that the line must hold over the whole stretch."""
LOUDEST_REST = 0.2
"""A line's power over that of all else: −7 dB. Notes of 1109 Hz in a piece had 0.03 to 0.36."""
REST_IN_LINES = 0.48
"""Of all else, what its three strongest lines may hold: half in music, a third in speech."""
LARGEST_SPREAD_DB = 1.5


class Ear:
    """Listens near known frequencies at once; each of them is (Hz, by how many Hz it may be off)."""

    def __init__(self, known: Sequence[tuple[float, float]]) -> None:
        bins = [
            np.arange(int((hz - tolerance) / BIN_HZ), int((hz + tolerance) / BIN_HZ) + 2)
            for hz, tolerance in known
        ]
        self._ends = np.cumsum([0, *map(len, bins)])
        centres = np.concatenate(bins)
        self._span = slice(int(centres.min()) - FAR + 1, int(centres.max()) + FAR)
        away = np.abs(np.arange(self._span.start, self._span.stop)[:, np.newaxis] - centres)
        own = (away <= 1).astype(np.float64)
        sides = (away >= NEAR) & (away < FAR)
        self._weights = np.hstack([own, own - STANDS_OUT * sides])

    def standing_out(self, sound: Sound) -> list[tuple[int, int] | None]:
        """For each frequency the longest run of frames in which one bin near it stands out, if any is long.

        As (first, one after the last). The sound must not be empty.
        """
        # One product gives each bin's own power, and what it has over that of both its sides.
        both = sound.power.T[:, self._span] @ self._weights
        own, over = np.hsplit(both, 2)
        least = np.maximum(FAINTEST * powers_of(sound), QUIETEST)
        out = (over >= 0) & (own >= least[:, np.newaxis])
        counts = np.count_nonzero(out, axis=0)
        found = []
        for first, end in zip(self._ends[:-1], self._ends[1:], strict=True):
            best = int(first + counts[first:end].argmax())
            few = counts[best] < LEAST_FRAMES
            found.append(None if few else _longest_run(np.flatnonzero(out[:, best]).tolist()))
        return found


def beneath(
    sound: Sound, run: tuple[int, int], hz: float, tolerance_hz: float, least: float
) -> tuple[Tone, tuple[Pulse, ...]] | None:
    """A line near `hz` for at least so long [s], whatever else sounds, and its pulses; None where none is.

    run: the frames where an Ear has heard it.
    """
    pulse = pulse_of(sound, *run)
    if pulse.seconds < least:
        return None
    tone = _line(sound, pulse, hz, tolerance_hz)
    if tone is None or tone.spread > LARGEST_SPREAD_DB:
        return None
    return tone, pulses_of(sound, tone.hz, tone)


def _longest_run(frames: list[int]) -> tuple[int, int] | None:
    best, start = (0, 0), 0
    for place, frame in enumerate(frames):
        if place and frame - frames[place - 1] > LONGEST_DROPOUT + 1:
            start = place
        if frame + 1 - frames[start] > best[1] - best[0]:
            best = frames[start], frame + 1
    return best if best[1] else None


def _line(sound: Sound, pulse: Pulse, hz: float, tolerance_hz: float) -> Tone | None:
    """The stretch's line near `hz`, if it holds nearly all of its neighbourhood; its share is that."""
    span = slice(round(pulse.begin * SAMPLE_RATE), round(pulse.end * SAMPLE_RATE))
    power = stretch_power(sound.samples[span])
    step = SAMPLE_RATE / (span.stop - span.start)
    lowest, highest = round((hz - tolerance_hz) / step), round((hz + tolerance_hz) / step) + 1
    peak = lowest + int(power[lowest:highest].argmax())
    reach, wide = max(2, round(LINE_HZ / step)), round(NEIGHBOURHOOD_HZ / step)
    own = float(power[peak - reach : peak + reach + 1].sum())
    share = own / max(float(power[peak - wide : peak + wide].sum()), TINY)
    power[peak - reach : peak + reach + 1] = 0
    if share < LOCAL_PURITY or _is_music(power[round(LOWEST_HZ / step) : round(HIGHEST_HZ / step)], own):
        return None
    line = Line(hz=peak * step, share=share)
    return Tone(
        begin=pulse.begin,
        end=pulse.end,
        cut_before=pulse.cut_before,
        cut_after=pulse.cut_after,
        spread=spread_of(sound, line.hz, pulse),
        lines=(line,),
    )


def _is_music(rest: Figures, own: float) -> bool:
    """Whether the rest of a stretch's spectrum drowns the line, or is mostly a few lines itself."""
    total = max(float(rest.sum()), TINY)
    if own < LOUDEST_REST * total:
        return True
    lines = 0.0
    for _ in range(3):
        peak = int(rest.argmax())
        around = slice(max(peak - 2, 0), peak + 3)
        lines += float(rest[around].sum())
        rest[around] = 0
    return lines > REST_IN_LINES * total and own < total
