"""May a model be promoted? Its false challenges on recent calls against `model.max_false_challenge_rate`.

Refused when
- it would challenge a larger share of the known people than the budget allows: an observation, whatever its
  interval, since the budget is a promise to callers and --force is at hand; or
- too few people are known to hold it to the budget (fewer than 1 / budget, so that even one would break it),
  and it would challenge more than half of all recent callers and more than twice as many as the active one:
  it may be right, but nothing here says so; without an active model that can judge, half is enough; or
- most recordings of recent calls are gone or cannot be read: then nothing was tried at all.
People on whose very calls it was trained are left out: to know them again says nothing of the next caller.
With fewer people and none of them challenged it is promoted with a warning that gives the upper bound.
"""

import math
from dataclasses import dataclass

from silentspam.promotion.trial import Trial
from silentspam.training.operating_point import Rate

KEY = "model.max_false_challenge_rate"

MOST_CHALLENGED = 0.5
MOST_TIMES_ACTIVE = 2
FEWEST_CALLS = 20
"""Of fewer calls the share of challenged ones means nothing."""


@dataclass(frozen=True)
class Advice:
    """objections: why not to promote, none where nothing is against it; warnings: what was not shown."""

    objections: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def advise(trial: Trial, budget: float, *, with_active: bool = True) -> Advice:
    """Advice on promoting model B of the trial in place of model A; budget in 0…1.

    with_active: whether model A is the active model; False where that one cannot judge.
    """
    (people_a, people), (all_a, everybody) = trial.people(), trial.everybody()
    objections, warnings = [], []
    if people.n and people.value > budget:
        objections.append(
            f"it would have challenged {shown(people)} of the known people, more than {KEY} = {budget:.2%} "
            f"allows; the active model challenges {shown(people_a)}"
        )
    if trial.unreadable > len(trial.calls):
        objections.append(
            f"{trial.unreadable} recordings of recent calls are gone or cannot be read, {len(trial.calls)} "
            "were tried: look at recording.folder"
        )
    if people.n < needed(budget):
        if _jumps(all_a if with_active else None, everybody):
            objections.append(
                f"it would have challenged {shown(everybody)} of all recent callers"
                + (f", the active model {shown(all_a)}" if with_active else "")
                + ", and too few of them are known to be people to tell whether that is right"
            )
        warnings.append(_too_few(people, trial.left_out(), budget))
    return Advice(tuple(objections), tuple(warnings))


def needed(budget: float) -> int:
    """How many known people it takes until the budget allows one false challenge."""
    return math.ceil(1 / budget)


def shown(rate: Rate) -> str:
    """A rate with its counts and its 95 % interval (Wilson)."""
    if not rate.n:
        return "none of none"
    low, high = rate.interval
    return f"{rate.hits} of {rate.n} ({rate.value:.2%}; 95 % {low:.2%} to {high:.2%})"


def _too_few(people: Rate, left_out: int, budget: float) -> str:
    wanted = f"too few to hold a model to {KEY} = {budget:.2%}: at least {needed(budget)} are needed"
    if not people.n:
        besides = " besides those whose calls it was trained on" if left_out else ""
        return f"no recent caller{besides} is known to be a person, which is {wanted}"
    return (
        f"{people.n} known people are {wanted}; with {people.hits} of {people.n} challenged the true rate "
        f"may be as high as {people.interval[1]:.1%}"
    )


def _jumps(active: Rate | None, candidate: Rate) -> bool:
    if candidate.n < FEWEST_CALLS or candidate.value <= MOST_CHALLENGED:
        return False
    return active is None or candidate.hits > MOST_TIMES_ACTIVE * active.hits
