"""Whether a new campaign is found by its calls lying together, before anybody was asked; and whom that costs.

Into a stream of people five calls of one campaign are strewn at random. Three openings of different callers
whose mutual scores are all at the pair threshold at least are a burst, as `lines.bursts` finds it, and its
mean a line of so many calls; whoever later reaches the same threshold on that line would be challenged.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.lines.bursts import PAIR_THRESHOLD
from silentspam.lines.ground import LineGround
from silentspam.lines.known import KnownLines
from silentspam.training import metrics
from silentspam.training.line_scores import LineScores
from silentspam.training.line_settings import Setting

WINDOW = 300
CALLS = 5
BURST = 3
FURTHER = 300
"""People who call after a window, on the lines found in it."""

Document = dict[str, Any]
Indices = npt.NDArray[np.intp]
Places = npt.NDArray[np.float64]
Pairs = npt.NDArray[np.bool_]


def measure_bursts(setting: Setting, scores: LineScores, *, trials: int, seed: int) -> Document:
    """Trials of a window each, on the setting's campaigns and the people held out."""
    rng = np.random.default_rng([seed, 3])
    window = min(WINDOW, CALLS + len(scores.people) // 2)
    found = [_trial(_draw(rng, setting, scores, window), setting.ground, scores) for _ in range(trials)]
    with_false = np.array([one.false_members > 0 for one in found], dtype=bool)
    return {
        "window": window,
        "calls": CALLS,
        "pair_threshold": PAIR_THRESHOLD,
        "trials": trials,
        "found": asdict(metrics.share(np.array([one.found for one in found], dtype=bool))),
        "windows_with_false": asdict(metrics.share(with_false)),
        "in_false_bursts": _of([one.false_members for one in found], [one.people for one in found]),
        "challenged": _of([one.challenged for one in found], [one.further for one in found]),
    }


@dataclass(frozen=True)
class _Trial:
    """One window: whether the campaign was found, people in bursts, and further people challenged of all."""

    found: bool
    false_members: int
    people: int
    challenged: int
    further: int


@dataclass(frozen=True, eq=False)
class _Window:
    """Rows in the order of their calls, which of them are dead air, and the people who call afterwards."""

    rows: Indices
    is_spam: npt.NDArray[np.bool_]
    further: Indices


def _draw(rng: np.random.Generator, setting: Setting, scores: LineScores, window: int) -> _Window:
    calls = scores.calls[setting.campaigns[rng.integers(len(setting.campaigns))]]
    people = rng.choice(scores.people, min(window - CALLS + FURTHER, len(scores.people)), replace=False)
    rows = np.concatenate([rng.choice(calls, CALLS, replace=False), people[: window - CALLS]])
    order = rng.permutation(len(rows))
    return _Window(rows[order], order < CALLS, people[window - CALLS :])


def _trial(window: _Window, ground: LineGround, scores: LineScores) -> _Trial:
    rows, is_spam, further = window.rows, window.is_spam, window.further
    places = scores.places[rows]
    # A campaign's calls come from different numbers; two openings of one person do not.
    names = np.where(is_spam, np.arange(len(rows)).astype(str), scores.sources[rows])
    pairs = belonging_together(ground, places, scores.to_people[rows])
    bursts = list(bursts_in(pairs & (names[:, np.newaxis] != names), names))
    members = np.concatenate([np.zeros(0, dtype=np.intp), *bursts])
    challenged = 0
    if bursts and len(further):
        means = np.stack([places[burst].mean(axis=0) for burst in bursts])
        lines = scores.lines(means, np.array([len(burst) for burst in bursts]))
        challenged = int((scores.best(further, lines) >= PAIR_THRESHOLD).sum())
    return _Trial(
        found=bool(is_spam[members].any()),
        false_members=int((~is_spam[members]).sum()),
        people=int((~is_spam).sum()),
        challenged=challenged,
        further=len(further),
    )


def belonging_together(ground: LineGround, places: Places, to_people: npt.NDArray[np.float64]) -> Pairs:
    """Which openings belong together, seen from either side [shape=(n, n)]."""
    lines = KnownLines(ground.space, places.astype(np.float32), np.ones(len(places), dtype=np.int32))
    scores = lines.log_ratios(places) - to_people[:, np.newaxis]
    pairs = (scores >= PAIR_THRESHOLD) & (scores.T >= PAIR_THRESHOLD)
    np.fill_diagonal(pairs, False)
    return np.asarray(pairs)


def bursts_in(pairs: Pairs, names: npt.NDArray[np.str_]) -> Iterator[Indices]:
    """The bursts that `lines.bursts.find_burst` finds call by call, as rows; an opening is in one only.

    Parameters: pairs [shape=(n, n)] in the order of the calls; names of the callers [shape=(n,)].
    """
    taken = np.zeros(len(pairs), dtype=bool)
    for newest in range(len(pairs)):
        group = [newest]
        for one in np.flatnonzero(pairs[newest, :newest] & ~taken[:newest])[::-1]:
            if pairs[one, group].all() and names[one] not in names[group]:
                group.append(int(one))
        if len(group) >= BURST:
            taken[group] = True
            yield np.array(group[::-1], dtype=np.intp)


def _of(hits: list[int], n: list[int]) -> Document:
    """A share with its interval, the people of one window counting as one where these give a wider one."""
    flags = [np.arange(of) < hit for hit, of in zip(hits, n, strict=True)]
    clusters = np.repeat(np.arange(len(n)).astype(str), n)
    return asdict(metrics.share(np.concatenate(flags), clusters))
