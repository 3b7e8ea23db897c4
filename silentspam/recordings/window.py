"""The openings of recent calls: the same audio under different numbers is found, without being told of it.

Bounded whatever comes: so many openings, for so long, in tables whose size never changes. A flood of openings
that were never heard before pushes out the oldest, and costs no call more than any other.
"""

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silentspam.kinds.alignment import align, needed
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.landmarks import Codes, landmarks, sought
from silentspam.recordings.index import ROW_STEP, ballots, elected

BUCKET_BITS = 18
SLOTS = 16
"""Places that share a bucket, the newest of those that fell into it: 2^18 buckets of 16 are 17 MB."""

COMPARED = 16
"""Openings, those with most votes, that a new one is compared with peak by peak."""

_SPREAD = np.uint32(2_654_435_769)
"""2^32 over the golden ratio: Knuth's multiplicative hashing (TAOCP 3, section 6.4)."""


@dataclass(frozen=True, kw_only=True)
class WindowSettings:
    """openings: kept at most; seconds: how long each; numbers: how many make what they play a candidate."""

    openings: int = 10_000
    seconds: float = 24 * 3600.0
    numbers: int = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """The opening of a call. number: hashed (`lines.numbers`), None: withheld; at: s since the epoch."""

    call_id: str
    number: int | None
    at: float
    constellation: Constellation


@dataclass(frozen=True, kw_only=True)
class Echo:
    """A call of the window that plays what another one plays.

    begin: where in its opening that one starts [s]; evidence: in decades (`kinds.alignment`).
    """

    call_id: str
    number: int | None
    at: float
    begin: float
    evidence: float


class Window:
    """Recent openings; the rows of its table are used over and over."""

    def __init__(self, settings: WindowSettings) -> None:
        self.settings = settings
        self._rows: OrderedDict[int, Heard] = OrderedDict()
        self._next = 0
        self._slots = np.zeros((1 << BUCKET_BITS, SLOTS), np.uint32)
        self._filled = np.zeros(1 << BUCKET_BITS, np.uint32)

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def memory(self) -> int:
        """Bytes of the tables; a peak of an opening is nine more."""
        return self._slots.nbytes + self._filled.nbytes

    def add(self, heard: Heard) -> None:
        """Remember an opening; the oldest goes where there are too many, or it is too old."""
        while self._rows and self._is_over(next(iter(self._rows.values())), heard.at):
            self._rows.popitem(last=False)
        row = self._next % self.settings.openings
        self._next += 1
        self._rows.pop(row, None)
        self._rows[row] = heard
        codes, frames = landmarks(heard.constellation)
        buckets, first = np.unique(_buckets(codes), return_index=True)
        self._slots[buckets, self._filled[buckets] % SLOTS] = (row * ROW_STEP + frames[first]).astype(
            np.uint32
        )
        self._filled[buckets] += np.uint32(1)

    def echoes(self, heard: Heard) -> list[Echo]:
        """The calls from other numbers that play what this one plays, the likest first.

        A number that is withheld is nobody's: two of them are no two numbers.
        """
        enough = needed(len(self._rows))
        found = []
        for row in elected(self._votes(heard.constellation), COMPARED):
            other = self._rows.get(row)
            if other is None or not _are_strangers(heard, other):
                continue
            alignment = align(heard.constellation, other.constellation)
            if alignment.evidence >= enough:
                found.append((other, alignment))
        found.sort(key=lambda pair: -pair[1].evidence)
        return [_echo(other, one.begin, one.evidence) for other, one in found]

    def opening(self, call_id: str) -> Heard | None:
        """The opening of a call that is still remembered."""
        return next((one for one in self._rows.values() if one.call_id == call_id), None)

    def _votes(self, opening: Constellation) -> NDArray[np.uint32]:
        codes, frames = sought(opening)
        buckets = _buckets(codes)
        filled = np.minimum(self._filled[buckets], SLOTS)
        used = np.arange(SLOTS) < filled[:, np.newaxis]
        return ballots(self._slots[buckets][used], np.repeat(frames, filled))

    def _is_over(self, oldest: Heard, now: float) -> bool:
        return now - oldest.at > self.settings.seconds


def _buckets(codes: Codes) -> NDArray[np.uint32]:
    return np.asarray((codes * _SPREAD) >> np.uint32(32 - BUCKET_BITS))


def _are_strangers(one: Heard, other: Heard) -> bool:
    known = one.number is not None and other.number is not None
    return known and one.number != other.number and one.call_id != other.call_id


def _echo(other: Heard, begin: float, evidence: float) -> Echo:
    return Echo(call_id=other.call_id, number=other.number, at=other.at, begin=begin, evidence=evidence)
