"""Lines side by side, and the score from which an opening is taken for one of them."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from silentspam.lines.ground import LineGround
from silentspam.lines.known import KnownLines
from silentspam.lines.line import Line
from silentspam.verdict import LineState

LOWEST_THRESHOLD = -20.0
"""Natural log ratio: to few lines no person of the reference comes near, but the reference is not all."""

CALLS_COUNTED = 4
"""Calls that a line is known by at most: a place that is known more sharply misses calls with more loss. Of
11,000 calls in replays of three days 4 missed 86, 10 or more missed 99 to 105, and 2 missed 102."""

CHALLENGES = frozenset({LineState.ACTIVE, LineState.CANDIDATE})
"""States whose calls are challenged. A suspended line is matched too, so that its calls are not another's."""


class LineTable:
    """Lines side by side, for scoring: build a new one when they change."""

    def __init__(self, ground: LineGround, lines: Sequence[Line]) -> None:
        self.lines = tuple(lines)
        self._ground = ground
        means = np.array([line.mean for line in lines]) if lines else np.zeros((0, len(ground.space.origin)))
        counts = np.array([min(line.count, CALLS_COUNTED) for line in lines], dtype=np.int32)
        self.known = KnownLines(ground.space, means.astype(np.float32), counts)

    def scores(self, embeddings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Natural log ratio of every opening to every line, people held against it [shape=(n, n_lines)]."""
        return self._ground.scores(embeddings, self.known)

    def nearest(self, embedding: NDArray[np.float64], threshold: float) -> Line | None:
        """The likest line of an opening or a mean [shape=(n_dims,)]; None below the threshold."""
        likest = self.likest(embedding, threshold)
        return likest[0] if likest else None

    def likest(self, embedding: NDArray[np.float64], threshold: float) -> tuple[Line, float] | None:
        """As `nearest`, with the score."""
        likest = self._ground.likest(embedding, self.known.terms, at_least=threshold) if self.lines else None
        return (self.lines[likest[0]], likest[1]) if likest else None


def threshold_for(best_of_people: NDArray[np.float64], share: float) -> float:
    """The lowest threshold that at most `share` of people reach, not below LOWEST_THRESHOLD.

    Parameters: best_of_people [shape=(n,)], each person's best score over the lines that are challenged; −inf
    where there is none. With fewer than 1/share people nobody of them may reach it.
    """
    if not len(best_of_people):
        return LOWEST_THRESHOLD
    ranked = np.sort(best_of_people)[::-1]
    first_left_out = float(ranked[min(int(share * len(ranked)), len(ranked) - 1)])
    return max(math.nextafter(first_left_out, math.inf), LOWEST_THRESHOLD)
