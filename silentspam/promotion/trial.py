"""Judging recent recordings again with two models: what each would have challenged."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from silentspam.audio import Recording
from silentspam.errors import AudioError
from silentspam.promotion.people import RecentCall
from silentspam.training.operating_point import Rate
from silentspam.verdict import UNSUSPECTED, Verdict

Read = Callable[[Path], Recording]
Judge = Callable[[Sequence[Recording]], Sequence[Verdict]]
Met = Callable[[Recording], bool]
"""Whether a model was trained on this very opening."""

AT_ONCE = 200
"""Recordings judged together: fast, and a few megabytes."""


@dataclass(frozen=True)
class Judged:
    """One call as two models judge it. trained_on: one of them has learnt this opening by heart."""

    call: RecentCall
    by_a: Verdict
    by_b: Verdict
    trained_on: bool = False

    @property
    def counts(self) -> bool:
        """Whether it is a known person's call that says something of the calls to come."""
        return self.call.person is not None and not self.trained_on

    @property
    def challenged(self) -> tuple[bool, bool]:
        """Whether A and B would challenge the caller."""
        return self.by_a.kind not in UNSUSPECTED, self.by_b.kind not in UNSUSPECTED


@dataclass(frozen=True)
class Trial:
    """What A and B would have done; unreadable: recordings that are gone or damaged."""

    calls: tuple[Judged, ...]
    unreadable: int

    def people(self) -> tuple[Rate, Rate]:
        """How many known people A and B would challenge; calls that were trained on are left out."""
        return self._rates([judged for judged in self.calls if judged.counts])

    def everybody(self) -> tuple[Rate, Rate]:
        """How many of all callers A and B would challenge."""
        return self._rates(list(self.calls))

    def evidence(self) -> Counter[str]:
        """How many of these people are known by which evidence."""
        return Counter(str(judged.call.person) for judged in self.calls if judged.counts)

    def left_out(self) -> int:
        """How many calls of known people were trained on."""
        return sum(judged.call.person is not None and judged.trained_on for judged in self.calls)

    def alike(self, by_a: bool, by_b: bool) -> list[Judged]:
        """The calls on which the models decide so."""
        return [judged for judged in self.calls if judged.challenged == (by_a, by_b)]

    def _rates(self, calls: list[Judged]) -> tuple[Rate, Rate]:
        hits_a = sum(judged.challenged[0] for judged in calls)
        hits_b = sum(judged.challenged[1] for judged in calls)
        return Rate(hits=hits_a, n=len(calls)), Rate(hits=hits_b, n=len(calls))


def judge_again(
    calls: Iterable[RecentCall], read: Read, judge_a: Judge, judge_b: Judge, met: Met = lambda _: False
) -> Trial:
    """Judge each recording by both models; those that cannot be read are counted and left out."""
    judged: list[Judged] = []
    unreadable, waiting = 0, iter(calls)
    while some := list(islice(waiting, AT_ONCE)):
        readable = [(call, recording) for call in some if (recording := _read(read, call)) is not None]
        recordings = [recording for _, recording in readable]
        verdicts = zip(judge_a(recordings), judge_b(recordings), strict=True)
        judged += [
            Judged(call, by_a, by_b, met(recording))
            for (call, recording), (by_a, by_b) in zip(readable, verdicts, strict=True)
        ]
        unreadable += len(some) - len(readable)
    return Trial(tuple(judged), unreadable)


def _read(read: Read, call: RecentCall) -> Recording | None:
    try:
        return read(call.recording)
    except AudioError:
        return None
