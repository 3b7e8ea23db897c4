"""FreeSWITCH's end of one connection, which can cut what it sends anywhere, die, hang or garble it."""

import enum
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from tests.freeswitch.loop import Loop

GARBLED_BYTES = 40

Take = Callable[[bytes], object]
Died = Callable[[], object]


class Mishap(enum.Enum):
    """What happens when so many bytes were sent: FreeSWITCH dies, says no more, or says something else."""

    DIES = "dies"
    HANGS = "hangs"
    GARBLES = "garbles"


@dataclass(frozen=True)
class Fault:
    """A mishap after so many bytes of a call's output."""

    mishap: Mishap
    after: int


class Wire:
    """take: given what was received, b"" at the end. cuts: sent in pieces at random, by this seed."""

    def __init__(
        self,
        loop: Loop,
        connection: socket.socket,
        take: Take,
        *,
        fault: Fault | None = None,
        died: Died = lambda: None,
        cuts: int | None = None,
    ) -> None:
        self._loop = loop
        self._connection = connection
        self._take = take
        self._fault = fault
        self._died = died
        self._chance = random.Random(cuts) if cuts is not None else None
        self._out = bytearray()
        self._waits = False
        self._hangs = False
        self._closes = False
        self.closed = False
        self.sent = 0
        connection.setblocking(False)
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.watch(connection, self._ready)

    def send(self, sent: bytes) -> None:
        """Send all of it, sooner or later."""
        if self.closed or self._hangs:
            return
        self._out += self._with_fault(sent)
        if not self._waits:
            self._flush()

    def close(self) -> None:
        """Close when all is sent."""
        self._closes = True
        if not self._out:
            self._end()

    def cut(self) -> None:
        """Close at once, whatever was not sent yet."""
        self._out.clear()
        self._end()

    def _with_fault(self, sent: bytes) -> bytes:
        before, self.sent = self.sent, self.sent + len(sent)
        fault = self._fault
        if fault is None or self.sent <= fault.after:
            return sent
        self._fault = None
        begin = fault.after - before
        if fault.mishap is Mishap.GARBLES:
            chance = random.Random(fault.after)
            end = min(len(sent), begin + GARBLED_BYTES)
            return sent[:begin] + chance.randbytes(end - begin) + sent[end:]
        self._hangs = True
        if fault.mishap is Mishap.DIES:
            self._loop.give(self._died)
        return sent[:begin]

    def _flush(self) -> None:
        self._waits = False
        while self._out and not self.closed:
            piece = len(self._out)
            if self._chance is not None:
                piece = self._chance.choice((1, 2, 7, 60, 1000, 5000, piece))
            try:
                del self._out[: self._connection.send(bytes(self._out[:piece]))]
            except BlockingIOError:
                self._loop.watch(self._connection, self._ready, writes=True)
                return
            except OSError:
                self._out.clear()
                return
            if self._out and self._chance is not None:
                # What is said meanwhile joins the rest.
                self._waits = True
                self._loop.after(self._chance.uniform(0.0, 0.002) * self._loop.speed, self._flush)
                return
        if self._closes and not self._out:
            self._end()

    def _ready(self, events: int) -> None:
        if events & 2:
            self._loop.watch(self._connection, self._ready)
            self._flush()
        if events & 1 and not self.closed:
            try:
                received = self._connection.recv(65536)
            except BlockingIOError:
                return
            except OSError:
                received = b""
            if not received:
                self._end()
            self._take(received)

    def _end(self) -> None:
        if not self.closed:
            self.closed = True
            self._loop.forget(self._connection)
            self._connection.close()
