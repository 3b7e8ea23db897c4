"""Boosted trees as flat arrays: scikit-learn's own decision function without importing scikit-learn.

Equal to `GradientBoostingClassifier.decision_function` bit for bit: the same tests, the same leaf values
added in the same order (Friedman 2001, Greedy function approximation; scikit-learn's `_gb.py`).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.trees import Forms, Trees


@dataclass(frozen=True, eq=False, kw_only=True)
class BoostedTrees(Trees):
    """Trees whose leaves hold values [shape=(n_nodes,), float64], which add up to the log odds."""

    FORMS: ClassVar[Forms] = {**Trees.FORMS, "values": ("f", 1)}

    values: NDArray[np.float64]

    def log_odds(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Natural log odds of spam: [shape=(n, n_features)] to [shape=(n,), float64].

        Raises ModelError for another width or a value that is not finite.
        """
        return np.asarray(np.add.accumulate(self.values.take(self.leaves(vectors)), axis=0)[-1])

    def predict_proba(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of ham and of spam [shape=(n, 2)]."""
        spam = 1 / (1 + np.exp(-self.log_odds(vectors)))
        return np.stack([1 - spam, spam], axis=1)

    def validate(self) -> None:
        """Raise ModelError unless the arrays are boosted trees."""
        super().validate()
        if len(self.values) != len(self.feature):
            raise ModelError("forest arrays: node arrays differ in length")
        if not np.isfinite(self.values).all():
            raise ModelError("forest arrays: a leaf's value is not finite")
