"""A few commands to FreeSWITCH's own event socket, one after the other; for `silentspam check` alone."""

import socket
from collections.abc import Iterator, Sequence
from time import monotonic

from silentspam.errors import ChannelError
from silentspam.freeswitch.frames import API_RESPONSE, AUTH_REQUEST, REPLY, Frame, FrameReader

SECONDS = 2.0
"""For all of it."""
REJECTION = "text/rude-rejection"


def ask(host: str, port: int, password: str, commands: Sequence[str]) -> list[str]:
    """What each api command says, in order.

    Raises OSError where nobody answers within SECONDS, ChannelError where FreeSWITCH refuses us.
    """
    deadline = monotonic() + SECONDS
    with socket.create_connection((host, port), timeout=SECONDS) as connection:
        frames = _frames(connection, deadline)
        greeting = next(frames)
        if greeting.kind == REJECTION:
            raise ChannelError("refuses this address (apply-inbound-acl)")
        if greeting.kind != AUTH_REQUEST:
            raise ChannelError(f"{greeting.kind[:80]!r} is no greeting of an event socket")
        connection.sendall(f"auth {password}\n\n".encode())
        if not (reply := _next(frames, REPLY)).startswith("+OK"):
            raise ChannelError(f"refuses the password ({reply[:80]})")
        said = []
        for command in commands:
            connection.sendall(f"api {command}\n\n".encode())
            said.append(_next(frames, API_RESPONSE))
        return said


def _next(frames: Iterator[Frame], kind: str) -> str:
    """The text of the next frame of a kind; others are passed over."""
    return next(frame.text for frame in frames if frame.kind == kind)


def _frames(connection: socket.socket, deadline: float) -> Iterator[Frame]:
    reader = FrameReader()
    while True:
        yield from reader.frames()
        left = deadline - monotonic()
        if left <= 0:
            raise TimeoutError(f"no answer within {SECONDS:g} s")
        connection.settimeout(left)
        if not (received := connection.recv(65_536)):
            raise ChannelError("closed the connection")
        reader.feed(received)
