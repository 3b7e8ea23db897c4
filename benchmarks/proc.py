"""What processes cost, from proc(5): CPU time in the kernel's clock ticks (10 ms), resident memory in bytes.

A process that has ended took its figures with it: costs of a run are differences of what was there at its
beginning and at its end.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
UTIME, RSS = 11, 21
"""Fields of /proc/PID/stat after the name in parentheses: utime, then stime; rss."""


@dataclass(frozen=True)
class Usage:
    """CPU time, user and system, of all threads [s]; resident memory [bytes]."""

    cpu: float
    memory: int


def usage(pid: int) -> Usage:
    """What a process has cost so far. Raises FileNotFoundError or ProcessLookupError when it has ended."""
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    )
    return Usage(cpu=(int(fields[UTIME]) + int(fields[UTIME + 1])) / TICKS, memory=int(fields[RSS]) * PAGE)


def family(pid: int) -> list[int]:
    """A process and all that it has started, directly or not, the eldest first."""
    found = [pid]
    for parent in found:
        with suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (task / "children").read_text(encoding="ascii").split())
    return found


def total_cpu(pids: Iterable[int]) -> float:
    """CPU time of those that still run [s]."""
    spent = 0.0
    for pid in pids:
        with suppress(OSError):
            spent += usage(pid).cpu
    return spent
