"""A client's socket as the two streams of an AGI dialogue, with a deadline for each read and for the whole.

A deadline that passes is not a hangup: the caller is still there, so the screening fails open. It raises once
for the whole screening and then allows `GRACE_SECONDS` to hand the call back.
"""

import socket
import struct
import time
from collections import deque

from silentspam.errors import ChannelError, DeadlineExceeded

GRACE_SECONDS = 5.0
"""After its deadline a screening has this long to hand the call back [s]."""


class SocketStream:
    """Reads and writes lines of one connection (what `AgiSession` needs of a file).

    `received` is what the client has sent already; `reply_seconds` the longest wait for a line; `deadline` is
    on the monotonic clock [s].
    """

    def __init__(
        self, connection: socket.socket, *, received: bytes = b"", reply_seconds: float, deadline: float
    ) -> None:
        self._connection = connection
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._take_in(received)
        self._reply_seconds = reply_seconds
        self._deadline = deadline
        self._overdue = False
        self._silence = ""
        connection.setblocking(True)
        self._limit = reply_seconds
        self._set_limit(min(reply_seconds, max(deadline - time.monotonic(), 0.01)))

    @property
    def unanswered(self) -> bool:
        """Whether the client gave no reply in time."""
        return bool(self._silence)

    def readline(self, limit: int) -> bytes:
        """A line with its end, or `limit` bytes of one; what there is when the client has closed.

        Raises DeadlineExceeded, and ChannelError when not even the grace was enough.
        """
        while not self._lines:
            if len(self._rest) >= limit:
                return self._split(limit)
            received = self._receive()
            if not received:
                return self._split(len(self._rest))
            self._take_in(received)
        line = self._lines.popleft()
        if len(line) <= limit:
            return line
        self._lines.appendleft(line[limit:])
        return line[:limit]

    def write(self, line: bytes) -> None:
        """Send all of it, within the time for a reply."""
        self._watch_time()
        self._connection.sendall(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def _take_in(self, received: bytes) -> None:
        *lines, self._rest = (self._rest + received).split(b"\n")
        self._lines.extend(line + b"\n" for line in lines)

    def _split(self, size: int) -> bytes:
        begin, self._rest = self._rest[:size], self._rest[size:]
        return begin

    def _receive(self) -> bytes:
        self._watch_time()
        try:
            return self._connection.recv(4096)
        except BlockingIOError as error:
            if time.monotonic() >= self._deadline:
                self._watch_time()
            self._silence = f"no reply within {self._limit:g} s (server.reply_seconds)"
            raise ChannelError(self._silence) from error

    def _watch_time(self) -> None:
        """Raise past the deadline; near it, wait no longer than there is time.

        After a reply that did not come there is no other: it would be taken for that to a later command.
        """
        if self._silence:
            raise ChannelError(self._silence)
        left = self._deadline - time.monotonic()
        if left <= 0:
            self._end()
        elif left < self._limit:
            self._set_limit(left)

    def _end(self) -> None:
        if self._overdue:
            raise ChannelError("not even the time to hand the call back was enough")
        self._overdue = True
        self._deadline = time.monotonic() + GRACE_SECONDS
        self._set_limit(min(self._reply_seconds, GRACE_SECONDS))
        raise DeadlineExceeded("the screening took longer than it may (limits.screening_seconds)")

    def _set_limit(self, seconds: float) -> None:
        """The kernel's own limits: with `settimeout` each command would cost three times the system calls."""
        whole = int(seconds)
        limit = struct.pack("ll", whole, max(1, int((seconds - whole) * 1e6)))
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self._connection.setsockopt(socket.SOL_SOCKET, option, limit)
        self._limit = seconds
