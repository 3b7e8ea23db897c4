"""What line memory finds after a few failed challenges, and whom it mistakes, by calls and by lines active.

Each line is the mean of a campaign's first calls, drawn at random; twelve campaigns' lines are active
together, and all other calls of these twelve are scored, with held-out people. Neither the campaigns nor the
people's sources were in training.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.errors import SilentSpamError
from silentspam.training import metrics
from silentspam.training.burst_study import measure_bursts
from silentspam.training.dataset import Dataset
from silentspam.training.line_scores import Indices, LineScores, Means, means_of
from silentspam.training.line_settings import Setting
from silentspam.training.operating_point import Rate

FORMAT = 1
LEAST_CAMPAIGNS = 24
TOGETHER = 12
"""Lines active together."""
OTHER_CALLS = 3
"""Calls that each of the other lines active was learnt from."""

Document = dict[str, Any]
Tell = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class LineStudyParams:
    """What is measured.

    enrolled: failed challenges that a line was learnt from; rates: nominal shares of people falsely matched,
    None for a live call's threshold; others: further lines active; active: numbers of lines active for the
    curve of false matches, and rounds of it; draws: how often each campaign's first calls are drawn; trials:
    windows in which a burst is looked for; live_share: of the people kept with the model, whom a live call's
    threshold lets be matched.
    """

    enrolled: tuple[int, ...] = (1, 2, 3, 5, 10)
    rates: tuple[float | None, ...] = (0.005, 0.001, None)
    others: int = 100
    active: tuple[int, ...] = (1, 3, 12, 30, 100, 300, 1000)
    rounds: int = 5
    draws: int = 10
    trials: int = 300
    live_share: float = 0.0015
    seed: int = 1


def study_lines(
    openings: Dataset,
    settings: Sequence[Setting],
    params: LineStudyParams,
    *,
    further: Dataset | None = None,
    tell: Tell = lambda _: None,
) -> Document:
    """Every figure of line memory on a corpus whose campaigns no training met.

    Parameters: openings, 24 campaigns of 20 calls at least, and people; further, dead air of other campaigns
    for more lines active. Raises SilentSpamError where there is too little.
    """
    found = []
    for setting in settings:
        tell(f"{setting.name}: {len(setting.campaigns)} campaigns")
        if len(setting.campaigns) < LEAST_CAMPAIGNS:
            raise SilentSpamError(
                f"{setting.name}: {len(setting.campaigns)} campaigns of 20 calls or more, "
                f"{LEAST_CAMPAIGNS} are needed"
            )
        scores = LineScores(setting, openings, seed=params.seed, live_share=params.live_share)
        found.append(
            {
                "name": setting.name,
                "learnt": {**setting.learnt, "space_id": setting.ground.space_id},
                "campaigns": len(setting.campaigns),
                "people": len(scores.people),
                "people_sources": len(np.unique(scores.sources[scores.people])),
                "recall": list(_recall(setting, scores, params)),
                "active": list(
                    _active(setting, scores, means_of(setting.ground, further, OTHER_CALLS), params)
                ),
                "bursts": measure_bursts(setting, scores, trials=params.trials, seed=params.seed),
            }
        )
    return {"format": FORMAT, "params": asdict(params), "settings": found}


@dataclass(frozen=True, eq=False)
class _Draw:
    """Lines of some campaigns [names], which come first, and of others; and the campaigns' other calls."""

    names: tuple[str, ...]
    means: Means
    counts: Indices
    rest: tuple[Indices, ...]


def _draw(
    scores: LineScores, names: Sequence[str], rng: np.random.Generator, *, enrolled: int, others: int | None
) -> _Draw:
    """`others` lines besides those of `names`; as many as there are for None."""
    drawn = [rng.permutation(scores.calls[name]) for name in names]
    means = np.stack([scores.places[rows[:enrolled]].mean(axis=0) for rows in drawn])
    more = scores.other_means(rng, names, OTHER_CALLS)[:others]
    counts = np.repeat([enrolled, OTHER_CALLS], [len(means), len(more)])
    rest = tuple(rows[enrolled:] for rows in drawn)
    return _Draw(tuple(names), np.concatenate([means, more]), counts, rest)


def _recall(setting: Setting, scores: LineScores, params: LineStudyParams) -> Iterator[Document]:
    """After some failed challenges, with twelve lines active, and with others besides."""
    for enrolled in params.enrolled:
        for others in (0, params.others):
            found: dict[float | None, dict[str, list[float]]] = {rate: {} for rate in params.rates}
            false: dict[float | None, list[float]] = {rate: [] for rate in params.rates}
            for draw in range(params.draws):
                rng = np.random.default_rng([params.seed, enrolled, draw])
                for names in _batches(rng.permutation(setting.campaigns)):
                    drawn = _draw(scores, names, rng, enrolled=enrolled, others=others)
                    _score(scores, drawn, found, false)
            for rate in params.rates:
                yield {
                    "enrolled": enrolled,
                    "lines": len(drawn.means),
                    "rate": rate,
                    **_point(found[rate], scores, enrolled),
                    "false": float(np.mean(false[rate])),
                }


