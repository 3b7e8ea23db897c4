"""Calls of simulated paths as rows to learn from: what is measured of each, and which labels it truly has.

Calls are cut at their start by chance, since a recorder does not begin where frames do. Each can be learnt
from in several lengths: what is there of a coder in two seconds is not what fifteen show.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.errors import AudioError
from silentspam.provenance.features import SHORTEST_SECONDS, Measures, measure
from silentspam.provenance.path_model import CODECS, LABELS, Vectors, known_figures, with_seconds
from silentspam.training.path_corpus import PathCall, read_path_corpus, recording_of
from silentspam.training.sources import Split

FOLDS = 2
ANY_ORDER = 0.3
"""Weight of a call whose codecs follow each other in any order where probabilities are made true: networks
have few such paths. In learning, where it teaches what hides behind what, it counts as any other."""
LENGTHS = (15.0, 5.0, 2.0)
"""Seconds of each call that are learnt from."""
LONGEST_CUT = 480
"""Samples that are cut at a call's start at most: 60 ms, so that every coder's frames begin anywhere."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PathRows:
    """Calls.

    figures: names of what is learnt from; vectors: of each call those [shape=(n, len(figures))]; labels
    [shape=(n, len(LABELS)), bool]; last: of the last coder, its place in CODECS [shape=(n,)]; weights: for
    how many calls each stands where probabilities are made true [shape=(n,)]; folds [shape=(n,)]: those of
    one speaker are the same.
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


def read_rows(
    folders: Sequence[Path],
    *,
    seed: int = 1,
    without: Collection[str] = (),
    lengths: Sequence[float] = LENGTHS,
) -> PathRows:
    """The training calls of corpora of `paths simulate`, but for those that had one of these encodings; of
    each a piece of every length [s], from anywhere in it.

    Raises AudioError for a length of which nothing is measured, and as `rows_of`.
    """
    if short := [seconds for seconds in lengths if not seconds >= SHORTEST_SECONDS]:
        raise AudioError(f"pieces of {short[0]:g} s: a length must be {SHORTEST_SECONDS:g} s or more")
    rng = np.random.default_rng([seed, 2])
    calls, measures = [], []
    for folder in folders:
        for call, recording in heard_of(folder, split=Split.TRAIN, seed=seed):
            pieces = [] if set(without) & set(call.encodings) else pieces_of(recording, lengths, rng)
            for found in map(measure, pieces):
                if found is not None:
                    calls.append(call)
                    measures.append(found)
    return rows_of(calls, measures)


def pieces_of(recording: Recording, lengths: Sequence[float], rng: np.random.Generator) -> list[Recording]:
    """A piece of each length [s], from anywhere; the whole where it is no longer than that."""
    pieces = []
    for seconds in lengths:
        n = min(round(seconds * SAMPLE_RATE), len(recording.codes))
        begin = int(rng.integers(len(recording.codes) - n + 1))
        pieces.append(Recording(recording.codes[begin : begin + n]))
    return pieces


def rows_of(calls: Sequence[PathCall], measures: Sequence[Measures]) -> PathRows:
    """Calls and what was measured of each.

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
    seconds = np.array([one.seconds for one in measures], dtype=np.float32)
    return PathRows(
        figures=known_figures(),
        vectors=with_seconds(np.stack([one.vector for one in measures]), seconds),
        labels=labels,
        last=last,
        weights=np.array([1.0 if call.ordered else ANY_ORDER for call in calls]),
        folds=folds,
    )
