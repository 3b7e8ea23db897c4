"""What a model makes of kinds it never met: trained without a codec, a noise, a level, a voice, a place.

Each hold-out names openings by something the labels or the corpus's description say of them. A model is
trained without them and measured on openings of that kind whose campaigns and people training does not meet
either; beside it stands the model trained on everything, on the same openings. So the difference is what it
costs never to have met the kind, and a model that only knows its generator's quirks shows itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from silentspam.errors import SilentSpamError
from silentspam.training import metrics
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.metrics import Mask, Scores
from silentspam.training.train import TEST_PREFIX
from silentspam.training.trainers import Fit

FORMAT = 1
RATE = 0.01
LEAST_OPENINGS = 20
"""Openings that a kind must have in each part that is measured, to be held out at all."""
COMMON = 0.6
"""A codec in more openings than this is every call's last leg: nothing is left to train on without it."""
CODEC = re.compile(r"g711[au]|g\d{3}|[a-z]+")
FEW_VALUES = 4

Document = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class HoldOut:
    """Openings of one kind: `held` [shape=(n,)] says which, over all openings."""

    dimension: str
    name: str
    held: Mask


def hold_outs(rows: Sequence[Labelled], corpus: Mapping[str, Any]) -> tuple[HoldOut, ...]:
    """Everything that these rows, and `corpus.json` beside them, allow to hold out.

    Codecs by family; dead air by kind, and by what the corpus says of its campaigns (few values each alone,
    of a range the lowest and the highest quarter); people by kind, and training's speakers and places.
    """
    return tuple(
        one
        for one in (*_codecs(rows), *_kinds(rows), *_campaigns(rows, corpus), *_sources(rows, corpus))
        if _enough(rows, one.held)
    )


def _enough(rows: Sequence[Labelled], held: Mask) -> bool:
    return LEAST_OPENINGS <= int(held.sum()) <= len(rows) - LEAST_OPENINGS


def _codecs(rows: Sequence[Labelled]) -> Iterator[HoldOut]:
    chains = [row.codec.split("+") for row in rows]
    families: dict[str, Callable[[str], bool]] = {}
    for name in sorted({name for chain in chains for name in chain if name}):
        match = CODEC.match(name)
        family = match[0] if match else name
        families[family] = lambda part, family=family: (CODEC.match(part) or [part])[0] == family  # type: ignore[misc]
    families["silence suppression"] = lambda part: "dtx" in part or part == "g729ab"
    for family, belongs in families.items():
        held = np.array([any(belongs(part) for part in chain) for chain in chains])
        if held.mean() < COMMON:
            yield HoldOut("codec", family, held)


def _kinds(rows: Sequence[Labelled]) -> Iterator[HoldOut]:
    for dimension, is_spam in (("dead air", True), ("people", False)):
        for kind in sorted({row.kind for row in rows if row.is_spam == is_spam and row.kind}):
            held = np.array([row.is_spam == is_spam and row.kind == kind for row in rows])
            yield HoldOut(dimension, kind, held)


def _campaigns(rows: Sequence[Labelled], corpus: Mapping[str, Any]) -> Iterator[HoldOut]:
    """By what the corpus says of each campaign; its family and chain are columns of the labels."""
    known = {str(one.get("name")): one for one in corpus.get("campaigns", ())}
    names = sorted({key for one in known.values() for key in one} - {"name", "family", "chain"})
    campaigns = [known.get(row.campaign, {}) if row.is_spam else {} for row in rows]
    for name in names:
        values = [one.get(name) for one in campaigns]
        distinct = sorted({value for value in values if value is not None}, key=str)
        if len(distinct) <= FEW_VALUES:
            for value in distinct:
                yield HoldOut(name, str(value), np.array([other == value for other in values]))
            continue
        numbers = np.array([_number(value) for value in values])
        low, high = np.nanquantile(numbers, [0.25, 0.75])
        yield HoldOut(name, f"up to {low:g}", numbers <= low)
        yield HoldOut(name, f"from {high:g}", numbers >= high)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _sources(rows: Sequence[Labelled], corpus: Mapping[str, Any]) -> Iterator[HoldOut]:
    """The speakers, places and tunes of training: those kept for testing were never in it; and languages."""
    described = {str(one.get("speaker")): one for one in corpus.get("sources", ())}
    sources = np.array([row.source if not row.is_spam else "" for row in rows])
    in_training = {row.source for row in rows if not row.is_spam and not _in_test(row)}
    for name in sorted(in_training & set(described)):
        yield HoldOut(str(described[name].get("kind")), name, sources == name)
    languages = {name: str(one["language"]) for name, one in described.items() if one.get("language")}
    for language in sorted(set(languages.values())):
        speakers = [name for name, spoken in languages.items() if spoken == language]
        yield HoldOut("language", language, np.isin(sources, speakers))


