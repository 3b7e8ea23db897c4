"""How like a known line an opening is: a log likelihood ratio against "some line never met".

The two-covariance model of Prince and Elder (2007): a line's place is drawn with the variance `spread`, its
calls around it with variance 1. n calls of a line with mean m leave its place at n·ψ/(n·ψ + 1)·m, with the
variance ψ/(n·ψ + 1) left in it; so a line known by one call is matched less sharply than one known by many.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from silentspam.errors import ModelError
from silentspam.lines.space import Embeddings, LineSpace


@dataclass(frozen=True, eq=False)
class KnownLines:
    """Lines in a space: means [shape=(n_lines, n_dims), float32] of counts [shape=(n_lines,)] calls, which
    may be parts of one where they are asked for the mean of several (`provenance.sources`)."""

    space: LineSpace
    means: NDArray[np.float32]
    counts: NDArray[np.int32] | NDArray[np.float64]

    def log_ratios(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """log p(opening | the line) − log p(opening | another line), natural logarithm.

        Parameters: embeddings [shape=(n, n_dims)]. Returns [shape=(n, n_lines)].
        """
        return self.terms.log_ratios(embeddings, self.space.spread)

    @cached_property
    def terms(self) -> "LineTerms":
        """What no opening changes of the ratios."""
        spread = self.space.spread
        counts, which = np.unique(self.counts.astype(np.float64), return_inverse=True)
        certainty, variances = _certainty(counts, spread)
        squares = ((certainty**2 / variances)[which] * self.means**2).sum(axis=1)
        return LineTerms(
            counts=self.counts,
            weights=(certainty / variances)[which] * self.means,
            constants=squares + np.log(variances).sum(axis=1)[which],
        )

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


@dataclass(frozen=True, eq=False)
class LineTerms:
    """Lines as scoring needs them: |e − place|² / variance is a sum of three products with the opening.

    counts [shape=(n_lines,)]; weights [shape=(n_lines, n_dims)]: place / variance; constants
    [shape=(n_lines,)]: the part that no opening changes.
    """

    counts: NDArray[np.int32] | NDArray[np.float64]
    weights: NDArray[np.floating]
    constants: NDArray[np.floating]

    @cached_property
    def _groups(self) -> tuple[tuple[float, ...], NDArray[np.intp]]:
        """The counts there are, and which of them each line has."""
        counts, which = np.unique(self.counts, return_inverse=True)
        return tuple(counts.tolist()), which

    def log_ratios(self, embeddings: Embeddings, spread: NDArray[np.float64]) -> NDArray[np.float64]:
        """As `KnownLines.log_ratios`: [shape=(n, n_dims)] to [shape=(n, n_lines)]."""
        counts, which = self._groups
        precisions, of_any, constant = _precisions(counts, spread.astype(np.float64).tobytes())
        square = np.square(embeddings)
        products = embeddings.astype(self.weights.dtype, copy=False) @ self.weights.T
        # Lines of one count share their variances.
        spans = square @ precisions
        distance = (spans if len(counts) == 1 else spans.take(which, axis=1)) - 2 * products
        distance += self.constants
        distance -= (square @ of_any)[:, np.newaxis] + constant
        distance *= -0.5
        return np.asarray(distance)


@lru_cache(maxsize=8)
def _precisions(
    counts: tuple[float, ...], spread: bytes
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """What no opening changes of its distance to lines of such counts, and to any line; spread is float64's.

    Returns one over the variances [shape=(n_dims, n_counts)]; the same of any line [shape=(n_dims,)], and the
    logarithm of its variances, added up.
    """
    spreads = np.frombuffer(spread)
    _, variances = _certainty(np.array(counts), spreads)
    return np.ascontiguousarray(1 / variances.T), 1 / (1 + spreads), float(np.log(1 + spreads).sum())


def _certainty(
    counts: NDArray[np.integer] | NDArray[np.floating], spread: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How certain the place of a line of so many calls is, and the variance left [shape=(n, n_dims)] each."""
    certainty = counts[:, np.newaxis] * spread / (counts[:, np.newaxis] * spread + 1)
    return certainty, 1 + spread * (1 - certainty)
