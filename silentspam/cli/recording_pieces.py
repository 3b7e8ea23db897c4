"""Audio files for `silentspam recordings add`: the pieces that are kept of each, and which are known.

A recording has room for eight seconds. What SPAM plays begins with its call: the first eight are enough.
Honest callers on hold are heard from any moment of the music on: a permit keeps all of a file, in pieces that
overlap by an opening, so that any two seconds of it lie whole in one.
"""

import re
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from silentspam.audio import SAMPLE_RATE, Samples
from silentspam.audio_files import read_recording
from silentspam.errors import AudioError
from silentspam.kinds.constellation import LONGEST_SECONDS, Constellation, constellation
from silentspam.kinds.recording import Match
from silentspam.kinds.standing import Standing
from silentspam.recordings.library import IndexedLibrary, KnownRecording
from silentspam.recordings.packing import packed
from silentspam.recordings.sharing import OPENING_SECONDS

STEP_SECONDS = LONGEST_SECONDS - OPENING_SECONDS
"""From the begin of one piece to that of the next [s]."""

VERY_SECONDS = 0.1
"""A piece that agrees with a known one at this distance at most is that one, and not its neighbour [s]."""

_OF_A_PIECE = re.compile(r", \d+ to \d+ s\Z")


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """A part of a file, and where it lies there [s]."""

    begin: float
    end: float
    sound: Constellation

    @property
    def place(self) -> str:
        """In words."""
        return f"{self.begin:.0f} to {self.end:.0f}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Cut:
    """A file of so many seconds: the pieces to keep, those that tell nothing, and how many are known."""

    path: Path
    seconds: float
    pieces: tuple[Piece, ...]
    mute: tuple[Piece, ...] = ()
    known: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is kept under the name of the file alone, and not in pieces."""
        return len(self.pieces) + len(self.mute) + self.known == 1

    def name(self, piece: Piece, given: str) -> str:
        """What to call a piece."""
        return given if self.is_whole else f"{given}, {piece.place} s"

    @property
    def covered(self) -> str:
        """What of the file is kept, in words."""
        if not self.is_whole:
            return f"{len(self.pieces)} pieces, seconds 0 to {self.seconds:.0f}"
        (piece,) = self.pieces
        short = piece.end < self.seconds
        return f"{len(piece.sound)} peaks" + (
            f", covers seconds {piece.place} of {self.seconds:.0f}" if short else ""
        )

    @property
    def remarks(self) -> list[str]:
        """What of it is not added, and why."""
        mute = ", ".join(one.place for one in self.mute)
        known = f"{self.known} pieces were permitted already"
        return [f"left out, they tell nothing: seconds {mute}"] * bool(mute) + [known] * bool(self.known)


def named_by(name: str) -> str:
    """The name that a piece has in common with the others of its file; any other name as it is."""
    return _OF_A_PIECE.sub("", name)


def cuts_of(paths: Sequence[Path], *, whole: bool) -> tuple[list[Cut], bool]:
    """Files as pieces, and whether one of them is no use: each of those is named on stderr.

    whole: all of a file, an hour at most, and not its first piece alone.
    """
    cuts, failed = [], False
    for path in paths:
        try:
            cut = _cut(path, whole=whole)
            fault = _lack(cut)
        except AudioError as error:
            fault = str(error)
        if fault:
            print(f"silentspam recordings add: {fault}", file=sys.stderr)
            failed = True
        else:
            cuts.append(cut)
    return cuts, failed


def pieces_of(samples: Samples, *, whole: bool) -> list[Piece]:
    """The pieces of a sound [shape=(n,), float32 in ±1], the first one alone unless `whole`."""
    seconds = len(samples) / SAMPLE_RATE
    count = 1
    while whole and count * STEP_SECONDS + OPENING_SECONDS < seconds:
        count += 1
    begins = [number * STEP_SECONDS for number in range(count)]
    return [
        Piece(
            begin=begin,
            end=min(begin + LONGEST_SECONDS, seconds),
            sound=constellation(samples[int(begin * SAMPLE_RATE) :]),
        )
        for begin in begins
    ]


def unknown(cut: Cut, library: IndexedLibrary, deed: Standing) -> Cut | str:
    """What of a file is to be added; or, in words, why nothing is: known, or of another standing."""
    if cut.is_whole:
        known = library.match(cut.pieces[0].sound)
        return cut if known is None else _is_known(cut, known, deed)
    same, new = _by_peaks(library, deed), []
    for piece in cut.pieces:
        there = same.get(packed(piece.sound)) or _very(library, piece)
        if there is None:
            new.append(piece)
        elif there.standing is not deed:
            return _is_known(cut, there, deed)
    if not new:
        return f"{cut.path}: is known already: {len(cut.pieces)} pieces, {deed.lower()}"
    return replace(cut, pieces=tuple(new), known=len(cut.pieces) - len(new))


def _by_peaks(library: IndexedLibrary, deed: Standing) -> dict[bytes, KnownRecording]:
    """A tune that repeats itself agrees with itself at many offsets, so none is evidence: its peaks are."""
    known = [library.shelf[row] for row in range(len(library.shelf))]
    known.sort(key=lambda one: one.standing is deed)
    return {packed(one.constellation): one for one in known}


def _very(library: IndexedLibrary, piece: Piece) -> Match | None:
    known = library.match(piece.sound)
    return known if known is not None and abs(known.begin) <= VERY_SECONDS else None


def _is_known(cut: Cut, known: Match | KnownRecording, deed: Standing) -> str:
    told = f"{known.recording_id[:8]} {known.name!r}, {known.standing.lower()}"
    base = named_by(known.name)
    named = known.recording_id[:8] if base == known.name else shlex.quote(base)
    action = "permit" if deed is Standing.PERMITTED else "confirm"
    instead = f": `silentspam recordings {action} {named}`" if known.standing is not deed else ""
    return f"{cut.path}: is known already: {told}{instead}"


def _cut(path: Path, *, whole: bool) -> Cut:
    samples = read_recording(path).samples
    pieces = pieces_of(samples, whole=whole)
    telling = tuple(one for one in pieces if one.sound.is_telling or len(pieces) == 1)
    mute = tuple(one for one in pieces if one not in telling)
    return Cut(path=path, seconds=len(samples) / SAMPLE_RATE, pieces=telling, mute=mute)


def _lack(cut: Cut) -> str:
    sounds = [one.sound for one in (*cut.pieces, *cut.mute)]
    if any(one.is_telling for one in sounds):
        return ""
    return f"{cut.path}: {sounds[0].lack}: nothing is known by what any call could have"
