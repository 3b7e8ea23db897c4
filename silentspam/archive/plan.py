"""What a scan asks of every recording, and the chunks in which the recordings are handed out.

A plan travels to the workers whole, the model's files with it: a model that is replaced in its folder while a
scan runs, or that lies elsewhere on another machine, changes nothing. Two plans with one key ask the same
questions of the same model, so that their answers may stand in one result.
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
from silentspam.model import SpamModel, load_model

FORMAT = 1
"""Version of the result's columns and of what they mean."""


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What is asked: `SpamModel.judge` of the first `seconds`, with its settings; and its features, or not.

    threshold: None for the card's at that max_false_challenge_rate, or without one its own.
    """

    seconds: float = 2.0
    threshold: float | None = None
    max_false_challenge_rate: float | None = None
    min_seconds: float = 1.0
    max_digital_silence_share: float = 0.5
    features: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The questions, and the model that answers them as the bytes of its files.

    key_files: where a worker finds the private keys of sealed recordings; keys themselves do not travel.
    """

    questions: Questions
    model_id: str
    model_files: dict[str, bytes] = field(repr=False)
    version: str = __version__
    key_files: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """What this plan is told apart by."""
        return hashlib.sha256(json.dumps(self.terms, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def terms(self) -> dict[str, Any]:
        """What must be equal for two scans to share a result."""
        return {"format": FORMAT, "model_id": self.model_id, **asdict(self.questions)}

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


def make_plan(model_folder: Path, questions: Questions, key_files: Sequence[Path] = ()) -> Plan:
    """Read a model folder once. Raises ModelError when it holds no good model."""
    model_id = load_model(model_folder).model_id
    files = {path.name: path.read_bytes() for path in sorted(model_folder.iterdir()) if path.is_file()}
    keys = tuple(str(path.absolute()) for path in key_files)
    plan = Plan(questions=questions, model_id=model_id, model_files=files, key_files=keys)
    plan.load()
    return plan


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
