"""Busy, congestion, ringback and their kin on the caller's side: a leg of exchanges, not of people.

Nobody speaks on a line that is busy, congested, announced as out of order, or back at a dial tone of two
frequencies: CALLER_BUSY. Ringback speaks for no kind, though Orife et al. 2018 (section 1) heard it on pumped
calls: it may be the echo of the ring tone that the caller is played while we listen, or a service that calls
both ends, where a person is about to answer. Nor does one frequency without a cadence. The signals are the
rows of `cadences`.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from silentspam.call import VerdictKind
from silentspam.kinds import cadences
from silentspam.kinds.cadences import Cadence
from silentspam.kinds.finding import Finding
from silentspam.kinds.fitting import TIME_SLACK, Stretch, edge_share, misfit, slack, stretches
from silentspam.kinds.listening import SignalListener, Sources
from silentspam.kinds.pulses import Pulse, pulses_of
from silentspam.kinds.sound import Sound
from silentspam.kinds.special import special_information
from silentspam.kinds.tones import Bins, Tone, bins_near, quality, tones_of
from silentspam.kinds.trains import Train

SPAM = (cadences.BUSY, cadences.CONGESTION, cadences.REORDER)
LEAST_PURITY = 0.76
"""Of the best stretch. Through any codec it is 0.9; of sung and played notes a few in 1,000 reach 0.75."""
WEAK_PURITY = 0.92
"""Of one burst of one frequency, or none but E.180's limits: only purity speaks for them."""
RINGING_PURITY = 0.7
RINGING_SPREAD_DB = TORN_SPREAD_DB = 2.5
"""Two tones 32 Hz apart beat by 1.5 dB in windows of 64 ms."""
STEADY_PAIR = ((0.92, 1.2), (0.88, 0.5))
STEADY_SINGLE = ((0.92, 4.0), (0.86, 2.5), (0.76, 0.9))
"""Purity at least and spread at most [dB]: GSM adds noise to a steady level, G.729 sways after each loss."""
RINGING_SHARE = 0.75
"""Of the time from its beginning to its end, for which ringback sounds."""
LONGEST_HOLE, MOST_HOLES = 0.35, 2
"""Of a steady tone [s]: G.729 is back 0.3 s after a lost packet."""
LEAST_BALANCE = 0.2
"""The weaker of two tones has this share of the stronger one's power at least: −7 dB; else there is one."""
SHORTEST_TONE = 0.09
FILLED_SHARE = 0.6
"""Of a pulse, that pure stretches must be: of a tone's they are nearly all, of a word's a moment."""
SAME_HZ = 0.015
SAME_OFFSET, RATIO_HZ = 0.002, 1.5
"""By how much the offsets of two tones may differ: a share, and what packets lost do to a line [Hz]."""
MOST_TRAINS = 3
"""Sets of frequencies that are looked at, the purest and longest first."""
RINGING_BALANCE = 0.4
RINGING_SECONDS, DIAL_SECONDS = 0.3, 1.6
"""Of a pair of tones, so much is believed without its cadence [s]."""
WEAK_PROBABILITY = 0.8


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
    for tone in _different([tone for tone in tones if tone.purity >= RINGING_PURITY]):
        hz = tone.hz
        rows = [row for row in cadences.CADENCES if _has_frequencies(hz, row)]
        if not rows and not _is_single(tone):
            continue
        pulses = pulses_of(sound, hz, tone)
        if not pulses or not _fill(tones, tone, pulses):
            continue
        train = Train(sound=sound, tone=tone, pulses=pulses)
        finding = _of_train(train, rows)
        if finding and (finding.kind is None or train.is_alone):
            return (finding,)
    return ()


