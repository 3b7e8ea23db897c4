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
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.utils.class_weight import compute_sample_weight

from silentspam.boosted import BoostedTrees
from silentspam.card import Combination
from silentspam.errors import SilentSpamError
from silentspam.forest import SPAM_CLASS, Forest
from silentspam.lines.known import KnownLines
from silentspam.training.dataset import Dataset
from silentspam.training.flatten import flat_boosted, flat_forest
from silentspam.training.line_space import fit_space, known_lines, left_out
from silentspam.training.parallel import in_order

Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
LIKENESS_LIMIT = 60.0
"""Log likelihood ratio beyond which a line is no likelier: far outside, the ratio grows without bound."""


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
    lines: KnownLines | None
    combination: Combination | None

    def probabilities(self, vectors: Vectors) -> Floats:
        """Spam probability of feature vectors: [shape=(n, n_features)] to [shape=(n,)]."""
        likeness = self.lines.likeness(vectors) if self.lines else np.zeros(len(vectors))
        return combined(self.trees, self.combination, vectors, likeness)


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
    held_out = held_out_log_odds(dataset, params)
    trees = fit_trees(dataset.vectors, is_spam, params)
    lines, unseen, seen = _lines(dataset) if params.lines else (None, None, None)
    zeros = np.zeros(len(is_spam))
    unseen, seen = (zeros if unseen is None else unseen), (zeros if seen is None else seen)
    combination = (
        _calibrate(held_out, unseen, seen, is_spam, lines is not None) if params.calibrated else None
    )
    fitted = Fitted(trees, lines, combination)
    return fitted, HeldOut(
        unseen=_probability(held_out, unseen, combination), seen=_probability(held_out, seen, combination)
    )


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


def combined(
    trees: Forest | BoostedTrees, combination: Combination | None, vectors: Vectors, likeness: Floats
) -> Floats:
    """Probabilities [shape=(n,)] as `SpamModel.probabilities` has them."""
    if combination is None:
        return np.asarray(trees.predict_proba(vectors)[:, SPAM_CLASS])
    return _probability(trees.log_odds(vectors), likeness, combination)


def _probability(log_odds: Floats, likeness: Floats, mix: Combination | None) -> Floats:
    if mix is None:
        return np.asarray(1 / (1 + np.exp(-log_odds)))
    total = mix.bias + mix.odds * log_odds + mix.likeness * np.clip(likeness, 0, mix.limit)
    return np.asarray(1 / (1 + np.exp(-total)))


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


def _lines(dataset: Dataset) -> tuple[KnownLines | None, Floats | None, Floats | None]:
    """The lines, and each opening's likeness without its own campaign, and without itself alone."""
    is_spam = dataset.is_spam
    names = np.array([row.campaign for row in dataset.rows])[is_spam]
    vectors = dataset.vectors[is_spam]
    space = fit_space(vectors, names)
    if space is None:
        return None, None, None
    lines, index = known_lines(space, vectors, names)
    unseen = np.empty(len(is_spam))
    unseen[~is_spam] = lines.likeness(dataset.vectors[~is_spam])
    seen = unseen.copy()
    unseen[is_spam], seen[is_spam] = left_out(lines, vectors, index)
    return lines, unseen, seen


def _calibrate(
    log_odds: Floats, unseen: Floats, seen: Floats, is_spam: npt.NDArray[np.bool_], with_lines: bool
) -> Combination:
    """Logistic regression over people once and dead air twice: as of a campaign never met, and met before."""
    odds = np.concatenate([log_odds, log_odds[is_spam]])
    likeness = np.clip(np.concatenate([unseen, seen[is_spam]]), 0, LIKENESS_LIMIT)
    target = np.concatenate([is_spam, np.ones(int(is_spam.sum()), dtype=bool)])
    columns = np.column_stack([odds, likeness]) if with_lines else odds[:, np.newaxis]
    regression = LogisticRegression(class_weight="balanced").fit(columns, target)
    weights = [round(float(weight), 6) for weight in regression.coef_[0]]
    return Combination(
        bias=round(float(regression.intercept_[0]), 6),
        odds=weights[0],
        likeness=weights[1] if with_lines else 0.0,
        limit=LIKENESS_LIMIT,
    )
