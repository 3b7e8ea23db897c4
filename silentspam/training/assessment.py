"""A model measured on labelled openings: overall, by split, campaign, kind and codec, as one document.

The document holds plain values, ready for JSON; its rates are those of `training.metrics`, with their
intervals. What the model would not judge (digital silence, too little audio) is counted apart and is in no
other figure: such a call is bridged. Nor are the openings made to have digital silence in them.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from silentspam.card import OperatingPoint
from silentspam.model import SpamModel
from silentspam.training import metrics
from silentspam.training.dataset import SILENCE_SPLIT, LabelError, Labelled
from silentspam.training.evaluation import FALSE_CHALLENGE_RATES
from silentspam.training.metrics import Mask
from silentspam.training.scoring import Scored
from silentspam.training.train import TEST_PREFIX

FORMAT = 1
Document = dict[str, Any]


def choose_splits(rows: Sequence[Labelled], splits: Sequence[str]) -> tuple[Labelled, ...]:
    """The rows of these splits; of none named, those kept for testing, or all where nothing is kept.

    Raises LabelError for a split that no row has.
    """
    there = {row.split for row in rows}
    unknown = sorted(set(splits) - there)
    if unknown:
        raise LabelError(f"no row of split {', '.join(unknown)}: there are {', '.join(sorted(there))}")
    wanted = set(splits) or {split for split in there if split.startswith(TEST_PREFIX)} or there
    return tuple(row for row in rows if row.split in wanted)


def assess(model: SpamModel, scored: Scored, *, statement: str = "") -> Document:
    """Every figure of a model on these openings; a figure that their labels do not allow is None.

    `statement` says where the openings come from.
    """
    threshold = model.card.threshold
    silence = scored.column("split") == SILENCE_SPLIT
    digital_silence = _digital_silence(scored.where(silence))
    scored = scored.where(~silence)
    judged = scored.judged
    splits = sorted({row.split for row in scored.rows})
    return {
        "format": FORMAT,
        "statement": statement,
        "model": {
            "model_id": model.model_id,
            "threshold": threshold,
            "groups": list(model.card.groups),
            "statement": model.card.statement,
        },
        "budgets": [_at_budget(point, judged) for point in model.card.operating_points],
        "splits_used": splits,
        "openings": _counts(scored),
        "not_judged": scored.not_judged(),
        "digital_silence": digital_silence,
        "overall": figures(judged, judged, threshold),
        "splits": {
            split or "(none)": figures(judged.where(judged.column("split") == split), judged, threshold)
            for split in splits
        },
        "campaigns": _campaigns(judged, threshold),
        "spam_kinds": _by(judged, "kind", judged.is_spam, threshold),
        "ham_kinds": _by(judged, "kind", ~judged.is_spam, threshold),
        "codecs": _codecs(judged, threshold),
    }


def _digital_silence(silent: Scored) -> Document:
    """By kind, the share of all its people, judged or not, who would be challenged: none may be."""
    kinds = silent.column("kind")
    return {
        str(name): {
            "challenged": asdict(metrics.share(silent.challenged[kinds == name])),
            "judged": int((~np.isnan(silent.probabilities[kinds == name])).sum()),
        }
        for name in np.unique(kinds)
    }


def _at_budget(point: OperatingPoint, judged: Scored) -> Document:
    """What a budget's threshold, chosen in training on other people, does to these people and calls."""
    spam = judged.where(judged.is_spam)
    return {
        "max_false_challenge_rate": point.max_false_challenge_rate,
        "threshold": point.threshold,
        "recall": {
            split or "(none)": _share(spam.where(spam.column("split") == split), point.threshold)
            for split in sorted(set(spam.column("split").tolist()))
        },
        "false_challenges": _share(judged.where(~judged.is_spam), point.threshold),
    }


def _counts(scored: Scored) -> Document:
    is_spam = scored.is_spam
    return {
        "spam": int(is_spam.sum()),
        "ham": int((~is_spam).sum()),
        "campaigns": len(set(scored.groups[is_spam])),
        "ham_sources": len(set(scored.groups[~is_spam])),
        "judged": len(scored.judged.rows),
    }


def figures(part: Scored, everyone: Scored, threshold: float) -> Document:
    """The figures of one part of the openings.

    A part without people of its own, such as further calls of known campaigns, is set against the people
    among `everyone`; `people_of` says whose they are.
    """
    own = part.where(~part.is_spam)
    people = own if len(own.rows) else everyone.where(~everyone.is_spam)
    dead_air = part.where(part.is_spam)
    found: Document = {
        "openings": {"spam": len(dead_air.rows), "ham": len(people.rows)},
        "people_of": "these openings" if len(own.rows) else "all openings evaluated",
        "recall": _share(dead_air, threshold),
        "false_challenges": _share(people, threshold),
        "confusion": None,
        "ranking": None,
        "recall_at": None,
    }
    if len(dead_air.rows) and len(people.rows):
        scores = np.concatenate([dead_air.probabilities, people.probabilities])
        is_spam = np.arange(len(scores)) < len(dead_air.rows)
        suspected = np.concatenate([dead_air.suspected(threshold), people.suspected(threshold)])
        found["confusion"] = asdict(metrics.confusion(is_spam, suspected))
        found["ranking"] = {
            "roc_area": metrics.roc_area(is_spam, scores),
            "average_precision": metrics.average_precision(is_spam, scores),
            "roc": asdict(metrics.roc(is_spam, scores)),
            "precision_recall": asdict(metrics.precision_recall(is_spam, scores)),
        }
        found["recall_at"] = [_recall_at(rate, dead_air, people) for rate in FALSE_CHALLENGE_RATES]
    return found


def _share(part: Scored, threshold: float) -> Document | None:
    if not part.rows:
        return None
    return asdict(metrics.share(part.suspected(threshold), part.groups))


def _recall_at(rate: float, dead_air: Scored, people: Scored) -> Document:
    found = metrics.recall_at(
        rate,
        dead_air.probabilities,
        people.probabilities,
        spam_clusters=dead_air.groups,
        ham_clusters=people.groups,
    )
    return asdict(found)


def _by(judged: Scored, column: str, chosen: Mask, threshold: float) -> Document:
    """The share suspected of the chosen, by what they have in a column."""
    names = judged.column(column)
    return {
        str(name) or "(none)": _share(judged.where(chosen & (names == name)), threshold)
        for name in np.unique(names[chosen])
    }


def _campaigns(judged: Scored, threshold: float) -> list[Document]:
    """The recall of each campaign, worst first; the calls of one campaign are taken as independent."""
    spam = judged.where(judged.is_spam)
    found = []
    for name in np.unique(spam.column("campaign")):
        calls = spam.where(spam.column("campaign") == name)
        recall = asdict(metrics.share(calls.suspected(threshold)))
        found.append(
            {
                "campaign": str(name) or "(none)",
                "kinds": sorted(set(calls.column("kind").tolist())),
                "codecs": sorted(set(calls.column("codec").tolist())),
                "splits": sorted(set(calls.column("split").tolist())),
                "recall": recall,
            }
        )
    return sorted(found, key=lambda campaign: (campaign["recall"]["rate"], -campaign["recall"]["n"]))


def _codecs(judged: Scored, threshold: float) -> Document:
    codecs = judged.column("codec")
    return {
        str(name) or "(none)": {
            "recall": _share(judged.where(judged.is_spam & (codecs == name)), threshold),
            "false_challenges": _share(judged.where(~judged.is_spam & (codecs == name)), threshold),
        }
        for name in np.unique(codecs)
    }
