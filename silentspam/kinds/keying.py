"""Bits sent by shifting between two frequencies: V.21's flags and menus, and textphones, which are people.

A stretch whose power lies around the two frequencies is received as a modem would: a correlator for each. The
flags of HDLC, of which ITU-T T.30 begins with a second, repeat each 8 bits: folded by that period they stand
out of what a speech codec leaves of them. Of the rest the changes of sign are timed, and the bits read in
between: only what a menu of V.8 says is believed. A textphone keys as well (ITU-T V.18: in Europe
by V.21's own lower channel), and behind it is a person who cannot speak: it is named, and never CALLER_FAX.
Frequencies Hz, rates bit/s.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Samples
from silentspam.call import VerdictKind
from silentspam.kinds.clusters import BIN_HZ, QUIETEST, Figures, frames_of
from silentspam.kinds.finding import Finding
from silentspam.kinds.pulses import pulse_of
from silentspam.kinds.sound import Sound

BAND_MARGIN_HZ = 140.0
BAND_SHARE = 0.8
"""Of a frame's power within the two frequencies and a margin. Speech reaches it in a frame, not in eight."""
LEAST_FRAMES = 8
LONGEST_DROPOUT = 2
LEAST_CHANGES = 12
LEAST_REGULAR = 0.6
"""Length of the mean of the changes' phases in the bit clock: 1 for a clock, 0.25 for 12 by chance."""
MANY_CHANGES, LEAST_REGULAR_OF_MANY = 60, 0.4
"""By chance 60 have 0.11; G.729 with lost packets leaves 0.44 to 0.6."""
MENU_BITS = (40, 50, 60, 70, 80, 90)
"""A menu's ones, its sync, and two to seven octets between start and stop bits."""
LEAST_REPEATS, LEAST_AGREEMENT = 3, 0.25
"""Times that a menu is there, and how sure each of its bits is in their mean, 0…1."""
FLAGS_FOLDED, FOLDED_POINTS = 10, 64
"""So many flags are folded at a time (0.27 s), each into so many points."""
LEAST_FLAGS = 0.6
CALL_FUNCTION = "10000"
"""Bits 0 to 4 of an octet that tells it (ITU-T V.8, table 2)."""
MENUS = {
    menu: re.compile(f"1{{10}}{sync}0{CALL_FUNCTION}(...)1")
    for menu, sync in (("CI", "0000000001"), ("CM", "0000001111"))
}
"""Ten ones, the sync (ITU-T V.8, table 1), then an octet between start and stop bit: the call function."""
TEXTPHONE, MACHINES = "010", frozenset({"001", "101", "011", "100"})
"""Its bits 5 to 7 (table 3): a text telephone of V.18; sending and receiving facsimile, data, multimedia."""
LEAST_ALIKE = 2
"""Menus that say the same, before any is believed."""


Told = tuple[VerdictKind | None, str, float]
"""Kind, signal and probability."""


