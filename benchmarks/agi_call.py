"""One scripted call as Asterisk 22 tells it over FastAGI: what it announces, and what it answers.

No socket and no clock: `benchmarks.agi_peer` has both. Lines are bytes, told apart by their first four, since
a peer that shares two cores with the screener must cost little. Replies are those measured of real Asterisk
(`tests.fakes.Switch` gives the same), with the seconds of the caller's time that go by until then.
"""

import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

SAMPLE_RATE = 8000
KEY_SECONDS = 0.3
"""Before the end of a prompt, the key is pressed: the digit has been said."""
UNKNOWN_SECONDS = 1.0
"""A sound whose file is not known."""

ENVIRONMENT = (
    "agi_network: yes\nagi_network_script: {script}\nagi_request: agi://127.0.0.1/{script}\n"
    "agi_channel: PJSIP/trunk-{number:08x}\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: {uniqueid}\n"
    "agi_version: 22.10.1\nagi_callerid: {ani}\nagi_calleridname: unknown\nagi_callingpres: 0\n"
    "agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: {dnis}\nagi_rdnis: unknown\n"
    "agi_context: silentspam\nagi_extension: s\nagi_priority: 12\nagi_enhanced: 0.0\nagi_accountcode: \n"
    "agi_threadid: 139900000000000\n\n"
)
DNIS = "8005550100"
SCREEN, ENDED = "screen", "ended"
EXPRESSION = re.compile(rb"\$\{([^{}]*)\}")
FIRST_NUMBER = 2_000_000_000
"""Callers' numbers count up from here: nobody calls twice."""


@dataclass(frozen=True, kw_only=True)
class Caller:
    """One kind of caller: the opening it sends (a file of raw mu-law), and what must become of it.

    presses: answers a challenge with the right key. challenged: whether it has to be asked.
    """

    name: str
    opening: Path
    presses: bool = False
    challenged: bool = False

    @property
    def action(self) -> bytes:
        """What the dialplan has to be told."""
        return b"REJECT" if self.challenged and not self.presses else b"BRIDGE"


@dataclass(kw_only=True, slots=True)
class Notes:
    """What happened to a call, and when [s, monotonic]; None: it did not.

    arrived: AGI() connects; greeted: the first command comes; recorded: RECORD FILE's reply is sent; next:
    the command after it comes; asked: the first prompt of a challenge begins; closed: the screener closes;
    ended: it closes the session of the hangup handler.
    """

    caller: Caller
    arrived: float
    greeted: float | None = None
    recorded: float | None = None
    next: float | None = None
    asked: float | None = None
    closed: float | None = None
    ended: float | None = None
    faults: list[str] = field(default_factory=list)

    @property
    def decided(self) -> float | None:
        """When the caller's wait was over: a question was asked, or the dialplan went on."""
        return self.asked if self.asked is not None else self.closed


class Sounds:
    """How long each sound plays [s], by the name that STREAM FILE gives."""

    def __init__(self, folder: Path) -> None:
        self._seconds = {
            path.stem.encode(): path.stat().st_size / SAMPLE_RATE for path in folder.glob("*.ulaw")
        }

    def seconds(self, sound: bytes) -> float:
        """The length of a sound, named with or without its folder."""
        return self._seconds.get(sound.rpartition(b"/")[2], UNKNOWN_SECONDS)


