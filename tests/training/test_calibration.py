"""Calibration: probabilities that mean what they say, and lines that find what was met before."""

import numpy as np
import pytest

from silentspam.training.calibration import Views, calibrate, probability


def views(n=4000, shift=2.0, seed=0):
    """Trees that know a little, lines that know a campaign met before and nothing of one never met."""
    rng = np.random.default_rng(seed)
    is_spam = np.arange(n) % 2 == 0
    log_odds = rng.normal(0, 2, n) + np.where(is_spam, shift, -shift)
    unseen = rng.normal(-20, 10, n)
    return Views(log_odds=log_odds, unseen=unseen, seen=np.where(is_spam, 50.0, unseen), is_spam=is_spam)


def test_a_probability_is_the_share_of_spam_that_has_it():
    seen = views()
    nothing = Views(log_odds=seen.log_odds, unseen=seen.unseen, seen=seen.unseen, is_spam=seen.is_spam)
    mix = calibrate(nothing)
    found = probability(seen.log_odds, seen.unseen, mix)
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (found >= low) & (found < low + 0.2)
        assert seen.is_spam[inside].mean() == pytest.approx(found[inside].mean(), abs=0.1)


def test_a_campaign_met_before_is_found_and_one_never_met_no_less_than_by_the_trees():
    all_views = views(shift=1.0)
    spam = all_views.is_spam
    mix = calibrate(all_views)
    people = np.sort(probability(all_views.log_odds, all_views.unseen, mix)[~spam])[::-1]
    limit = people[int(0.01 * len(people))]
    assert (probability(all_views.log_odds, all_views.seen, mix)[spam] > limit).mean() > 0.95
    alone = np.sort(all_views.log_odds[~spam])[::-1][int(0.01 * len(people))]
    by_trees = (all_views.log_odds[spam] > alone).mean()
    assert (probability(all_views.log_odds, all_views.unseen, mix)[spam] > limit).mean() > by_trees - 0.05


def test_evidence_against_a_line_and_evidence_beyond_the_limit_change_nothing():
    mix = calibrate(views())
    odds = np.zeros(3)
    assert np.ptp(probability(odds, np.array([-1e9, -1.0, 0.0]), mix)) == 0
    assert np.ptp(probability(odds, np.array([mix.limit, 1e3, 1e9]), mix)) == 0
