"""Which known recordings are, in part, the same audio as another: whom a permit protects, and from what.

A call is matched by two seconds. So each two seconds of the one are looked for in the others; and what is no
longer than an opening itself, such as a candidate, is looked for in the one: eight seconds never lie in two.
"""

from collections.abc import Sequence

import numpy as np

from silentspam.kinds.alignment import FRAME_SECONDS, LEAST_SHARED, align, needed
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.landmarks import sought
from silentspam.recordings.index import built
from silentspam.recordings.library import KnownRecording

OPENING_SECONDS, STEP_SECONDS = 2.0, 0.5
"""What is looked for at once, and how far apart such parts begin [s]."""

LIKELIEST = 64
"""Recordings, those with most votes, that each part is compared with."""


def sharing(sound: Constellation, known: Sequence[KnownRecording]) -> list[KnownRecording]:
    """Those that an opening could play as well as `sound`, in the order given."""
    index, enough, rows = built([one.constellation for one in known]), needed(len(known)), set()
    for part in _parts(sound):
        for row in index.likeliest(*sought(part), LIKELIEST):
            if row not in rows and align(part, known[row].constellation).evidence >= enough:
                rows.add(row)
    return [
        one
        for row, one in enumerate(known)
        if row in rows or (_is_short(one.constellation) and _lies_in(one.constellation, sound, enough))
    ]


def _lies_in(part: Constellation, sound: Constellation, enough: float) -> bool:
    return align(part, sound).evidence >= enough


def _is_short(sound: Constellation) -> bool:
    return not len(sound) or float(sound.frames[-1]) * FRAME_SECONDS <= OPENING_SECONDS + STEP_SECONDS


def _parts(sound: Constellation) -> list[Constellation]:
    """Openings of it, as many as begin with enough peaks."""
    length, step = round(OPENING_SECONDS / FRAME_SECONDS), round(STEP_SECONDS / FRAME_SECONDS)
    last = int(sound.frames[-1]) if len(sound) else 0
    parts = [_part(sound, begin, length) for begin in range(0, max(last - length, 0) + step, step)]
    return [one for one in parts if len(one) >= LEAST_SHARED]


def _part(sound: Constellation, begin: int, length: int) -> Constellation:
    of = np.flatnonzero((sound.frames >= begin) & (sound.frames < begin + length))
    return Constellation(sound.frames[of] - begin, sound.bins[of], sound.strong[of], sound.contrast)
