"""What the studies (compare, curve, holdout) train: a function from a dataset to a function that scores.

Injected, so that a study says nothing about how a model is trained, and tests need no forest.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from silentspam.card import Combination
from silentspam.training.dataset import Dataset
from silentspam.training.fitting import FitParams, Fitted, fit, fit_trees
from silentspam.training.line_evidence import learn_lines
from silentspam.training.metrics import Scores

Vectors = npt.NDArray[np.float32]
Scorer = Callable[[Vectors], Scores]
"""Feature vectors [shape=(n, n_features)] to spam probabilities [shape=(n,)]."""

Fit = Callable[[Dataset], Scorer]


def default_fit(params: FitParams) -> Fit:
    """Trains as `silentspam train` does."""

    def fit_one(dataset: Dataset) -> Scorer:
        fitted, _ = fit(dataset, params)
        return fitted.probabilities

    return fit_one


class RepeatedFit:
    """Trains many models that differ in few openings: all but the first keep the first one's calibration.

    The calibration is three numbers from a cross-validation that costs five times what the trees cost. A
    study that sets its thresholds on people it holds out itself needs of it only how trees and known lines
    are weighed against each other, which few openings hardly change.
    """

    def __init__(self, params: FitParams) -> None:
        self._params = params
        self._combination: Combination | None = None

    def __call__(self, dataset: Dataset) -> Scorer:
        """Train on all of `dataset`."""
        if self._combination is None:
            fitted, _ = fit(dataset, self._params)
            self._combination = fitted.combination
            return fitted.probabilities
        trees = fit_trees(dataset.vectors, dataset.is_spam, self._params)
        learnt = learn_lines(dataset) if self._params.lines else None
        return Fitted(trees, learnt.evidence if learnt else None, self._combination).probabilities
