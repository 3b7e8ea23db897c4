"""What the lines we know say of an opening: how much more like one of them it is than like any person.

Some people's quiet lines look like dead air, through a codec that makes its own comfort noise above all. The
training openings that do are remembered as lines of one call each, and speak against.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from silentspam.lines.known import KnownLines, LineTerms
from silentspam.lines.space import Embeddings, LineSpace


@dataclass(frozen=True, eq=False)
class LineEvidence:
    """Lines of dead air, and lines of people, in one space."""

    dead_air: KnownLines
    people: KnownLines

    @property
    def space(self) -> LineSpace:
        """The space of both."""
        return self.dead_air.space

    def of(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """The evidence for dead air of feature vectors: [shape=(n, n_features)] to [shape=(n,)].

        The log ratio of the likest line of dead air, less that of the likest person's where it is above 0.
        """
        return self.at(self.space.embed(vectors))

    def at(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """As `of`, of places in `space` [shape=(n, n_dims)]."""
        ratios = self._all.log_ratios(embeddings, self.space.spread)
        n_dead_air = len(self.dead_air.counts)
        dead_air, people = (
            part.max(axis=1, initial=-np.inf) for part in (ratios[:, :n_dead_air], ratios[:, n_dead_air:])
        )
        return beyond(dead_air, people)

    @cached_property
    def _all(self) -> LineTerms:
        """Dead air's lines and then people's: an opening meets all of them in one product."""
        terms = (self.dead_air.terms, self.people.terms)
        return LineTerms(
            counts=np.concatenate([part.counts for part in terms]),
            weights=np.concatenate([part.weights for part in terms]),
            constants=np.concatenate([part.constants for part in terms]),
        )

    def validate(self, n_features: int) -> None:
        """Raise ModelError unless the arrays are lines of such a space."""
        self.dead_air.validate(n_features)
        self.people.validate(n_features)


def beyond(dead_air: NDArray[np.float64], people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Likeness to dead air beyond that to people [shape=(n,)], both natural log ratios."""
    return np.asarray(dead_air - np.maximum(people, 0))
