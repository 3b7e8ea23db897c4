"""`silentspam serve` as the lab runs it: started, watched, hurt and stopped, by the process ids it was given.

What the server says goes to a log beside its configuration; `ready` is read from there, as an operator would.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lab.product import COMMAND_LINE, REPOSITORY, ProductError

START_SECONDS = 60.0
STOP_SECONDS = 30.0
STEP_SECONDS = 0.02


class Server:
    """One resident screener; a context manager that starts and stops it."""

    def __init__(self, config: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.config = config
        self.log_file = config.with_name("server.log")
        self.environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._known: dict[int, str] = {}

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        if self._process is None:
            raise ProductError("silentspam serve is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the supervisor has been started, and lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it says that it is ready. Raises ProductError."""
        said = len(list(self.events()))
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", COMMAND_LINE, "serve", "--config", str(self.config)],
                cwd=REPOSITORY,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not any(event.get("event") == "ready" for event in list(self.events())[said:]):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said_last = self.log_file.read_text(errors="replace")[-2000:]
                raise ProductError(f"silentspam serve does not start: {said_last}")
            time.sleep(STEP_SECONDS)

    def stop(self) -> None:
        """Let it drain; what is left of it after that is killed."""
        process = self._process
        if process is None:
            return
        self.thaw()
        with suppress(ProcessLookupError):
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the supervisor and to all that it started."""
        self.roles()
        for pid in [*self._known, *([self._process.pid] if self._process else [])]:
            self._signal(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self._process = None
        self._known.clear()

    def kill_supervisor(self) -> None:
        """SIGKILL to the supervisor alone: its children find themselves without one."""
        self.roles()
        self._signal(self.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()

    def roles(self) -> dict[str, list[int]]:
        """The running children by their role: `worker`, `clerk`, and `listener` where there is one."""
        found: dict[str, list[int]] = {"worker": [], "clerk": []}
        if self._process is None or self._process.poll() is not None:
            return found
        for pid in _children(self._process.pid):
            words = _command_line(pid)
            if "silentspam.serve" in words:
                role = words[words.index("silentspam.serve") + 1]
                found.setdefault(role, []).append(pid)
                self._known[pid] = role
        return found

    def signal(self, pid: int, number: int) -> None:
        """Signal the supervisor or one of its children. Raises ProductError for any other process."""
        self.roles()
        if pid != self.pid and pid not in self._known:
            raise ProductError(f"process {pid} is none of this server's")
        self._signal(pid, number)

    def freeze(self) -> None:
        """SIGSTOP to all of it, the supervisor first: nobody is left to notice."""
        for pid in (self.pid, *(pid for pids in self.roles().values() for pid in pids)):
            self._signal(pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT to all of it."""
        self.roles()
        for pid in (*self._known, self.pid):
            self._signal(pid, signal.SIGCONT)

    def events(self) -> Iterator[dict[str, Any]]:
        """What it logged, line by line; lines that are not JSON as `{"text": …}`."""
        if not self.log_file.exists():
            return
        for line in self.log_file.read_text(errors="replace").splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                event = {"text": line}
            yield event if isinstance(event, dict) else {"text": line}

    @staticmethod
    def _signal(pid: int, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _children(parent: int) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    return []


def _command_line(pid: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return []
