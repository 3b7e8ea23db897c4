"""Recordings side by side, ready to be matched: their constellations, standing and names, and their index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from silentspam.kinds.alignment import Alignment, align, needed
from silentspam.kinds.constellation import Constellation
from silentspam.kinds.landmarks import sought
from silentspam.kinds.recording import Match
from silentspam.kinds.standing import Standing
from silentspam.recordings.index import Index, built

COMPARED = 4
"""Recordings, those with most votes, that an opening is compared with peak by peak: eight find no more."""

PERMITS_SOUGHT = 64
"""Those with most votes among which a permit is looked for, where an opening plays what is not permitted:
the same audio may have been confirmed many times."""

PRECEDENCE = (Standing.CANDIDATE, Standing.REMOVED, Standing.CONFIRMED, Standing.PERMITTED)
"""Of recordings that an opening plays, the last one here counts: a permit protects, whatever else agrees."""


@dataclass(frozen=True, kw_only=True)
class KnownRecording:
    """A recording as calls know it."""

    recording_id: str
    name: str
    standing: Standing
    constellation: Constellation


class Shelf(Protocol):
    """Recordings by their rows."""

    def __len__(self) -> int: ...

    def __getitem__(self, row: int, /) -> KnownRecording: ...


@dataclass(frozen=True, eq=False)
class IndexedLibrary:
    """Implements `kinds.recording.Library`. The shelf's rows are those of the index."""

    shelf: Shelf
    index: Index

    @property
    def is_empty(self) -> bool:
        """Whether it holds no recording."""
        return not len(self.shelf)

    def match(self, opening: Constellation) -> Match | None:
        """The recording that an opening plays; of several, the first by PRECEDENCE, then by evidence."""
        codes, frames = sought(opening)
        likeliest = self.index.likeliest(codes, frames, COMPARED)
        played = self._played(opening, likeliest)
        if not played:
            return None
        best = max(played, key=_rank)
        if best[1].standing is not Standing.PERMITTED:
            further = [
                row
                for row in self.index.likeliest(codes, frames, PERMITS_SOUGHT)
                if row < len(self.shelf) and self.shelf[row].standing is Standing.PERMITTED
            ]
            best = max([best, *self._played(opening, further)], key=_rank)
        return _match(*best, needed(len(self.shelf)))

    def _played(self, opening: Constellation, rows: Sequence[int]) -> list[tuple[Alignment, KnownRecording]]:
        enough = needed(len(self.shelf))
        known = [self.shelf[row] for row in rows if row < len(self.shelf)]
        alike = [(align(opening, one.constellation), one) for one in known]
        return [(alignment, one) for alignment, one in alike if alignment.evidence >= enough]


def _rank(played: tuple[Alignment, KnownRecording]) -> tuple[int, float]:
    alignment, one = played
    return PRECEDENCE.index(one.standing), alignment.evidence


def library_of(recordings: Sequence[KnownRecording]) -> IndexedLibrary:
    """A library in memory."""
    return IndexedLibrary(recordings, built([one.constellation for one in recordings]))


def _match(alignment: Alignment, known: KnownRecording, enough: float) -> Match:
    return Match(
        recording_id=known.recording_id,
        name=known.name,
        standing=known.standing,
        begin=alignment.begin,
        agreeing=alignment.agreeing,
        peaks=alignment.peaks,
        evidence=alignment.evidence,
        needed=enough,
    )
