"""The flat forest against scikit-learn's own, bit for bit; and arrays that are no forest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier

from silentspam.errors import ModelError
from silentspam.forest import Forest
from silentspam.training.flatten import flat_forest
from tests import models


@settings(max_examples=40)
@given(
    n_trees=st.integers(1, 8),
    n_classes=st.integers(2, 5),
    n_features=st.integers(1, 12),
    n_rows=st.integers(2, 80),
    limits=st.sampled_from(
        [{}, {"max_depth": 1}, {"max_depth": 3}, {"max_leaf_nodes": 4}, {"min_samples_leaf": 5}]
    ),
    weight=st.sampled_from([None, "balanced", "balanced_subsample"]),
    coarse=st.booleans(),
    seed=st.integers(0, 2**31 - 1),
)
def test_probabilities_are_scikit_learns_bit_for_bit(
    n_trees: int,
    n_classes: int,
    n_features: int,
    n_rows: int,
    limits: dict[str, int],
    weight: str | None,
    coarse: bool,
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_rows, n_features)).astype(np.float32)
    x = np.round(x, 1) if coarse else x
    y = np.append(rng.integers(n_classes, size=n_rows - 2), [0, n_classes - 1])
    classifier = RandomForestClassifier(n_trees, class_weight=weight, random_state=seed, **limits).fit(x, y)
    forest = flat_forest(classifier)
    forest.validate()
    unseen = (rng.normal(size=(20, n_features)) * rng.choice([1e-30, 1, 1e30])).astype(np.float32)
    on_the_thresholds = np.resize(forest.threshold, (5, n_features)).astype(np.float32)
    rows = np.concatenate([x, unseen, on_the_thresholds])
    assert forest.predict_proba(rows).tobytes() == classifier.predict_proba(rows).tobytes()


def test_a_forest_that_learnt_one_class_is_sure_of_it() -> None:
    classifier = RandomForestClassifier(3, random_state=0).fit(np.zeros((4, 2)), np.ones(4))
    assert flat_forest(classifier).predict_proba(np.zeros((2, 2), np.float32)).tolist() == [[1.0], [1.0]]


def test_no_rows_give_no_probabilities() -> None:
    assert models.a_forest().predict_proba(np.zeros((0, len(models.NAMES)), np.float32)).shape == (0, 2)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (1, 2, 3), ()])
def test_vectors_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelError, match="the forest wants"):
        models.a_forest().predict_proba(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_not_finite_float32_are_refused(value: float) -> None:
    vectors = np.zeros((1, len(models.NAMES)))
    vectors[0, 5] = value
    with pytest.raises(ModelError, match="NaN or infinity"), np.errstate(over="ignore"):
        models.a_forest().predict_proba(vectors)


BROKEN = {
    "children in a cycle": {"children": [[1, 2], [0, 2], [2, 2]]},
    "a child that is its own grandparent": {"children": [[1, 2], [1, 1], [0, 0]]},
    "half a leaf": {"children": [[1, 2], [1, 2], [2, 2]]},
    "a child outside": {"children": [[1, 3], [1, 1], [2, 2]]},
    "a negative child": {"children": [[1, 2], [-1, -1], [2, 2]]},
    "children of one side only": {"children": [[1], [1], [2]]},
    "flat children": {"children": [1, 1, 2]},
    "a node too few": {"threshold": [0.0, 0.0]},
    "no roots": {"roots": np.array([], np.int32)},
    "a root outside": {"roots": [3]},
    "a negative root": {"roots": [-1]},
    "roots in a table": {"roots": [[0]]},
    "a root that is no array": {"roots": np.array(0, np.int32)},
    "a feature outside": {"feature": [len(models.NAMES), 0, 0]},
    "a negative feature": {"feature": [-1, 0, 0]},
    "features in a table": {"feature": np.zeros((3, 2), np.int32)},
    "a feature that is no array": {"feature": np.array(0, np.int32)},
    "a threshold that is not a number": {"threshold": [np.nan, 0.0, 0.0]},
    "thresholds in a table": {"threshold": np.zeros((3, 1))},
    "a share above one": {"shares": [[0.5, 0.5], [0.1, 1.9], [0.9, 0.1]]},
    "a negative share": {"shares": [[0.5, 0.5], [-0.1, 0.9], [0.9, 0.1]]},
    "a share that is not a number": {"shares": [[0.5, 0.5], [np.nan, 0.9], [0.9, 0.1]]},
    "shares without classes": {"shares": [0.5, 0.1, 0.9]},
    "floating children": {"children": np.array([[1, 2], [1, 1], [2, 2]], float)},
    "floating roots": {"roots": np.array([0.0])},
    "floating features": {"feature": np.array([0.0, 0.0, 0.0])},
    "thresholds of text": {"threshold": np.array(["a", "b", "c"])},
    "complex shares": {"shares": np.zeros((3, 2), complex)},
    "a depth below zero": {"depth": -1},
    "a depth beyond the nodes": {"depth": 4},
    "a depth that ends above the leaves": {"depth": 0},
}


@pytest.mark.parametrize("fault", BROKEN)
def test_arrays_that_are_no_forest_are_refused(fault: str) -> None:
    changes = {
        name: np.array(value, getattr(models.a_forest(), name).dtype) if isinstance(value, list) else value
        for name, value in BROKEN[fault].items()
    }
    broken: Forest = replace(models.a_forest(), **changes)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="forest arrays"):
        broken.validate()


def test_the_good_forest_among_them_is_accepted() -> None:
    models.a_forest().validate()
