"""What line memory stands on, from training: people to tell an opening from, others to set thresholds by.

No voice or place is in both, or the people of the reference would be too like those of the cohort. All kinds
of people are drawn from, loud speech too: trials with only those near known lines gave 35 false matches in
295 people where people at random gave none.
"""

import io
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from silentspam.card import LINE_FORMAT, LineCard
from silentspam.lines.ground import REFERENCE_NAME, STORED, LineGround, line_ground
from silentspam.lines.space import Embeddings, LineSpace
from silentspam.model import COHORT_FILE, LINE_CARD_NAME
from silentspam.training.dataset import Dataset

COHORT, REFERENCE = 4_000, 3_000
"""People at most. Half the cohort finds more false matches (docs/lines.md)."""


@dataclass(frozen=True, eq=False)
class LearntGround:
    """The ground, the people to set thresholds by [shape=(n, n_dims)], and what the space was learnt from."""

    ground: LineGround
    reference: Embeddings
    campaigns: int
    calls: int

    def files(self, statement: str) -> dict[str, bytes]:
        """The files of a model folder that hold it, by name."""
        people = self.ground.people.means
        card = LineCard(
            format=LINE_FORMAT,
            space_id=self.ground.space_id,
            n_dims=len(self.ground.space.origin),
            cohort=len(people),
            reference=len(self.reference),
            campaigns=self.campaigns,
            calls=self.calls,
            statement=statement,
        )
        return {
            COHORT_FILE: _stored(people),
            REFERENCE_NAME: _stored(self.reference),
            LINE_CARD_NAME: msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n",
        }


def learn_ground(training: Dataset, space: LineSpace, *, seed: int) -> LearntGround:
    """The ground that the people of a training set give in a space."""
    cohort, reference = choose_people(training, seed=seed)
    probe = line_ground(space, np.zeros((0, len(space.origin)), STORED))
    campaigns = [row.campaign for row in training.rows if row.is_spam and row.campaign]
    _, counts = np.unique(campaigns, return_counts=True)
    return LearntGround(
        ground=line_ground(space, probe.embed(training.vectors[cohort]).astype(STORED)),
        reference=probe.embed(training.vectors[reference]),
        campaigns=int((counts >= 2).sum()),
        calls=int(counts[counts >= 2].sum()),
    )


def choose_people(
    training: Dataset, *, seed: int, cohort: int = COHORT, reference: int = REFERENCE
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows of people for the cohort and for the reference, of different sources [shape=(n,) each, sorted].

    Where there are fewer than both want, each gets its share.
    """
    rng = np.random.default_rng(seed)
    people = rng.permutation(np.flatnonzero(~training.is_spam))
    groups = training.groups[people]
    wanted = min(reference, len(people) * reference // (cohort + reference))
    names, counts = np.unique(groups, return_counts=True)
    order = rng.permutation(len(names))
    kept_apart = np.isin(groups, names[order][np.cumsum(counts[order]) <= wanted])
    return np.sort(people[~kept_apart][:cohort]), np.sort(people[kept_apart])


def _stored(embeddings: npt.NDArray[np.floating]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, embeddings.astype(STORED), allow_pickle=False)
    return buffer.getvalue()
