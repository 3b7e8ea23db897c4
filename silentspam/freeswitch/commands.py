"""Api commands over FreeSWITCH's own event socket, each waited for: for what is off the call path.

One connection a use: FreeSWITCH takes some milliseconds for it, and none is left that could go stale.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from silentspam.errors import ChannelError
from silentspam.freeswitch.frames import API_RESPONSE, AUTH_REQUEST, REPLY, Frame, FrameReader

SECONDS = 5.0
"""For the connection and all that is asked over it."""
AT_ONCE = 65_536


def split_address(text: str) -> tuple[str, int]:
    """Host and port of an entry of freeswitch.event_sockets."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


class Commands:
    """A connection whose password was accepted."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until
        self._reader = FrameReader()
        self._frames: list[Frame] = []

    def authenticate(self, password: str) -> None:
        """Raises ChannelError where it is refused."""
        self._await(AUTH_REQUEST)
        self._send(f"auth {password}")
        if not (said := self._await(REPLY).text).startswith("+OK"):
            raise ChannelError(f"FreeSWITCH refuses freeswitch.password: {said[:80]!r}")

    def api(self, command: str) -> str:
        """What a command prints; an error is printed too. Raises ChannelError where nothing comes."""
        self._send(f"api {command}")
        return self._await(API_RESPONSE).text

    def _send(self, line: str) -> None:
        if not line.isprintable():
            raise ChannelError(f"event socket: a command holds control characters: {line[:80]!r}")
        self._connection.settimeout(self._left())
        self._connection.sendall(line.encode() + b"\n\n")

    def _await(self, kind: str) -> Frame:
        """The next frame, which must be of this kind."""
        while not self._frames:
            self._connection.settimeout(self._left())
            received = self._connection.recv(AT_ONCE)
            if not received:
                raise ChannelError("FreeSWITCH has closed the event socket")
            self._reader.feed(received)
            self._frames.extend(self._reader.frames())
        frame = self._frames.pop(0)
        if frame.kind != kind:
            raise ChannelError(f"event socket: {frame.kind[:80]!r} in the place of {kind}")
        return frame

    def _left(self) -> float:
        return max(0.001, self._until - time.monotonic())


@contextmanager
def commands(address: str, password: str, *, seconds: float = SECONDS) -> Iterator[Commands]:
    """Connect to `host:port` and authenticate. Raises ChannelError naming the address and what went wrong."""
    until = time.monotonic() + seconds
    try:
        with socket.create_connection(split_address(address), timeout=seconds) as connection:
            opened = Commands(connection, until)
            opened.authenticate(password)
            yield opened
    except OSError as error:
        raise ChannelError(f"event socket {address}: {error.strerror or error}") from error
    except ChannelError as error:
        raise ChannelError(f"event socket {address}: {error}") from error
