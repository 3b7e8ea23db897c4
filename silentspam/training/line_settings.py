"""Two grounds to measure line memory on: the shipped one, and one that never met what it is measured on.

Same range: the space as the model has it, on campaigns of the generator that it was learnt from. Another
range: a space learnt without five codec families, without the louder campaigns and without the steepest
spectra, and people without these codecs, on the campaigns that have one of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.errors import SilentSpamError
from silentspam.lines.ground import LineGround
from silentspam.lines.space import Embeddings
from silentspam.model import SpamModel
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.line_ground import learn_ground
from silentspam.training.line_space import fit_space
from silentspam.training.train import TEST_PREFIX

Document = dict[str, Any]

LEAST_CALLS = 20
"""Calls that a campaign needs, to be learnt from and measured."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A ground, and the campaigns [names] that are measured on it.

    reference: other people of training, who set a live call's threshold [shape=(n, n_dims)]; learnt says what
    the space was learnt from.
    """

    name: str
    ground: LineGround
    reference: Embeddings
    campaigns: tuple[str, ...]
    learnt: Document = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Beyond:
    """What the other range's space does not meet.

    codecs: beginnings of names of a chain's codecs; level above which a campaign is loud [dBFS]; tilt below
    which a spectrum is steep [dB per octave].
    """

    codecs: tuple[str, ...] = ("ilbc", "g729", "speex", "opus12", "amr475")
    level_dbfs: float = -68.0
    tilt_db_per_octave: float = -np.inf

    def has_codec(self, chain: str) -> bool:
        """Whether a chain, such as `amr475-dtx+g711u`, has one of the codecs."""
        return any(part.startswith(self.codecs) for part in chain.split("+"))

    def holds(self, campaign: Mapping[str, Any]) -> bool:
        """Whether a campaign of `corpus.json` is beyond."""
        return (
            self.has_codec(str(campaign["chain"]))
            or campaign["level_dbfs"] > self.level_dbfs
            or campaign["tilt_db_per_octave"] < self.tilt_db_per_octave
        )


STEEPEST_SHARE = 0.15
"""Of the campaigns learnt from: their steepest spectra are beyond."""


def same_range(model: SpamModel, reference: Embeddings, openings: Dataset) -> Setting:
    """The model's own ground and the people kept with it. Raises SilentSpamError for a model without."""
    if model.ground is None:
        raise SilentSpamError(f"model {model.model_id} has no lines.json: train it again")
    trained = model.card.training
    return Setting(
        name="same range",
        ground=model.ground,
        reference=reference,
        campaigns=large_campaigns(openings.rows),
        learnt={
            "campaigns": trained.get("campaigns"),
            "calls": trained.get("openings", {}).get("spam"),
            "cohort": len(model.ground.people.means),
        },
    )


def another_range(
    trained_on: Dataset,
    made: Mapping[str, Any],
    openings: Dataset,
    corpus: Mapping[str, Any],
    *,
    seed: int = 1,
) -> Setting:
    """A ground learnt without what is beyond, and the campaigns of `openings` that are.

    `made` and `corpus` are the corpus.json of each. Raises SilentSpamError where one has no campaigns in it,
    or too few are left to learn from.
    """
    known, measured = _described(made, "learnt from"), _described(corpus, "measured")
    steep = float(np.quantile([one["tilt_db_per_octave"] for one in known.values()], STEEPEST_SHARE))
    beyond = Beyond(tilt_db_per_octave=steep)
    kept = np.array([_may_learn(row, known, beyond) for row in trained_on.rows], dtype=bool)
    learning = trained_on.where(kept)
    spam = learning.is_spam
    space = fit_space(learning.vectors[spam], _campaigns(learning.rows)[spam])
    if space is None:
        raise SilentSpamError("too few campaigns are left to learn a space without what is held out")
    learnt = learn_ground(learning, space, seed=seed)
    far = {name for name, one in measured.items() if beyond.holds(one)}
    return Setting(
        name="another range",
        ground=learnt.ground,
        reference=learnt.reference,
        campaigns=tuple(name for name in large_campaigns(openings.rows) if name in far),
        learnt={
            "campaigns": learnt.campaigns,
            "calls": learnt.calls,
            "cohort": len(learnt.ground.people.means),
            "codecs_held_out": list(beyond.codecs),
            "levels_held_out_above_dbfs": beyond.level_dbfs,
            "tilts_held_out_below_db_per_octave": steep,
        },
    )


def large_campaigns(rows: Sequence[Labelled]) -> tuple[str, ...]:
    """The campaigns with calls enough, in order of their names."""
    names, counts = np.unique([row.campaign for row in rows if row.is_spam], return_counts=True)
    found = zip(names, counts, strict=True)
    return tuple(str(name) for name, count in found if name and count >= LEAST_CALLS)


def _may_learn(row: Labelled, known: Mapping[str, Mapping[str, Any]], beyond: Beyond) -> bool:
    if row.split.startswith(TEST_PREFIX) or beyond.has_codec(row.codec):
        return False
    return not row.is_spam or (row.campaign in known and not beyond.holds(known[row.campaign]))


def _described(corpus: Mapping[str, Any], which: str) -> dict[str, Mapping[str, Any]]:
    found = {str(one["name"]): one for one in corpus.get("campaigns", ()) if "tilt_db_per_octave" in one}
    if not found:
        raise SilentSpamError(f"the corpus that is {which} has no corpus.json that describes its campaigns")
    return found


def _campaigns(rows: Sequence[Labelled]) -> npt.NDArray[np.str_]:
    return np.array([row.campaign for row in rows], dtype=str)
