"""Learning through what calls came: the last coder first, then every coder and network with it as an input.

The second step learns from what the first says of speakers that it never met: they are dealt into FOLDS, as
in stacking (Wolpert 1992). What both say of speakers held out also makes their probabilities true: a
temperature for the first (Guo et al. 2017), Platt's scaling for each label of the second (Platt 1999). Both
look only at the figures by which hasty trees gain most: many tell nothing of coders.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from silentspam.provenance.path_model import Chances, PathModel, Vectors, softmax, with_last
from silentspam.provenance.tree_sums import TreeSums
from silentspam.training.concealment_training import flat
from silentspam.training.path_rows import FOLDS, PathRows

COMMON: dict[str, Any] = {
    "early_stopping": False,
    "learning_rate": 0.08,
    "max_leaf_nodes": 10,
    "min_samples_leaf": 15,
    "l2_regularization": 1.0,
    "max_bins": 63,
}
LAST_STAGES, LABEL_STAGES = 60, 150
"""Trees of each class of the first step, and of each label of the second."""

HASTY_STAGES = 25
"""Of the trees by which figures are chosen."""
FIGURES = 500
"""That are looked at."""
MOST_SPLIT = 60
"""Figures that a node chooses among, by chance (as in a random forest; Breiman 2001)."""

Weights = NDArray[np.float64]
Chosen = NDArray[np.bool_]


def learn_path_model(
    rows: PathRows, *, seed: int = 1, last_stages: int = LAST_STAGES, label_stages: int = LABEL_STAGES
) -> PathModel:
    """The model that rows teach."""
    rows = chosen_figures(rows, seed)
    first = partial(fit_last, stages=last_stages, seed=seed)
    second = partial(fit_labels, stages=label_stages, seed=seed)
    sums = held_out(
        rows.folds,
        lambda those: first(rows.vectors[those], rows.last[those], rows.weights[those]),
        rows.vectors,
    )
    sharpness = best_sharpness(sums, rows.last, rows.weights)
    vectors = with_last(rows.vectors, softmax(sharpness * sums))
    odds = held_out(
        rows.folds, lambda those: second(vectors[those], rows.labels[those], rows.weights[those]), vectors
    )
    scale, offset = platt(odds, rows.labels, rows.weights)
    none = np.zeros(len(sums))
    return PathModel(
        figures=rows.figures,
        last=scaled(first(rows.vectors, rows.last, rows.weights), np.full(len(sums), sharpness), none),
        labels=scaled(second(vectors, rows.labels, rows.weights), scale, offset),
        neutral=np.median(rows.vectors, axis=0).astype(np.float32),
    )


def chosen_figures(rows: PathRows, seed: int) -> PathRows:
    """Rows with the FIGURES by which hasty trees for the last coder and for each label gain most."""
    hasty = [_trees(HASTY_STAGES, seed, rows.vectors).fit(rows.vectors, rows.last)]
    hasty += [_trees(HASTY_STAGES, seed, rows.vectors).fit(rows.vectors, column) for column in rows.labels.T]
    gains = np.zeros(len(rows.figures))
    for one in hasty:
        nodes = np.concatenate([tree.nodes for stage in one._predictors for tree in stage])
        inner = nodes[nodes["is_leaf"] == 0]
        found = np.bincount(inner["feature_idx"], weights=inner["gain"], minlength=len(gains))
        gains += found / max(found.sum(), 1e-9)
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


def fit_last(
    vectors: Vectors, last: NDArray[np.intp], weights: Weights, *, stages: int, seed: int
) -> TreeSums:
    """Trees that say which coder was the last: log probabilities but for a constant, of each of CODECS."""
    return flat([_trees(stages, seed, vectors).fit(vectors, last, sample_weight=weights)])


def fit_labels(
    vectors: Vectors, labels: NDArray[np.bool_], weights: Weights, *, stages: int, seed: int
) -> TreeSums:
    """Trees that give the log odds of each column of `labels` [shape=(n, n_labels)]."""
    return flat(
        [_trees(stages, seed, vectors).fit(vectors, column, sample_weight=weights) for column in labels.T]
    )


def held_out(folds: NDArray[np.intp], fit: Callable[[Chosen], TreeSums], vectors: Vectors) -> Chances:
    """What trees say of vectors of folds that they never met [shape=(n_outputs, n)]."""
    said: list[tuple[Chosen, Chances]] = []
    for fold in range(FOLDS):
        left_out = folds == fold
        said.append((left_out, fit(~left_out).sums(vectors[left_out])))
    sums = np.zeros((len(said[0][1]), len(vectors)))
    for left_out, found in said:
        sums[:, left_out] = found
    return sums


def best_sharpness(sums: Chances, truth: NDArray[np.intp], weights: Weights) -> float:
    """What log probabilities [shape=(n_classes, n)] are multiplied by to be likeliest."""
    from scipy.optimize import minimize_scalar

    def surprise(logarithm: float) -> float:
        told = softmax(np.exp(logarithm) * sums)[np.arange(len(truth)), truth]
        return float(-(weights * np.log(np.maximum(told, 1e-12))).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2.0, 1.0), method="bounded").x))


def platt(
    odds: Chances, labels: NDArray[np.bool_], weights: Weights
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scale and offset of each output's log odds [shape=(n_labels, n)] that make them likeliest."""
    from sklearn.linear_model import LogisticRegression

    found = [
        LogisticRegression(C=100.0).fit(one[:, np.newaxis], column, sample_weight=weights)
        for one, column in zip(odds, labels.T, strict=True)
    ]
    scales = np.array([max(float(one.coef_[0, 0]), 0.0) for one in found])
    return scales, np.array([float(one.intercept_[0]) for one in found])


def scaled(trees: TreeSums, scale: NDArray[np.float64], offset: NDArray[np.float64]) -> TreeSums:
    """Trees whose outputs are scaled and moved; in float32, which is as exact as is needed."""
    ends = np.append(trees.firsts[1:], len(trees.roots))
    of_tree = np.repeat(np.arange(len(trees.firsts)), ends - trees.firsts)
    nodes = np.diff(np.append(trees.roots, len(trees.values)))
    values = trees.values * np.repeat(scale[of_tree], nodes)
    return replace(trees, values=values.astype(np.float32), base=trees.base * scale + offset)
