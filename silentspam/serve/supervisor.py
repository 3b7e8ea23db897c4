"""The supervisor: owns the listening sockets, keeps workers and clerk running, tells the world how it goes.

It imports neither numpy nor a database, and does nothing that could hold it up: what hangs is a child, and a
child that hangs is killed and started again. The sockets stay open meanwhile: no connection is refused.
"""

import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType

from silentspam import __version__
from silentspam.config import Config
from silentspam.errors import ConfigError
from silentspam.listening.metrics import LISTENER_METRICS
from silentspam.metrics import Metric, State, added, of_kind, told
from silentspam.serve.children import LONGEST_PAUSE_SECONDS, Child
from silentspam.serve.clerk_metrics import CLERK_METRICS
from silentspam.serve.doors import Doors
from silentspam.serve.hangup_metrics import HANGUP_METRICS
from silentspam.serve.http import serve_pages
from silentspam.serve.kept import KeptConfig
from silentspam.serve.lines import LineWriter
from silentspam.serve.metering import WORKER_METRICS, Log
from silentspam.serve.notify import notify

TICK_SECONDS = 0.1

UNSERVED_SECONDS = 6.0
"""So long a connection may wait for a worker that is being started again."""

HANGUPS_LEAVE_SECONDS = 5.0
"""Who hears FreeSWITCH has so long to hear of the last calls that the workers ended, of the clerk's time."""

CLERK_LEAVES_SECONDS = 20.0
"""The clerk has so long to take in the last rows; what is left then waits in the spool."""

UP = Metric("silentspam_processes", "gauge", "Processes of the server that answer.", ("role",))
RESTARTS = Metric("silentspam_restarts_total", "counter", "Processes started again.", ("role",))
BUDGET = Metric(
    "silentspam_false_challenge_rate_allowed",
    "gauge",
    "max_false_challenge_rate of each kind of SPAM in the configuration.",
    ("kind",),
)
MODE = Metric("silentspam_mode", "gauge", "1 for the mode of the configuration.", ("mode",))
BUILD = Metric("silentspam_build_info", "gauge", "The version that runs.", ("version",))
OWN_METRICS = (UP, RESTARTS, BUDGET, MODE, BUILD)
METRICS = (*WORKER_METRICS, *CLERK_METRICS, *LISTENER_METRICS, *HANGUP_METRICS, *OWN_METRICS)
ROLES = ("worker", "clerk", "listener", "hangups")


