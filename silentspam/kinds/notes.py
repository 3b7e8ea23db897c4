"""What a machine's tone is not: a note with overtones, one of a melody, an alarm that goes up and down.

A machine that calls or answers sends one line, or the two of its standard, at a frequency that stays, and no
other tone beside its standard's. Instruments have overtones, melodies go on to other notes, voices, sirens
and insects drift by many hertz, and packets lost add nothing of these. Asked about candidates only: no
opening without one costs anything. Frequencies Hz, times s.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE
from silentspam.kinds.clusters import HOP_SECONDS, powers_of
from silentspam.kinds.pulses import Pulse, line_power
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import TINY, Tone, tones_of

OVERTONES = (1 / 3, 1 / 2, 2 / 3, 3 / 2, 2.0, 3.0)
"""A second line at such a ratio to the first is of the same instrument."""
OVERTONE_SLACK = 0.012
APART_HZ = 100.0
"""Nearer to a line lies what lost packets and phase reversals make of it."""
NOTE_PURITY, LOWEST_NOTE_HZ = 0.7, 700.0
"""Of a tone that is a note; below it vowels are as pure, and somebody may speak beside a machine."""
SAME_SHARE, SAME_HZ = 0.03, 40.0
"""A tone is off by so much at most; GSM moves one by 30 Hz where a packet is lost."""
MOST_OF_OTHERS = 0.12
"""Time for which other tones may sound beside a machine's [s]; of the synthetic signals none has any."""
BLOCK = 256
"""Samples, 32 ms: between two blocks a phase may turn by half a cycle, which is 15.6 Hz."""
LEAST_BLOCKS = 4
LOUD_POWER = 0.1
"""Of a signal's power, from which on anything else goes with it: −10 dB. The noise of a line is 14 dB below a
signal of −45 dBm0."""
MOST_COMPANY = 0.25
"""Of the time apart from a signal. Of 706 on a quiet line, −13 to −45 dBm0 through four codecs, one had more
than 0.1 (0.41, iLBC); the six notes that came so far of 14,000 openings of music had 0.6 and more."""
CLEAR_FRAMES = 2
"""Beside a pulse, whose windows see its edge."""


def has_overtone(tone: Tone) -> bool:
    """Whether its two lines are of one instrument."""
    if len(tone.lines) < 2:
        return False
    ratio = tone.lines[1].hz / tone.lines[0].hz
    return any(abs(ratio / one - 1) <= OVERTONE_SLACK for one in OVERTONES)


def has_other_line(tone: Tone, known: Sequence[float]) -> bool:
    """Whether one of its lines is far from all of these frequencies."""
    return any(min(abs(line.hz - hz) for hz in known) > APART_HZ for line in tone.lines)


def in_a_melody(sound: Sound, known: Sequence[float], *, lowest_hz: float = LOWEST_NOTE_HZ) -> bool:
    """Whether other tones than at these frequencies, and not lower, sound for longer than MOST_OF_OTHERS.

    What has an overtone is a note at any frequency: A6 is 1760 Hz, near V.22's guard tone.
    """
    others = (
        tone.seconds
        for tone in tones_of(sound)
        if tone.purity >= NOTE_PURITY
        and tone.lines[0].hz >= lowest_hz
        and (has_overtone(tone) or not _is_one(tone, known))
    )
    return sum(others) > MOST_OF_OTHERS


def _is_one(tone: Tone, known: Sequence[float]) -> bool:
    return any(abs(tone.lines[0].hz - hz) <= max(SAME_HZ, SAME_SHARE * hz) for hz in known)


def drift(sound: Sound, pulse: Pulse, hz: float) -> float:
    """By how many hertz the frequency near `hz` of a pulse's blocks is off their median, in the median.

    By the phase from one block to the next. 0 for a pulse of fewer than LEAST_BLOCKS.
    """
    samples = sound.samples[round(pulse.begin * SAMPLE_RATE) : round(pulse.end * SAMPLE_RATE)]
    count = len(samples) // BLOCK
    if count < LEAST_BLOCKS:
        return 0.0
    turning: NDArray[np.complex128] = np.exp(-2j * np.pi * hz / SAMPLE_RATE * np.arange(count * BLOCK))
    blocks = (samples[: count * BLOCK] * turning).reshape(count, BLOCK).sum(axis=1)
    turns = np.angle(blocks[1:] * np.conj(blocks[:-1])) * (SAMPLE_RATE / BLOCK / (2 * np.pi))
    return float(np.median(np.abs(turns - np.median(turns))))


def held(sound: Sound, hz: Sequence[float], pulses: Sequence[Pulse]) -> float:
    """What the lines hold of all power in the pulses' inner frames: the median pulse's share, 0…1.

    A word is pure for a moment, a machine's burst for all of its time.
    """
    share = line_power(sound, hz) / np.maximum(powers_of(sound), TINY)
    shares = [float(np.median(share[span])) for one in pulses if len(share[span := _frames(one)])]
    return float(np.median(shares)) if shares else 0.0


def company(sound: Sound, hz: Sequence[float], pulses: Sequence[Pulse]) -> float:
    """The share of the time apart from a line's pulses for which something else is nearly as loud, 0…1.

    A machine calls on a line where nobody speaks; a note is one among other sounds. 0 where the pulses leave
    no time.
    """
    own, power = line_power(sound, hz), powers_of(sound)
    inside, apart = np.zeros(len(own), dtype=np.bool_), np.ones(len(own), dtype=np.bool_)
    for pulse in pulses:
        frames = _frames(pulse)
        inside[frames] = True
        apart[max(frames.start - CLEAR_FRAMES, 0) : frames.stop + CLEAR_FRAMES] = False
    if not inside.any() or not apart.any():
        return 0.0
    return float(np.mean((power - own)[apart] >= LOUD_POWER * np.median(own[inside])))


def _frames(pulse: Pulse) -> slice:
    """The frames whose windows lie within a pulse."""
    return slice(math.ceil(pulse.begin / HOP_SECONDS), round(pulse.end / HOP_SECONDS) - 1)
