"""Recent calls as a model hears them: a random sample of their recorded openings, as feature vectors."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from silentspam.audio import Recording, read_ulaw
from silentspam.errors import AudioError
from silentspam.features import feature_vector
from silentspam.fitness import why_inconclusive
from silentspam.kinds.table import kind_named
from silentspam.model import SpamModel
from silentspam.reports.cases import Value
from silentspam.reports.reference import Vectors

COLUMNS = ("recording", "verdict")
"""What `sampled` wants of each row."""

Progress = Callable[[Iterable[Path], int], Iterable[Path]]


class Read(Protocol):
    """Reads a recording, in plain or sealed. Raises AudioError."""

    def __call__(self, path: Path, *, max_seconds: float) -> Recording: ...


@dataclass(frozen=True, eq=False)
class Recent:
    """A sample of recent openings.

    vectors [shape=(n, n_features)]; probabilities [shape=(n,)] by the model, whichever judged them then;
    recorded: calls with a recording in the period; sampled of them; gone: files that are not there any more;
    unfit: openings that cannot be judged.
    """

    vectors: Vectors
    probabilities: npt.NDArray[np.float64]
    recorded: int
    sampled: int
    gone: int
    unfit: int


def sampled(rows: Iterable[tuple[Value, ...]], most: int, *, seed: int = 1) -> tuple[list[Path], int]:
    """At most `most` of the recordings in rows of COLUMNS, each as likely as the other, of how many.

    Suspects of another kind than dead air are left out: the model was trained on none, and a storm of faxes
    would be a drift of nobody's.

    One pass that keeps no more than it returns (Vitter 1985, algorithm R).
    """
    rng, seen = random.Random(seed), 0
    kept: list[Path] = []
    for recording, verdict in rows:
        kind = kind_named(verdict)
        if not recording or (kind is not None and kind.listener):
            continue
        seen += 1
        if len(kept) < most:
            kept.append(Path(str(recording)))
        elif (place := rng.randrange(seen)) < most:
            kept[place] = Path(str(recording))
    return kept, seen


def recent_openings(
    paths: list[Path],
    model: SpamModel,
    *,
    seconds: float,
    recorded: int,
    read: Read = read_ulaw,
    progress: Progress | None = None,
) -> Recent:
    """The openings of `paths`, heard by `model`; at most `seconds` of each, as a live call's [s]."""
    vectors, gone, unfit = [], 0, 0
    for path in progress(paths, len(paths)) if progress else paths:
        try:
            opening = read(path, max_seconds=seconds)
        except AudioError:
            gone += 1
            continue
        if why_inconclusive(opening):
            unfit += 1
        else:
            vectors.append(feature_vector(opening.sounding, model.params))
    n_features = len(model.card.feature_names)
    found = np.stack(vectors) if vectors else np.empty((0, n_features), dtype=np.float32)
    return Recent(
        vectors=found,
        probabilities=spam_probabilities(model, found),
        recorded=recorded,
        sampled=len(paths),
        gone=gone,
        unfit=unfit,
    )


def spam_probabilities(model: SpamModel, vectors: Vectors) -> npt.NDArray[np.float64]:
    """The model's spam probability of many vectors [shape=(n, n_features)] at once [shape=(n,)]."""
    if not len(vectors):
        return np.empty(0)
    return model.probabilities(vectors)
