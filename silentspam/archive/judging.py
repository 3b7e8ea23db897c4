"""The answers to a plan's questions for openings that could be read, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.archive.plan import Questions
from silentspam.audio import Recording, dbfs
from silentspam.call import VerdictKind
from silentspam.features import FeatureVector, feature_matrix
from silentspam.fitness import why_inconclusive
from silentspam.model import SpamModel


@dataclass(frozen=True)
class Judged:
    """What `SpamModel.judge` says of an opening; level and peak of what was judged [dBFS].

    spam_probability and threshold are None where the forest was not asked, level and peak where nothing
    sounds. features [shape=(n_features,), float32]: None where the forest was not asked, or not wanted.
    """

    kind: VerdictKind
    seconds: float
    digital_silence_share: float
    level_dbfs: float | None = None
    peak_dbfs: float | None = None
    spam_probability: float | None = None
    threshold: float | None = None
    features: FeatureVector | None = None


def judge_openings(model: SpamModel, openings: Sequence[Recording], questions: Questions) -> list[Judged]:
    """The answer for each opening, in their order. Raises ModelError for a recording at another rate."""
    fit = [index for index, opening in enumerate(openings) if _can_be_judged(opening, questions)]
    vectors = feature_matrix([openings[index].sounding for index in fit], model.params)
    probabilities = model.probabilities(vectors) if fit else np.empty(0)
    row = {index: number for number, index in enumerate(fit)}
    answers = []
    for index, opening in enumerate(openings):
        number = row.get(index)
        if number is None:
            answers.append(_answer(opening, VerdictKind.INCONCLUSIVE))
            continue
        probability, limit = float(probabilities[number]), questions.threshold
        if limit is None:
            limit = model.threshold_for(opening, questions.max_false_challenge_rate)
        kind = VerdictKind.CALLER_SILENCE if probability >= limit else VerdictKind.HAM
        features = vectors[number] if questions.features else None
        answers.append(_answer(opening, kind, probability, limit, features))
    return answers


def _can_be_judged(opening: Recording, questions: Questions) -> bool:
    doubt = why_inconclusive(
        opening, min_seconds=questions.min_seconds, max_silence=questions.max_digital_silence_share
    )
    return doubt is None


def _answer(
    opening: Recording,
    kind: VerdictKind,
    probability: float | None = None,
    limit: float | None = None,
    features: FeatureVector | None = None,
) -> Judged:
    level, peak = _levels(opening.sounding)
    return Judged(
        kind, opening.seconds, opening.digital_silence_share, level, peak, probability, limit, features
    )


def _levels(sounding: Recording) -> tuple[float, float] | tuple[None, None]:
    if not len(sounding.codes):
        return None, None
    samples = sounding.samples
    mean_square = float(np.dot(samples, samples)) / len(samples)
    return dbfs(mean_square**0.5), dbfs(max(float(samples.max()), -float(samples.min())))
