"""Networks of rectified units over a call's figures: what many faint traces say together.

Trees look at one figure after the other; the lines that a coder leaves behind another one are many, and each
is faint. Figures are warped first, so that those of training are Gauss's (quantile normalisation); then come
two layers of rectified units. Several networks of one shape, learnt from other seeds, are averaged (Hansen
and Salamon 1990). numpy alone; `training.path_net_training` learns them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.hashed import arrays_in, npy

BEYOND = 2.0
"""Standard deviations that a figure can lie further out than all of training's, however far it does."""
LEAST_SPAN = 1e-6

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False, kw_only=True)
class PathNet:
    """Networks of one shape.

    knots: values of each figure, rising [shape=(n_knots, n_figures)], and heights: what they are warped to
    [same shape]; of layer k, weights_k [shape=(n_nets, n_in, n_out)] and biases_k [shape=(n_nets, 1, n_out)].
    All float32.
    """

    DIMENSIONS: ClassVar[Mapping[str, int]] = {
        "knots": 2, "heights": 2, "weights_1": 3, "biases_1": 3,
        "weights_2": 3, "biases_2": 3, "weights_3": 3, "biases_3": 3,
    }  # fmt: skip

    knots: Floats
    heights: Floats
    weights_1: Floats
    biases_1: Floats
    weights_2: Floats
    biases_2: Floats
    weights_3: Floats
    biases_3: Floats

    def sums(self, figures: Floats) -> NDArray[np.float64]:
        """The mean of the networks' outputs: [shape=(n, n_figures)] to [shape=(n_outputs, n)]."""
        warped = warp(figures, self.knots, self.heights)
        first = np.maximum(warped @ self.weights_1 + self.biases_1, 0)
        second = np.maximum(first @ self.weights_2 + self.biases_2, 0)
        outputs: Floats = second @ self.weights_3 + self.biases_3
        return np.asarray(outputs.mean(axis=0, dtype=np.float64).T)

    def files(self) -> dict[str, bytes]:
        """The files of its arrays, without their hashes."""
        return {f"net_{name}.npy": npy(getattr(self, name)) for name in self.DIMENSIONS}

    def validate(self, n_figures: int, n_outputs: int) -> None:
        """Raise ModelError unless the arrays are networks of so many figures and outputs."""
        shapes = {}
        for name, dimensions in self.DIMENSIONS.items():
            array = getattr(self, name)
            shapes[name] = array.shape
            if array.ndim != dimensions or not array.size or not np.isfinite(array).all():
                raise ModelError(f"net_{name} has shape {array.shape}, or a value that is not finite")
        if (np.diff(self.knots, axis=0) < 0).any() or self.heights.shape != self.knots.shape:
            raise ModelError(f"net_knots do not rise, or net_heights has another shape: {shapes['heights']}")
        nets, first, second = self.weights_1.shape[0], self.weights_1.shape[2], self.weights_2.shape[2]
        wanted: dict[str, tuple[int, ...]] = {"knots": (len(self.knots), n_figures)}
        sizes = (n_figures, first, second, n_outputs)
        for layer, (n_in, n_out) in enumerate(pairwise(sizes), start=1):
            wanted |= {f"weights_{layer}": (nets, n_in, n_out), f"biases_{layer}": (nets, 1, n_out)}
        for name, shape in wanted.items():
            if shapes[name] != shape:
                raise ModelError(f"net_{name} has shape {shapes[name]}, not {shape}")


def warp(figures: Floats, knots: Floats, heights: Floats) -> Floats:
    """Figures [shape=(n, n_figures)] by the straight lines between knots, and a little beyond them."""
    span = np.maximum(knots[-1] - knots[0], LEAST_SPAN)
    above, below = (figures - knots[-1]) / span, (knots[0] - figures) / span
    warped = BEYOND * (np.clip(above, 0, 1) - np.clip(below, 0, 1))
    for at in range(figures.shape[1]):
        warped[:, at] += np.interp(figures[:, at], knots[:, at], heights[:, at])
    return np.asarray(warped, dtype=np.float32)


def load_path_net(files: Mapping[str, bytes], n_figures: int, n_outputs: int) -> PathNet:
    """The networks of a folder's verified files. Raises ModelError for arrays that are none."""
    arrays = arrays_in(files, PathNet.DIMENSIONS, prefix="net_")
    net = PathNet(**{name: np.asarray(array, dtype=np.float32) for name, array in arrays.items()})
    net.validate(n_figures, n_outputs)
    return net


def net_names() -> list[str]:
    """The names of the files."""
    return [f"net_{name}.npy" for name in PathNet.DIMENSIONS]
