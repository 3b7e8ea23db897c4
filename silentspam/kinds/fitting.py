"""Whether the pulses of a signal keep a cadence's time, also where packets were lost.

First as they are: every stretch of on and off that lies in the recording wholly has the cadence's length, and
those that its ends cut are no longer. What a lost packet does fits no such rule: G.729 sounds again up to
0.3 s after it, which bites into a tone's beginning, its end or its middle, and iLBC goes on into a pause. So
then by the edges: most of those that the cadence wants are there, and nothing sounds where it is silent.
Times s.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from silentspam.kinds.pulses import Pulse

TIME_SLACK = 0.065
"""By which a stretch or an edge may be off [s]: half a hop at each end, and a lost packet."""
TIME_SHARE = 0.1
"""By which share of itself a stretch may be off besides (SIN 350: 10 %)."""
LEAST_WHOLE = 2
"""Whole stretches, of on and off, that must fit a cadence; the cut ones must not contradict it."""
LEAST_EDGES, LEAST_EDGE_SHARE = 3, 0.7
"""Of the edges that a cadence wants in the opening."""
LEAST_ON_SHARE = 0.6
"""Of the time that a cadence sounds."""
MOST_TORN = 1
"""Pulses that are torn in two; and one at least must be whole."""
MOST_FALSE = 0.05
"""Time for which anything sounds where a cadence is silent."""

Seconds = Sequence[float]
Spans = list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """On or off, for so long [s]; cut: it goes beyond the recording's end."""

    on: bool
    seconds: float
    cut: bool


def stretches(pulses: Sequence[Pulse], seconds: float) -> list[Stretch]:
    """What a recording is, from its beginning to its end: on, off, on …"""
    found, at = [], 0.0
    for pulse in pulses:
        if not pulse.cut_before:
            found.append(Stretch(on=False, seconds=pulse.begin - at, cut=at == 0.0))
        found.append(Stretch(on=True, seconds=pulse.seconds, cut=pulse.cut))
        at = pulse.end
    if not pulses[-1].cut_after:
        found.append(Stretch(on=False, seconds=seconds - at, cut=True))
    return found


def misfit(those: Sequence[Stretch], pattern: Seconds) -> float | None:
    """By how many seconds the whole stretches miss a pattern on average; None where they do not fit it."""
    whole = sum(not stretch.cut for stretch in those)
    if whole < LEAST_WHOLE:
        return None
    phases = range(0 if those[0].on else 1, len(pattern), 2)
    missed = [miss for miss in (_miss(those, pattern, phase) for phase in phases) if miss is not None]
    return min(missed) / whole if missed else None


def _miss(those: Sequence[Stretch], pattern: Seconds, phase: int) -> float | None:
    total = 0.0
    for number, stretch in enumerate(those):
        nominal = pattern[(phase + number) % len(pattern)]
        over = stretch.seconds - nominal
        if over > slack(nominal) or (not stretch.cut and over < -slack(nominal)):
            return None
        total += 0.0 if stretch.cut else abs(over)
    return total


def slack(nominal: float) -> float:
    """By how much a stretch of that length may be off."""
    return TIME_SLACK + TIME_SHARE * nominal


def edge_share(pulses: Sequence[Pulse], pattern: Seconds, seconds: float) -> float:
    """The share of a cadence's edges that are there, 0…1, where it is begun as fits best; 0 for too few."""
    begins = [pulse.begin for pulse in pulses if not pulse.cut_before]
    ends = [pulse.end for pulse in pulses if not pulse.cut_after]
    shares = (
        _share_at(start, pulses, begins, ends, pattern, seconds) for start in _starts(begins, ends, pattern)
    )
    return max(shares, default=0.0)


def _starts(begins: Seconds, ends: Seconds, pattern: Seconds) -> Iterator[float]:
    """When the cadence may have begun, a cycle before the recording, so that one of its edges is there."""
    cycle, at = sum(pattern), 0.0
    for number, length in enumerate(pattern):
        for edge in ends if number % 2 else begins:
            yield (edge - at) % cycle - cycle
        at += length


def _share_at(
    start: float,
    pulses: Sequence[Pulse],
    begins: Seconds,
    ends: Seconds,
    pattern: Seconds,
    seconds: float,
) -> float:
    spans = list(_sounding(start, pattern, seconds))
    wanted = [(begin, begins) for begin, _ in spans] + [(end, ends) for _, end in spans]
    inside = [(edge, seen) for edge, seen in wanted if TIME_SLACK < edge < seconds - TIME_SLACK]
    met = sum(any(abs(edge - one) <= TIME_SLACK for one in seen) for edge, seen in inside)
    if met < LEAST_EDGES or met < LEAST_EDGE_SHARE * len(inside):
        return 0.0
    if len(pulses) > len(spans) + MOST_TORN or not any(_is_whole(pulse, spans) for pulse in pulses):
        return 0.0
    total = sum(min(end, seconds) - max(begin, 0.0) for begin, end in spans)
    own = [(pulse.begin, pulse.end) for pulse in pulses]
    wide = [(begin - TIME_SLACK, end + TIME_SLACK) for begin, end in spans]
    false = sum(end - begin for begin, end in own) - _common(own, wide)
    if false > MOST_FALSE or _common(own, spans) < LEAST_ON_SHARE * total:
        return 0.0
    return met / len(inside)


def _is_whole(pulse: Pulse, spans: Spans) -> bool:
    """Whether it begins and ends when the cadence does."""
    return not pulse.cut and any(
        abs(pulse.begin - begin) <= TIME_SLACK and abs(pulse.end - end) <= TIME_SLACK for begin, end in spans
    )


def _sounding(start: float, pattern: Seconds, seconds: float) -> Iterator[tuple[float, float]]:
    """The spans in which a cadence sounds that overlap the recording."""
    at = start
    while at < seconds:
        for number, length in enumerate(pattern):
            if number % 2 == 0 and at + length > 0 and at < seconds:
                yield at, at + length
            at += length


def _common(some: Spans, others: Spans) -> float:
    """How long both sound; no two of either overlap."""
    return sum(
        max(min(end, until) - max(begin, since), 0.0) for begin, end in some for since, until in others
    )
