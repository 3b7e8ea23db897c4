"""Ground that remembers how like people an opening is, for whoever asks of the same openings over and over.

Restoring line memory brings back the reference of people, recent people and recent openings each time, and
each costs a comparison with thousands of people; many compared together cost a fifth of what each alone does.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from silentspam.lines.ground import LineGround
from silentspam.lines.space import Embeddings

KEPT = 8192
"""Openings remembered, those asked for last: the reference, recent people, and some thousand calls."""


@dataclass(frozen=True, eq=False)
class RememberingGround(LineGround):
    """A LineGround for a learner; not for several threads."""

    _known: dict[bytes, float] = field(default_factory=dict, repr=False)

    def likeness_to_people(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """As LineGround's: [shape=(n, n_dims)] to [shape=(n,)]; only what is new is compared."""
        keys = [row.tobytes() for row in embeddings]
        new = {key: place for place, key in enumerate(keys) if key not in self._known}
        if new:
            found = super().likeness_to_people(embeddings[list(new.values())])
            self._known.update(zip(new, found.tolist(), strict=True))
        asked = np.array([self._asked_again(key) for key in keys], dtype=np.float64)
        while len(self._known) > max(KEPT, len(keys)):
            del self._known[next(iter(self._known))]
        return asked

    def _asked_again(self, key: bytes) -> float:
        likeness = self._known[key] = self._known.pop(key)
        return likeness


def remembering(ground: LineGround) -> RememberingGround:
    """The same ground, with a memory of its own."""
    return RememberingGround(ground.space, ground.people)
