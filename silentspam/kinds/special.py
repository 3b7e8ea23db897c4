"""The special information tone: three rising tones before somebody says why a call cannot be put through.

ITU-T E.180, section 9. The opening may cut the first and the last of them, and so may lost packets.
Frequencies Hz, times s.
"""

from collections.abc import Sequence
from itertools import pairwise

from silentspam.call import VerdictKind
from silentspam.kinds import cadences
from silentspam.kinds.finding import Finding
from silentspam.kinds.sound import Sound
from silentspam.kinds.tones import Tone, any_near, bins_near, tones_of

LEAST_SHARE = 0.55
"""Of a tone's power in its strongest line."""
HZ_SLACK = cadences.SIT_TOLERANCE_HZ + 5.0
HOLE = 0.13
"""Between two of the tones: what lost packets take away [s]."""
TIME_SLACK = 0.065
"""By which a tone's end may be off [s]: half a hop, and a lost packet."""
SHORTEST_TONE = 0.09

PLACES = tuple(bins_near((hz - HZ_SLACK, hz + HZ_SLACK)) for hz in cadences.SIT_HZ)
"""Where each of the three peaks."""


def special_information(sound: Sound) -> Finding | None:
    """The special information tone of an opening; None where there is none."""
    if not all(any_near(sound, bins) for bins in PLACES):
        return None
    tones = [tone for tone in tones_of(sound, frozenset().union(*PLACES)) if tone.seconds >= SHORTEST_TONE]
    pure = [tone for tone in tones if tone.lines[0].share >= LEAST_SHARE]
    for first in pure:
        three = [first, *_following(first, pure)]
        if _is_special(three):
            return _finding(three)
    return None


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
    close = all(
        -TIME_SLACK <= two.begin - one.end <= cadences.SIT_GAP_SECONDS + HOLE for one, two in pairwise(three)
    )
    middle = shortest - 2 * TIME_SLACK <= three[1].seconds
    return close and middle and max(tone.seconds for tone in three) <= longest + TIME_SLACK
