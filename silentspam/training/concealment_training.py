"""Learning to see concealment: first frames, then calls by how the scores of their frames lie.

A call's scores come from trees that never met its source: sources are dealt into FOLDS, as in stacking
(Wolpert 1992). Calls are cut at their start by chance, since a recorder does not begin where packets do, and
each counts also as a shorter one of 5 s and of 2 s. What codecs beside ALGORITHMS concealed counts as
concealed, by none of them. Only the training split is looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from silentspam.errors import AudioError
from silentspam.provenance.concealment import ALGORITHMS, call_vector
from silentspam.provenance.frame_traces import frame_vectors
from silentspam.provenance.prediction import FRAME
from silentspam.provenance.tree_sums import TreeSums
from silentspam.training.path_corpus import PathCall, read_path_corpus, recording_of
from silentspam.training.path_truth import concealed, losses_of, marked
from silentspam.training.sources import Split

FOLDS = 3
NEGATIVES = 80_000
"""Frames that are learnt from of those without concealment, weighted to stand for all."""

LONGEST_CUT = 240
"""Samples that are cut at a call's start at most."""

SHORTER = (500, 200)
"""Frames of the shorter calls: 5 s and 2 s."""

FRAME_SETTINGS = {"max_iter": 120, "max_leaf_nodes": 24, "learning_rate": 0.1, "min_samples_leaf": 40}
CALL_SETTINGS = {"max_iter": 150, "max_leaf_nodes": 8, "learning_rate": 0.06, "min_samples_leaf": 20}

Vectors = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class FramedCall:
    """A call's frames: vectors, and the share of each that each algorithm concealed, and, last, any other
    codec [shape=(n, len(ALGORITHMS) + 1)]."""

    fold: int
    vectors: Vectors
    shares: NDArray[np.float32]


def framed(folder: Path, call: PathCall, cut: int, fold: int = 0) -> FramedCall:
    """The frames of one call of a corpus, cut by so many samples."""
    codes = recording_of(folder, call).codes[cut:]
    vectors = frame_vectors(codes)
    losses = losses_of(call, cut)
    others = tuple(hop for hop in concealed(losses) if hop.codec not in ALGORITHMS)
    hops = [*(concealed(losses, codec) for codec in ALGORITHMS), others]
    gone = [marked(one, len(codes))[: len(vectors) * FRAME] for one in hops]
    shares = [one.reshape(-1, FRAME).mean(axis=1) for one in gone]
    return FramedCall(fold=fold, vectors=vectors, shares=np.stack(shares, axis=1).astype(np.float32))


def _covered(call: FramedCall) -> Any:
    return call.shares.max(axis=1)


def fit_frames(calls: Sequence[FramedCall], seed: int) -> TreeSums:
    """Trees that score frames [log odds]: those of which half or more was made up against untouched ones."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    covered = np.concatenate([_covered(call) for call in calls])
    untouched = np.flatnonzero(covered == 0)
    taken = np.random.default_rng(seed).permutation(untouched)[:NEGATIVES]
    rows = np.sort(np.concatenate([np.flatnonzero(covered >= 0.5), taken]))
    vectors = np.concatenate([call.vectors for call in calls])[rows]
    weights = np.where(covered[rows] > 0, 1.0, len(untouched) / max(len(taken), 1))
    trees = HistGradientBoostingClassifier(random_state=seed, early_stopping=False, **FRAME_SETTINGS)
    return flat([trees.fit(vectors, covered[rows] > 0, sample_weight=weights)])


Row = tuple[Vectors, float, NDArray[np.float32]]
"""A call's vector, and the truth: the share of the time, and of which each algorithm concealed the most."""


def _call_rows(call: FramedCall, scores: NDArray[np.float64], rng: np.random.Generator) -> list[Row]:
    """The rows of a call and of its parts."""
    rows = []
    for length in (len(scores), *SHORTER):
        first = int(rng.integers(0, max(len(scores) - length, 0) + 1))
        part = slice(first, first + length)
        shares, vector = call.shares[part], call_vector(call.vectors[part], scores[part])
        rows.append((vector, float(shares.max(axis=1).mean()), shares.max(axis=0)[: len(ALGORITHMS)]))
    return rows


