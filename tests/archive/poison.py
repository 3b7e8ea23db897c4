"""A model that kills the process in which it judges a certain opening: what a worker's death looks like."""

import os
import signal
from dataclasses import dataclass
from typing import Any

import numpy as np

from silentspam.archive.plan import Plan
from silentspam.audio import Recording
from silentspam.model import SpamModel

POISON = Recording(np.tile(np.array([0x80, 0x00], np.uint8), 8000))
"""Full scale in both directions: no other opening of these tests is nearly as loud."""
DEADLY_DBFS = -1.0


class DeadlyForest:
    """A forest that does not survive a vector of a peak above DEADLY_DBFS."""

    def __init__(self, forest: Any, peak_index: int) -> None:
        self._forest = forest
        self._peak_index = peak_index

    def predict_proba(self, vectors: np.ndarray) -> Any:
        if (vectors[:, self._peak_index] > DEADLY_DBFS).any():
            os.kill(os.getpid(), signal.SIGKILL)
        return self._forest.predict_proba(vectors)


@dataclass(frozen=True, kw_only=True)
class DeadlyPlan(Plan):
    """A plan with such a model; it travels to real workers."""

    def load(self) -> SpamModel:
        model = super().load()
        model.forest = DeadlyForest(model.forest, model.card.feature_names.index("peak_dbfs"))
        return model


def deadly(plan: Plan) -> DeadlyPlan:
    return DeadlyPlan(questions=plan.questions, model_id=plan.model_id, model_files=plan.model_files)