def _flag_spectrum() -> NDArray[np.complex128]:
    """Two bits of space and six of mark, without their mean and of a standard deviation of 1."""
    flag = np.where(np.arange(FOLDED_POINTS) < FOLDED_POINTS // 4, -1.0, 1.0)
    return np.asarray(np.fft.rfft((flag - flag.mean()) / flag.std()))


_FLAG_SPECTRUM = _flag_spectrum()


@dataclass(frozen=True, kw_only=True)
class Keying:
    """Two frequencies and a rate. mark is sent for 1."""

    name: str
    mark: float
    space: float
    rate: float
    source: str


HIGH = Keying(name="V.21 channel 2", mark=1650.0, space=1850.0, rate=300.0, source="ITU-T V.21; T.30, 5.3.1")
LOW = Keying(name="V.21 channel 1", mark=980.0, space=1180.0, rate=300.0, source="ITU-T V.21; V.8, section 5")
BAUDOT = Keying(name="textphone", mark=1400.0, space=1800.0, rate=45.45, source="ITU-T V.18, annex A")
KEYINGS = (HIGH, LOW, BAUDOT)


def keyed(sound: Sound) -> Iterator[Finding]:
    """What is keyed in a sound, which must not be empty."""
    for keying in KEYINGS:
        run = _longest_run(sound, keying)
        if run is None:
            continue
        pulse = pulse_of(sound, *run)
        span = slice(round(pulse.begin * SAMPLE_RATE), round(pulse.end * SAMPLE_RATE))
        decided = decisions(sound.samples[span], keying)
        told = _flagged(decided, keying) or _read(decided, keying)
        if told:
            kind, signal, probability = told
            yield Finding(
                kind=kind,
                signal=signal,
                probability=round(min(probability, 0.99), 3),
                begin=pulse.begin,
                end=pulse.end,
                reason=f"{signal}: {keying.mark:.0f} and {keying.space:.0f} Hz at {keying.rate:g} bit/s",
            )


def _longest_run(sound: Sound, keying: Keying) -> tuple[int, int] | None:
    """Frames whose power is that of the two frequencies, as (first, one after the last)."""
    first, end = _bins(min(keying.mark, keying.space), max(keying.mark, keying.space))
    frames = frames_of(sound)
    # Where the strongest clusters lie is known already, and rules out nearly every sound.
    if np.count_nonzero((frames.low >= first) & (frames.high < end)) < LEAST_FRAMES:
        return None
    inside = sound.power.T[:, first:end].sum(axis=1)
    narrow = np.flatnonzero((inside >= BAND_SHARE * frames.power) & (frames.power >= QUIETEST))
    if len(narrow) < LEAST_FRAMES:
        return None
    runs = np.split(narrow, np.flatnonzero(np.diff(narrow) > LONGEST_DROPOUT + 1) + 1)
    longest = max(runs, key=len)
    return (int(longest[0]), int(longest[-1]) + 1) if len(longest) >= LEAST_FRAMES else None


def _bins(lower: float, upper: float) -> tuple[int, int]:
    return round((lower - BAND_MARGIN_HZ) / BIN_HZ), round((upper + BAND_MARGIN_HZ) / BIN_HZ) + 1


def decisions(samples: Samples, keying: Keying) -> Figures:
    """How much more of the mark than of the space the last bit's length holds, −1…1.

    Parameters: samples [shape=(n,)]. Returns [shape=(n − samples of a bit,)].
    """
    length = round(SAMPLE_RATE / keying.rate)
    mark, space = (_correlated(samples, hz, length) for hz in (keying.mark, keying.space))
    return np.asarray((mark - space) / np.maximum(mark + space, 1e-30))


def _correlated(samples: Samples, hz: float, length: int) -> Figures:
    turning: NDArray[np.complex128] = np.exp(-2j * np.pi * hz / SAMPLE_RATE * np.arange(len(samples)))
    total = np.cumsum(samples * turning)
    part = total[length:] - total[:-length]
    return np.asarray(np.square(part.real) + np.square(part.imag))


def _flagged(decided: Figures, keying: Keying) -> Told | None:
    """Flags of HDLC, where they are the best of all windows of FLAGS_FOLDED."""
    if keying is not HIGH:
        return None
    likeness = flag_likeness(decided, SAMPLE_RATE / keying.rate)
    if likeness < LEAST_FLAGS:
        return None
    return VerdictKind.CALLER_FAX, f"{keying.name}, HDLC flags", likeness


def flag_likeness(decided: Figures, bit: float) -> float:
    """How like flags some part of the decisions [shape=(n,)] is: a correlation, 1 at most. bit [samples]."""
    period = 8 * bit
    points = np.arange(FLAGS_FOLDED * FOLDED_POINTS) * (period / FOLDED_POINTS)
    best = 0.0
    for start in range(0, len(decided) - int(points[-1]) - 1, int(points[-1]) // 2):
        folded = decided[start + points.astype(np.intp)].reshape(FLAGS_FOLDED, FOLDED_POINTS)
        pattern, spread = folded.mean(axis=0), float(folded.std())
        spectrum = np.fft.rfft(pattern - pattern.mean()) * np.conj(_FLAG_SPECTRUM)
        best = max(best, float(np.fft.irfft(spectrum).max()) / max(spread * FOLDED_POINTS, 1e-9))
    return best


def _read(decided: Figures, keying: Keying) -> Told | None:
    """What the bits say; None where their changes keep no clock."""
    bits, regular = received(decided, SAMPLE_RATE / keying.rate)
    if not len(bits):
        return None
    if keying is BAUDOT:
        return None, "textphone", regular
    menu = _menu(_text(bits), LEAST_ALIKE) or _menu_of_several(bits)
    if menu:
        return VerdictKind.CALLER_FAX, f"V.8 {menu}", regular
    return None, f"{keying.name}: a modem or a textphone", regular


def _menu(text: str, least: int) -> str:
    """The menu of V.8 that a text of bits holds at least so often; empty for none, and for a textphone's.

    It is not believed once only: who answers a CM waits for two that are alike (V.8, section 8).
    """
    for menu, form in MENUS.items():
        functions = Counter(form.findall(text))
        if TEXTPHONE not in functions and any(functions[one] >= least for one in MACHINES):
            return menu
    return ""


def _menu_of_several(bits: Figures) -> str:
    """The menu that is sent again and again without a pause (V.8, section 7), by the mean of its repetitions.

    A codec spoils bits here and there. What it says is believed where no bit of it is in doubt.
    """
    for period in MENU_BITS:
        times = len(bits) // period
        if times < LEAST_REPEATS:
            return ""
        mean = bits[: times * period].reshape(times, period).mean(axis=0)
        menu = _menu(_text(np.concatenate([mean, mean])), 1)
        if menu and np.abs(mean).min() >= LEAST_AGREEMENT:
            return menu
    return ""


def _text(bits: Figures) -> str:
    return "".join("1" if one >= 0 else "0" for one in bits)


def received(decided: Figures, bit: float) -> tuple[Figures, float]:
    """The bits of decisions [shape=(n,)], 1 for a sure one and −1 for a sure zero, and how regular they are.

    That is the length, 0…1, of the mean of their changes' phases. No bits where the changes keep no clock.
    bit: its length [samples].
    """
    changes = np.flatnonzero(np.diff(decided >= 0))
    mean = np.exp(2j * np.pi * changes / bit).mean() if len(changes) >= LEAST_CHANGES else 0.0
    regular = float(abs(mean))
    if regular < (LEAST_REGULAR if len(changes) < MANY_CHANGES else LEAST_REGULAR_OF_MANY):
        return decided[:0], regular
    start = float(np.angle(mean)) / (2 * np.pi) * bit % bit
    middles = np.arange(start + bit / 2, len(decided), bit).astype(np.intp)
    return decided[middles], regular