def _score(
    scores: LineScores,
    drawn: _Draw,
    found: dict[float | None, dict[str, list[float]]],
    false: dict[float | None, list[float]],
) -> None:
    """Add to each rate the recall of every campaign drawn, and the share of people falsely matched."""
    lines = scores.lines(drawn.means, drawn.counts)
    people = scores.best(scores.people, lines)
    calls = [scores.best(rows, lines) for rows in drawn.rest]
    for rate, recalls in found.items():
        thresholds = scores.thresholds(people, rate, lines)
        false[rate].append(scores.false(people, thresholds))
        for name, reached in zip(drawn.names, calls, strict=True):
            recalls.setdefault(name, []).append(float(np.mean([reached >= t for t in thresholds])))


def _point(found: dict[str, list[float]], scores: LineScores, enrolled: int) -> Document:
    """Over campaigns: mean, worst, and the wider of Wilson's interval and a bootstrap over campaigns."""
    recalls = np.array([np.mean(one) for one in found.values()])
    drawn = np.random.default_rng(metrics.SEED).choice(recalls, (metrics.RESAMPLES, len(recalls)))
    low, high = np.percentile(drawn.mean(axis=1), metrics.PERCENTILES)
    calls = sum(len(scores.calls[name]) - enrolled for name in found)
    wilson = Rate(hits=round(float(recalls.mean()) * calls), n=calls).interval
    return {
        "mean": float(recalls.mean()),
        "low": min(float(low), wilson[0]),
        "high": max(float(high), wilson[1]),
        "worst": float(recalls.min()),
        "worst_campaign": list(found)[int(recalls.argmin())],
        "worst_draw": min(min(one) for one in found.values()),
        "calls": calls,
    }


def _active(
    setting: Setting, scores: LineScores, further: Means, params: LineStudyParams
) -> Iterator[Document]:
    """By the number of lines active: whom the threshold set at twelve lines would challenge.

    And, at a threshold set anew, the recall of the first twelve lines (or of as many as are active).
    """
    rounds = [_all_lines(setting, scores, further, params, number) for number in range(params.rounds)]
    rate = next(rate for rate in params.rates if rate is not None)
    fixed = [_at(scores, one, TOGETHER, rate)[0] for one in rounds]
    for number in sorted({*params.active, TOGETHER}):
        if number > min(len(one.means) for one in rounds):
            return
        figures = []
        for one, at_twelve in zip(rounds, fixed, strict=True):
            own, people, calls = _at(scores, one, number, rate)
            figures.append(
                {
                    "false_at_twelve": scores.false(people, at_twelve),
                    "false": scores.false(people, own),
                    "threshold": float(np.mean(own)),
                    "recall": float(np.mean([calls >= t for t in own])),
                }
            )
        mean = {key: float(np.mean([one[key] for one in figures])) for key in figures[0]}
        yield {"lines": number, "rate": rate, **mean}


def _all_lines(
    setting: Setting, scores: LineScores, further: Means, params: LineStudyParams, number: int
) -> _Draw:
    """Every line there is: twelve that are measured, then the corpus's others, then `further`."""
    rng = np.random.default_rng([params.seed, 2, number])
    names = rng.permutation(setting.campaigns)[:TOGETHER].tolist()
    drawn = _draw(scores, names, rng, enrolled=OTHER_CALLS, others=None)
    means = np.concatenate([drawn.means, further])
    return _Draw(drawn.names, means, np.full(len(means), OTHER_CALLS), drawn.rest)


def _at(
    scores: LineScores, drawn: _Draw, number: int, rate: float
) -> tuple[tuple[float, float], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """With the first `number` lines active: thresholds, people's scores, and those of the twelve's calls."""
    lines = scores.lines(drawn.means[:number], drawn.counts[:number])
    people = scores.best(scores.people, lines)
    calls = scores.best(np.concatenate(drawn.rest[:number]), lines)
    return scores.thresholds(people, rate, lines), people, calls


def _batches(names: npt.NDArray[np.str_]) -> list[list[str]]:
    """Twelve names each; the last are filled up with some of the first."""
    filled = np.concatenate([names, names[: -len(names) % TOGETHER]]).tolist()
    return [filled[start : start + TOGETHER] for start in range(0, len(filled), TOGETHER)]
