"""How many signals are found in openings of two seconds, and how many in openings that have none.

Signals are synthetic (`training.signals`), drawn anew for each opening: where they begin, phases, how far all
frequencies are off (to MOST_OFF). They go through real codecs with bursts of lost packets. A signal lies in
the window where so much of it does as its case says. Openings without one are speech, places and music on
which no limit was set (`training.signal_sources`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording, encode_ulaw
from silentspam.kinds.busy import busy
from silentspam.kinds.cadences import CADENCES, DIAL, RINGBACK, SIT_HZ, UNOBTAINABLE
from silentspam.kinds.fax import fax
from silentspam.kinds.finding import Finding
from silentspam.kinds.keys import COLUMNS, ROWS, keys
from silentspam.kinds.sound import Sound
from silentspam.training import signals
from silentspam.training.codecs import Codec, frames_of
from silentspam.training.ham import spoken
from silentspam.training.network import Loss, quantised
from silentspam.training.noise import Signal, amplitude, at_level
from silentspam.training.operating_point import Rate
from silentspam.training.signal_sources import openings
from silentspam.training.sources import Clip, ClipKind, load_clip

SECONDS = 2.0
N = round(SECONDS * SAMPLE_RATE)
MOST_OFF = 0.015
FLOOR_DBFS = -65.0
LOSS = Loss(share=0.03, burst=1.5)
MUSIC_AND_SPEECH_DBFS = (-40.0, -14.0)

Detector = Callable[[Sound], Sequence[Finding]]
Draw = Callable[[np.random.Generator, float], Signal]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One signal. draw: of a generator and an offset; window: what of it lies in the opening, in words."""

    name: str
    group: str
    window: str
    detector: Detector
    draw: Draw


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Codec, level [dBm0], and what the signal is below, by how much [dB]; None for a quiet line."""

    codec: str
    level: float
    background: ClipKind | None = None
    below: float = 0.0


def _burst(hz: Sequence[float], seconds: float, least: float) -> Draw:
    """A burst of which at least so much [s] lies in the window."""

    def draw(rng: np.random.Generator, offset: float) -> Signal:
        begin = rng.uniform(least - seconds, SECONDS - least)
        gate = signals.gate(N, [(begin, begin + seconds)])
        return signals.tones(N, hz, rng, offset=offset) * gate

    return draw


def _answer(*, hz: float = 2100.0, reversals: bool = False, modulated: bool = False) -> Draw:
    def draw(rng: np.random.Generator, offset: float) -> Signal:
        begin = rng.uniform(-SECONDS, SECONDS - 0.5)
        return signals.answer_tone(
            N, begin, rng, hz=hz, reversals=reversals, modulated=modulated, offset=offset
        )

    return draw


def _flags(rng: np.random.Generator, offset: float) -> Signal:
    begin = rng.uniform(-0.5, SECONDS - 0.5)
    bits = signals.hdlc_bits(SECONDS + 1, rng, preamble=1.0)
    late = np.roll(bits, round(begin * 300)) if begin > 0 else bits[round(-begin * 300) :]
    tone = signals.keyed(N, late, 300.0, 1650.0, 1850.0, rng, offset=offset)
    return tone * signals.gate(N, [(max(begin, 0.0) if begin > 0 else -1.0, SECONDS + 1)])


def _menu(rng: np.random.Generator, offset: float) -> Signal:
    bits = signals.v8_bits(signals.V8_CM_SYNC, signals.V8_OCTETS)
    begin = rng.uniform(-1.0, SECONDS - 0.7)
    tone = signals.keyed(N, bits, 300.0, 980.0, 1180.0, rng, offset=offset)
    return tone * signals.gate(N, [(begin, SECONDS + 1)])


def _ones(rng: np.random.Generator, offset: float) -> Signal:
    gate = signals.gate(N, [(rng.uniform(-1.0, SECONDS - 0.6), SECONDS + 1)])
    return signals.unscrambled_ones(N, rng, guard=bool(rng.random() < 0.5), offset=offset) * gate


def _cadence(hz: Sequence[float], pattern: Sequence[float], least: float) -> Draw:
    """A cadence from any moment on; where `least` is set, so much of one burst [s] lies in the window."""

    def draw(rng: np.random.Generator, offset: float) -> Signal:
        longest, spans = -1.0, [(-1.0, SECONDS + 1)]
        while pattern and longest < least:
            spans = signals.cadence_spans(pattern, -rng.uniform(0, sum(pattern)), SECONDS)
            longest = max((min(end, SECONDS) - max(begin, 0.0) for begin, end in spans), default=-1.0)
        return signals.tones(N, hz, rng, offset=offset) * signals.gate(N, spans)

    return draw


def _special(rng: np.random.Generator, offset: float) -> Signal:
    begin = rng.uniform(-0.1, SECONDS - 0.9)
    three = [
        signals.tones(N, (hz,), rng, offset=offset)
        * signals.gate(N, [(begin + 0.33 * k, begin + 0.33 * (k + 1))])
        for k, hz in enumerate(SIT_HZ)
    ]
    return np.asarray(np.sum(three, axis=0))


def _key(rng: np.random.Generator, offset: float) -> Signal:
    hz = (ROWS[int(rng.integers(4))], COLUMNS[int(rng.integers(4))])
    return _burst(hz, 0.1, 0.1)(rng, offset)


def cases() -> list[Case]:
    """Every signal that is measured: fax and modems, each row of the table of cadences, keys."""

    def of_fax(name: str, window: str, draw: Draw) -> Case:
        return Case(name=name, group="fax", window=window, detector=fax, draw=draw)

    found = [
        of_fax("CNG", "0.35 s of the burst", _burst((1100.0,), 0.5, 0.35)),
        of_fax("V.25 calling tone", "0.5 s of the burst", _burst((1300.0,), 0.6, 0.5)),
        of_fax("CED", "0.5 s", _answer()),
        of_fax("CED, phase reversals", "0.5 s", _answer(reversals=True)),
        of_fax("ANSam", "0.5 s", _answer(reversals=True, modulated=True)),
        of_fax("V.21 flags", "0.5 s of flags", _flags),
        of_fax("V.8 CM", "0.7 s", _menu),
        of_fax("V.22 unscrambled ones", "0.6 s", _ones),
        of_fax("Bell 103 answer", "0.5 s", _answer(hz=2225.0)),
    ]
    for row in CADENCES:
        steady = row.signal in (DIAL, UNOBTAINABLE)
        name = f"{row.signal}, {row.region}, {' + '.join(f'{hz:.0f}' for hz in row.hz)} Hz"
        least = min(0.75, 0.9 * max(row.pattern[::2])) if row.signal == RINGBACK else 0.0
        window = "all of it" if steady else (f"{least:.2f} s of one burst" if least else "any two seconds")
        pattern = f" ({' '.join(map(str, row.pattern))})" if row.pattern else ""
        draw = _cadence(row.hz, row.pattern, least)
        found.append(Case(name=name + pattern, group="busy", window=window, detector=busy, draw=draw))
    found.append(
        Case(name="special information", group="busy", window="all but 0.1 s", detector=busy, draw=_special)
    )
    found.append(Case(name="keys", group="keys", window="all 0.1 s", detector=keys, draw=_key))
    return found


def heard(
    case: Case,
    condition: Condition,
    codecs: Mapping[str, Codec],
    clips: Sequence[Clip],
    rng: np.random.Generator,
) -> Sound:
    """One opening with the signal, as it is recorded."""
    signal = case.draw(rng, rng.uniform(-MOST_OFF, MOST_OFF))
    line = signals.at_dbm0(signal, condition.level) + amplitude(FLOOR_DBFS) * rng.standard_normal(N)
    if condition.background:
        level = condition.level + signals.DBM0_DBFS + condition.below
        line = line + at_level(background(clips, condition.background, rng), level)
    codec = codecs[condition.codec]
    samples = quantised(line)
    lost = LOSS.draw(frames_of(len(samples), codec.frame_samples), rng)
    return Sound(Recording(encode_ulaw(codec.transmit(samples, lost))))


def background(clips: Sequence[Clip], kind: ClipKind, rng: np.random.Generator) -> Signal:
    """Two seconds of a clip of that kind: speech from where it begins, anything else from anywhere."""
    here = [clip for clip in clips if clip.kind is kind]
    sound = load_clip(here[int(rng.integers(len(here)))])
    if kind is ClipKind.SPEECH and rng.random() < 0.5:
        return spoken(sound, N)
    start = int(rng.integers(max(len(sound) - N, 1)))
    return np.pad(sound[start : start + N], (0, max(N - len(sound), 0)))


def found_of(
    case: Case,
    condition: Condition,
    count: int,
    codecs: Mapping[str, Codec],
    clips: Sequence[Clip],
    seed: int,
) -> Rate:
    """In how many openings the case's detector finds anything."""
    rng = np.random.default_rng(
        [seed, *condition.codec.encode(), *case.name.encode(), int(condition.level) % 97]
    )
    hits = sum(bool(case.detector(heard(case, condition, codecs, clips, rng))) for _ in range(count))
    return Rate(hits=hits, n=count)


def false_signals(
    kind: ClipKind, count: int, unheard: Sequence[Clip], seed: int
) -> Iterator[tuple[str, tuple[Finding, ...]]]:
    """Openings without a signal: the package that each is of, and what was found in it all the same."""
    rng = np.random.default_rng([seed, *kind.encode()])
    for package, sound in openings(unheard, kind, count, N, rng):
        level = rng.uniform(*MUSIC_AND_SPEECH_DBFS)
        opening = Sound(Recording(encode_ulaw(quantised(at_level(sound, level)))))
        yield package, (*fax(opening), *busy(opening), *keys(opening))
