"""The learning curve of an attack: how many labelled calls of a new campaign find the rest of it.

A campaign that training never met is added to the training openings call by call; after 0, 5, 10, 20 and 50
labelled calls a model is trained anew and set to the calls of the campaign that are never trained on, the
same ones each time. The threshold is the one at which a nominal rate of held-out people is challenged: it is
chosen on one half of them, and the realised rate is counted on the other half, both ways round; no source of
people is in both halves. One campaign is added at a time.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.errors import SilentSpamError
from silentspam.training import metrics
from silentspam.training.dataset import Dataset
from silentspam.training.metrics import Mask, Scores
from silentspam.training.operating_point import Rate
from silentspam.training.train import TEST_PREFIX
from silentspam.training.trainers import Fit, Scorer

FORMAT = 1
TEST_CALLS = 20
"""Calls of a campaign that must be left to measure on."""

Document = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class CurveParams:
    """Labelled calls at each point; the nominal rate of false challenges, 0…1; campaigns to try at most."""

    labelled: tuple[int, ...] = (0, 5, 10, 20, 50)
    rate: float = 0.005
    campaigns: int = 12
    seed: int = 1


@dataclass(frozen=True, eq=False)
class _Held:
    """People held out: their vectors and the half each belongs to."""

    vectors: npt.NDArray[np.float32]
    first_half: Mask


def joined(first: Dataset, second: Dataset) -> Dataset:
    """The openings of both, those of `second` last; the hash stays the first's."""
    vectors = np.concatenate([first.vectors, second.vectors])
    return replace(first, vectors=vectors, rows=(*first.rows, *second.rows))


def learning_curve(base: Dataset, attacks: Dataset, fit: Fit, params: CurveParams, *, tell: Tell) -> Document:
    """The curve over the campaigns of `attacks`, which must not be among those of `base`.

    Parameters: base, openings to train on, and people whose split begins with "test"; attacks, dead air of
    campaigns with at least 20 calls more than the largest number to label. Raises SilentSpamError where one
    of these is missing.
    """
    training, held = _parts(base, params)
    campaigns = _campaigns(attacks, params)
    if set(training.groups[training.is_spam]) & set(campaigns):
        raise SilentSpamError("a campaign is both in the training openings and among the attacks")
    tell("trains without any call of the attacks")
    untold = fit(training)
    lines = []
    for number, campaign in enumerate(campaigns, 1):
        tell(f"campaign {number} of {len(campaigns)}: {campaign}")
        calls = attacks.where(attacks.groups == campaign)
        lines.append(_one_campaign(campaign, calls, training, held, fit, untold, params))
    return {
        "format": FORMAT,
        "params": asdict(params),
        "training": {"spam": int(training.is_spam.sum()), "ham": int((~training.is_spam).sum())},
        "people": len(held.first_half),
        "points": [_point(n, lines, i) for i, n in enumerate(params.labelled)],
        "campaigns": lines,
    }


def _parts(base: Dataset, params: CurveParams) -> tuple[Dataset, _Held]:
    in_test = np.array([row.split.startswith(TEST_PREFIX) for row in base.rows], dtype=bool)
    people = base.where(in_test & ~base.is_spam)
    if len(set(people.groups)) < 2:
        raise SilentSpamError(
            f"people of {len(set(people.groups))} sources are held out (split test…): 2 at least are needed"
        )
    return base.where(~in_test), _Held(people.vectors, halves(people.groups, params.seed))


def halves(groups: npt.NDArray[np.str_], seed: int) -> Mask:
    """True for about one half [shape=(n,)], with no group in both."""
    names, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    first = np.zeros(len(names), dtype=bool)
    weights = [0, 0]
    # The large ones first, and chance among equals: then the small ones even out the halves.
    order = np.random.default_rng(seed).permutation(len(names))
    for index in order[np.argsort(-sizes[order], kind="stable")]:
        first[index] = weights[0] <= weights[1]
        weights[0 if first[index] else 1] += int(sizes[index])
    return np.asarray(first[member], dtype=bool)


def _campaigns(attacks: Dataset, params: CurveParams) -> list[str]:
    """The first campaigns that have calls enough."""
    least = max(params.labelled) + TEST_CALLS
    names, counts = np.unique(attacks.groups[attacks.is_spam], return_counts=True)
    enough = [str(name) for name, count in zip(names, counts, strict=True) if count >= least]
    if not enough:
        largest = max(counts, default=0)
        raise SilentSpamError(f"the largest campaign has {largest} calls: at least {least} are needed")
    return enough[: params.campaigns]


def _one_campaign(
    campaign: str,
    calls: Dataset,
    training: Dataset,
    held: _Held,
    fit: Fit,
    untold: Scorer,
    params: CurveParams,
) -> Document:
    order = np.random.default_rng(params.seed).permutation(len(calls.rows))
    rank = np.argsort(order)
    rest = calls.where(rank >= max(params.labelled))
    points = []
    for n in params.labelled:
        scorer = fit(joined(training, calls.where(rank < n))) if n else untold
        points.append({"labelled": n, **_measured(scorer(rest.vectors), scorer(held.vectors), held, params)})
    return {
        "campaign": campaign,
        "kind": calls.rows[0].kind,
        "codec": calls.rows[0].codec,
        "calls": len(rest.rows),
        "points": points,
    }


def _measured(calls: Scores, people: Scores, held: _Held, params: CurveParams) -> Document:
    """Recall and realised false challenges, averaged over the two halves that can choose the threshold."""
    recalls, challenged, thresholds = [], 0, []
    for chooses in (held.first_half, ~held.first_half):
        threshold = metrics.threshold_at(people[chooses], params.rate)
        thresholds.append(threshold)
        recalls.append(float(np.mean(calls >= threshold)))
        challenged += int((people[~chooses] >= threshold).sum())
    return {
        "recall": float(np.mean(recalls)),
        "thresholds": thresholds,
        "challenged": challenged,
        "people": len(people),
    }


def _point(n: int, lines: list[Document], index: int) -> Document:
    """Over campaigns: mean, worst, and the wider of Wilson's interval and a bootstrap over campaigns."""
    points = [line["points"][index] for line in lines]
    recalls = np.array([point["recall"] for point in points])
    drawn = np.random.default_rng(metrics.SEED).choice(recalls, (metrics.RESAMPLES, len(recalls)))
    low, high = np.percentile(drawn.mean(axis=1), metrics.PERCENTILES)
    calls = sum(line["calls"] for line in lines)
    wilson = Rate(hits=round(float(recalls.mean()) * calls), n=calls).interval
    people = sum(point["people"] for point in points)
    return {
        "labelled": n,
        "mean": float(recalls.mean()),
        "low": min(float(low), wilson[0]),
        "high": max(float(high), wilson[1]),
        "worst": float(recalls.min()),
        "worst_campaign": lines[int(recalls.argmin())]["campaign"],
        "calls": calls,
        "false_challenges": sum(point["challenged"] for point in points) / people,
    }
