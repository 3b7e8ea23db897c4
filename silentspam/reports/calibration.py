"""Limits of the drift alarms, from windows of training openings: how often each fires falsely is then known.

Tests as if calls were independent fire on any new room or speaker. So windows are drawn from people whose
sources the reference has not seen, with SPAM of some of its campaigns, up to a fifth; an alarm's limit is
what the stated share of such windows exceeds. What is held out is drawn anew many times.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from silentspam.reports.drift import ALARMS, ANY, statistics, worst_ratio
from silentspam.reports.reference import DriftError, Reference, Vectors, reference_of

WINDOW_SIZES = (100, 300, 1000)
"""Calls in a window: recent calls are held against the largest that is no larger."""

MAX_SPAM_SHARE = 0.2
"""Of a window. The paper's lines had 4 % after the attack (section 7)."""
ONE_IN = 3
"""Sources of which one is held out."""

SMALLEST_LIMIT = 0.01
"""A statistic less chance can be below zero in every window; a limit must not."""


@dataclass(frozen=True, eq=False)
class Openings:
    """Openings to draw windows from.

    vectors [shape=(n, n_features)]; probabilities, is_spam, groups [shape=(n,)]: a group is a campaign, or a
    source of people.
    """

    vectors: Vectors
    probabilities: npt.NDArray[np.float64]
    is_spam: npt.NDArray[np.bool_]
    groups: npt.NDArray[np.str_]

    def where(self, keep: npt.NDArray[np.bool_]) -> "Openings":
        """Those for which `keep` [shape=(n,)] is True."""
        return Openings(self.vectors[keep], self.probabilities[keep], self.is_spam[keep], self.groups[keep])


def training_reference(
    openings: Openings,
    names: Sequence[str],
    *,
    threshold: float,
    false_alarm_rate: float = 0.05,
    rounds: int = 100,
    windows: int = 5,
    seed: int = 1,
) -> Reference:
    """The reference of training openings, with limits that so many windows of them exceed.

    Parameters: openings with probabilities of forests that did not meet them (those of cross-validation);
    names of the features; threshold of the model; rounds of holding out, and windows of each size in a round.
    Sizes that what is held out cannot fill are left out. Raises DriftError for too few openings.
    """
    rng = np.random.default_rng(seed)
    reference = reference_of(
        openings.vectors, openings.probabilities, names, openings.is_spam, threshold=threshold
    )
    codes, suspected = (
        reference.codes(openings.vectors, openings.probabilities),
        openings.probabilities >= threshold,
    )
    found: dict[int, list[dict[str, float]]] = {}
    for _ in range(rounds):
        held_out = _held_out(openings, rng)
        part, rest = _counted(reference, openings, codes, suspected, ~held_out), np.flatnonzero(held_out)
        for size in (size for size in WINDOW_SIZES if fills(openings.is_spam[rest], size)):
            for _ in range(windows):
                chosen = rest[draw_window(openings.is_spam[rest], openings.groups[rest], size, rng)]
                found.setdefault(size, []).append(statistics(part, codes[chosen], suspected[chosen]))
    if not found:
        raise DriftError(f"{len(openings.groups)} openings: too few for windows of {WINDOW_SIZES[0]} calls")
    limits = {size: _limits(windows_found, false_alarm_rate) for size, windows_found in found.items()}
    return replace(reference, limits=limits, false_alarm_rate=false_alarm_rate)


def _counted(
    reference: Reference,
    openings: Openings,
    codes: npt.NDArray[np.uint8],
    suspected: npt.NDArray[np.bool_],
    kept: npt.NDArray[np.bool_],
) -> Reference:
    """The reference as these openings alone give it, in the same bins."""
    people, spam = kept & ~openings.is_spam & ~suspected, kept & openings.is_spam & suspected
    return replace(
        reference, unsuspected=reference.counts(codes[people]), suspects=reference.counts(codes[spam])
    )


def _held_out(openings: Openings, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Openings to draw windows from [shape=(n,), bool]: people by source, SPAM of any campaign."""
    people = np.isin(openings.groups, one_of_like_size(openings.groups[~openings.is_spam], rng))
    return np.where(openings.is_spam, rng.random(len(people)) < 1 / ONE_IN, people)


def one_of_like_size(groups: npt.NDArray[np.str_], rng: np.random.Generator) -> npt.NDArray[np.str_]:
    """One group of every three of like size, by chance; groups [shape=(n,)] is that of each opening.

    Speakers give many openings and rooms few: both parts must hold as much of each, or their mixture would be
    what differs.
    """
    names, sizes = np.unique(groups, return_counts=True)
    ranked = names[np.lexsort((rng.random(len(names)), -sizes))]
    starts = np.arange(0, len(ranked), ONE_IN)
    return np.asarray(ranked[np.minimum(starts + rng.integers(0, ONE_IN, len(starts)), len(ranked) - 1)])


def fills(is_spam: npt.NDArray[np.bool_], size: int) -> bool:
    """Whether openings [shape=(n,)] are enough for a window of `size`, whatever its share of SPAM."""
    return bool((~is_spam).sum() >= size and is_spam.sum() >= MAX_SPAM_SHARE * size)


def draw_window(
    is_spam: npt.NDArray[np.bool_],
    groups: npt.NDArray[np.str_],
    size: int,
    rng: np.random.Generator,
    *,
    weights: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.intp]:
    """Indices of a window [shape=(≤ size,)]: people of any source, SPAM of a few campaigns, up to a fifth.

    Parameters: is_spam, groups [shape=(n,)]; weights [shape=(n,)] draws some people more often. A few
    campaigns may hold less SPAM than was wanted.
    """
    n_spam = int(rng.uniform(0, MAX_SPAM_SHARE) * size)
    campaigns = np.unique(groups[is_spam])
    active = rng.permutation(campaigns)[: rng.integers(1, len(campaigns) + 1)]
    spam, people = np.flatnonzero(is_spam & np.isin(groups, active)), np.flatnonzero(~is_spam)
    chances = None if weights is None else weights[people] / weights[people].sum()
    drawn = rng.choice(people, size - n_spam, replace=False, p=chances)
    return np.concatenate([drawn, rng.permutation(spam)[:n_spam]])


def _limits(found: list[dict[str, float]], false_alarm_rate: float) -> dict[str, float]:
    limits: dict[str, float] = {}
    for name in ALARMS:
        if name != ANY:
            limits |= _limit(name, [window[name] for window in found], false_alarm_rate)
    return limits | _limit(ANY, [worst_ratio(window, limits) for window in found], false_alarm_rate)


def _limit(name: str, values: list[float], false_alarm_rate: float) -> dict[str, float]:
    """The value that at most `false_alarm_rate` of windows exceed; none where no window has the statistic."""
    known = np.sort([value for value in values if not np.isnan(value)])
    if not len(known):
        return {}
    rank = min(int(np.ceil((1 - false_alarm_rate) * (len(known) + 1))), len(known)) - 1
    return {name: round(max(float(known[rank]), SMALLEST_LIMIT), 6)}
