"""The AGI protocol over two byte streams, on pyst2 with what real Asterisk showed to be broken in it mended.

pyst2 0.5.1 reads str from byte streams, installs a signal handler, echoes every line (numbers included) to
stderr, lets `"` and newlines through its quoting, takes 511 and end of file for odd errors, and loops on a
520 that is cut off. This is the only module that imports it: everybody else sees ChannelHangup and
ChannelError. Every read is bounded in length and in number of lines.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from asterisk.agi import AGI

from silentspam.errors import ChannelError, ChannelHangup

MAX_LINE = 65_536
"""Bytes of a line. Asterisk's own lines end near 8 kB; a longer one is garbage."""

MAX_ENVIRONMENT_LINES = 200
"""Asterisk 22 sends about 22 variables and the arguments."""

MAX_REPLY_LINES = 100
"""Lines of one reply: a 520 usage block has about 20."""

KEYPAD = "0123456789*#ABCD"

CHANNEL_UP = "6"
"""`CHANNEL STATUS` of a line that is up (Asterisk's AGI command reference)."""

_REPLY = re.compile(
    r"result=(?P<result>\S*)(?: \((?P<text>.*)\))?(?: endpos=(?P<endpos>\d{1,9}))?\s*$", re.ASCII
)

_PLAIN = re.compile(r"[\w=./:+*@&-]*", re.ASCII)
"""What stands for itself among the arguments of an application."""

_BETWEEN = "|"

Reply = dict[str, tuple[str, str]]
"""pyst2's form of a reply: `result` → (value, text in parentheses), `endpos` → (samples, "")."""


class Reader(Protocol):
    """Where lines come from."""

    def readline(self, limit: int, /) -> bytes: ...


class Writer(Protocol):
    """Where commands go."""

    def write(self, line: bytes, /) -> object: ...

    def flush(self) -> object: ...


