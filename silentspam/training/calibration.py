"""From trees and lines to one calibrated probability (Platt 1999), weighed by what held-out openings say.

Both speak of openings held out: the trees of campaigns never met, the lines of campaigns never met and of
campaigns met before. The trees know a campaign they have met better than their held-out view shows, so a
plain regression would give the lines too little; their weight is chosen for recall at the budget.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from silentspam.card import Combination

EVIDENCE_LIMIT = 60.0
"""Log likelihood ratio beyond which a line is no likelier: far outside, the ratio grows without bound."""

FACTORS = (1.0, 1.5, 2.0, 3.0)
"""What the regression's weight of the lines is multiplied by, at choice."""

SEEN_COUNTS = 2.0
"""A campaign met before counts double: an attack is very many calls of few campaigns."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Views:
    """What is said of training openings that were held out, all [shape=(n,)].

    log_odds: of the trees; unseen, seen: evidence of the lines, as of a campaign never met, and met before.
    """

    log_odds: Floats
    unseen: Floats
    seen: Floats
    is_spam: npt.NDArray[np.bool_]


def probability(log_odds: Floats, evidence: Floats, mix: Combination | None) -> Floats:
    """Spam probability [shape=(n,)] of trees' log odds and lines' evidence, as a model combines them."""
    if mix is None:
        return np.asarray(1 / (1 + np.exp(-log_odds)))
    total = mix.bias + mix.odds * log_odds + mix.likeness * np.clip(evidence, 0, mix.limit)
    return np.asarray(1 / (1 + np.exp(-total)))


def calibrate(views: Views, *, max_false_challenge_rate: float) -> Combination:
    """The combination that finds most held-out dead air at the budget, calibrated for classes of one size."""
    odds = np.concatenate([views.log_odds, views.log_odds[views.is_spam]])
    evidence = np.clip(np.concatenate([views.unseen, views.seen[views.is_spam]]), 0, EVIDENCE_LIMIT)
    target = np.concatenate([views.is_spam, np.ones(int(views.is_spam.sum()), dtype=bool)])
    odds_weight, evidence_weight = _logistic(np.column_stack([odds, evidence]), target)[1]
    factor = max(
        FACTORS, key=lambda by: _worth(views, odds_weight, by * evidence_weight, max_false_challenge_rate)
    )
    score = odds_weight * odds + factor * evidence_weight * evidence
    bias, (scale,) = _logistic(score[:, np.newaxis], target)
    return Combination(
        bias=round(bias, 6),
        odds=round(scale * odds_weight, 6),
        likeness=round(scale * factor * evidence_weight, 6),
        limit=EVIDENCE_LIMIT,
    )


def _logistic(columns: Floats, target: npt.NDArray[np.bool_]) -> tuple[float, list[float]]:
    regression = LogisticRegression(class_weight="balanced").fit(columns, target)
    return float(regression.intercept_[0]), [float(weight) for weight in regression.coef_[0]]


def _worth(views: Views, odds_weight: float, evidence_weight: float, budget: float) -> float:
    """Recall of campaigns never met, and of those met before (SEEN_COUNTS times), at the budget."""

    def scores(evidence: Floats) -> Floats:
        return odds_weight * views.log_odds + evidence_weight * np.clip(evidence, 0, EVIDENCE_LIMIT)

    unseen, seen = scores(views.unseen), scores(views.seen)
    people = np.sort(unseen[~views.is_spam])[::-1]
    limit = people[int(budget * len(people))]
    spam = views.is_spam
    return float(np.mean(unseen[spam] > limit) + SEEN_COUNTS * np.mean(seen[spam] > limit))
