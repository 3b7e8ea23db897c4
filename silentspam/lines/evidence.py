"""What the lines we know say of an opening: how much more like one of them it is than like any person.

Some people's quiet lines look like dead air, through a codec that makes its own comfort noise above all. The
training openings that do are remembered as lines of one call each, and speak against.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silentspam.lines.known import KnownLines


@dataclass(frozen=True, eq=False)
class LineEvidence:
    """Lines of dead air, and lines of people, in one space."""

    dead_air: KnownLines
    people: KnownLines

    def of(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """The evidence for dead air of feature vectors: [shape=(n, n_features)] to [shape=(n,)].

        The log ratio of the likest line of dead air, less that of the likest person's where it is above 0.
        """
        embeddings = self.dead_air.space.embed(vectors)
        return beyond(self.dead_air.likeness(embeddings), self.people.likeness(embeddings))

    def validate(self, n_features: int) -> None:
        """Raise ModelError unless the arrays are lines of such a space."""
        self.dead_air.validate(n_features)
        self.people.validate(n_features)


def beyond(dead_air: NDArray[np.float64], people: NDArray[np.float64]) -> NDArray[np.float64]:
    """Likeness to dead air beyond that to people [shape=(n,)], both natural log ratios."""
    return np.asarray(dead_air - np.maximum(people, 0))
