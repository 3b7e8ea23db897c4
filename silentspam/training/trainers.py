"""What the studies (compare, curve, holdout) train: a function from a dataset to a function that scores.

Injected, so that a study says nothing about how a model is trained, and tests need no forest.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from silentspam.training.dataset import Dataset
from silentspam.training.fitting import FitParams, fit
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
