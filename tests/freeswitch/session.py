"""A call's session with the program, as FreeSWITCH holds it: commands in, replies and recorded events out.

Measured: how long a command waits for its application, that what comes while one plays runs nested, and that
nothing runs after a hangup; what the socket says is the recordings', but for the texts of `answers`.
"""

import enum
import re
import socket
import time
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from tests.freeswitch import answers
from tests.freeswitch.applications import Application, begin
from tests.freeswitch.callers import Caller, Heard, Moment, Outcome
from tests.freeswitch.loop import Loop
from tests.freeswitch.recorded import OUTBOUND, Facts, Library, encoded
from tests.freeswitch.wire import Died, Take, Wire

if TYPE_CHECKING:
    from tests.freeswitch.leg import Leg

PARK_SECONDS = 0.0205
"""Between a command and its application: one turn of the park loop."""
PARKED_SECONDS = 0.005
"""From the connection on, of our own seconds: a program that leaves sooner leaves the call parked for ever
(src: its end clears the flag that switch_ivr_park sets after it)."""
NOTICED_SECONDS = 0.8
"""Between the linger's end and the notice of it, about."""
USUAL = "ivr_pass_bridged"
"""The recording that has most."""
ENDPOINT = {"answered": "ANSWER", "early": "EARLY MEDIA", "ringing": "RECEIVED"}
COMMAND_END = re.compile(rb"\r?\n\r?\n")


class Switch(Protocol):
    """What a call needs of the switch that it is in."""

    loop: Loop
    library: Library
    program: tuple[str, int]
    none_deleted: str
    disk_bytes: int | None

    def find(self, uuid: str) -> "Leg | None": ...

    def wire(self, connection: socket.socket, take: Take, died: Died, uuid: str) -> Wire: ...

    def publish(self, event: str, block: bytes) -> None: ...

    def agent_hung_up(self) -> None: ...

    def ended(self, leg: "Leg") -> None: ...


class Holder(enum.Enum):
    """Who has the call."""

    PROGRAM = "program"
    DIALPLAN = "dialplan"
    NOBODY = "nobody"


