"""What the studies (compare, curve, holdout) train: a function from a dataset to a function that scores.

Injected, so that a study says nothing about how a model is trained, and tests need no forest.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from silentspam.training.dataset import Dataset
from silentspam.training.metrics import Scores
from silentspam.training.train import TrainParams, fit_forest

Vectors = npt.NDArray[np.float32]
Scorer = Callable[[Vectors], Scores]
"""Feature vectors [shape=(n, n_features)] to spam probabilities [shape=(n,)]."""

Fit = Callable[[Dataset], Scorer]


def default_fit(params: TrainParams) -> Fit:
    """Trains as `silentspam train` does, without its cross-validation: a study holds out openings itself."""

    def fit(dataset: Dataset) -> Scorer:
        classifier = fit_forest(dataset, params)

        def scores(vectors: Vectors) -> Scores:
            return np.asarray(classifier.predict_proba(vectors)[:, 1], dtype=np.float64)

        return scores

    return fit
