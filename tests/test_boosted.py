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
