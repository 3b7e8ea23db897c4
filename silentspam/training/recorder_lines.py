"""What FreeSWITCH's recorder moves beneath a verdict: codes, features, and places in the space of lines.

Of people and of dead air that is judged in every way of recording. A line is learnt from the first calls of a
campaign as one switch has them, and looked for in the others as either has them; twelve are active together.
Movements are in the standard deviations of training; in the space of lines, in the spread within a line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.audio import Recording
from silentspam.errors import SilentSpamError
from silentspam.features import feature_matrix, feature_names
from silentspam.fitness import why_inconclusive
from silentspam.lines.ground import LineGround
from silentspam.lines.known import KnownLines
from silentspam.lines.matching import threshold_for
from silentspam.lines.space import Embeddings
from silentspam.model import SpamModel
from silentspam.training import metrics
from silentspam.training.dataset import SILENCE_SPLIT, Labelled
from silentspam.training.line_study import TOGETHER
from silentspam.training.recorder_study import judged_of, sent_of, spread_of
from silentspam.training.recorder_ways import ASTERISK, FREESWITCH, LATER, WHOLE
from silentspam.training.recorders import MINUS_ZERO, PLUS_ZERO

Document = dict[str, Any]

ENROLLED = 3
"""Calls that a line is learnt from (docs/lines.md)."""
MOST_MOVED = 8
PAIRS = ((LATER, FREESWITCH), (ASTERISK, LATER))
DEAD_AIR, PEOPLE = "dead air", "people"


@dataclass(frozen=True, eq=False)
class Openings:
    """Openings that are judged in every way: rows, and by way their sounding parts and features
    [shape=(n, n_features)]."""

    rows: tuple[Labelled, ...]
    sounding: Mapping[str, tuple[Recording, ...]]
    vectors: Mapping[str, npt.NDArray[np.float32]]

    @property
    def classes(self) -> dict[str, metrics.Mask]:
        """Which are dead air, and which are people."""
        spam = np.array([row.is_spam for row in self.rows], dtype=bool)
        return {DEAD_AIR: spam, PEOPLE: ~spam}

    @property
    def groups(self) -> metrics.Names:
        """The campaign or source of each [shape=(n,)]."""
        return np.array([row.group for row in self.rows], dtype=str)


def measure(rows: Sequence[Labelled], model: SpamModel, *, seed: int) -> Openings:
    """The features of people and of dead air in every way of recording.

    Raises AudioError where a recording cannot be read, and SilentSpamError where there is nothing of either.
    """
    kept, sounding = [], {way: list[Recording]() for way in WHOLE}
    for number, row in enumerate(rows):
        if row.is_other or row.split == SILENCE_SPLIT:
            continue
        call = sent_of(row, number, seed=seed)
        openings = {way: judged_of(record, call) for way, record in WHOLE.items()}
        if not any(why_inconclusive(opening) for opening in openings.values()):
            kept.append(row)
            for way, opening in openings.items():
                sounding[way].append(opening.sounding)
    if len({row.is_spam for row in kept}) < 2:
        raise SilentSpamError(f"{len(kept)} openings can be judged: dead air and people are needed")
    vectors = {way: feature_matrix(found, model.params) for way, found in sounding.items()}
    return Openings(tuple(kept), {way: tuple(found) for way, found in sounding.items()}, vectors)


def study_codes(openings: Openings) -> Document:
    """Shares of both zeros among the codes of what sounds, as Asterisk has them, by class."""
    counts = np.array([opening.code_counts for opening in openings.sounding[ASTERISK]])
    shares = counts / counts.sum(axis=1, keepdims=True)
    return {
        name: {
            "n": int(mask.sum()),
            "plus_zero": spread_of(shares[mask, PLUS_ZERO]),
            "minus_zero": spread_of(shares[mask, MINUS_ZERO]),
            "with_minus_zero": int((counts[mask, MINUS_ZERO] > 0).sum()),
        }
        for name, mask in openings.classes.items()
    }


def study_features(openings: Openings, model: SpamModel) -> list[Document]:
    """The features that move most on average, by class and pair of ways, in standard deviations."""
    names = feature_names(model.params)
    scale = _ground(model).space.scale
    found = []
    for pair in PAIRS:
        moved = np.abs(openings.vectors[pair[1]] - openings.vectors[pair[0]]) / scale
        for name, mask in openings.classes.items():
            means = moved[mask].mean(axis=0)
            most = np.argsort(-means)[:MOST_MOVED]
            found.append(
                {
                    "reference": pair[0],
                    "recorded": pair[1],
                    "class": name,
                    "unmoved": int((moved[mask].max(axis=0) == 0).sum()),
                    "features": len(names),
                    "most": [
                        {"feature": names[k], "mean": float(means[k]), **(spread_of(moved[mask, k]) or {})}
                        for k in most.tolist()
                    ],
                }
            )
    return found


def study_places(
    openings: Openings, model: SpamModel, reference: Embeddings, *, live_share: float
) -> Document:
    """How far places of lines move, and how many calls are known again across recorders.

    reference: people kept with the model [shape=(n, n_dims)], of whom live_share set a live call's threshold.
    """
    ground = _ground(model)
    places = {way: ground.embed(vectors) for way, vectors in openings.vectors.items()}
    dead_air = openings.classes[DEAD_AIR]
    distances = []
    for pair in PAIRS:
        apart = places[pair[1]][dead_air] - places[pair[0]][dead_air]
        distances.append(
            {
                "reference": pair[0],
                "recorded": pair[1],
                "distance": spread_of(_length(apart)),
                "of_means": float(_length(apart.mean(axis=0, keepdims=True))[0]),
            }
        )
    return {
        "enrolled": ENROLLED,
        "together": TOGETHER,
        "distances": distances,
        "within": spread_of(_length(_from_means(places[ASTERISK][dead_air], openings.groups[dead_air]))),
        "known": _known(openings, places, ground, reference, live_share),
    }


def _ground(model: SpamModel) -> LineGround:
    if model.ground is None:
        raise SilentSpamError(f"model {model.model_id} has no lines.json: train it again")
    return model.ground


def _length(apart: Embeddings) -> npt.NDArray[np.float64]:
    """Root mean square over the dimensions [shape=(n, n_dims)] to [shape=(n,)]."""
    return np.asarray(np.sqrt(np.square(apart).mean(axis=1)))


def _from_means(places: Embeddings, groups: metrics.Names) -> Embeddings:
    """Each place from the mean of its group."""
    _, member = np.unique(groups, return_inverse=True)
    means = np.array([places[member == one].mean(axis=0) for one in range(member.max() + 1)])
    return np.asarray(places - means[member])


def _known(
    openings: Openings,
    places: Mapping[str, Embeddings],
    ground: LineGround,
    reference: Embeddings,
    live_share: float,
) -> list[Document]:
    """Of each way that learns and each that hears: calls taken for their own line, people for any."""
    names, groups = np.unique(openings.groups[openings.classes[DEAD_AIR]]), openings.groups
    calls = [np.flatnonzero(groups == name) for name in names]
    people = np.flatnonzero(openings.classes[PEOPLE])
    found = []
    for learns in WHOLE:
        places_of = [places[learns][rows[:ENROLLED]].mean(axis=0) for rows in calls]
        together = [
            _Together(ground, places_of[start : start + TOGETHER], calls[start : start + TOGETHER])
            for start in range(0, len(names), TOGETHER)
        ]
        limits = [threshold_for(one.best(reference), live_share) for one in together]
        for hears in WHOLE:
            heard = [one.known(places[hears], limit) for one, limit in zip(together, limits, strict=True)]
            matched = [
                one.best(places[hears][people]) >= limit for one, limit in zip(together, limits, strict=True)
            ]
            rest = np.concatenate([rows[ENROLLED:] for rows in calls])
            found.append(
                {
                    "learns": learns,
                    "hears": hears,
                    "known": asdict(metrics.share(np.concatenate(heard), groups[rest])),
                    "people": asdict(
                        metrics.share(np.concatenate(matched), np.tile(groups[people], len(matched)))
                    ),
                }
            )
    return found


@dataclass(frozen=True, eq=False)
class _Together:
    """Lines active together, by their means, and the rows of the calls of each."""

    ground: LineGround
    means: Sequence[npt.NDArray[np.float64]]
    calls: Sequence[npt.NDArray[np.intp]]

    def scores(self, places: Embeddings) -> npt.NDArray[np.float64]:
        """Of openings [shape=(n, n_dims)] with each line [shape=(n, n_lines)]."""
        counts = np.full(len(self.means), ENROLLED, dtype=np.int32)
        means = np.array(self.means, dtype=np.float32)
        return self.ground.scores(places, KnownLines(self.ground.space, means, counts))

    def best(self, places: Embeddings) -> npt.NDArray[np.float64]:
        """Of each opening with the likest line [shape=(n,)]."""
        return np.asarray(self.scores(places).max(axis=1, initial=-np.inf))

    def known(self, places: Embeddings, limit: float) -> metrics.Mask:
        """Which of the calls that no line was learnt from are taken for their own, in the lines' order."""
        own = [np.full(max(len(rows) - ENROLLED, 0), number) for number, rows in enumerate(self.calls)]
        scores = self.scores(places[np.concatenate([rows[ENROLLED:] for rows in self.calls])])
        likest = scores.argmax(axis=1) == np.concatenate(own)
        return np.asarray(likest & (scores.max(axis=1, initial=-np.inf) >= limit))
