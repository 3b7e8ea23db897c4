"""A day to replay, drawn from a corpus: attacks that begin and end among the people of a working day.

Each campaign starts at a random hour and lasts some hours, its calls evenly at random over them, from random
numbers: a spoofed number tells nothing. People call most before noon and in the afternoon. A person has one
number and one recording; some call again. No recording is heard under two numbers, so a campaign has at
most as many calls as it has recordings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from silentspam.errors import TimelineError
from silentspam.replay.timeline import TimelineCall
from silentspam.training.dataset import read_labels
from silentspam.training.simulate import CorpusSplit

DAY = 86_400.0
NIGHT, MORNING, AFTERNOON = 0.15, (10.0, 2.0), (15.5, 2.5)
"""The daily curve of people: calls at night beside two peaks (hour, width in hours), of equal height 1."""

FIRST_HOURS, LASTING_HOURS = (1.0, 18.0), (2.0, 6.0)
"""When a campaign begins, and how long it lasts: drawn evenly from these ranges."""

SPAM_SHARE = (0.1, 0.3)


@dataclass(frozen=True, kw_only=True)
class Day:
    """How large a day is: calls in all, campaigns of them, and the seed; fumble: share of people who press
    no key."""

    calls: int = 20_000
    campaigns: int = 5
    seed: int = 1
    fumble: float = 0.0


def day_of_corpus(day: Day, labels: Path) -> list[TimelineCall]:
    """A day drawn from a corpus by its labels.csv: people and campaigns that no training met.

    Raises TimelineError where there are too few, LabelError for a file that is no such labels.
    """
    rows = read_labels(labels, labels.parent, for_training=False)
    people: list[str] = []
    attacks: dict[str, list[str]] = {}
    for row in rows:
        if row.split != CorpusSplit.TEST_UNSEEN:
            continue
        if row.is_spam:
            attacks.setdefault(row.campaign, []).append(row.recording)
        else:
            people.append(row.recording)
    return draw_day(day, people, sorted(attacks.items()))


def draw_day(
    day: Day, people: Sequence[str], attacks: Sequence[tuple[str, Sequence[str]]]
) -> list[TimelineCall]:
    """The calls of a day, by time.

    Parameters: recordings of people, and for each campaign its name and its recordings. Raises TimelineError
    where there are too few of either.
    """
    rng = np.random.default_rng([day.seed, day.calls, day.campaigns])
    if len(attacks) < day.campaigns or not people:
        raise TimelineError(
            f"{len(attacks)} campaigns and {len(people)} people to draw from: {day.campaigns} campaigns "
            "and some people are wanted"
        )
    chosen = [attacks[index] for index in rng.permutation(len(attacks))[: day.campaigns]]
    wanted = _parts(round(day.calls * rng.uniform(*SPAM_SHARE)), len(chosen), rng)
    spam = [
        call
        for (name, recordings), n in zip(chosen, wanted, strict=True)
        for call in _attack(name, recordings, n, rng)
    ]
    ham = _people(day, people, day.calls - len(spam), rng)
    return sorted(spam + ham, key=lambda call: call.time)


def _parts(total: int, n: int, rng: np.random.Generator) -> list[int]:
    """A total in n random parts, the largest at most three times the smallest."""
    weights = rng.uniform(0.5, 1.5, n)
    return [round(total * float(weight)) for weight in weights / weights.sum()] if n else []


def _attack(name: str, recordings: Sequence[str], n: int, rng: np.random.Generator) -> list[TimelineCall]:
    n = min(n, len(recordings))
    start, lasting = rng.uniform(*FIRST_HOURS) * 3600, rng.uniform(*LASTING_HOURS) * 3600
    times = start + np.sort(rng.uniform(0, lasting, n))
    heard = [recordings[index] for index in rng.permutation(len(recordings))[:n]]
    return [
        TimelineCall(time=round(float(time), 2), recording=one, ani=_number(rng), passes=False, campaign=name)
        for time, one in zip(times, heard, strict=True)
    ]


def _people(day: Day, people: Sequence[str], n: int, rng: np.random.Generator) -> list[TimelineCall]:
    """n calls: every person once, in random order; where they are too few, some of them again."""
    order = rng.permutation(len(people))[:n]
    callers = [(people[index], _number(rng), bool(rng.random() >= day.fumble)) for index in order]
    again = rng.integers(len(callers), size=n - len(callers)).tolist()
    who = callers + [callers[index] for index in again]
    return [
        TimelineCall(time=round(time, 2), recording=recording, ani=ani, passes=passes)
        for time, (recording, ani, passes) in zip(_times(n, rng), who, strict=True)
    ]


def _times(n: int, rng: np.random.Generator) -> list[float]:
    """Times over the day [s] by the daily curve, drawn minute by minute."""
    hours = (np.arange(24 * 60) + 0.5) / 60
    peaks = [np.exp(-0.5 * ((hours - hour) / width) ** 2) for hour, width in (MORNING, AFTERNOON)]
    curve = NIGHT + np.maximum(*peaks)
    minutes = rng.choice(len(hours), size=n, p=curve / curve.sum())
    return [60 * float(minute) for minute in minutes + rng.random(n)]


def _number(rng: np.random.Generator) -> str:
    """A number of ten digits after 555, which no real number begins with where it is an area code."""
    return f"555{int(rng.integers(10**7)):07d}"
