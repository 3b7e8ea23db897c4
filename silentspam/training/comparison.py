"""The paper's comparison (Orife et al. 2018, Table 1 and Figures 2 to 4), and what stands beside it.

Random forest over the number of trees, SGDClassifier over alpha and LinearSVC over C on the top 3 bases of U;
our own features and model; and a threshold on energy. Each on two kinds of splits:

shuffled  the paper's stratified shuffle split. Calls of one campaign come to stand on both sides of it, so
          that it says how well a campaign that is known is found again.
grouped   stratified folds that hold campaigns and sources apart: campaigns and people never met.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit

from silentspam.errors import SilentSpamError
from silentspam.features import FeatureParams, feature_names
from silentspam.training import classifiers, metrics
from silentspam.training.classifiers import Decided, Family
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.metrics import Mask
from silentspam.training.train import PAPER_GROUPS
from silentspam.training.trainers import Fit

FORMAT = 1
PAPER_FEATURES = FeatureParams(groups=(*PAPER_GROUPS, "levels"))
"""The paper's features, and the level for the threshold on energy: computed at once, used apart."""
LEVEL_NAME = "rms_dbfs"
RATES = (0.005, 0.01)
FOLDS_AT_LEAST = 2

Document = dict[str, Any]
Fold = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class CompareParams:
    """Settings: splits of each kind, the shuffled test share, and the grids of Figures 2, 3 and 4."""

    seed: int = 1
    splits: int = 5
    test_share: float = 0.2
    trees: tuple[int, ...] = (5, 10, 25, 50, 100, 150, 200)
    alphas: tuple[float, ...] = (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
    costs: tuple[float, ...] = (0.01, 0.1, 1.0, 10.0, 100.0)

    def quick(self) -> "CompareParams":
        """Fewer splits and settings, to see whether a comparison runs at all."""
        return replace(self, splits=2, trees=(10, 50, 100), alphas=(1e-5, 1e-4, 1e-3), costs=(0.1, 1.0, 10.0))


@dataclass(frozen=True, eq=False)
class Method:
    """One family on openings with one choice of features."""

    key: str
    title: str
    features: str
    parameter: str
    family: Family
    dataset: Dataset
    logarithmic: bool = True


def sample(rows: Sequence[Labelled], n_openings: int, seed: int) -> tuple[Labelled, ...]:
    """So many openings, as many of each class as in the whole; all where there are fewer.

    Dead air comes by whole campaigns: a campaign of which one call is left cannot leak through a split.
    """
    if not 0 < n_openings < len(rows):
        return tuple(rows)
    rng = np.random.default_rng(seed)
    groups = sorted({row.group for row in rows if row.is_spam})
    order = {groups[index]: rank for rank, index in enumerate(rng.permutation(len(groups)))}
    spam = sorted((row for row in rows if row.is_spam), key=lambda row: order[row.group])
    ham = [row for row in rows if not row.is_spam]
    n_spam = round(n_openings * len(spam) / len(rows))
    people = rng.permutation(len(ham))[: n_openings - n_spam]
    chosen = {row.recording for row in spam[:n_spam]} | {ham[index].recording for index in people}
    return tuple(row for row in rows if row.recording in chosen)


def compare(paper: Dataset, ours: Dataset, fit: Fit, params: CompareParams, *, tell: Tell) -> Document:
    """Every method on both kinds of splits, as one document.

    Parameters: paper, ours: the same openings with PAPER_FEATURES and with the features `fit` is for; tell
    hears what is being done. Raises SilentSpamError for openings too few to split.
    """
    folds = {"shuffled": _shuffled(paper, params), "grouped": _grouped(paper, params)}
    figures: Document = {}
    table: list[Document] = []
    for method in _methods(paper, ours, fit, params):
        points = {}
        for split, pairs in folds.items():
            tell(f"{method.title}, {split}")
            points[split] = _points(method, pairs)
        # Chosen where the paper chose it, on the shuffled splits: Table 1 has the best of each.
        best = max(range(len(points["shuffled"])), key=lambda i: points["shuffled"][i]["accuracy"]["mean"])
        if method.parameter:
            figures[method.key] = {
                "title": method.title,
                "parameter": method.parameter,
                "logarithmic": method.logarithmic,
                "points": points,
            }
        table += [
            {"method": method.title, "features": method.features, "split": split, **line[best]}
            for split, line in points.items()
        ]
    return {
        "format": FORMAT,
        "params": asdict(params),
        "openings": _counts(paper),
        "figures": figures,
        "table": table,
    }


def _counts(dataset: Dataset) -> Document:
    is_spam = dataset.is_spam
    return {
        "spam": int(is_spam.sum()),
        "ham": int((~is_spam).sum()),
        "campaigns": len(set(dataset.groups[is_spam])),
        "ham_sources": len(set(dataset.groups[~is_spam])),
        "left_out": dataset.skipped,
    }


def _shuffled(dataset: Dataset, params: CompareParams) -> list[Fold]:
    if min(dataset.is_spam.sum(), (~dataset.is_spam).sum()) < params.splits:
        raise SilentSpamError(f"{len(dataset.rows)} openings are too few for {params.splits} splits")
    splitter = StratifiedShuffleSplit(params.splits, test_size=params.test_share, random_state=params.seed)
    return list(splitter.split(dataset.vectors, dataset.is_spam))


def _grouped(dataset: Dataset, params: CompareParams) -> list[Fold]:
    is_spam, groups = dataset.is_spam, dataset.groups
    fewest = min(len(set(groups[is_spam])), len(set(groups[~is_spam])))
    if fewest < FOLDS_AT_LEAST:
        raise SilentSpamError(
            f"{fewest} campaigns or sources in a class: holding them apart needs at least {FOLDS_AT_LEAST}"
        )
    # As large a test share as the shuffled splits', of which only the first few folds are then used.
    n_folds = min(max(round(1 / params.test_share), params.splits), fewest)
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=params.seed)
    return list(splitter.split(dataset.vectors, is_spam, groups))[: params.splits]


