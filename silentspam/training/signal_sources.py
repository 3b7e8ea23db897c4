"""Licensed speech, noise and music on which no limit of `kinds.fax` and `kinds.busy` was set.

For counting false signals: a painting program and letters for children, in some thirty languages, telephone
prompts in three; music of three games; the places of `noise_places`. None of it is in `training.sources`, on
which those limits were moved. A part of it is tuned on since (`is_tuned_on`), and counted no more. What turns
up in the rest moves no limit, or it is held out no more.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from silentspam.audio import SAMPLE_RATE
from silentspam.errors import AudioError
from silentspam.training.noise import Signal
from silentspam.training.noise_places import find_places
from silentspam.training.sources import Clip, ClipKind, Split, load_clip

RAW_GSM = ".gsm"
"""Asterisk's files of GSM 06.10 frames without a header."""


@dataclass(frozen=True, kw_only=True)
class Unheard:
    """Files of one package. speaker: the folder above a file that says whose they are, or its name's end."""

    package: str
    pattern: str
    kind: ClipKind
    licence: str
    by_name: bool = False
    folders_up: int = 1

    def speaker(self, path: Path) -> str:
        """Who speaks or plays, as far as the file's place says: files of one are joined."""
        if self.kind is ClipKind.MUSIC:
            return f"{self.package} {path.stem}"
        told = path.stem.rsplit("_desc", 1)[-1].strip("_") if self.by_name else ""
        return f"{self.package} {told or path.parents[self.folders_up - 1].name}"


_ASTERISK = "usr/share/asterisk/sounds"
_STAMPS = "usr/share/tuxpaint/stamps"

UNHEARD = (
    Unheard(
        package="asterisk-prompt-de",
        pattern=f"{_ASTERISK}/de/**/*.gsm",
        kind=ClipKind.SPEECH,
        licence="GPL-2",
    ),
    Unheard(
        package="asterisk-prompt-es-co",
        pattern=f"{_ASTERISK}/es_CO_f_Avatar/**/*.gsm",
        kind=ClipKind.SPEECH,
        licence="GPL-2",
    ),
    Unheard(
        package="asterisk-prompt-fr-armelle",
        pattern=f"{_ASTERISK}/*/fr/**/*.gsm",
        kind=ClipKind.SPEECH,
        licence="BSD-2-Clause",
    ),
    Unheard(
        package="klettres-data",
        pattern="usr/share/klettres/*/*/*.ogg",
        kind=ClipKind.SPEECH,
        licence="GPL-2+",
        folders_up=2,
    ),
    Unheard(
        package="tuxpaint-stamps-default",
        pattern=f"{_STAMPS}/**/*_desc*.ogg",
        kind=ClipKind.SPEECH,
        licence="GPL-2",
        by_name=True,
    ),
    Unheard(
        package="drascula-music",
        pattern="usr/share/scummvm/drascula/audio/*.ogg",
        kind=ClipKind.MUSIC,
        licence="Drascula licence, as BSD",
    ),
    Unheard(
        package="planetblupi-music-ogg",
        pattern="usr/share/planetblupi/music/*.ogg",
        kind=ClipKind.MUSIC,
        licence="GPL-3+",
    ),
    Unheard(
        package="singularity-music",
        pattern="usr/share/games/singularity/music/**/*.ogg",
        kind=ClipKind.MUSIC,
        licence="CC-BY-SA-3.0",
    ),
)
PACKAGES = tuple(sorted(one.package for one in UNHEARD))
PLACES = "places"
TUNED_MUSIC, TUNED_LETTERS, LAST_TUNED_LETTER = "planetblupi-music-ogg", "klettres-data", "k"
TUNED_PLACE = "(FireStation)"

CLIPS_OF_TAPE = 60
SILENT = 1e-4
"""What no sample of an opening exceeds that is not measured."""


