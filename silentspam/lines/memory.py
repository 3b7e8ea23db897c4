"""Line memory: what was learnt of lines, from one call after another. Pure: no clock, no file, no database.

A call is learnt from when its fate is known. A challenge that nobody answers enrols a line or strengthens it;
a person on it weakens it; calls that nobody asked about can make a burst. `snapshot` is what the next call is
judged with. The same object serves live calls, restored from the database for each lesson, and a replay.
"""

import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from silentspam.lines.bursts import FLOOR, Opening, find_burst
from silentspam.lines.credits import Credits
from silentspam.lines.fate import PEOPLE, KindLesson, Lesson, Outcome
from silentspam.lines.ground import LineGround
from silentspam.lines.line import Line, LineOrigin, merged
from silentspam.lines.matching import LineTable
from silentspam.lines.settings import MemorySettings
from silentspam.lines.snapshot import KnownLine, Snapshot
from silentspam.lines.threshold import Threshold
from silentspam.verdict import LineState

SAME_LINE = 0.0
"""Natural log ratio from which a call, or a line, belongs to a line that is known."""

PEOPLE_KEPT = 500
"""Recent people whose openings help to set the threshold."""

TRUSTED_KEPT = 10_000
"""Callers remembered because they passed."""


_COMPARED = PEOPLE | {Outcome.SILENT}


