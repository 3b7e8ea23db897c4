"""The classifiers of Orife et al. 2018, section 5, over their parameters, and a threshold on energy.

Each family fits one training set and says, for each of its settings, how it decides and scores the test set.
The bases of U are of unit length, so nothing is scaled. A decision is the classifier's own: the forest's
majority, the sign of the margin, the level that was best on the training set.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.svm import LinearSVC

from silentspam.training.dataset import Dataset
from silentspam.training.metrics import Mask, Scores
from silentspam.training.trainers import Fit, Vectors

LEVELS = 200
"""How many levels a threshold on energy is chosen among."""
LINEAR_SVC_ITERATIONS = 5000


@dataclass(frozen=True, eq=False)
class Decided:
    """What a classifier with one setting says of a test set: decisions and scores [shape=(n,)]."""

    setting: float
    suspected: Mask
    scores: Scores


Family = Callable[[Dataset, Vectors], Iterator[Decided]]
"""Training openings and test vectors to what each setting decides."""


def forests(trees: Sequence[int], seed: int) -> Family:
    """Random forests of so many trees, in rising order; a smaller one is the beginning of a larger one."""

    def decide(train: Dataset, test: Vectors) -> Iterator[Decided]:
        forest = RandomForestClassifier(warm_start=True, random_state=seed, n_jobs=1)
        for n_trees in sorted(trees):
            forest.set_params(n_estimators=n_trees).fit(train.vectors, train.is_spam)
            scores = forest.predict_proba(test)[:, 1]
            yield Decided(n_trees, scores > 0.5, scores)

    return decide


def stochastic_gradient(alphas: Sequence[float], seed: int) -> Family:
    """Linear support vector machines by stochastic gradient descent, over the regularization alpha."""
    return _linear(alphas, lambda alpha: SGDClassifier(loss="hinge", alpha=alpha, random_state=seed))


def linear_svc(costs: Sequence[float], seed: int) -> Family:
    """LinearSVC (squared hinge, the intercept penalized too) over the penalty C."""
    return _linear(
        costs,
        lambda cost: LinearSVC(C=cost, dual="auto", max_iter=LINEAR_SVC_ITERATIONS, random_state=seed),
    )


def _linear(settings: Sequence[float], classifier: Callable[[float], Any]) -> Family:
    def decide(train: Dataset, test: Vectors) -> Iterator[Decided]:
        for setting in settings:
            scores = np.asarray(classifier(setting).fit(train.vectors, train.is_spam).decision_function(test))
            yield Decided(setting, scores > 0, scores)

    return decide


def energy_below(train: Dataset, test: Vectors) -> Iterator[Decided]:
    """Spam is what is quieter than a level [dBFS], the best on the training set; the vectors are levels."""
    train_levels, levels, is_spam = train.vectors[:, 0], test[:, 0], train.is_spam
    candidates = np.quantile(train_levels, np.linspace(0, 1, LEVELS))
    right = [np.mean((train_levels < level) == is_spam) for level in candidates]
    best = float(candidates[int(np.argmax(right))])
    yield Decided(best, levels < best, -levels.astype(np.float64))


def energy_band(train: Dataset, test: Vectors) -> Iterator[Decided]:
    """Spam is what lies within a band of levels [dBFS], the best on the training set; setting: its middle."""
    train_levels, levels, is_spam = train.vectors[:, 0], test[:, 0], train.is_spam
    candidates = np.quantile(train_levels, np.linspace(0, 1, LEVELS))
    at = np.searchsorted(candidates, train_levels)
    # Taking in a level gains a call for each spam there and loses one for each person.
    gain = np.bincount(at, weights=np.where(is_spam, 1.0, -1.0), minlength=LEVELS + 1)
    total = np.concatenate([[0.0], np.cumsum(gain)])
    gains = np.triu(total[np.newaxis, :] - total[:, np.newaxis])
    first, last = np.unravel_index(int(np.argmax(gains)), gains.shape)
    low = float(candidates[max(int(first) - 1, 0)])
    high = float(candidates[min(max(int(last) - 1, 0), LEVELS - 1)])
    middle, width = (low + high) / 2, max((high - low) / 2, 1e-6)
    distance = np.abs(levels.astype(np.float64) - middle) / width
    yield Decided(middle, distance <= 1, -distance)


def trained_by(fit: Fit) -> Family:
    """Our own training, as a family of one setting: it suspects from a probability of one half on."""

    def decide(train: Dataset, test: Vectors) -> Iterator[Decided]:
        scores = fit(train)(test)
        yield Decided(0.5, scores >= 0.5, scores)

    return decide
