"""The answers to a plan's questions for openings that could be read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.archive.plan import Questions
from silentspam.audio import Recording, dbfs
from silentspam.features import FeatureVector, feature_vector
from silentspam.model import SpamModel
from silentspam.verdict import Verdict


@dataclass(frozen=True)
class Judged:
    """The verdict on an opening; level and peak of what was judged [dBFS], None where nothing sounds.

    features [shape=(n_features,), float32]: None where the forest was not asked, or they were not wanted.
    """

    verdict: Verdict
    level_dbfs: float | None
    peak_dbfs: float | None
    features: FeatureVector | None = None


def judge_openings(model: SpamModel, openings: Sequence[Recording], questions: Questions) -> list[Judged]:
    """What `SpamModel.judge` says of each opening, in their order, and the features it came from."""
    return [_judged(model, opening, questions) for opening in openings]


def _judged(model: SpamModel, opening: Recording, questions: Questions) -> Judged:
    verdict = model.judge(
        opening,
        threshold=questions.threshold,
        min_seconds=questions.min_seconds,
        max_digital_silence_share=questions.max_digital_silence_share,
    )
    sounding = opening.sounding
    wanted = questions.features and verdict.spam_probability is not None
    features = feature_vector(sounding, model.params) if wanted else None
    level, peak = _levels(sounding)
    return Judged(verdict, level, peak, features)


def _levels(sounding: Recording) -> tuple[float, float] | tuple[None, None]:
    if not len(sounding.codes):
        return None, None
    amplitude = np.abs(sounding.samples)
    return dbfs(float(np.sqrt((amplitude.astype(np.float64) ** 2).mean()))), dbfs(float(amplitude.max()))
