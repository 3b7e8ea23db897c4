"""Learning the networks of `provenance.path_net`: one answer for the last coder, one for each label, at once.

Adam (Kingma and Ba 2015) with a rate that falls as half a cosine (Loshchilov and Hutter 2017), dropout of
figures and of units (Srivastava et al. 2014). numpy alone, in float32.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from silentspam.provenance.path_model import CODECS
from silentspam.provenance.path_net import Floats, PathNet, warp

KNOTS = 33
"""Quantiles that a figure is warped by."""
HIDDEN = (256, 64)
"""Units of the two layers."""
DROPPED_FIGURES, DROPPED_UNITS = 0.1, 0.5
"""Shares that are left out of each step by chance."""
NETS, PASSES, BATCH = 2, 30, 256
"""Networks that are averaged, how often each meets every row, and how many rows a step has."""
RATE, DECAYS, TINY = 1.5e-3, (0.9, 0.999), 1e-8
"""Of Adam: its first rate, how slowly its two means follow, and what keeps it from dividing by zero."""
LAST_LAYER = 0.3
"""Of the usual size, at which the outputs begin: nothing is said surely before anything is learnt."""


def fit_net(
    vectors: Floats,
    last: NDArray[np.intp],
    labels: NDArray[np.bool_],
    *,
    seed: int,
    nets: int = NETS,
    passes: int = PASSES,
) -> PathNet:
    """Networks whose first outputs are log probabilities but for a constant of the last coder, each of
    CODECS, and whose others are the log odds of each column of labels [shape=(n, n_labels)]."""
    knots, heights = quantile_knots(vectors)
    warped = warp(vectors, knots, heights)
    targets = np.concatenate([np.eye(len(CODECS))[last], labels], axis=1).astype(np.float32)
    found = [_fit_one(warped, targets, np.random.default_rng([seed, net]), passes) for net in range(nets)]
    arrays = {}
    for at, name in enumerate(name for name in PathNet.DIMENSIONS if name not in ("knots", "heights")):
        arrays[name] = np.stack([one[at] for one in found])
    return PathNet(knots=knots, heights=heights, **arrays)


def quantile_knots(vectors: Floats) -> tuple[Floats, Floats]:
    """KNOTS quantiles of each figure and those of a standard Gaussian, [shape=(KNOTS, n_figures)] each; knots
    of one value share the mean of their heights."""
    shares = (np.arange(KNOTS) + 0.5) / KNOTS
    knots = np.quantile(vectors, shares, axis=0).astype(np.float32)
    heights = np.empty_like(knots)
    for at, column in enumerate(knots.T):
        _, which = np.unique(column, return_inverse=True)
        heights[:, at] = (np.bincount(which, ndtri(shares)) / np.bincount(which))[which]
    return knots, heights


def _fit_one(warped: Floats, targets: Floats, rng: np.random.Generator, passes: int) -> list[Floats]:
    layers = _drawn((warped.shape[1], *HIDDEN, targets.shape[1]), rng)
    n, batch = len(warped), min(BATCH, len(warped))
    adam = _Adam(layers, steps=passes * (n // batch))
    for _ in range(passes):
        order = rng.permutation(n)
        for begin in range(0, n - batch + 1, batch):
            rows = order[begin : begin + batch]
            adam.step(_gradients(layers, warped[rows], targets[rows], rng))
    return layers


def _drawn(sizes: Sequence[int], rng: np.random.Generator) -> list[Floats]:
    """Weights and biases of each layer in turn (He et al. 2015)."""
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers.append((rng.normal(size=(n_in, n_out)) * np.sqrt(2 / n_in)).astype(np.float32))
        layers.append(np.zeros((1, n_out), dtype=np.float32))
    layers[-2] *= LAST_LAYER
    return layers


def _gradients(
    layers: Sequence[Floats], figures: Floats, targets: Floats, rng: np.random.Generator
) -> list[Floats]:
    """Of the mean surprise at targets, for each of layers: what is true is one, all else is zero."""
    inputs: list[Floats] = [figures * _kept(figures.shape, DROPPED_FIGURES, rng)]
    masks: list[Floats] = []
    for at in range(0, len(layers) - 2, 2):
        sums = inputs[-1] @ layers[at] + layers[at + 1]
        masks.append((sums > 0) * _kept(sums.shape, DROPPED_UNITS, rng))
        inputs.append(sums * masks[-1])
    outputs: Floats = inputs[-1] @ layers[-2] + layers[-1]
    slope = (_told(outputs) - targets) / np.float32(len(figures))
    found: list[Floats] = []
    for at in range(len(layers) - 2, -1, -2):
        found = [inputs[at // 2].T @ slope, slope.sum(axis=0, keepdims=True), *found]
        if at:
            slope = (slope @ layers[at].T) * masks[at // 2 - 1]
    return found


def _kept(shape: tuple[int, ...], dropped: float, rng: np.random.Generator) -> Floats:
    """Zero where something is left out, and what makes up for it elsewhere."""
    return np.asarray((rng.random(shape, dtype=np.float32) >= dropped) / np.float32(1 - dropped))


def _told(outputs: Floats) -> Floats:
    """Probabilities: of the last coder, which are together one, and of each label."""
    last, labels = outputs[:, : len(CODECS)], np.clip(outputs[:, len(CODECS) :], -30, 30)
    odds = np.exp(last - last.max(axis=1, keepdims=True))
    return np.concatenate([odds / odds.sum(axis=1, keepdims=True), 1 / (1 + np.exp(-labels))], axis=1)


class _Adam:
    """Adam for arrays, which are changed in their places."""

    def __init__(self, arrays: Sequence[Floats], steps: int) -> None:
        self._arrays = arrays
        self._means = [np.zeros_like(one) for one in arrays]
        self._squares = [np.zeros_like(one) for one in arrays]
        self._steps, self._done = steps, 0

    def step(self, gradients: Sequence[Floats]) -> None:
        """One step down."""
        self._done += 1
        rate = RATE * 0.5 * (1 + np.cos(np.pi * self._done / self._steps))
        first, second = (1 - decay**self._done for decay in DECAYS)
        for array, mean, square, gradient in zip(
            self._arrays, self._means, self._squares, gradients, strict=True
        ):
            mean += (1 - DECAYS[0]) * (gradient - mean)
            square += (1 - DECAYS[1]) * (np.square(gradient) - square)
            array -= np.float32(rate / first) * mean / (np.sqrt(square / np.float32(second)) + TINY)