class LineMemory:
    """Lines of one space, recent openings that nothing is known of, recent people, and the credits left.

    changed: lines that were put, by id; joined: calls whose opening became a burst's, with its line.
    """

    def __init__(
        self,
        ground: LineGround,
        reference: NDArray[np.float64],
        settings: MemorySettings,
        *,
        lines: Iterable[Line] = (),
        recent: Iterable[Opening] = (),
        people: Iterable[NDArray[np.float64]] = (),
        trusted: Iterable[tuple[int, float]] = (),
        credits: Credits | None = None,
        version: int = 0,
        threshold: tuple[float, int] | None = None,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.ground = ground
        self.settings = settings
        self.lines = {line.line_id: line for line in lines}
        self.recent = deque(recent, maxlen=settings.window_calls)
        self.people = deque(people, maxlen=PEOPLE_KEPT)
        self.trusted = dict(trusted)
        self.credits = credits or Credits()
        self.version = version
        self.changed: dict[str, Line] = {}
        self.joined: dict[str, str] = {}
        self._new_id = new_id
        self._table: LineTable | None = None
        self._threshold = Threshold(ground, reference, settings.rate, known=threshold)

    @property
    def table(self) -> LineTable:
        """Every line that is not expired, side by side."""
        if self._table is None:
            self._table = LineTable(self.ground, list(self.lines.values()))
        return self._table

    @property
    def threshold(self) -> float:
        """The score from which a call is taken for a line: so high that few people reach it."""
        return self._threshold.of(self.lines.values(), self.people)

    @property
    def threshold_changes(self) -> int:
        """How many lines began or ceased to challenge since the threshold was computed."""
        return self._threshold.changes

    def await_lessons(self, lessons: Iterable[Lesson]) -> None:
        """Compare the openings of lessons to come with people all together, where the ground remembers it.

        A call of which nothing is known is compared only when it comes near a line, which few do.
        """
        embeddings = [one.opening.embedding for one in lessons if one.outcome in _COMPARED]
        if embeddings:
            self.ground.likeness_to_people(np.stack(embeddings))

    def learn(self, fate: Lesson | KindLesson, now: float) -> str | None:
        """Take one call in; returns the id of the line that it taught something of."""
        self._expire(now)
        self.credits = self.credits.after(fate, self.settings)
        if isinstance(fate, KindLesson):
            if fate.outcome is Outcome.PERSON:
                self._trust(fate.number, fate.at)
            return None
        return self._learn_line(fate)

    def _learn_line(self, lesson: Lesson) -> str | None:
        if lesson.before is Outcome.SILENT and lesson.outcome in PEOPLE:
            self._take_back(lesson)
        if lesson.outcome is Outcome.SILENT:
            return self._enrol(lesson.opening)
        if lesson.outcome in PEOPLE:
            return self._person(lesson)
        if lesson.outcome is Outcome.PRESSED:
            self._forget(lesson.opening)
            return lesson.line_id
        return self._unknown(lesson.opening) if lesson.before is None else lesson.line_id

    def put(self, line: Line) -> None:
        """Add a line, or put it in place of itself; an expired one is taken out."""
        before = self.lines.pop(line.line_id, None)
        self.changed[line.line_id] = line
        if line.state is not LineState.EXPIRED:
            self.lines[line.line_id] = line
        self._threshold.changed(before, line)
        self._table = None
        self._bound(newest=line.line_id)

    def snapshot(self, now: float) -> Snapshot:
        """What calls are judged with from now on."""
        table = self.table
        return Snapshot(
            space_id=self.ground.space_id,
            version=self.version,
            made_at=now,
            threshold=self.threshold,
            credit=self.credits.own,
            kind_credits=self.credits.of_kinds(self.settings),
            terms=table.known.terms,
            told=tuple(_told(line, self.settings.suspended_share) for line in table.lines),
            trusted=frozenset(self._trusted_at(now)),
        )

    def _take_back(self, lesson: Lesson) -> None:
        if line := self.lines.get(lesson.line_id or ""):
            self.put(line.taken_back())

    def _enrol(self, opening: Opening) -> str:
        """A challenge that nobody answered: of a line that is known, or of a new one."""
        self._forget(opening)
        known = self.table.nearest(opening.embedding, SAME_LINE)
        if known is None:
            known = self._new_line(LineOrigin.CHALLENGE, opening.embedding, (opening,))
            self.put(replace(known, failed=1).judged())
        else:
            self.put(known.failed_by(opening.embedding, opening.number, opening.at))
        return self._merge(known.line_id)

    def _person(self, lesson: Lesson) -> str | None:
        """A person: every line that would have challenged this opening is weakened."""
        opening, threshold = lesson.opening, self.threshold  # before this very person helps to set it
        self._forget(opening)
        self.people.append(opening.embedding)
        if lesson.outcome is Outcome.PERSON:
            self._trust(opening.number, opening.at)
        hit = [
            line
            for line, score in self._scored(opening)
            if score >= threshold or line.line_id == lesson.line_id
        ]
        for line in hit:
            self.put(line.passed_by(opening.number, challenged=lesson.challenged))
        if hit:
            self._threshold.forget()  # a person came near a line: the next threshold counts them in
        return hit[0].line_id if hit else None

    def _trust(self, number: int | None, at: float) -> None:
        if number is not None:
            self.trusted[number] = max(at, self.trusted.get(number, at))

    def _scored(self, opening: Opening) -> list[tuple[Line, float]]:
        """Every line and the opening's score on it."""
        scores = self.table.scores(opening.embedding[np.newaxis])[0]
        return list(zip(self.table.lines, scores.tolist(), strict=True))

    def _unknown(self, opening: Opening) -> str | None:
        likest = self.table.likest(opening.embedding, min(SAME_LINE, self.threshold))
        if likest and likest[1] >= self._lowest(likest[0]):
            self.put(likest[0].seen(opening.number, opening.at))
            return likest[0].line_id
        if opening.spam_probability < FLOOR:
            return None
        self.recent.append(opening)
        near = [one for one in self.recent if abs(one.at - opening.at) <= self.settings.window_seconds]
        burst = find_burst(self.ground, near, opening, calls=self.settings.burst_calls)
        if not burst:
            return None
        found = self._new_line(LineOrigin.BURST, np.mean([one.embedding for one in burst], axis=0), burst)
        self.put(found)
        for one in burst:
            self.joined[one.call_id] = found.line_id
            self._forget(one)
        return found.line_id

    def _lowest(self, line: Line) -> float:
        """The score from which a call that was bridged is the line's, and so makes no burst.

        Where people call, whatever belongs to the line is: the threshold that their passing has raised would
        make bursts of them. A suspended line challenges nobody: what is only near it may be an attack.
        """
        if line.state is LineState.SUSPENDED:
            return SAME_LINE
        return min(SAME_LINE, self.threshold) if line.people else self.threshold

    def _new_line(self, origin: LineOrigin, mean: NDArray[np.float64], openings: tuple[Opening, ...]) -> Line:
        times = [opening.at for opening in openings]
        return Line(
            line_id=self._new_id(),
            space_id=self.ground.space_id,
            origin=origin,
            mean=mean,
            count=len(openings),
            first_seen=min(times),
            last_seen=max(times),
            numbers=frozenset(one.number for one in openings if one.number is not None),
        )

    def _merge(self, line_id: str) -> str:
        """Join a line with the one that it turned out to be; the older of the two stays."""
        line = self.lines[line_id]
        others = [one for one in self.lines.values() if one.line_id != line_id and not one.pinned]
        if not others or line.pinned:
            return line_id
        same = LineTable(self.ground, others).nearest(line.mean, SAME_LINE)
        if same is None:
            return line_id
        older, newer = sorted((line, same), key=lambda one: one.first_seen)
        self.put(replace(newer, state=LineState.EXPIRED, merged_into=older.line_id))
        self.put(merged(older, newer))
        return older.line_id

    def _expire(self, now: float) -> None:
        for line in list(self.lines.values()):
            if now - line.last_seen > self.settings.expire_seconds and not line.pinned:
                self.put(replace(line, state=LineState.EXPIRED))

    def _bound(self, *, newest: str) -> None:
        """Give up the line with the weakest evidence, the longest unheard among equals; never the newest, or
        many lines of two failed challenges each would keep every new one out."""
        while len(self.lines) > self.settings.max_lines:
            older = [line for line in self.lines.values() if line.line_id != newest]
            weakest = min(older, key=lambda one: (one.pinned, one.failed, one.last_seen))
            self.put(replace(weakest, state=LineState.EXPIRED))

    def _forget(self, opening: Opening) -> None:
        """An opening that something is known of makes no burst."""
        kept = [one for one in self.recent if one.call_id != opening.call_id]
        if len(kept) < len(self.recent):
            self.recent = deque(kept, maxlen=self.recent.maxlen)

    def _trusted_at(self, now: float) -> list[int]:
        self.trusted = {n: at for n, at in self.trusted.items() if now - at <= self.settings.trust_seconds}
        newest = sorted(self.trusted, key=lambda number: -self.trusted[number])[:TRUSTED_KEPT]
        self.trusted = {number: self.trusted[number] for number in newest}
        return newest


def _told(line: Line, suspended_share: float) -> bytes:
    return msgspec.json.encode(
        KnownLine(
            line_id=line.line_id,
            state=line.state,
            evidence=line.evidence(),
            probe=line.probe(suspended_share),
        )
    )
