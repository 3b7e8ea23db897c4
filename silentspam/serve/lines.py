"""Lines to standard error that no call waits for: a log that nobody reads must not hold a caller."""

import os
import threading
import time
from collections import deque
from contextlib import suppress

WAITING = 20_000
"""Lines that may wait; beyond, they are dropped and counted in the next that is written."""

MOMENT_SECONDS = 0.05
AT_ONCE = 100


class LineWriter:
    """Writes lines in a thread of its own, all that have come in a moment at a time.

    Whoever writes wakes nobody: that would cost a call more than the line does.
    """

    def __init__(self, descriptor: int = 2) -> None:
        self._descriptor = descriptor
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have a line written, its end included."""
        if len(self._lines) < WAITING:
            self._lines.append(line)
        else:
            self._dropped += 1

    def close(self, seconds: float = 2.0) -> None:
        """Write what waits, as long as somebody reads."""
        self._closed.set()
        self._thread.join(seconds)

    def _write_all(self) -> None:
        while not self._closed.wait(MOMENT_SECONDS):
            self._write_waiting()
        self._write_waiting()

    def _write_waiting(self) -> None:
        while self._lines or self._dropped:
            lines = [self._lines.popleft() for _ in range(min(len(self._lines), AT_ONCE))]
            if self._dropped and not self._lines:
                now = f"{time.time():.3f}"
                lines.append(f'{{"at": {now}, "event": "lines dropped", "lines": {self._dropped}}}\n')
                self._dropped = 0
            with suppress(OSError):
                self._write("".join(lines).encode())

    def _write(self, text: bytes) -> None:
        while text:
            text = text[os.write(self._descriptor, text) :]
