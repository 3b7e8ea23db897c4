"""A worker: screens calls until it is told to stop, or its supervisor is gone; calls may end first."""

import gc
import signal
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from silentspam.config import Config, load_config
from silentspam.errors import ConfigError
from silentspam.metrics import Registry
from silentspam.sections import ServerSection
from silentspam.serve import beat, metering
from silentspam.serve.asterisk_calls import AsteriskCalls, is_end
from silentspam.serve.calls import Calls
from silentspam.serve.freeswitch_calls import FreeSwitchCalls
from silentspam.serve.front import Front, Take
from silentspam.serve.hub import Hub
from silentspam.serve.journal import Journal
from silentspam.serve.lines import LineWriter
from silentspam.serve.panel import Panel
from silentspam.serve.protocols import AGI, FREESWITCH, Protocol
from silentspam.serve.service import Service

TICK_SECONDS = 0.25


class Worker:
    """One process of the server. The listeners are shared with the others, `line` leads to the supervisor;
    `freeswitch` is there where FreeSWITCH is served too."""

    def __init__(
        self,
        config_path: Path | None,
        listener: socket.socket,
        line: socket.socket,
        freeswitch: socket.socket | None = None,
    ) -> None:
        self._path = config_path
        self._line = line
        self._registry = Registry()
        self._writer = LineWriter()
        config = load_config(config_path)
        self._meter = metering.Meter(self._registry, _log(config, self._writer))
        self._journal = Journal(Path(config.call_log.spool), say=self._writer.write)
        self._hub = Hub()
        self._panel = Panel(self._hub)
        self._service = self._service_of(config)
        self._calls = Calls(
            self._hub,
            limit=config.server.calls_per_worker,
            refused=self._meter.refused,
            failed=self._failed,
        )
        self._asterisk = AsteriskCalls()
        self._freeswitch = FreeSwitchCalls(pause=self._hub.pause)
        self._fronts = [self._front_of(config.server, listener, AGI, self._take)]
        if freeswitch is not None:
            section = config.server
            self._fronts.append(self._front_of(section, freeswitch, FREESWITCH, self._take_freeswitch))
        self._drain_seconds = config.server.drain_seconds
        self._draining_until: float | None = None
        self._reload = self._stopping = False
        self._wanted = config
        self._swapping = threading.Lock()
        self._next_beat = 0.0
        self._handing_over: threading.Thread | None = None

    def run(self) -> None:
        """Serve until drained."""
        self._hub.watch(self._line.fileno(), lambda _: self._hear_supervisor())
        woken, waker = socket.socketpair()
        for end in (woken, waker):
            end.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        self._hub.watch(woken.fileno(), lambda _: woken.recv(64))
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the supervisor too, which tells us
        self._service.ready()
        gc.freeze()
        while not self._is_done():
            self._hub.turn(min(front.patience(TICK_SECONDS) for front in self._fronts))
            for front in self._fronts:
                front.look()
            self._tick()
        self._journal.close_file()
        self._beat()
        self._writer.close()

    def _front_of(
        self, section: ServerSection, listener: socket.socket, protocol: Protocol, take: Take
    ) -> Front:
        return Front(
            self._hub,
            listener,
            protocol=protocol,
            allowed=section.allowed_clients,
            greeting_seconds=section.greeting_seconds,
            take=take,
            refused=self._meter.refused,
        )

    def _take(self, connection: socket.socket, received: bytes) -> None:
        service = self._service
        self._calls.take(
            connection,
            received,
            serve=lambda link, begin, full: self._asterisk.serve(service, link, begin, full=full),
            ends=is_end(received),
        )

    def _take_freeswitch(self, connection: socket.socket, received: bytes) -> None:
        service = self._service
        self._calls.take(
            connection,
            received,
            serve=lambda link, begin, full: self._freeswitch.serve(service, link, begin, full=full),
            ends=False,
            leave=self._fronts[-1].leave,
        )

    def _tick(self) -> None:
        if self._stopping:
            self._drain()
        if self._reload:
            self._reload = False
            self._take_over()
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + beat.SECONDS
            self._hand_over()
            self._service.try_again()
            self._beat()

    def _hand_over(self) -> None:
        """Give the clerk its rows, in a thread: a disk may take half a second to say that it has them."""
        if self._handing_over is None or not self._handing_over.is_alive():
            with suppress(RuntimeError, MemoryError):  # no thread to be had: the rows wait another second
                self._handing_over = threading.Thread(
                    target=self._journal.close_file, name="rows", daemon=True
                )
                self._handing_over.start()

    def _beat(self) -> None:
        put = self._registry.put
        put(metering.IN_PROGRESS, at=self._calls.screenings)
        put(metering.GREETINGS, at=sum(front.greetings for front in self._fronts))
        put(metering.UNWRITTEN, at=self._journal.refused)
        recent = list(self._service.recent)
        put(metering.RECENT, "judged", at=len(recent))
        put(metering.RECENT, "challenged", at=sum(recent))
        counts = self._registry.copy()
        counts[metering.MODEL.name] = {self._service.model_id: [1.0]}
        ready = self._draining_until is None
        beat.send(self._line, beat.Beat(ready=ready, busy=self._calls.open, counts=counts))

    def _take_over(self) -> None:
        """Read the configuration again; a broken one changes nothing, and calls in progress keep theirs."""
        try:
            self._wanted = load_config(self._path)
            threading.Thread(target=self._renew, args=(self._wanted,), name="reload", daemon=True).start()
        except (ConfigError, RuntimeError, MemoryError) as error:
            self._not_taken_over(error)

    def _renew(self, config: Config) -> None:
        """Have a new service ready while the old one serves; of two reloads the later one counts."""
        try:
            service = self._service_of(config, before=self._service)
            service.ready()
        except Exception as error:  # noqa: BLE001  whatever is wrong with it, the service before serves on
            self._not_taken_over(error)
            return
        with self._swapping:
            if config is self._wanted:
                self._service = service
                self._meter.log = _log(config, self._writer)

    def _service_of(self, config: Config, before: Service | None = None) -> Service:
        return Service(
            config,
            journal=self._journal,
            meter=self._meter,
            pause=self._hub.pause,
            judge=self._panel.judge,
            before=before,
        )

    def _not_taken_over(self, error: Exception) -> None:
        self._meter.log.event("configuration not taken over", error=f"{type(error).__name__}: {error}"[:500])

    def _failed(self, error: Exception) -> None:
        self._meter.log.event("connection failed", error=f"{type(error).__name__}: {error}"[:500])
        self._registry.add(metering.REFUSED, type(error).__name__)

    def _hear_supervisor(self) -> None:
        """It never speaks: something to read is its end; it resets the line when it left a beat unread."""
        try:
            is_there = bool(self._line.recv(16))
        except BlockingIOError:
            return
        except OSError:
            is_there = False
        if not is_there:
            self._hub.forget(self._line.fileno())
            self._drain()

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True  # not here, in the middle of a call: whoever waits at the door is let in first

    def _on_reload(self, _signal: int, _frame: FrameType | None) -> None:
        self._reload = True

    def _drain(self) -> None:
        if self._draining_until is None:
            self._draining_until = time.monotonic() + self._drain_seconds
            for front in self._fronts:
                front.stop_accepting()
            self._next_beat = 0.0

    def _is_done(self) -> bool:
        if self._draining_until is None:
            return False
        if self._calls.open and time.monotonic() > self._draining_until:
            self._calls.cut_all()
            self._draining_until += 5.0
        return not self._calls.open and all(front.is_empty for front in self._fronts)


def _log(config: Config, writer: LineWriter) -> metering.Log:
    section = config.logging
    return metering.Log(stages=section.stages, masked=section.mask_numbers, write=writer.write)
