"""Decision trees in flat arrays, walked all at once: what a forest and boosted trees have in common.

All trees' nodes stand in one array. A leaf is its own child, so every tree takes `depth` steps and no step
needs a mask. A node's test is scikit-learn's: float32 inputs against float64 thresholds (`_tree.pyx`).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError

Forms = dict[str, tuple[str, int]]

NODE = np.dtype([("feature", np.int32), ("threshold", np.float32), ("slot", np.int64)])
"""A node's test, and where its children begin."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Trees:
    """Decision trees in flat arrays.

    roots [shape=(n_trees,), int32]: each tree's first node. For each node: feature [shape=(n_nodes,), int32],
    threshold [float64], children [shape=(n_nodes, 2), int32]: next node when value ≤ threshold, else; a leaf
    names itself. depth: steps from any root that surely end in a leaf.
    """

    FORMS: ClassVar[Forms] = {
        "roots": ("i", 1),
        "feature": ("i", 1),
        "threshold": ("f", 1),
        "children": ("i", 2),
    }
    """Each array's kind (numpy's letter) and number of dimensions."""

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float64]
    children: NDArray[np.int32]
    n_features: int
    depth: int

    def leaves(self, vectors: NDArray[np.float32]) -> NDArray[np.intp]:
        """The leaf that each vector [shape=(n, n_features)] reaches in each tree [shape=(n_trees, n)].

        Raises ModelError for another width or a value that is not finite.
        """
        x = np.asarray(vectors, dtype=np.float32)
        if x.ndim != 2 or x.shape[1] != self.n_features:
            raise ModelError(f"feature vectors have shape {x.shape}, the forest wants (n, {self.n_features})")
        if not np.isfinite(x).all():
            raise ModelError("feature vectors hold NaN or infinity")
        if len(x) == 1:
            return self._leaves_of_one(x[0])[:, np.newaxis]
        # All trees and vectors at once, in flat arrays: a value is at its vector's row + its feature.
        feature, threshold, children = self._steps
        # As float64, which holds float32 exactly, no comparison has to convert them.
        values, row = x.ravel().astype(np.float64), np.arange(len(x)) * self.n_features
        step = np.repeat(2 * self.roots.astype(np.intp), len(x)).reshape(len(self.roots), len(x))
        for _ in range(self.depth):
            above = values.take(feature.take(step) + row) > threshold.take(step)
            step = children.take(step + above)
        return np.asarray(step // 2)

    @cached_property
    def _steps(self) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
        """The nodes as `leaves` walks them: node n stands at 2n, and its second child at 2n + 1."""
        return (
            np.repeat(self.feature.astype(np.intp), 2),
            np.repeat(self.threshold, 2),
            2 * self.children.astype(np.intp).ravel(),
        )

    def _leaves_of_one(self, values: NDArray[np.float32]) -> NDArray[np.intp]:
        """As `leaves`, of one vector [shape=(n_features,)]: a call's, for which memory costs most.

        What a step needs of a node lies in one place, and beside its sibling's.
        """
        roots, nodes = self._nodes
        taken = roots.copy()
        here = taken.view(NODE)
        feature, threshold, slot = here["feature"], here["threshold"], here["slot"]
        for _ in range(self.depth):
            nodes.take(slot + (values.take(feature) > threshold), out=taken, mode="clip")
        return np.asarray(slot >> 1, dtype=np.intp)

    @cached_property
    def _nodes(self) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
        """NODEs: each tree's first, and what each node's two children are, at its slot and the next.

        They pass for numbers of as many bytes, which numpy copies faster.
        """
        nodes = np.empty(len(self.feature), dtype=NODE)
        nodes["feature"], nodes["threshold"] = self.feature, _rounded_down(self.threshold)
        nodes["slot"] = 2 * np.arange(len(nodes))
        numbers = nodes.view(np.complex128)
        return numbers[self.roots], numbers[self.children.ravel()]

    def validate(self) -> None:
        """Raise ModelError unless the arrays are trees.

        Checked are types, shapes, index ranges, no cycles, a depth that ends in leaves.
        """
        for name, form in self.FORMS.items():
            array = getattr(self, name)
            if (array.dtype.kind, array.ndim) != form:
                raise ModelError(f"forest arrays: {name} is {array.dtype} with {array.ndim} dimensions")
        n = len(self.feature)
        columns = np.arange(n, dtype=np.int64)[:, np.newaxis]
        checks = {
            "node arrays differ in length": len(self.threshold) == n and self.children.shape == (n, 2),
            "roots lie outside the nodes": len(self.roots) > 0
            and bool(((self.roots >= 0) & (self.roots < n)).all()),
            "a feature index lies outside the vector": bool(
                ((self.feature >= 0) & (self.feature < self.n_features)).all()
            ),
        }
        for fault, good in checks.items():
            if not good:
                raise ModelError(f"forest arrays: {fault}")
        leaf = (self.children == columns).all(axis=1)
        forward = (self.children > columns).all(axis=1) & (self.children < n).all(axis=1)
        if not (leaf | forward).all():
            raise ModelError("forest arrays: a child lies outside the nodes or before its parent")
        if not np.isfinite(self.threshold).all():
            raise ModelError("forest arrays: a threshold is not finite")
        if not (0 <= self.depth <= n and leaf[self._ends()].all()):
            raise ModelError(f"forest arrays: depth is {self.depth}, which does not end in leaves")

    def _ends(self) -> NDArray[np.bool_]:
        """Where `depth` steps can lead [shape=(n_nodes,), bool]."""
        here = np.zeros(len(self.feature), dtype=bool)
        here[self.roots] = True
        for _ in range(self.depth):
            children = self.children[here]
            here = np.zeros_like(here)
            here[children] = True
        return here


def _rounded_down(thresholds: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 that is not above each: what float32 exceeds the one, exceeds the other."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    lower = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > thresholds, lower, nearest)
