"""The files that wait to be listened to, and whether it is a file's turn: judgement, but for one listing.

A side is listened to as soon as enough of it is there, or its call is over; an opening when its call is over
and left no side.
"""

import enum
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from silentspam.audio import SAMPLE_RATE

SUFFIX = ".ulaw"
SET_ASIDE = ".unreadable"
KEPT = "measured"
"""The folder below for sides that are kept (`collection.keep_legs`), as `silentspam speech` keeps them."""

SETTLED_SECONDS = 2.0
"""After the end of its call Asterisk may still be writing: a file must have rested so long [s]."""
ABANDONED_SECONDS = 6 * 3600.0
"""A file that has rested so long is finished although the end of its call was never reported [s]."""

Row = Mapping[str, str | int | float | None]


class Basis(enum.StrEnum):
    """Which audio of a call: the caller's side of the bridge, or the two seconds before it."""

    SIDE = "side"
    OPENING = "opening"


class Turn(enum.StrEnum):
    """Whether it is a file's turn. OBSOLETE: nobody needs it any more."""

    WAITS = "waits"
    NOW = "now"
    OBSOLETE = "obsolete"


@dataclass(frozen=True, kw_only=True)
class WaitingFile:
    """One file: codes are its bytes, rested the time since it was written to [s]."""

    path: Path
    basis: Basis
    codes: int
    rested: float

    @property
    def call_id(self) -> str:
        """The call that it is of."""
        return self.path.stem

    def may_have_its_turn(self, seconds: float) -> bool:
        """Whether to ask for a side's call at all: one that is too short yet, and grows, is not due."""
        return self.codes >= seconds * SAMPLE_RATE or self.rested >= SETTLED_SECONDS


def waiting(folder: Path, basis: Basis, now: float) -> Iterator[WaitingFile]:
    """Our files in a folder, the oldest first: regular, and named by a call id. None where there is none.

    Raises OSError for a folder that cannot be read.
    """
    if not folder.is_dir():
        return
    found = []
    for path in folder.iterdir():
        if path.suffix != SUFFIX or not is_call_id(path.stem) or path.is_symlink():
            continue
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(status.st_mode):
            continue
        found.append((status.st_mtime, path, status.st_size))
    for modified, path, size in sorted(found):
        yield WaitingFile(path=path, basis=basis, codes=size, rested=now - modified)


def skipped_seconds(row: Row, *, from_challenge: bool) -> float:
    """How much of a side is challenge and not talk with an agent [s]; 0 where nobody bridged the caller."""
    challenged, bridged = row["challenged_at"], row["bridged_at"]
    if not from_challenge or challenged is None or bridged is None:
        return 0.0
    return max(0.0, float(bridged) - float(challenged))


def turn_of_side(side: WaitingFile, row: Row, *, seconds: float, from_challenge: bool, now: float) -> Turn:
    """Whether to listen to a side now; from_challenge: it is recorded from a challenge on."""
    if row["erased_at"] is not None:
        return Turn.OBSOLETE
    if _is_over(side, row, now):
        return Turn.NOW
    # When the agent answered is known at the end of the call alone.
    known = row["challenged_at"] is None or not from_challenge
    return Turn.NOW if known and side.codes >= seconds * SAMPLE_RATE else Turn.WAITS


def turn_of_opening(
    opening: WaitingFile, row: Row, *, side_waits: bool, side_heard: Callable[[], bool], now: float
) -> Turn:
    """Whether to listen to an opening now; a side that was heard makes it obsolete."""
    if row["erased_at"] is not None:
        return Turn.OBSOLETE
    ended = row["ended_at"]
    over = ended is not None and now - float(ended) >= SETTLED_SECONDS
    if side_waits or not (over or opening.rested >= ABANDONED_SECONDS):
        return Turn.WAITS
    return Turn.OBSOLETE if side_heard() else Turn.NOW


def _is_over(file: WaitingFile, row: Row, now: float) -> bool:
    """A short side shows nothing before it is closed, a moment after the call: Asterisk holds back 32 kB."""
    ended = row["ended_at"]
    over = ended is not None and now - float(ended) >= SETTLED_SECONDS
    return file.rested >= (SETTLED_SECONDS if over else ABANDONED_SECONDS)


def is_call_id(text: str) -> bool:
    """Whether it is a call id in the one form that we give."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