def _fill(tones: Sequence[Tone], tone: Tone, pulses: Sequence[Pulse]) -> bool:
    """Whether the stretches that are pure are most of the pulse of the best one."""
    own = max(
        (pulse for pulse in pulses if pulse.begin < tone.end and tone.begin < pulse.end),
        key=lambda pulse: pulse.seconds,
        default=tone,
    )
    alike = (one for one in tones if _alike(one.hz, tone.hz) and one.begin < own.end and own.begin < one.end)
    return sum(one.seconds for one in alike) >= FILLED_SHARE * own.seconds


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
    if train.tone.purity < LEAST_PURITY:
        return next(filter(None, (_without_cadence(row, train) for row in rows)), None)
    those = stretches(train.pulses, train.seconds)
    errors = {row: misfit(those, row.pattern) for row in rows if row.pattern}
    fitting = [(error, row) for row, error in errors.items() if error is not None]
    if fitting:
        _, row = min(fitting, key=lambda one: one[0])
        return _finding(row.signal, row.region, train, 1.0)
    general = _general(train, those)
    if general:
        return general
    torn = _torn(train, rows)
    if torn:
        return torn
    return next(filter(None, (_without_cadence(row, train) for row in rows)), None)


def _torn(train: Train, rows: Sequence[Cadence]) -> Finding | None:
    """A quick signal by its edges, of which lost packets have taken some: only where it is pure."""
    if train.tone.purity < WEAK_PURITY or train.tone.spread > TORN_SPREAD_DB or not train.is_even:
        return None
    quick = [row for row in rows if row.signal in SPAM]
    shares = {row: edge_share(train.pulses, row.pattern, train.seconds) for row in quick}
    best = max(shares, key=lambda row: shares[row], default=None)
    return _finding(best.signal, best.region, train, 0.95) if best and shares[best] else None


def _general(train: Train, those: Sequence[Stretch]) -> Finding | None:
    """Busy or congestion by E.180's limits alone: one frequency, all its periods alike."""
    on = [stretch.seconds for stretch in those if stretch.on and not stretch.cut]
    off = [stretch.seconds for stretch in those if not stretch.on and not stretch.cut]
    if not _is_single(train.tone) or train.tone.purity < WEAK_PURITY or not on or not off:
        return None
    period, ratio = on[0] + off[0], on[0] / off[0]
    shortest, longest = cadences.QUICK_PERIOD
    least, most = cadences.QUICK_RATIO
    if not (shortest <= period <= longest and least <= ratio <= most):
        return None
    if misfit(those, (on[0], off[0])) is None or not train.is_even:
        return None
    quick = period < cadences.LONGEST_QUICK_BUSY
    return _finding(cadences.CONGESTION if quick else cadences.BUSY, cadences.ANY, train, 0.95)


def _without_cadence(row: Cadence, train: Train) -> Finding | None:
    """Ringback and dial tone, of which two seconds may not show a single edge."""
    if row.signal == cadences.RINGBACK:
        pair = len(row.hz) == 2
        fits = _is_ringing_pair(row, train) if pair else _is_ringing(train)
        return _finding(row.signal, row.region, train, 0.95 if pair else WEAK_PROBABILITY) if fits else None
    if row.signal in (cadences.DIAL, cadences.UNOBTAINABLE) and _is_endless(train):
        return _finding(row.signal, row.region, train, WEAK_PROBABILITY)
    return None


def _is_ringing_pair(row: Cadence, train: Train) -> bool:
    return (
        train.tone.purity >= RINGING_PURITY
        and train.tone.spread <= RINGING_SPREAD_DB
        and _balance(train.tone) >= RINGING_BALANCE
        and max(pulse.seconds for pulse in train.pulses) >= RINGING_SECONDS
        and len(train.pulses) <= len(row.pattern) // 2 + 1
    )


def _is_ringing(train: Train) -> bool:
    least, most = cadences.RINGING_ON
    lasting = train.pulses[-1].end - train.pulses[0].begin
    sounding = sum(pulse.seconds for pulse in train.pulses) >= RINGING_SHARE * lasting
    return _is_steady(train) and sounding and least - TIME_SLACK <= lasting <= most + slack(most)


def _is_endless(train: Train) -> bool:
    return _is_steady(train) and sum(pulse.seconds for pulse in train.pulses) >= DIAL_SECONDS


def _is_steady(train: Train) -> bool:
    """Whether it is one sound, in which lost packets may have left holes; a pair, which is SPAM, is purer."""
    holes = [later.begin - earlier.end for earlier, later in pairwise(train.pulses)]
    limits = STEADY_PAIR if len(train.tone.lines) == 2 else STEADY_SINGLE
    pure = any(train.tone.purity >= purity and train.tone.spread <= spread for purity, spread in limits)
    return pure and len(holes) <= MOST_HOLES and max(holes, default=0.0) <= LONGEST_HOLE


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
