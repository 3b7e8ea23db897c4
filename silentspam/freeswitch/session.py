"""One event-socket session: bytes in, events out, and what is to be sent as bytes; no I/O of its own.

Measured on FreeSWITCH 1.10.12. A command is answered at once, in order; an application is over with the
CHANNEL_EXECUTE_COMPLETE that bears the id it was sent with. What is sent after the hangup is answered +OK and
never done, so the session itself knows of the hangup; and of the dialplan having taken the call back, which
the end of the application `socket` tells: from then on nothing may be done to the caller any more.
"""

import uuid
from collections import deque
from collections.abc import Sequence

from silentspam.errors import ChannelError, ChannelHangup
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

KEYPAD = "0123456789*#ABCD"
KEPT_KEYS = 32
"""Keys that nobody has asked for yet."""
SOCKET = "socket"
"""The application that the dialplan gave us the call with."""
LINGERS = "linger"
"""Content-Disposition of the notice that a session outlives its channel."""

HUNG_UP = frozenset({"CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE"})


class EslSession:
    """What is known of one call's session.

    replies: answers to commands, in order; keys: pressed and not asked for; completed: by the id of an
    application its last event.
    """

    def __init__(self, received: bytes = b"") -> None:
        self._reader = FrameReader(received)
        self.replies: deque[Frame] = deque()
        self.keys: deque[str] = deque(maxlen=KEPT_KEYS)
        self.completed: dict[str, Headers] = {}
        self.hung_up = False
        self.taken_back = False
        self._awaited: set[str] = set()
        self._has_heard = False

    def feed(self, received: bytes) -> None:
        """Take in what has come. Raises ChannelError for what is no event socket."""
        self._reader.feed(received)
        for frame in self._reader.frames():
            self._take(frame)

    def ended(self) -> ChannelError:
        """What the end of the connection means: a hangup only where one was told of."""
        if self.hung_up:
            return ChannelHangup("the caller hung up")
        return ChannelError("FreeSWITCH has closed the event socket, and the caller had not left")

    def check(self) -> None:
        """Raises ChannelHangup when the caller has left, ChannelError when the dialplan has the call back."""
        if self.hung_up:
            raise ChannelHangup("the caller hung up")
        if self.taken_back:
            raise ChannelError("the dialplan has taken the call back")

    def command(self, *lines: str) -> bytes:
        """A command as it is sent. Raises ChannelError for what could end a line."""
        for line in lines:
            if not line.isprintable():
                raise ChannelError(f"event socket: a command holds control characters: {line[:80]!r}")
        return "\n".join(lines).encode() + b"\n\n"

    def execute(self, application: str, argument: str = "") -> tuple[str, bytes]:
        """The id of an application to be run, which its end will bear, and the command."""
        number = str(uuid.uuid4())
        self._awaited.add(number)
        lines = [
            "sendmsg",
            "call-command: execute",
            f"execute-app-name: {application}",
            *([f"execute-app-arg: {argument}"] if argument else []),
            f"Event-UUID: {number}",
        ]
        return number, self.command(*lines)

    def take_completed(self, number: str) -> Headers | None:
        """The last event of an application that is over, once."""
        return self.completed.pop(number, None)

    def take_key(self, among: Sequence[str] = KEYPAD) -> str | None:
        """The oldest key that was pressed, if it is among these; others are forgotten."""
        while self.keys:
            if (key := self.keys.popleft()) in among:
                return key
        return None

    def _take(self, frame: Frame) -> None:
        kind = frame.kind
        if kind in (REPLY, API_RESPONSE):
            self.replies.append(frame)
        elif kind == EVENT:
            self._hear(Headers(frame.body))
        elif kind == DISCONNECT:
            # Only a channel that is gone is lingered for; and before any event was heard nobody but a caller
            # who left sooner than `linger` and `myevents` came ends a session.
            lingers = frame.head.get("Content-Disposition") == LINGERS
            self.hung_up = self.hung_up or lingers or not self._has_heard
        elif kind != AUTH_REQUEST:
            raise ChannelError(f"event socket: {kind[:80]!r} is no content type of a session")

    def _hear(self, event: Headers) -> None:
        self._has_heard = True
        name = event.get("Event-Name")
        if name == "CHANNEL_EXECUTE_COMPLETE":
            number = event.get("Application-UUID")
            if number in self._awaited:
                self._awaited.discard(number)
                self.completed[number] = event
            elif event.get("Application") == SOCKET:
                self.taken_back = True
        elif name == "DTMF":
            key = event.get("DTMF-Digit")
            if len(key) == 1 and key in KEYPAD:
                self.keys.append(key)
        elif name in HUNG_UP:
            self.hung_up = True
