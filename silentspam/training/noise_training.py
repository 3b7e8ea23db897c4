"""Training the trees that tell noise from people, their thresholds, and the figures of openings held out.

Only what is loud enough to be noise is trained on and counted (`kinds.noise.HEARD_DBFS`): quiet people, whom
nobody would challenge for noise, would flatter every rate of false challenges. Thresholds come from people of
sources held out in cross-validation grouped by campaign and source. The same data, seed and library versions
give the same bytes.
"""

import platform
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import msgspec
import numpy as np
import numpy.typing as npt

import silentspam
from silentspam.boosted import BoostedTrees
from silentspam.card import Combination, stft_card
from silentspam.errors import SilentSpamError
from silentspam.features import FeatureParams, feature_names
from silentspam.kinds.noise import FORMAT, HEARD_DBFS, NoiseCard, NoiseModel, noise_names
from silentspam.training.calibration import Views, calibrate, probability
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.evaluation import FALSE_CHALLENGE_RATES, describe
from silentspam.training.fitting import FitParams, fit_trees, grouping, held_out_log_odds
from silentspam.training.operating_point import Probabilities, Rate, operating_points, suspected
from silentspam.training.train import FEATURE_GROUPS, TEST_PREFIX, VERSIONED

LEVEL = "rms_dbfs"
BUDGET = 0.005
"""The share of people whom the detailed figures allow to be challenged."""


@dataclass(frozen=True, kw_only=True)
class NoiseParams:
    """How to fit (boosted trees, no known lines), and on which features beside stillness: dead air's."""

    fit: FitParams = field(
        default_factory=lambda: FitParams(lines=False, n_trees=450, learning_rate=0.07, leaves=32)
    )
    features: FeatureParams = field(default_factory=lambda: FeatureParams(groups=FEATURE_GROUPS))


@dataclass(frozen=True, eq=False)
class TrainedNoise:
    """Trees and their card, ready for `kinds.noise.noise_files`."""

    trees: BoostedTrees
    card: NoiseCard


def heard(dataset: Dataset, params: FeatureParams) -> Dataset:
    """The openings that are loud enough to be noise. Raises SilentSpamError for features without a level."""
    names = feature_names(params)
    if LEVEL not in names:
        raise SilentSpamError(f"features.groups is {', '.join(params.groups)}: noise needs levels")
    return dataset.where(dataset.vectors[:, names.index(LEVEL)] >= HEARD_DBFS)


def train_noise(
    dataset: Dataset, params: NoiseParams, *, corpus: Mapping[str, object] | None = None
) -> TrainedNoise:
    """Fit on the training rows, set the thresholds by people held out, and measure on the test rows.

    corpus: what is known of how the openings were made, for the card.
    """
    loud = heard(dataset, params.features)
    in_test = np.array([row.split.startswith(TEST_PREFIX) for row in loud.rows], dtype=bool)
    training = loud.where(~in_test)
    log_odds = held_out_log_odds(training, params.fit)
    none = np.zeros(len(log_odds))
    mix = calibrate(Views(log_odds=log_odds, unseen=none, seen=none, is_spam=training.is_spam))
    held_out = probability(log_odds, none, mix)
    trees = fit_trees(training.vectors, training.is_spam, params.fit)
    if not isinstance(trees, BoostedTrees):
        raise SilentSpamError(f"trees is {params.fit.trees!r}: noise is told by boosted trees")
    card = _card(training, dataset, params, trees, mix, corpus or {})
    points = operating_points(held_out[~training.is_spam])
    card = msgspec.structs.replace(card, operating_points=points)
    model = NoiseModel(trees, card)
    figures = {"cross_validated": {"held_apart_by": grouping(training)} | _figures(training, held_out, model)}
    return TrainedNoise(trees, msgspec.structs.replace(card, evaluation=figures | measure(loud, model)))


def measure(dataset: Dataset, model: NoiseModel) -> dict[str, dict[str, object]]:
    """The figures of each test split of a dataset, of its openings that are loud enough to be noise."""
    loud = heard(dataset, model.params)
    splits = np.array([row.split for row in loud.rows])
    found = {}
    for split in sorted({str(name) for name in splits if str(name).startswith(TEST_PREFIX)}):
        part = loud.where(splits == split)
        found[split] = _figures(part, model.probabilities(part.vectors), model)
    return found


