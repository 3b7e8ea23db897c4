"""A model that kills the process in which it hears a certain opening: what a worker's death looks like."""

import os
import signal
from dataclasses import dataclass
from typing import Any

from silentspam.archive.plan import Plan
from silentspam.audio import Recording
from silentspam.model import SpamModel

POISON = bytes(range(128, 228))


class DeadlyModel(SpamModel):
    """Judges as the model it was made from, but for recordings that begin with POISON."""

    def judge(self, recording: Recording, **settings: Any) -> Any:
        if recording.codes[: len(POISON)].tobytes() == POISON:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().judge(recording, **settings)


@dataclass(frozen=True, kw_only=True)
class DeadlyPlan(Plan):
    """The plan with such a model; it travels to real workers."""

    def load(self) -> SpamModel:
        model = super().load()
        return DeadlyModel(model.forest, model.card, model.model_id)


def deadly(plan: Plan) -> DeadlyPlan:
    return DeadlyPlan(questions=plan.questions, model_id=plan.model_id, model_files=plan.model_files)
