"""How like a known line an opening is: a log likelihood ratio against "some line never met".

The two-covariance model of Prince and Elder (2007): a line's place is drawn with the variance `spread`, its
calls around it with variance 1. n calls of a line with mean m leave its place at n·ψ/(n·ψ + 1)·m, with the
variance ψ/(n·ψ + 1) left in it; so a line known by one call is matched less sharply than one known by many.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.lines.space import Embeddings, LineSpace


@dataclass(frozen=True, eq=False)
class KnownLines:
    """Lines in a space: means [shape=(n_lines, n_dims), float32] of counts [shape=(n_lines,)] calls."""

    space: LineSpace
    means: NDArray[np.float32]
    counts: NDArray[np.int32]

    def log_ratios(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """log p(opening | the line) − log p(opening | another line), natural logarithm.

        Parameters: embeddings [shape=(n, n_dims)]. Returns [shape=(n, n_lines)].
        """
        weights, inverse, which, constants = self._terms
        # |e − place|² / variance for every pair, as three products; lines of one count share the first.
        square = embeddings**2
        distance = (square @ inverse.T)[:, which] - 2 * embeddings @ weights.T + constants
        spread = self.space.spread
        of_any = -0.5 * (square / (1 + spread) + np.log(1 + spread)).sum(axis=1)
        return np.asarray(-0.5 * distance - of_any[:, np.newaxis])

    @cached_property
    def _terms(self) -> tuple[Embeddings, Embeddings, NDArray[np.intp], Embeddings]:
        """What no opening changes: places / variances; 1 / variances of each count, and which is a line's; the
        rest."""
        spread = self.space.spread
        counts, which = np.unique(self.counts, return_inverse=True)
        certainty = counts[:, np.newaxis] * spread / (counts[:, np.newaxis] * spread + 1)
        variances = 1 + spread * (1 - certainty)
        weights = (certainty / variances)[which] * self.means
        squares = ((certainty**2 / variances)[which] * self.means**2).sum(axis=1)
        return weights, 1 / variances, which, squares + np.log(variances).sum(axis=1)[which]

    def likeness(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """The largest log ratio of each opening over all lines [shape=(n,)]; −inf where there is no line."""
        return np.asarray(self.log_ratios(embeddings).max(axis=1, initial=-np.inf))

    def validate(self, n_features: int) -> None:
        """Raise ModelError unless the arrays are lines of such a space."""
        self.space.validate(n_features)
        n_lines, n_dims = len(self.counts), len(self.space.origin)
        if self.means.shape != (n_lines, n_dims) or not np.isfinite(self.means).all():
            raise ModelError(f"line_means.npy is {self.means.shape}: finite {(n_lines, n_dims)} is wanted")
        if self.counts.ndim != 1 or self.counts.dtype.kind != "i" or not (self.counts >= 1).all():
            raise ModelError("line_counts.npy: every line needs one call at least")
