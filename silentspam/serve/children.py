"""The processes of the server as the supervisor sees them: started, beating, hung, gone, started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from silentspam.metrics import State
from silentspam.serve import beat

STARTING_SECONDS = 60.0
"""A process that has not beaten by then hangs: its disk may."""

HUNG_SECONDS = 5.0
"""A process whose last beat is older is killed: its connections end, and Asterisk bridges their callers."""

KILL_SECONDS = 1.0
"""A killed process is gone by then, unless a disk holds it."""

RESTART_SECONDS = 1.0
"""Between two starts of one process, so that one that cannot start costs no processor."""

LONGEST_PAUSE_SECONDS = 60.0
"""Of the listener, whom no caller waits for: the pause doubles as long as no start makes it ready."""


@dataclass(eq=False)
class Child:
    """A worker, or one of the others. role: its argument; descriptors: what it inherits and is told;
    inherited: what `config` needs besides; longest_pause: between two starts, where none makes it ready [s].
    """

    role: str
    config: Path | None
    descriptors: tuple[int, ...] = ()
    inherited: tuple[int, ...] = ()
    longest_pause: float = RESTART_SECONDS
    process: subprocess.Popen[bytes] | None = None
    line: socket.socket | None = None
    started_at: float = -RESTART_SECONDS
    beaten_at: float | None = None
    last: beat.Beat = field(default_factory=lambda: beat.Beat(ready=False))
    restarts: int = -1
    in_vain: int = 0
    """Starts in a row that did not make it ready."""

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    @property
    def is_ready(self) -> bool:
        """Whether it has said that it can serve."""
        return self.is_running and self.beaten_at is not None and self.last.ready

    @property
    def pause(self) -> float:
        """Between its last start and the next [s]."""
        return min(RESTART_SECONDS * 2.0 ** min(self.in_vain, 20), self.longest_pause)

    def start(self) -> None:
        """Start it, unless it was started a moment ago."""
        now = time.monotonic()
        if now < self.started_at + self.pause:
            return
        self.started_at = now  # also of an attempt that fails for want of a process or a descriptor
        self.line, theirs = beat.pair()
        self.started_at, self.beaten_at, self.last = now, None, beat.Beat(ready=False)
        self.restarts += 1
        descriptors = (theirs.fileno(), *self.descriptors)
        config = [str(self.config)] if self.config else []
        command = [
            sys.executable,
            "-I",
            "-m",
            "silentspam.serve",
            self.role,
            ",".join(map(str, descriptors)),
            *config,
        ]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                pass_fds=(*descriptors, *self.inherited),
                env=_environment(),
            )
        finally:
            theirs.close()

    def listen(self) -> None:
        """Take the beats that came."""
        while self.line is not None:
            try:
                heard = beat.receive(self.line)
            except BlockingIOError:
                return
            except (EOFError, OSError):
                return
            self.beaten_at = time.monotonic()
            self.last = heard or self.last

    def is_hung(self) -> bool:
        """Whether it should have beaten by now."""
        now = time.monotonic()
        if self.beaten_at is None:
            return now > self.started_at + STARTING_SECONDS
        return now > self.beaten_at + HUNG_SECONDS

    def signal(self, number: int) -> None:
        """Send it a signal, by its own process id."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def kill(self) -> bool:
        """End it at once; what it had counted stays in `last`. False where not even that ends it: a process
        that waits for a disk in the kernel dies when the disk is back.
        """
        self.signal(signal.SIGKILL)
        try:
            if self.process is not None:
                self.process.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            return False
        return True

    def forget(self) -> State:
        """Let a process that is gone go, and return what it had counted."""
        if self.line is not None:
            self.line.close()
        self.in_vain = 0 if self.last.ready else self.in_vain + 1
        counts, self.last = self.last.counts, beat.Beat(ready=False)
        self.line = self.process = self.beaten_at = None
        return counts


def _environment() -> dict[str, str]:
    """One BLAS thread: an opening's matrices are small, and threads that wait for each other cost more."""
    return {"OPENBLAS_NUM_THREADS": "1", **os.environ}
