"""Finding a new line before anybody was asked: openings that lie closer together than chance allows.

Two openings belong together when each is likelier to come from the other's line than from another line, or
from a person; three of different callers, each with each, are a burst. Trials behind it: docs/lines.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from silentspam.lines.ground import LineGround
from silentspam.lines.known import KnownLines

PAIR_THRESHOLD = 0.0
"""Natural log ratio from which two openings belong together."""

FLOOR = 0.05
"""Spam probability below which an opening makes no burst. Of people from unseen sources 8 % reach it, of the
dead air of unseen campaigns 99.8 %; without it people in one place, or of one voice, made most bursts."""


@dataclass(frozen=True, eq=False)
class Opening:
    """A call's opening in the space [shape=(n_dims,)]; number is hashed, None for a caller without one.

    spam_probability: the model's, 0…1.
    """

    call_id: str
    at: float
    number: int | None
    embedding: NDArray[np.float64]
    spam_probability: float = 1.0


def find_burst(
    ground: LineGround, recent: Sequence[Opening], newest: Opening, *, calls: int = 3
) -> tuple[Opening, ...]:
    """The openings that make a burst with the newest, which comes last; empty where there is none.

    `calls` of them at least, all of different callers and each close to each; a caller's further openings
    count for nothing, or one caller alone could make a line.
    """
    others = [opening for opening in recent if opening.call_id != newest.call_id]
    if len(others) + 1 < calls:
        return ()
    near = [others[index] for index in np.flatnonzero(_together(ground, newest, others))]
    near = [one for one in near if newest.number is None or one.number != newest.number]
    group = [newest]
    for one in sorted(near, key=lambda opening: -opening.at):
        if _are_different([*group, one]) and all(_pair(ground, one, member) for member in group[1:]):
            group.append(one)
    return tuple(reversed(group)) if len(group) >= calls else ()


def _together(ground: LineGround, newest: Opening, others: Sequence[Opening]) -> NDArray[np.bool_]:
    """Which others belong together with the newest, seen from either side [shape=(n,)]."""
    embeddings = np.stack([opening.embedding for opening in others])
    own = newest.embedding[np.newaxis]
    forth = ground.scores(own, _lines(ground, embeddings))[0]
    close = np.flatnonzero(forth >= PAIR_THRESHOLD)
    together = np.zeros(len(others), dtype=bool)
    if len(close):
        back = ground.scores(embeddings[close], _lines(ground, own))[:, 0]
        together[close] = back >= PAIR_THRESHOLD
    return together


def _pair(ground: LineGround, one: Opening, other: Opening) -> bool:
    return bool(_together(ground, one, [other])[0])


def _lines(ground: LineGround, embeddings: NDArray[np.float64]) -> KnownLines:
    """Every opening as a line of one call."""
    counts = np.ones(len(embeddings), dtype=np.int32)
    return KnownLines(ground.space, embeddings.astype(np.float32), counts)


def _are_different(openings: Sequence[Opening]) -> bool:
    return all(
        a.number is None or b.number is None or a.number != b.number for a, b in combinations(openings, 2)
    )
