"""Calls of simulated paths as rows to learn from: what is measured of each, and which labels it truly has.

Calls are cut at their start by chance, since a recorder does not begin where frames do.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.errors import AudioError
from silentspam.provenance.features import measure, names
from silentspam.provenance.path_model import CODECS, LABELS, Vectors
from silentspam.training.path_corpus import PathCall, read_path_corpus, recording_of
from silentspam.training.sources import Split

FOLDS = 2
ANY_ORDER = 0.3
"""Weight of a call whose codecs follow each other in any order: it teaches what hides behind what, but
networks have few such paths, and a probability is to be true of theirs."""
LONGEST_CUT = 480
"""Samples that are cut at a call's start at most: 60 ms, so that every coder's frames begin anywhere."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PathRows:
    """Calls.

    figures: names of what is learnt from; vectors: of each call those [shape=(n, len(figures))]; labels
    [shape=(n, len(LABELS)), bool]; last: of the last coder, its place in CODECS [shape=(n,)]; weights: for
    how many calls each stands [shape=(n,)]; folds [shape=(n,)]: those of one speaker are the same.
    """

    figures: tuple[str, ...]
    vectors: Vectors
    labels: NDArray[np.bool_]
    last: NDArray[np.intp]
    weights: NDArray[np.float64]
    folds: NDArray[np.intp]


def labels_of(call: PathCall) -> NDArray[np.bool_]:
    """Which of LABELS a call has [shape=(len(LABELS),)]; g711 where any hop is G.711."""
    return np.array([label in call.codecs or label in call.networks for label in LABELS])


def last_of(call: PathCall) -> int:
    """The last coder that compressed a call, by its place in CODECS; g711 where none did."""
    compressing = [codec for codec in call.codecs if codec != "g711"]
    return CODECS.index(compressing[-1] if compressing else "g711")


def heard_of(
    folder: Path, *, split: Split, seed: int, seconds: float | None = None
) -> Iterator[tuple[PathCall, Recording]]:
    """The calls of one side of a corpus, each cut at its start, and to so many seconds."""
    rng = np.random.default_rng([seed, 1])
    chosen = [call for call in read_path_corpus(folder) if call.split is split]
    for call in tqdm(chosen, desc=folder.name, unit="call", disable=None):
        codes = recording_of(folder, call).codes[int(rng.integers(LONGEST_CUT)) :]
        yield call, Recording(codes[: round(seconds * SAMPLE_RATE)] if seconds else codes)


def read_rows(folders: Sequence[Path], *, seed: int = 1, without: Collection[str] = ()) -> PathRows:
    """The training calls of corpora of `paths simulate`, but for those that had one of these encodings.

    Raises AudioError as `rows_of`.
    """
    calls, vectors = [], []
    for folder in folders:
        for call, recording in heard_of(folder, split=Split.TRAIN, seed=seed):
            found = None if set(without) & set(call.encodings) else measure(recording)
            if found is not None:
                calls.append(call)
                vectors.append(found.vector)
    return rows_of(calls, vectors)


def rows_of(calls: Sequence[PathCall], vectors: Sequence[Vectors]) -> PathRows:
    """Calls and their vectors.

    Raises AudioError where one of the labels is in the calls of fewer than two folds, or is never the last.
    """
    labels = np.array([labels_of(call) for call in calls], dtype=bool).reshape(-1, len(LABELS))
    last = np.array([last_of(call) for call in calls], dtype=np.intp)
    dealt = {one: at % FOLDS for at, one in enumerate(sorted({call.speaker for call in calls}))}
    folds = np.array([dealt[call.speaker] for call in calls], dtype=np.intp)
    columns = dict(zip(LABELS, labels.T, strict=True))
    columns |= {f"{codec} as the last": last == at for at, codec in enumerate(CODECS)}
    if lacking := [name for name, column in columns.items() if len(np.unique(folds[column])) < 2]:
        raise AudioError(f"{len(calls)} training calls: too few have {', '.join(lacking)}")
    return PathRows(
        figures=tuple(names()),
        vectors=np.stack(vectors),
        labels=labels,
        last=last,
        weights=np.array([1.0 if call.ordered else ANY_ORDER for call in calls]),
        folds=folds,
    )