def find_unheard(folders: Sequence[Path]) -> tuple[Clip, ...]:
    """Every clip below `folders` that nothing was tuned on, without doubles, in the order of their ids.

    Raises AudioError where speech, noise or music is missing.
    """
    clips = {clip.source_id: clip for clip in find_places(folders)}
    for root in folders:
        for one in UNHEARD:
            for path in sorted(root.glob(one.pattern)):
                clip = _clip(one, path)
                clips.setdefault(clip.source_id, clip)
    found = tuple(clips[source_id] for source_id in sorted(clips) if not is_tuned_on(clips[source_id]))
    for kind in ClipKind:
        if not any(clip.kind is kind for clip in found):
            where = ", ".join(map(str, folders)) or "no folder"
            raise AudioError(f"no unheard {kind} in {where}: unpack {' '.join(PACKAGES)} there")
    return found


def is_tuned_on(clip: Clip) -> bool:
    """Whether limits were set on a clip: one game's music, the letters of languages named a to k, and places.

    Of those the ones that noise is learnt from, and a fire station.
    """
    package, name = package_of(clip), clip.speaker.partition(" ")[2]
    return (
        package == TUNED_MUSIC
        or (package == TUNED_LETTERS and name[:1].lower() <= LAST_TUNED_LETTER)
        or (package == PLACES and (clip.split is Split.TRAIN or TUNED_PLACE in clip.speaker))
    )


def _clip(one: Unheard, path: Path) -> Clip:
    return Clip(
        source_id=hashlib.sha256(path.read_bytes()).hexdigest()[:12],
        speaker=one.speaker(path),
        kind=one.kind,
        split=Split.TEST,
        licence=one.licence,
        path=path,
    )


def load_unheard(clip: Clip) -> Signal:
    """The clip's samples, mono, at 8 kHz: float64 [shape=(n,)] in ±1. Raises AudioError for no audio file."""
    return _load_gsm(clip.path) if clip.path.suffix == RAW_GSM else load_clip(clip)


def _load_gsm(path: Path) -> Signal:
    import soundfile

    try:
        samples, _ = soundfile.read(
            path, dtype="float64", format="RAW", subtype="GSM610", samplerate=SAMPLE_RATE, channels=1
        )
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{path}: {error}") from error
    return np.asarray(samples)


def openings(
    clips: Sequence[Clip], kind: ClipKind, count: int, length: int, rng: np.random.Generator
) -> Iterator[tuple[str, Signal]]:
    """So many openings [shape=(length,)] of a kind, in random order of the speakers, each with its package.

    The clips of a speaker are joined in random order. Of speech an opening follows the other, of music and
    places one begins each third of its length; only once all is heard it is joined, and cut, anew.
    """
    here = [clip for clip in clips if clip.kind is kind]
    step = length if kind is ClipKind.SPEECH else length // 3
    done = 0
    while here and done < count:
        for package, tape in _tapes(here, rng):
            for start in range(int(rng.integers(step)), len(tape) - length + 1, step):
                if np.abs(tape[start : start + length]).max() < SILENT:
                    continue
                yield package, tape[start : start + length]
                done += 1
                if done == count:
                    return


def _tapes(clips: Sequence[Clip], rng: np.random.Generator) -> Iterator[tuple[str, Signal]]:
    """The clips of each speaker one after another, at most CLIPS_OF_TAPE at a time."""
    of: dict[str, list[Clip]] = {}
    for clip in clips:
        of.setdefault(clip.speaker, []).append(clip)
    tapes = []
    for speaker in of.values():
        order = [speaker[k] for k in rng.permutation(len(speaker))]
        tapes += [order[first : first + CLIPS_OF_TAPE] for first in range(0, len(order), CLIPS_OF_TAPE)]
    for number in rng.permutation(len(tapes)):
        yield package_of(tapes[number][0]), np.concatenate([load_unheard(clip) for clip in tapes[number]])


def package_of(clip: Clip) -> str:
    """The package that a clip is of: its speaker's name begins with it, that of a place does not."""
    return next((one for one in PACKAGES if clip.speaker.startswith(f"{one} ")), PLACES)
