"""Learning the space of lines from labelled campaigns, and the lines themselves.

Linear discriminant analysis with the covariance within a line shrunk towards a round one (Ledoit and Wolf
2004), because calls are few and features many; both covariances are diagonal in the space (Ioffe 2006).
"""

import numpy as np
import numpy.typing as npt
from scipy.linalg import eigh

from silentspam.lines.known import KnownLines
from silentspam.lines.space import CLIP, LineSpace

DIMENSIONS = 60
SHRINKAGE = 0.1
SMALLEST_SCALE = 1e-6
SMALLEST_SPREAD = 1e-3
MIN_LINES = 10
"""Lines of two calls or more that are needed to learn what differs within one and between them."""

Vectors = npt.NDArray[np.float32]
Lines = npt.NDArray[np.str_]
Floats = npt.NDArray[np.float64]


def fit_space(
    vectors: Vectors, lines: Lines, *, dimensions: int = DIMENSIONS, shrinkage: float = SHRINKAGE
) -> LineSpace | None:
    """The space learnt from calls [shape=(n, n_features)] and their line's name [shape=(n,), "" for none].

    Calls of no line, or of a line met once, say nothing here. None when fewer than MIN_LINES lines are left.
    """
    names, index, counts = np.unique(lines, return_inverse=True, return_counts=True)
    several = (counts >= 2) & (names != "")
    if several.sum() < MIN_LINES:
        return None
    kept = several[index]
    _, index = np.unique(lines[kept], return_inverse=True)
    chosen = vectors[kept].astype(np.float64)
    offset, scale = chosen.mean(axis=0), chosen.std(axis=0) + SMALLEST_SCALE
    standard = np.clip((chosen - offset) / scale, -CLIP, CLIP)
    means, counts = line_means(standard, index)
    within = _shrunk(_scatter(standard - means[index]) / (len(standard) - len(means)), shrinkage)
    centred = means - means.mean(axis=0)
    between = _scatter(centred) / (len(means) - 1) - within / counts.mean()
    # Generalised eigenvectors: the spread within a line becomes 1, and that between lines the eigenvalue.
    n = len(within)
    spread, directions = eigh(between, within, subset_by_index=(max(n - dimensions, 0), n - 1))
    projection = directions[:, ::-1].astype(np.float32)
    return LineSpace(
        offset=offset,
        scale=scale,
        projection=projection,
        origin=means.mean(axis=0) @ projection,
        spread=np.maximum(spread[::-1], SMALLEST_SPREAD),
    )


def line_means(
    vectors: npt.NDArray[np.float64], index: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Mean and number of the vectors [shape=(n, k)] of each line, whose number is in index [shape=(n,)]."""
    counts = np.bincount(index)
    sums = np.zeros((len(counts), vectors.shape[1]))
    np.add.at(sums, index, vectors)
    return sums / counts[:, np.newaxis], counts


def known_lines(space: LineSpace, vectors: Vectors, lines: Lines) -> tuple[KnownLines, npt.NDArray[np.intp]]:
    """Every line of these calls, and the number of each call's line; a call of no line is one of its own."""
    own = np.char.add("\0", np.arange(len(lines)).astype(str))
    _, index = np.unique(np.where(lines == "", own, lines), return_inverse=True)
    means, counts = line_means(space.embed(vectors), index)
    return KnownLines(space, means.astype(np.float32), counts.astype(np.int32)), index


def left_out(lines: KnownLines, vectors: Vectors, index: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Likeness of the calls that the lines were made of, each held out: [shape=(n,)] twice.

    First without its whole line, as of a line never met; then without the call itself, as of a line met
    before (the same as the first where it was the line's only call).
    """
    embeddings = lines.space.embed(vectors)
    ratios = lines.log_ratios(embeddings)
    ratios[np.arange(len(index)), index] = -np.inf
    unseen = ratios.max(axis=1)
    seen = unseen.copy()
    for call in np.flatnonzero(lines.counts[index] > 1):
        line, count = index[call], int(lines.counts[index[call]])
        rest = (lines.means[line] * count - embeddings[call]) / (count - 1)
        alone = KnownLines(lines.space, rest[np.newaxis].astype(np.float32), np.array([count - 1], np.int32))
        seen[call] = max(seen[call], alone.log_ratios(embeddings[call : call + 1])[0, 0])
    return unseen, seen


def _scatter(rows: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(rows.T @ rows)


def _shrunk(covariance: npt.NDArray[np.float64], shrinkage: float) -> npt.NDArray[np.float64]:
    size = len(covariance)
    roundness = np.trace(covariance) / size * np.eye(size)
    return np.asarray((1 - shrinkage) * covariance + shrinkage * roundness)
