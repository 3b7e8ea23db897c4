"""How a connection of each switch begins: what it waits to hear, and how long its greeting may be.

FreeSWITCH says nothing before it has heard `connect`, and where the connection is closed before that, the
caller hears ringing until the dialplan's guard sends the call on (measured). So it may be where it is closed
right after that: the session parks a moment later, and nobody tells it of a connection that has ended by then
(the end clears the flag that switch_ivr_park sets; read in the source of 1.10, not measured).
"""

import socket
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass

GREETING_END = b"\n\n"

LEAVING = 1000
"""Connections that are held a moment longer; beyond, they are closed at once."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """opening: said to whoever connects, before anything is read. lines, size [bytes]: of a greeting at most.
    garbage: why one that is longer is refused. held_seconds: so long after its opening a connection is kept.
    """

    opening: bytes
    lines: int
    size: int
    garbage: str
    held_seconds: float

    def open(self, connection: socket.socket) -> None:
        """Say the opening, as far as that goes without waiting: who cannot take it has gone."""
        connection.setblocking(False)
        if self.opening:
            with suppress(OSError):
                connection.send(self.opening)


AGI = Protocol(
    opening=b"",
    lines=200,  # of which Asterisk sends some twenty
    size=65_536,  # Asterisk's are near 1 kB
    garbage="no AGI greeting",
    held_seconds=0.0,
)
FREESWITCH = Protocol(
    opening=b"connect\n\n",
    lines=2000,
    size=262_144,  # 163 headers and 6 kB measured; a caller can lengthen them
    garbage="no announcement",
    held_seconds=0.1,
)
"""Parking takes FreeSWITCH a turn of a loop of 1 ms (read in its source): a hundred of them."""


def split_greeting(received: bytes) -> tuple[bytes, bytes]:
    """The lines of a greeting that is whole, and what came after it."""
    if received.startswith(b"\n"):
        return b"", received[1:]
    greeting, _, rest = received.partition(GREETING_END)
    return greeting, rest


class Leaving:
    """Connections that were opened and are not served, each until it may be closed."""

    def __init__(self, protocol: Protocol) -> None:
        self._seconds = protocol.held_seconds
        self._held: deque[tuple[float, socket.socket]] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def add(self, connection: socket.socket) -> None:
        """Close it, as soon as it may be."""
        if self._seconds and len(self._held) < LEAVING:
            self._held.append((time.monotonic() + self._seconds, connection))
        else:
            connection.close()

    def look(self) -> None:
        """Close those whose time has come."""
        now = time.monotonic()
        while self._held and self._held[0][0] <= now:
            self._held.popleft()[1].close()

    def patience(self, seconds: float) -> float:
        """How long nobody has to `look` [s], `seconds` at most."""
        return max(0.0, min(seconds, self._held[0][0] - time.monotonic())) if self._held else seconds
