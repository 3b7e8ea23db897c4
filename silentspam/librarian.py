"""The library of recordings as a server keeps it: its file up to date, re-plays learnt from finished calls.

All of it is work for after a call, by the one process of a server that does it (the clerk). What the servers
of one call database know of each other's calls, they know from there.
"""

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.call import CallRecord, VerdictKind
from silentspam.calllog.recording_rows import RecordingCall
from silentspam.errors import AudioError, LibraryError
from silentspam.kinds.recording import Match
from silentspam.kinds.standing import Standing
from silentspam.lines.numbers import caller_key
from silentspam.recordings.candidates import AcceptanceRule, is_candidate
from silentspam.recordings.window import Echo, Heard, Window, WindowSettings

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.calllog.recordings import RecordingTables
    from silentspam.config import Config
    from silentspam.recordings.reading import LibraryFile, Stamp

UNLEARNT = frozenset({VerdictKind.CALLER_FAX, VerdictKind.CALLER_BUSY, VerdictKind.INCONCLUSIVE})
"""Verdicts of signals that any call may have: to hear them again says nothing."""

CAUGHT_UP_SECONDS = 2.0
"""How often other servers' openings are asked for at most."""

AT_MOST_ALONE = 1000
"""Openings that a process of one call looks through: to take them in takes an eighth of a second."""

CLOCKS_SECONDS = 180.0
"""How far servers' clocks may differ, and a row's time from when others see it."""


@dataclass
class Publisher:
    """Keeps a machine's file equal to what the call database knows. One for each process that does so."""

    folder: Path
    tables: "RecordingTables"
    _known: "tuple[Stamp | None, str | None]" = field(default=(None, None), init=False)

    def publish(self, *, now: float | None = None) -> bool:
        """Bring them together; True where the file was written.

        Costs a stat() and one small query where nothing is new. Raises CallLogError or LibraryError: the file
        stays as it is.
        """
        from silentspam.recordings import store
        from silentspam.recordings.reading import stamp

        seen = stamp(self.folder)
        if seen is None or seen != self._known[0]:
            self._known = seen, _fingerprint(self.folder)
        wanted = self.tables.fingerprint()
        if self._known[1] == wanted:
            return False
        fingerprint, recordings = self.tables.known()
        if seen is None and not recordings:
            return False
        made_at = time.time() if now is None else now
        store.write(self.folder, store.encode(recordings, fingerprint=fingerprint, made_at=made_at))
        self._known = stamp(self.folder), fingerprint
        return True


def _fingerprint(folder: Path) -> str | None:
    """What the file was made from; None where there is none, or it is torn and has to be written anew."""
    from silentspam.recordings import store

    try:
        library = store.read(folder)
    except LibraryError:
        return None
    return None if library is None else library.header.fingerprint


def window_settings(config: "Config") -> WindowSettings:
    """The section `recordings` as the window's own class."""
    section = config.recordings
    return WindowSettings(
        openings=section.window_openings, seconds=3600 * section.window_hours, numbers=section.numbers
    )


