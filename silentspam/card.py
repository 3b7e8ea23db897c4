"""A model's card: the parameters that must match the code, and what people should know of the model."""

from dataclasses import asdict
from typing import Any, Literal

import msgspec

from silentspam.errors import ModelError
from silentspam.features import FeatureParams
from silentspam.spectrum import StftParams

FORMAT = 2
"""Version of the model folder's layout; another one is refused."""

LINE_FORMAT = 1
"""Version of what line memory stands on; another one is refused."""


class StftCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The card's copy of StftParams, and the window: only a Hann window exists, so another one is refused."""

    sample_rate: int
    window_length: int
    hop_length: int
    window: Literal["hann"] = "hann"


class Combination(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the trees and the likeness to known lines become one calibrated probability.

    The log odds of spam are bias + odds × (the trees' log odds) + likeness × (the evidence of known lines,
    `lines.evidence`, within 0…limit): logistic calibration (Platt 1999) with one more term.
    """

    bias: float
    odds: float
    likeness: float = 0.0
    limit: float = 60.0


class OperatingPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The threshold for one budget, and how many of n held-out people it challenged (95 % interval)."""

    max_false_challenge_rate: float
    threshold: float
    hits: int
    n: int
    wilson95: tuple[float, float]


class LineCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The card of what line memory stands on (`lines.json`): `lines.ground`, and what it was learnt from.

    space_id: of the ground; n_dims of an embedding; cohort: people an opening is told from; reference: other
    people, to set thresholds by; campaigns and calls that the space was learnt from.
    """

    format: int
    space_id: str
    n_dims: int
    cohort: int
    reference: int
    campaigns: int
    calls: int
    statement: str = ""


class ModelCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model is: parameters that must match the code, and where it came from.

    trees: a forest's votes or boosted trees; lines: whether the folder holds known lines; threshold: spam
    probability, 0…1, from which on a call is suspected unless a budget says otherwise; operating_points: of
    other budgets, smallest first. training and evaluation are written by the trainer for people to read.
    """

    format: int
    stft: StftCard
    n_bases: int
    groups: list[str]
    feature_names: list[str]
    n_features: int
    depth: int
    threshold: float
    seed: int
    data_hash: str
    versions: dict[str, str]
    trees: Literal["forest", "boosted"] = "forest"
    lines: bool = False
    combination: Combination | None = None
    operating_points: list[OperatingPoint] = []
    created_by: str = ""
    statement: str = ""
    training: dict[str, Any] = {}
    evaluation: dict[str, Any] = {}

    def feature_params(self) -> FeatureParams:
        """The parameters as the code's own class. Raises ModelError when the code has no such features."""
        stft = StftParams(
            sample_rate=self.stft.sample_rate,
            window_length=self.stft.window_length,
            hop_length=self.stft.hop_length,
        )
        return FeatureParams(stft=stft, n_bases=self.n_bases, groups=tuple(self.groups))

    def threshold_for(self, max_false_challenge_rate: float | None) -> float:
        """The threshold that keeps falsely challenged people to a budget, 0…1; the card's own without one.

        The largest budget of the card that is not above it; below the smallest, the smallest one's.
        """
        points = [point for point in self.operating_points if max_false_challenge_rate is not None]
        if not points:
            return self.threshold
        within = [p for p in points if p.max_false_challenge_rate <= float(max_false_challenge_rate or 0)]
        return (within[-1] if within else points[0]).threshold

    def validate(self) -> None:
        """Raise ModelError for another format, or thresholds outside 0…1."""
        if self.format != FORMAT:
            raise ModelError(f"format is {self.format}, this version reads {FORMAT}")
        for threshold in (self.threshold, *(point.threshold for point in self.operating_points)):
            if not 0 <= threshold <= 1:
                raise ModelError(f"threshold is {threshold}, it must lie in 0…1")
        budgets = [point.max_false_challenge_rate for point in self.operating_points]
        if budgets != sorted(budgets):
            raise ModelError("operating_points are not in the order of their budgets")


def check_line_card(card: LineCard, *, space_id: str, n_dims: int, cohort: int) -> None:
    """Raise ModelError where `lines.json` is of another format, or of other arrays than these."""
    if card.format != LINE_FORMAT:
        raise ModelError(f"lines.json: format is {card.format}, this version reads {LINE_FORMAT}")
    for name, found in (("n_dims", n_dims), ("cohort", cohort), ("space_id", space_id)):
        if getattr(card, name) != found:
            raise ModelError(f"lines.json: {name} is {getattr(card, name)}, the arrays' is {found}")


def stft_card(params: StftParams) -> StftCard:
    """The card's copy of the transform's parameters."""
    return StftCard(**asdict(params))
