"""Fitted scikit-learn trees as the flat arrays that the call path reads."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from silentspam.boosted import BoostedTrees
from silentspam.forest import Forest

if TYPE_CHECKING:
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier

NO_CHILD = -1


def flat_forest(classifier: "RandomForestClassifier") -> Forest:
    """A random forest; a leaf's shares are those of its training openings."""
    trees = [estimator.tree_ for estimator in classifier.estimators_]
    shares = np.concatenate([tree.value[:, 0, :] for tree in trees])
    return Forest(**_nodes(trees), shares=shares, n_features=int(classifier.n_features_in_))


def flat_boosted(classifier: "GradientBoostingClassifier") -> BoostedTrees:
    """Boosted trees for two classes, fitted with init="zero": a leaf's value is added to the log odds."""
    trees = [estimator.tree_ for estimator in classifier.estimators_[:, 0]]
    values = classifier.learning_rate * np.concatenate([tree.value[:, 0, 0] for tree in trees])
    return BoostedTrees(**_nodes(trees), values=values, n_features=int(classifier.n_features_in_))


def _nodes(trees: Sequence[Any]) -> dict[str, Any]:
    """All trees' nodes one after another; a leaf names itself as both its children."""
    sizes = [tree.node_count for tree in trees]
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    children = np.concatenate(
        [
            np.where(sides == NO_CHILD, np.arange(tree.node_count)[:, np.newaxis], sides) + root
            for tree, root in zip(trees, roots, strict=True)
            for sides in [np.stack([tree.children_left, tree.children_right], axis=1)]
        ]
    )
    is_leaf = children[:, 0] == np.arange(len(children))
    return {
        "roots": roots.astype(np.int32),
        "feature": np.where(is_leaf, 0, np.concatenate([tree.feature for tree in trees])).astype(np.int32),
        "threshold": np.where(is_leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        "children": children.astype(np.int32),
        "depth": max(int(tree.max_depth) for tree in trees),
    }
