"""Stand-ins for the outside world: a Channel, a Judge, and an Asterisk that speaks AGI.

`FakeChannel` is for the screening, which knows no AGI. `Switch` answers AGI commands as Asterisk 22 does
(measured in the lab): in memory for sessions, over the pipes of a real process for the scripts.
"""

import io
import re
import subprocess
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from silentspam.audio import Recording, encode_ulaw
from silentspam.call import Call, CallRecord, VerdictKind
from silentspam.errors import ChannelError, ChannelHangup
from silentspam.gate.passage import SCREENED, Passage
from silentspam.policy import Standing
from silentspam.verdict import Verdict

CALL_ID = "6f1c9a52-3f0e-4d0b-8a86-2f6c1b0d9e11"


def a_call(call_id: str = CALL_ID, *, started_at: float = 1_700_000_000.0) -> Call:
    return Call(call_id=call_id, started_at=started_at, ani="15550100", channel="PJSIP/trunk-00000001")


# --- recordings ---------------------------------------------------------------------------------------------


def noise(seconds: float = 2.0, level: float = 60.0, seed: int = 0) -> Recording:
    """White noise with a standard deviation of `level` of 32768."""
    samples = np.random.default_rng(seed).normal(0, level, round(seconds * 8000))
    return Recording(encode_ulaw(np.clip(samples, -32768, 32767).astype(np.int16)))


def tone(seconds: float = 2.0, hz: float = 440.0, amplitude: float = 8000.0) -> Recording:
    """A sine tone."""
    time = np.arange(round(seconds * 8000)) / 8000
    return Recording(encode_ulaw((amplitude * np.sin(2 * np.pi * hz * time)).astype(np.int16)))


def silence(seconds: float, code: int = 0xFF) -> Recording:
    """Digital silence: one code all along."""
    return Recording(np.full(round(seconds * 8000), code, np.uint8))


def joined(*parts: Recording) -> Recording:
    """Recordings one after another."""
    return Recording(np.concatenate([part.codes for part in parts]))


# --- the screening's neighbours -----------------------------------------------------------------------------


@dataclass
class FakeJudge:
    """Gives `verdict`, or raises what stands in its place."""

    verdict: Verdict | BaseException = field(default_factory=lambda: ham())
    known: Standing = field(default_factory=Standing)
    prepare_fault: BaseException | None = None
    prepared: int = 0
    judged: list[Path] = field(default_factory=list)

    def prepare(self) -> None:
        self.prepared += 1
        if self.prepare_fault:
            raise self.prepare_fault

    def standing(self, call: Call) -> Standing:
        return self.known

    def judge(self, path: Path, passage: Passage = SCREENED) -> Verdict:
        self.judged.append(path)
        if isinstance(self.verdict, BaseException):
            raise self.verdict
        return self.verdict


def _verdict(kind: VerdictKind | None, probability: float | None) -> Verdict:
    return Verdict(
        kind=kind,
        spam_probability=probability,
        threshold=None if probability is None else 0.6,
        model_id="0123456789ab",
        seconds=2.0,
        reasons=("as the test says",),
    )


def ham() -> Verdict:
    return _verdict(VerdictKind.HAM, 0.1)


def spam() -> Verdict:
    return _verdict(VerdictKind.CALLER_SILENCE, 0.9)


def unjudged() -> Verdict:
    return _verdict(None, None)


def inconclusive() -> Verdict:
    return _verdict(VerdictKind.INCONCLUSIVE, None)


class FakeChannel:
    """A caller and a switch by script.

    `keys` are what the caller presses, one for each time the switch listens (None, or none left: nothing).
    `faults` maps a command, or "play SOUND", or the number of a command (from 1), to what it
    raises. `missing` are sounds that the switch does not have; "*" stands for all.
    """

    def __init__(
        self,
        *,
        keys: Iterable[str | None] = (),
        faults: Mapping[str | int, BaseException] | None = None,
        missing: Iterable[str] = (),
        opening: bytes = b"\xff",
    ) -> None:
        self._keys = deque(keys)
        self._faults = dict(faults or {})
        self._missing = set(missing)
        self._opening = opening
        self.commands: list[str] = []
        self.handed_back: list[CallRecord] = []

    def _take(self, command: str) -> None:
        self.commands.append(command)
        for key in (len(self.commands), command, command.split(" ", 1)[0]):
            if key in self._faults:
                raise self._faults[key]

    def announce(self, call_id: str) -> None:
        self._take("announce")

    def answer(self) -> None:
        self._take("answer")

    def start_ringing(self) -> None:
        self._take("start_ringing")

    def record(self, path: Path, seconds: float, meanwhile: Callable[[], None]) -> None:
        self._take("record")
        path.write_bytes(self._opening)
        meanwhile()

    def record_side(self, call_id: str) -> None:
        self._take("record_side")

    def play(self, sound: str, *, keys: str = "") -> str | None:
        name = Path(sound).name if sound.startswith("/") else sound
        self._take(f"play {name}")
        if name in self._missing or "*" in self._missing:
            raise ChannelError(f"STREAM FILE: no {name}")
        key = self._keys.popleft() if keys and self._keys else None
        return key if key and key in keys else None

    def wait_for_key(self, seconds: float) -> str | None:
        self._take("wait_for_key")
        return self._keys.popleft() if self._keys else None

    def hand_back(self, record: CallRecord) -> None:
        self._take("hand_back")
        self.handed_back.append(record)


HANGUP = ChannelHangup("the caller hung up")


# --- an Asterisk that speaks AGI ----------------------------------------------------------------------------

