"""Learning through what calls came: the last coder first, then every coder and network with it as an input.

The second step learns from what the first says of speakers that it never met: they are dealt into FOLDS, as
in stacking (Wolpert 1992). What is said of speakers held out also weighs trees against networks and makes
their sums' probabilities true: a temperature for each in the first step (Guo et al. 2017), one for each label
in the second. All look only at the figures by which hasty trees gain most: many tell nothing of coders.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from silentspam.provenance.path_model import (
    CODECS,
    LABELS,
    SECONDS,
    Chances,
    PathModel,
    Vectors,
    softmax,
    with_last,
)
from silentspam.provenance.path_net import PathNet
from silentspam.provenance.tree_sums import TreeSums
from silentspam.training.concealment_training import flat
from silentspam.training.path_net_training import PASSES, fit_net
from silentspam.training.path_rows import FOLDS, PathRows

COMMON: dict[str, Any] = {
    "early_stopping": False,
    "learning_rate": 0.08,
    "max_leaf_nodes": 10,
    "min_samples_leaf": 15,
    "l2_regularization": 1.0,
    "max_bins": 63,
}
LAST_STAGES, LABEL_STAGES = 60, 80
"""Trees of each class of the first step, and of each label of the second."""

HASTY_STAGES = 25
"""Of the trees by which figures are chosen."""
FIGURES = 500
"""That are looked at."""
HASTY_ROWS = 6000
"""That they look at, by chance."""
MOST_SPLIT = 60
"""Figures that a node chooses among, by chance (as in a random forest; Breiman 2001)."""

COMPRESSING = tuple(codec for codec in CODECS if codec != "g711")

Weights = NDArray[np.float64]
Chosen = NDArray[np.bool_]


class Sums(Protocol):
    """What gives outputs of vectors: trees or networks."""

    def sums(self, vectors: Vectors, /) -> NDArray[np.float64]:
        """[shape=(n, n_figures)] to [shape=(n_outputs, n)]."""
        ...


def learn_path_model(
    rows: PathRows,
    *,
    seed: int = 1,
    last_stages: int = LAST_STAGES,
    label_stages: int = LABEL_STAGES,
    passes: int = PASSES,
) -> PathModel:
    """The model that rows teach."""
    rows = chosen_figures(rows, seed)
    first = partial(fit_last, stages=last_stages, seed=seed)
    second = partial(fit_labels, stages=label_stages, seed=seed)

    def nets(those: Chosen) -> PathNet:
        few = rows.vectors[those], rows.last[those], rows.labels[those]
        return fit_net(*few, seed=seed, passes=passes)

    net = held_out(rows.folds, nets, rows.vectors)
    trees = held_out(rows.folds, lambda those: first(rows.vectors[those], rows.last[those]), rows.vectors)
    sharp = best_sharpness((trees, net[: len(CODECS)]), rows.last, rows.weights)
    told = softmax(sharp[0] * trees + sharp[1] * net[: len(CODECS)])
    vectors = with_last(rows.vectors, told)
    odds = held_out(rows.folds, lambda those: second(vectors[those], rows.labels[those]), vectors)
    scales, offset = best_scales((odds, net[len(CODECS) :]), rows.labels, rows.weights)
    everything = np.ones(len(rows.vectors), dtype=bool)
    none = np.zeros(len(CODECS))
    return PathModel(
        figures=rows.figures,
        last=scaled(first(rows.vectors, rows.last), np.full(len(CODECS), sharp[0]), none),
        labels=scaled(second(vectors, rows.labels), scales[0], offset),
        net=scaled_net(nets(everything), np.concatenate([np.full(len(CODECS), sharp[1]), scales[1]])),
        neutral=np.median(rows.vectors, axis=0).astype(np.float32),
    )


def chosen_figures(rows: PathRows, seed: int) -> PathRows:
    """Rows with the FIGURES by which hasty trees for the last coder and for each label gain most, and with
    SECONDS."""
    some = np.random.default_rng(seed).permutation(len(rows.vectors))[:HASTY_ROWS]
    few, last, labels = rows.vectors[some], rows.last[some], rows.labels[some]
    hasty = [_trees(HASTY_STAGES, seed, few).fit(few, target) for target in (last, *labels.T)]
    gains = np.zeros(len(rows.figures))
    for one in hasty:
        nodes = np.concatenate([tree.nodes for stage in one._predictors for tree in stage])
        inner = nodes[nodes["is_leaf"] == 0]
        found = np.bincount(inner["feature_idx"], weights=inner["gain"], minlength=len(gains))
        gains += found / max(found.sum(), 1e-9)
    gains[[name == SECONDS for name in rows.figures]] = np.inf
    kept = np.sort(np.argsort(-gains, kind="stable")[:FIGURES])
    return replace(
        rows,
        figures=tuple(rows.figures[at] for at in kept),
        vectors=np.ascontiguousarray(rows.vectors[:, kept]),
    )


def _trees(stages: int, seed: int, vectors: Vectors) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    share = min(1.0, MOST_SPLIT / vectors.shape[1])
    return HistGradientBoostingClassifier(max_iter=stages, random_state=seed, max_features=share, **COMMON)


def fit_last(vectors: Vectors, last: NDArray[np.intp], *, stages: int, seed: int) -> TreeSums:
    """Trees that say which coder was the last: log probabilities but for a constant, of each of CODECS."""
    return flat([_trees(stages, seed, vectors).fit(vectors, last)])


def fit_labels(vectors: Vectors, labels: NDArray[np.bool_], *, stages: int, seed: int) -> TreeSums:
    """Trees that give the log odds of each column of `labels` [shape=(n, n_labels)]."""
    return flat([_trees(stages, seed, vectors).fit(vectors, column) for column in labels.T])


def held_out(folds: NDArray[np.intp], fit: Callable[[Chosen], Sums], vectors: Vectors) -> Chances:
    """What trees or networks say of vectors of folds that they never met [shape=(n_outputs, n)]."""
    said: list[tuple[Chosen, Chances]] = []
    for fold in range(FOLDS):
        left_out = folds == fold
        said.append((left_out, fit(~left_out).sums(vectors[left_out])))
    sums = np.zeros((len(said[0][1]), len(vectors)))
    for left_out, found in said:
        sums[:, left_out] = found
    return sums


def best_sharpness(sums: Sequence[Chances], truth: NDArray[np.intp], weights: Weights) -> NDArray[np.float64]:
    """What each of several log probabilities [shape=(n_classes, n)] is multiplied by, so that their sum is
    likeliest."""
    from scipy.optimize import minimize

    def surprise(logarithms: NDArray[np.float64]) -> float:
        both = sum(np.exp(one) * found for one, found in zip(logarithms, sums, strict=True))
        told = softmax(np.asarray(both))[np.arange(len(truth)), truth]
        return float(-(weights * np.log(np.maximum(told, 1e-12))).mean())

    start = np.full(len(sums), -np.log(len(sums)))
    return np.asarray(np.exp(minimize(surprise, start, method="Nelder-Mead").x))


def best_scales(
    odds: Sequence[Chances], labels: NDArray[np.bool_], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scales [shape=(len(odds), n_labels)] and offsets [shape=(n_labels,)] that make the sum of several log
    odds [shape=(n_labels, n)] likeliest (Platt 1999). A codec that compresses has no offset: its threshold
    stays where all paths have put it, since one that suits paths in order alone costs exact sets."""
    from sklearn.linear_model import LogisticRegression

    scales, offsets = np.zeros((len(odds), labels.shape[1])), np.zeros(labels.shape[1])
    for at, column in enumerate(labels.T):
        moved = LABELS[at] not in COMPRESSING
        told = np.stack([one[at] for one in odds], axis=1)
        found = LogisticRegression(C=100.0, fit_intercept=moved).fit(told, column, sample_weight=weights)
        scales[:, at] = np.maximum(found.coef_[0], 0.0)
        offsets[at] = float(found.intercept_[0]) if moved else 0.0
    return scales, offsets


def scaled(trees: TreeSums, scale: NDArray[np.float64], offset: NDArray[np.float64]) -> TreeSums:
    """Trees whose outputs are scaled and moved; in float32, which is as exact as is needed."""
    ends = np.append(trees.firsts[1:], len(trees.roots))
    of_tree = np.repeat(np.arange(len(trees.firsts)), ends - trees.firsts)
    nodes = np.diff(np.append(trees.roots, len(trees.values)))
    values = trees.values * np.repeat(scale[of_tree], nodes)
    return replace(trees, values=values.astype(np.float32), base=trees.base * scale + offset)


def scaled_net(net: PathNet, scale: NDArray[np.float64]) -> PathNet:
    """Networks whose outputs are scaled [shape=(n_outputs,)]."""
    by = scale.astype(np.float32)
    return replace(net, weights_3=net.weights_3 * by, biases_3=net.biases_3 * by)
