"""One run of scripted calls against one screener, in figures: what went wrong, how long callers waited, cost.

Waits are milliseconds, by nearest rank; CPU time is that of the screener's processes by role, from the first
call to the moment when every row is in the call database, divided by the calls.
"""

import math
import sqlite3
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import proc
from benchmarks.agi_call import Caller, Sounds
from benchmarks.agi_peer import Exchange, Exchanged, even, poisson
from benchmarks.screener import Screener
from lab.product import PROMPTS, database_of

Figures = dict[str, Any]

ROWS_SECONDS = 120.0
MEMORY_SECONDS = 1.0
MEMORY_SAMPLES = 200
SHOWN_FAULTS = 10
QUANTILES = (0.5, 0.99, 1.0)
MEGABYTE = 1e6


def run(
    screener: Screener,
    callers: Iterator[Caller],
    *,
    rate: float,
    calls: int,
    pace: float = 1.0,
    seed: int | None = None,
) -> Figures:
    """Place so many calls, `rate` a second, and wait for their rows; evenly, or with a seed as they come."""
    arrivals = even(rate, calls) if seed is None else poisson(rate, calls, seed)
    exchange = Exchange(screener.address, Sounds(PROMPTS), pace=pace)
    roles = screener.roles()
    before = {role: proc.total_cpu(pids) for role, pids in roles.items()}
    with Memory(roles) as memory:
        done = exchange.run(zip(arrivals, islice(callers, calls), strict=True))
        rows = wait_for_rows(screener.config, calls)
    spent = {role: proc.total_cpu(pids) - before[role] for role, pids in roles.items()}
    return {
        "rate": rate,
        "calls": calls,
        "pace": pace,
        "arrivals": "even" if seed is None else "poisson",
        **_exchanged(done),
        "rows": rows,
        "restarted": _missing(roles, screener.roles()),
        "cpu_ms": {role: 1000 * seconds / calls for role, seconds in spent.items()},
        "cpu_ms_in_all": 1000 * sum(spent.values()) / calls,
        "cores": sum(spent.values()) / done.seconds,
        "workers": len(roles["workers"]),
        "memory": memory.figures(),
    }


def _exchanged(done: Exchanged) -> Figures:
    faults = Counter(fault for notes in done.calls for fault in notes.faults)
    return {
        "seconds": done.seconds,
        "open_most": done.open_most,
        "session_seconds": _mean(_between(notes.arrived, notes.closed) for notes in done.calls),
        "failed": sum(bool(notes.faults) for notes in done.calls),
        "faults": dict(faults.most_common(SHOWN_FAULTS)),
        "callers": dict(Counter(notes.caller.name for notes in done.calls)),
        "waits_ms": {
            "arrival to first command": quantiles(
                _between(notes.arrived, notes.greeted) for notes in done.calls
            ),
            "recording's end to next command": quantiles(
                _between(notes.recorded, notes.next) for notes in done.calls
            ),
            "recording's end to decision": quantiles(
                _between(notes.recorded, notes.decided) for notes in done.calls
            ),
        },
        "peer": {
            "cpu_ms": 1000 * done.cpu / len(done.calls),
            "cores": done.cpu / done.seconds,
            "late_ms": quantiles(done.late),
        },
    }


def _between(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else end - start


def _mean(seconds: Iterable[float | None]) -> float | None:
    found = [one for one in seconds if one is not None]
    return statistics.fmean(found) if found else None


def quantiles(seconds: Iterable[float | None]) -> dict[str, float | None]:
    """Quantiles [ms], by nearest rank, of those that are there."""
    ranked = sorted(1000 * one for one in seconds if one is not None)
    return {
        f"p{100 * share:g}": ranked[math.ceil(share * len(ranked)) - 1] if ranked else None
        for share in QUANTILES
    }


def _missing(before: dict[str, list[int]], after: dict[str, list[int]]) -> dict[str, int]:
    """Processes of each role that are gone since the beginning."""
    lost = {role: len(set(pids) - set(after[role])) for role, pids in before.items()}
    return {role: count for role, count in lost.items() if count}


def wait_for_rows(config: Path, calls: int) -> dict[str, int]:
    """Rows of the call log, and how many of them are whole, when there are as many as calls or time is up."""
    deadline = time.monotonic() + ROWS_SECONDS
    while (found := count_rows(database_of(config)))["whole"] < calls and time.monotonic() < deadline:
        time.sleep(0.25)
    return found


def count_rows(database: Path) -> dict[str, int]:
    """Rows, those with both halves (screened, ended), and those of calls that failed open."""
    count = "SELECT COUNT(*), COUNT(screened_at + ended_at), COALESCE(SUM(failed_open), 0) FROM calls"
    rows = whole = failed_open = 0
    with (
        suppress(sqlite3.OperationalError),  # there is none yet
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5.0)) as connection,
    ):
        rows, whole, failed_open = connection.execute(count).fetchone()
    return {"rows": rows, "whole": whole, "failed_open": failed_open}


class Memory:
    """Resident memory by role over time: a thread that looks once a second, while the block lasts."""

    def __init__(self, roles: dict[str, list[int]]) -> None:
        self._roles = roles
        self._over = threading.Event()
        self._samples: list[tuple[float, dict[str, int]]] = []
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        start = time.monotonic()
        while not self._over.wait(MEMORY_SECONDS):
            self._samples.append((time.monotonic() - start, {r: _memory(p) for r, p in self._roles.items()}))

    def figures(self) -> Figures:
        """Megabytes: by role at the end; in all when a quarter of the time is over, at the end, over time.

        Settled and last are medians over a tenth of the time: memory is flat when they are alike.
        """
        totals = [(moment, sum(by_role.values()) / MEGABYTE) for moment, by_role in self._samples]
        if not totals:
            return {}
        sizes, tenth = [size for _, size in totals], math.ceil(len(totals) / 10)
        quarter = len(totals) // 4
        return {
            "by_role": {role: size / MEGABYTE for role, size in self._samples[-1][1].items()},
            "settled": statistics.median(sizes[quarter : quarter + tenth]),
            "last": statistics.median(sizes[-tenth:]),
            "over_time": totals[:: math.ceil(len(totals) / MEMORY_SAMPLES)],
        }


def _memory(pids: Sequence[int]) -> int:
    found = 0
    for pid in pids:
        with suppress(OSError):
            found += proc.usage(pid).memory
    return found