def _figures(dataset: Dataset, probabilities: Probabilities, model: NoiseModel) -> dict[str, object]:
    """At every budget recall and false challenges; at BUDGET by family, campaign, person and source.

    recall_at sets the threshold by these very people: a property of the scores, not of the card's thresholds.
    """
    is_spam = dataset.is_spam
    limit = model.threshold_for(BUDGET)
    return {
        "recall_at": _recall_at(probabilities[is_spam], probabilities[~is_spam]),
        "budgets": [
            {
                "budget": point.max_false_challenge_rate,
                "recall": suspected(probabilities[is_spam], point.threshold).card(),
                "false_challenges": suspected(probabilities[~is_spam], point.threshold).card(),
            }
            for point in model.card.operating_points
        ],
        "families": _by(dataset, is_spam, probabilities, limit, lambda row: row.kind),
        "campaigns": _campaigns(dataset, is_spam, probabilities, limit),
        "people": _by(dataset, ~is_spam, probabilities, limit, lambda row: row.kind),
        "sources": _by(dataset, ~is_spam, probabilities, limit, source_name),
    }


def _recall_at(spam: Probabilities, ham: Probabilities) -> dict[str, dict[str, object]]:
    if not len(spam) or not len(ham):
        return {}
    ranked = np.sort(ham)[::-1]
    limits = {rate: ranked[int(rate * len(ham))] for rate in FALSE_CHALLENGE_RATES}
    return {
        str(rate): Rate(hits=int(np.count_nonzero(spam > limit)), n=len(spam)).card()
        for rate, limit in limits.items()
    }


def source_name(row: Labelled) -> str:
    """Where a person's sound comes from; synthetic places are counted together."""
    head, _, tail = row.source.rpartition("-")
    return f"{head} (synthetic)" if head in ("room", "wind", "cabin") and len(tail) == 8 else row.source


def _by(
    dataset: Dataset,
    chosen: npt.NDArray[np.bool_],
    probabilities: Probabilities,
    limit: float,
    key: Callable[[Labelled], str],
) -> dict[str, dict[str, object]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for place in np.flatnonzero(chosen).tolist():
        groups[key(dataset.rows[place])].append(place)
    return {name: suspected(probabilities[groups[name]], limit).card() for name in sorted(groups)}


def _campaigns(
    dataset: Dataset, is_spam: npt.NDArray[np.bool_], probabilities: Probabilities, limit: float
) -> dict[str, object]:
    """How many campaigns are found whole, and which not at all: calls of one go together."""
    found: dict[str, list[bool]] = defaultdict(list)
    for place in np.flatnonzero(is_spam).tolist():
        found[dataset.rows[place].campaign].append(bool(probabilities[place] >= limit))
    missed = sorted(name for name, calls in found.items() if not any(calls))
    whole = sum(all(calls) for calls in found.values())
    return {"campaigns": len(found), "whole": whole, "missed": missed}


def _card(
    training: Dataset,
    dataset: Dataset,
    params: NoiseParams,
    trees: BoostedTrees,
    mix: Combination,
    corpus: Mapping[str, object],
) -> NoiseCard:
    settings = asdict(params.fit)
    del settings["workers"]
    return NoiseCard(
        format=FORMAT,
        stft=stft_card(params.features.stft),
        n_bases=params.features.n_bases,
        groups=list(params.features.groups),
        feature_names=noise_names(params.features),
        depth=trees.depth,
        combination=mix,
        operating_points=[],
        seed=params.fit.seed,
        data_hash=dataset.data_hash,
        versions={
            "silentspam": silentspam.__version__,
            "python": ".".join(platform.python_version_tuple()[:2]),
            **{name: version(name) for name in VERSIONED},
        },
        statement=str(corpus.get("statement", "Trained on labelled recordings of unknown origin.")),
        training={
            "settings": settings,
            "left_out": dataset.skipped,
            "corpus": {key: corpus[key] for key in ("plan", "sources") if key in corpus},
            **describe(training),
        },
    )
