"""Is it the expected party, by the expected way: forwarded calls and unexpected network paths.

US 9,516,497 B2, claims 1–14: of a call that we placed, the callee's leg is compared with the line enrolled
for the number that was called; another line is another telecommunications device, as when the call was
forwarded. Claims 15–30: the networks that a call went through against those expected. No metadata of the call
is needed for either. The networks are a set here, not a sequence: their order is not told.
"""

import enum
import math

import msgspec

from silentspam.provenance.claims import PathClaim, claims_of
from silentspam.provenance.codecs import PathTold
from silentspam.provenance.path_model import NETWORKS
from silentspam.provenance.risk import Risk, another_line, assess
from silentspam.provenance.risk_table import RiskTable
from silentspam.provenance.sources import Verification

LIKELY = 0.5
UNLIKELY = 0.1
"""Probability of another device from which on it is likely, and up to which it is unlikely."""

UNLIKELY_PATH = 0.75
"""Probability of one network's being unexpected from which on the path is; from even odds on it is open."""


class Answer(enum.StrEnum):
    """What is told: the expected one, another, or neither with enough certainty."""

    EXPECTED = "expected"
    OTHER = "other"
    UNDECIDED = "undecided"


class DeviceFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the enrolled device answered. probability: that it was another, 0…1, with as many forwarded
    calls as `prior` said; score: natural log ratio of the enrolled line to any other; reason: in words."""

    answer: Answer
    probability: float
    score: float
    threshold: float
    reason: str


class PathFinding(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a call came by the expected networks. unexpected: the probability that it did not, 0…1, the
    networks taken as independent of each other; signature: those likelier than not; risk: as of a claim."""

    answer: Answer
    unexpected: float
    signature: tuple[str, ...]
    risk: Risk
    reason: str


def forwarded(found: Verification, name: str, *, prior: float = 0.5) -> DeviceFinding:
    """Of a verification of the callee's leg against the line `name` of the number that was called.

    prior: the share of calls that reach another device, 0…1, without the ends; with it the score is a
    probability. A verification asks for more, since it accepts whoever comes.
    """
    odds = math.log(prior) - math.log1p(-prior)
    other = _shifted(another_line(found, name), odds)
    if other >= LIKELY:
        answer, what = Answer.OTHER, "the call was forwarded, or answered on another device"
    elif other <= UNLIKELY:
        answer, what = Answer.EXPECTED, "another device is unlikely"
    else:
        answer, what = Answer.UNDECIDED, "too little to tell: listen longer, or enrol more calls"
    return DeviceFinding(
        answer=answer,
        probability=other,
        score=found.score,
        threshold=found.threshold,
        reason=f"{what}: another line than {name} with {other:.2f}, log ratio {found.score:.1f}",
    )


def expected_path(told: PathTold | None, path: PathClaim, table: RiskTable | None = None) -> PathFinding:
    """Of what was told of a call, against the networks (and codecs) that it is expected to come by.

    Unexpected is what contradicts the path by one network that leaves traces; the switched network, which is
    G.711 and leaves next to none, weighs little in `RiskTable` and decides nothing alone.
    """
    table = table or RiskTable()
    claims = claims_of([("the expected path", path)])
    risk = assess(told, None, claims, table)
    if told is None:
        return PathFinding(
            answer=Answer.UNDECIDED, unexpected=0.5, signature=(), risk=risk, reason=risk.reasons[0]
        )
    weighty = [one for one in risk.labels if one.label in NETWORKS and one.risk >= table.contradicted]
    right = [
        told.networks.get(label, 0.0) if met else 1 - told.networks.get(label, 0.0)
        for label, met in claims.networks.items()
        if table.of(label, claimed=met) >= table.contradicted
    ]
    sure = any(one.probability >= UNLIKELY_PATH for one in weighty)
    doubted = Answer.OTHER if sure else Answer.UNDECIDED
    return PathFinding(
        answer=doubted if weighty else Answer.EXPECTED,
        unexpected=1 - math.prod(right),
        signature=told.signature,
        risk=risk,
        reason=weighty[0].reason if weighty else "the expected networks are likely those that it came by",
    )


def _shifted(probability: float, log_odds: float) -> float:
    """A probability found with even odds, for others."""
    if not 0 < probability < 1:
        return probability
    return 1 / (1 + math.exp(-(math.log(probability) - math.log1p(-probability) + log_odds)))