def fit_calls(rows: Sequence[Row], seed: int) -> TreeSums:
    """Trees of calls in the order of `concealment.OUTPUTS`."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    vectors, rates = np.stack([row[0] for row in rows]), np.array([row[1] for row in rows])
    at_work = np.stack([row[2] for row in rows]) >= 0.5
    settings = {"random_state": seed, "early_stopping": False, **CALL_SETTINGS}
    some = HistGradientBoostingClassifier(**settings).fit(vectors, rates > 0)
    share = HistGradientBoostingRegressor(**settings).fit(vectors, rates)
    which = [HistGradientBoostingClassifier(**settings).fit(vectors, one) for one in at_work.T]
    return flat([some, share, *which])


def flat(fitted: Sequence[Any]) -> TreeSums:
    """Fitted histogram boosting as flat arrays, each an output, or as many as it has classes beyond two: a
    leaf is its own child."""
    trees = [
        [stage.nodes for stage in output] for one in fitted for output in zip(*one._predictors, strict=True)
    ]
    nodes = [tree for one in trees for tree in one]
    roots = np.concatenate([[0], np.cumsum([len(tree) for tree in nodes])[:-1]]).astype(np.int32)
    joined = np.concatenate(nodes)
    own = np.arange(len(joined))
    root = np.repeat(roots, [len(tree) for tree in nodes])
    leaf = joined["is_leaf"].astype(bool)
    children = [np.where(leaf, own, joined[side] + root) for side in ("left", "right")]
    return TreeSums(
        roots=roots,
        feature=np.where(leaf, 0, joined["feature_idx"]).astype(np.int32),
        threshold=np.where(leaf, 0.0, joined["num_threshold"]),
        children=np.stack(children, axis=1).astype(np.int32),
        values=joined["value"].astype(np.float64) * leaf,
        n_features=int(fitted[0].n_features_in_),
        depth=int(joined["depth"].max()),
        firsts=np.concatenate([[0], np.cumsum([len(one) for one in trees])[:-1]]).astype(np.int32),
        base=np.concatenate([np.ravel(one._baseline_prediction) for one in fitted]).astype(np.float64),
    )


@dataclass(frozen=True, kw_only=True)
class _Chosen:
    """A call to learn from: where its cut is [samples], and the fold of its source."""

    folder: Path
    call: PathCall
    cut: int
    fold: int

    def framed(self) -> FramedCall:
        return framed(self.folder, self.call, self.cut, self.fold)


def _chosen(folders: Sequence[Path], seed: int) -> list[_Chosen]:
    calls = [
        (folder, call) for folder in folders for call in read_path_corpus(folder) if call.split is Split.TRAIN
    ]
    rng = np.random.default_rng([seed, 1])
    folds = {source: at % FOLDS for at, source in enumerate(sorted({call.source for _, call in calls}))}
    return [
        _Chosen(folder=folder, call=call, cut=int(rng.integers(LONGEST_CUT)), fold=folds[call.source])
        for folder, call in calls
    ]


def learn_concealment(folders: Sequence[Path], *, seed: int = 1) -> dict[str, TreeSums]:
    """The trees of frames and of calls, learnt from corpora of `paths simulate`.

    Raises AudioError for corpora that lack one of the algorithms in its training split.
    """
    chosen = _chosen(folders, seed)
    calls = [one.framed() for one in tqdm(chosen, unit="call", disable=None)]
    _refuse_missing(folders, [call.shares.max(axis=0) for call in calls])
    rng, rows = np.random.default_rng([seed, 3]), []
    for fold in range(FOLDS):
        trees = fit_frames([call for call in calls if call.fold != fold], seed)
        for call in calls:
            if call.fold == fold:
                rows += _call_rows(call, trees.sums(call.vectors)[0], rng)
    return {"frames": fit_frames(calls, seed), "calls": fit_calls(rows, seed)}


def learn_calls(folders: Sequence[Path], frames: TreeSums, *, seed: int = 1) -> dict[str, TreeSums]:
    """The same trees of frames, and trees of calls from corpora of sources that those never met.

    Raises AudioError as `learn_concealment`.
    """
    rng, rows = np.random.default_rng([seed, 3]), []
    for one in tqdm(_chosen(folders, seed), unit="call", disable=None):
        call = one.framed()
        rows += _call_rows(call, frames.sums(call.vectors)[0], rng)
    _refuse_missing(folders, [row[2] for row in rows])
    return {"frames": frames, "calls": fit_calls(rows, seed)}


def _refuse_missing(folders: Sequence[Path], most: Sequence[NDArray[np.float32]]) -> None:
    """most: of each call the greatest share of a frame that each algorithm concealed."""
    there = (
        np.any([one[: len(ALGORITHMS)] >= 0.5 for one in most], axis=0) if most else [False] * len(ALGORITHMS)
    )
    if missing := [name for name, one in zip(ALGORITHMS, there, strict=True) if not one]:
        raise AudioError(
            f"{', '.join(map(str, folders))}: no training call that was concealed by {', '.join(missing)}"
        )
