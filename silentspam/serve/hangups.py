"""The process that hears how calls on FreeSWITCH ended, where `freeswitch.port` is set.

A screener has left a call's session when it hands the call back, so the ends come from FreeSWITCH's own event
sockets (`freeswitch.event_sockets`). A process of its own: it hears on while workers are started again.
"""

import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from silentspam.calllog.entry import ended
from silentspam.config import load_config
from silentspam.errors import SilentSpamError
from silentspam.freeswitch.ended import call_end, was_counted
from silentspam.freeswitch.frames import Headers
from silentspam.metrics import Registry
from silentspam.serve import beat
from silentspam.serve.event_socket import EventSocket
from silentspam.serve.hangup_metrics import FAULTS, HANGUPS, SOCKETS
from silentspam.serve.journal import Journal
from silentspam.serve.lines import LineWriter
from silentspam.serve.metering import UNWRITTEN, Log, Meter

LEAVE_SECONDS = 2.0
"""What all event sockets may take to stop."""


class HangupsProcess:
    """One process of the server. `line` leads to the supervisor."""

    def __init__(self, config_path: Path | None, line: socket.socket) -> None:
        self._path = config_path
        self._line = line
        self._registry = Registry()
        self._writer = LineWriter()
        self._stopped = threading.Event()
        self._reload = False
        self._config = load_config(config_path)
        self._meter = Meter(self._registry, self._log())
        self._journal = Journal(Path(self._config.call_log.spool), say=self._writer.write)
        self._sockets: dict[tuple[str, str], EventSocket] = {}
        self._handing_over: threading.Thread | None = None

    def run(self) -> None:
        """Hear until told to stop, or until the supervisor is gone."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, self._on_reload)
        self._listen()
        self._beat()
        while not self._stopped.wait(beat.SECONDS):
            if self._reload:
                self._reload = False
                self._take_over()
            self._listen()
            self._hand_over()
            self._beat()
            if beat.is_closed(self._line):
                self._stopped.set()
        self._leave(list(self._sockets.values()))
        self._journal.close_file()
        self._beat()
        self._writer.close()

    def _log(self) -> Log:
        section = self._config.logging
        return Log(stages=section.stages, masked=section.mask_numbers, write=self._writer.write)

    def _listen(self) -> None:
        """Have the event sockets of the configuration, and no others."""
        section = self._config.freeswitch
        wanted = {(address, section.password) for address in section.event_sockets}
        gone = [self._sockets.pop(key) for key in self._sockets.keys() - wanted]
        for key in sorted(wanted - self._sockets.keys()):
            one = EventSocket(
                *key,
                hear=self._hear,
                say=lambda name, **facts: self._meter.log.event(name, **facts),
                failed=lambda error: self._registry.add(FAULTS, type(error).__name__),
            )
            with suppress(RuntimeError, MemoryError):  # no thread to be had: tried again in a second
                one.start()
                self._sockets[key] = one
        self._leave(gone)

    def _leave(self, sockets: list[EventSocket]) -> None:
        for one in sockets:
            one.stop()
        until = time.monotonic() + LEAVE_SECONDS
        for one in sockets:
            one.join(max(0.0, until - time.monotonic()))

    def _hear(self, event: Headers) -> None:
        """A leg has ended. A defect of ours may cost its end, but not those that came with it."""
        try:
            self._write(event)
        except Exception as error:  # noqa: BLE001  as above: said, with what the call can be found by
            text = f"{type(error).__name__}: {error}"[:500]
            self._meter.log.event("failed", chore="hangup", error=text, uniqueid=event.get("Unique-ID")[:80])

    def _write(self, event: Headers) -> None:
        """If it was a call of ours, its end is in the journal when this returns."""
        end = call_end(event, heard_at=time.time())
        self._registry.add(HANGUPS, "call" if end else "other")
        if end is not None:
            self._journal.add(ended(end))
            self._meter.ended(end, counted=was_counted(event))

    def _take_over(self) -> None:
        """Read the configuration again; what was read before holds where it is broken."""
        try:
            self._config = load_config(self._path)
        except SilentSpamError as error:
            self._meter.log.event("configuration not taken over", error=str(error))
            return
        self._meter.log = self._log()

    def _hand_over(self) -> None:
        """Give the clerk the rows, in a thread: a disk may take its time to say that it has them."""
        if self._handing_over is None or not self._handing_over.is_alive():
            with suppress(RuntimeError, MemoryError):  # no thread to be had: the rows wait another second
                self._handing_over = threading.Thread(
                    target=self._journal.close_file, name="rows", daemon=True
                )
                self._handing_over.start()

    def _beat(self) -> None:
        sockets = self._sockets.values()
        self._registry.put(SOCKETS, "all", at=len(self._config.freeswitch.event_sockets))
        self._registry.put(SOCKETS, "heard", at=sum(one.heard for one in sockets))
        self._registry.put(UNWRITTEN, at=self._journal.refused)
        beat.send(self._line, beat.Beat(ready=True, counts=self._registry.copy()))

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopped.set()

    def _on_reload(self, _signal: int, _frame: FrameType | None) -> None:
        self._reload = True
