"""Busy, congestion, ringback and their kin on the caller's side: a leg of exchanges, not of people.

Nobody speaks on a line that is busy, congested, announced as out of order, or back at a dial tone of two
frequencies: CALLER_BUSY. Ringback speaks for no kind, though Orife et al. 2018 (section 1) heard it on pumped
calls: it may be the echo of the ring tone that the caller is played while we listen, or a service that calls
both ends, where a person is about to answer. Nor does one frequency without a cadence. The signals are the
rows of `cadences`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from silentspam.call import VerdictKind
from silentspam.kinds import cadences
from silentspam.kinds.cadences import Cadence
from silentspam.kinds.finding import Finding
from silentspam.kinds.listening import SignalListener, Sources
from silentspam.kinds.pulses import Pulse, pulses_of
from silentspam.kinds.sound import Sound
from silentspam.kinds.special import special_information
from silentspam.kinds.tones import Bins, Tone, bins_near, quality, tones_of

SPAM = (cadences.BUSY, cadences.CONGESTION, cadences.REORDER)
LEAST_PURITY = 0.76
"""Of the best stretch. Through any codec it is 0.9; of sung and played notes a few in 1,000 reach 0.75."""
WEAK_PURITY = 0.92
"""Of one burst of one frequency, or none but E.180's limits: only purity speaks for them."""
RINGING_PURITY = 0.8
WEAK_SPREAD_DB, RINGING_SPREAD_DB = 1.2, 2.5
"""Two tones 32 Hz apart beat by 1.5 dB in windows of 64 ms."""
LEAST_BALANCE = 0.2
"""The weaker of two tones has this share of the stronger one's power at least: −7 dB; else there is one."""
TIME_SLACK = 0.065
"""By which a stretch may be off [s]: half a hop at each end, and a lost packet."""
TIME_SHARE = 0.1
"""By which share of itself a stretch may be off besides (SIN 350: 10 %)."""
SHORTEST_TONE = 0.09
SAME_HZ = 0.015
SAME_OFFSET, RATIO_HZ = 0.002, 1.5
"""By how much the offsets of two tones may differ: a share, and what packets lost do to a line [Hz]."""
MOST_TRAINS = 3
"""Sets of frequencies that are looked at, the purest and longest first."""
LEAST_WHOLE = 2
"""Whole stretches, of on and off, that must fit a cadence; the cut ones must not contradict it."""
RINGING_BALANCE = 0.4
RINGING_SECONDS, DIAL_SECONDS = 0.3, 1.6
"""Of a pair of tones, so much is believed without its cadence [s]."""
WEAK_PROBABILITY = 0.8


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """On or off, for so long [s]; cut: it goes beyond the recording's end."""

    on: bool
    seconds: float
    cut: bool


@dataclass(frozen=True, kw_only=True)
class Train:
    """Pulses of the same lines. tone: the best stretch of them; seconds: of the whole recording."""

    tone: Tone
    pulses: tuple[Pulse, ...]
    seconds: float

    def stretches(self) -> list[Stretch]:
        """What the recording is, from its beginning to its end: on, off, on …"""
        found, at = [], 0.0
        for pulse in self.pulses:
            if not pulse.cut_before:
                found.append(Stretch(on=False, seconds=pulse.begin - at, cut=at == 0.0))
            found.append(Stretch(on=True, seconds=pulse.seconds, cut=pulse.cut))
            at = pulse.end
        if not self.pulses[-1].cut_after:
            found.append(Stretch(on=False, seconds=self.seconds - at, cut=True))
        return found


def _bins() -> Bins:
    rows = cadences.CADENCES
    known = [(hz * (1 - row.tolerance), hz * (1 + row.tolerance)) for row in rows for hz in row.hz]
    return bins_near(cadences.SINGLE_HZ, *known)


BINS = _bins()


def busy(sound: Sound) -> tuple[Finding, ...]:
    """The call-progress signal of an opening, or none. Never raises."""
    special = special_information(sound)
    if special:
        return (special,)
    tones = [_plain(tone) for tone in tones_of(sound, BINS) if tone.seconds >= SHORTEST_TONE]
    for tone in _different([tone for tone in tones if tone.purity >= LEAST_PURITY]):
        hz = tone.hz
        rows = [row for row in cadences.CADENCES if _has_frequencies(hz, row)]
        if not rows and not _is_single(tone):
            continue
        pulses = pulses_of(sound, hz, tone)
        if not pulses:
            continue
        finding = _of_train(Train(tone=tone, pulses=pulses, seconds=sound.recording.seconds), rows)
        if finding:
            return (finding,)
    return ()


def _plain(tone: Tone) -> Tone:
    """A second line that is too weak to be a tone, and only a scar of the codec's, is left out."""
    if len(tone.lines) == 2 and _balance(tone) < LEAST_BALANCE:
        return replace(tone, lines=tone.lines[:1])
    return tone


def _balance(tone: Tone) -> float:
    shares = [line.share for line in tone.lines]
    return min(shares) / max(shares)


def _different(tones: Sequence[Tone]) -> list[Tone]:
    """The best stretch of each set of frequencies, the best ones first."""
    best: list[Tone] = []
    for tone in sorted(tones, key=quality, reverse=True):
        if not any(_alike(tone.hz, other.hz) for other in best):
            best.append(tone)
    return best[:MOST_TRAINS]


def _alike(some: Sequence[float], others: Sequence[float]) -> bool:
    return len(some) == len(others) and all(
        abs(one / other - 1) <= SAME_HZ for one, other in zip(some, others, strict=True)
    )


