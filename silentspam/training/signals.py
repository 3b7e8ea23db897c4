"""Signals of machines, made by sums: fax, modem and call-progress tones, keys and beeps, by the standards.

For tests, corpora and `silentspam signals`. A signal is float64 [shape=(n,)] in ±1 at 8 kHz with a root mean
square of 1 while it sounds; `at_dbm0` sets its level. Frequencies Hz, times s; `offset` is the share by which
every frequency is off (a carrier system's, ITU-T G.225; a sound card's clock). None of it is a recording.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from silentspam.audio import SAMPLE_RATE
from silentspam.training.noise import Signal, amplitude

DBM0_DBFS = -6.2
"""The level of 0 dBm0 [dBFS, of a full-scale square wave]: the digital milliwatt of ITU-T G.711, table 6."""

RISE_SECONDS = 0.003
"""A tone is switched on and off within a few milliseconds, as a filter lets it."""

REVERSAL_SECONDS = 0.45
"""Between two phase reversals that disable echo cancellers (ITU-T V.25, V.8: 450 ms ± 25 ms)."""
ANSAM_HZ, ANSAM_DEPTH = 15.0, 0.2
"""The amplitude modulation of the modified answer tone (ITU-T V.8, section 3.2)."""

HDLC_FLAG = (0, 1, 1, 1, 1, 1, 1, 0)
V8_ONES, V8_CM_SYNC = (1,) * 10, (0, 0, 0, 0, 0, 0, 1, 1, 1, 1)
V8_CI_SYNC = (0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
"""Ten ones, then what is asked for (ITU-T V.8, section 5 and table 1)."""
V8_OCTETS = (0x81, 0x85, 0xD4, 0x90)
"""Call function "transmit facsimile", and V-series modulations: an example of V.8's tables 3 and 4."""

Bits = npt.NDArray[np.int8]


def at_dbm0(signal: Signal, level: float) -> Signal:
    """The signal at a level [dBm0], that of its sound while it is on."""
    return signal * amplitude(level + DBM0_DBFS)


def tones(n: int, frequencies: Sequence[float], rng: np.random.Generator, *, offset: float = 0.0) -> Signal:
    """Steady tones of one level together, in phases of chance."""
    t = np.arange(n) / SAMPLE_RATE
    phases = rng.uniform(0, 2 * np.pi, len(frequencies))
    tone: Signal = np.sum(
        [np.sin(2 * np.pi * f * (1 + offset) * t + p) for f, p in zip(frequencies, phases, strict=True)],
        axis=0,
    )
    return np.asarray(tone * np.sqrt(2 / len(frequencies)))


def gate(n: int, spans: Sequence[tuple[float, float]]) -> Signal:
    """1 within the spans of (begin, end) [s], 0 elsewhere, with short rises."""
    t = np.arange(n) / SAMPLE_RATE
    on = np.zeros(n)
    for begin, end in spans:
        ramp = np.minimum(t - begin, end - t) / RISE_SECONDS
        on = np.maximum(on, np.clip(ramp, 0, 1))
    return on


def cadence_spans(pattern: Sequence[float], start: float, seconds: float) -> list[tuple[float, float]]:
    """When a cadence of (on, off, on, off …) [s] sounds that begins at `start`, maybe before the window."""
    spans, at = [], start
    while at < seconds:
        for number, length in enumerate(pattern):
            if number % 2 == 0 and at + length > 0:
                spans.append((at, at + length))
            at += length
    return spans


def answer_tone(
    n: int,
    start: float,
    rng: np.random.Generator,
    *,
    hz: float = 2100.0,
    reversals: bool = False,
    modulated: bool = False,
    offset: float = 0.0,
) -> Signal:
    """CED (V.25, T.30: 2100 Hz), and ANSam where it is modulated (V.8), from `start` to the end."""
    t = np.arange(n) / SAMPLE_RATE - start
    tone = tones(n, (hz,), rng, offset=offset)
    if reversals:
        tone = tone * np.where(np.floor(t / REVERSAL_SECONDS) % 2, -1.0, 1.0)
    if modulated:
        tone = tone * (1 + ANSAM_DEPTH * np.sin(2 * np.pi * ANSAM_HZ * t))
    return tone * gate(n, [(start, n / SAMPLE_RATE + 1)])


def keyed(
    n: int,
    bits: Bits,
    rate: float,
    mark: float,
    space: float,
    rng: np.random.Generator,
    *,
    offset: float = 0.0,
) -> Signal:
    """Frequency shift keying of continuous phase: `mark` for 1, `space` for 0 [Hz]; `bits` repeat."""
    which = (np.arange(n) * rate / SAMPLE_RATE).astype(np.intp) % len(bits)
    hz = np.where(bits[which] == 1, mark, space) * (1 + offset)
    phase = 2 * np.pi * np.cumsum(hz) / SAMPLE_RATE + rng.uniform(0, 2 * np.pi)
    return np.asarray(np.sqrt(2) * np.sin(phase))


def hdlc_bits(seconds: float, rng: np.random.Generator, *, preamble: float = 1.0) -> Bits:
    """T.30's start: flags for `preamble` [s] (section 5.3.1), then a frame's bits, which are chance here."""
    flags = np.tile(HDLC_FLAG, int(np.ceil(preamble * 300 / 8)))
    frame = rng.integers(0, 2, max(int(np.ceil(seconds * 300)) - len(flags), 8))
    return np.concatenate([flags, frame]).astype(np.int8)


def v8_bits(sync: Sequence[int], octets: Sequence[int]) -> Bits:
    """One CI or CM: ones, sync, and octets between start and stop bits, the lowest bit first (V.8)."""
    framed = [bit for octet in octets for bit in (0, *((octet >> k) & 1 for k in range(8)), 1)]
    return np.array([*V8_ONES, *sync, *framed], dtype=np.int8)


def baudot_bits(seconds: float, rng: np.random.Generator) -> Bits:
    """A textphone's characters of chance: start bit, five bits, two stop bits (V.18, annex A)."""
    count = int(np.ceil(seconds * 45.45 / 8)) + 1
    return np.concatenate([[0, *rng.integers(0, 2, 5), 1, 1] for _ in range(count)]).astype(np.int8)


def unscrambled_ones(n: int, rng: np.random.Generator, *, guard: bool = True, offset: float = 0.0) -> Signal:
    """V.22's answer after the answer tone: unscrambled ones at 1200 bit/s on 2400 Hz, and its guard tone.

    A quarter turn back for every symbol of 1/600 s leaves the lines 2250 Hz and, by the shaping of 75 %,
    2850 Hz; the guard tone of 1800 Hz is 6 dB below (ITU-T V.22, sections 2.2 and 6.3.1.1.2).
    """
    lines = [(2250.0, 1.0), (2850.0, amplitude(-12.0))] + ([(1800.0, amplitude(-6.0))] if guard else [])
    total = sum((gain * tones(n, (hz,), rng, offset=offset) for hz, gain in lines), np.zeros(n))
    return np.asarray(total / np.sqrt(sum(gain**2 for _, gain in lines)))
