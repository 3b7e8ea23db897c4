"""A client's socket as the two streams of an AGI dialogue, with a deadline for each read and for the whole.

A deadline that passes is not a hangup: the caller is still there, so the screening fails open. It raises once
for the whole screening and then allows `GRACE_SECONDS` to hand the call back.
"""

import time
from typing import Protocol

from silentspam.errors import ChannelError, DeadlineExceeded

GRACE_SECONDS = 5.0
"""After its deadline a screening has this long to hand the call back [s]."""


RECEIVED_AT_ONCE = 4096
RECEIVED_IN_BULK = 65_536
"""Events of FreeSWITCH have some 6 kB each."""


class Link(Protocol):
    """A connection (`serve.hub`): raises TimeoutError past `until` on the monotonic clock."""

    def receive(self, size: int, until: float) -> bytes: ...

    def send(self, data: bytes, until: float) -> None: ...


class SocketStream:
    """Reads and writes lines of one connection (what `AgiSession` needs of a file).

    `received` is what the client has sent already; `reply_seconds` the longest wait for a line; `deadline` is
    on the monotonic clock [s].
    """

    def __init__(self, link: Link, *, received: bytes = b"", reply_seconds: float, deadline: float) -> None:
        self._link = link
        self._received = received
        self._reply_seconds = reply_seconds
        self._deadline = deadline
        self._overdue = False
        self._silence = ""

    @property
    def unanswered(self) -> bool:
        """Whether the client gave no reply in time."""
        return bool(self._silence)

    def readline(self, limit: int) -> bytes:
        """A line with its end, or `limit` bytes of one; what there is when the client has closed.

        Raises DeadlineExceeded, and ChannelError when not even the grace was enough.
        """
        while (size := self._received.find(b"\n", 0, limit) + 1) == 0:
            if len(self._received) >= limit:
                return self._split(limit)
            received = self._receive()
            if not received:
                return self._split(len(self._received))
            self._received += received
        return self._split(size)

    def receive(self, seconds: float) -> bytes:
        """What has come within so many seconds, b"" when the client has closed.

        Raises TimeoutError where nothing has, and past the whole screening's deadline as `readline`.
        """
        if self._received:
            return self._split(len(self._received))
        now = time.monotonic()
        if now >= self._deadline:
            self._end()
        until = min(now + seconds, self._deadline)
        try:
            return self._link.receive(RECEIVED_IN_BULK, until)
        except TimeoutError:
            if until >= self._deadline:
                self._end()
            raise

    def write(self, line: bytes) -> None:
        """Send all of it, within the time for a reply."""
        self._link.send(line, self._limit())

    def flush(self) -> None:
        """Nothing is held back."""

    def _split(self, size: int) -> bytes:
        begin, self._received = self._received[:size], self._received[size:]
        return begin

    def _receive(self) -> bytes:
        until = self._limit()
        try:
            return self._link.receive(RECEIVED_AT_ONCE, until)
        except TimeoutError as error:
            if until >= self._deadline:
                self._end()
            self._silence = f"no reply within {self._reply_seconds:g} s (server.reply_seconds)"
            raise ChannelError(self._silence) from error

    def _limit(self) -> float:
        """Until when the next read or write may wait. Raises past the deadline.

        After a reply that did not come there is no other: it would be taken for that to a later command.
        """
        if self._silence:
            raise ChannelError(self._silence)
        now = time.monotonic()
        if now >= self._deadline:
            self._end()
        return min(now + self._reply_seconds, self._deadline)

    def _end(self) -> None:
        if self._overdue:
            raise ChannelError("not even the time to hand the call back was enough")
        self._overdue = True
        self._deadline = time.monotonic() + GRACE_SECONDS
        raise DeadlineExceeded("the screening took longer than it may (limits.screening_seconds)")
