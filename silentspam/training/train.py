"""Training: labelled openings to a forest, its threshold, and a card that says where both come from.

The forest is the paper's (Orife et al. 2018, section 5: a random forest of 100 trees). Its threshold comes
from people held out of cross-validation grouped by campaign and source; what a corpus keeps apart for testing
is never trained on. The same data, seed and library versions give the same bytes.
"""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

import silentspam
from silentspam.errors import SilentSpamError
from silentspam.features import FeatureParams, feature_names
from silentspam.forest import Forest
from silentspam.model import FORMAT, ModelCard, stft_card
from silentspam.training.dataset import Dataset
from silentspam.training.evaluation import describe, evaluate
from silentspam.training.flatten import flat_forest
from silentspam.training.operating_point import threshold_for

FEATURE_GROUPS = ("base_bands", "shares", "levels", "codes", "bands", "texture")
"""What a model is trained on unless told otherwise: on campaigns never met it found half as many again as the
single bins of the bases did (0.77 against 0.54 of their calls, at 1 % false challenges; `silentspam train` on
the default corpus, the second with `--features bases shares levels codes`)."""

PAPER_GROUPS = ("bases",)
"""The features of Orife et al. 2018, section 5: the top 3 bases of U."""

TEST_PREFIX = "test"
"""Rows whose `split` begins so are for figures only."""

VERSIONED = ("numpy", "scipy", "scikit-learn")


@dataclass(frozen=True, kw_only=True)
class TrainParams:
    """Settings of a training run.

    trees in the forest; leaves of each tree at most, which bounds the model's size; max_false_challenge_rate:
    the share of held-out people whom the threshold may challenge; folds of the cross-validation.
    """

    trees: int = 100
    leaves: int = 200
    seed: int = 1
    folds: int = 5
    max_false_challenge_rate: float = 0.01
    features: FeatureParams = field(default_factory=lambda: FeatureParams(groups=FEATURE_GROUPS))

    def __post_init__(self) -> None:
        for name, lowest in (("trees", 1), ("leaves", 2), ("folds", 2), ("seed", 0)):
            if getattr(self, name) < lowest:
                raise SilentSpamError(f"{name} is {getattr(self, name)}: it must be at least {lowest}")


@dataclass(frozen=True, eq=False)
class Trained:
    """A forest with its card, ready to be written as a model folder."""

    forest: Forest
    card: ModelCard


def fit_forest(dataset: Dataset, params: TrainParams) -> RandomForestClassifier:
    """A random forest on all of `dataset`; class 1 is spam. One thread: no order depends on chance."""
    classifier = RandomForestClassifier(
        n_estimators=params.trees,
        max_leaf_nodes=params.leaves,
        min_samples_leaf=2,
        class_weight="balanced",
        random_state=params.seed,
        n_jobs=1,
    )
    return classifier.fit(dataset.vectors, dataset.is_spam.astype(np.int64))


def held_out_probabilities(dataset: Dataset, params: TrainParams) -> npt.NDArray[np.float64]:
    """Each opening's spam probability [shape=(n,)] from a forest that met neither its campaign nor source.

    With fewer than two groups in a class nothing can be held apart by group, and folds are of single
    openings: `grouping` says which.
    """
    splitter = _splitter(dataset, params)
    probabilities = np.full(len(dataset.rows), np.nan)
    groups = dataset.groups if isinstance(splitter, StratifiedGroupKFold) else None
    for train, test in splitter.split(dataset.vectors, dataset.is_spam, groups):
        kept = np.zeros(len(dataset.rows), dtype=bool)
        kept[train] = True
        classifier = fit_forest(dataset.where(kept), params)
        probabilities[test] = classifier.predict_proba(dataset.vectors[test])[:, 1]
    return probabilities


def grouping(dataset: Dataset) -> str:
    """What cross-validation holds apart: "campaign and source", or "opening" with too few groups."""
    return "campaign and source" if _fewest_groups(dataset) >= 2 else "opening"


def _fewest_groups(dataset: Dataset) -> int:
    is_spam, groups = dataset.is_spam, dataset.groups
    return min(len(np.unique(groups[is_spam])), len(np.unique(groups[~is_spam])))


def _splitter(dataset: Dataset, params: TrainParams) -> StratifiedGroupKFold | StratifiedKFold:
    fewest = _fewest_groups(dataset)
    if fewest < 2:
        return StratifiedKFold(n_splits=params.folds, shuffle=True, random_state=params.seed)
    return StratifiedGroupKFold(n_splits=min(params.folds, fewest), shuffle=True, random_state=params.seed)


def train(dataset: Dataset, params: TrainParams, *, corpus: Mapping[str, object] | None = None) -> Trained:
    """Cross-validate, choose the threshold, fit on the training rows, and measure on the test rows.

    `corpus` is what is known of how the openings were made, for the card.
    """
    in_test = np.array([row.split.startswith(TEST_PREFIX) for row in dataset.rows], dtype=bool)
    training = dataset.where(~in_test)
    _check(training)
    held_out = held_out_probabilities(training, params)
    threshold = threshold_for(
        held_out[~training.is_spam], params.max_false_challenge_rate, n_trees=params.trees
    )
    classifier = fit_forest(training, params)
    figures = {
        "cross_validated": {"held_apart_by": grouping(training), **evaluate(training, held_out, threshold)}
    }
    for split in sorted({row.split for row in dataset.rows if row.split.startswith(TEST_PREFIX)}):
        part = dataset.where(np.array([row.split == split for row in dataset.rows]))
        figures[split] = evaluate(part, classifier.predict_proba(part.vectors)[:, 1], threshold)
    forest = flat_forest(classifier)
    return Trained(forest, _card(training, dataset, params, forest, threshold, figures, corpus or {}))


def _check(training: Dataset) -> None:
    spam = int(training.is_spam.sum())
    if not spam or spam == len(training.rows):
        raise SilentSpamError(
            f"{spam} spam of {len(training.rows)} openings to train on: both classes are needed"
        )


def _card(
    training: Dataset,
    dataset: Dataset,
    params: TrainParams,
    forest: Forest,
    threshold: float,
    figures: dict[str, dict[str, object]],
    corpus: Mapping[str, object],
) -> ModelCard:
    names = feature_names(params.features)
    settings = {key: setting for key, setting in asdict(params).items() if key != "features"}
    statement = str(corpus.get("statement", "Trained on labelled recordings of unknown origin."))
    return ModelCard(
        format=FORMAT,
        stft=stft_card(params.features.stft),
        n_bases=params.features.n_bases,
        groups=list(params.features.groups),
        feature_names=names,
        n_features=len(names),
        depth=forest.depth,
        threshold=threshold,
        seed=params.seed,
        data_hash=dataset.data_hash,
        versions={
            "silentspam": silentspam.__version__,
            "python": ".".join(platform.python_version_tuple()[:2]),
            **{name: version(name) for name in VERSIONED},
        },
        created_by="silentspam train",
        statement=statement,
        training={
            "settings": settings,
            "left_out": dataset.skipped,
            "corpus": {key: corpus[key] for key in ("plan", "codecs", "sources") if key in corpus},
            **describe(training),
        },
        evaluation=figures,
    )
