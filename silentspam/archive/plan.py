"""What a scan asks of every recording, and the chunks in which the recordings are handed out.

A plan travels to the workers whole, with the model's files and the library of recordings that are known: what
is replaced in its folder while a scan runs, or lies elsewhere on another machine, changes nothing. Two plans
with one key ask the same questions of the same model, so that their answers may stand in one result.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from silentspam import __version__
from silentspam.archive import ScanError
from silentspam.archive.listing import Listed
from silentspam.errors import LibraryError
from silentspam.kinds.listening import Listeners, Sources, listeners
from silentspam.kinds.standing import Standing
from silentspam.model import SpamModel, load_model
from silentspam.recordings.store import FILE_NAME, decode

FORMAT = 2
"""Version of the result's columns and of what they mean."""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked: `SpamModel.judge` of the first `seconds`, with its settings; and its features, or not.

    threshold: None for the card's at that max_false_challenge_rate, or without one its own. kinds: by the
    name of each other kind of SPAM, the share of people that may be challenged for it by mistake, 0…1.
    """

    seconds: float = 2.0
    threshold: float | None = None
    max_false_challenge_rate: float | None = None
    min_seconds: float = 1.0
    max_digital_silence_share: float = 0.5
    features: bool = False
    kinds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The questions, and the model that answers them as the bytes of its files.

    library: the file of known recordings, None for none; recordings: which of them are confirmed, hashed.
    key_files: where a worker finds the private keys of sealed recordings; keys themselves do not travel.
    """

    questions: Questions
    model_id: str
    model_files: dict[str, bytes] = field(repr=False)
    library: bytes | None = field(default=None, repr=False)
    recordings: str | None = None
    version: str = __version__
    key_files: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """What this plan is told apart by."""
        return hashlib.sha256(json.dumps(self.terms, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def terms(self) -> dict[str, Any]:
        """What must be equal for two scans to share a result."""
        asked = asdict(self.questions)
        return {"format": FORMAT, "model_id": self.model_id, "recordings": self.recordings, **asked}

    def load(self) -> SpamModel:
        """The model. Raises ScanError where another version of Silentspam runs, ModelError for bad files."""
        if __version__ != self.version:
            raise ScanError(f"a worker has silentspam {__version__}, the scan has {self.version}")
        with tempfile.TemporaryDirectory(prefix="silentspam-model-") as folder:
            for name, content in self.model_files.items():
                (Path(folder) / name).write_bytes(content)
            model = load_model(Path(folder))
        if model.model_id != self.model_id:
            raise ScanError(f"model {self.model_id} arrived as {model.model_id}")
        return model

    def listeners(self) -> Listeners:
        """Who listens for the kinds beside dead air; what of them is missing is told by each opening."""
        if self.library is None:
            return listeners(Sources())
        with tempfile.TemporaryDirectory(prefix="silentspam-library-") as folder:
            (Path(folder) / FILE_NAME).write_bytes(self.library)
            return listeners(Sources(recordings=Path(folder)))


def make_plan(
    model_folder: Path,
    questions: Questions,
    key_files: Sequence[Path] = (),
    *,
    library: Path | None = None,
) -> Plan:
    """Read a model folder once, and a library's.

    Raises ModelError when it holds no good model, LibraryError for a library that is no use.
    """
    model_id = load_model(model_folder).model_id
    files = {path.name: path.read_bytes() for path in sorted(model_folder.iterdir()) if path.is_file()}
    keys = tuple(str(path.absolute()) for path in key_files)
    content, known = _library(library)
    plan = Plan(
        questions=questions,
        model_id=model_id,
        model_files=files,
        key_files=keys,
        library=content,
        recordings=known,
    )
    plan.load()
    return plan


def _library(folder: Path | None) -> tuple[bytes | None, str | None]:
    """A library's bytes, and what its confirmed recordings are told apart by: candidates come and go."""
    try:
        content = (folder / FILE_NAME).read_bytes() if folder is not None else b""
    except FileNotFoundError:
        content = b""
    except OSError as error:
        raise LibraryError(f"recordings.folder {folder}: {error.strerror or error}") from error
    if not content:
        return None, None
    shelf = decode(content).shelf
    known = (shelf[row] for row in range(len(shelf)))
    confirmed = sorted(one.recording_id for one in known if one.standing is Standing.CONFIRMED)
    if not confirmed:
        return None, None
    return content, hashlib.sha256("\n".join(confirmed).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Chunk:
    """Recordings that are handed out, answered and written together.

    audio: their openings as mu-law, where they are sent along (None for one that could not be read, with the
    reason as its recording's fault); None: the worker reads them.
    """

    recordings: tuple[Listed, ...]
    audio: tuple[bytes, ...] | None = field(default=None, repr=False)

    def identity(self, plan: Plan) -> str:
        """The hash of its recordings' stamps and the plan: equal chunks give equal file names."""
        stamps = json.dumps([plan.key, *(listed.stamp for listed in self.recordings)])
        return hashlib.sha256(stamps.encode()).hexdigest()[:20]

    def split(self, parts: int) -> "Iterator[Chunk]":
        """The chunk in at most so many parts."""
        size = -(-len(self.recordings) // parts)
        for first in range(0, len(self.recordings), size):
            these = slice(first, first + size)
            yield Chunk(self.recordings[these], self.audio[these] if self.audio is not None else None)


def in_chunks(recordings: Sequence[Listed], size: int) -> Iterator[Chunk]:
    """Chunks of `size` recordings, in order; the last may be shorter."""
    for first in range(0, len(recordings), size):
        yield Chunk(tuple(recordings[first : first + size]))
