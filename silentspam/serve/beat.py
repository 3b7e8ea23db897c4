"""The line between a worker and its supervisor: one datagram a second with all that the worker has counted.

Its end tells each of the two that the other is gone.
"""

import json
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from silentspam.metrics import State

SECONDS = 1.0
"""Between two beats."""

LARGEST = 262_144
"""Bytes of a beat."""


@dataclass(frozen=True, kw_only=True)
class Beat:
    """A sign of life. ready: it can serve; busy: what it would not leave undone."""

    ready: bool
    busy: int = 0
    counts: State = field(default_factory=dict)


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends: the supervisor's, and the worker's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setblocking(False)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
    return ours, theirs


def send(end: socket.socket, beat: Beat) -> None:
    """Send a beat; one that finds no room is left out, the next one tells it all."""
    with suppress(OSError):
        end.send(json.dumps(asdict(beat)).encode())


def receive(end: socket.socket) -> Beat | None:
    """The next beat. Raises BlockingIOError when there is none yet, EOFError when the worker is gone."""
    try:
        received = end.recv(LARGEST)
    except ConnectionError as error:
        raise EOFError from error
    if not received:
        raise EOFError
    try:
        return Beat(**json.loads(received))
    except (ValueError, TypeError):
        return None


def is_closed(end: socket.socket) -> bool:
    """Whether the supervisor is gone; it never sends anything."""
    try:
        return not end.recv(16)
    except BlockingIOError:
        return False
    except OSError:
        return True
