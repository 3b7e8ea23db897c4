"""Where a worker puts the rows of its calls: a file of the spool that is still being written.

A row is in the file before its call is over, so a worker that is killed loses none; once a second
the file is closed, synced, and given the name that the clerk looks for. A lock on the open file tells a
living worker's from what a dead one left. When the disk refuses a row, it is kept in memory, tried again,
and said on standard error: the row itself is in that line.
"""

import fcntl
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from silentspam.calllog.entry import Entry
from silentspam.calllog.spool import SUFFIX

OPEN = ".open"
"""Suffix of a file that its worker still writes."""

BEGUN = ".begun"
"""Suffix of one that is about to become it: empty, and of nobody's interest where its worker died there."""

KEPT_IN_MEMORY = 10_000
"""Rows that wait in memory for a disk that refuses them; each was said on standard error too."""


class Journal:
    """The rows of one worker, from many threads."""

    def __init__(self, folder: Path, *, say: Callable[[str], object] = sys.stderr.write) -> None:
        """say: takes a line for the log, and may hold nobody up."""
        self._folder = folder
        self._say = say
        self._lock = threading.Lock()
        self._descriptor = -1
        self._path = folder
        self._refused: deque[bytes] = deque(maxlen=KEPT_IN_MEMORY)

    @property
    def refused(self) -> int:
        """Rows that wait in memory because the disk does not take them."""
        return len(self._refused)

    def add(self, entry: Entry) -> bool:
        """Keep a row; False where only memory has it. Never raises: a full disk must not reach the call."""
        line = entry.to_json().encode() + b"\n"
        with self._lock:
            try:
                self._write(line)
                return True
            except OSError as error:
                self._refused.append(line)
                fault = error
        # The log may lie on the same full disk, or have nobody who reads it: the row waits in memory by now.
        with suppress(OSError, ValueError):
            self._say(f"silentspam: row not written: {fault}: {entry.to_json()}\n")
        return False

    def close_file(self) -> None:
        """Hand over to the clerk what was written so far; rows that were refused are tried again first."""
        with self._lock:
            with suppress(OSError):
                while self._refused:
                    self._write(self._refused[0])
                    self._refused.popleft()
            if self._descriptor < 0:
                return
            descriptor, path = self._descriptor, self._path
            self._descriptor = -1
        with suppress(OSError):  # what could not be synced is there all the same, unless the power fails
            os.fsync(descriptor)
        with suppress(OSError):
            path.rename(path.with_suffix(SUFFIX))
        os.close(descriptor)

    def _write(self, line: bytes) -> None:
        if self._descriptor < 0:
            self._open()
        begin = os.lseek(self._descriptor, 0, os.SEEK_END)
        if (written := os.write(self._descriptor, line)) != len(line):
            os.ftruncate(self._descriptor, begin)
            raise OSError(f"{written} of {len(line)} bytes reached {self._path}: is the disk full?")

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{time.time_ns():020d}-{os.getpid()}-rows{OPEN}"
        # Locked before it has the name that `adopt` looks for: it might take a file without a lock for a
        # dead worker's.
        begun = path.with_suffix(BEGUN)
        descriptor = os.open(begun, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            begun.rename(path)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor, self._path = descriptor, path


def adopt(folder: Path) -> int:
    """Give the files that dead workers left their final name; returns how many."""
    adopted = 0
    for path in sorted(folder.glob(f"*{OPEN}")):
        with suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.rename(path.with_suffix(SUFFIX))
                adopted += 1
            finally:
                os.close(descriptor)
    return adopted
