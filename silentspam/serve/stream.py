"""A client's socket as the two streams of an AGI dialogue, with a deadline for each read and for the whole.

A deadline that passes is not a hangup: the caller is still there, so the screening fails open. It raises once
for the whole screening and then allows `GRACE_SECONDS` to hand the call back.
"""

import socket
import time

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
        self._buffer = bytearray(received)
        self._reply_seconds = reply_seconds
        self._deadline = deadline
        self._overdue = False

    def readline(self, limit: int) -> bytes:
        """A line with its end, or `limit` bytes of one; what there is when the client has closed.

        Raises DeadlineExceeded, and ChannelError when not even the grace was enough.
        """
        searched = 0
        while (end := self._buffer.find(b"\n", searched)) < 0 and len(self._buffer) < limit:
            searched = len(self._buffer)
            received = self._receive()
            if not received:
                return self._taken(len(self._buffer))
            self._buffer += received
        return self._taken(min(end + 1 or limit, limit))

    def write(self, line: bytes) -> None:
        """Send all of it, within the time for a reply."""
        self._connection.settimeout(self._time_left())
        self._connection.sendall(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def _taken(self, size: int) -> bytes:
        line = bytes(self._buffer[:size])
        del self._buffer[:size]
        return line

    def _receive(self) -> bytes:
        self._connection.settimeout(self._time_left())
        try:
            return self._connection.recv(4096)
        except TimeoutError as error:
            if time.monotonic() >= self._deadline:
                self._time_left()
            raise ChannelError(f"no reply within {self._reply_seconds:g} s (server.reply_seconds)") from error

    def _time_left(self) -> float:
        """Seconds that the next read may take; past the deadline it raises."""
        left = self._deadline - time.monotonic()
        if left > 0:
            return min(left, self._reply_seconds)
        if self._overdue:
            raise ChannelError("not even the time to hand the call back was enough")
        self._overdue = True
        self._deadline = time.monotonic() + GRACE_SECONDS
        raise DeadlineExceeded("the screening took longer than it may (limits.screening_seconds)")
