"""One call in the replaying FreeSWITCH: its dialplan, its session with the program, its end.

The dialplan is the guarded one: sched_transfer, socket (async full, no socket_resume), sched_cancel, bridge.
Measured: what goes on when the program leaves, and that it does not where it left before `connect`.
"""

import enum
import random
import re
import socket
import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

from tests.freeswitch import answers
from tests.freeswitch.applications import Application, begin, press
from tests.freeswitch.callers import Caller, Fate, Heard, Moment, Outcome
from tests.freeswitch.loop import Loop, Timer
from tests.freeswitch.recorded import OUTBOUND, Facts, Library, encoded
from tests.freeswitch.recorder import Recorder
from tests.freeswitch.wire import Died, Take, Wire

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
Q850 = {"NORMAL_CLEARING": 16, "USER_BUSY": 17, "NO_ANSWER": 19, "CALL_REJECTED": 21, "UNALLOCATED_NUMBER": 1}
Q850 |= {"ORIGINATOR_CANCEL": 16, "NORMAL_TEMPORARY_FAILURE": 41, "DESTINATION_OUT_OF_ORDER": 27}
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


class Leg:
    """The caller's leg."""

    def __init__(self, switch: Switch, caller: Caller, outcome: Outcome, *, seed: int) -> None:
        self.switch, self.loop = switch, switch.loop
        self.caller, self.outcome = caller, outcome
        self.uuid = outcome.uuid
        self.variables = caller.variables
        self._dnis, self._rdnis = caller.dnis, ""
        self.times = {"start": time.time()}
        self.stack: list[Application] = []
        self.questions = 0
        self.holder = Holder.DIALPLAN
        self._begun = self.loop.now()
        self._chance = random.Random(seed)
        self._queue: deque[dict[str, str]] = deque()
        self._recorders: dict[str, Recorder] = {}
        self._tasks: list[Timer] = []
        self._wire: Wire | None = None
        self._received = b""
        self._linger: int | None = None
        self._has_events = False
        self._leaving: Timer | None = None
        self._gone_at: float | None = None
        self._parks_at = 0.0
        self._is_stuck = False
        self._disposition = ""

    # --- what the caller does and notices -------------------------------------------------------------------

    def notice(self, what: Heard, details: str = "") -> None:
        self.outcome.noticed.append((self.loop.now() - self._begun, what, details))

    def reached(self, moment: Moment) -> None:
        """From here on the caller may be about to leave."""
        leaves = self.caller.leaves
        if leaves and leaves[0] is moment and self._leaving is None:
            self._leaving = self.loop.after(leaves[1], self._leave)

    def press(self, key: str) -> None:
        if self.holder is not Holder.NOBODY:
            self.say("DTMF", key=key)
            press(self, key)

    def _leave(self) -> None:
        if self.holder is Holder.NOBODY:
            return
        self.notice(Heard.LEFT)
        answered = "answer" in self.times
        self._disposition = "recv_bye" if answered else "recv_cancel"
        cause = "NORMAL_CLEARING" if answered else "ORIGINATOR_CANCEL"
        if self.outcome.heard(Heard.AGENT_RINGS) and not self.outcome.heard(Heard.WITH_AGENT):
            self.dialled("ORIGINATOR_CANCEL", "CANCEL")
            self._end(cause, ("agent_no_answer",))
        elif self.outcome.heard(Heard.WITH_AGENT):
            self._end(cause, ("bridged_human_caller_hangs",))
        else:
            self._end(cause, ("hangup_mid_record",) if answered else ("caller_cancels_before_answer",))

    # --- the dialplan ---------------------------------------------------------------------------------------

    def begin(self) -> None:
        """INVITE to the connection takes 20 ms."""
        self.notice(Heard.RINGING)
        self.reached(Moment.ARRIVAL)
        if self.caller.guard_seconds:
            self.schedule_guard(self.caller.guard_seconds)
        self.loop.after(0.02, self._socket)

    def _socket(self) -> None:
        if self.holder is Holder.NOBODY:
            return
        connection = socket.socket()
        connection.settimeout(5.0)
        try:
            connection.connect(self.switch.program)
        except OSError:
            connection.close()
            self._go_on()
            return
        self.outcome.connected = True
        self.holder = Holder.PROGRAM
        self._parks_at = self.loop.now() + PARKED_SECONDS * self.loop.speed
        self._wire = self.switch.wire(connection, self._take, self._died, self.uuid)

    def _go_on(self) -> None:
        """The dialplan's next actions: sched_cancel, bridge."""
        if self.holder is Holder.NOBODY:
            return
        self.holder = Holder.DIALPLAN
        self.cancel_tasks()
        self._bridge()

    def schedule_guard(self, seconds: float) -> None:
        """sched_transfer: after so many seconds an extension of the dialplan's own takes the call."""
        self._tasks.append(self.loop.after(seconds, self.guard_fires))

    def cancel_tasks(self) -> int:
        """How many there were that had not come to pass."""
        number = sum(task.work is not None for task in self._tasks)
        for task in self._tasks:
            task.cancel()
        self._tasks.clear()
        return number

    def guard_fires(self) -> None:
        if self.holder is Holder.NOBODY:
            return
        self._tasks.clear()
        self.outcome.guard_fired = True
        if self._gone_at is not None:
            self.outcome.stuck = self.loop.now() - self._gone_at
        with_program, self.holder = self.holder is Holder.PROGRAM, Holder.DIALPLAN
        # (src) switch_ivr_session_transfer: where the call went before is kept beside.
        self._rdnis, self._dnis = self._dnis, "agent"
        self.variables["transfer_source"] = f"{int(time.time())}:{self.uuid}:bl_xfer:agent/public/XML"
        while self.stack:
            self.stack.pop().interrupt(self)
        if with_program:
            self._leave_park((), response="_none_")
        self._bridge()

    def _bridge(self) -> None:
        agent = self.caller.agent
        self.notice(Heard.AGENT_RINGS)
        self.reached(Moment.AGENT_RINGS)
        self.times.setdefault("progress", time.time())
        self.loop.after(agent.rings, self._agent_decides)

    def _agent_decides(self) -> None:
        agent, fate = self.caller.agent, self.caller.agent.fate
        if self.holder is Holder.NOBODY:
            return
        self.dialled(fate.disposition, fate.dialstatus)
        if not fate.answers:
            self.notice(Heard.FAILED, fate.disposition)
            # (src) audio_bridge_function: without continue_on_fail a bridge that fails ends the call.
            self.hang_up(fate.disposition, (fate.recording,))
            return
        self.notice(Heard.WITH_AGENT)
        self.answered()
        self.times["bridge"] = time.time()
        self.reached(Moment.BRIDGED)
        self.say("CHANNEL_BRIDGE")
        self.loop.after(agent.talks, self._talked)

    def _talked(self) -> None:
        if self.holder is Holder.NOBODY:
            return
        if self.caller.agent.fate is Fate.CALLER_ENDS:
            self._leave()
        else:
            self._disposition = "send_bye"
            self._end("NORMAL_CLEARING", ("bridged_human",))

    def dialled(self, disposition: str, dialstatus: str) -> None:
        """Note what came of a bridge."""
        self.variables |= {"originate_disposition": disposition, "DIALSTATUS": dialstatus}
        if disposition != "SUCCESS":
            self.variables["originate_failed_cause"] = disposition

    # --- the session with the program -----------------------------------------------------------------------

    def _take(self, received: bytes) -> None:
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
            self._wire.cut() if self._wire else None
            self._program_is_gone()
            return
        self.outcome.announced = True
        template = self.switch.library.announcements[self.caller.recording or USUAL]
        self.send(template.fill(self._facts()) + self.caller.headers + b"\n")
        self.reached(Moment.ANNOUNCED)
        self.loop.after(PARK_SECONDS * self.loop.speed, self._park)

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
        self._parks_at = 0.0
        begin(self, name, message.get("execute-app-arg", ""), message.get("event-uuid", ""))

    def application_is_over(self) -> None:
        """The next one; or, where the program is gone, the dialplan."""
        if self.stack:
            self.stack[-1].resume(self)
        elif self._queue:
            self.next_application()
        elif self._gone_at is not None and not self._is_stuck and self.holder is Holder.PROGRAM:
            self._go_on()

    def _program_is_gone(self) -> None:
        if self._gone_at is not None or self.holder is Holder.NOBODY:
            return
        self._gone_at = self.loop.now()
        self.outcome.left = self._gone_at - self._begun
        self._is_stuck = not self.outcome.announced or self._gone_at < self._parks_at
        self.loop.after(PARK_SECONDS, lambda: None if self.stack else self.application_is_over())

    def _died(self) -> None:
        """FreeSWITCH dies, and its calls with it."""
        self._close_now()
        if self.holder is not Holder.NOBODY:
            self.holder = Holder.NOBODY
            self.notice(Heard.LOST)
            self._over()

    # --- what applications do to it -------------------------------------------------------------------------

    def set_variable(self, name: str, value: str) -> None:
        """An empty value unsets it (src)."""
        if value:
            self.variables[name] = value
        else:
            self.variables.pop(name, None)

    def answered(self) -> None:
        if "answer" not in self.times:
            self.times["answer"] = time.time()
            self.notice(Heard.ANSWERED)
            self.reached(Moment.ANSWER)

    def start_recording(self, path: str) -> bool:
        """Whether the file could be begun."""
        frames, fill = self._chance.choice((3, 4)), self._chance.choice((0xFF, 0x7F))
        begun, opening = self.loop.now(), self.caller.opening
        try:
            self._recorders[path] = Recorder(
                Path(path), opening, begun=begun, frames=frames, fill=fill, disk_bytes=self.switch.disk_bytes
            )
        except OSError:
            return False
        if len(self._recorders) == 1:
            self.reached(Moment.RECORDING)
            for seconds, key in self.caller.early_keys:
                self.loop.after(seconds, lambda key=key: self.press(key))
        return True

    def stop_recording(self, path: str) -> bool:
        if (recorder := self._recorders.pop(path, None)) is None:
            return False
        least = self.variables.get("RECORD_MIN_SEC", "3")
        samples = recorder.stop(self.loop.now(), float(least) if least.isdigit() else 3.0)
        if samples is not None:
            self.outcome.recorded.append((path, samples))
            self.variables |= {
                "record_file_size": str(samples),
                "record_samples": str(samples),
                "record_seconds": str(samples // 8000),
                "record_ms": str(samples // 8),
            }
        return True

    def hang_up(self, cause: str, recordings: tuple[str, ...] = ("failed_ivr_no_digit",)) -> None:
        """From our side: by the program, or by a dialplan that is at its end."""
        self._disposition = "send_bye" if "answer" in self.times else "send_refuse"
        if not self.outcome.heard(Heard.FAILED):
            self.notice(Heard.HUNG_UP, cause)
        self._end(cause, recordings)

    # --- what is said ---------------------------------------------------------------------------------------

    def send(self, sent: bytes) -> None:
        if self._wire is not None:
            self._wire.send(sent)
            self.outcome.sent = self._wire.sent

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()

    def _close_now(self) -> None:
        if self._wire is not None:
            self._wire.cut()

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
        self.send(answers.event(template.fill(self._facts(application=application, **facts))))

    def _facts(self, **facts: Any) -> Facts:
        return Facts(
            uuid=self.uuid,
            number=self.caller.number,
            name=self.caller.name,
            dnis=self._dnis,
            rdnis=self._rdnis,
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

    def _leave_park(self, first: Iterable[str], **facts: Any) -> None:
        self.say("CHANNEL_UNPARK", first=first, **facts)
        target = f"{self.switch.program[0]}:{self.switch.program[1]} async full"
        facts |= {"argument": target, "application_uuid": "of-the-dialplan"}
        self.say("CHANNEL_EXECUTE_COMPLETE", "socket", first=first, **facts)

    def _end(self, cause: str, recordings: tuple[str, ...]) -> None:
        if self.holder is Holder.NOBODY:
            return
        had_it, self.holder = self.holder, Holder.NOBODY
        self.times["end"] = time.time()
        self.cancel_tasks()
        for path in list(self._recorders):
            self.stop_recording(path)
        if self._disposition == "recv_cancel":
            self.variables["sip_hangup_disposition"] = self._disposition
        self.say("CHANNEL_HANGUP", first=recordings, cause=cause)
        if self._disposition == "recv_bye":
            self.variables["sip_hangup_disposition"] = self._disposition
        response = "_none_"
        while self.stack:
            application = self.stack.pop()
            if application.is_bridged:
                self.say("CHANNEL_UNBRIDGE", first=recordings, cause=cause)
            response = application.complete(self, "PLAYBACK ERROR", cause=cause)
        if had_it is Holder.PROGRAM:
            self._leave_park(recordings, response=response, cause=cause)
        for state in ("CS_HANGUP", "CS_REPORTING"):
            self.say("CHANNEL_STATE", first=recordings, find=state, cause=cause)
        self.variables["sip_hangup_disposition"] = self._disposition
        self.variables["hangup_cause_q850"] = str(Q850.get(cause, int(cause) if cause.isdigit() else 16))
        self.say("CHANNEL_HANGUP_COMPLETE", first=recordings, cause=cause)
        first = (self.caller.recording, *recordings, *OUTBOUND)
        template = self.switch.library.find("CHANNEL_HANGUP_COMPLETE", recordings=first)
        self.switch.publish("CHANNEL_HANGUP_COMPLETE", template.fill(self._facts(cause=cause)))
        if self.outcome.heard(Heard.WITH_AGENT):
            self.switch.agent_hung_up()
        self._say_goodbye()
        self._over()

    def _say_goodbye(self) -> None:
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

    def _over(self) -> None:
        self.outcome.variables = dict(self.variables)
        self.switch.ended(self)
        self.outcome.over.set()
