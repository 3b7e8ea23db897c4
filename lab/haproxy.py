"""HAProxy before several screeners, from Debian's package, unpacked and never installed.

The configuration is the one that docs/several-servers.md explains (config/haproxy.cfg), with the lab's
addresses in place of the example's.
"""

import os
import re
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab import debian

SUITE = "bookworm"
TEMPLATE = Path(__file__).parent.parent / "config" / "haproxy.cfg"
START_SECONDS = 10.0
STEP_SECONDS = 0.02


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A screener as HAProxy sees it: where it takes calls, and where it says whether it can."""

    name: str
    port: int
    metrics_port: int


def configuration(listen: int, backends: Sequence[Backend], stats: Path) -> str:
    """The shipped configuration with these ports; every other line stays as it is. Raises DebianError."""
    text = TEMPLATE.read_text(encoding="utf-8")
    servers = re.findall(r"^    server .*\n", text, re.MULTILINE)
    lines = (
        f"    server {one.name} 127.0.0.1:{one.port} port {one.metrics_port} check\n" for one in backends
    )
    text = text.replace("".join(servers), "".join(lines))
    text = re.sub(r"^    bind .*$", f"    bind 127.0.0.1:{listen}", text, flags=re.MULTILINE)
    text = re.sub(r"stats socket \S+", f"stats socket {stats}", text)
    if not servers or str(stats) not in text:
        raise debian.DebianError(f"{TEMPLATE} is not the configuration that the lab knows")
    return text


class HAProxy:
    """One HAProxy process on loopback; a context manager that starts and stops it."""

    def __init__(self, work: Path, listen: int, backends: Sequence[Backend]) -> None:
        self.listen = listen
        self._work = work
        self._backends = tuple(backends)
        self._root = debian.fetch(["haproxy"], SUITE)
        self._stats = work / "stats"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "HAProxy":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it has every screener up. Raises DebianError."""
        self._work.mkdir(parents=True, exist_ok=True)
        file = self._work / "haproxy.cfg"
        file.write_text(configuration(self.listen, self._backends, self._stats), encoding="utf-8")
        with (self._work / "haproxy.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*debian.program_command(self._root, "usr/sbin/haproxy"), "-f", str(file), "-db"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath, "TZ": "UTC"},
                start_new_session=True,
            )
        self.wait_for({one.name: "UP" for one in self._backends})

    def stop(self) -> None:
        """End the process: this one, by its id."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()

    def states(self) -> dict[str, str]:
        """What it holds of each screener: UP, DOWN, NOLB (drains), and steps between."""
        table = [
            line.split(",") for line in self.ask("show stat").splitlines() if line.startswith("screeners,")
        ]
        return {row[1]: row[17].split()[0] for row in table if row[1] not in ("FRONTEND", "BACKEND")}

    def wait_for(self, wanted: dict[str, str]) -> None:
        """Wait until screeners are in these states. Raises DebianError when they are not in time."""
        until = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError):
                states = self.states()
                if all(states.get(name) == state for name, state in wanted.items()):
                    return
            if time.monotonic() > until or self._process is None or self._process.poll() is not None:
                said = (self._work / "haproxy.log").read_text(errors="replace")[-1000:]
                raise debian.DebianError(f"HAProxy has not {wanted} within {START_SECONDS:.0f} s: {said}")
            time.sleep(STEP_SECONDS)

    def cut(self, name: str) -> None:
        """Cut every connection to a screener, as a network does."""
        self.ask(f"shutdown sessions server screeners/{name}")

    def ask(self, command: str) -> str:
        """A command of the stats socket, and the answer. Raises OSError."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5.0)
            line.connect(str(self._stats))
            line.sendall(command.encode() + b"\n")
            answer = b""
            while received := line.recv(65536):
                answer += received
        return answer.decode(errors="replace")