def _methods(paper: Dataset, ours: Dataset, fit: Fit, params: CompareParams) -> Iterator[Method]:
    bases = _columns(paper, feature_names(FeatureParams(groups=PAPER_GROUPS)))
    level = _columns(paper, [LEVEL_NAME])
    top = "top 3 bases of U"
    seed = params.seed
    forests = classifiers.forests(params.trees, seed)
    gradient = classifiers.stochastic_gradient(params.alphas, seed)
    svc = classifiers.linear_svc(params.costs, seed)
    yield Method("forest", "RandomForestClassifier", top, "trees", forests, bases, logarithmic=False)
    yield Method("sgd", "SGDClassifier", top, "alpha", gradient, bases)
    yield Method("linear_svc", "LinearSVC", top, "C", svc, bases)
    yield Method("ours", "Silentspam", "our own", "", classifiers.trained_by(fit), ours)
    yield Method("energy", "level below", "level [dBFS]", "", classifiers.energy_below, level)
    yield Method("band", "level within a band", "level [dBFS]", "", classifiers.energy_band, level)


def _columns(dataset: Dataset, names: Sequence[str]) -> Dataset:
    """The same openings with only these of PAPER_FEATURES."""
    every = feature_names(PAPER_FEATURES)
    vectors = np.ascontiguousarray(dataset.vectors[:, [every.index(name) for name in names]])
    return replace(dataset, vectors=vectors)


def _points(method: Method, folds: list[Fold]) -> list[Document]:
    """Of each setting, every measure's mean and standard deviation over the folds."""
    found: dict[int, list[Mapping[str, float]]] = {}
    settings: dict[int, list[float]] = {}
    is_spam = method.dataset.is_spam
    for train, test in folds:
        in_train = np.isin(np.arange(len(is_spam)), train)
        decided = method.family(method.dataset.where(in_train), method.dataset.vectors[test])
        for number, decision in enumerate(decided):
            found.setdefault(number, []).append(_measures(decision, is_spam[test]))
            settings.setdefault(number, []).append(decision.setting)
    return [
        {
            "setting": float(np.mean(settings[number])),
            **{name: _spread([fold[name] for fold in folds_found]) for name in folds_found[0]},
        }
        for number, folds_found in found.items()
    ]


def _measures(decided: Decided, is_spam: Mask) -> Mapping[str, float]:
    """Precision, recall and accuracy of the decisions, precision 0 where nothing is suspected; and recall
    where the threshold lets at most a rate of the test set's own people be challenged."""
    confusion = metrics.confusion(is_spam, decided.suspected)
    spam, ham = decided.scores[is_spam], decided.scores[~is_spam]
    return {
        "precision": confusion.precision or 0.0,
        "recall": confusion.recall or 0.0,
        "accuracy": confusion.accuracy or 0.0,
        "false_challenges": confusion.false_positives / max(len(ham), 1),
        **{f"recall_at_{rate}": float(np.mean(spam >= metrics.threshold_at(ham, rate))) for rate in RATES},
    }


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "mean": float(np.mean(values)),
        "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0,
    }
