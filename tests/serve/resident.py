"""A real `silentspam serve` for tests, and Asterisk's end of its connections."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml

from tests.fakes import Switch
from tests.installed import Site

PATIENCE = 60.0
"""How long a test waits for what must come; nothing is judged by it [s]."""

CHILD = f"""\
import runpy
from silentspam.serve import following, keeping, panel, service
service.HAND_BACK_SECONDS = keeping.CALL_WAITS_SECONDS = keeping.READY_SECONDS = {PATIENCE}
panel.PATIENCE_SECONDS = following.PATIENCE_SECONDS = {PATIENCE}
runpy.run_module("silentspam.serve", run_name="__main__")
"""
START = f"""\
import signal, subprocess, sys
from silentspam.cli import main
from silentspam.serve import children, http, supervisor
class Patient(subprocess.Popen):
    def __init__(self, command, **settings):
        super().__init__([*command[:2], "-c", {CHILD!r}, *command[4:]], **settings)
children.subprocess.Popen = Patient
children.KILL_SECONDS = supervisor.CLERK_LEAVES_SECONDS = {PATIENCE}
http.TIMEOUT_SECONDS = http._Handler.timeout = {PATIENCE}
def have_patience(hung, unserved):
    children.HUNG_SECONDS, supervisor.UNSERVED_SECONDS = hung, unserved
own = children.HUNG_SECONDS, supervisor.UNSERVED_SECONDS
signal.signal(signal.SIGUSR1, lambda *_: have_patience(*own))
signal.signal(signal.SIGUSR2, lambda *_: have_patience({PATIENCE}, {PATIENCE}))
have_patience({PATIENCE}, {PATIENCE})
sys.exit(main())
"""
"""The server as it is, but for its patience, which is the tests': who has no turn on a busy machine
does not hang. On SIGUSR1 its supervisor is as impatient as it ships, until SIGUSR2."""

WORKER_THREADS = 5
"""Of a worker at most: its loop, its log, and now and then rows that are handed over, a model, a reload."""


def have_disk_back(pipe: Path, content: bytes) -> None:
    """Give whoever waits for a named pipe what a file there would hold, and put that file in its place."""
    file = pipe.with_name(f"{pipe.name}.back")
    file.write_bytes(content)
    with pipe.open("wb") as writer:
        file.rename(pipe)
        writer.write(content)


_reserved: list[socket.socket] = []


def free_port() -> int:
    """A port that nobody else is given while this process lasts: who reuses addresses can listen on it."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _reserved.append(holder)
    return int(holder.getsockname()[1])


def eventually(ask: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What `ask` answers as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)
    return answer


class Dialogue:
    """Asterisk's end of one connection."""

    def __init__(self, connection: socket.socket, switch: Switch, script: str) -> None:
        self.connection = connection
        self.switch = switch
        self._lines = connection.makefile("rwb", buffering=0)
        self._pending: str | None = None
        switch.environment |= {"agi_network": "yes", "agi_network_script": script}
        self._send(switch.greeting())

    def go_on(self, until: str | None = None) -> None:
        """Answer commands until the server closes, or one starts with `until`."""
        if self._pending is not None:
            self._send(self.switch.reply(self._pending))
            self._pending = None
        for line in self._lines:
            command = line.decode().removesuffix("\n")
            if until is not None and command.startswith(until):
                self._pending = command
                return
            self._send(self.switch.reply(command))
        self.connection.close()

    def cut(self) -> None:
        """End the connection without a word."""
        self._lines.close()
        self.connection.close()

    def _send(self, sent: bytes) -> None:
        with suppress(OSError):
            self._lines.write(sent)  # type: ignore[arg-type]


class Resident(Site):
    """An installation that is served by `silentspam serve`; a context manager."""

    def __init__(self, folder: Path, model: Path, **server: Any) -> None:
        super().__init__(folder, model)
        self.port, self.metrics_port = free_port(), free_port()
        self.settings["gate"] = {"folder": str(folder / "gate")}
        # Nobody is challenged by lot: a test says who is.
        self.settings["lines"]["exploration_share"] = 0.0
        self.settings["server"] = {
            "port": self.port, "metrics_port": self.metrics_port, "workers": 1,
            "greeting_seconds": PATIENCE, "reply_seconds": PATIENCE, **server
        }  # fmt: skip
        self.log_file = folder / "serve.log"

    def configure(self) -> Path:
        """Write the settings as they are now; returns the file."""
        path = self.folder / "silentspam.yaml"
        path.write_text(yaml.safe_dump(self.settings))
        return path

    def __enter__(self) -> "Resident":
        command = [sys.executable, "-I", "-c", START, "serve", "--config", str(self.configure())]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL)
        try:
            eventually(lambda: self.process.poll() is not None or self.page("/readyz")[0] == 200)
            assert self.process.poll() is None, self.log_file.read_text()
        except AssertionError:
            self.stop(signal.SIGKILL)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End the server and wait until it is gone; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(3 * PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()

    def lose_patience(self) -> None:
        """Have a process that hangs killed, and whoever waits for one turned away, as soon as in service."""
        self.process.send_signal(signal.SIGUSR1)

    def regain_patience(self) -> None:
        self.process.send_signal(signal.SIGUSR2)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def call(self, switch: Switch, script: str = "screen") -> None:
        """One AGI dialogue to its end."""
        Dialogue(self.connect(), switch, script).go_on()

    def hold(self, switch: Switch, until: str = "RECORD FILE") -> "Dialogue":
        """A dialogue that has come to a command which starts so, and is not answered yet."""
        dialogue = Dialogue(self.connect(), switch, "screen")
        dialogue.go_on(until)
        return dialogue

    def page(self, path: str) -> tuple[int, str]:
        """A page of the metrics port; status 0 while nobody listens."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.metrics_port}{path}", timeout=PATIENCE
            ) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, sample: str) -> float | None:
        """A sample of /metrics by its name and labels; None while there is none."""
        for line in self.page("/metrics")[1].splitlines():
            if line.startswith(f"{sample} "):
                return float(line.rpartition(" ")[2])
        return None

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """The lines of the log that are JSON, or those of one event."""
        lines = self.log_file.read_text().splitlines()
        events = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [event for event in events if name in (None, event["event"])]

    def children(self, role: str) -> list[int]:
        """The process ids of the server's workers, or its clerk."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        found = []
        for pid in map(int, path.read_text().split()):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if role.encode() in words:
                found.append(pid)
        return found

    def wait_for_rows(self, count: int) -> list[dict[str, Any]]:
        """The rows when there are so many."""
        eventually(lambda: len(self.rows()) >= count)
        return self.rows()

    def reload(self) -> None:
        """Write the settings and have them read again."""
        self.configure()
        before = len(self.events())
        os.kill(self.process.pid, signal.SIGHUP)
        eventually(lambda: any("taken over" in event["event"] for event in self.events()[before:]))
