"""The recorded callers' sides of finished calls: each is measured once, its speech written to the call log.

A side is a raw mu-law file CALL_ID.ulaw that Asterisk's MixMonitor writes from the challenge on, or while the
call is bridged. It is touched only when its call is over, and removed only when its measure is durable. What
cannot be measured is set aside as CALL_ID.ulaw.unreadable: a missing measure makes a call one for review, a
wrong zero would make it SPAM.
"""

import enum
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from silentspam.audio import Recording
from silentspam.audio_files import read_recording
from silentspam.call import CallSpeech
from silentspam.errors import AudioError

SUFFIX = ".ulaw"
SET_ASIDE = ".unreadable"
MEASURED = "measured"
"""The folder below for sides that are kept (collection.keep_legs)."""

SETTLED_SECONDS = 5.0
"""After the call's end Asterisk may still be writing: the file must have rested so long [s]."""
ABANDONED_SECONDS = 6 * 3600.0
"""A file that has rested so long is taken for finished although the call's end was never reported [s]."""
WHOLE_SHARE = 0.8
"""Of the time with challenge and agent that a side must last for its zero to be believed."""
WHOLE_SLACK_SECONDS = 2.0

Row = Mapping[str, str | int | float | None]


class Fate(enum.StrEnum):
    """What became of one file."""

    MEASURED = "measured"
    WAITS = "waits"
    UNKNOWN = "unknown"
    SET_ASIDE = "set aside"


@dataclass(frozen=True, kw_only=True)
class Leg:
    """One file after its turn; `why` says in words what is wrong with one that was not measured."""

    path: Path
    fate: Fate
    speech: CallSpeech | None = None
    why: str = ""


class Detector(Protocol):
    """Measures speech (`caller_speech.SpeechDetector`)."""

    name: str

    def speech_seconds(self, recording: Recording) -> float: ...


@dataclass(frozen=True, kw_only=True)
class LegSweep:
    """Measures what is finished: `row_of` reads a call's row, `write` makes a measure durable or raises.

    keep: sides that were measured are kept; `kept` is then told of each, and must not raise. wanted: whether
    somebody else has still to hear a call's side, who comes first and leaves it.
    """

    folder: Path
    detector: Detector
    row_of: Callable[[str], Row | None]
    write: Callable[[CallSpeech], None]
    keep: bool = False
    kept: Callable[[Path, Row], None] = lambda _path, _row: None
    wanted: Callable[[str], bool] = lambda _call_id: False
    clock: Callable[[], float] = time.time

    def run(self) -> Iterator[Leg]:
        """Take every file's turn, by their names. Raises OSError when the folder cannot be read."""
        for path in sorted(self._files()):
            with suppress(FileNotFoundError):  # another sweep was faster
                yield self._take(path)

    def _files(self) -> list[Path]:
        """Only our own: regular files named by a call id."""
        return [
            path
            for path in self.folder.iterdir()
            if path.suffix == SUFFIX and _is_call_id(path.stem) and path.is_file() and not path.is_symlink()
        ]

    def _take(self, path: Path) -> Leg:
        row = self.row_of(path.stem)
        rested = self.clock() - path.stat().st_mtime
        ended = row is not None and row["ended_at"] is not None
        if rested < (SETTLED_SECONDS if ended else ABANDONED_SECONDS):
            return Leg(path=path, fate=Fate.WAITS, why="the call may not be over yet")
        if row is None:
            return Leg(path=path, fate=Fate.UNKNOWN, why="the call log has no such call")
        if rested < ABANDONED_SECONDS and self.wanted(path.stem):
            return Leg(path=path, fate=Fate.WAITS, why="its provenance is not told yet: silentspam listen")
        try:
            speech = self._measure(path, row)
        except AudioError as error:
            path.rename(path.with_name(path.name + SET_ASIDE))
            return Leg(path=path, fate=Fate.SET_ASIDE, why=str(error))
        self.write(speech)
        self._put_away(path, row)
        return Leg(path=path, fate=Fate.MEASURED, speech=speech)

    def _measure(self, path: Path, row: Row) -> CallSpeech:
        """Raises AudioError for a file that is no audio, and for one whose silence proves nothing."""
        side = read_recording(path)
        if not len(side.codes):
            raise AudioError(f"{path}: empty")
        spoken = self.detector.speech_seconds(side)
        expected = _expected_seconds(row)
        if not spoken and side.seconds < WHOLE_SHARE * expected - WHOLE_SLACK_SECONDS:
            raise AudioError(
                f"{path}: {side.seconds:.1f} s of {expected:.1f} s with a challenge or an agent, and "
                "no speech in them: cut off, so this is no zero"
            )
        return CallSpeech(
            call_id=path.stem,
            caller_speech_seconds=spoken,
            caller_leg_seconds=side.seconds,
            speech_detector=self.detector.name,
        )

    def _put_away(self, path: Path, row: Row) -> None:
        if not self.keep:
            path.unlink()
            return
        kept = self.folder / MEASURED
        kept.mkdir(exist_ok=True)
        path.rename(kept / path.name)
        self.kept(kept / path.name, row)


def _is_call_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _expected_seconds(row: Row) -> float:
    """How long a side lasts at least [s]: challenge and agent; 0 for what the row does not say."""
    challenge = _span(row["challenged_at"], row["screened_at"])
    return challenge + _span(row["bridged_at"], row["ended_at"])


def _span(start: str | float | None, end: str | float | None) -> float:
    return max(0.0, float(end) - float(start)) if start is not None and end is not None else 0.0
