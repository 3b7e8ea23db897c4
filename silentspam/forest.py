"""A random forest as flat arrays: scikit-learn's own probabilities without importing scikit-learn.

Equal to `RandomForestClassifier.predict_proba` bit for bit: the same tests, the same leaf shares added in the
same order (Breiman 2001; scikit-learn's `_forest.py`).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.trees import Forms, Trees

SPAM_CLASS = 1
"""Column of the probabilities that means spam."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Forest(Trees):
    """Trees whose leaves hold shares [shape=(n_nodes, n_classes), float64]: of each class in training."""

    FORMS: ClassVar[Forms] = {**Trees.FORMS, "shares": ("f", 2)}

    shares: NDArray[np.float64]

    def predict_proba(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of each class: [shape=(n, n_features)] to [shape=(n, n_classes), float64].

        Raises ModelError for another width or a value that is not finite.
        """
        # Added tree by tree, as scikit-learn does: a pairwise sum would differ in the last bit.
        total = np.add.accumulate(self.shares.take(self.leaves(vectors), axis=0), axis=0)[-1]
        return np.asarray(total / len(self.roots))

    def log_odds(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Natural log odds of spam [shape=(n,)], kept finite by half a vote."""
        margin = 0.5 / len(self.roots)
        probability = np.clip(self.predict_proba(vectors)[:, SPAM_CLASS], margin, 1 - margin)
        return np.asarray(np.log(probability / (1 - probability)))

    def validate(self) -> None:
        """Raise ModelError unless the arrays are a forest with at least two classes."""
        super().validate()
        if len(self.shares) != len(self.feature):
            raise ModelError("forest arrays: node arrays differ in length")
        if not (np.isfinite(self.shares).all() and (self.shares >= 0).all() and (self.shares <= 1).all()):
            raise ModelError("forest arrays: a leaf's share lies outside 0…1")
        if not np.allclose(self.shares.sum(axis=1), 1.0):
            raise ModelError("forest arrays: a node's shares do not add up to 1")
