"""The clerk: takes rows from the spool into the database, and does what is to be done after a call.

What fails is said once and tried again; the rows wait in the spool, in order. Nothing here is on a caller's
time, and nothing that a database does to this process reaches a worker.
"""

import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from silentspam import assembly
from silentspam.calllog.database import Database, UnusableDatabase
from silentspam.calllog.entry import Entry
from silentspam.calllog.spool import Spool
from silentspam.config import Config, load_config
from silentspam.metrics import Registry
from silentspam.serve import beat
from silentspam.serve.after import AfterCalls
from silentspam.serve.clerk_metrics import CHORE_FAULTS, DATABASE_UP, OLDEST, ROWS, SPOOL
from silentspam.serve.gate_meter import GateMeter
from silentspam.serve.journal import adopt
from silentspam.serve.lines import LineWriter
from silentspam.serve.metering import Log
from silentspam.serve.replays import Replays

AT_ONCE = 500
"""Rows of one transaction."""

LONGEST_ROUND_SECONDS = 300.0
"""Every wait of a round has an end, and the longest backlog is done by then."""


class Clerk:
    """One process of the server. `line` leads to the supervisor."""

    def __init__(self, config_path: Path | None, line: socket.socket) -> None:
        self._path = config_path
        self._line = line
        self._registry = Registry()
        self._stopped = threading.Event()
        self._left = threading.Event()
        self._reload = False
        self._faults: dict[str, str] = {}
        self._writer = LineWriter()
        self._round_at = time.monotonic()
        self._database: Database = UnusableDatabase("there is no configuration yet")
        self._replays: Replays | None = None
        self._take_over(load_config(config_path))

    def run(self) -> None:
        """Work until told to stop, or until the supervisor is gone; what is in the spool then is taken in."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, self._on_reload)
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        while not self._stopped.wait(0.0 if self._rounds() else 0.2):
            if self._reload:
                self._reload = False
                self._attempt("configuration", lambda: self._take_over(load_config(self._path)))
        self._rounds(last=True)
        self._left.set()
        self._close_replays()
        self._database.close()
        self._writer.close()

    def _take_over(self, config: Config) -> None:
        self._config = config
        self._log = Log(stages=False, masked=config.logging.mask_numbers, write=self._writer.write)
        self._gate = GateMeter(Path(config.gate.folder), self._registry)
        self._spool = Spool(Path(config.call_log.spool))
        self._close_replays()
        self._database.close()
        self._database = database = assembly.database(config, keep=True)
        self._table = assembly.call_table(config, database)
        self._replays = replays = Replays(
            config, database, self._registry, attempt=self._attempt, tell=self._log.event
        )
        replays.start()
        self._after = AfterCalls(config, self._say_of_shadow, database, hear=replays.hear)
        self._due: dict[str, float] = {}

    def _close_replays(self) -> None:
        if self._replays is not None:
            self._replays.close()

    def _say_of_shadow(self, text: str) -> None:
        self._log.event("failed", chore="shadow", error=text)

    def _rounds(self, *, last: bool = False) -> bool:
        """Whatever is due; True when there may be more to do at once."""
        self._round_at = time.monotonic()
        if last or self._is_due("adopt", 2.0):
            self._attempt("adopt", lambda: adopt(self._spool.folder))
        taken: list[Entry] = []
        self._attempt("rows", lambda: self._take_rows(taken))
        if taken:
            self._attempt("after calls", lambda: self._after.rows(taken))
        if last:
            return False
        for name, seconds, work in self._after.chores():
            if self._is_due(name, seconds):
                self._attempt(name, work)
        return len(taken) >= AT_ONCE

    def _take_rows(self, taken: list[Entry]) -> None:
        """Add the rows that are in the database now to `taken`, also when a later batch fails."""
        up = 0.0
        try:
            for batch in self._spool.batches_in(self._write, at_once=AT_ONCE):
                taken += batch
                self._registry.add(ROWS, by=len(batch))
            up = 1.0
        finally:
            self._registry.put(DATABASE_UP, at=up)

    def _write(self, entries: list[Entry]) -> None:
        """All together; what the database can never hold is set aside, and holds up no other."""
        for refused in self._table.write_many(entries):
            self._spool.set_aside([refused.entry])
            self._log.event("refused", call_id=refused.entry.call_id, error=str(refused.error)[:500])

    def _is_due(self, name: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(name, 0.0):
            return False
        self._due[name] = now + seconds
        return True

    def _attempt(self, name: str, work: Callable[[], object]) -> None:
        """Do it; what goes wrong is said once, and so is that it is over."""
        try:
            work()
        except Exception as error:  # noqa: BLE001  whatever is wrong with one chore, the others go on
            text = f"{type(error).__name__}: {error}"[:500]
            self._registry.add(CHORE_FAULTS, name)
            if text != self._faults.get(name):
                self._log.event("failed", chore=name, error=text)
            self._faults[name] = text
            return
        if self._faults.pop(name, None):
            self._log.event("works again", chore=name)

    def _beat(self) -> None:
        """Signs of life from a thread of their own: a slow database is no reason to be killed, a clerk that
        does not come round any more is."""
        while not self._left.is_set() and time.monotonic() < self._round_at + LONGEST_ROUND_SECONDS:
            waiting = self._spool.waiting()
            self._registry.put(SPOOL, at=len(waiting))
            self._registry.put(OLDEST, at=_age(waiting[0]) if waiting else 0.0)
            self._gate.look()
            beat.send(self._line, beat.Beat(ready=True, busy=len(waiting), counts=self._registry.copy()))
            if beat.is_closed(self._line):
                self._stopped.set()
            self._left.wait(beat.SECONDS)

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopped.set()

    def _on_reload(self, _signal: int, _frame: FrameType | None) -> None:
        self._reload = True


def _age(path: Path) -> float:
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return 0.0
