"""A FreeSWITCH that answers at once, in memory: what each command makes it say.

The whole one replays recordings over TCP (tests/freeswitch/replaying.py); neither is a FreeSWITCH.
"""

import re
from collections.abc import Callable
from pathlib import Path

from silentspam.freeswitch.dialogue import Dialogue
from silentspam.freeswitch.frames import Headers
from silentspam.freeswitch.session import EslSession

UUID = "873dee92-a3b2-441c-9bab-9d9f94003a06"
FIELD = re.compile(r"^([\w-]+): (.*)$", re.MULTILINE)


def announced(**values: str) -> Headers:
    lines = {"Unique-ID": UUID, "Caller-ANI": "5551234", "Caller-Destination-Number": "2000"}
    lines |= {name.replace("__", "-"): value for name, value in values.items()}
    return Headers("".join(f"{name}: {value}\n" for name, value in lines.items()).encode())


class Peer:
    """`answers`: by an application or an api command, what is done when it comes; `said` is all that came."""

    def __init__(self, opening: bytes = b"", *, guarded: str = "+OK Deleted: 1") -> None:
        self.said: list[str] = []
        self.variables: dict[str, str] = {}
        self.answers: dict[str, Callable[[str, str], None]] = {
            "record_session": lambda _, argument: self.record(argument),
            "playback": lambda number, argument: self.done("playback", number, "FILE PLAYED"),
            "hangup": lambda number, _: self.hang_up(),
        }
        self.api = {
            "uuid_setvar_multi": "+OK",
            "sched_del": guarded,
        }
        self.opening = opening
        self.recorded: Path | None = None
        self.out = b""
        self.silent = False

    def dialogue(self, **options: float) -> Dialogue:
        return Dialogue(self, EslSession(), **options)

    def write(self, data: bytes, /) -> None:
        for command in data.decode().strip("\n").split("\n\n"):
            self.said.append(command)
            if not self.silent:
                self.take(command)

    def receive(self, seconds: float, /) -> bytes:
        if not self.out:
            raise TimeoutError
        out, self.out = self.out, b""
        return out

    def take(self, command: str) -> None:
        word, _, rest = command.partition(" ")
        if word == "api":
            name, _, argument = rest.partition(" ")
            if name == "uuid_setvar_multi" and self.api[name] == "+OK":
                pairs = argument.partition(" ")[2].split(";")
                self.variables |= dict(pair.split("=", 1) for pair in pairs)
            body = self.api.get(name, "+OK").encode()
            self.out += b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body
            return
        self.out += b"Content-Type: command/reply\nReply-Text: +OK\n\n"
        if not command.startswith("sendmsg"):
            return
        fields = dict(FIELD.findall(command))
        name, argument = fields["execute-app-name"], fields.get("execute-app-arg", "")
        number = fields["Event-UUID"]
        if name == "set":
            self.variables |= dict([argument.split("=", 1)])
        if name in self.answers:
            self.answers[name](number, argument)
        if name not in self.answers or name == "record_session":
            self.done(name, number)

    def record(self, path: str) -> None:
        Path(path.partition(" +")[0]).write_bytes(self.opening)
        self.variables["record_samples"] = str(len(self.opening))

    def event(self, name: str, **headers: str) -> None:
        variables = {f"variable_{key}": value for key, value in self.variables.items()}
        lines = {"Event-Name": name, **{k.replace("__", "-"): v for k, v in headers.items()}, **variables}
        body = "".join(f"{key}: {value}\n" for key, value in lines.items()).encode() + b"\n"
        self.out += b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(body) + body

    def done(self, name: str, number: str, response: str = "_none_") -> None:
        self.event(
            "CHANNEL_EXECUTE_COMPLETE",
            Application=name,
            Application__UUID=number,
            Application__Response=response,
        )

    def press(self, key: str) -> None:
        self.event("DTMF", DTMF__Digit=key)

    def hang_up(self) -> None:
        self.event("CHANNEL_HANGUP")

    def take_back(self) -> None:
        """The guard fires: the dialplan goes on."""
        self.event("CHANNEL_EXECUTE_COMPLETE", Application="socket", Application__UUID="of-the-dialplan")
