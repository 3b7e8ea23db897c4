"""Licensed speech, ambience and music: found in folders of unpacked Debian packages, heard at 8 kHz.

Each clip belongs to a speaker (or to its own file) and each speaker to one split, so that no test opening
shares a voice, a place or a tune with training. Clips are named by the SHA-256 of their file, and a file that
is there twice counts once. Samples are float64 in ±1 at 8 kHz.
"""

import enum
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from silentspam.audio import SAMPLE_RATE
from silentspam.errors import AudioError
from silentspam.training.gresource import read_gresource

Signal = npt.NDArray[np.float64]


class ClipKind(enum.StrEnum):
    """What a clip is a recording of."""

    SPEECH = "speech"
    AMBIENCE = "ambience"
    MUSIC = "music"


class Split(enum.StrEnum):
    """Which side of the wall a source stands on."""

    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Files of one licence and one side of the split: all below `folder`, or those of a resource file."""

    package: str
    folder: str
    speaker: str
    kind: ClipKind
    split: Split
    licence: str


@dataclass(frozen=True, kw_only=True)
class Clip:
    """One recording. `source_id` is the start of its file's SHA-256, `member` its path in a resource file."""

    source_id: str
    speaker: str
    kind: ClipKind
    split: Split
    licence: str
    path: Path
    member: str = ""


def _speech(package: str, folder: str, speaker: str, split: Split, licence: str) -> Collection:
    return Collection(
        package=package, folder=folder, speaker=speaker, kind=ClipKind.SPEECH, split=split, licence=licence
    )


_SOUNDS = "usr/share/asterisk/sounds"
_FILLETS = "usr/share/games/fillets-ng/sound/*"
_SPHINX = "usr/share/pocketsphinx/test/data"

SPEECH = (
    # One woman speaks English and Spanish; the Czech actors may share roles: each group stays on one side.
    _speech(
        "asterisk-core-sounds-en-wav", f"{_SOUNDS}/en_US_f_Allison", "allison", Split.TRAIN, "CC-BY-SA-3.0"
    ),
    _speech(
        "asterisk-core-sounds-es-wav", f"{_SOUNDS}/es_MX_f_Allison", "allison", Split.TRAIN, "CC-BY-SA-3.0"
    ),
    _speech(
        "asterisk-core-sounds-ru-wav", f"{_SOUNDS}/ru_RU_f_IvrvoiceRU", "ivrvoice", Split.TRAIN, "CC-BY-3.0"
    ),
    _speech("asterisk-core-sounds-it-wav", f"{_SOUNDS}/it_IT_m_Carlo", "carlo", Split.TRAIN, "CC-BY-SA-3.0"),
    _speech("fillets-ng-data-cs", f"{_FILLETS}/cs", "fillets-cs", Split.TRAIN, "GPL-2"),
    _speech("asterisk-core-sounds-fr-wav", f"{_SOUNDS}/fr_CA_f_June", "june", Split.TEST, "CC-BY-SA-3.0"),
    _speech(
        "asterisk-prompt-it-menardi-wav", f"{_SOUNDS}/it_IT_f_Menardi", "menardi", Split.TEST, "CC-BY-SA-3.0"
    ),
    _speech("fillets-ng-data-nl", f"{_FILLETS}/nl", "fillets-nl", Split.TEST, "GPL-2"),
    _speech("pocketsphinx-testdata", f"{_SPHINX}/librivox", "sphinx-reader", Split.TEST, "BSD-2-Clause"),
    _speech("pocketsphinx-testdata", f"{_SPHINX}/cards", "sphinx-cards", Split.TEST, "BSD-2-Clause"),
)

