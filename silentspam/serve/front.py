"""The front of a worker: accepts connections, reads their greetings, and gives on those that are whole.

A client that says nothing, half of something or garbage costs a socket for `server.greeting_seconds` and
never becomes a call. Where a switch waits for a word of ours (`serve.protocols`), all hear it, served or not.
"""

import errno
import ipaddress
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from silentspam.serve.hub import Hub
from silentspam.serve.protocols import AGI, GREETING_END, Leaving, Protocol

GREETINGS = 1000
"""Connections whose greeting may be under way at once; the next is closed unread."""

ACCEPTED_AT_ONCE = 64
ADDRESSES = 1000
"""Clients whose admission is remembered."""

Take = Callable[[socket.socket, bytes], None]
Refused = Callable[[str], None]


PIECES_SECONDS = 0.003
"""Asterisk sends a greeting in some twenty pieces at once: what is left of one is read so much later [s]."""

SWEEP_SECONDS = 0.1
"""Between two looks at who is late."""


@dataclass(eq=False)
class _Greeting:
    connection: socket.socket
    until: float
    received: bytes = b""
    lines: int = 0
    watched: bool = False


class Front:
    """Connections up to a whole greeting. `take` gets them then; `refused` hears why one was not served."""

    def __init__(
        self,
        hub: Hub,
        listener: socket.socket,
        *,
        protocol: Protocol = AGI,
        allowed: Iterable[str],
        greeting_seconds: float,
        take: Take,
        refused: Refused,
    ) -> None:
        self._hub = hub
        self._listener = listener
        self._protocol = protocol
        self._leaving = Leaving(protocol)
        self._networks = tuple(ipaddress.ip_network(network, strict=False) for network in allowed)
        self._greeting_seconds = greeting_seconds
        self._take = take
        self._refused = refused
        self._greetings: set[_Greeting] = set()
        self._in_pieces: deque[tuple[float, _Greeting]] = deque()
        self._next_sweep = 0.0
        self._known: dict[str, bool] = {}
        self._spare = -1
        self._have_a_spare()
        listener.setblocking(False)
        hub.watch(listener.fileno(), lambda _: self._accept(), select.EPOLLIN | select.EPOLLEXCLUSIVE)

    @property
    def greetings(self) -> int:
        """Connections whose greeting is under way."""
        return len(self._greetings)

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody at the door."""
        return not self._greetings and not self._leaving

    def turn(self, seconds: float) -> None:
        """Wait for something to happen, `seconds` at most, and see to it."""
        self._hub.turn(self.patience(seconds))
        self.look()

    def patience(self, seconds: float) -> float:
        """How long nobody has to `look` [s], `seconds` at most."""
        wait = min(seconds, PIECES_SECONDS) if self._in_pieces else seconds
        return self._leaving.patience(wait)

    def look(self) -> None:
        """See to what comes with time, after a turn of the hub."""
        now = time.monotonic()
        self._leaving.look()
        self._have_a_spare()
        while self._in_pieces and self._in_pieces[0][0] <= now:
            self._watch(self._in_pieces.popleft()[1])
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            for greeting in [one for one in self._greetings if one.until < now]:
                self._drop(greeting, "slow greeting")

    def stop_accepting(self) -> None:
        """Close the door: the next connection is refused by the system, or taken by another worker.

        Who waits for a word of ours and has come in by now is not to be cut off without it.
        """
        self._hub.forget(self._listener.fileno())
        while self._protocol.opening and self._accept():
            pass
        self._listener.close()

    def leave(self, connection: socket.socket) -> None:
        """Close a connection that is not served, as soon as its switch can stand that."""
        self._leaving.add(connection)

    def _accept(self) -> bool:
        """Let in who waits; False when there is nobody left, or nobody can be let in."""
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                connection, address = self._listener.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE):
                    self._turn_away()
                return False
            self._protocol.open(connection)
            self._admit(connection, address[0])
        return True

    def _turn_away(self) -> None:
        """No descriptor is left: give one up to close the connection, or the loop would spin on it."""
        if self._spare >= 0:
            self._refused("no file descriptors")
            os.close(self._spare)
            self._spare = -1
            with suppress(OSError):
                connection = self._listener.accept()[0]
                self._protocol.open(connection)
                self.leave(connection)
        else:
            # A thread took the spare one, or who leaves has it: until there is one again nobody comes in.
            time.sleep(PIECES_SECONDS)
        self._have_a_spare()

    def _have_a_spare(self) -> None:
        """The descriptor that is given up when there is no other."""
        if self._spare < 0:
            with suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def _admit(self, connection: socket.socket, address: str) -> None:
        if not self._is_allowed(address):
            self._refused("address not allowed")
            self.leave(connection)
        elif len(self._greetings) >= GREETINGS:
            self._refused("too many greetings")
            self.leave(connection)
        else:
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            now = time.monotonic()
            greeting = _Greeting(connection, now + self._greeting_seconds)
            self._greetings.add(greeting)
            if self._read(greeting):
                self._in_pieces.append((now + PIECES_SECONDS, greeting))

    def _watch(self, greeting: _Greeting) -> None:
        """Read the rest of a greeting, and wait for what is still missing."""
        if greeting in self._greetings and self._read(greeting):
            greeting.watched = True
            self._hub.watch(greeting.connection.fileno(), lambda _: self._read(greeting))

    def _is_allowed(self, address: str) -> bool:
        if address not in self._known:
            if len(self._known) >= ADDRESSES:
                self._known.clear()
            ip = ipaddress.ip_address(address.partition("%")[0])
            ip = getattr(ip, "ipv4_mapped", None) or ip
            self._known[address] = any(ip in network for network in self._networks)
        return self._known[address]

    def _read(self, greeting: _Greeting) -> bool:
        """Read what is there; False when the greeting is over: whole, or given up."""
        try:
            received = greeting.connection.recv(self._protocol.size)
        except BlockingIOError:
            return True
        except OSError:
            received = b""
        greeting.received += received
        greeting.lines += received.count(b"\n")
        if len(greeting.received) > self._protocol.size or greeting.lines > self._protocol.lines:
            self._drop(greeting, self._protocol.garbage)
            return False
        if GREETING_END in greeting.received[-len(received) - 1 :] or greeting.received.startswith(b"\n"):
            self._forget(greeting)
            self._take(greeting.connection, greeting.received)
            return False
        if not received:
            self._drop(greeting, "cut off" if greeting.received else "")
            return False
        return True

    def _forget(self, greeting: _Greeting) -> None:
        self._greetings.discard(greeting)
        if greeting.watched:
            self._hub.forget(greeting.connection.fileno())

    def _drop(self, greeting: _Greeting, why: str) -> None:
        """Close a connection that never became a call; a mere connect and close is a health check."""
        self._forget(greeting)
        self.leave(greeting.connection)
        if why:
            self._refused(why)
