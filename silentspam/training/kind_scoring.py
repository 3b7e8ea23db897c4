"""Labelled openings judged for every kind of SPAM, as a live call is, and what came out against their labels.

How a call is judged is handed in (`Judge`): model, listeners, thresholds and the library of recordings are
those of whoever asks. Line memory is not asked: it knows nothing of these openings.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.audio import Recording, read_ulaw
from silentspam.call import VerdictKind
from silentspam.training.dataset import OPENING_SECONDS, Labelled, Progress
from silentspam.training.metrics import Mask, Names
from silentspam.verdict import Verdict

Judge = Callable[[Sequence[Recording]], Sequence[Verdict]]
BATCH = 128
UNKNOWN = "unknown"
"""The family of announcements that no library has: what is found of them is told apart."""


@dataclass(frozen=True, eq=False)
class Told:
    """Rows with the kind each was taken for [shape=(n,)]; unheard: how often none listened for a kind."""

    rows: tuple[Labelled, ...]
    verdicts: Names
    unheard: dict[str, int]

    @property
    def labels(self) -> Names:
        """What each is by its label [shape=(n,)]: HAM, or a kind; announcements nobody knows are apart."""
        return np.array([label_of(row) for row in self.rows], dtype=str)

    def column(self, name: str) -> Names:
        """A column of the labels [shape=(n,)]."""
        return np.array([getattr(row, name) for row in self.rows], dtype=str)

    @property
    def groups(self) -> Names:
        """The campaign or source of each, which intervals take as one [shape=(n,)]."""
        return np.array([row.group for row in self.rows], dtype=str)

    def where(self, keep: Mask) -> "Told":
        """Those for which `keep` [shape=(n,)] is True."""
        rows = tuple(row for row, kept in zip(self.rows, keep, strict=True) if kept)
        return Told(rows, self.verdicts[keep], self.unheard)


def label_of(row: Labelled) -> str:
    """The class that a row belongs to."""
    if not row.is_spam:
        return VerdictKind.HAM.value
    kind = row.spam_kind or VerdictKind.CALLER_SILENCE.value
    return f"{kind} ({UNKNOWN})" if row.kind == UNKNOWN else kind


def tell(rows: Sequence[Labelled], judge: Judge, *, progress: Progress | None = None) -> Told:
    """Judge every row's recording. Raises AudioError where a file cannot be read."""
    taken: list[str] = []
    unheard: dict[str, int] = {}
    batch: list[Recording] = []

    def settle() -> None:
        for verdict in judge(batch):
            taken.append(str(verdict.kind))
            for name in verdict.unheard:
                unheard[name] = unheard.get(name, 0) + 1
        batch.clear()

    for row in progress(rows, len(rows)) if progress else rows:
        batch.append(read_ulaw(row.path, max_seconds=OPENING_SECONDS))
        if len(batch) == BATCH:
            settle()
    settle()
    return Told(tuple(rows), np.array(taken, dtype=str), unheard)
