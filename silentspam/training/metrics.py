"""Figures of a classifier, each with the interval that its sample allows.

A score is a spam probability, or anything that is higher for spam; scores are float64 [shape=(n,)]. Two
kinds of interval, both of 95 %, and every Share says which:

Wilson (1927), for openings that are independent of each other.
The wider of Wilson and a percentile bootstrap over clusters (Davison & Hinkley 1997, section 3.8): the calls
of one campaign, or of one speaker, are found or missed together, and 8 calls of one count for little more
than 1. The bootstrap alone would be of no width where every call was found.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve

from silentspam.training.operating_point import Rate

Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.str_]

RESAMPLES = 1000
SEED = 1
CURVE_POINTS = 300
PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, kw_only=True)
class Share:
    """`hits` of `n`, the rate in 0…1 or None of nothing, its 95 % interval, and how that was made."""

    hits: int
    n: int
    rate: float | None
    low: float
    high: float
    interval: str


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Decisions against labels, spam being positive; a quotient of nothing is None.

    Precision, accuracy and F1 depend on how much of the sample is spam: `spam_share` says it.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    spam_share: float | None
    precision: float | None
    recall: float | None
    accuracy: float | None
    f1: float | None


@dataclass(frozen=True, kw_only=True)
class RecallAt:
    """Recall where at most `rate` of these very people are challenged.

    The threshold is the evaluated people's own: it says how well the scores part the classes, not how well
    a threshold was chosen beforehand. `allowed` people of `people` may be challenged, `challenged` are.
    Not `resolved` where not even one may be: then no threshold of this sample can tell this rate from 0.
    low, high: percentiles of a bootstrap over clusters of both classes, the threshold chosen anew each time.
    """

    rate: float
    allowed: int
    challenged: int
    people: int
    false_high: float
    resolved: bool
    threshold: float
    recall: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points of a curve, at most CURVE_POINTS; `x` and `y` in 0…1."""

    x: list[float]
    y: list[float]


def share(hits: Mask, clusters: Names | None = None) -> Share:
    """The share of True [shape=(n,)]; `clusters` [shape=(n,)] names what each falls with."""
    rate = Rate(hits=int(hits.sum()), n=len(hits))
    low, high = rate.interval
    how = "Wilson"
    if clusters is not None and len(set(clusters)) not in (0, 1, len(hits)):
        bounds = _bootstrap(hits, clusters)
        low, high = min(low, bounds[0]), max(high, bounds[1])
        how = f"the wider of Wilson and a bootstrap over {len(set(clusters))} clusters"
    value = rate.value if rate.n else None
    return Share(hits=rate.hits, n=rate.n, rate=value, low=low, high=high, interval=how)


def _bootstrap(hits: Mask, clusters: Names) -> tuple[float, float]:
    """Percentiles of the share when whole clusters are drawn with replacement."""
    _, member = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(member)
    found = np.bincount(member, weights=hits)
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(len(sizes), np.full(len(sizes), 1 / len(sizes)), size=RESAMPLES)
    low, high = np.percentile((drawn @ found) / (drawn @ sizes), PERCENTILES)
    return float(low), float(high)


def confusion(is_spam: Mask, suspected: Mask) -> Confusion:
    """Counts and quotients of decisions [shape=(n,)] (Orife et al. 2018, equations 4 and 5)."""
    tp, fp = int((is_spam & suspected).sum()), int((~is_spam & suspected).sum())
    fn, tn = int((is_spam & ~suspected).sum()), int((~is_spam & ~suspected).sum())
    return Confusion(
        true_positives=tp,
        false_positives=fp,
        false_negatives=fn,
        true_negatives=tn,
        spam_share=_quotient(tp + fn, len(is_spam)),
        precision=_quotient(tp, tp + fp),
        recall=_quotient(tp, tp + fn),
        accuracy=_quotient(tp + tn, len(is_spam)),
        f1=_quotient(2 * tp, 2 * tp + fp + fn),
    )


def _quotient(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def threshold_at(ham: Scores, rate: float) -> float:
    """The lowest threshold at or above which at most `rate` of the people [shape=(m,)] lie.

    Halfway between the last who may be challenged and the first who may not, so that it carries over to
    scores that were not among these.
    """
    ranked = np.sort(ham)[::-1]
    allowed = int(rate * len(ham) + 1e-9)
    if allowed >= len(ranked):
        return -np.inf
    first_spared = ranked[allowed]
    above = ranked[ranked > first_spared]
    return float(np.nextafter(first_spared, np.inf) if not len(above) else (first_spared + above[-1]) / 2)


def recall_at(
    rate: float, spam: Scores, ham: Scores, *, spam_clusters: Names, ham_clusters: Names
) -> RecallAt:
    """Recall at a rate of false challenges on these people. Neither class may be empty."""
    threshold = threshold_at(ham, rate)
    challenged = Rate(hits=int((ham >= threshold).sum()), n=len(ham))
    allowed = int(rate * len(ham) + 1e-9)
    rng = np.random.default_rng(SEED)
    spam_members, ham_members = _members(spam_clusters), _members(ham_clusters)
    recalls = []
    for _ in range(RESAMPLES // 4):
        limit = threshold_at(_drawn(ham, ham_members, rng), rate)
        recalls.append(float(np.mean(_drawn(spam, spam_members, rng) >= limit)))
    low, high = np.percentile(recalls, PERCENTILES)
    return RecallAt(
        rate=rate,
        allowed=allowed,
        challenged=challenged.hits,
        people=len(ham),
        false_high=challenged.interval[1],
        resolved=allowed >= 1,
        threshold=threshold,
        recall=float(np.mean(spam >= threshold)),
        low=float(low),
        high=float(high),
    )


def _members(clusters: Names) -> npt.NDArray[np.intp]:
    """The number of each one's cluster."""
    return np.unique(clusters, return_inverse=True)[1]


def _drawn(scores: Scores, member: npt.NDArray[np.intp], rng: np.random.Generator) -> Scores:
    """Scores of whole clusters drawn with replacement."""
    n = int(member.max()) + 1
    times = rng.multinomial(n, np.full(n, 1 / n))
    return np.repeat(scores, times[member])


def roc(is_spam: Mask, scores: Scores) -> Curve:
    """Recall (y) over the false-challenge rate (x). Both classes must be there."""
    false_rate, recall, _ = roc_curve(is_spam, scores)
    return _thinned(false_rate, recall)


def precision_recall(is_spam: Mask, scores: Scores) -> Curve:
    """Precision (y) over recall (x), at this sample's share of spam. Both classes must be there."""
    precision, recall, _ = precision_recall_curve(is_spam, scores)
    return _thinned(recall, precision)


def roc_area(is_spam: Mask, scores: Scores) -> float:
    """Area under the ROC: the chance that a call of dead air scores above a person's."""
    return float(roc_auc_score(is_spam, scores))


def average_precision(is_spam: Mask, scores: Scores) -> float:
    """Area under precision over recall, by steps."""
    return float(average_precision_score(is_spam, scores))


def _thinned(x: Scores, y: Scores) -> Curve:
    keep = np.unique(np.linspace(0, len(x) - 1, min(CURVE_POINTS, len(x))).round().astype(int))
    return Curve(x=[round(float(v), 6) for v in x[keep]], y=[round(float(v), 6) for v in y[keep]])
