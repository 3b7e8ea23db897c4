"""FreeSWITCH's own event socket as the lab uses it: a password, and a command of the console at a time.

The protocol is mod_event_socket's: blocks of headers that end with an empty line, and as many bytes after
them as Content-Length says.
"""

import socket
from dataclasses import dataclass

ANSWER_SECONDS = 10.0
LONGEST_HEADERS = 65_536


class EventSocketError(Exception):
    """FreeSWITCH did not answer, or refused."""


@dataclass(frozen=True, kw_only=True)
class EventSocket:
    """Where an event socket listens, and its password."""

    host: str
    port: int
    password: str

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def api(self, command: str, *, seconds: float | None = None) -> str:
        """Run a command of the console and return what it prints. Raises EventSocketError."""
        seconds = ANSWER_SECONDS if seconds is None else seconds
        try:
            with socket.create_connection((self.host, self.port), timeout=seconds) as connection:
                connection.settimeout(seconds)
                return self._api(_Frames(connection), command)
        except OSError as error:
            raise EventSocketError(f"event socket {self}: {error}") from error

    def _api(self, frames: "_Frames", command: str) -> str:
        kind, said = frames.read()
        if kind != "auth/request":
            raise EventSocketError(
                f"event socket {self}: {kind or 'nothing'} instead of auth/request: {said}"
            )
        _, said = frames.ask(f"auth {self.password}")
        if not said.startswith("+OK"):
            raise EventSocketError(f"event socket {self}: the password is refused: {said}")
        kind, said = frames.ask(f"api {command}")
        if kind != "api/response":
            raise EventSocketError(f"event socket {self}: {command!r}: {kind}: {said}")
        return said


class _Frames:
    """Frames of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._held = b""

    def ask(self, command: str) -> tuple[str, str]:
        """Send a command, and read what answers it."""
        self._connection.sendall(f"{command}\n\n".encode())
        return self.read()

    def read(self) -> tuple[str, str]:
        """The next frame's Content-Type, and its body; its Reply-Text where it has none."""
        while b"\n\n" not in self._held and len(self._held) < LONGEST_HEADERS:
            self._receive()
        head, _, self._held = self._held.partition(b"\n\n")
        headers = dict(
            line.split(": ", 1) for line in head.decode(errors="replace").splitlines() if ": " in line
        )
        length = headers.get("Content-Length", "0")
        if not length.isdigit():
            raise EventSocketError(f"Content-Length {length!r} is no number")
        while len(self._held) < int(length):
            self._receive()
        body, self._held = self._held[: int(length)], self._held[int(length) :]
        said = body.decode(errors="replace") or headers.get("Reply-Text", "")
        return headers.get("Content-Type", ""), said.strip()

    def _receive(self) -> None:
        chunk = self._connection.recv(65_536)
        if not chunk:
            raise EventSocketError("FreeSWITCH closed the connection")
        self._held += chunk
