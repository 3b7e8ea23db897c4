"""How far a call's metadata can be believed: what the audio tells against what is claimed.

US 9,516,497 B2, column 12: "a risk score for a particular call is calculated as a weighted and normalized
sum of individual risk scores for each label for which the provenance predicted value is different from the
claimed metadata value. […] The weight is based on how statistically confident the detection system 100 is of
its prediction." Here

    score = min(1, Σ risk · confidence / whole)   over the labels that differ,   confidence = 2 p − 1

where p ≥ ½ is the probability that the claim is wrong. The sum is normalised by one figure,
`RiskTable.whole`, and not by the number of claims: those that hold must not hide one that does not. Countries
are claimed by numbers too, but no audio here was learnt with them: they are never judged.
"""

import math
from collections.abc import Iterator

import msgspec

from silentspam.provenance.claims import Claims
from silentspam.provenance.codecs import PathTold
from silentspam.provenance.risk_table import RiskTable
from silentspam.provenance.sources import Identification, Verification

SURE = 30.0
"""Natural log ratio beyond which nothing is surer."""


class LabelRisk(msgspec.Struct, frozen=True, kw_only=True):
    """A label whose claim is likelier wrong than right. probability: of that, ½…1; risk: of the label, 0…1;
    weighed: risk × confidence; reason: in words."""

    label: str
    probability: float
    risk: float
    weighed: float
    reason: str


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """score: 0…1, 0 where nothing differs; alerts: the claims that are contradicted outright, in words;
    labels: all that differ, the gravest first; reasons: in words."""

    score: float
    alerts: tuple[str, ...]
    labels: tuple[LabelRisk, ...]
    reasons: tuple[str, ...]


def assess(
    told: PathTold | None,
    line: Identification | Verification | None,
    claims: Claims,
    table: RiskTable,
) -> Risk:
    """The risk of a call. told: its codecs and networks, None where they could not be; line: how its line
    compares with those enrolled, None where that was not asked."""
    differing = [*(_of_path(told, claims, table) if told else ()), *_of_line(line, claims, table)]
    labels = tuple(sorted(differing, key=lambda one: -one.weighed))
    return Risk(
        score=min(1.0, math.fsum(one.weighed for one in labels) / table.whole),
        alerts=tuple(one.reason for one in labels if one.weighed >= table.contradicted),
        labels=labels,
        reasons=(*(one.reason for one in labels), *_unjudged(told, line, claims, labels)),
    )


def another_line(line: Identification | Verification, name: str) -> float:
    """The probability, 0…1, that a call is not of the line `name`, both as likely before it was heard.

    An identification that does not rank the line has it no likelier than the last that it does.
    """
    if isinstance(line, Verification):
        return _chance(-line.score)
    ranked = dict(line.ranking)
    lowest = line.ranking[-1][1] if line.ranking else 0.0
    return _chance(-ranked.get(name, lowest))


def _of_path(told: PathTold, claims: Claims, table: RiskTable) -> Iterator[LabelRisk]:
    for claimed, chances in ((claims.networks, told.networks), (claims.codecs, told.codecs)):
        for label, met in claimed.items():
            chance = chances.get(label, 0.0)
            wrong = 1 - chance if met else chance
            says = f"{'' if met else 'no '}{label}"
            reason = f"{claims.by.get(label, 'somebody')} claims {says}; it is told with {chance:.2f}"
            yield from _differing(label, wrong, table.of(label, claimed=met), reason)
    if claims.last:
        held = math.fsum(told.last.get(label, 0.0) for label in claims.last)
        likeliest = max(told.last, key=lambda label: told.last[label], default="none")
        reason = (
            f"{claims.by.get('last', 'somebody')} claims {' or '.join(claims.last)} as the last coder; "
            f"{likeliest} is likeliest ({told.last.get(likeliest, 0.0):.2f})"
        )
        yield from _differing("last", 1 - held, table.last, reason)


def _of_line(
    line: Identification | Verification | None, claims: Claims, table: RiskTable
) -> Iterator[LabelRisk]:
    if line is None or claims.line is None:
        return
    wrong = another_line(line, claims.line)
    reason = (
        f"{claims.by.get('line', 'somebody')} calls from the line {claims.line}; this is another line "
        f"with {wrong:.2f}"
    )
    yield from _differing("line", wrong, table.line, reason)


def _differing(label: str, wrong: float, risk: float, reason: str) -> Iterator[LabelRisk]:
    """A label, if its claim is likelier wrong than right."""
    confidence = min(max(2 * wrong - 1, 0.0), 1.0)
    if confidence > 0:
        yield LabelRisk(
            label=label, probability=min(wrong, 1.0), risk=risk, weighed=risk * confidence, reason=reason
        )


def _unjudged(
    told: PathTold | None,
    line: Identification | Verification | None,
    claims: Claims,
    labels: tuple[LabelRisk, ...],
) -> Iterator[str]:
    of_path = bool(claims.networks or claims.codecs or claims.last)
    if not of_path and claims.line is None:
        yield "nothing is claimed of the way it came"
    elif of_path and told is None:
        yield "networks and codecs could not be told: nobody speaks, or machines alone"
    elif not labels:
        yield "what was told is what is claimed"
    if claims.line is not None and line is None:
        yield f"its line was not compared with {claims.line}"
    if claims.country:
        yield f"its number is of {claims.country}: no country is told by sound"


def _chance(log_ratio: float) -> float:
    """The probability behind even odds and a natural log ratio."""
    return 1 / (1 + math.exp(-min(max(log_ratio, -SURE), SURE)))
