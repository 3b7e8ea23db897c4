"""The listener: tells where calls came from (`silentspam.listening`), where `provenance.enabled` is true.

A process of its own, which no caller waits for: it gives way to live calls, and what hangs here, an analysis,
a store or a webhook, reaches neither workers nor clerk.
"""

import os
import signal
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType

from silentspam import assembly
from silentspam.calllog.spool import Spool
from silentspam.config import Config, load_config
from silentspam.errors import SilentSpamError
from silentspam.listening.service import Service
from silentspam.metrics import Registry
from silentspam.serve import beat
from silentspam.serve.lines import LineWriter
from silentspam.serve.metering import Log

TURN_SECONDS = 1.0
"""Between two looks at what waits."""

LONGEST_TURN_SECONDS = 300.0
"""A turn that takes longer hangs: the process stops beating, and is started again."""

NICENESS = 10


class ListenerProcess:
    """One process of the server. `line` leads to the supervisor."""

    def __init__(self, config_path: Path | None, line: socket.socket) -> None:
        self._path = config_path
        self._line = line
        self._registry = Registry()
        self._writer = LineWriter()
        self._stopped, self._left = threading.Event(), threading.Event()
        self._reload = False
        self._turn_at = time.monotonic()
        self._service = self._service_of(load_config(config_path))

    def run(self) -> None:
        """Listen until told to stop, or until the supervisor is gone; what waits then, waits for the next."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, self._on_reload)
        with suppress(OSError):
            os.nice(NICENESS)
        threading.Thread(target=self._beat, name="beat", daemon=True).start()
        while not self._stopped.wait(TURN_SECONDS):
            self._turn_at = time.monotonic()
            if self._reload:
                self._reload = False
                self._take_over()
            self._turn()
        self._left.set()
        self._service.close()
        self._writer.close()

    def _service_of(self, config: Config) -> Service:
        self._log = Log(stages=False, masked=config.logging.mask_numbers, write=self._writer.write)
        database = assembly.database(config, keep=True)
        return Service(
            config,
            database,
            Spool(Path(config.call_log.spool)).add,  # the clerk takes in, and does what is to be done after
            registry=self._registry,
            tell=self._tell,
            kept=lambda path, row: assembly.retain_side(
                config, path, challenged=row["challenged_at"] is not None
            ),
        )

    def _take_over(self) -> None:
        try:
            config = load_config(self._path)
        except SilentSpamError as error:
            self._log.event("failed", chore="configuration", error=str(error))
            return
        self._service.close()
        self._service = self._service_of(config)

    def _turn(self) -> None:
        for _ in self._service.turn():
            self._turn_at = time.monotonic()
            if self._stopped.is_set():
                return

    def _tell(self, event: str, values: Mapping[str, object]) -> None:
        self._log.event(f"provenance: {event}", **values)

    def _beat(self) -> None:
        while not self._left.is_set() and time.monotonic() < self._turn_at + LONGEST_TURN_SECONDS:
            beat.send(self._line, beat.Beat(ready=True, counts=self._registry.copy()))
            if beat.is_closed(self._line):
                self._stopped.set()
            self._left.wait(beat.SECONDS)

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopped.set()

    def _on_reload(self, _signal: int, _frame: FrameType | None) -> None:
        self._reload = True
