"""Learning networks: what figures show together is learnt, and the same again from the same seed."""

import numpy as np
import pytest

from silentspam.provenance.path_model import CODECS
from silentspam.training.path_net_training import KNOTS, fit_net, quantile_knots


def test_what_many_faint_figures_show_together_is_learnt():
    rng = np.random.default_rng(3)
    last = rng.integers(0, len(CODECS), 1500)
    labels = rng.random((1500, 2)) < 0.5
    traces = rng.normal(size=(len(CODECS) + 2, 60))
    shown = np.concatenate([np.eye(len(CODECS))[last], labels], axis=1) @ traces
    vectors = (shown + rng.normal(size=shown.shape) * 2).astype(np.float32)
    net = fit_net(vectors[:1000], last[:1000], labels[:1000], seed=1, nets=1, passes=80)
    sums = net.sums(vectors[1000:])
    assert (sums[: len(CODECS)].argmax(axis=0) == last[1000:]).mean() > 0.9
    assert ((sums[len(CODECS) :] > 0) == labels[1000:].T).mean() > 0.9
    again = fit_net(vectors[:1000], last[:1000], labels[:1000], seed=1, nets=1, passes=80)
    assert np.array_equal(again.sums(vectors[1000:]), sums)


def test_knots_of_one_value_share_their_height():
    vectors = np.zeros((100, 1), dtype=np.float32)
    vectors[:50, 0] = np.linspace(1, 2, 50)
    knots, heights = quantile_knots(vectors)
    assert knots.shape == heights.shape == (KNOTS, 1)
    assert len(np.unique(heights[knots == 0])) == 1
    assert (np.diff(heights, axis=0) >= 0).all()
    assert heights.mean() == pytest.approx(0, abs=1e-6)
