"""Which features tell quiet people from dead air: the area is scikit-learn's, without loud people."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.differences import areas_under_roc, differences


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**31))
def test_the_area_is_scikit_learns(n, m, seed):
    values = np.random.default_rng(seed).integers(0, 5, (n + m, 3)).astype(np.float32)
    truth = np.arange(n + m) < n
    expected = [roc_auc_score(truth, values[:, column]) for column in range(3)]
    np.testing.assert_allclose(areas_under_roc(values[:n], values[n:]), expected)


def test_the_feature_that_differs_comes_first_and_loud_people_do_not_count():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 3)).astype(np.float32)
    vectors[:, 0] = -70
    vectors[:100, 1] += 3
    vectors[150:, 0], vectors[150:, 1] = -20, 1e6
    rows = tuple(Labelled(recording=str(i), path=None, is_spam=i < 100) for i in range(200))
    found = differences(Dataset(vectors, rows, "", {}), ("rms_dbfs", "telling", "idle"))
    assert (found["dead_air"], found["quiet_people"]) == (100, 50)
    assert found["features"][0]["feature"] == "telling"
    assert found["features"][0]["area"] > 0.95


def test_too_few_quiet_people_tell_nothing():
    rows = tuple(Labelled(recording=str(i), path=None, is_spam=i < 30) for i in range(40))
    assert differences(Dataset(np.zeros((40, 1), np.float32), rows, "", {}), ("rms_dbfs",))["features"] == []
