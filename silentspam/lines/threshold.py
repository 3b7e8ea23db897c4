"""The score from which a call is taken for a line: so high that few people reach it.

Few is the lines' share of the budget, of the people that the model keeps as its reference and of those who
called of late. Comparing them all is dear: the score is kept until enough lines began or ceased to challenge.
"""

from collections.abc import Collection, Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from silentspam.budget import LINE_SHARE
from silentspam.lines.ground import LineGround
from silentspam.lines.line import Line
from silentspam.lines.matching import CHALLENGES, LineTable, threshold_for

EXACT_UP_TO = 50
"""Lines up to which the threshold is computed anew whenever they change; above, when a 50th of them did."""

UNKNOWN_CHANGES = -1
"""In place of the number of changes: the threshold is to be computed whatever it is."""


class Threshold:
    """One memory's threshold.

    Parameters: reference [shape=(n, n_dims)], embeddings of people; rate, the share of callers who may be
    challenged falsely for all causes; known, a threshold that was computed before and the changes since.
    """

    def __init__(
        self,
        ground: LineGround,
        reference: NDArray[np.float64],
        rate: float,
        *,
        known: tuple[float, int] | None = None,
    ) -> None:
        self._ground = ground
        self._reference = reference
        self._share = rate * LINE_SHARE
        self._score, self._changes = known or (0.0, UNKNOWN_CHANGES)

    @property
    def changes(self) -> int:
        """How many lines began or ceased to challenge since it was computed; negative if nobody knows."""
        return self._changes

    def changed(self, before: Line | None, after: Line) -> None:
        """A line was put in place of what it was, None when it is new."""
        if _challenges(before) is not _challenges(after) and self._changes >= 0:
            self._changes += 1

    def forget(self) -> None:
        """Have it computed when it is next asked for."""
        self._changes = UNKNOWN_CHANGES

    def of(self, lines: Iterable[Line], people: Collection[NDArray[np.float64]]) -> float:
        """The threshold of these lines, with these people [shape=(n_dims,) each] beside the reference."""
        asked = [line for line in lines if _challenges(line)]
        if self._changes < 0 or self._changes > len(asked) // EXACT_UP_TO:
            self._score = threshold_for(self._best_of_people(asked, people), self._share)
            self._changes = 0
        return self._score

    def _best_of_people(
        self, asked: list[Line], people: Collection[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Each person's best score over the lines; none when there are no lines."""
        if not asked:
            return np.zeros(0)
        recent = np.array(people).reshape(-1, self._reference.shape[1])
        to_people = np.concatenate([self._likeness_of_reference, self._ground.likeness_to_people(recent)])
        everybody = np.concatenate([self._reference, recent])
        best: NDArray[np.float64] = LineTable(self._ground, asked).known.likeness(everybody) - to_people
        return best

    @cached_property
    def _likeness_of_reference(self) -> NDArray[np.float64]:
        return self._ground.likeness_to_people(self._reference)


def _challenges(line: Line | None) -> bool:
    return line is not None and line.state in CHALLENGES
