"""One connection to FreeSWITCH's own event socket: bytes in, hangup events out; no I/O of its own.

FreeSWITCH asks for the password, we ask for CHANNEL_HANGUP_COMPLETE, and it tells of every leg that ends
(measured on 1.10.12: `inbound_esl_park`). What it says where it refuses was read in mod_event_socket.c.
"""

import enum

from silentspam.errors import ChannelError
from silentspam.freeswitch.frames import (
    API_RESPONSE,
    AUTH_REQUEST,
    DISCONNECT,
    EVENT,
    REPLY,
    Frame,
    FrameReader,
    Headers,
)

HANGUP = "CHANNEL_HANGUP_COMPLETE"
REJECTION = "text/rude-rejection"
"""To an address that the list of apply-inbound-acl does not have."""
SIGN_OF_LIFE = b"api uptime\n\n"
"""Any command would do: whoever answers it is there."""


class Stage(enum.Enum):
    """How far the connection has come."""

    GREETING = enum.auto()
    PASSWORD = enum.auto()
    EVENTS = enum.auto()
    LISTENING = enum.auto()


class InboundSession:
    """A connection from its first byte on.

    events: those of ended legs that were heard and not taken; what came before an error is among them.
    frames: how many were heard; what is heard in half is no sign of life.
    """

    def __init__(self, password: str) -> None:
        """Raises ChannelError for a password that no line can hold."""
        if not password.isprintable():
            raise ChannelError("freeswitch.password holds control characters")
        self._password = password
        self._reader = FrameReader()
        self._to_send = b""
        self.stage = Stage.GREETING
        self.events: list[Headers] = []
        self.frames = 0

    @property
    def listening(self) -> bool:
        """Whether every call that ends from now on is heard of."""
        return self.stage is Stage.LISTENING

    def feed(self, received: bytes) -> None:
        """Take in what has come. Raises ChannelError where FreeSWITCH refuses us, leaves, or is none."""
        self._reader.feed(received)
        for frame in self._reader.frames():
            self.frames += 1
            self._take(frame)

    def take_events(self) -> list[Headers]:
        """The events since the last time."""
        events, self.events = self.events, []
        return events

    def take_to_send(self) -> bytes:
        """What is to be sent now."""
        to_send, self._to_send = self._to_send, b""
        return to_send

    def ask(self) -> bytes:
        """What has FreeSWITCH give a sign of life."""
        return SIGN_OF_LIFE if self.listening else b""

    def _take(self, frame: Frame) -> None:
        kind = frame.kind
        if kind == EVENT:
            event = Headers(frame.body)
            if event.get("Event-Name") == HANGUP:
                self.events.append(event)
        elif kind == REPLY:
            self._go_on(frame.text)
        elif kind == AUTH_REQUEST and self.stage is Stage.GREETING:
            self.stage = Stage.PASSWORD
            self._to_send += f"auth {self._password}\n\n".encode()
        elif kind == DISCONNECT:
            raise ChannelError("FreeSWITCH has taken its leave")
        elif kind == REJECTION:
            raise ChannelError(
                "FreeSWITCH refuses this address: apply-inbound-acl in event_socket.conf.xml does not have it"
            )
        elif kind != API_RESPONSE or not self.listening:
            raise ChannelError(f"event socket: {kind[:80]!r} is nothing that FreeSWITCH says here")

    def _go_on(self, reply: str) -> None:
        accepted = reply.startswith("+OK")
        if self.stage is Stage.PASSWORD:
            if not accepted:
                raise ChannelError(f"FreeSWITCH refuses freeswitch.password: {reply[:80]!r}")
            self.stage = Stage.EVENTS
            self._to_send += f"event plain {HANGUP}\n\n".encode()
        elif self.stage is Stage.EVENTS:
            if not accepted:
                raise ChannelError(f"FreeSWITCH tells no {HANGUP}: {reply[:80]!r}")
            self.stage = Stage.LISTENING
        elif self.stage is Stage.GREETING:
            raise ChannelError(f"event socket: {reply[:80]!r} before any password was asked for")
