"""What line memory stands on: the space of lines, and people at random to tell an opening from.

A score says how much more like a line an opening is than like any of some thousand people, drawn from all of
training's people, loud and quiet: speaker verification's cohort (Auckenthaler and others 2000, score
normalization). An embedding is rounded to float16 where it is made, so that a live one and a
stored one are equal, and so is, but for the last bit of a few, one computed again from the recording.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from silentspam.arrays import array_from
from silentspam.errors import LineError, ModelError
from silentspam.lines.known import KnownLines, LineTerms
from silentspam.lines.space import Embeddings, LineSpace

STORED = np.dtype("<f2")
"""How an embedding is kept: its error is a thousandth, the spread within a line 1."""

LARGEST = float(np.finfo(STORED).max)

REFERENCE_NAME = "line_reference.npy"
AT_ONCE = 512
"""Openings compared with the people at once, which bounds the memory: 16 MB with 4,000 of them."""


@dataclass(frozen=True, eq=False)
class LineGround:
    """The space, and the people an opening is told from: lines of one call each."""

    space: LineSpace
    people: KnownLines

    @cached_property
    def space_id(self) -> str:
        """12 hex digits of the SHA-256 of all arrays: embeddings and scores of equal ids compare."""
        digest = hashlib.sha256()
        arrays = {field.name: getattr(self.space, field.name) for field in fields(self.space)}
        for name, array in (arrays | {"people": self.people.means}).items():
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:12]

    def embed(self, vectors: NDArray[np.float32]) -> Embeddings:
        """Where openings lie: feature vectors [shape=(n, n_features)] to [shape=(n, n_dims)], rounded."""
        return rounded(self.space.embed(vectors))

    def likeness_to_people(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """The log ratio of the likest of the people [shape=(n,)], 0 where it is below 0 or there are none."""
        found = np.zeros(len(embeddings))
        for start in range(0, len(embeddings), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            found[part] = np.maximum(self.people.likeness(embeddings[part]), 0)
        return found

    def scores(self, embeddings: Embeddings, lines: KnownLines | LineTerms) -> NDArray[np.float64]:
        """How much more like each line than like people: [shape=(n, n_dims)] to [shape=(n, n_lines)]."""
        terms = lines.terms if isinstance(lines, KnownLines) else lines
        return (
            terms.log_ratios(embeddings, self.space.spread)
            - self.likeness_to_people(embeddings)[:, np.newaxis]
        )

    def likest(
        self, embedding: NDArray[np.float64], lines: LineTerms, *, at_least: float
    ) -> tuple[int, float] | None:
        """The line that an opening [shape=(n_dims,)] is likest, and the score; None below `at_least`.

        Likeness to people is never negative, so it is asked for only where it could decide: most openings
        are nowhere near a line.
        """
        if not len(lines.counts):
            return None
        ratios = lines.log_ratios(embedding[np.newaxis], self.space.spread)[0]
        best = int(ratios.argmax())
        if not ratios[best] >= at_least:
            return None
        score = float(ratios[best] - self.likeness_to_people(embedding[np.newaxis])[0])
        return (best, score) if score >= at_least else None

    def validate(self, n_features: int) -> None:
        """Raise ModelError unless the arrays are a space for vectors of `n_features`, and people in it."""
        self.space.validate(n_features)
        check_embeddings(self.people.means, len(self.space.origin), "line_cohort.npy")


def line_ground(space: LineSpace, cohort: NDArray[np.generic]) -> LineGround:
    """The ground of a space and the embeddings of people [shape=(n, n_dims)].

    Raises ModelError where these are no such embeddings.
    """
    check_embeddings(cohort, len(space.origin), "line_cohort.npy")
    return LineGround(space, KnownLines(space, cohort.astype(np.float32), np.ones(len(cohort), np.int32)))


def rounded(embeddings: Embeddings) -> Embeddings:
    """Embeddings as they are stored: float16, as float64; what float16 cannot hold becomes its largest."""
    return _stored(embeddings).astype(np.float64)


def pack(embedding: NDArray[np.floating]) -> str:
    """An embedding [shape=(n_dims,)] as base64 of little-endian float16, for a database or JSON."""
    return base64.b64encode(_stored(embedding).tobytes()).decode()


def _stored(embeddings: NDArray[np.floating]) -> NDArray[np.float16]:
    return np.asarray(np.minimum(np.maximum(embeddings, -LARGEST), LARGEST), STORED)


def unpack(text: str, n_dims: int) -> Embeddings:
    """The embedding that `pack` packed [shape=(n_dims,)].

    Raises LineError for what is no base64, another length, or not finite: an embedding of another model.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LineError(f"an embedding that is no base64: {text[:20]!r}…: {error}") from error
    if len(content) != n_dims * STORED.itemsize:
        raise LineError(f"an embedding of {len(content)} bytes: {n_dims * STORED.itemsize} are wanted")
    embedding = np.frombuffer(content, STORED).astype(np.float64)
    if not np.isfinite(embedding).all():
        raise LineError(f"an embedding that is not finite: {text[:20]!r}…")
    return embedding


def load_reference(folder: Path) -> Embeddings:
    """Embeddings of people of training who are not in the cohort [shape=(n, n_dims)], from a model folder.

    Thresholds are set by them. No call reads them. Raises ModelError where they cannot be read.
    """
    path = folder / REFERENCE_NAME
    try:
        found = array_from(path.read_bytes(), str(path))
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    check_embeddings(found, found.shape[-1] if found.ndim else 0, str(path))
    return np.asarray(found, np.float64)


def check_embeddings(found: NDArray[np.generic], n_dims: int, name: str) -> None:
    """Raise ModelError unless an array is finite embeddings [shape=(n, n_dims)]."""
    if found.ndim != 2 or found.shape[1] != n_dims or found.dtype.kind != "f" or not np.isfinite(found).all():
        raise ModelError(f"{name} is {found.dtype} {found.shape}: finite embeddings of {n_dims} are wanted")
