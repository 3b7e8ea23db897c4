"""Labelled openings judged by a model, as a live call would be, and which of them it would not judge."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.audio import Recording, read_ulaw
from silentspam.call import VerdictKind
from silentspam.model import SpamModel
from silentspam.training.dataset import OPENING_SECONDS, Labelled, Progress, check_twin
from silentspam.training.metrics import Mask, Names, Scores
from silentspam.verdict import Verdict

CAUSES = ("no media", "too little audio", "digital silence")
"""How the reason of an INCONCLUSIVE verdict begins."""
BATCH = 256
"""Openings judged at once: faster than one by one, and no more are held in memory."""


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows with the spam probability of each [shape=(n,)], NaN where it was not judged; `causes` says why.

    challenged [shape=(n,)]: whether the verdict was dead air, at the threshold that holds for that opening;
    least [shape=(n,)]: the threshold that holds for it whatever the budget, 0 for most.
    """

    rows: tuple[Labelled, ...]
    probabilities: Scores
    causes: tuple[str, ...]
    challenged: Mask
    least: Scores

    @property
    def judged(self) -> "Scored":
        """Those that were judged."""
        return self.where(~np.isnan(self.probabilities))

    @property
    def is_spam(self) -> Mask:
        """bool [shape=(n,)]"""
        return np.array([row.is_spam for row in self.rows], dtype=bool)

    @property
    def groups(self) -> Names:
        """The campaign or source of each, which intervals take as one [shape=(n,)]."""
        return np.array([row.group for row in self.rows], dtype=str)

    def column(self, name: str) -> Names:
        """A column of the labels, such as kind or codec [shape=(n,)]."""
        return np.array([getattr(row, name) for row in self.rows], dtype=str)

    def where(self, keep: npt.NDArray[np.bool_]) -> "Scored":
        """Those for which `keep` [shape=(n,)] is True."""
        chosen = np.flatnonzero(keep)
        return Scored(
            tuple(self.rows[i] for i in chosen),
            self.probabilities[keep],
            tuple(self.causes[i] for i in chosen),
            self.challenged[keep],
            self.least[keep],
        )

    def suspected(self, threshold: float) -> Mask:
        """Which of them are taken for dead air at this threshold, as on a call [shape=(n,)]."""
        return np.asarray(self.probabilities >= np.maximum(self.least, threshold))

    def not_judged(self) -> dict[str, dict[str, int]]:
        """How many were not judged, by label and cause."""
        return {
            label: dict(
                sorted(
                    Counter(
                        cause
                        for row, cause in zip(self.rows, self.causes, strict=True)
                        if cause and row.is_spam == is_spam
                    ).items()
                )
            )
            for label, is_spam in (("spam", True), ("ham", False))
        }


def score(model: SpamModel, rows: Sequence[Labelled], *, progress: Progress | None = None) -> Scored:
    """Judge every row's recording.

    Raises LabelError where one recording's bytes are labelled both ways, AudioError where a file cannot be
    read.
    """
    verdicts: list[Verdict] = []
    label_of: dict[bytes, Labelled] = {}
    batch: list[Recording] = []
    least: list[float] = []
    for row in progress(rows, len(rows)) if progress else rows:
        opening = read_ulaw(row.path, max_seconds=OPENING_SECONDS)
        check_twin(label_of.setdefault(hashlib.sha256(opening.codes.tobytes()).digest(), row), row)
        batch.append(opening)
        least.append(model.least_threshold_for(opening))
        if len(batch) == BATCH:
            verdicts += model.judge_many(batch)
            batch = []
    verdicts += model.judge_many(batch)
    probabilities = [np.nan if v.spam_probability is None else v.spam_probability for v in verdicts]
    challenged = np.array([verdict.kind is VerdictKind.CALLER_SILENCE for verdict in verdicts], dtype=bool)
    causes = tuple(map(_cause, verdicts))
    return Scored(
        tuple(rows),
        np.array(probabilities, dtype=np.float64),
        causes,
        challenged,
        np.array(least, dtype=np.float64),
    )


def _cause(verdict: Verdict) -> str:
    """Why there is no probability; "" where there is one."""
    if verdict.spam_probability is not None:
        return ""
    reason = verdict.reasons[0] if verdict.reasons else ""
    return next((cause for cause in CAUSES if reason.startswith(cause)), reason or "not said")
