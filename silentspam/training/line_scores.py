"""A corpus's openings in one space of lines, and the thresholds that its held-out people give.

The threshold of a nominal share of people falsely matched is the one that one half of the people gives; the
realised share is counted on the other half, both ways round; no source of people is in both. A live call's
threshold comes from the people kept with the model, who are not of this corpus.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from silentspam.errors import SilentSpamError
from silentspam.lines.ground import LineGround
from silentspam.lines.known import KnownLines
from silentspam.lines.matching import CALLS_COUNTED, threshold_for
from silentspam.training import metrics
from silentspam.training.dataset import Dataset
from silentspam.training.learning_curve import halves
from silentspam.training.line_settings import Setting
from silentspam.training.metrics import Scores
from silentspam.training.train import TEST_PREFIX

Indices = npt.NDArray[np.intp]
Means = npt.NDArray[np.float64]
Thresholds = tuple[float, float]
"""One for each half of the people: that of the first is met by the second."""


class LineScores:
    """Openings in a setting's space: scored against any lines.

    places [shape=(n, n_dims)]; to_people [shape=(n,)]; sources of each [shape=(n,)]; calls: the rows of every
    campaign; people: the rows of those held out.
    """

    def __init__(self, setting: Setting, openings: Dataset, *, seed: int, live_share: float) -> None:
        self._ground = setting.ground
        self.places = self._ground.embed(openings.vectors)
        self.to_people = self._ground.likeness_to_people(self.places)
        self.sources = openings.groups
        names = np.array([row.campaign for row in openings.rows])
        self.calls = {str(name): np.flatnonzero(names == name) for name in np.unique(names) if name}
        self.people = held_out_people(openings)
        self._first_half = halves(self.sources[self.people], seed)
        self._live_share = live_share
        self._reference = setting.reference
        self._reference_to_people = self._ground.likeness_to_people(setting.reference)

    def lines(self, means: Means, counts: Indices) -> KnownLines:
        """Lines to score against: means [shape=(n_lines, n_dims)] of counts [shape=(n_lines,)] calls.

        A line is known by no more of them than live, where CALLS_COUNTED is the most.
        """
        counted = np.minimum(counts, CALLS_COUNTED).astype(np.int32)
        return KnownLines(self._ground.space, means.astype(np.float32), counted)

    def best(self, rows: Indices, lines: KnownLines) -> Scores:
        """Each opening's score with the likest line [shape=(n,)]."""
        return np.asarray(lines.likeness(self.places[rows]) - self.to_people[rows])

    def thresholds(self, people: Scores, rate: float | None, lines: KnownLines) -> Thresholds:
        """Those of a nominal share of the people [shape=(n,)]; for None that of a live call, twice."""
        if rate is None:
            reference = lines.likeness(self._reference) - self._reference_to_people
            return (threshold_for(reference, self._live_share),) * 2
        first = self._first_half
        return metrics.threshold_at(people[first], rate), metrics.threshold_at(people[~first], rate)

    def false(self, people: Scores, thresholds: Sequence[float]) -> float:
        """The share of people [shape=(n,)] who reach the threshold that the other half gave."""
        first = self._first_half
        reached = (people[~first] >= thresholds[0]).sum() + (people[first] >= thresholds[1]).sum()
        return float(reached / len(people))

    def other_means(self, rng: np.random.Generator, without: Sequence[str], calls: int) -> Means:
        """Lines of all other campaigns, from so many calls each, in some order [shape=(n, n_dims)]."""
        names = rng.permutation([name for name in self.calls if name not in without])
        means = [self.places[rng.permutation(self.calls[name])[:calls]].mean(axis=0) for name in names]
        return np.reshape(means, (len(names), self.places.shape[1]))


def held_out_people(openings: Dataset) -> Indices:
    """Rows of people whose sources no training met; of a corpus that keeps none apart, all its people.

    Raises SilentSpamError where these are of fewer than two sources.
    """
    in_test = np.array([row.split.startswith(TEST_PREFIX) for row in openings.rows], dtype=bool)
    apart = in_test & ~openings.is_spam
    people = np.flatnonzero(apart if apart.any() else ~openings.is_spam)
    sources = len(np.unique(openings.groups[people]))
    if sources < 2:
        raise SilentSpamError(f"people of {sources} sources are held out (split test…): 2 are needed")
    return people


def means_of(ground: LineGround, further: Dataset | None, calls: int) -> Means:
    """A line of each campaign's first calls, those that training never met first [shape=(n, n_dims)]."""
    means = []
    if further is not None:
        names = np.array([row.campaign if row.is_spam else "" for row in further.rows])
        trained = {row.campaign for row in further.rows if not row.split.startswith(TEST_PREFIX)}
        for name in sorted(set(names.tolist()) - {""}, key=lambda name: (name in trained, name)):
            rows = np.flatnonzero(names == name)[:calls]
            means.append(ground.embed(further.vectors[rows]).mean(axis=0))
    return np.reshape(means, (len(means), len(ground.space.origin)))
