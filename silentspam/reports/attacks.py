"""What the calls of lines amount to: volume over time, numbers used, evidence over time, the share passed.

Pure sums over `LineCall`s. Times in seconds since the epoch; a clock that runs ahead counts as now.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from silentspam.calllog.line_calls import LineCall
from silentspam.lines.fate import Outcome
from silentspam.lines.line import Line
from silentspam.training.operating_point import Rate
from silentspam.verdict import LineState

NOW_SECONDS = 300.0
HOUR, DAY = 3600.0, 86400.0
HOURS_SHOWN = 24

BARS = "▁▂▃▄▅▆▇█"
NO_CALLS = "·"


@dataclass
class Activity:
    """The calls of one line in a period; grows call by call.

    now, hour, day: calls of the last five minutes, hour and day; hours: calls of each of the last 24 hours,
    oldest first; outcomes: what calls taught.
    """

    calls: int = 0
    now: int = 0
    hour: int = 0
    day: int = 0
    hours: list[int] = field(default_factory=lambda: [0] * HOURS_SHOWN)
    numbers: Counter[str] = field(default_factory=Counter)
    without_number: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)

    def add(self, call: LineCall, now: float) -> None:
        """Count one more call."""
        age = max(now - call.started_at, 0.0)
        self.calls += 1
        self.now += age <= NOW_SECONDS
        self.hour += age <= HOUR
        self.day += age <= DAY
        if age < HOURS_SHOWN * HOUR:
            self.hours[-1 - int(age // HOUR)] += 1
        if call.number:
            self.numbers[call.number] += 1
        else:
            self.without_number += 1
        if call.outcome is not None:
            self.outcomes[call.outcome] += 1


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A line with what its calls did; known: whether the active model's space is the line's."""

    line: Line
    activity: Activity
    known: bool = True

    @property
    def passed(self) -> Rate:
        """People who passed, of the challenges on the line that had an answer or none: its evidence."""
        return Rate(hits=self.line.passed, n=self.line.passed + self.line.failed)

    @property
    def state(self) -> str:
        """The line's state in words, with what one must know of it."""
        marks = ["by hand"] if self.line.pinned else []
        marks += [] if self.known else ["another model's"]
        return ", ".join([str(self.line.state), *marks])


def attacks(
    lines: Iterable[Line], calls: Iterable[LineCall], *, now: float, space_id: str | None = None
) -> list[Attack]:
    """Every line with its calls, in the order of the lines; space_id: of the active model, None: unknown."""
    found: defaultdict[str, Activity] = defaultdict(Activity)
    for call in calls:
        found[call.line_id].add(call, now)
    return [
        Attack(
            line=line,
            activity=found.get(line.line_id, Activity()),
            known=space_id is None or line.space_id == space_id,
        )
        for line in lines
    ]


def wanted(
    found: Sequence[Attack], *, since: float | None, state: LineState | None, everything: bool
) -> list[Attack]:
    """Those heard since then and in that state; a line that was merged is another now, and left out."""
    return [
        one
        for one in found
        if (everything or (one.line.merged_into is None and (since is None or one.line.last_seen >= since)))
        and (state is None or one.line.state is state)
    ]


def sparkline(counts: Sequence[int]) -> str:
    """Counts as a row of bars, the highest for the largest; a dot for none."""
    most = max(counts, default=0)
    return "".join(BARS[(len(BARS) * n - 1) // most] if n else NO_CALLS for n in counts)


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One span of a line's life, from `at` on [s since the epoch]: its calls, and what they taught in it."""

    at: float
    calls: int
    failed: int
    passed: int
    spoke: int


def history(calls: Iterable[LineCall], *, at_most: int = 48) -> list[Moment]:
    """Volume and evidence over time: by hour, or by day where it was more than `at_most` hours."""
    every = list(calls)
    if not every:
        return []
    first, last = (pick(call.started_at for call in every) for pick in (min, max))
    span = HOUR if (last - first) / HOUR <= at_most else DAY
    spans: defaultdict[float, Counter[Outcome | None]] = defaultdict(Counter)
    for call in every:
        spans[call.started_at // span * span][call.outcome] += 1
    return [_moment(at, outcomes) for at, outcomes in sorted(spans.items())]


def _moment(at: float, outcomes: Mapping[Outcome | None, int]) -> Moment:
    return Moment(
        at=at,
        calls=sum(outcomes.values()),
        failed=outcomes.get(Outcome.SILENT, 0),
        passed=outcomes.get(Outcome.PERSON, 0),
        spoke=outcomes.get(Outcome.SPOKE, 0),
    )
