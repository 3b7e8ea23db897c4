"""A crew of processes on this machine.

Processes are spawned, so that nothing of this one (threads, locks, open files) goes along. They leave Ctrl-C
to the scan, and end by themselves when the scan is killed.
"""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType

from silentspam.archive import ScanError
from silentspam.archive.dispatch import Outcome
from silentspam.archive.plan import Chunk, Plan
from silentspam.archive.worker import Row, prepare, ready, scan_chunk

AHEAD = 2
"""Chunks under way for each process: one at work, one that is there when it is done."""


class ProcessCrew:
    """`workers` processes (implements Crew); use it in a `with` statement."""

    def __init__(self, plan: Plan, workers: int) -> None:
        self._plan = plan
        self._workers = workers
        self._under_way: dict[Future[list[Row]], Chunk] = {}

    def __enter__(self) -> "ProcessCrew":
        self._pool = self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Nobody wants the answers that are still under way: what is not written is done again next time.
        for process in self.processes():
            process.terminate()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def processes(self) -> list[multiprocessing.process.BaseProcess]:
        """The workers that run now."""
        return list((getattr(self._pool, "_processes", None) or {}).values())

    def capacity(self) -> int:
        """How many chunks under way keep every process busy."""
        return AHEAD * self._workers

    def submit(self, chunk: Chunk) -> None:
        """Put a chunk under way."""
        try:
            future = self._pool.submit(scan_chunk, self._plan.key, chunk)
        except BrokenProcessPool:
            # A worker died since the last look: whoever collects hears of it, for this chunk too.
            future = Future()
            future.set_exception(BrokenProcessPool())
        self._under_way[future] = chunk

    def collect(self) -> list[Outcome]:
        """Wait until a chunk is no longer under way; all of them, when a process died."""
        finished, _ = wait(self._under_way, return_when=FIRST_COMPLETED)
        if any(isinstance(future.exception(), BrokenProcessPool) for future in finished):
            finished, _ = wait(self._under_way)
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = self._start()
        return [Outcome(self._under_way.pop(future), _rows(future)) for future in finished]

    def alone(self) -> AbstractContextManager["ProcessCrew"]:
        """These processes, of which one is then at work."""
        return nullcontext(self)

    def _start(self) -> ProcessPoolExecutor:
        """A new pool, whose first worker has loaded the model: what cannot start is told from what dies."""
        pool = ProcessPoolExecutor(
            self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(self._plan,),
        )
        try:
            pool.submit(ready, self._plan.key).result()
        except BrokenProcessPool as error:
            raise ScanError("a worker process ended before its first recording: is memory short?") from error
        return pool


def _rows(future: "Future[list[Row]]") -> list[Row] | None:
    try:
        return future.result()
    except BrokenProcessPool:
        return None


def _begin(plan: Plan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare(plan.key, plan)


def _end_with_parent() -> None:
    # A pool's processes wait for work for ever when the one that started them is killed.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