class Session:
    """What the program hears and has done; `leg.Leg` is the call that it is about."""

    def __init__(self, switch: Switch, caller: Caller, outcome: Outcome) -> None:
        self.switch, self.loop = switch, switch.loop
        self.caller, self.outcome = caller, outcome
        self.uuid = outcome.uuid
        self.variables = caller.variables
        self.times = {"start": time.time()}
        self.stack: list[Application] = []
        self.holder = Holder.DIALPLAN
        self.dnis, self.rdnis = caller.dnis, ""
        self.begun = self.loop.now()
        self.gone_at: float | None = None
        self.wire: Wire | None = None
        self.parks_at = 0.0
        self._queue: deque[dict[str, str]] = deque()
        self._received = b""
        self._linger: int | None = None
        self._has_events = False
        self._is_stuck = False

    def notice(self, what: Heard, details: str = "") -> None:
        """The caller notices something."""
        self.outcome.noticed.append((self.loop.now() - self.begun, what, details))

    def reached(self, moment: Moment) -> None:
        """From here on the caller may be about to leave."""
        raise NotImplementedError

    def go_on(self) -> None:
        """The dialplan has the call again."""
        raise NotImplementedError

    def set_variable(self, name: str, value: str) -> None:
        """An empty value unsets it (src)."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    # --- the session with the program -----------------------------------------------------------------------

    def take(self, received: bytes) -> None:
        if not received:
            self._program_is_gone()
            return
        self._received += received
        while (end := COMMAND_END.search(self._received)) is not None:
            command = self._received[: end.start()].decode("utf-8", "replace").strip("\r\n")
            self._received = self._received[end.end() :]
            if command:
                self.outcome.commands.append(command)
                self._obey(command)

    def _obey(self, command: str) -> None:
        word, _, rest = command.partition("\n")[0].partition(" ")
        if not self.outcome.announced:
            self._announce(word)
        elif word == "myevents":
            self._has_events = True
            self.send(answers.reply("+OK Events Enabled"))
            self.loop.after(PARK_SECONDS * self.loop.speed, self._park)
        elif word == "linger":
            self._linger = int(rest) if rest.isdigit() else -1
            self.send(answers.reply("+OK will linger" + (f" {rest} seconds" if rest else "")))
        elif word == "exit":
            self.send(answers.reply("+OK bye"))
            self.close()
            self._program_is_gone()
        elif word == "api":
            said = answers.api(rest, self.switch.find, none_deleted=self.switch.none_deleted)
            self.send(answers.api_response(said))
        elif word == "sendmsg":
            self.send(answers.reply("+OK"))
            lines = (line.partition(": ") for line in command.split("\n")[1:])
            self._queued({name.lower(): value for name, _, value in lines})
        else:
            self.send(answers.reply("-ERR command not found"))

    def _announce(self, word: str) -> None:
        if word != "connect":
            self.wire.cut() if self.wire else None
            self._program_is_gone()
            return
        self.outcome.announced = True
        template = self.switch.library.announcements[self.caller.recording or USUAL]
        self.send(template.fill(self.facts()) + self.caller.headers + b"\n")
        self.reached(Moment.ANNOUNCED)

    def _park(self) -> None:
        """The event of it comes where no application was there first."""
        recorded = self.caller.recording in ("", "caller_cancels_before_answer")
        if recorded and self.holder is Holder.PROGRAM and not self.outcome.applications:
            self.say("CHANNEL_PARK")

    def _queued(self, message: dict[str, str]) -> None:
        """Nothing is run after a hangup; what comes while an application plays runs nested, unless locked."""
        if self.holder is Holder.NOBODY or message.get("call-command") != "execute":
            return
        if self.holder is Holder.DIALPLAN:
            self.outcome.late.append(message.get("execute-app-name", ""))
        self._queue.append(message)
        if not self.stack:
            self.loop.after(PARK_SECONDS, self.next_application)
        elif self.stack[-1].nests and message.get("event-lock") != "true":
            self.loop.after(PARK_SECONDS, lambda: self.next_application(nested=True))

    def next_application(self, *, nested: bool = False) -> None:
        """Begin what was sent first, unless something runs."""
        if self.holder is Holder.NOBODY or not self._queue or (self.stack and not nested):
            return
        message = self._queue.popleft()
        name = message.get("execute-app-name", "")
        self.parks_at = 0.0
        begin(self, name, message.get("execute-app-arg", ""), message.get("event-uuid", ""))

    def application_is_over(self) -> None:
        """The next one; or, where the program is gone, the dialplan."""
        if self.stack:
            self.stack[-1].resume(self)
        elif self._queue:
            self.next_application()
        elif self.gone_at is not None and not self._is_stuck and self.holder is Holder.PROGRAM:
            self.go_on()

    def _program_is_gone(self) -> None:
        if self.gone_at is not None or self.holder is Holder.NOBODY:
            return
        self.gone_at = self.loop.now()
        self.outcome.left = self.gone_at - self.begun
        self._is_stuck = not self.outcome.announced or self.gone_at < self.parks_at
        self.loop.after(PARK_SECONDS, lambda: None if self.stack else self.application_is_over())

    # --- what is said ---------------------------------------------------------------------------------------

    def send(self, sent: bytes) -> None:
        if self.wire is not None:
            self.wire.send(sent)
            self.outcome.sent = self.wire.sent

    def close(self) -> None:
        if self.wire is not None:
            self.wire.close()

    def close_now(self) -> None:
        if self.wire is not None:
            self.wire.cut()

    def say(
        self,
        event: str,
        application: str = "",
        *,
        first: Iterable[str] = (),
        only: tuple[str, ...] = (),
        find: str = "",
        **facts: Any,
    ) -> None:
        """An event to the program, as it was recorded.

        find: the recorded application, if it is another; only: the one recording that has it.
        """
        if not self._has_events:
            return
        recordings = only or (self.caller.recording, *first, USUAL, *OUTBOUND)
        try:
            template = self.switch.library.find(event, find or application, recordings=recordings)
        except LookupError:
            template = self.switch.library.find(event, "set", recordings=recordings)
        self.send(answers.event(template.fill(self.facts(application=application, **facts))))

    def facts(self, **facts: Any) -> Facts:
        return Facts(
            uuid=self.uuid,
            number=self.caller.number,
            name=self.caller.name,
            dnis=self.dnis,
            rdnis=self.rdnis,
            times=self.times | {"now": time.time()},
            answer_state=self._answer_state(),
            endpoint=ENDPOINT[self._answer_state(ended=False)],
            variables={name: encoded(value) for name, value in self.variables.items()},
            **facts,
        )

    def _answer_state(self, *, ended: bool = True) -> str:
        if ended and "end" in self.times:
            return "hangup"
        return "answered" if "answer" in self.times else "early" if "media" in self.times else "ringing"

    def leave_park(self, first: Iterable[str], **facts: Any) -> None:
        self.say("CHANNEL_UNPARK", first=first, **facts)
        target = f"{self.switch.program[0]}:{self.switch.program[1]} async full"
        facts |= {"argument": target, "application_uuid": "of-the-dialplan"}
        self.say("CHANNEL_EXECUTE_COMPLETE", "socket", first=first, **facts)

    def say_goodbye(self) -> None:
        if self._linger is None:
            self.send(answers.disconnect(self.uuid))
            self.close()
            return
        self.send(answers.disconnect(self.uuid, linger=self._linger))
        if self._linger >= 0:
            self.loop.after(self._linger + NOTICED_SECONDS, self._linger_is_over)

    def _linger_is_over(self) -> None:
        self.send(answers.disconnect(self.uuid))
        self.close()
