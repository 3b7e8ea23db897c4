"""A timeline replayed: every call through `screen_call`, every fate learnt when it is known, and not before.

The decision is the live one: the same screening, challenge, policy and lessons; only the channel, the clock
and chance are simulated. A call is judged when its opening is recorded, by what was known then.
"""

import heapq
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from silentspam.assembly import screener
from silentspam.call import Call, CallRecord, Mode
from silentspam.calllog.entry import screened
from silentspam.challenge import DIGITS
from silentspam.config import Config
from silentspam.gate.passage import SCREENED, Passage
from silentspam.lines.consult import consult
from silentspam.lines.fate import KindLesson, Lesson
from silentspam.lines.ground import LineGround
from silentspam.lines.lessons import COLUMNS, lesson
from silentspam.lines.memory import LineMemory
from silentspam.lines.numbers import caller_key
from silentspam.lines.snapshot import Snapshot
from silentspam.policy import Standing
from silentspam.replay.caller import SimulatedCaller, SimulatedClock
from silentspam.replay.timeline import TimelineCall
from silentspam.screening import Screener, screen_call
from silentspam.verdict import Verdict

KNOWN_AFTER_SECONDS = 2.0
"""From the end of a screening until every process knows what it taught: the most that it may take."""


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """A call of the timeline and the row that it would have left."""

    call: TimelineCall
    record: CallRecord


class ReplayJudge:
    """Gives verdicts that were computed beforehand, with the lines as they stand (implements Judge)."""

    def __init__(self, verdicts: Mapping[str, Verdict], ground: LineGround | None) -> None:
        self._verdicts = verdicts
        self._ground = ground
        self.recording = ""
        self.snapshot: Snapshot | None = None

    def prepare(self) -> None:
        """Everything is there."""

    def judge(self, path: Path, passage: Passage = SCREENED) -> Verdict:
        """The verdict on the recording at hand, whatever the path of a live one would be."""
        verdict = self._verdicts[self.recording]
        if self._ground is None or self.snapshot is None:
            return verdict
        return consult(verdict, self._ground, self.snapshot)

    def standing(self, call: Call) -> Standing:
        """By the snapshot that `judge` used."""
        if self.snapshot is None:
            return Standing()
        return Standing(
            credit=self.snapshot.credit,
            kinds=self.snapshot.kind_credits,
            trusted=caller_key(call) in self.snapshot.trusted,
        )


class Replay:
    """The replay of one timeline. memory is None where lines are off, or the model has none."""

    def __init__(
        self,
        config: Config,
        verdicts: Mapping[str, Verdict],
        memory: LineMemory | None,
        *,
        folder: Path,
        seed: int = 0,
    ) -> None:
        self.memory = memory
        self._judge = ReplayJudge(verdicts, memory.ground if memory else None)
        self._clock = SimulatedClock()
        self._screener = _screener(config, self._judge, self._clock, folder, seed)
        self._known: list[tuple[float, int, Lesson | KindLesson]] = []
        self._order = count()

    def run(self, calls: Sequence[TimelineCall]) -> Iterator[Replayed]:
        """Screen the calls in the order of their times, and learn from each in its time."""
        for number, call in enumerate(sorted(calls, key=lambda one: one.time)):
            self._learn(until=call.time + self._screener.record_seconds)
            yield Replayed(call=call, record=self._screen(number, call))

    def _screen(self, number: int, call: TimelineCall) -> CallRecord:
        self._clock.now = call.time
        self._judge.recording = call.recording
        live = Call(call_id=f"call-{number:06d}", started_at=call.time, ani=call.ani)
        record = screen_call(live, SimulatedCaller(self._clock, passes=call.passes), self._screener)
        if self.memory is not None:
            self._remember(record, self.memory.ground)
        return record

    def _remember(self, record: CallRecord, ground: LineGround) -> None:
        """What the call will teach, and when."""
        row = dict.fromkeys(COLUMNS) | screened(record).columns
        learnt = lesson(row, ground, before=None, line_id=None)
        if learnt is not None:
            heapq.heappush(self._known, (self._clock.now + KNOWN_AFTER_SECONDS, next(self._order), learnt))

    def _learn(self, *, until: float) -> None:
        """Take in what is known by then, and judge by it from now on."""
        if self.memory is None:
            return
        while self._known and self._known[0][0] <= until:
            at, _, learnt = heapq.heappop(self._known)
            self.memory.learn(learnt, at)
        self._judge.snapshot = self.memory.snapshot(until)


def new_memory(
    config: Config, ground: LineGround | None, reference: NDArray[np.float64] | None
) -> LineMemory | None:
    """Line memory that knows nothing yet; None where the configuration or the model has none."""
    if ground is None or reference is None or not config.lines.enabled:
        return None
    numbers = count(1)
    return LineMemory(ground, reference, config.memory_settings(), new_id=lambda: f"line-{next(numbers):04d}")


def _screener(config: Config, judge: ReplayJudge, clock: SimulatedClock, folder: Path, seed: int) -> Screener:
    """The configured screener in mode enforce, with the clock and chance of the replay."""
    chance = random.Random(seed)
    live = screener(config, judge)
    return replace(
        live,
        mode=Mode.ENFORCE,
        admit=lambda _call: SCREENED,
        recordings=folder,
        exploration=replace(live.exploration, draw=chance.random),
        ring=False,
        clock=clock,
        choose_digit=lambda: chance.choice(DIGITS),
    )
