"""Training: labelled openings to a model, its thresholds, and a card that says where they come from.

The thresholds come from people held out of cross-validation grouped by campaign and source; what a corpus
keeps apart for testing is never trained on. The same data, seed and library versions give the same bytes.
"""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import msgspec
import numpy as np

import silentspam
from silentspam.boosted import BoostedTrees
from silentspam.card import FORMAT, ModelCard, stft_card
from silentspam.errors import SilentSpamError
from silentspam.features import FeatureParams, feature_names
from silentspam.forest import Forest
from silentspam.lines.evidence import LineEvidence
from silentspam.training.dataset import Dataset
from silentspam.training.evaluation import describe, evaluate
from silentspam.training.fitting import FitParams, Fitted, HeldOut, fit, grouping
from silentspam.training.line_ground import LearntGround, learn_ground
from silentspam.training.operating_point import operating_points, threshold_for

FEATURE_GROUPS = ("base_bands", "shares", "levels", "codes", "bands", "texture")
"""What a model is trained on unless told otherwise (docs/accuracy.md compares)."""

PAPER_GROUPS = ("bases",)
"""The features of Orife et al. 2018, section 5: the top 3 bases of U."""

TEST_PREFIX = "test"
"""Rows whose `split` begins so are for figures only."""

VERSIONED = ("numpy", "scipy", "scikit-learn")


@dataclass(frozen=True, kw_only=True)
class TrainParams:
    """Settings of a training run: how to fit, on which features, and for which budget.

    max_false_challenge_rate: the share of held-out people whom the card's threshold may challenge.
    """

    fit: FitParams = field(default_factory=FitParams)
    max_false_challenge_rate: float = 0.005
    features: FeatureParams = field(default_factory=lambda: FeatureParams(groups=FEATURE_GROUPS))


def paper_params(**settings: int) -> TrainParams:
    """The paper's training (Orife et al. 2018, section 5): a random forest of 100 trees on the top 3 bases.

    `settings` are those of FitParams that may differ: n_trees, leaves, seed, workers.
    """
    forest = {"n_trees": 100, "leaves": 200} | settings
    return TrainParams(
        fit=FitParams(trees="forest", lines=False, calibrated=False, **forest),
        features=FeatureParams(groups=PAPER_GROUPS),
    )


@dataclass(frozen=True, eq=False)
class Trained:
    """A model with its card, ready to be written as a folder; and what was held out while it was fitted."""

    forest: Forest | BoostedTrees
    card: ModelCard
    lines: LineEvidence | None
    training: Dataset
    held_out: HeldOut
    ground: LearntGround | None = None


def train(dataset: Dataset, params: TrainParams, *, corpus: Mapping[str, object] | None = None) -> Trained:
    """Fit on the training rows, choose the thresholds on people held out, and measure on the test rows.

    `corpus` is what is known of how the openings were made, for the card.
    """
    in_test = np.array([row.split.startswith(TEST_PREFIX) for row in dataset.rows], dtype=bool)
    training = dataset.where(~in_test)
    _check(training)
    fitted, held_out = fit(training, params.fit)
    people = held_out.unseen[~training.is_spam]
    threshold = threshold_for(people, params.max_false_challenge_rate)
    figures = _held_out_figures(training, held_out, threshold)
    for split in sorted({row.split for row in dataset.rows if row.split.startswith(TEST_PREFIX)}):
        part = dataset.where(np.array([row.split == split for row in dataset.rows]))
        figures[split] = evaluate(part, fitted.probabilities(part.vectors), threshold)
    card = _card(training, dataset, params, fitted, corpus or {})
    card = msgspec.structs.replace(
        card, threshold=threshold, operating_points=operating_points(people), evaluation=figures
    )
    known = fitted.lines
    ground = learn_ground(training, known.dead_air.space, seed=params.fit.seed) if known else None
    return Trained(fitted.trees, card, known, training, held_out, ground)


def _held_out_figures(training: Dataset, held_out: HeldOut, threshold: float) -> dict[str, dict[str, object]]:
    apart = {"held_apart_by": grouping(training)}
    figures = {"cross_validated": {**apart, **evaluate(training, held_out.unseen, threshold)}}
    spam = training.where(training.is_spam)
    seen = evaluate(spam, held_out.seen[training.is_spam], threshold)
    return figures | {"cross_validated_seen": {"held_apart_by": "opening, for known lines alone", **seen}}


def _check(training: Dataset) -> None:
    spam = int(training.is_spam.sum())
    if not spam or spam == len(training.rows):
        raise SilentSpamError(
            f"{spam} spam of {len(training.rows)} openings to train on: both classes are needed"
        )


def _card(
    training: Dataset, dataset: Dataset, params: TrainParams, fitted: Fitted, corpus: Mapping[str, object]
) -> ModelCard:
    names = feature_names(params.features)
    settings = asdict(params.fit) | {"max_false_challenge_rate": params.max_false_challenge_rate}
    del settings["workers"]
    statement = str(corpus.get("statement", "Trained on labelled recordings of unknown origin."))
    return ModelCard(
        format=FORMAT,
        stft=stft_card(params.features.stft),
        n_bases=params.features.n_bases,
        groups=list(params.features.groups),
        feature_names=names,
        n_features=len(names),
        depth=fitted.trees.depth,
        threshold=1.0,
        seed=params.fit.seed,
        data_hash=dataset.data_hash,
        versions={
            "silentspam": silentspam.__version__,
            "python": ".".join(platform.python_version_tuple()[:2]),
            **{name: version(name) for name in VERSIONED},
        },
        trees="forest" if isinstance(fitted.trees, Forest) else "boosted",
        lines=fitted.lines is not None,
        combination=fitted.combination,
        created_by="silentspam train",
        statement=statement,
        training={
            "settings": settings,
            "left_out": dataset.skipped,
            "corpus": {key: corpus[key] for key in ("plan", "codecs", "sources") if key in corpus},
            **describe(training),
        },
    )
