"""How late the machine runs a process that wants to every 20 ms, as a phone does: busy, or a defect?

A process of its own, scheduled as media is (lab.priority), so that nothing the lab or the product does in its
processes can pass for a busy machine. Times are seconds of the monotonic clock, which all processes share.
"""

import multiprocessing
import os
import time
from pathlib import Path

from lab.priority import prefer

BEAT_SECONDS = 0.02
NOTED_SECONDS = 0.01
"""Beats are noted from this lateness on: half a frame."""


class Pulse:
    """Beats between `start` and `stop`, or as a context manager, into a file that only grows."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._beating = multiprocessing.get_context("forkserver").Process(
            target=beat, args=(file,), daemon=True
        )

    def __enter__(self) -> "Pulse":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to beat."""
        self._file.touch()
        self._beating.start()

    def stop(self) -> None:
        """End the process."""
        self._beating.terminate()
        self._beating.join()

    def latest(self, since: float, until: float) -> float:
        """The worst lateness of a beat between two moments [s]; 0 where none was late enough to be noted."""
        beats = (line.split() for line in self._file.read_text(encoding="ascii").splitlines())
        late = (float(beat[1]) for beat in beats if len(beat) == 2 and since <= float(beat[0]) <= until)
        return max(late, default=0.0)


def beat(file: Path) -> None:
    """The process: note each beat that came late, as its moment and its lateness, while the lab lives."""
    prefer()
    parent = os.getppid()
    with file.open("a", encoding="ascii", buffering=1) as notes:
        while os.getppid() == parent:
            wanted = time.monotonic() + BEAT_SECONDS
            time.sleep(BEAT_SECONDS)
            late = time.monotonic() - wanted
            if late > NOTED_SECONDS:
                notes.write(f"{wanted + late:.3f} {late:.3f}\n")
