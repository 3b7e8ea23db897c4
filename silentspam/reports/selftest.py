"""What the drift alarms are worth: simulated drift, and each alarm beside one that always fires.

Half of the windows drift and half do not. An alarm that always fires then has recall 1, precision 0.5 and F1
0.667: an alarm below that is worth nothing. Where drift is rarer the precision of both falls: `precision_at`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from silentspam.reports.calibration import Openings, draw_window, fills
from silentspam.reports.drift import ALARMS, MIN_UNSUSPECTED, TEXTBOOK, alarms, statistics
from silentspam.reports.figures import plain
from silentspam.reports.reference import DriftError, Reference
from silentspam.training.operating_point import Rate

ALWAYS = "always fires"
NEW_CAMPAIGNS, QUIET_PEOPLE = "new campaigns", "more quiet people"
NEW_SHARE = (0.1, 0.4)
"""Share of a window that new campaigns take, drawn evenly."""
QUIET_WEIGHT = 10.0
"""How much more often a person on a quiet line is drawn."""


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What one alarm does on one kind of drift: windows it found, and windows without drift it fired on."""

    alarm: str
    kind: str
    found: Rate
    false_alarms: Rate

    @property
    def precision(self) -> float:
        """Of the windows it fired on, those that drifted; NaN when it never fired."""
        return self.precision_at(0.5)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, drift in half of the windows; 0 when it never fired."""
        precision, recall = self.precision, self.found.value
        return 2 * precision * recall / (precision + recall) if recall else 0.0

    def precision_at(self, share: float) -> float:
        """The precision where this share of windows drifts, 0…1."""
        right, wrong = share * self.found.value, (1 - share) * self.false_alarms.value
        return right / (right + wrong) if right + wrong else float("nan")


@dataclass(frozen=True, eq=False)
class Trials:
    """What windows are drawn from.

    openings: people and campaigns like those of the reference, not in it; quiet [shape=(n,), bool]: people
    on quiet lines among them; shifted: the same kind of calls, altered; strangers: SPAM of campaigns that the
    reference has not seen.
    """

    openings: Openings
    quiet: npt.NDArray[np.bool_]
    shifted: Mapping[str, Openings]
    strangers: Openings


def largest_window(reference: Reference, trials: Trials) -> int:
    """The largest window that the reference has limits for and the trials can fill. Raises DriftError."""
    sizes = [size for size in reference.limits if fills(trials.openings.is_spam, size)]
    if not sizes:
        raise DriftError(f"{len(trials.openings.groups)} openings fill no window with known limits")
    return max(sizes)


def self_test(
    reference: Reference, trials: Trials, *, size: int, windows: int = 200, seed: int = 2
) -> list[Worth]:
    """Each alarm on each kind of drift, and one that always fires, on windows of `size` calls."""
    rng = np.random.default_rng(seed)
    calm = [
        _fired(reference, trials.openings, _window(trials.openings, size, rng), size) for _ in range(windows)
    ]
    worths = []
    for kind in _kinds(trials, size):
        fired = [_drifting(reference, trials, kind, size, rng) for _ in range(windows)]
        worths += [
            Worth(alarm=alarm, kind=kind, found=_rate(fired, alarm), false_alarms=_rate(calm, alarm))
            for alarm in (*ALARMS, *TEXTBOOK, ALWAYS)
        ]
    return worths


def summary(worths: list[Worth], size: int) -> dict[str, object]:
    """For `Reference.self_test`: each alarm's figures over all kinds of drift together, and by kind."""
    return {
        "window": size,
        "alarms": {
            alarm: {"f1": round(worth.f1, 4), **plain(worth)} for alarm, worth in overall(worths).items()
        },
        "kinds": [{"f1": round(worth.f1, 4), **plain(worth)} for worth in worths],
    }


def overall(worths: list[Worth]) -> dict[str, Worth]:
    """Alarm → its worth over all kinds of drift, each kind weighing alike."""
    together: dict[str, Worth] = {}
    for worth in worths:
        before = together.get(worth.alarm)
        found = worth.found
        if before:
            found = Rate(hits=before.found.hits + found.hits, n=before.found.n + found.n)
        together[worth.alarm] = replace(worth, kind="all", found=found)
    return together


def _kinds(trials: Trials, size: int) -> list[str]:
    kinds = [name for name, openings in trials.shifted.items() if fills(openings.is_spam, size)]
    if len(trials.strangers.groups) >= NEW_SHARE[1] * size:
        kinds.append(NEW_CAMPAIGNS)
    if trials.quiet.any():
        kinds.append(QUIET_PEOPLE)
    return kinds


def _drifting(
    reference: Reference, trials: Trials, kind: str, size: int, rng: np.random.Generator
) -> set[str]:
    """The alarms that fire on a window with this kind of drift."""
    if kind == NEW_CAMPAIGNS:
        return _with_strangers(reference, trials, size, rng)
    if kind == QUIET_PEOPLE:
        weights = np.where(trials.quiet, QUIET_WEIGHT, 1.0)
        chosen = _window(trials.openings, size, rng, weights)
        return _fired(reference, trials.openings, chosen, size)
    openings = trials.shifted[kind]
    return _fired(reference, openings, _window(openings, size, rng), size)


def _with_strangers(reference: Reference, trials: Trials, size: int, rng: np.random.Generator) -> set[str]:
    """A window of which new campaigns, as few as can fill it, have taken a share."""
    wanted = int(rng.uniform(*NEW_SHARE) * size)
    order = rng.permutation(np.unique(trials.strangers.groups))
    calls = [np.flatnonzero(trials.strangers.groups == group) for group in order]
    new = np.concatenate(calls)[:wanted]
    old = rng.permutation(_window(trials.openings, size, rng))[: size - wanted]
    both = _joined(trials.openings.where(_mask(old, trials.openings)), trials.strangers, new)
    return _fired(reference, both, np.arange(len(both.groups)), size)


def _window(
    openings: Openings,
    size: int,
    rng: np.random.Generator,
    weights: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.intp]:
    return draw_window(openings.is_spam, openings.groups, size, rng, weights=weights)


def _mask(indices: npt.NDArray[np.intp], openings: Openings) -> npt.NDArray[np.bool_]:
    mask = np.zeros(len(openings.groups), dtype=bool)
    mask[indices] = True
    return mask


def _joined(first: Openings, second: Openings, indices: npt.NDArray[np.intp]) -> Openings:
    added = second.where(_mask(indices, second))
    return Openings(
        np.concatenate([first.vectors, added.vectors]),
        np.concatenate([first.probabilities, added.probabilities]),
        np.concatenate([first.is_spam, added.is_spam]),
        np.concatenate([first.groups, added.groups]),
    )


def _fired(reference: Reference, openings: Openings, chosen: npt.NDArray[np.intp], size: int) -> set[str]:
    suspected = openings.probabilities[chosen] >= reference.threshold
    fired = {ALWAYS}
    if (~suspected).sum() >= MIN_UNSUSPECTED:
        codes = reference.codes(openings.vectors[chosen], openings.probabilities[chosen])
        found = statistics(reference, codes, suspected)
        fired |= {alarm.name for alarm in alarms(found, reference.limits[size]) if alarm.fires}
    return fired


def _rate(windows: list[set[str]], alarm: str) -> Rate:
    return Rate(hits=sum(alarm in fired for fired in windows), n=len(windows))