BLANKET = "usr/share/blanket/blanket.gresource"
AMBIENCES = {
    # White and pink noise are left out, a generator's, and the fireplace: nobody's call is all crackle.
    "birds.ogg": (Split.TRAIN, "CC0-1.0"),
    "city.ogg": (Split.TRAIN, "CC-BY-3.0"),
    "coffee-shop.ogg": (Split.TRAIN, "public domain"),
    "rain.ogg": (Split.TRAIN, "CC-BY-4.0"),
    "stream.ogg": (Split.TRAIN, "CC0-1.0"),
    "waves.ogg": (Split.TRAIN, "CC-BY-4.0"),
    "wind.ogg": (Split.TRAIN, "CC0-1.0"),
    "boat.ogg": (Split.TEST, "CC0-1.0"),
    "storm.ogg": (Split.TEST, "CC-BY-4.0"),
    "summer-night.ogg": (Split.TEST, "public domain"),
    "train.ogg": (Split.TEST, "CC-BY-3.0"),
}
MUSIC = "usr/share/asterisk/moh"
MUSIC_IN_TEST = 2
"""Of the five tracks in the order of their names, the last two are kept for testing."""

DEBIAN_PACKAGES = tuple(sorted({entry.package for entry in SPEECH} | {"asterisk-moh-opsound-wav", "blanket"}))
"""The packages that hold all of it (suite trixie)."""

MIN_SECONDS = 0.4
"""Shorter files are single letters and clicks."""


def find_clips(folders: Sequence[Path]) -> tuple[Clip, ...]:
    """Every clip below `folders`, without doubles, in the order of their ids.

    Raises AudioError where a split lacks speech, ambience or music: a corpus of one side leaks.
    """
    clips: dict[str, Clip] = {}
    for root in folders:
        for clip in (*_speech_below(root), *_ambiences_below(root), *_music_below(root)):
            clips.setdefault(clip.source_id, clip)
    found = tuple(clips[source_id] for source_id in sorted(clips))
    for kind in ClipKind:
        for split in Split:
            if not any(clip.kind is kind and clip.split is split for clip in found):
                where = ", ".join(map(str, folders)) or "no folder"
                raise AudioError(
                    f"no {kind} of the {split} split in {where}: unpack {' '.join(DEBIAN_PACKAGES)} there"
                )
    return found


def _speech_below(root: Path) -> Iterator[Clip]:
    for group in SPEECH:
        paths = [*root.glob(f"{group.folder}/**/*.wav"), *root.glob(f"{group.folder}/**/*.ogg")]
        for path in sorted(paths):
            # Asterisk's packages hold files of pure silence, which are nobody's speech.
            if "silence" not in path.parts:
                yield _clip(path, path.read_bytes(), group.speaker, group.kind, group.split, group.licence)


def _ambiences_below(root: Path) -> Iterator[Clip]:
    path = root / BLANKET
    members = read_gresource(path) if path.is_file() else {}
    for name, content in sorted(members.items()):
        place = name.rsplit("/", 1)[-1]
        if place in AMBIENCES:
            split, licence = AMBIENCES[place]
            yield _clip(path, content, place, ClipKind.AMBIENCE, split, licence, member=name)


def _music_below(root: Path) -> Iterator[Clip]:
    tracks = sorted((root / MUSIC).glob("*.wav"))
    for position, path in enumerate(tracks):
        split = Split.TEST if position >= len(tracks) - MUSIC_IN_TEST else Split.TRAIN
        yield _clip(path, path.read_bytes(), path.stem, ClipKind.MUSIC, split, "CC-BY-SA-3.0")


def _clip(
    path: Path, content: bytes, speaker: str, kind: ClipKind, split: Split, licence: str, member: str = ""
) -> Clip:
    return Clip(
        source_id=hashlib.sha256(content).hexdigest()[:12],
        speaker=speaker,
        kind=kind,
        split=split,
        licence=licence,
        path=path,
        member=member,
    )


@lru_cache(maxsize=256)
def load_clip(clip: Clip) -> Signal:
    """The clip's samples, mono, at 8 kHz: float64 [shape=(n,)] in ±1. Raises AudioError for no audio file."""
    import soundfile
    from scipy.signal import resample_poly

    source = io.BytesIO(read_gresource(clip.path)[clip.member]) if clip.member else clip.path
    try:
        samples, rate = soundfile.read(source, dtype="float64", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise AudioError(f"{clip.path}: {error}") from error
    mono = samples.mean(axis=1)
    heard: Signal = mono if rate == SAMPLE_RATE else resample_poly(mono, SAMPLE_RATE, rate)
    heard.flags.writeable = False
    return heard