def _in_test(row: Labelled) -> bool:
    return row.split.startswith(TEST_PREFIX)


def hold_out(
    dataset: Dataset,
    kinds: Sequence[HoldOut],
    fit: Fit,
    *,
    rate: float = RATE,
    tell: Tell = lambda _: None,
) -> Document:
    """Train without each kind, and measure.

    The masks of `kinds` are over the rows of `dataset`. Raises SilentSpamError where no openings, or only of
    one class, are kept for testing.
    """
    parts = _Parts(dataset)
    tell("trains on everything")
    known = fit(dataset.where(parts.training))(dataset.vectors)
    lines, too_few = [], []
    for number, kind in enumerate(kinds, 1):
        tell(f"{number} of {len(kinds)}: without {kind.dimension} {kind.name}")
        line = _one(dataset, kind, parts, fit, known, rate)
        if line:
            lines.append(line)
        else:
            too_few.append(f"{kind.dimension} {kind.name}")
    return {
        "format": FORMAT,
        "rate": rate,
        "lines": lines,
        "too_few": too_few,
        "summary": list(_summary(lines)),
    }


class _Parts:
    """Who trains, and who is measured: dead air of unseen campaigns, and people held out."""

    def __init__(self, dataset: Dataset) -> None:
        in_test = np.array([_in_test(row) for row in dataset.rows], dtype=bool)
        seen = np.isin(dataset.groups, dataset.groups[~in_test])
        self.training = ~in_test
        self.spam = in_test & ~seen & dataset.is_spam
        self.people = in_test & ~seen & ~dataset.is_spam
        if not self.spam.any() or not self.people.any():
            raise SilentSpamError(
                f"{self.spam.sum()} dead-air calls of unseen campaigns and {self.people.sum()} people of "
                "unseen sources are kept for testing (split test…): both are needed"
            )


def _one(
    dataset: Dataset, kind: HoldOut, parts: _Parts, fit: Fit, known: Scores, rate: float
) -> Document | None:
    """The line of one hold-out; None where too few openings are left to train on or to measure."""
    training = parts.training & ~kind.held
    left = dataset.is_spam[training]
    spam, others = parts.spam & kind.held, parts.people & ~kind.held
    # Training's own speakers and places are in no test split: what was taken from training is measured.
    own = not (kind.held & (parts.spam | parts.people)).any()
    people = (kind.held if own else parts.people & kind.held) & ~dataset.is_spam
    if max(spam.sum(), people.sum()) < LEAST_OPENINGS or min(left.sum(), (~left).sum()) < LEAST_OPENINGS:
        return None
    scores = fit(dataset.where(training))(dataset.vectors)
    found = {
        name: _shares(dataset, some, others, spam, people, rate)
        for name, some in (("held", scores), ("known", known))
    }
    return {
        "dimension": kind.dimension,
        "name": kind.name,
        "removed": int((parts.training & kind.held).sum()),
        "recall": found["held"][0],
        "recall_known": found["known"][0],
        "false_challenges": found["held"][1],
        "false_challenges_known": None if own else found["known"][1],
    }


def _shares(
    dataset: Dataset, scores: Scores, others: Mask, spam: Mask, people: Mask, rate: float
) -> tuple[Document | None, Document | None]:
    """Recall and false challenges at the threshold that the other people held out give."""
    threshold = metrics.threshold_at(scores[others], rate)

    def counted(chosen: Mask) -> Document | None:
        if chosen.sum() < LEAST_OPENINGS:
            return None
        return asdict(metrics.share(scores[chosen] >= threshold, dataset.groups[chosen]))

    return counted(spam), counted(people)


def _summary(lines: Sequence[Document]) -> Iterator[Document]:
    """By dimension, then over all: how many, mean and worst of recall and of false challenges."""
    dimensions = list(dict.fromkeys(line["dimension"] for line in lines))
    for dimension in [*dimensions, "all"]:
        here = [line for line in lines if dimension in (line["dimension"], "all")]
        recalls = {line["name"]: line["recall"]["rate"] for line in here if line["recall"]}
        false = {line["name"]: line["false_challenges"]["rate"] for line in here if line["false_challenges"]}
        yield {
            "dimension": dimension,
            "kinds": len(here),
            "mean_recall": float(np.mean(list(recalls.values()))) if recalls else None,
            "worst_recall": _extreme(recalls, min),
            "mean_false": float(np.mean(list(false.values()))) if false else None,
            "worst_false": _extreme(false, max),
        }


def _extreme(rates: Mapping[str, float], choose: Callable[..., str]) -> Document | None:
    if not rates:
        return None
    name = choose(rates, key=lambda key: rates[key])
    return {"name": name, "rate": rates[name]}
