"""The answers to a plan's questions for openings that could be read, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.archive.plan import Questions
from silentspam.audio import Recording, dbfs
from silentspam.features import FeatureVector, Measured
from silentspam.kinds.listening import Listeners
from silentspam.kinds.together import settled
from silentspam.model import SpamModel
from silentspam.verdict import UNSUSPECTED, Verdict


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What a call would be judged to be by its opening; level and peak of what was judged [dBFS].

    spam_probability and threshold are None where nothing was found in what the model was not asked about,
    level and peak where nothing sounds. features [shape=(n_features,), float32]: None where the model was not
    asked, or not wanted. kind_probabilities of every kind heard; reason: why it is a suspect; unheard: kinds
    that could not be listened for.
    """

    kind: str
    seconds: float
    digital_silence_share: float
    level_dbfs: float | None = None
    peak_dbfs: float | None = None
    spam_probability: float | None = None
    threshold: float | None = None
    features: FeatureVector | None = None
    kind_probabilities: tuple[tuple[str, float], ...] = ()
    reason: str | None = None
    unheard: tuple[str, ...] = ()


def judge_openings(
    model: SpamModel, openings: Sequence[Recording], questions: Questions, listeners: Listeners
) -> list[Judged]:
    """The answer for each opening, in their order. Raises ModelError for a recording at another rate."""
    verdicts = model.judge_many(
        openings,
        threshold=questions.threshold,
        max_false_challenge_rate=questions.max_false_challenge_rate,
        min_seconds=questions.min_seconds,
        max_digital_silence_share=questions.max_digital_silence_share,
    )
    answers = []
    for opening, own in zip(openings, verdicts, strict=True):
        verdict = settled(own, opening, model.params, listeners, questions.kinds)
        answers.append(_answer(opening, verdict, own.features if questions.features else None))
    return answers


def _answer(opening: Recording, verdict: Verdict, measured: object) -> Judged:
    level, peak = _levels(opening.sounding)
    return Judged(
        kind=str(verdict.kind),
        seconds=verdict.seconds,
        digital_silence_share=verdict.digital_silence_share,
        level_dbfs=level,
        peak_dbfs=peak,
        spam_probability=verdict.spam_probability,
        threshold=verdict.threshold,
        features=measured.vector if isinstance(measured, Measured) else None,
        kind_probabilities=verdict.kind_probabilities,
        reason=next(iter(verdict.reasons), None) if verdict.kind not in UNSUSPECTED else None,
        unheard=verdict.unheard,
    )


def _levels(sounding: Recording) -> tuple[float, float] | tuple[None, None]:
    if not len(sounding.codes):
        return None, None
    samples = sounding.samples
    mean_square = float(np.dot(samples, samples)) / len(samples)
    return dbfs(mean_square**0.5), dbfs(max(float(samples.max()), -float(samples.min())))
