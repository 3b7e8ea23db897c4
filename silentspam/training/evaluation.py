"""Held-out figures of a model, with counts and confidence: recall, false challenges, by kind and campaign."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.operating_point import Probabilities, suspected

FALSE_CHALLENGE_RATES = (0.001, 0.005, 0.01, 0.03)


def evaluate(dataset: Dataset, probabilities: Probabilities, threshold: float) -> dict[str, object]:
    """The figures of one set of openings, as a card holds them.

    Parameters: probabilities [shape=(n,)] of spam, of forests that were not trained on these openings.
    recall_at gives, for a rate of false challenges on these very people, the recall at the threshold that
    allows it: a property of the scores, not of the model's threshold.
    """
    is_spam = dataset.is_spam
    spam, ham = probabilities[is_spam], probabilities[~is_spam]
    figures: dict[str, object] = {}
    if len(spam):
        figures["recall"] = suspected(spam, threshold).card()
        figures["recall_by_kind"] = _by(dataset, is_spam, probabilities, threshold, lambda row: row.kind)
        figures["recall_by_campaign"] = _spread(dataset, is_spam, probabilities, threshold)
    if len(ham):
        figures["false_challenges"] = suspected(ham, threshold).card()
        figures["false_challenges_by_kind"] = _by(
            dataset, ~is_spam, probabilities, threshold, lambda row: row.kind
        )
    if len(spam) and len(ham):
        figures["recall_at"] = {
            str(rate): round(recall_at(spam, ham, rate), 4) for rate in FALSE_CHALLENGE_RATES
        }
    return figures


def recall_at(spam: Probabilities, ham: Probabilities, rate: float) -> float:
    """Recall where at most `rate` of the people [shape=(m,)] are challenged."""
    ranked = np.sort(ham)[::-1]
    allowed = int(rate * len(ham))
    limit = ranked[allowed] if allowed < len(ranked) else -1.0
    return float(np.mean(spam > limit))


def describe(dataset: Dataset) -> dict[str, object]:
    """What is in a set of openings: counts by label, kind and campaign."""
    spam = [row for row in dataset.rows if row.is_spam]
    ham = [row for row in dataset.rows if not row.is_spam]
    return {
        "openings": {"spam": len(spam), "ham": len(ham)},
        "campaigns": len({row.campaign for row in spam if row.campaign}),
        "ham_sources": len({row.group for row in ham}),
        "kinds": {
            name: dict(sorted(Counter(row.kind for row in rows).items()))
            for name, rows in (("spam", spam), ("ham", ham))
        },
    }


def _by(
    dataset: Dataset,
    chosen: npt.NDArray[np.bool_],
    probabilities: Probabilities,
    threshold: float,
    key: Callable[[Labelled], str],
) -> dict[str, dict[str, object]]:
    keys = np.array([key(row) for row in dataset.rows])
    return {
        str(name): suspected(probabilities[chosen & (keys == name)], threshold).card()
        for name in np.unique(keys[chosen])
    }


def _spread(
    dataset: Dataset, chosen: npt.NDArray[np.bool_], probabilities: Probabilities, threshold: float
) -> dict[str, object]:
    """Over campaigns, how recall is spread: the mean hides an attack that is never found."""
    recalls = [
        float(np.mean(probabilities[chosen & (dataset.groups == name)] >= threshold))
        for name in np.unique(dataset.groups[chosen])
    ]
    worst, quarter, median = np.quantile(recalls, [0.0, 0.25, 0.5])
    return {
        "campaigns": len(recalls),
        "worst": round(float(worst), 4),
        "lower_quartile": round(float(quarter), 4),
        "median": round(float(median), 4),
        "campaigns_below_half": int(np.sum(np.array(recalls) < 0.5)),
    }
