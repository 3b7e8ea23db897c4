"""A fitted scikit-learn forest as the flat arrays that the call path reads."""

from typing import TYPE_CHECKING

import numpy as np

from silentspam.forest import Forest

if TYPE_CHECKING:
    from sklearn.ensemble import RandomForestClassifier

NO_CHILD = -1


def flat_forest(classifier: "RandomForestClassifier") -> Forest:
    """All trees' nodes one after another; a leaf names itself as both its children."""
    trees = [estimator.tree_ for estimator in classifier.estimators_]
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
    return Forest(
        roots=roots.astype(np.int32),
        feature=np.where(is_leaf, 0, np.concatenate([tree.feature for tree in trees])).astype(np.int32),
        threshold=np.where(is_leaf, 0.0, np.concatenate([tree.threshold for tree in trees])),
        children=children.astype(np.int32),
        shares=np.concatenate([tree.value[:, 0, :] for tree in trees]),
        n_features=int(classifier.n_features_in_),
        depth=max(int(tree.max_depth) for tree in trees),
    )
