"""One thread for a whole switch: sockets, and timers by a heap."""

import heapq
import itertools
import selectors
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

LONGEST_WAIT = 0.5


class Timer:
    """Something to be done at a moment, unless it is cancelled."""

    __slots__ = ("at", "work")

    def __init__(self, at: float, work: Callable[[], object]) -> None:
        self.at = at
        self.work: Callable[[], object] | None = work

    def cancel(self) -> None:
        self.work = None


class Loop:
    """speed: so many seconds of the telephone world pass in one of ours."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self.failures: list[BaseException] = []
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()
        self._selector = selectors.DefaultSelector()
        self._awake, self._waker = socket.socketpair()
        self._awake.setblocking(False)
        self._given: list[Callable[[], object]] = []
        self._lock = threading.Lock()
        self._stopping = False
        self.watch(self._awake, lambda _: self._awake.recv(4096))
        self._thread = threading.Thread(target=self._run, daemon=True)

    def now(self) -> float:
        """Seconds of the telephone world."""
        return time.monotonic() * self.speed

    def after(self, seconds: float, work: Callable[[], object]) -> Timer:
        """Do something so many of its seconds later; in the loop's thread alone."""
        timer = Timer(time.monotonic() + seconds / self.speed, work)
        heapq.heappush(self._timers, (timer.at, next(self._numbers), timer))
        return timer

    def give(self, work: Callable[[], object]) -> None:
        """Have something done in the loop's thread, from any thread."""
        with self._lock:
            self._given.append(work)
        with suppress(OSError):
            self._waker.send(b"x")

    def watch(self, sock: socket.socket, work: Callable[[int], object], *, writes: bool = False) -> None:
        """Call `work` when it can be read, or as well when it can be written."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writes else 0)
        if sock in self._selector.get_map():
            self._selector.modify(sock, events, work)
        else:
            self._selector.register(sock, events, work)

    def forget(self, sock: socket.socket) -> None:
        """Watch it no more; before it is closed."""
        with suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; sockets that are open stay their owners' business."""
        self._stopping = True
        self.give(lambda: None)
        self._thread.join(10)
        self._selector.close()
        self._awake.close()
        self._waker.close()

    def _run(self) -> None:
        while not self._stopping:
            wait = LONGEST_WAIT
            if self._timers:
                wait = min(wait, max(0.0, self._timers[0][0] - time.monotonic()))
            for key, events in self._selector.select(wait):
                self._do(lambda key=key, events=events: key.data(events))
            with self._lock:
                given, self._given = self._given, []
            for work in given:
                self._do(work)
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now:
                if (work_then := heapq.heappop(self._timers)[2].work) is not None:
                    self._do(work_then)

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  a test reads them: one call's must not end the others
            self.failures.append(error)