def _has_frequencies(hz: Sequence[float], row: Cadence) -> bool:
    """Whether all are off by little, and by the same: no carrier and no clock changes the ratio of two."""
    if len(hz) != len(row.hz) or abs(hz[0] / row.hz[0] - 1) > row.tolerance:
        return False
    off = [one / other - 1 for one, other in zip(hz, row.hz, strict=True)]
    return max(map(abs, off)) <= row.tolerance and max(off) - min(off) <= SAME_OFFSET + RATIO_HZ / hz[0]


def _is_single(tone: Tone) -> bool:
    """Whether it is one frequency that E.180 knows."""
    lowest, highest = cadences.SINGLE_HZ
    return len(tone.hz) == 1 and lowest <= tone.hz[0] <= highest


def _of_train(train: Train, rows: Sequence[Cadence]) -> Finding | None:
    stretches = train.stretches()
    errors = {row: _misfit(stretches, row.pattern) for row in rows if row.pattern}
    fitting = [(error, row) for row, error in errors.items() if error is not None]
    if fitting:
        _, row = min(fitting, key=lambda one: one[0])
        return _finding(row.signal, row.region, train, 1.0)
    general = _general(train, stretches)
    if general:
        return general
    return next(filter(None, (_without_cadence(row, train) for row in rows)), None)


def _misfit(stretches: Sequence[Stretch], pattern: Sequence[float]) -> float | None:
    """By how many seconds the whole stretches miss a pattern on average; None where they do not fit it."""
    whole = sum(not stretch.cut for stretch in stretches)
    if whole < LEAST_WHOLE:
        return None
    phases = range(0 if stretches[0].on else 1, len(pattern), 2)
    missed = [miss for miss in (_miss(stretches, pattern, phase) for phase in phases) if miss is not None]
    return min(missed) / whole if missed else None


def _miss(stretches: Sequence[Stretch], pattern: Sequence[float], phase: int) -> float | None:
    total = 0.0
    for number, stretch in enumerate(stretches):
        nominal = pattern[(phase + number) % len(pattern)]
        over = stretch.seconds - nominal
        if over > _slack(nominal) or (not stretch.cut and over < -_slack(nominal)):
            return None
        total += 0.0 if stretch.cut else abs(over)
    return total


def _slack(nominal: float) -> float:
    return TIME_SLACK + TIME_SHARE * nominal


def _general(train: Train, stretches: Sequence[Stretch]) -> Finding | None:
    """Busy or congestion by E.180's limits alone: one frequency, all its periods alike."""
    on = [stretch.seconds for stretch in stretches if stretch.on and not stretch.cut]
    off = [stretch.seconds for stretch in stretches if not stretch.on and not stretch.cut]
    if not _is_single(train.tone) or train.tone.purity < WEAK_PURITY or not on or not off:
        return None
    period, ratio = on[0] + off[0], on[0] / off[0]
    shortest, longest = cadences.QUICK_PERIOD
    least, most = cadences.QUICK_RATIO
    if not (shortest <= period <= longest and least <= ratio <= most):
        return None
    if _misfit(stretches, (on[0], off[0])) is None:
        return None
    quick = period < cadences.LONGEST_QUICK_BUSY
    return _finding(cadences.CONGESTION if quick else cadences.BUSY, cadences.ANY, train, 0.95)


def _without_cadence(row: Cadence, train: Train) -> Finding | None:
    """Ringback and dial tone, of which two seconds may not show a single edge."""
    longest = max(pulse.seconds for pulse in train.pulses)
    pair = len(row.hz) == 2
    if row.signal == cadences.RINGBACK and pair:
        steady = train.tone.purity >= RINGING_PURITY and train.tone.spread <= RINGING_SPREAD_DB
        fits = (
            steady
            and _balance(train.tone) >= RINGING_BALANCE
            and longest >= RINGING_SECONDS
            and len(train.pulses) <= len(row.pattern) // 2
        )
        return _finding(row.signal, row.region, train, 0.95) if fits else None
    if len(train.pulses) > 1 or train.tone.purity < WEAK_PURITY or train.tone.spread > WEAK_SPREAD_DB:
        return None
    if row.signal == cadences.RINGBACK:
        least, most = cadences.RINGING_ON
        fits = least - TIME_SLACK <= longest <= most + TIME_SLACK
        return _finding(row.signal, row.region, train, WEAK_PROBABILITY) if fits else None
    if row.signal in (cadences.DIAL, cadences.UNOBTAINABLE) and longest >= DIAL_SECONDS:
        return _finding(row.signal, row.region, train, WEAK_PROBABILITY)
    return None


def _finding(signal: str, region: str, train: Train, probability: float) -> Finding:
    pair_dial = signal == cadences.DIAL and len(train.tone.lines) == 2
    hz = " and ".join(f"{one:.0f}" for one in train.tone.hz)
    bursts = ", ".join(f"{pulse.seconds:.2f}" for pulse in train.pulses)
    return Finding(
        kind=VerdictKind.CALLER_BUSY if signal in SPAM or pair_dial else None,
        signal=f"{signal} ({region})",
        probability=round(probability * min(train.tone.purity + 0.02, 1.0), 3),
        begin=train.pulses[0].begin,
        end=train.pulses[-1].end,
        reason=f"{signal} ({region}): {hz} Hz for {bursts} s, {train.tone.purity:.0%} of all power",
    )


def listener(_: Sources) -> SignalListener:
    """Hears busy and other call-progress signals."""
    return SignalListener(busy)
