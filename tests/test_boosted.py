"""Boosted trees against scikit-learn's own, bit for bit; and arrays that are none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier

from silentspam.errors import ModelError
from silentspam.training.flatten import flat_boosted


def fitted(
    n_trees: int = 5, leaves: int = 6, n_features: int = 4, seed: int = 0
) -> GradientBoostingClassifier:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(80, n_features)).astype(np.float32)
    y = np.append(x[:-2, 0] + rng.normal(size=78) > 0, [False, True])
    boosted = GradientBoostingClassifier(
        n_estimators=n_trees, max_leaf_nodes=leaves, subsample=0.6, init="zero", random_state=seed
    )
    return boosted.fit(x, y, sample_weight=rng.uniform(0.5, 2, 80))


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(2, 12), st.integers(1, 9), st.integers(0, 2**31 - 1))
def test_log_odds_and_probabilities_are_scikit_learns(
    n_trees: int, leaves: int, n_features: int, seed: int
) -> None:
    classifier = fitted(n_trees, leaves, n_features, seed)
    flat = flat_boosted(classifier)
    flat.validate()
    rows = np.random.default_rng(seed).normal(0, 2, (40, n_features)).astype(np.float32)
    assert flat.log_odds(rows).tobytes() == classifier.decision_function(rows).tobytes()
    np.testing.assert_allclose(flat.predict_proba(rows), classifier.predict_proba(rows), rtol=1e-12)


@pytest.mark.parametrize("values", [np.zeros(3), np.full(999, np.nan)])
def test_arrays_that_are_no_boosted_trees_are_refused(values: np.ndarray) -> None:
    good = flat_boosted(fitted())
    with pytest.raises(ModelError, match="forest arrays"):
        replace(
            good, values=np.resize(values, len(values) if len(values) < 9 else len(good.values))
        ).validate()


@settings(max_examples=30)
@given(st.integers(1, 12), st.integers(2, 12), st.integers(0, 2**31 - 1))
def test_one_opening_alone_has_the_log_odds_that_it_has_among_others(
    n_trees: int, leaves: int, seed: int
) -> None:
    flat = flat_boosted(fitted(n_trees, leaves, seed=seed))
    rows = np.random.default_rng(seed).normal(0, 2, (20, 4)).astype(np.float32)
    # On the thresholds themselves too, where a float32 and a float64 could part.
    rows[10:] = np.resize(flat.threshold, (10, 4))
    alone = np.concatenate([flat.log_odds(row[np.newaxis]) for row in rows])
    assert alone.tobytes() == flat.log_odds(rows).tobytes()


@pytest.mark.parametrize(
    "threshold", [0.1, -0.1, 1e300, -1e300, 1e-50, -1e-50, 0.0, 16777217.0, 3.4028235e38]
)
def test_one_opening_is_tested_against_thresholds_that_no_float32_holds(threshold: float) -> None:
    stump = replace(
        flat_boosted(fitted()),
        roots=np.array([0], dtype=np.int32),
        feature=np.zeros(3, dtype=np.int32),
        threshold=np.array([threshold, 0, 0]),
        children=np.array([[1, 2], [1, 1], [2, 2]], dtype=np.int32),
        values=np.array([0.0, -1.0, 1.0]),
        depth=1,
    )
    stump.validate()
    near = np.clip(np.float64(threshold), *np.finfo(np.float32).max * np.array([-1, 1])).astype(np.float32)
    around = (near, np.nextafter(near, np.float32(-1)), np.nextafter(near, np.float32(1)))
    for value in around:
        row = np.full((1, 4), value, dtype=np.float32)
        assert stump.log_odds(row)[0] == (1.0 if float(value) > threshold else -1.0)
