"""The lines that a labelled dataset knows, and what they say of its own openings when these are left out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.lines.evidence import LineEvidence, beyond
from silentspam.lines.known import KnownLines
from silentspam.training.dataset import Dataset
from silentspam.training.line_space import fit_space, known_lines, left_out

REMEMBERED_FROM = -10.0
"""Likeness to a known line from which a person's opening is remembered: below, nobody mistakes the two."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LearntLines:
    """Lines, and their evidence on the openings that they were learnt from, each left out [shape=(n,)].

    unseen: dead air without its whole campaign; seen: without the call itself; people in both without what
    came from their own source.
    """

    evidence: LineEvidence
    unseen: Floats
    seen: Floats


def learn_lines(dataset: Dataset) -> LearntLines | None:
    """The lines of a dataset's campaigns; None where there are too few to learn what tells them apart."""
    is_spam = dataset.is_spam
    names = np.array([row.campaign for row in dataset.rows])[is_spam]
    space = fit_space(dataset.vectors[is_spam], names)
    if space is None:
        return None
    lines, index = known_lines(space, dataset.vectors[is_spam], names)
    embeddings = space.embed(dataset.vectors)
    likeness = lines.likeness(embeddings)
    remembered = np.flatnonzero(~is_spam & (likeness > REMEMBERED_FROM))
    people = KnownLines(
        space, embeddings[remembered].astype(np.float32), np.ones(len(remembered), dtype=np.int32)
    )
    to_people = _to_other_people(people, embeddings, dataset.groups, remembered)
    unseen, seen = likeness.copy(), likeness
    unseen[is_spam], seen[is_spam] = left_out(lines, dataset.vectors[is_spam], index)
    return LearntLines(LineEvidence(lines, people), beyond(unseen, to_people), beyond(seen, to_people))


def _to_other_people(
    people: KnownLines, embeddings: Floats, groups: npt.NDArray[np.str_], remembered: npt.NDArray[np.intp]
) -> Floats:
    """Likeness of each opening to the remembered people of other sources than its own [shape=(n,)]."""
    ratios = people.log_ratios(embeddings)
    ratios[groups[:, np.newaxis] == groups[remembered]] = -np.inf
    return np.asarray(ratios.max(axis=1, initial=-np.inf))
