"""The event socket's frames: bytes in, frames out, whatever the pieces they come in.

A frame is a block of `Name: value` lines, an empty line, and as many bytes as its Content-Length says; an
event's own headers are the lines of such a body, URL-encoded (FreeSWITCH 1.10, mod_event_socket). Of an event
of 6 kB a screening wants three or four headers, so a block is kept as it came, and searched.
"""

from collections.abc import Iterator
from urllib.parse import unquote

from silentspam.errors import ChannelError

LONGEST_HEAD = 262_144
"""Bytes of a block of headers: those that announce a call are near 6 kB, and a caller can lengthen them."""
LONGEST_BODY = 4_194_304
"""Bytes of a body: an event with every variable of a bridged call is near 12 kB."""

END_OF_HEAD = b"\n\n"
EVENT = "text/event-plain"
REPLY = "command/reply"
API_RESPONSE = "api/response"
DISCONNECT = "text/disconnect-notice"
AUTH_REQUEST = "auth/request"


class Headers:
    """A block of `Name: value` lines; names as FreeSWITCH writes them, values decoded when asked for."""

    __slots__ = ("_block",)

    def __init__(self, block: bytes = b"") -> None:
        self._block = b"\n" + block.strip(b"\n") + b"\n"

    def get(self, name: str) -> str:
        """The first value of this name, "" where there is none."""
        begin = self._block.find(f"\n{name}: ".encode())
        if begin < 0:
            return ""
        begin += len(name) + 3
        value = self._block[begin : self._block.index(b"\n", begin)]
        text = value.decode("utf-8", "replace")
        return unquote(text) if "%" in text else text

    def variable(self, name: str) -> str:
        """A channel variable, "" where it is not set."""
        return self.get(f"variable_{name}")


class Frame:
    """A block of headers and its body."""

    __slots__ = ("body", "head")

    def __init__(self, head: Headers, body: bytes) -> None:
        self.head = head
        self.body = body

    @property
    def kind(self) -> str:
        """The content type."""
        return self.head.get("Content-Type")

    @property
    def text(self) -> str:
        """What a command was answered: the reply's text, or an api command's output."""
        found = self.body.decode("utf-8", "replace") if self.body else self.head.get("Reply-Text")
        return found.strip()


class FrameReader:
    """Cuts what comes into frames."""

    def __init__(self, received: bytes = b"") -> None:
        self._received = bytearray(received)
        self._searched = 0

    def feed(self, received: bytes) -> None:
        """Take in what has come."""
        self._received += received

    def frames(self) -> Iterator[Frame]:
        """The frames that are whole. Raises ChannelError for what is none, or longer than any."""
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        data = self._received
        while data[:1] == b"\n":
            del data[:1]
            self._searched = 0
        end = data.find(END_OF_HEAD, max(0, self._searched - 1))
        if end < 0 or end > LONGEST_HEAD:
            self._searched = len(data)
            if len(data) > LONGEST_HEAD:
                raise ChannelError(f"event socket: headers of more than {LONGEST_HEAD} bytes")
            return None
        head = Headers(bytes(data[:end]))
        length = _length(head.get("Content-Length"))
        begin = end + len(END_OF_HEAD)
        if len(data) < begin + length:
            self._searched = end
            return None
        frame = Frame(head, bytes(data[begin : begin + length]))
        del data[: begin + length]
        self._searched = 0
        return frame


def _length(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 8 or int(text) > LONGEST_BODY:
        raise ChannelError(f"event socket: Content-Length {text[:40]!r} is no length up to {LONGEST_BODY}")
    return int(text)