def acceptance_rule(config: "Config") -> AcceptanceRule:
    """The section `recordings` as the rule's own class."""
    return AcceptanceRule(failed_challenges=config.recordings.failed_challenges)


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What a call taught. recording_id: what it plays, of which standing; found: a candidate, just now."""

    recording_id: str = ""
    standing: Standing | None = None
    found: bool = False


NOTHING = Learnt()
"""It plays nothing that is known, or was heard before under so many numbers; or nothing can be said of it."""


@dataclass
class Learner:
    """Looks for re-plays among the calls of all servers. One for each server; it is no use to two threads.

    at_most: openings, the newest of the window, that are looked through; None: all of them. clock: tells the
    time [s since the epoch]; a call that bears a later one is taken for one of now.
    """

    tables: "RecordingTables"
    library: "LibraryFile"
    settings: WindowSettings = field(default_factory=WindowSettings)
    rule: AcceptanceRule = field(default_factory=AcceptanceRule)
    at_most: int | None = None
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._at_most = min(self.at_most or self.settings.openings, self.settings.openings)
        self._window = Window(replace(self.settings, openings=self._at_most))
        self._seen: dict[str, None] = {}
        self._caught_up_at = float("-inf")

    def learn(self, calls: Iterable[tuple[CallRecord, "Recording"]]) -> list[Learnt]:
        """Learn from calls that are over, their openings still at hand, and their rows in the database.

        Each call counts once, however often it comes. Raises CallLogError: they can be learnt from again.
        """
        now = self.clock()
        openings = [_heard(record, recording, now) for record, recording in calls]
        telling = [one for one in openings if one is not None and one.constellation.is_telling]
        matches = {one.call_id: self.library.match(one.constellation) for one in telling}
        playing = [_call(match, one) for one in telling if (match := matches[one.call_id])]
        found = self._played(playing) if playing else {}
        unknown = [one for one in telling if matches[one.call_id] is None]
        found |= {one.call_id: self._learn_unknown(one) for one in unknown}
        if unknown:
            self.tables.remember(unknown, now)
        return [NOTHING if one is None else found.get(one.call_id, NOTHING) for one in openings]

    def _played(self, calls: list[RecordingCall]) -> dict[str, Learnt]:
        ids = {call.call_id: call.recording_id for call in calls}
        return {
            call_id: Learnt(recording_id=ids[call_id], standing=standing) if standing else NOTHING
            for call_id, standing in self.tables.played(calls, self.rule)
        }

    def _learn_unknown(self, heard: Heard) -> Learnt:
        self._catch_up()
        if heard.call_id in self._seen:
            return NOTHING
        learnt = self._look(heard)
        self._add(heard)
        return learnt

    def _look(self, heard: Heard) -> Learnt:
        """Make a candidate of what enough numbers play, unless the database had it before the file does."""
        echoes = self._window.echoes(heard)
        if not is_candidate(heard, echoes, numbers=self.settings.numbers):
            return NOTHING
        recording_id = str(uuid.uuid4())
        first = min(echoes, key=lambda echo: echo.at)
        own = Echo(
            call_id=heard.call_id, number=heard.number, at=heard.at, begin=0.0, evidence=echoes[0].evidence
        )
        calls = [_echoing(recording_id, echo) for echo in (own, *echoes)]
        name = f"found in calls {first.call_id[:8]} and {heard.call_id[:8]}"
        known = self.tables.found(name, heard.constellation, calls, heard.at)
        if known is not None:
            return self._played([_call(known, heard)])[heard.call_id]
        return Learnt(recording_id=recording_id, standing=Standing.CANDIDATE, found=True)

    def _catch_up(self) -> None:
        """Take in what other servers stored since the last look, whenever it was heard; at the start all."""
        now = self.clock()
        if 0 <= now - self._caught_up_at < CAUGHT_UP_SECONDS:
            return
        stored_since = max(min(self._caught_up_at, now) - CLOCKS_SECONDS, 0.0)
        for heard in self.tables.recent(
            now - self.settings.seconds, self._at_most, stored_since=stored_since, known=self._seen
        ):
            self._add(replace(heard, at=min(heard.at, now)))
        self.tables.forget_recent(self.settings, now)
        self._caught_up_at = now

    def _add(self, heard: Heard) -> None:
        if heard.call_id in self._seen:
            return
        self._window.add(heard)
        self._seen[heard.call_id] = None
        while len(self._seen) > 2 * self.settings.openings:
            del self._seen[next(iter(self._seen))]


def forget_openings(config: "Config", tables: "RecordingTables") -> None:
    """Let openings go that the window is over for, whether another call comes or not, doubt recordings whose
    callers turned out to be persons, and prune what is kept of candidates. Raises CallLogError."""
    now = time.time()
    tables.review(now)
    tables.prune(now)
    tables.forget_recent(window_settings(config), now)


def learn_alone(config: "Config", tables: "RecordingTables", record: CallRecord) -> Learnt:
    """Learn from one call, in a process that ends with it: among fewer openings than a server looks through.

    Raises CallLogError.
    """
    from silentspam.audio import read_ulaw
    from silentspam.recordings.reading import LibraryFile

    if not config.recordings.learn or record.recording is None:
        return NOTHING
    try:
        opening = read_ulaw(Path(record.recording), max_seconds=config.recording.seconds)
    except AudioError:
        return NOTHING
    settings, rule = window_settings(config), acceptance_rule(config)
    library = LibraryFile(config.library_folder)
    (learnt,) = Learner(tables, library, settings, rule, at_most=AT_MOST_ALONE).learn([(record, opening)])
    tables.review(time.time())
    return learnt


def _heard(record: CallRecord, recording: "Recording", now: float) -> Heard | None:
    from silentspam.kinds.constellation import constellation

    if record.verdict in UNLEARNT:
        return None
    return Heard(
        call_id=record.call.call_id,
        number=caller_key(record.call),
        at=min(record.call.started_at, now),
        constellation=constellation(recording.samples),
    )


def _call(match: Match, heard: Heard) -> RecordingCall:
    return RecordingCall(
        recording_id=match.recording_id,
        call_id=heard.call_id,
        number=heard.number,
        matched_at=heard.at,
        begin_seconds=match.begin,
        evidence=match.evidence,
    )


def _echoing(recording_id: str, echo: Echo) -> RecordingCall:
    return RecordingCall(
        recording_id=recording_id,
        call_id=echo.call_id,
        number=echo.number,
        matched_at=echo.at,
        begin_seconds=-echo.begin,
        evidence=echo.evidence,
    )
