"""Clients that hold FastAGI sessions, one after the other, as fast as a server takes them; on one epoll loop.

The least a client can do: the environment in one write, one fixed reply for each line that comes, and the
next session when the server has closed the last one. What it costs is counted, to see that no server waits
for it.
"""

import select
import socket
import time
from dataclasses import dataclass

from benchmarks.agi_call import DNIS, ENVIRONMENT, FIRST_NUMBER, SCREEN

GREETING = ENVIRONMENT.format(script=SCREEN, number=1, uniqueid="1.1", ani=FIRST_NUMBER, dnis=DNIS).encode()
REPLY = b"200 result=0\n"
STALLED_SECONDS = 30.0


class Stalled(Exception):
    """No server brought a session on for seconds."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """Sessions that were ended by the server after all their commands; others; the time of all [s], and the
    client's CPU time [s]."""

    sessions: int
    broken: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Sessions a second."""
        return self.sessions / self.seconds


def hold(address: tuple[str, int], *, clients: int, seconds: float, commands: int) -> Held:
    """Hold sessions of so many commands for so long, and on until one has ended, however busy the machine.

    Raises Stalled when nothing comes any more.
    """
    crowd = _Crowd(address, commands)
    try:
        for _ in range(clients):
            crowd.connect()
        start, cpu = time.monotonic(), time.process_time()
        while (now := time.monotonic()) < start + seconds or not crowd.done + crowd.broken:
            crowd.serve()
        return Held(
            sessions=crowd.done,
            broken=crowd.broken,
            seconds=now - start,
            cpu=time.process_time() - cpu,
        )
    finally:
        crowd.leave()


class _Crowd:
    """The clients: each one's socket and how many commands it still expects."""

    def __init__(self, address: tuple[str, int], commands: int) -> None:
        self.done = self.broken = 0
        self._address = address
        self._commands = commands
        self._epoll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._expected: dict[int, int] = {}

    def connect(self) -> None:
        """Begin a session."""
        sock = socket.create_connection(self._address, timeout=STALLED_SECONDS)
        sock.send(GREETING)
        fd = sock.fileno()
        self._sockets[fd], self._expected[fd] = sock, self._commands
        self._epoll.register(fd, select.EPOLLIN)

    def serve(self) -> None:
        """Answer whatever has come."""
        events = self._epoll.poll(STALLED_SECONDS)
        if not events:
            raise Stalled(f"no command within {STALLED_SECONDS:.0f} s, of {len(self._sockets)} sessions")
        for fd, _ in events:
            try:
                lines = self._sockets[fd].recv(4096).count(b"\n")
                self._expected[fd] -= lines
                if lines:
                    self._sockets[fd].send(REPLY * lines)
                    continue
            except OSError:
                self._expected[fd] = -1
            self._end(fd)

    def _end(self, fd: int) -> None:
        self._sockets.pop(fd).close()
        if self._expected.pop(fd) == 0:
            self.done += 1
        else:
            self.broken += 1
        self.connect()

    def leave(self) -> None:
        """Hang up everywhere."""
        for sock in self._sockets.values():
            sock.close()
        self._epoll.close()
