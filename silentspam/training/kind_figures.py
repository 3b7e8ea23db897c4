"""What is found of each kind of SPAM, and whom each kind challenges by mistake: counts as one document.

The document holds plain values, ready for JSON; shares are those of `training.metrics`, with their intervals.
Found is an opening that is taken for its own kind; challenged, one that is taken for any kind. Openings made
to have digital silence in them are in no figure here (`assessment` has them).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from silentspam.call import VerdictKind
from silentspam.kinds.table import KINDS
from silentspam.training import metrics
from silentspam.training.dataset import SILENCE_SPLIT
from silentspam.training.kind_scoring import UNKNOWN, Told
from silentspam.training.metrics import Mask, Names

Document = dict[str, Any]

HAM = VerdictKind.HAM.value
NO_LOSS, SOME_LOSS, MUCH_LOSS, UNSAID = "none", "up to 2 %", "more", "not said"
SOME = 0.0201
WORST = 8
NAMES = tuple(kind.name for kind in KINDS)
VERDICTS = (*NAMES, HAM, VerdictKind.INCONCLUSIVE.value)
LABELS = (*(label for name in NAMES for label in (name, f"{name} ({UNKNOWN})")), HAM)
"""What an opening may be by its label, in the order of the tables."""


def assess_kinds(told: Told, *, thresholds: Mapping[str, float | None], known_recordings: int) -> Document:
    """Every figure. thresholds of the kinds, None for one that nobody listened for."""
    told = told.where(told.column("split") != SILENCE_SPLIT)
    labels = told.labels
    there = [label for label in LABELS if (labels == label).any()]
    people = told.where(labels == HAM)
    return {
        "openings": len(told.rows),
        "thresholds": dict(thresholds),
        "known_recordings": known_recordings,
        "unheard": told.unheard,
        "confusion": {label: _counts(told.where(labels == label)) for label in there},
        "found": {label: _found(told.where(labels == label), label) for label in there if label != HAM},
        "people": _people(people),
    }


def _counts(part: Told) -> Document:
    counted = Counter(part.verdicts.tolist())
    return {name: counted[name] for name in (*VERDICTS, *sorted(set(counted) - set(VERDICTS)))}


def _found(part: Told, label: str) -> Document:
    """How many are taken for their kind, and for any; by what they are, by codec and by loss."""
    own = part.verdicts == label.removesuffix(f" ({UNKNOWN})")
    return {
        "campaigns": len(set(part.groups)),
        "found": _share(own, part.groups),
        "challenged": _share(_suspected(part), part.groups),
        "families": _by(own, part, part.column("kind")),
        "codecs": _by(own, part, codecs_of(part)),
        "losses": _by(own, part, losses_of(part)),
    }


def _people(people: Told) -> Document:
    """How many each kind challenges, all of them and by how their call opens."""
    kinds = people.column("kind")
    return {
        "all": _by_kind(people),
        "sources": len(set(people.groups)),
        "openings": {str(name): _by_kind(people.where(kinds == name)) for name in np.unique(kinds)},
        "codecs": _by(_suspected(people), people, codecs_of(people)),
        "losses": _by(_suspected(people), people, losses_of(people)),
        "worst": _worst(people),
    }


def _worst(people: Told) -> list[Document]:
    """The sources with most people challenged: how many of each kind. One place can be most of a rate."""
    sources = people.column("source")
    challenged = Counter(sources[_suspected(people)].tolist())
    return [
        {"source": name, "n": int((sources == name).sum()), "kinds": _counts(people.where(sources == name))}
        for name, _ in sorted(challenged.items(), key=lambda one: (-one[1], one[0]))[:WORST]
    ]


def _by_kind(people: Told) -> Document:
    any_kind = {"any": _share(_suspected(people), people.groups)}
    return any_kind | {name: _share(people.verdicts == name, people.groups) for name in NAMES}


def _suspected(part: Told) -> Mask:
    return ~np.isin(part.verdicts, (HAM, VerdictKind.INCONCLUSIVE.value))


def _share(hits: Mask, groups: Names) -> Document:
    return asdict(metrics.share(hits, groups))


def _by(hits: Mask, part: Told, names: Names) -> Document:
    return {str(name): _share(hits[names == name], part.groups[names == name]) for name in np.unique(names)}


def codecs_of(part: Told) -> Names:
    """The compressing codec on the way of each [shape=(n,)]: "g711" for none, "two of them" for a tandem."""

    def one(chain: str) -> str:
        hops = [name for name in chain.split("+") if name and not name.startswith("g711")]
        return "two of them" if len(hops) > 1 else hops[0] if hops else "g711" if chain else UNSAID

    return np.array([one(chain) for chain in part.column("codec")], dtype=str)


def losses_of(part: Told) -> Names:
    """How much of its packets each one's way loses [shape=(n,)]."""

    def one(loss: str) -> str:
        try:
            share = float(loss)
        except ValueError:
            return UNSAID
        return NO_LOSS if share == 0 else SOME_LOSS if share < SOME else MUCH_LOSS

    return np.array([one(loss) for loss in part.column("loss")], dtype=str)
