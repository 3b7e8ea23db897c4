"""What a contradiction between a call's audio and its metadata weighs: the `risk` part of the claims' file.

The patent leaves the risk of each label open ("could potentially be assigned a high risk value", US 9,516,497
B2, column 12); the defaults are our judgement, not measured on fraud. They follow what the audio can tell:
VoIP and cellular leave traces, G.711 and so the switched network next to none.
"""

from collections.abc import Mapping
from typing import Annotated

import msgspec

from silentspam.provenance.path_model import LABELS

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

UNEXPECTED: Mapping[str, float] = {"voip": 0.9, "cellular": 0.8, "pstn": 0.1, "g711": 0.1}
MISSING: Mapping[str, float] = {"voip": 0.4, "cellular": 0.7, "pstn": 0.1, "g711": 0.1}
OTHER = 0.4
"""Of every other label, which is a codec."""


class RiskTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Risks, 0…1. unexpected, missing: of a label that is told and not claimed, or claimed and not told;
    last: of another last coder; line: of another line than the enrolled one; whole: the sum that counts as 1;
    contradicted: risk × confidence of one label from which on it raises an alert. ValueError for an unknown
    label."""

    unexpected: dict[str, Share] = {}
    missing: dict[str, Share] = {}
    last: Share = 0.6
    line: Share = 1.0
    whole: Annotated[float, msgspec.Meta(gt=0, le=10)] = 1.0
    contradicted: Share = 0.5

    def __post_init__(self) -> None:
        for key, risks in (("unexpected", self.unexpected), ("missing", self.missing)):
            for label in risks:
                if label not in LABELS:
                    raise ValueError(f"{key} holds {label[:40]!r}: known are {', '.join(LABELS)}")

    def of(self, label: str, *, claimed: bool) -> float:
        """The risk of a label that is missing though claimed, or there though not claimed."""
        own, default = (self.missing, MISSING) if claimed else (self.unexpected, UNEXPECTED)
        return own.get(label, default.get(label, OTHER))
