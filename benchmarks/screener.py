"""One `silentspam serve` on loopback, in a folder of its own, and what its processes cost.

Its configuration is the product's defaults but for the folders and ports, and what is said at SETTINGS.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks import proc
from lab.product import COMMAND_LINE, REPOSITORY

START_SECONDS = 60.0
STOP_SECONDS = 60.0
POLL_SECONDS = 0.1
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    # The load's dead air is far above this threshold and its people far below: a call that goes another way
    # is a defect, not a matter of the model.
    # The budget pays for the silent people among them, in a soak of 100,000 calls too.
    "model": {"threshold": 0.9, "max_false_challenge_rate": 0.25},
    # Dialogues of ten seconds: one question.
    "challenge": {"attempts": 1, "key_seconds": 3.0},
    # Nobody is challenged by lot: every call has one right outcome.
    "lines": {"exploration_share": 0.0, "suspended_share": 0.0},
    # Three calls in four are challenged on purpose.
    "gate": {"guard_challenged_share": 1.0},
    "server": {"calls_per_worker": 2000, "workers": 2},
}


class ScreenerError(Exception):
    """The screener did not start, or did not stop."""


@dataclass(frozen=True, kw_only=True)
class Screener:
    """A running screener: its address, its processes by role, and its configuration file."""

    address: tuple[str, int]
    pid: int
    config: Path
    folder: Path

    def roles(self) -> dict[str, list[int]]:
        """Process ids by role: supervisor, workers, clerk."""
        found: dict[str, list[int]] = {"supervisor": [], "workers": [], "clerk": []}
        for pid in proc.family(self.pid):
            found[_role(pid, self.pid)].append(pid)
        return found


def _role(pid: int, supervisor: int) -> str:
    """By the argument that the supervisor gives each."""
    if pid == supervisor:
        return "supervisor"
    with suppress(OSError):
        if b"clerk" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return "clerk"
    return "workers"


def write_config(folder: Path, changes: Mapping[str, Mapping[str, Any]]) -> tuple[Path, dict[str, int]]:
    """The configuration of an installation in `folder`; returns its file, and its section `server`."""
    port, metrics_port = _free_ports(2)
    document: dict[str, Any] = {
        "mode": "enforce",
        "call_log": {
            "database": str(folder / "calls.db"),
            "spool": str(folder / "spool"),
            "unlogged": str(folder / "unlogged.jsonl"),
        },
        "recording": {"folder": str(folder / "recordings")},
        "model": {"registry": str(folder / "models")},
        "lines": {"folder": str(folder / "lines")},
        "gate": {"folder": str(folder / "gate")},
        "server": {"port": port, "metrics_port": metrics_port},
    }
    for settings in (SETTINGS, changes):
        for section, keys in settings.items():
            document[section] = {**document.get(section, {}), **keys}
    path = folder / "silentspam.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path, document["server"]


@contextmanager
def serving(folder: Path, changes: Mapping[str, Mapping[str, Any]] | None = None) -> Iterator[Screener]:
    """A screener that runs until the block is left, and then drains. Raises ScreenerError."""
    for name in ("recordings", "lines", "gate", "spool"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    config, server = write_config(folder, changes or {})
    process = _start(config, folder)
    try:
        _await_all(f"http://127.0.0.1:{server['metrics_port']}/metrics", server["workers"])
        yield Screener(address=("127.0.0.1", server["port"]), pid=process.pid, config=config, folder=folder)
        process.send_signal(signal.SIGTERM)
        if status := process.wait(STOP_SECONDS):
            raise ScreenerError(f"silentspam serve ended with {status}: see {folder / 'serve.log'}")
    finally:
        _end(process)


def _start(config: Path, folder: Path) -> "subprocess.Popen[bytes]":
    """Start it, and wait for its word to the service manager that it is ready (sd_notify(3))."""
    address, log = folder / "ready", folder / "serve.log"
    # The socket is there only for that word: who fills it up later would make the supervisor wait.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, log.open("wb") as output:
        ready.bind(str(address))
        ready.settimeout(1.0)
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND_LINE, "serve", "--config", str(config)],
            cwd=REPOSITORY,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
        )
        try:
            _await_ready(process, ready, log)
        except BaseException:
            _end(process)
            raise
    return process


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Leave nothing behind, however the block was left: these processes, by their ids."""
    if process.poll() is None:
        for pid in reversed(proc.family(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def _await_ready(process: "subprocess.Popen[bytes]", ready: socket.socket, log: Path) -> None:
    for _ in range(round(START_SECONDS)):
        with suppress(TimeoutError):
            while b"READY=1" not in ready.recv(4096):
                pass
            return
        if process.poll() is not None:
            break
    raise ScreenerError(f"silentspam serve did not become ready: {log.read_text(errors='replace')[-2000:]}")


def _await_all(metrics: str, workers: int) -> None:
    """Wait for the last worker and the clerk, too: what a process costs to start is no call's cost."""
    wanted = [f'silentspam_processes{{role="worker"}} {workers}.0', 'silentspam_processes{role="clerk"} 1.0']
    for _ in range(round(START_SECONDS / POLL_SECONDS)):
        with suppress(OSError), urllib.request.urlopen(metrics, timeout=START_SECONDS) as answer:
            if set(wanted) <= set(answer.read().decode().splitlines()):
                return
        time.sleep(POLL_SECONDS)
    raise ScreenerError(f"not every process of silentspam serve became ready within {START_SECONDS:.0f} s")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
