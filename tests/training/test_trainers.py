"""What the studies train is what `silentspam train` trains, and repeating it changes nothing but the time."""

import numpy as np
import pytest

from silentspam.training.fitting import FitParams
from silentspam.training.trainers import RepeatedFit, default_fit
from tests.training.test_comparison import openings

PARAMS = FitParams(n_trees=5, folds=2)


@pytest.mark.parametrize("lines", [True, False])
def test_training_again_on_the_same_gives_the_same_scores(lines):
    dataset = openings(width=12)
    params = FitParams(n_trees=5, folds=2, lines=lines)
    plain, repeated = default_fit(params), RepeatedFit(params)
    first, second = repeated(dataset), repeated(dataset)
    np.testing.assert_array_equal(first(dataset.vectors), plain(dataset)(dataset.vectors))
    np.testing.assert_array_equal(first(dataset.vectors), second(dataset.vectors))


def test_a_model_trained_again_knows_what_was_added():
    dataset = openings(width=12)
    half = dataset.where(np.arange(len(dataset.rows)) < 80)
    repeated = RepeatedFit(PARAMS)
    before, after = repeated(half)(dataset.vectors), repeated(dataset)(dataset.vectors)
    assert not np.array_equal(before, after)
