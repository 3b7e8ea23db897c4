"""The library of recordings as a server keeps it: its file up to date, re-plays learnt from finished calls.

All of it is work for after a call, by the one process of a server that does it (the clerk). What the servers
of one call database know of each other's calls, they know from there.
"""

import time
import uuid
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.call import CallRecord, VerdictKind
from silentspam.calllog.recordings import RecordingCall
from silentspam.errors import LibraryError
from silentspam.kinds.recording import Match
from silentspam.kinds.standing import Standing
from silentspam.lines.numbers import caller_key
from silentspam.recordings.candidates import AcceptanceRule, is_candidate
from silentspam.recordings.library import KnownRecording, library_of
from silentspam.recordings.window import Echo, Heard, Window, WindowSettings

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.calllog.recordings import RecordingTables
    from silentspam.config import Config
    from silentspam.recordings.reading import LibraryFile

UNLEARNT = frozenset({VerdictKind.CALLER_FAX, VerdictKind.CALLER_BUSY, VerdictKind.INCONCLUSIVE})
"""Verdicts of signals that any call may have: to hear them again says nothing."""

CAUGHT_UP_SECONDS = 2.0
"""How often other servers' openings are asked for at most."""

LATE_SECONDS = 120.0
"""How much later than its call another server's opening may come to the database."""

FRESH = 50
"""Candidates found lately, which the library's file may not hold yet."""


def folder_of(config: "Config") -> Path:
    """Where the library's file lies: beside the lines'."""
    return Path(config.lines.folder).with_name("library")


def publish_recordings(folder: Path, tables: "RecordingTables", *, now: float | None = None) -> bool:
    """Bring this machine's file and the call database together; True where the file was written.

    Costs one small query where nothing is new. Raises CallLogError or LibraryError: the file stays as it is.
    """
    from silentspam.recordings import store

    try:
        before = store.read(folder)
    except LibraryError:
        before = None  # torn: written anew
    if before is not None and before.header.fingerprint == tables.fingerprint():
        return False
    fingerprint, recordings = tables.known()
    if before is None and not recordings:
        return False
    made_at = time.time() if now is None else now
    store.write(folder, store.encode(recordings, fingerprint=fingerprint, made_at=made_at))
    return True


@dataclass
class Learner:
    """Looks for re-plays among the calls of all servers. One for each server; it is no use to two threads."""

    tables: "RecordingTables"
    library: "LibraryFile"
    settings: WindowSettings = field(default_factory=WindowSettings)
    rule: AcceptanceRule = field(default_factory=AcceptanceRule)

    def __post_init__(self) -> None:
        self._window = Window(self.settings)
        self._seen: dict[str, None] = {}
        self._caught_up_at = float("-inf")
        self._fresh: deque[KnownRecording] = deque(maxlen=FRESH)
        self._fresh_library = library_of(self._fresh)

    def learn(self, calls: Iterable[tuple[CallRecord, "Recording"]]) -> list[Standing | None]:
        """Learn from calls that are over, their openings still at hand, and their rows in the database.

        Returns of each the standing of the recording that it plays, CANDIDATE where that was found just now;
        None where it plays none. Raises CallLogError: the calls can be learnt from again.
        """
        openings = [_heard(record, recording) for record, recording in calls]
        telling = [one for one in openings if one is not None and one.constellation.is_telling]
        matches = {one.call_id: self._match(one) for one in telling}
        playing = [_call(match, one) for one in telling if (match := matches[one.call_id])]
        found = dict(self.tables.played(playing, self.rule)) if playing else {}
        unknown = [one for one in telling if matches[one.call_id] is None]
        found |= {one.call_id: self._learn_unknown(one) for one in unknown}
        if unknown:
            self.tables.remember(unknown)
        return [found.get(one.call_id) if one is not None else None for one in openings]

    def _learn_unknown(self, heard: Heard) -> Standing | None:
        self._catch_up(heard.at)
        fresh = self._fresh_library.match(heard.constellation)
        if fresh is not None:  # found among the calls of this very batch
            return dict(self.tables.played([_call(fresh, heard)], self.rule)).get(heard.call_id)
        found = self._look(heard)
        self._add(heard)
        return found

    def _match(self, heard: Heard) -> Match | None:
        known = self.library.match(heard.constellation)
        return known or self._fresh_library.match(heard.constellation)

    def _look(self, heard: Heard) -> Standing | None:
        echoes = self._window.echoes(heard)
        if not is_candidate(heard, echoes, numbers=self.settings.numbers):
            return None
        recording_id = str(uuid.uuid4())
        first = min(echoes, key=lambda echo: echo.at)
        own = Echo(
            call_id=heard.call_id, number=heard.number, at=heard.at, begin=0.0, evidence=echoes[0].evidence
        )
        calls = [_echoing(recording_id, echo) for echo in (own, *echoes)]
        name = f"found in calls {first.call_id[:8]} and {heard.call_id[:8]}"
        self.tables.found(name, heard.constellation, calls, heard.at)
        self._fresh.append(
            KnownRecording(
                recording_id=recording_id,
                name=name,
                standing=Standing.CANDIDATE,
                constellation=heard.constellation,
            )
        )
        self._fresh_library = library_of(self._fresh)
        return Standing.CANDIDATE

    def _catch_up(self, now: float) -> None:
        """Take in what other servers heard, and at the start what this one did."""
        if now - self._caught_up_at < CAUGHT_UP_SECONDS:
            return
        since = max(now - self.settings.seconds, self._caught_up_at - LATE_SECONDS)
        for heard in self.tables.recent(since, self.settings.openings):
            self._add(heard)
        self.tables.forget_recent(self.settings, now)
        self._caught_up_at = now

    def _add(self, heard: Heard) -> None:
        if heard.call_id in self._seen:
            return
        self._window.add(heard)
        self._seen[heard.call_id] = None
        while len(self._seen) > 2 * self.settings.openings:
            del self._seen[next(iter(self._seen))]


def _heard(record: CallRecord, recording: "Recording") -> Heard | None:
    from silentspam.kinds.constellation import constellation

    if record.verdict in UNLEARNT:
        return None
    return Heard(
        call_id=record.call.call_id,
        number=caller_key(record.call),
        at=record.call.started_at,
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
