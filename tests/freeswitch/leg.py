"""One call in the replaying FreeSWITCH: its caller, its dialplan, what is done to it, its end.

The dialplan is the guarded one: sched_transfer, socket (async full, no socket_resume), sched_cancel, bridge.
Measured: what goes on when the program leaves, and that it does not where it left before `connect`.
"""

import random
import socket
import time
from pathlib import Path

from tests.freeswitch.applications import press
from tests.freeswitch.callers import Caller, Fate, Heard, Moment, Outcome
from tests.freeswitch.loop import Timer
from tests.freeswitch.recorded import OUTBOUND
from tests.freeswitch.recorder import Recorder
from tests.freeswitch.session import PARKED_SECONDS, Holder, Session, Switch

Q850 = {"NORMAL_CLEARING": 16, "USER_BUSY": 17, "NO_ANSWER": 19, "CALL_REJECTED": 21, "UNALLOCATED_NUMBER": 1}
Q850 |= {"ORIGINATOR_CANCEL": 16, "NORMAL_TEMPORARY_FAILURE": 41, "DESTINATION_OUT_OF_ORDER": 27}


class Leg(Session):
    """The caller's leg."""

    def __init__(self, switch: Switch, caller: Caller, outcome: Outcome, *, seed: int) -> None:
        super().__init__(switch, caller, outcome)
        self.questions = 0
        self._chance = random.Random(seed)
        self._recorders: dict[str, Recorder] = {}
        self._tasks: list[Timer] = []
        self._leaving: Timer | None = None
        self._disposition = ""

    # --- what the caller does and notices -------------------------------------------------------------------

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
            self.go_on()
            return
        self.outcome.connected = True
        self.holder = Holder.PROGRAM
        self.parks_at = self.loop.now() + PARKED_SECONDS * self.loop.speed
        self.wire = self.switch.wire(connection, self.take, self._died, self.uuid)

    def go_on(self) -> None:
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
        if self.gone_at is not None:
            self.outcome.stuck = self.loop.now() - self.gone_at
        with_program, self.holder = self.holder is Holder.PROGRAM, Holder.DIALPLAN
        # (src) switch_ivr_session_transfer: where the call went before is kept beside.
        self.rdnis, self.dnis = self.dnis, "agent"
        self.variables["transfer_source"] = f"{int(time.time())}:{self.uuid}:bl_xfer:agent/public/XML"
        while self.stack:
            self.stack.pop().interrupt(self)
        if with_program:
            self.leave_park((), response="_none_")
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

    # --- what applications do to it -------------------------------------------------------------------------

    def answered(self) -> None:
        if "answer" not in self.times:
            self.times["answer"] = time.time()
            self.notice(Heard.ANSWERED)
            self.reached(Moment.ANSWER)

    def start_recording(self, path: str, *, limit: float = 0.0) -> bool:
        """Whether the file could be begun. limit: it ends by itself after so many seconds; 0: never."""
        frames, fill = self._chance.choice((3, 4)), self._chance.choice((0xFF, 0x7F))
        begun, opening = self.loop.now(), self.caller.opening
        try:
            self._recorders[path] = Recorder(
                Path(path), opening, begun=begun, frames=frames, fill=fill, disk_bytes=self.switch.disk_bytes
            )
        except OSError:
            return False
        if limit:
            self.loop.after(limit, lambda: self.stop_recording(path))
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

    # --- its end --------------------------------------------------------------------------------------------

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
            self.leave_park(recordings, response=response, cause=cause)
        for state in ("CS_HANGUP", "CS_REPORTING"):
            self.say("CHANNEL_STATE", first=recordings, find=state, cause=cause)
        self.variables["sip_hangup_disposition"] = self._disposition
        self.variables["hangup_cause_q850"] = str(Q850.get(cause, int(cause) if cause.isdigit() else 16))
        self.say("CHANNEL_HANGUP_COMPLETE", first=recordings, cause=cause)
        first = (self.caller.recording, *recordings, *OUTBOUND)
        template = self.switch.library.find("CHANNEL_HANGUP_COMPLETE", recordings=first)
        self.switch.publish("CHANNEL_HANGUP_COMPLETE", template.fill(self.facts(cause=cause)))
        if self.outcome.heard(Heard.WITH_AGENT):
            self.switch.agent_hung_up()
        self.say_goodbye()
        self._over()

    def _died(self) -> None:
        """FreeSWITCH dies, and its calls with it."""
        self.close_now()
        if self.holder is not Holder.NOBODY:
            self.holder = Holder.NOBODY
            self.notice(Heard.LOST)
            self._over()

    def _over(self) -> None:
        self.outcome.variables = dict(self.variables)
        self.switch.ended(self)
        self.outcome.over.set()
