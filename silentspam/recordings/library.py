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
        """The recording that an opening plays; of several, one that somebody has decided on, then the one
        with most evidence."""
        enough = needed(len(self.shelf))
        rows = self.index.likeliest(*sought(opening), COMPARED)
        known = [self.shelf[row] for row in rows if row < len(self.shelf)]
        alike = [(align(opening, one.constellation), one) for one in known]
        played = [(alignment, one) for alignment, one in alike if alignment.evidence >= enough]
        return _match(*max(played, key=_rank), enough) if played else None


def _rank(played: tuple[Alignment, KnownRecording]) -> tuple[bool, float]:
    alignment, one = played
    return one.standing is not Standing.CANDIDATE, alignment.evidence


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
