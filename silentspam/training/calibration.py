"""From trees and lines to one calibrated probability (Platt 1999).

Both speak of openings held out: the trees of campaigns never met, the lines of campaigns never met and of
campaigns met before.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from silentspam.card import Combination

EVIDENCE_LIMIT = 60.0
"""Log likelihood ratio beyond which a line is no likelier: far outside, the ratio grows without bound."""

EVIDENCE_FACTOR = 2.0
"""What the regression's weight of the lines is multiplied by. The trees know a campaign they have met better
than their held-out view shows, and a score's tail matters, not its middle: in trials on the default corpus,
at 0.5 % of false challenges, known campaigns were found more often from 1.5 on, new ones less often from 3
on. docs/accuracy.md has what it gives; no command repeats the trials."""

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


def calibrate(views: Views) -> Combination:
    """The combination of trees and lines, calibrated for as many people as dead air.

    Logistic regression over people once and dead air twice: as of a campaign never met, and met before.
    """
    odds = np.concatenate([views.log_odds, views.log_odds[views.is_spam]])
    evidence = np.clip(np.concatenate([views.unseen, views.seen[views.is_spam]]), 0, EVIDENCE_LIMIT)
    target = np.concatenate([views.is_spam, np.ones(int(views.is_spam.sum()), dtype=bool)])
    odds_weight, evidence_weight = _logistic(np.column_stack([odds, evidence]), target)[1]
    evidence_weight *= EVIDENCE_FACTOR
    bias, (scale,) = _logistic((odds_weight * odds + evidence_weight * evidence)[:, np.newaxis], target)
    return Combination(
        bias=round(bias, 6),
        odds=round(scale * odds_weight, 6),
        likeness=round(scale * evidence_weight, 6),
        limit=EVIDENCE_LIMIT,
    )


def _logistic(columns: Floats, target: npt.NDArray[np.bool_]) -> tuple[float, list[float]]:
    regression = LogisticRegression(class_weight="balanced").fit(columns, target)
    return float(regression.intercept_[0]), [float(weight) for weight in regression.coef_[0]]