class AgiSession(AGI):  # type: ignore[misc]  # pyst2 has no types
    """One AGI dialogue: pyst2's commands over mended plumbing. `env` holds Asterisk's variables.

    Every command raises ChannelHangup when the caller has left and ChannelError for a refusal or garbage.
    """

    def __init__(
        self, reader: Reader, writer: Writer, *, greeting: bytes | None = None, ends_with_call: bool = True
    ) -> None:
        """Read the environment. Raises ChannelHangup when it ends early, ChannelError when it never ends.

        greeting: the environment's lines, where they were read already.

        ends_with_call: whether the end of the streams means that the caller left. Over a network it may be
        the network's: there Asterisk says HANGUP first, and an end without it is a ChannelError.
        """
        self._hung_up = ends_with_call
        self.stdin = reader
        self.stdout = writer
        self.env = _environment(
            self._read_environment() if greeting is None else greeting.decode("utf-8", "replace").split("\n")
        )

    def execute(self, command: str, *args: object) -> Reply:
        """Send a command and return its reply; −1 (hangup and refusal alike) is told apart."""
        self.send_command(command, *args)
        reply = self.get_result()
        if reply["result"][0] == "-1":
            self._raise_refusal(command, reply["result"][1])
        return reply

    def send_command(self, command: str, *args: object) -> None:
        """Send one line of a command and its arguments, which are already quoted where they are text."""
        line = " ".join([command, *map(str, args)])
        if "\n" in line or "\r" in line:
            raise ChannelError(f"{command}: an argument holds a line break")
        try:
            self.stdout.write(line.encode() + b"\n")
            self.stdout.flush()
        except (OSError, ValueError) as error:
            raise self._ended(f"{command}: the switch has closed the session") from error

    def get_result(self) -> Reply:
        """Read one reply, past `100 Trying` and FastAGI's line HANGUP, which comes between replies."""
        for _ in range(MAX_REPLY_LINES):
            line = self._readline()
            if line == "HANGUP":
                self._hung_up = True
            elif not line.startswith("100"):
                return self._reply(line)
        raise ChannelError(f"no reply within {MAX_REPLY_LINES} lines")

    def set_variables(self, values: Mapping[str, str]) -> None:
        """Set channel variables in their order: in one round trip, or each by itself where that cannot be."""
        pairs = [f"{name}={value}" for name, value in values.items()]
        if all(map(_PLAIN.fullmatch, pairs)):
            # The channel of a caller who left takes no application, but variables all the same.
            with suppress(ChannelHangup):
                if self.execute("EXEC", "MSet", self._quote(",".join(pairs)))["result"][0] == "0":
                    return
        for name, value in values.items():
            self.set_variable(name, value)

    def get_variables(self, names: Sequence[str]) -> dict[str, str]:
        """Channel variables and functions, "" for an unset one: in one round trip where that can be told."""
        told: str = self.get_full_variable(_BETWEEN.join(f"${{{name}}}" for name in names))
        values = told.split(_BETWEEN)
        if len(values) != len(names):
            values = [self.get_variable(name) for name in names]
        return dict(zip(names, values, strict=True))

    def start_recording(self, stem: str, milliseconds: int) -> None:
        """Send RECORD FILE for raw mu-law, without a beep; `get_result` brings its end."""
        self.send_command("RECORD FILE", self._quote(stem), "ulaw", '""', milliseconds)

    def finish_recording(self) -> int:
        """Wait for RECORD FILE's end: samples recorded."""
        reply = self.get_result()
        result, reason = reply["result"]
        if result == "-1":
            self._raise_refusal("RECORD FILE", reason)
        return int(reply["endpos"][0]) if "endpos" in reply else 0

    def stream_file(self, filename: str, escape_digits: str = "", sample_offset: int = 0) -> str:
        """Play a sound to its end or to a key, which is returned ("" for none).

        Raises ChannelError when not one sample was played: Asterisk takes an empty file for a success, and a
        caller who heard no question cannot have failed to answer it.
        """
        args = (self._quote(filename), self._quote(escape_digits), sample_offset)
        reply = self.execute("STREAM FILE", *args)
        key = _key(reply)
        if not key and reply.get("endpos", ("", ""))[0] == "0":
            raise ChannelError(f"STREAM FILE {filename}: nothing was played, the file is empty")
        return key

    def wait_for_digit(self, timeout: int = 2000) -> str:
        """The next key within `timeout` milliseconds, "" for none."""
        return _key(self.execute("WAIT FOR DIGIT", timeout))

    def play_tones(self, tones: str) -> None:
        """Start a tone that goes on until something else is played."""
        if self.execute("EXEC", "Playtones", self._quote(tones))["result"][0] != "0":
            raise ChannelError(f"Playtones {tones}: no such application or tone")

    def record_side(self, path: str) -> None:
        """Record to a file what the caller sends, until the call ends: r(), as measured on Asterisk 22."""
        if self.execute("EXEC", "MixMonitor", self._quote(f",r({path})"))["result"][0] != "0":
            raise ChannelError(f"MixMonitor {path}: no such application, or refused")

    def _raise_refusal(self, command: str, reason: str) -> None:
        self.send_command("CHANNEL STATUS")
        if self.get_result()["result"][0] != CHANNEL_UP:
            raise ChannelHangup(f"{command}: the caller hung up")
        raise ChannelError(f"{command}: refused ({reason or 'no reason given'})")

    def _reply(self, line: str) -> Reply:
        code, rest = line[:3], line[3:].strip()
        if code == "200":
            match = _REPLY.match(rest)
            if not match:
                raise ChannelError(f"reply without a result: {line[:80]!r}")
            # Only beside −1: a caller whose number reads "hangup" has not hung up.
            if (match["result"], match["text"]) == ("-1", "hangup"):
                self._hung_up = True
                raise ChannelHangup("the caller hung up")
            reply = {"result": (match["result"], match["text"] or "")}
            return reply | ({"endpos": (match["endpos"], "")} if match["endpos"] else {})
        if code == "511":
            self._hung_up = True
            raise ChannelHangup("the channel is dead")
        if line.startswith("520-"):
            self._skip_usage()
        raise ChannelError(f"the switch refused: {line[:80]!r}")

    def _skip_usage(self) -> None:
        for _ in range(MAX_REPLY_LINES):
            if self._readline().startswith("520 "):
                return
        raise ChannelError(f"a usage block of more than {MAX_REPLY_LINES} lines")

    def _readline(self) -> str:
        try:
            line: bytes = self.stdin.readline(MAX_LINE)
        except (OSError, ValueError) as error:
            raise self._ended("the switch has closed the session") from error
        if len(line) >= MAX_LINE:
            raise ChannelError(f"a line of more than {MAX_LINE} bytes")
        if not line.endswith(b"\n"):
            raise self._ended("the session ended")
        return line.decode("utf-8", "replace").strip()

    def _ended(self, text: str) -> ChannelError:
        return ChannelHangup(text) if self._hung_up else ChannelError(f"{text}, and the caller had not left")

    def _read_environment(self) -> list[str]:
        """The lines up to an empty one."""
        lines: list[str] = []
        for _ in range(MAX_ENVIRONMENT_LINES):
            line = self._readline()
            if not line:
                return lines
            lines.append(line)
        raise ChannelError(f"an AGI environment of more than {MAX_ENVIRONMENT_LINES} lines")

    def _quote(self, string: object) -> str:
        """In quotes, with `"` and `\\` escaped; a control character could end the line, so it is refused."""
        text = str(string)
        if not text.isprintable():
            raise ChannelError(f"a value holds control characters: {text[:80]!r}")
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'


def _environment(lines: Iterable[str]) -> dict[str, str]:
    """Asterisk's `agi_name: value` lines; of a repeated name the first counts."""
    env: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name := name.strip():
            env.setdefault(name, value.strip())
    return env


def _key(reply: Reply) -> str:
    """The key whose ASCII code Asterisk returned; 0, an empty value and anything no keypad has are none."""
    result = reply["result"][0]
    key = chr(int(result)) if re.fullmatch("[0-9]{1,3}", result) else ""
    return key if key in KEYPAD else ""