class Supervisor:
    """Runs the server as the configuration says."""

    def __init__(self, config_path: Path | None) -> None:
        self._kept = KeptConfig(config_path)
        self._config = self._kept.renew()
        self._writer = LineWriter()  # a log that nobody reads must not hold the supervisor either
        self._log = self._log_of(self._config)
        self._stopping = self._reload = False
        self._woken = threading.Event()
        self._gone: State = {}
        self._lock = threading.Lock()
        self._announced = False
        self._beaten_at = self._served_at = 0.0

    def run(self) -> int:
        """Serve until SIGTERM; returns the exit code. Raises OSError when an address cannot be had."""
        section = self._config.server
        self._doors = Doors(self._config)
        path, inherited, descriptors = self._kept.path, self._kept.inherited, self._doors.descriptors
        self._workers = [Child("worker", path, descriptors, inherited) for _ in range(section.workers)]
        self._clerk = Child("clerk", path, (), inherited)
        self._listener_child = Child("listener", path, (), inherited, LONGEST_PAUSE_SECONDS)
        self._hangups = Child("hangups", path, (), inherited)
        self._served_at = time.monotonic()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_reload)
        pages = {"/metrics": self._metrics, "/healthz": self._health, "/readyz": self._readiness}
        if section.metrics_port:
            serve_pages(section.metrics_address, section.metrics_port, pages)
        while not self._stopping:
            self._look()
            self._woken.wait(TICK_SECONDS)
            self._woken.clear()
        self._stop()
        self._writer.close()
        return 0

    def _log_of(self, config: Config) -> Log:
        return Log(stages=False, masked=config.logging.mask_numbers, write=self._writer.write)

    def _look(self) -> None:
        if self._reload:
            self._reload = False
            self._take_over()
        for child in self._wanted():
            self._look_after(child)
        self._beaten_at = time.monotonic()
        self._turn_away_where_nobody_serves()
        notify("WATCHDOG=1")
        if not self._announced and self._is_ready():
            self._announced = True
            notify("READY=1", f"STATUS=serving with {len(self._workers)} workers")
            ports = {"port": self._config.server.port, "freeswitch_port": self._config.freeswitch.port}
            self._log.event("ready", workers=len(self._workers), **ports)

    def _turn_away_where_nobody_serves(self) -> None:
        """Close what waits when no worker was there for a while: the switches bridge those calls at once."""
        self._doors.look()
        if self._is_ready():
            self._served_at = time.monotonic()
        elif time.monotonic() > self._served_at + UNSERVED_SECONDS:
            self._doors.turn_away()

    def _wanted(self) -> tuple[Child, ...]:
        """The children that the configuration asks for."""
        listener = (self._listener_child,) if self._config.provenance.enabled else ()
        section = self._config.freeswitch
        hangups = (self._hangups,) if section.port and section.event_sockets else ()
        return (*self._workers, self._clerk, *listener, *hangups)

    def _look_after(self, child: Child) -> None:
        child.listen()
        if child.is_running and child.is_hung():
            self._log.event("hung", role=child.role, pid=child.process and child.process.pid)
            if not child.kill():
                self._log.event("cannot be killed", role=child.role, pid=child.process and child.process.pid)
                self._count_gone(child)
        if not child.is_running:
            if child.process is not None:
                self._log.event("gone", role=child.role, exit=child.process.returncode)
                self._count_gone(child)
            try:
                child.start()
            except OSError as error:
                self._log.event("not started", role=child.role, error=str(error))

    def _count_gone(self, child: Child) -> None:
        with self._lock:
            counted = of_kind(child.forget(), METRICS, "counter", "histogram")
            self._gone = added([self._gone, counted])

    def _take_over(self) -> None:
        """Have everybody read the configuration again, if it can be read."""
        try:
            config = self._kept.renew()
        except ConfigError as error:
            self._log.event("configuration not taken over", error=str(error))
            return
        if self._kept.held_back:
            self._log.event("keys need a restart", keys=", ".join(self._kept.held_back))
        self._config, self._log = config, self._log_of(config)
        for child in self._wanted():
            child.signal(signal.SIGHUP)
        for child in {self._listener_child, self._hangups} - set(self._wanted()):
            child.signal(signal.SIGTERM)
        self._log.event("configuration taken over", mode=config.mode)

    def _stop(self) -> None:
        """Let calls end, then have the last rows taken in."""
        notify("STOPPING=1")
        self._doors.close()
        self._log.event("draining", seconds=self._config.server.drain_seconds)
        self._leave(self._workers, self._config.server.drain_seconds + 10.0)
        until = time.monotonic() + CLERK_LEAVES_SECONDS
        self._leave([self._hangups], HANGUPS_LEAVE_SECONDS)
        self._leave([self._clerk, self._listener_child], until - time.monotonic())
        self._log.event("stopped")

    def _leave(self, children: list[Child], seconds: float) -> None:
        until = time.monotonic() + seconds
        for child in children:
            child.signal(signal.SIGTERM)
        while any(child.is_running for child in children) and time.monotonic() < until:
            for child in children:
                child.listen()
                if child.is_running and child.is_hung():
                    child.kill()
            self._beaten_at = time.monotonic()
            notify("WATCHDOG=1")
            self._woken.wait(TICK_SECONDS)
            self._woken.clear()
        for child in children:
            child.kill()

    def _is_ready(self) -> bool:
        return not self._stopping and any(child.is_ready for child in self._workers)

    def _health(self) -> tuple[int, str]:
        """Healthy: this loop turns, and some worker beats."""
        alive = time.monotonic() < self._beaten_at + 5.0 and any(c.is_running for c in self._workers)
        return (200, "ok\n") if alive else (503, "no worker\n")

    def _readiness(self) -> tuple[int, str]:
        """404 while it drains: HAProxy then gives it no new call, and cuts none off (`disable-on-404`)."""
        if self._stopping:
            return 404, "draining\n"
        turning = time.monotonic() < self._beaten_at + 5.0
        return (200, "ready\n") if turning and self._is_ready() else (503, "not ready\n")

    def _metrics(self) -> tuple[int, str]:
        children = (*self._workers, self._clerk, self._listener_child, self._hangups)
        with self._lock:
            state = added([self._gone, *(child.last.counts for child in children)])
        state[UP.name] = {
            role: [float(sum(child.role == role and child.is_ready for child in children))] for role in ROLES
        }
        state[RESTARTS.name] = {
            role: [float(sum(max(0, child.restarts) for child in children if child.role == role))]
            for role in ROLES
        }
        state[BUDGET.name] = {kind: [rate] for kind, rate in self._config.rates().items()}
        state[MODE.name] = {self._config.mode: [1.0]}
        state[BUILD.name] = {__version__: [1.0]}
        return 200, told(state, METRICS)

    def _on_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
        self._woken.set()

    def _on_reload(self, _signal: int, _frame: FrameType | None) -> None:
        self._reload = True
        self._woken.set()


def main(config_path: Path | None) -> int:
    """Run the server; says on standard error why it cannot."""
    try:
        return Supervisor(config_path).run()
    except OSError as error:
        print(f"silentspam serve: {error}", file=sys.stderr)
        return 1
