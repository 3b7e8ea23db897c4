"""FreeSWITCH's own event socket for tests: a TCP server that greets, tells of hangups, and misbehaves.

It says what was recorded of a real one (tests/freeswitch/recordings/inbound_esl_park.txt), but it is none.
"""

import socket
import threading
from contextlib import suppress
from types import TracebackType

from tests.freeswitch.recorded import said
from tests.serve.resident import PATIENCE

PASSWORD = "lab-only"
REFUSAL = b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n"
LEAVE = b"Content-Type: text/disconnect-notice\nContent-Length: 67\n\n" + 67 * b"."
REQUEST, ACCEPTED, ENABLED = [frame.head + b"\n\n" for frame in said("inbound_esl_park") if not frame.body][
    :3
]


def hangup(uuid: str, recording: str = "bridged_human", **variables: str) -> bytes:
    """A recorded hangup event of the caller's leg, with this id and these variables."""
    recorded = next(frame.body for frame in said(recording) if b"CHANNEL_HANGUP_COMPLETE" in frame.body)
    lines = [
        f"Unique-ID: {uuid}" if line.startswith("Unique-ID: ") else line
        for line in recorded.decode().splitlines()
    ]
    added = [f"variable_{name}: {value}" for name, value in variables.items()]
    body = ("\n".join([*filter(None, lines), *added]) + "\n\n").encode()
    return f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n".encode() + body


class Ear:
    """The server; a context manager. said: what came, in pieces; greeting: what a connection gets first."""

    def __init__(self, port: int = 0, greeting: bytes = REQUEST) -> None:
        self.greeting = greeting
        self.said: list[bytes] = []
        self.deaf = False
        """Whether it answers nothing, and keeps the connection."""
        self._listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self._connections: list[socket.socket] = []
        self._listening: list[socket.socket] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        """How many there have been."""
        return len(self._connections)

    @property
    def listeners(self) -> int:
        """How many are told of hangups now."""
        return len(self._listening)

    def tell(self, event: bytes) -> None:
        """Send to all who listen."""
        for one in self._listening:
            one.sendall(event)

    def drop(self) -> None:
        """End every connection, as a restart does."""
        self._listening.clear()
        for one in self._connections:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> "Ear":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE)
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.sendall(self.greeting)
            received = b""
            while chunk := connection.recv(4096):
                self.said.append(chunk)
                received += chunk
                while not self.deaf and b"\n\n" in received:
                    command, _, received = received.partition(b"\n\n")
                    self._answer(connection, command)

    def _answer(self, connection: socket.socket, command: bytes) -> None:
        if command.startswith(b"auth "):
            accepted = command == f"auth {PASSWORD}".encode()
            connection.sendall(ACCEPTED if accepted else REFUSAL + LEAVE)
        elif command.startswith(b"event plain"):
            connection.sendall(ENABLED)
            self._listening.append(connection)
        else:
            connection.sendall(b"Content-Type: api/response\nContent-Length: 3\n\nup\n")
