"""Lines to standard error that no call waits for: a log that nobody reads must not hold a caller."""

import os
import queue
import threading
import time
from contextlib import suppress

WAITING = 20_000
"""Lines that may wait; beyond, they are dropped and counted in the next that is written."""


class LineWriter:
    """Writes lines in a thread of its own, many at a time."""

    def __init__(self, descriptor: int = 2) -> None:
        self._descriptor = descriptor
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._dropped = 0
        self._thread = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Have a line written, its end included."""
        if self._lines.qsize() < WAITING:
            self._lines.put(line)
        else:
            self._dropped += 1

    def close(self, seconds: float = 2.0) -> None:
        """Write what waits, as long as somebody reads."""
        self._lines.put(None)
        self._thread.join(seconds)

    def _write_all(self) -> None:
        over = False
        while not over:
            lines = [self._lines.get()]
            while len(lines) < 100:
                try:
                    lines.append(self._lines.get_nowait())
                except queue.Empty:
                    break
            over = None in lines
            if self._dropped:
                now = f"{time.time():.3f}"
                lines.append(f'{{"at": {now}, "event": "lines dropped", "lines": {self._dropped}}}\n')
                self._dropped = 0
            with suppress(OSError):
                self._write("".join(line for line in lines if line).encode())

    def _write(self, text: bytes) -> None:
        while text:
            text = text[os.write(self._descriptor, text) :]
