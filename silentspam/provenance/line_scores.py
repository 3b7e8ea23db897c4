"""How much likelier calls are from a known line than from one never met, with heavy tails.

The two-covariance ratio of line memory (`lines.known`) takes calls for Gaussian around their line; some lie
far from it, by a voice or a room that nobody learnt from, and would cost the ratio without bound. Student's
distribution in place of the Gaussian (heavy-tailed priors: Kenny 2010, Bayesian speaker verification with
heavy-tailed priors) takes the same two distances: that of a call from its line, and from all lines' middle.
"""

import numpy as np
from numpy.typing import NDArray

from silentspam.lines.known import KnownLines
from silentspam.lines.space import Embeddings

DEGREES = 40.0
"""Of freedom: the fewer, the heavier the tails. 10 to 40 score unknown speakers alike, the Gaussian worse."""


def log_ratios(lines: KnownLines, places: Embeddings) -> NDArray[np.float64]:
    """Natural log ratio of calls [shape=(n, n_dims)] to lines, each against any line [shape=(n, n_lines)]."""
    spread = lines.space.spread
    from_middle = (np.square(places) / (1 + spread)).sum(axis=1)[:, np.newaxis]
    volume = _volumes(lines.counts, spread) - np.log(1 + spread).sum()
    from_line = from_middle - volume - 2 * lines.log_ratios(places)
    tails = np.log1p(from_line / DEGREES) - np.log1p(from_middle / DEGREES)
    return np.asarray(-0.5 * ((DEGREES + len(spread)) * tails + volume))


def _volumes(
    counts: NDArray[np.int32] | NDArray[np.float64], spread: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logarithm of the variances of a call around each line, added up [shape=(n_lines,)]."""
    kinds, which = np.unique(counts.astype(np.float64), return_inverse=True)
    certainty = kinds[:, np.newaxis] * spread / (kinds[:, np.newaxis] * spread + 1)
    return np.asarray(np.log(1 + spread * (1 - certainty)).sum(axis=1)[which])
