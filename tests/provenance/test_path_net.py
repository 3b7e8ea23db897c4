"""Networks over a call's figures: what they add up to, how figures are warped, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from silentspam.errors import ModelError
from silentspam.provenance.path_net import BEYOND, PathNet, load_path_net, warp


@pytest.fixture
def net() -> PathNet:
    """Two networks of two figures and three outputs."""
    rng = np.random.default_rng(1)
    shapes = {
        "weights_1": (2, 2, 4),
        "biases_1": (2, 1, 4),
        "weights_2": (2, 4, 3),
        "biases_2": (2, 1, 3),
        "weights_3": (2, 3, 3),
        "biases_3": (2, 1, 3),
    }
    knots = np.array([[0, 10], [1, 20], [2, 40]], dtype=np.float32)
    heights = np.array([[-1, -1], [0, 0], [1, 1]], dtype=np.float32)
    drawn = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    return PathNet(knots=knots, heights=heights, **drawn)


def test_outputs_are_the_mean_of_what_each_network_says(net):
    figures = np.array([[0.5, 20], [1.5, 30]], dtype=np.float32)
    warped = np.array([[-0.5, 0], [0.5, 0.5]])
    wanted = []
    for one in range(2):
        first = np.maximum(warped @ net.weights_1[one] + net.biases_1[one], 0)
        second = np.maximum(first @ net.weights_2[one] + net.biases_2[one], 0)
        wanted.append(second @ net.weights_3[one] + net.biases_3[one])
    assert net.sums(figures) == pytest.approx(np.mean(wanted, axis=0).T, rel=1e-5)


def test_a_figure_far_out_of_all_is_a_little_beyond_them(net):
    figures = np.array([[-1e30, 1e30], [2, 70]], dtype=np.float32)
    assert warp(figures, net.knots, net.heights) == pytest.approx(
        np.array([[-1 - BEYOND, 1 + BEYOND], [1, 1 + BEYOND]])
    )


def test_networks_are_the_same_again_from_their_files(net):
    again = load_path_net(net.files(), 2, 3)
    figures = np.ones((1, 2), dtype=np.float32)
    assert np.array_equal(again.sums(figures), net.sums(figures))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda net: {"knots": net.knots[::-1]}, "do not rise"),
        (lambda net: {"heights": net.heights[1:]}, "do not rise, or net_heights"),
        (lambda net: {"weights_1": net.weights_1[:, :1]}, "net_weights_1 has shape"),
        (lambda net: {"biases_2": net.biases_2[0]}, "net_biases_2 has shape"),
        (lambda net: {"biases_3": net.biases_3 * np.nan}, "not finite"),
        (lambda net: {"weights_3": net.weights_3[:, :, :2]}, "net_weights_3 has shape"),
    ],
)
def test_arrays_that_are_no_networks_are_refused(net, change, said):
    with pytest.raises(ModelError, match=said):
        load_path_net(replace(net, **change(net)).files(), 2, 3)


def test_a_file_that_is_missing_is_named(net):
    files = {name: content for name, content in net.files().items() if name != "net_biases_1.npy"}
    with pytest.raises(ModelError, match="net_biases_1"):
        load_path_net(files, 2, 3)
