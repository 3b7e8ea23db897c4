"""Figures and their intervals, against scikit-learn, scipy and counting."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from silentspam.training import metrics
from silentspam.training.evaluation import FALSE_CHALLENGE_RATES

SCORES = st.lists(st.floats(0, 1).map(lambda x: round(x, 2)), min_size=1, max_size=60)


def named(n, size):
    return np.array([f"c{i // size}" for i in range(n)])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=50))
def test_confusion_is_scikit_learns(pairs):
    is_spam, suspected = (np.array(column, dtype=bool) for column in zip(*pairs, strict=True))
    found = metrics.confusion(is_spam, suspected)
    for value, score in (
        (found.precision, precision_score),
        (found.recall, recall_score),
        (found.f1, f1_score),
    ):
        assert (value or 0.0) == pytest.approx(score(is_spam, suspected, zero_division=0))
    assert found.accuracy == pytest.approx(accuracy_score(is_spam, suspected))


def test_a_share_without_clusters_is_wilsons():
    found = metrics.share(np.arange(200) < 3)
    wilson = binomtest(3, 200).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high))
    assert (found.hits, found.n, found.rate, found.interval) == (3, 200, 0.015, "Wilson")


def test_calls_that_fall_together_widen_the_interval():
    hits = np.repeat([True, False] * 10, 8)
    alone, together = metrics.share(hits), metrics.share(hits, named(160, 8))
    assert together.low < alone.low
    assert together.high > alone.high
    assert "20 clusters" in together.interval


def test_finding_every_call_leaves_an_interval():
    found = metrics.share(np.ones(40, dtype=bool), named(40, 8))
    assert found.low < 1.0
    assert found.high == 1.0


def test_a_share_of_nothing_is_none():
    found = metrics.share(np.zeros(0, dtype=bool), np.zeros(0, dtype=str))
    assert (found.rate, found.low, found.high) == (None, 0.0, 1.0)


@given(SCORES, st.sampled_from((*FALSE_CHALLENGE_RATES, 0.2, 0.5)))
def test_no_more_people_are_challenged_than_allowed(ham, rate):
    ham = np.array(ham)
    threshold = metrics.threshold_at(ham, rate)
    assert np.count_nonzero(ham >= threshold) <= rate * len(ham) + 1e-9


@given(SCORES, SCORES)
def test_recall_grows_with_the_rate(spam, ham):
    recalls = [
        metrics.recall_at(
            rate,
            np.array(spam),
            np.array(ham),
            spam_clusters=named(len(spam), 3),
            ham_clusters=named(len(ham), 1),
        ).recall
        for rate in (0.001, 0.1, 0.5)
    ]
    assert recalls == sorted(recalls)


def test_a_rate_finer_than_the_sample_is_said_not_to_be_resolved():
    ham, spam = np.linspace(0, 0.5, 150), np.linspace(0.4, 1, 100)
    clusters = {"spam_clusters": named(100, 5), "ham_clusters": named(150, 1)}
    fine, coarse = (metrics.recall_at(rate, spam, ham, **clusters) for rate in (0.001, 0.01))
    assert (fine.resolved, fine.allowed, fine.challenged) == (False, 0, 0)
    assert fine.false_high > 0.001
    assert (coarse.resolved, coarse.allowed, coarse.challenged) == (True, 1, 1)
    assert coarse.low <= coarse.recall <= coarse.high


def test_curves_are_thin_and_keep_their_ends():
    rng = np.random.default_rng(1)
    is_spam = rng.random(5000) < 0.4
    scores = rng.normal(is_spam * 1.0, 1)
    curve = metrics.roc(is_spam, scores)
    assert len(curve.x) <= metrics.CURVE_POINTS
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0, 0, 1, 1)
    assert metrics.roc_area(is_spam, scores) == pytest.approx(0.76, abs=0.03)
    assert 0.5 < metrics.average_precision(is_spam, scores) < 0.8
    assert len(metrics.precision_recall(is_spam, scores).x) <= metrics.CURVE_POINTS