class Dialogue:
    """One FastAGI session of a call; `variables` outlive it, for the session of the hangup handler."""

    __slots__ = ("_number", "_recording", "_sounds", "notes", "script", "variables")

    def __init__(
        self, script: str, number: int, notes: Notes, variables: dict[bytes, bytes], sounds: Sounds
    ) -> None:
        self.script = script
        self.notes = notes
        self.variables = variables
        self._number = number
        self._sounds = sounds
        self._recording: bytes | None = None

    def greeting(self, uniqueid: str) -> bytes:
        """The environment."""
        ani = FIRST_NUMBER + self._number
        text = ENVIRONMENT.format(
            script=self.script, number=self._number, uniqueid=uniqueid, ani=ani, dnis=DNIS
        )
        return text.encode("ascii")

    def answer(self, line: bytes, now: float) -> tuple[bytes, float]:
        """The reply to one line that came `now`, and how long it takes until it is given [s]."""
        self._note(now)
        return ANSWERS.get(line[:4], _unknown)(self, line, now)

    def hung_up(self, *, rejected: bool) -> "Dialogue":
        """The session of the call's hangup handler, with what Asterisk then knows."""
        known = {
            b"SILENTSPAM_AGI_STATUS": b"SUCCESS",
            b"CHANNEL(hangupsource)": b"dialplan/silentspam" if rejected else b"PJSIP/agent-00000001",
            b"HANGUPCAUSE": b"21" if rejected else b"16",
        }
        if not rejected:
            known |= {
                b"SILENTSPAM_BRIDGED_AT": b"%.3f" % time.time(),
                b"DIALSTATUS": b"ANSWER",
                b"ANSWEREDTIME": b"3",
            }
        return Dialogue(ENDED, self._number, self.notes, self.variables | known, self._sounds)

    def given(self, now: float) -> None:
        """A reply that took time is about to be given: a recording is on the disk by then."""
        if self._recording is not None:
            place(self.notes.caller.opening, self._recording.decode() + ".ulaw")
            self._recording = None
            self.notes.recorded = now

    def _note(self, now: float) -> None:
        notes = self.notes
        if notes.greeted is None:
            notes.greeted = now
        elif notes.next is None and notes.recorded is not None:
            notes.next = now

    def _set(self, line: bytes, _now: float) -> tuple[bytes, float]:
        name, _, value = line[13:].partition(b" ")
        self.variables[name.strip(b'"')] = value.strip(b'"')
        return b"200 result=1\n", 0.0

    def _get(self, line: bytes, _now: float) -> tuple[bytes, float]:
        if line.startswith(b"GET FULL"):
            found = EXPRESSION.sub(lambda match: self.variables.get(match[1], b""), line[18:].strip(b' "'))
            return b"200 result=1 (%b)\n" % found, 0.0
        value = self.variables.get(line[13:].strip(b' "'))
        return (b"200 result=1 (%b)\n" % value if value else b"200 result=0\n"), 0.0

    def _record(self, line: bytes, _now: float) -> tuple[bytes, float]:
        words = line.split()
        self._recording = words[2].strip(b'"')
        size = self.notes.caller.opening.stat().st_size
        return b"200 result=0 (timeout) endpos=%d\n" % size, int(words[5]) / 1000

    def _stream(self, line: bytes, now: float) -> tuple[bytes, float]:
        words = line.split()
        sound = words[2].strip(b'"')
        seconds = self._sounds.seconds(sound)
        played = round(seconds * SAMPLE_RATE)
        if words[3] == b'""':
            return b"200 result=0 endpos=%d\n" % played, seconds
        if self.notes.asked is None:
            self.notes.asked = now
        if self.notes.caller.presses:
            return b"200 result=%d endpos=%d\n" % (sound[-1], played), max(0.0, seconds - KEY_SECONDS)
        return b"200 result=0 endpos=%d\n" % played, seconds

    def _wait(self, line: bytes, _now: float) -> tuple[bytes, float]:
        return b"200 result=0\n", int(line.split()[3]) / 1000

    def _execute(self, line: bytes, _now: float) -> tuple[bytes, float]:
        """An application; MSet sets what is in its arguments, as many as there are."""
        application, _, arguments = line[5:].partition(b" ")
        if application == b"MSet":
            pairs = (pair.partition(b"=") for pair in arguments.strip(b' "').split(b","))
            self.variables.update((name, value) for name, _, value in pairs)
        return b"200 result=0\n", 0.0

    def _at_once(self, _line: bytes, _now: float) -> tuple[bytes, float]:
        return b"200 result=0\n", 0.0

    def _status(self, _line: bytes, _now: float) -> tuple[bytes, float]:
        return b"200 result=6\n", 0.0


def _unknown(dialogue: Dialogue, line: bytes, _now: float) -> tuple[bytes, float]:
    dialogue.notes.faults.append(f"a command that Asterisk does not have: {line[:40]!r}")
    return b"510 Invalid or unknown command\n", 0.0


ANSWERS: Mapping[bytes, Callable[[Dialogue, bytes, float], tuple[bytes, float]]] = {
    b"SET ": Dialogue._set,
    b"GET ": Dialogue._get,
    b"ANSW": Dialogue._at_once,
    b"EXEC": Dialogue._execute,
    b"NOOP": Dialogue._at_once,
    b"VERB": Dialogue._at_once,
    b"HANG": Dialogue._at_once,
    b"CHAN": Dialogue._status,
    b"RECO": Dialogue._record,
    b"STRE": Dialogue._stream,
    b"WAIT": Dialogue._wait,
}


def place(opening: Path, path: str) -> None:
    """Put an opening where RECORD FILE is to write: a hard link where the disk can, else a copy."""
    with suppress(OSError):
        os.link(opening, path)
        return
    Path(path).write_bytes(opening.read_bytes())
