"""FreeSWITCH's end of one connection to a real server: a peer that answers at once, over TCP.

The whole one replays recordings (tests/freeswitch/replaying.py); neither is a FreeSWITCH.
"""

import itertools
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.fakes import noise, tone
from tests.freeswitch.peer import Peer
from tests.serve.resident import PATIENCE, Resident, free_port

CONNECT = b"connect\n\n"
SPEECH = tone(2.1).codes.tobytes()
"""As long as the ring tone: what is more than the opening is cut off at its start."""
DEAD_AIR = noise(2.1).codes.tobytes()
GUARD = "agent XML public"
_numbers = itertools.count()


def _recorded() -> bytes:
    """The announcement of a real session: 163 headers, 6 kB."""
    recording = Path(__file__).parent.parent / "freeswitch" / "recordings" / "bridged_human.txt"
    _, _, rest = recording.read_bytes().partition(b"\n< 0.001 6118\n")
    return rest[:6118]


ANNOUNCEMENT = _recorded().replace(
    b"Content-Type: command/reply\n",
    f"variable_SILENTSPAM_GUARD: {GUARD.replace(' ', '%20')}\nContent-Type: command/reply\n".encode(),
)


def serving(folder: Path, model: Path, **server: Any) -> Resident:
    """A server that FreeSWITCH can ask; its port is `freeswitch_port(server)`."""
    resident = Resident(folder, model, **server)
    resident.settings["freeswitch"] = {"port": free_port()}
    return resident


def freeswitch_port(server: Resident) -> int:
    return int(server.settings["freeswitch"]["port"])


class Session:
    """One call, of a number of its own: `announce` and `go_on` are FreeSWITCH's part, `peer.said` is ours."""

    def __init__(self, server: Resident, opening: bytes = SPEECH) -> None:
        self.peer = Peer(opening)
        self.number = f"555{next(_numbers):07d}"
        self.connection = socket.create_connection(("127.0.0.1", freeswitch_port(server)), timeout=PATIENCE)
        self._received = b""
        self._pending = ""

    def is_connected(self) -> bool:
        """Whether `connect`, and nothing else, has been said."""
        heard = b""
        while len(heard) < len(CONNECT) and (more := self.connection.recv(len(CONNECT) - len(heard))):
            heard += more
        return heard == CONNECT

    def announce(self, announcement: bytes = ANNOUNCEMENT) -> "Session":
        assert self.is_connected()
        self.connection.sendall(announcement.replace(b"5551234", self.number.encode()))
        return self

    def go_on(self, until: str | None = None) -> "Session":
        """Answer commands until the server closes, or one has `until` in it."""
        if self._pending:
            self._answer(self._pending)
            self._pending = ""
        while command := self._next():
            if until is not None and until in command:
                self._pending = command
                return self
            self._answer(command)
        self.cut()
        return self

    def say(self) -> None:
        """Send what the peer has to say unasked."""
        said, self.peer.out = self.peer.out, b""
        with suppress(OSError):
            self.connection.sendall(said)

    def cut(self) -> None:
        """End the connection without a word."""
        self.connection.close()

    def applications(self) -> list[str]:
        """The names of what was executed."""
        lines = "\n".join(self.peer.said).split("\n")
        return [line.partition(": ")[2] for line in lines if line.startswith("execute-app-name: ")]

    def _answer(self, command: str) -> None:
        self.peer.write(f"{command}\n\n".encode())
        self.say()

    def _next(self) -> str:
        while b"\n\n" not in self._received:
            try:
                received = self.connection.recv(65_536)
            except ConnectionError:
                return ""
            if not received:
                return ""
            self._received += received
        command, _, self._received = self._received.partition(b"\n\n")
        return command.decode()


def call(server: Resident, opening: bytes = SPEECH) -> Session:
    """A whole session."""
    return Session(server, opening).announce().go_on()
