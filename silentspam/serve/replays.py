"""The clerk's library of recordings: published, and re-plays learnt from finished calls, in its own thread.

No row waits for it: who has rows written leaves openings here, as many as there is room for, and goes on. A
library of a hundred thousand recordings takes half a minute to publish; and of more calls than the thread's
share of a core has time for, some are not compared with the others, which costs nothing but finding later.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from silentspam.audio import read_ulaw
from silentspam.call import CallRecord
from silentspam.calllog.recordings import RecordingTables
from silentspam.config import Config
from silentspam.errors import AudioError, CallLogError, NoCallLogError
from silentspam.librarian import (
    Learner,
    Learnt,
    Publisher,
    acceptance_rule,
    forget_openings,
    window_settings,
)
from silentspam.metrics import Registry
from silentspam.recordings.reading import LibraryFile
from silentspam.serve.clerk_metrics import CANDIDATES_FOUND, RECORDINGS, REPLAYS, UNHEARD

if TYPE_CHECKING:
    from silentspam.audio import Recording
    from silentspam.calllog.database import Database

ROOM = 400
"""Openings that may wait to be learnt from, 7 MB; beyond, calls are not learnt from."""

AT_ONCE = 10
"""Openings learnt from in one go."""

PUBLISH_SECONDS = 1.0
FORGET_SECONDS = 60.0
MOMENT_SECONDS = 0.2

REST = 9.0
"""Learning rests so many times as long as it took: it has a tenth of a core."""

RETRY_SECONDS = 2.0
"""After a failure of the database."""

Attempt = Callable[[str, Callable[[], object]], None]
"""Does work of a name; whatever it raises is said once, and so is that it is over."""
Tell = Callable[..., None]
"""Logs an event, with facts by name."""


class Replays:
    """The library of one configuration, kept by one thread from `start` to `close`."""

    def __init__(
        self, config: Config, database: "Database", registry: Registry, *, attempt: Attempt, tell: Tell
    ) -> None:
        self._config = config
        self._tables = RecordingTables(database)
        self._publisher = Publisher(config.library_folder, self._tables)
        self._learner: Learner | None = None
        self._registry = registry
        self._attempt = attempt
        self._tell = tell
        self._waiting: deque[tuple[CallRecord, Recording]] = deque()
        self._closed = threading.Event()
        self._due = self._rested_at = self._forget_at = 0.0
        self._counted = False
        self._thread = threading.Thread(target=self._work, name="library", daemon=True)

    def start(self) -> None:
        """Begin to publish and to learn."""
        self._thread.start()

    def close(self, seconds: float = 1.0) -> None:
        """End, after what is being learnt; what waits is not learnt from."""
        self._closed.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)

    def hear(self, records: Iterable[CallRecord]) -> None:
        """Take the openings of calls whose rows are in the database, before anybody lets go of them."""
        if not self._config.recordings.learn:
            return
        for record in records:
            if len(self._waiting) >= ROOM:
                self._registry.add(UNHEARD)
            elif (recording := _opening(record, self._config)) is not None:
                self._waiting.append((record, recording))

    def _work(self) -> None:
        while not self._closed.wait(MOMENT_SECONDS):
            self.turn()

    def turn(self) -> None:
        """Whatever is due now."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + PUBLISH_SECONDS
            self._attempt("recordings", self._publish)
        while self._waiting and time.monotonic() >= self._rested_at and not self._closed.is_set():
            self._attempt("replays", self._learn)

    def _publish(self) -> None:
        try:
            written = self._publisher.publish()
            if written or not self._counted:
                self._count()
            if time.monotonic() >= self._forget_at:
                self._forget_at = time.monotonic() + FORGET_SECONDS
                forget_openings(self._config, self._tables)
        except NoCallLogError:
            pass  # there was no call yet

    def _count(self) -> None:
        for standing, count in self._tables.counts().items():
            self._registry.put(RECORDINGS, standing, at=count)
        self._counted = True

    def _learn(self) -> None:
        """Learn from some openings; a database that fails has them again, any other fault costs them."""
        begun = time.thread_time()
        some = [self._waiting.popleft() for _ in range(min(len(self._waiting), AT_ONCE))]
        try:
            for (record, _), learnt in zip(some, self._own_learner().learn(some), strict=True):
                self._note(record, learnt)
        except CallLogError:
            self._waiting.extendleft(reversed(some))
            self._rested_at = time.monotonic() + RETRY_SECONDS
            raise
        finally:
            rest = time.monotonic() + REST * (time.thread_time() - begun)
            self._rested_at = max(self._rested_at, rest)

    def _own_learner(self) -> Learner:
        """Made when there is a call: its tables take 17 MB."""
        if self._learner is None:
            self._learner = Learner(
                self._tables,
                LibraryFile(self._config.library_folder, kept=True),
                window_settings(self._config),
                acceptance_rule(self._config),
            )
        return self._learner

    def _note(self, record: CallRecord, learnt: Learnt) -> None:
        if learnt.standing is None:
            return
        self._registry.add(REPLAYS, learnt.standing)
        if learnt.found:
            self._registry.add(CANDIDATES_FOUND)
            self._tell(
                "recording found", call_id=record.call.call_id, recording_id=learnt.recording_id, by="replay"
            )


def _opening(record: CallRecord, config: Config) -> "Recording | None":
    """What was recorded of a call; None where it is not there, or no audio."""
    if record.recording is None:
        return None
    try:
        return read_ulaw(Path(record.recording), max_seconds=config.recording.seconds)
    except AudioError:
        return None
