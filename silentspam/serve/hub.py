"""All calls of a worker in one thread: each is a greenlet, and what it waits for is one epoll's business.

A screening is written as the straight function it is; where it would wait for its client, the loop goes on
with another call. With a thread for each call the same work cost three times the processor time: numpy lets
go of the interpreter some hundred times a verdict, and each time another call's thread took it.
"""

import heapq
import itertools
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from greenlet import getcurrent, greenlet

EVENTS_AT_ONCE = 256

SWEEP_SECONDS = 0.05
"""Between two looks at which waits are over: so much late a time limit can be."""

_CALL_EVENTS = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
_END_EVENTS = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR

Watcher = Callable[[int], object]
"""Is told epoll's events."""


class Hub:
    """The loop of one thread, and of the greenlet that made it: whoever turns it must be that one."""

    def __init__(self) -> None:
        self._loop = getcurrent()
        self._epoll = select.epoll()
        self._watchers: dict[int, Watcher] = {}
        self._waits: dict[Wait, float] = {}
        self._alarms: list[tuple[float, int, Wait]] = []
        self._turns = itertools.count()
        self._next_sweep = 0.0

    def turn(self, seconds: float) -> None:
        """Wait for something to happen, `seconds` at most, and see to it."""
        for descriptor, events in self._epoll.poll(self._patience(seconds), EVENTS_AT_ONCE):
            if watcher := self._watchers.get(descriptor):
                watcher(events)
        now = time.monotonic()
        while self._alarms and self._alarms[0][0] <= now:
            heapq.heappop(self._alarms)[2].resume()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            for wait in [wait for wait, until in self._waits.items() if until <= now]:
                wait.resume()

    def _patience(self, seconds: float) -> float:
        """How long nothing is to be done, unless something happens."""
        if self._waits:
            seconds = min(seconds, SWEEP_SECONDS)
        return max(0.0, min(seconds, self._alarms[0][0] - time.monotonic())) if self._alarms else seconds

    def watch(self, descriptor: int, watcher: Watcher, events: int = select.EPOLLIN) -> None:
        """Call `watcher` whenever one of these events happens, until `forget`."""
        self._epoll.register(descriptor, events)
        self._watchers[descriptor] = watcher

    def watch_for(self, descriptor: int, events: int) -> None:
        """Watch it for other events than so far."""
        self._epoll.modify(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Watch it no more; before it is closed."""
        if self._watchers.pop(descriptor, None):
            with suppress(OSError):
                self._epoll.unregister(descriptor)

    def spawn(self, work: Callable[[], object]) -> None:
        """Begin a call: `work` runs at once, up to where it waits first."""
        greenlet(work, self._loop).switch()

    def pause(self, seconds: float) -> None:
        """Let others go on for a while; outside a call, and in another thread, sleep."""
        if getcurrent().parent is self._loop:
            wait, until = Wait(self), time.monotonic() + seconds
            self.alarm(wait, until)
            wait.wait(until)
        else:
            # Not time.sleep: under libfaketime, which the lab sets clocks back with, Python's fails.
            select.select([], [], [], seconds)

    def alarm(self, wait: "Wait", until: float = 0.0) -> None:
        """Resume a wait at a moment (monotonic), to the millisecond; soon where that is past."""
        heapq.heappush(self._alarms, (until, next(self._turns), wait))

    def wait(self, wait: "Wait", until: float) -> None:
        """Leave the call that asks, until its wait is resumed."""
        self._waits[wait] = until
        self._loop.switch()

    def is_over(self, wait: "Wait") -> None:
        """Whoever waits is about to go on."""
        self._waits.pop(wait, None)


class Wait:
    """What one call waits for: something to happen, or the end of its time."""

    __slots__ = ("_happened", "_hub", "_sleeper")

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._sleeper: greenlet | None = None
        self._happened = False

    def wait(self, until: float) -> None:
        """Go on when something has happened since the last wait, or when the time is up (monotonic)."""
        if not self._happened:
            self._sleeper = getcurrent()
            self._hub.wait(self, until)
        self._happened = False

    def happen(self) -> None:
        """Something has happened: go on, or do not wait the next time."""
        self._happened = True
        self.resume()

    def resume(self) -> None:
        """Go on with the call, where it waits."""
        sleeper, self._sleeper = self._sleeper, None
        if sleeper is not None:
            self._hub.is_over(self)
            sleeper.switch()


class Link:
    """A call's connection: reads and writes that let other calls go on meanwhile."""

    def __init__(self, hub: Hub, connection: socket.socket) -> None:
        """Takes over a connection that nobody watches."""
        self._hub = hub
        self._connection = connection
        self._descriptor = connection.fileno()
        self._wait = Wait(hub)
        self._has_more = self._has_ended = False
        connection.setblocking(False)
        hub.watch(self._descriptor, self._happen, _CALL_EVENTS)

    def receive(self, size: int, until: float) -> bytes:
        """What has come, b"" at the end. Raises TimeoutError past `until` (monotonic), and OSError."""
        while True:
            # Whoever reads has mostly just sent something: nothing can be there yet.
            if not (self._has_more or self._has_ended):
                self._wait.wait(until)
            self._has_more = False
            try:
                received = self._connection.recv(size)
            except BlockingIOError:
                self._has_ended = False  # what was told was not of this connection: trying on would be a spin
                if time.monotonic() >= until:
                    raise TimeoutError("nothing came in time") from None
                continue
            self._has_more = len(received) == size
            return received

    def send(self, data: bytes, until: float) -> None:
        """Send all of it. Raises TimeoutError past `until` (monotonic), and OSError."""
        try:
            sent = self._connection.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            self._send_rest(data[sent:], until)

    def shut(self) -> None:
        """Cut it: whoever waits on it reads its end."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it, once; nobody may wait on it."""
        if self._connection.fileno() >= 0:
            self._hub.forget(self._descriptor)
            self._connection.close()

    def _happen(self, events: int) -> None:
        """The kernel tells of each arrival once, and once of the end: from then on no read has to wait."""
        if events & _END_EVENTS:
            self._has_ended = True
        self._wait.happen()

    def _send_rest(self, data: bytes, until: float) -> None:
        """The client takes its time. What it says meanwhile wakes us here, and is told of anew after."""
        self._hub.watch_for(self._descriptor, _CALL_EVENTS | select.EPOLLOUT)
        try:
            while data:
                if time.monotonic() >= until:
                    raise TimeoutError("the client took nothing in time")
                self._wait.wait(until)
                with suppress(BlockingIOError):
                    data = data[self._connection.send(data) :]
        finally:
            self._hub.watch_for(self._descriptor, _CALL_EVENTS)
