"""One line of dead air: where it lies, what speaks for and against it, and what follows from that.

A line is challenged while its callers fail, and left alone as soon as too many of them turn out to be people:
a company's trunk and a mobile network's comfort noise have calls that lie together too.
"""

import enum
import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from silentspam.verdict import LineState

MAX_PEOPLE_SHARE = 0.05
"""Share of people among a line's challenged callers above which it is suspended."""

CONFIDENCE_Z = 1.2816
"""One-sided 90 %: how sure we must be that the share is above that (Wilson 1927)."""

MEAN_OF = 30
"""Calls that a mean is at most an average of; from then on it follows the newest, as a line may drift."""

NUMBERS_KEPT = 64
"""Caller numbers remembered of a line: enough to tell one caller from many."""

Mean = NDArray[np.float64]


class LineOrigin(enum.StrEnum):
    """What made a line known: a failed challenge, calls that lie together, or an operator."""

    CHALLENGE = "CHALLENGE"
    BURST = "BURST"
    OPERATOR = "OPERATOR"


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """A line and its evidence.

    mean [shape=(n_dims,)] of count calls; failed: challenges that nobody answered; passed: people who passed
    one, each number once; spoken: calls with a person's speech of those not challenged; numbers,
    passers: hashed caller numbers; pinned: an operator's word, which stands whatever the evidence.
    Times in seconds since the epoch.
    """

    line_id: str
    space_id: str
    origin: LineOrigin
    mean: Mean
    count: int
    first_seen: float
    last_seen: float
    state: LineState = LineState.CANDIDATE
    failed: int = 0
    passed: int = 0
    spoken: int = 0
    numbers: frozenset[int] = frozenset()
    passers: frozenset[int] = frozenset()
    pinned: bool = False
    merged_into: str | None = None

    @property
    def people(self) -> int:
        """How many people turned out to call on it."""
        return self.passed + self.spoken

    def probe(self, first: float) -> float:
        """Share of its calls that are challenged by lot while it is suspended, 0…1: people may be few on it.

        `first` when one person was met. It falls with their square, so that of n callers, all people, only
        about the cube root of n is asked.
        """
        if self.state is not LineState.SUSPENDED or self.pinned:
            return 0.0
        return first / max(self.people, 1) ** 2

    def joined_by(self, embedding: Mean, number: int | None, at: float) -> "Line":
        """The line with one more call of its own."""
        weight = 1 / min(self.count + 1, MEAN_OF)
        return replace(
            self,
            mean=self.mean + weight * (embedding - self.mean),
            count=self.count + 1,
            numbers=_with(self.numbers, number),
            last_seen=max(self.last_seen, at),
        )

    def failed_by(self, embedding: Mean, number: int | None, at: float) -> "Line":
        """The line after a challenge on it that nobody answered."""
        return replace(self.joined_by(embedding, number, at), failed=self.failed + 1).judged()

    def passed_by(self, number: int | None, *, challenged: bool) -> "Line":
        """The line after a person called on it; a number counts once."""
        if number is not None and number in self.passers:
            return self
        counts = {"passed": self.passed + 1} if challenged else {"spoken": self.spoken + 1}
        return replace(self, passers=_with(self.passers, number), **counts).judged()  # type: ignore[arg-type]

    def taken_back(self) -> "Line":
        """The line without one failed challenge: the caller had spoken after all."""
        return replace(self, failed=max(self.failed - 1, 0)).judged()

    def seen(self, number: int | None, at: float) -> "Line":
        """The line after a call that taught nothing but that it is still there."""
        return replace(self, numbers=_with(self.numbers, number), last_seen=max(self.last_seen, at))

    def judged(self) -> "Line":
        """The line in the state that its evidence asks for."""
        if self.pinned or self.state is LineState.EXPIRED:
            return self
        if people_share_bound(self.people, self.failed) > MAX_PEOPLE_SHARE:
            return replace(self, state=LineState.SUSPENDED)
        return replace(self, state=LineState.ACTIVE if self.failed else LineState.CANDIDATE)

    def evidence(self) -> str:
        """What speaks for and against it, in words."""
        return (
            f"{self.failed} challenges failed, {self.passed} passed, {self.spoken} calls with speech, "
            f"{'at least ' if len(self.numbers) >= NUMBERS_KEPT else ''}{len(self.numbers)} numbers"
        )


def people_share_bound(people: int, failed: int) -> float:
    """Lower bound of the share of people among those who showed what they are (Wilson's score interval)."""
    n = people + failed
    if not people:
        return 0.0
    share, z2 = people / n, CONFIDENCE_Z**2
    half = CONFIDENCE_Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return (share + z2 / (2 * n) - half) / (1 + z2 / n)


def merged(into: Line, other: Line) -> Line:
    """Two lines that turned out one: the first, with what was known of both."""
    count = into.count + other.count
    return replace(
        into,
        mean=(into.mean * into.count + other.mean * other.count) / count,
        count=count,
        first_seen=min(into.first_seen, other.first_seen),
        last_seen=max(into.last_seen, other.last_seen),
        failed=into.failed + other.failed,
        passed=into.passed + other.passed,
        spoken=into.spoken + other.spoken,
        numbers=_capped(into.numbers | other.numbers),
        passers=_capped(into.passers | other.passers),
    ).judged()


def _with(numbers: frozenset[int], number: int | None) -> frozenset[int]:
    return numbers if number is None or len(numbers) >= NUMBERS_KEPT else numbers | {number}


def _capped(numbers: frozenset[int]) -> frozenset[int]:
    return frozenset(sorted(numbers)[:NUMBERS_KEPT])
