"""What the drift alarms are tried on: a labelled corpus, parted into training and what came after it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.model import SpamModel
from silentspam.reports.altered import Alteration, Altered, altered
from silentspam.reports.calibration import Openings, one_of_like_size
from silentspam.reports.recent import spam_probabilities
from silentspam.reports.selftest import Trials
from silentspam.training.dataset import Dataset, Labelled, Progress

QUIET = "quiet"
"""What the kind of people on quiet lines begins with."""

TEST_PREFIX = "test"

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Parts:
    """Which rows are training's, which came later and are like it, and which are of new campaigns."""

    training: Mask
    later: Mask
    strangers: Mask


def in_test(rows: Sequence[Labelled]) -> Mask:
    """Which rows [shape=(n,)] their corpus keeps from training."""
    return np.array([row.split.startswith(TEST_PREFIX) for row in rows], dtype=bool)


def parts(rows: Sequence[Labelled], *, seed: int = 1) -> Parts:
    """The corpus's own split where it has one, else a third of people's sources and of campaigns held out."""
    is_spam = np.array([row.is_spam for row in rows])
    groups = np.array([row.group for row in rows])
    later = in_test(rows)
    if later.all() or not later.any():
        later = _held_out(is_spam, groups, np.random.default_rng(seed))
    known = np.isin(groups, groups[~later])
    return Parts(training=~later, later=later & (~is_spam | known), strangers=later & is_spam & ~known)


def _held_out(is_spam: Mask, groups: npt.NDArray[np.str_], rng: np.random.Generator) -> Mask:
    """A third of people's sources and of campaigns, and a third of the calls of the other campaigns."""
    chosen = [one_of_like_size(groups[part], rng) for part in (is_spam, ~is_spam) if part.any()]
    gone = np.isin(groups, np.concatenate(chosen))
    return np.asarray(gone | (is_spam & (rng.random(len(groups)) < 1 / 3)))


def openings_of(dataset: Dataset | Altered, model: SpamModel) -> Openings:
    """Openings with the model's probabilities."""
    return Openings(
        dataset.vectors,
        spam_probabilities(model, dataset.vectors),
        np.array([row.is_spam for row in dataset.rows], dtype=bool),
        np.array([row.group for row in dataset.rows]),
    )


def trials_of(
    dataset: Dataset,
    found: Parts,
    model: SpamModel,
    alterations: dict[str, Alteration],
    *,
    progress: Progress | None = None,
) -> Trials:
    """The trials of a corpus: later openings as they are and altered, and the new campaigns."""
    later = dataset.where(found.later)
    return Trials(
        openings=openings_of(later, model),
        quiet=np.array([not row.is_spam and row.kind.startswith(QUIET) for row in later.rows], dtype=bool),
        shifted={
            name: openings_of(altered(later.rows, model.params, change, progress=progress), model)
            for name, change in alterations.items()
        },
        strangers=openings_of(dataset.where(found.strangers), model),
    )
