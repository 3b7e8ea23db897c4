"""From feature vectors to a scorer: trees, known lines, and the calibration that joins them.

The trees tell dead air from people on campaigns never met; the lines know again what was labelled. Both are
held out where they are measured: trees by cross-validation grouped by campaign and source, a line's likeness
by leaving out the call itself (as of a campaign met before) or its whole campaign (as of one never met).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight

from silentspam.boosted import BoostedTrees
from silentspam.card import Combination
from silentspam.errors import SilentSpamError
from silentspam.forest import SPAM_CLASS, Forest
from silentspam.lines.evidence import LineEvidence
from silentspam.training.calibration import Views, calibrate, probability
from silentspam.training.dataset import Dataset
from silentspam.training.flatten import flat_boosted, flat_forest
from silentspam.training.line_evidence import learn_lines
from silentspam.training.parallel import in_order

Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FitParams:
    """How a model is fitted.

    trees: "boosted" (Friedman 2001) or "forest" (Breiman 2001); n_trees of them, with at most `leaves` leaves
    and `depth` splits one after another; learning_rate, features_share and sample_share of the boosted ones;
    lines: whether known lines take part; calibrated: whether a logistic calibration follows; folds of the
    cross-validation; seed of all chance; workers: processes, which change nothing but the time.
    """

    trees: str = "boosted"
    n_trees: int = 300
    leaves: int = 24
    depth: int = 8
    learning_rate: float = 0.1
    features_share: float = 0.1
    sample_share: float = 0.6
    lines: bool = True
    calibrated: bool = True
    folds: int = 5
    seed: int = 1
    workers: int = 1

    def __post_init__(self) -> None:
        for name, lowest in (("n_trees", 1), ("leaves", 2), ("folds", 2), ("seed", 0), ("workers", 1)):
            if getattr(self, name) < lowest:
                raise SilentSpamError(f"{name} is {getattr(self, name)}: it must be at least {lowest}")


@dataclass(frozen=True, eq=False)
class Fitted:
    """Trees, lines and calibration, as a model folder holds them."""

    trees: Forest | BoostedTrees
    lines: LineEvidence | None
    combination: Combination | None

    def probabilities(self, vectors: Vectors) -> Floats:
        """Spam probability of feature vectors: [shape=(n, n_features)] to [shape=(n,)]."""
        if self.combination is None:
            return np.asarray(self.trees.predict_proba(vectors)[:, SPAM_CLASS])
        evidence = self.lines.of(vectors) if self.lines else np.zeros(len(vectors))
        return probability(self.trees.log_odds(vectors), evidence, self.combination)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What models that had not met them say of the training openings [shape=(n,)].

    unseen: as if an opening's campaign had never been met; seen: as if its other calls had been.
    """

    unseen: Floats
    seen: Floats


def fit(dataset: Dataset, params: FitParams) -> tuple[Fitted, HeldOut]:
    """Fit on all of a dataset, and say what the same fit finds in openings held out of it."""
    is_spam = dataset.is_spam
    log_odds = held_out_log_odds(dataset, params)
    learnt = learn_lines(dataset) if params.lines else None
    unseen, seen = (learnt.unseen, learnt.seen) if learnt else (np.zeros(len(is_spam)),) * 2
    views = Views(log_odds=log_odds, unseen=unseen, seen=seen, is_spam=is_spam)
    mix = calibrate(views) if params.calibrated else None
    trees = fit_trees(dataset.vectors, is_spam, params)
    fitted = Fitted(trees, learnt.evidence if learnt else None, mix)
    return fitted, HeldOut(probability(log_odds, unseen, mix), probability(log_odds, seen, mix))


def fit_trees(vectors: Vectors, is_spam: npt.NDArray[np.bool_], params: FitParams) -> Forest | BoostedTrees:
    """Trees on vectors [shape=(n, n_features)], both classes weighing the same. One thread: no chance."""
    target = is_spam.astype(np.int64)
    if params.trees == "forest":
        forest = RandomForestClassifier(
            n_estimators=params.n_trees,
            max_leaf_nodes=params.leaves,
            min_samples_leaf=2,
            class_weight="balanced",
            random_state=params.seed,
            n_jobs=1,
        )
        return flat_forest(forest.fit(vectors, target))
    boosted = GradientBoostingClassifier(
        n_estimators=params.n_trees,
        learning_rate=params.learning_rate,
        max_leaf_nodes=params.leaves,
        max_depth=params.depth,
        max_features=params.features_share,
        subsample=params.sample_share,
        min_samples_leaf=5,
        init="zero",
        random_state=params.seed,
    )
    return flat_boosted(boosted.fit(vectors, target, sample_weight=compute_sample_weight("balanced", target)))


def held_out_log_odds(dataset: Dataset, params: FitParams) -> Floats:
    """Each opening's log odds [shape=(n,)] from trees that met neither its campaign nor its source."""
    splits = list(_splits(dataset, params))
    calls = [(dataset.vectors, dataset.is_spam, split, params) for split in splits]
    log_odds = np.full(len(dataset.rows), np.nan)
    for (_, test), found in zip(splits, in_order(_fold, calls, workers=params.workers), strict=True):
        log_odds[test] = found
    return log_odds


def grouping(dataset: Dataset) -> str:
    """What cross-validation holds apart: "campaign and source", or "opening" with too few groups."""
    return "campaign and source" if _fewest_groups(dataset) >= 2 else "opening"


def _fold(
    vectors: Vectors,
    is_spam: npt.NDArray[np.bool_],
    split: Sequence[npt.NDArray[np.intp]],
    params: FitParams,
) -> Floats:
    train, test = split
    trees = fit_trees(vectors[train], is_spam[train], replace(params, workers=1))
    return trees.log_odds(vectors[test])


def _splits(dataset: Dataset, params: FitParams) -> list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    is_spam, fewest = dataset.is_spam, _fewest_groups(dataset)
    if fewest < 2:
        single = StratifiedKFold(n_splits=params.folds, shuffle=True, random_state=params.seed)
        return list(single.split(dataset.vectors, is_spam))
    grouped = StratifiedGroupKFold(n_splits=min(params.folds, fewest), shuffle=True, random_state=params.seed)
    return list(grouped.split(dataset.vectors, is_spam, dataset.groups))


def _fewest_groups(dataset: Dataset) -> int:
    is_spam, groups = dataset.is_spam, dataset.groups
    return min(len(np.unique(groups[is_spam])), len(np.unique(groups[~is_spam])))
