"""The special information tone: three rising tones before somebody says why a call cannot be put through.

ITU-T E.180, section 9. The opening may cut the first and the last of them, and so may lost packets.
Frequencies Hz, times s.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations, pairwise

from silentspam.call import VerdictKind
from silentspam.kinds import cadences
from silentspam.kinds.clusters import HOP_SECONDS, frames_of
from silentspam.kinds.finding import Finding
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Bins, Tone, any_near, bins_near, tones_of

Slot = tuple[float, float]

LEAST_SHARE = 0.55
"""Of a tone's power in its strongest line."""
HZ_SLACK = cadences.SIT_TOLERANCE_HZ + 5.0
HOLE = 0.13
"""Between two of the tones: what lost packets take away [s]."""
TIME_SLACK = 0.065
"""By which a tone's end may be off [s]: half a hop, and a lost packet."""
SHORTEST_TONE = 0.09
LEAST_TORN_SHARE = 0.9
"""Of the two tones that are there, where the third is torn."""
SHORTEST_THIRD = 0.25
LEAST_FRAMES, LEAST_HITS = 6, 0.5
"""Of the third: so many frames lie in the opening, and that share of them peaks where it is."""

PLACES = tuple(bins_near((hz - HZ_SLACK, hz + HZ_SLACK)) for hz in cadences.SIT_HZ)
"""Where each of the three peaks."""


def special_information(sound: Sound) -> Finding | None:
    """The special information tone of an opening; None where there is none."""
    if sum(any_near(sound, bins) for bins in PLACES) < 2:
        return None
    tones = [tone for tone in tones_of(sound, frozenset().union(*PLACES)) if tone.seconds >= SHORTEST_TONE]
    pure = [tone for tone in tones if tone.lines[0].share >= LEAST_SHARE]
    for first in pure:
        three = [first, *_following(first, pure)]
        if _is_special(three):
            return _finding(three)
    return _torn(sound, pure)


def _torn(sound: Sound, tones: Sequence[Tone]) -> Finding | None:
    """Two pure tones of the three, where of the third lost packets have left no more than its frequency."""
    for one, other in combinations([tone for tone in tones if tone.lines[0].share >= LEAST_TORN_SHARE], 2):
        earlier, later = sorted((one, other), key=lambda tone: tone.begin)
        places = (_place(earlier), _place(later))
        if places in SLOTS and _is_long(earlier) and _is_long(later):
            slot = SLOTS[places](earlier, later)
            if slot and _sounds(sound, PLACES[3 - sum(places)], *slot):
                return _finding((earlier, later))
    return None


def _place(tone: Tone) -> int:
    """Which of the three it is; −9 for none, so that two are no key of SLOTS."""
    return next((n for n, hz in enumerate(cadences.SIT_HZ) if abs(tone.lines[0].hz - hz) <= HZ_SLACK), -9)


def _is_long(tone: Tone) -> bool:
    shortest, longest = cadences.SIT_SECONDS
    return shortest - TIME_SLACK <= tone.seconds <= longest + TIME_SLACK


def _after(first: Tone, second: Tone) -> Slot | None:
    return (second.end, second.end + SHORTEST_THIRD) if _follows(first, second) else None


def _before(second: Tone, third: Tone) -> Slot | None:
    return (second.begin - SHORTEST_THIRD, second.begin) if _follows(second, third) else None


def _between(first: Tone, third: Tone) -> Slot | None:
    shortest, longest = cadences.SIT_SECONDS
    fits = shortest - TIME_SLACK <= third.begin - first.end <= longest + TIME_SLACK
    return (first.end, third.begin) if fits else None


SLOTS: Mapping[tuple[int, int], Callable[[Tone, Tone], Slot | None]] = {
    (0, 1): _after,
    (1, 2): _before,
    (0, 2): _between,
}
"""When the one that is missing sounds, by which two there are."""


def _sounds(sound: Sound, bins: Bins, begin: float, end: float) -> bool:
    """Whether the frames of a time mostly peak at these bins."""
    frames = frames_of(sound)
    inside = range(max(round(begin / HOP_SECONDS), 0), min(round(end / HOP_SECONDS), len(frames.low)))
    hits = sum(int(frames.low[k]) in bins or int(frames.high[k]) in bins for k in inside)
    return len(inside) >= LEAST_FRAMES and hits >= LEAST_HITS * len(inside)


def _finding(three: Sequence[Tone]) -> Finding:
    weakest = min(tone.lines[0].share for tone in three)
    hz = ", ".join(f"{tone.lines[0].hz:.0f}" for tone in three)
    return Finding(
        kind=VerdictKind.CALLER_BUSY,
        signal=cadences.SPECIAL_INFORMATION,
        probability=round(min(weakest + 0.02, 1.0), 3),
        begin=three[0].begin,
        end=three[-1].end,
        reason=f"{cadences.SPECIAL_INFORMATION}: {hz} Hz one after the other",
    )


def _following(first: Tone, tones: Sequence[Tone]) -> list[Tone]:
    """The longest tones at the second and the third frequency that begin after `first`."""
    found = []
    for hz in cadences.SIT_HZ[1:]:
        later = [
            tone for tone in tones if tone.begin > first.begin and abs(tone.lines[0].hz - hz) <= HZ_SLACK
        ]
        found += [max(later, key=lambda tone: tone.seconds)] if later else []
    return found


def _is_special(three: Sequence[Tone]) -> bool:
    if len(three) < 3 or abs(three[0].lines[0].hz - cadences.SIT_HZ[0]) > HZ_SLACK:
        return False
    shortest, longest = cadences.SIT_SECONDS
    close = all(_follows(one, two) for one, two in pairwise(three))
    middle = shortest - 2 * TIME_SLACK <= three[1].seconds
    return close and middle and max(tone.seconds for tone in three) <= longest + TIME_SLACK


def _follows(one: Tone, other: Tone) -> bool:
    return -TIME_SLACK <= other.begin - one.end <= cadences.SIT_GAP_SECONDS + HOLE