ENVIRONMENT = {
    "agi_request": "silentspam.py",
    "agi_channel": "PJSIP/trunk-00000001",
    "agi_language": "en",
    "agi_type": "PJSIP",
    "agi_uniqueid": "1700000000.1",
    "agi_version": "22.10.1",
    "agi_callerid": "15550100",
    "agi_calleridname": "Ada",
    "agi_callingpres": "0",
    "agi_callingani2": "0",
    "agi_callington": "0",
    "agi_callingtns": "0",
    "agi_dnid": "5550200",
    "agi_rdnis": "unknown",
    "agi_context": "silentspam",
    "agi_extension": "s",
    "agi_priority": "5",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "139900000000000",
}

_EXPRESSION = re.compile(r"\$\{([^{}]*)\}")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')


def words(command: str) -> list[str]:
    """A command line as Asterisk splits it: quotes group, a backslash escapes."""
    return [
        re.sub(r"\\(.)", r"\1", quoted) if quoted or not plain else plain
        for quoted, plain in _QUOTED.findall(command)
    ]


@dataclass
class Switch:
    """Answers AGI commands as Asterisk does. `opening` is what the caller sends while being recorded.

    `keys` are pressed one for each prompt or wait that listens. `replies` maps the start of a command to the
    bytes that are sent instead; an iterator gives one each time. After `hangup()` the channel is dead.
    """

    opening: bytes = b""
    variables: dict[str, str] = field(default_factory=lambda: {"CALLERID(ANI)": "15550199"})
    environment: dict[str, str] = field(default_factory=lambda: dict(ENVIRONMENT))
    keys: deque[str | None] = field(default_factory=deque)
    replies: dict[str, bytes | Iterator[bytes]] = field(default_factory=dict)
    sounds_missing: bool = False
    commands: list[str] = field(default_factory=list)
    dead: bool = False

    def hangup(self) -> None:
        self.dead = True

    def greeting(self) -> bytes:
        lines = "".join(f"{name}: {value}\n" for name, value in self.environment.items())
        return (lines + "\n").encode()

    def reply(self, command: str) -> bytes:
        """What Asterisk answers to one line."""
        self.commands.append(command)
        for start, scripted in self.replies.items():
            if command.startswith(start):
                return scripted if isinstance(scripted, bytes) else next(scripted)
        return self._natural(command)

    def _natural(self, command: str) -> bytes:
        word = words(command)
        match word[:2]:
            case ["SET", "VARIABLE"]:
                self.variables[word[2]] = word[3]
                return b"200 result=1\n"
            case ["EXEC", "MSet"] if not self.dead:
                self.variables.update(tuple(pair.split("=", 1)) for pair in word[2].split(","))
                return b"200 result=0\n"
            case ["GET", "FULL"]:
                found = _EXPRESSION.sub(lambda name: self.variables.get(name[1], ""), word[3])
                return f"200 result=1 ({found})\n".encode()
            case ["GET", "VARIABLE"]:
                value = self.variables.get(word[2], "")
                return f"200 result=1 ({value})\n".encode() if value else b"200 result=0\n"
        if self.dead:
            return b"511 Command Not Permitted on a dead channel or intercept routine\n"
        match word[:2]:
            case ["ANSWER"] | ["EXEC", _]:
                return b"200 result=0\n"
            case ["CHANNEL", "STATUS"]:
                return b"200 result=6\n"
            case ["RECORD", "FILE"]:
                Path(f"{word[2]}.{word[3]}").write_bytes(self.opening)
                return f"200 result=0 (timeout) endpos={len(self.opening)}\n".encode()
            case ["STREAM", "FILE"]:
                if self.sounds_missing:
                    return b"200 result=-1 endpos=0\n"
                return b"200 result=%d endpos=16000\n" % self._key(word[3])
            case ["WAIT", "FOR"]:
                return b"200 result=%d\n" % self._key("0123456789*#")
        return b"510 Invalid or unknown command\n"

    def _key(self, keys: str) -> int:
        key = self.keys.popleft() if keys and self.keys else None
        return ord(key) if key and key in keys else 0


class _Writer(io.RawIOBase):
    """The process's stdout: each line goes to the switch, whose answer waits to be read."""

    def __init__(self, line_sent: Callable[[bytes], None]) -> None:
        self._line_sent = line_sent

    def writable(self) -> bool:
        return True

    def write(self, line: bytes) -> int:  # type: ignore[override]
        self._line_sent(bytes(line))
        return len(line)


class Wire:
    """A Switch at the end of two streams in memory: whoever writes a line can read the reply at once."""

    def __init__(self, switch: Switch, *, greeting: bytes | None = None) -> None:
        self.switch = switch
        self._incoming = bytearray(switch.greeting() if greeting is None else greeting)
        self.writer = _Writer(self._sent)

    def _sent(self, line: bytes) -> None:
        self._incoming += self.switch.reply(line.decode().removesuffix("\n"))

    def readline(self, limit: int = -1) -> bytes:
        end = self._incoming.find(b"\n") + 1 or len(self._incoming)
        end = min(end, limit) if limit >= 0 else end
        line = bytes(self._incoming[:end])
        del self._incoming[:end]
        return line


@contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process with pipes to its AGI dialogue, which does not outlive the test."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def converse(process: subprocess.Popen[bytes], switch: Switch, *, until: str | None = None) -> None:
    """Serve the dialogue until the process ends it, or until it has sent a command that starts so."""
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(switch.greeting())
        for line in process.stdout:
            command = line.decode().removesuffix("\n")
            if until and command.startswith(until):
                switch.commands.append(command)
                return
            process.stdin.write(switch.reply(command))
    except BrokenPipeError:
        return
