"""A short vector in which calls of one line lie together, and calls of different lines apart.

Feature vectors are standardised, clipped, and projected so that the spread within a line is 1 in every
direction and the spread between lines is `spread` (Ioffe 2006, Probabilistic linear discriminant analysis).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError

CLIP = 4.0
"""Standard deviations beyond which a feature counts no further: far out, likenesses grow without bound."""

Embeddings = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LineSpace:
    """The linear maps to the space, learnt over a corpus's campaigns.

    offset, scale [shape=(n_features,), float64]: what standardises a feature; projection
    [shape=(n_features, n_dims), float32]; origin [shape=(n_dims,)]: the middle of all lines; spread
    [shape=(n_dims,)]: variance between lines, where that within a line is 1.
    """

    offset: NDArray[np.float64]
    scale: NDArray[np.float64]
    projection: NDArray[np.float32]
    origin: NDArray[np.float64]
    spread: NDArray[np.float64]

    def embed(self, vectors: NDArray[np.float32]) -> Embeddings:
        """Where openings lie: feature vectors [shape=(n, n_features)] to [shape=(n, n_dims)]."""
        standard = (vectors - self.offset) / self.scale
        return np.asarray(np.minimum(np.maximum(standard, -CLIP), CLIP) @ self._projection - self.origin)

    @cached_property
    def _projection(self) -> NDArray[np.float64]:
        """The projection as a product wants it, converted once."""
        return self.projection.astype(np.float64)

    def validate(self, n_features: int) -> None:
        """Raise ModelError unless the arrays are such maps from vectors of `n_features`."""
        n_dims = len(self.origin)
        shapes = {
            "offset": (n_features,),
            "scale": (n_features,),
            "projection": (n_features, n_dims),
            "origin": (n_dims,),
            "spread": (n_dims,),
        }
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
                raise ModelError(f"line_{name}.npy is {array.dtype} {array.shape}: finite {shape} is wanted")
        if not ((self.scale > 0).all() and (self.spread > 0).all()):
            raise ModelError("line_scale.npy and line_spread.npy: every value must be above 0")
