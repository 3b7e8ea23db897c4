"""What each application of FreeSWITCH does to a call of the replay, and when its events are said.

The times are the recordings': an application that takes no time is over with the event that begins it, or
20 ms later. (src): read in FreeSWITCH's source, not measured.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.freeswitch.callers import RIGHT, WRONG, Heard, Moment
from tests.freeswitch.loop import Timer

if TYPE_CHECKING:
    from tests.freeswitch.leg import Leg

TURN = 0.0205
PLAYED, NOT_FOUND, NO_RESPONSE = "FILE PLAYED", "FILE NOT FOUND", "_none_"
UNKNOWN_CAUSE = "DESTINATION_OUT_OF_ORDER"
"""(src) switch_core_session_execute_application_get_flags, record_session."""
STREAM = re.compile(r"(tone|silence)_stream://(?:%\()?([\d.,]+)\)?(?:;loops=(\d+))?")
ASKED = re.compile(r"(?:^|/)(?:(?!digit-)[\w-]+-|digits/)([0-9])(?:\.wav)?$")
LIMITED = re.compile(r"(.*?) +\+(\d+)")
"""(src) record_session_function: a path, and after how many seconds FreeSWITCH itself ends the recording."""
ANY_KEY = "1234567890*#"
WAV_HEAD = 44
BYTES_A_SECOND = 16000
"""Of 8 kHz, 16 bit, mono."""


@dataclass
class Application:
    """One that runs. nests: what is sent meanwhile runs inside of it."""

    name: str
    argument: str
    number: str
    nests: bool = False
    timer: Timer | None = None
    until: float = 0.0
    left: float = 0.0
    takes_key: Callable[[str], bool] = lambda _key: False
    ended: Callable[[], str] = lambda: NO_RESPONSE
    is_over: bool = False
    is_bridged: bool = False

    def run(self, leg: "Leg", seconds: float) -> None:
        """Let it take so long."""
        self.until = leg.loop.now() + seconds
        self.timer = leg.loop.after(seconds, lambda: self.finish(leg))

    def pause(self, leg: "Leg") -> None:
        """Something runs inside of it."""
        if self.timer is not None:
            self.timer.cancel()
            self.left = max(0.0, self.until - leg.loop.now())

    def resume(self, leg: "Leg") -> None:
        self.run(leg, self.left)

    def finish(self, leg: "Leg") -> None:
        """Its time is up, or a key ended it: the last event, and whatever comes next."""
        if self.is_over or not leg.stack or leg.stack[-1] is not self:
            return
        if self.timer is not None:
            self.timer.cancel()
        response = self.ended()
        if self.is_over or not leg.stack or leg.stack[-1] is not self:
            return
        leg.stack.pop()
        self.complete(leg, response)
        leg.application_is_over()

    def interrupt(self, leg: "Leg") -> None:
        """The dialplan takes the call: what it responds then was not measured."""
        self.complete(leg, "PLAYBACK ERROR" if self.name == "playback" else NO_RESPONSE)

    def complete(self, leg: "Leg", response: str, *, cause: str = "") -> str:
        """Say its last event; what it responded with."""
        self.is_over = True
        if self.timer is not None:
            self.timer.cancel()
        if self.name == "hangup" or (cause and self.name != "playback"):
            response = NO_RESPONSE
        elif cause:
            self.ended()
        facts = {"argument": self.argument, "application_uuid": self.number, "cause": cause}
        of_a_hangup = {"bridge": ("bridged_human", "bridge"), "hangup": ("", "")}
        only, find = of_a_hangup.get(self.name, ("hangup_mid_record", "playback")) if cause else ("", "")
        recordings = (only,) if only else ()
        leg.say("CHANNEL_EXECUTE_COMPLETE", self.name, only=recordings, find=find, response=response, **facts)
        return response


def begin(leg: "Leg", name: str, argument: str, number: str) -> None:
    """Run an application. One that FreeSWITCH does not know ends the call (measured)."""
    application = Application(name, argument, number)
    if (start := KNOWN.get(name)) is None:
        leg.hang_up(UNKNOWN_CAUSE)
        return
    if leg.stack:
        leg.stack[-1].pause(leg)
    leg.stack.append(application)
    leg.say("CHANNEL_EXECUTE", name, argument=argument, application_uuid=number)
    start(leg, application)


def press(leg: "Leg", key: str) -> None:
    """A key goes to what runs; one that it does not take is lost to applications (measured)."""
    if leg.stack and leg.stack[-1].takes_key(key):
        leg.stack[-1].finish(leg)


def _nothing(leg: "Leg", application: Application) -> None:
    application.finish(leg)


def _set(leg: "Leg", application: Application) -> None:
    name, _, value = application.argument.partition("=")
    leg.set_variable(name, value)
    application.finish(leg)


def _multiset(leg: "Leg", application: Application) -> None:
    for pair in application.argument.split():
        name, _, value = pair.partition("=")
        leg.set_variable(name, value)
    application.finish(leg)


def _answer(leg: "Leg", application: Application) -> None:
    leg.answered()
    leg.say("CHANNEL_ANSWER")
    application.finish(leg)


def _pre_answer(leg: "Leg", application: Application) -> None:
    if "answer" not in leg.times:
        leg.times.setdefault("media", time.time())
        leg.notice(Heard.EARLY_MEDIA)
        leg.reached(Moment.ANSWER)
    application.finish(leg)


def _record_session(leg: "Leg", application: Application) -> None:
    limited = LIMITED.fullmatch(application.argument)
    path, limit = limited.groups() if limited else (application.argument, "0")
    hangs_up = leg.variables.get("RECORD_HANGUP_ON_ERROR") != "false"
    if not leg.start_recording(path, limit=float(limit)) and hangs_up:
        leg.hang_up(UNKNOWN_CAUSE)
        return
    application.run(leg, TURN)


def _stop_record_session(leg: "Leg", application: Application) -> None:
    leg.stop_recording(application.argument)
    application.finish(leg)


def _sleep(leg: "Leg", application: Application) -> None:
    application.nests = True
    application.run(leg, float(application.argument or 0) / 1000)


def _hangup(leg: "Leg", application: Application) -> None:
    leg.hang_up(application.argument or "NORMAL_CLEARING")


def _playback(leg: "Leg", application: Application) -> None:
    application.nests = True
    seconds = sound_seconds(application.argument)
    if seconds is None:
        leg.notice(Heard.NO_SOUND, application.argument)
        application.ended = lambda: NOT_FOUND
        application.run(leg, 0.001)
        return
    _notice_sound(leg, application.argument)
    begun = leg.loop.now()
    used: list[str] = []

    def takes(key: str) -> bool:
        terminators = leg.variables.get("playback_terminators", "*")
        terminators = {"any": ANY_KEY, "none": ""}.get(terminators, terminators)
        used.extend([key] if key in terminators else [])
        return bool(used)

    def ended() -> str:
        played = min(seconds, leg.loop.now() - begun)
        leg.variables |= {
            "playback_samples": str(round(played * 8000)),
            "playback_ms": str(round(played * 1000)),
            "playback_seconds": str(int(played)),
            "playback_terminator_used": "".join(used),
        }
        return PLAYED

    application.takes_key, application.ended = takes, ended
    _maybe_ask(leg, application.argument)
    application.run(leg, seconds)


def sound_seconds(sound: str) -> float | None:
    """How long a sound is; None where it is not there."""
    if stream := STREAM.search(sound):
        times = [float(part) for part in stream[2].split(",") if part]
        once = times[0] + (times[1] if stream[1] == "tone" and len(times) > 1 else 0.0)
        return once / 1000 * int(stream[3] or 1)
    path = Path(sound)
    if not path.is_absolute() or not path.is_file():
        return None
    return max(0.0, path.stat().st_size - WAV_HEAD) / BYTES_A_SECOND


def _notice_sound(leg: "Leg", sound: str) -> None:
    tone, silence = "tone_stream" in sound, "silence_stream" in sound
    leg.notice(Heard.TONE if tone else Heard.SILENCE if silence else Heard.SOUND, sound)


def _maybe_ask(leg: "Leg", sound: str, *, always: bool = False) -> None:
    """A question begins: the caller presses what the script says, so long after."""
    asked = ASKED.search(sound)
    if not asked and not always:
        return
    leg.reached(Moment.QUESTION)
    answers, number = leg.caller.answers, leg.questions
    leg.questions += 1
    if number >= len(answers) or (answer := answers[number]) is None:
        return
    seconds, key = answer
    digit = asked[1] if asked else "7"
    key = {RIGHT: digit, WRONG: str((int(digit) + 1) % 10)}.get(key, key)
    leg.loop.after(seconds, lambda: leg.press(key))


def _play_and_get_digits(leg: "Leg", application: Application) -> None:
    """min max tries timeout terminators prompt invalid variable regex digit_timeout."""
    application.nests = True
    words = application.argument.split()
    _least, most, tries = (int(word) for word in words[:3])
    timeout, prompt, invalid, variable, pattern = int(words[3]) / 1000, words[5], words[6], words[7], words[8]
    collected: list[str] = []
    leg.variables.pop(variable, None)
    leg.variables.pop("read_result", None)

    def takes(key: str) -> bool:
        if key in words[4]:
            return bool(collected)
        collected.append(key)
        return len(collected) >= most

    def ended() -> str:
        digits = "".join(collected)
        good = bool(digits) and re.fullmatch(pattern, digits) is not None
        if good:
            leg.variables[variable] = digits
        leg.variables["read_result"] = "success" if good else "failure"
        return NO_RESPONSE

    application.takes_key, application.ended = takes, ended
    if "silence_stream" not in prompt:
        _notice_sound(leg, prompt)
        _maybe_ask(leg, prompt, always=True)
    # Each try: the prompt, the wait, and what says that it was nothing.
    once = (sound_seconds(prompt) or 0.0) + timeout + (sound_seconds(invalid) or 0.0)
    application.run(leg, once * tries)


def _bridge(leg: "Leg", application: Application) -> None:
    """By the program: what it never does, but those of the recordings did."""
    agent, fate = leg.caller.agent, leg.caller.agent.fate
    leg.dialled(fate.disposition, fate.dialstatus)

    def failed() -> str:
        if leg.variables.get("continue_on_fail") != "true":
            leg.hang_up(fate.disposition, (fate.recording,))
        return NO_RESPONSE

    def bridged() -> str:
        application.is_bridged = False
        leg.say("CHANNEL_UNBRIDGE")
        leg.hang_up("NORMAL_CLEARING", (fate.recording,))
        return NO_RESPONSE

    def answered() -> None:
        if application.is_over:
            return
        leg.notice(Heard.WITH_AGENT)
        leg.times["bridge"] = time.time()
        leg.reached(Moment.BRIDGED)
        leg.say("CHANNEL_BRIDGE")
        application.ended, application.is_bridged = bridged, True
        application.run(leg, agent.talks)

    leg.notice(Heard.AGENT_RINGS)
    leg.reached(Moment.AGENT_RINGS)
    leg.times.setdefault("progress", time.time())
    if fate.answers:
        leg.loop.after(agent.rings, answered)
    else:
        application.ended = failed
        application.run(leg, agent.rings)


KNOWN: dict[str, Callable[["Leg", Application], None]] = {
    "answer": _answer,
    "bridge": _bridge,
    "hangup": _hangup,
    "log": _nothing,
    "multiset": _multiset,
    "play_and_get_digits": _play_and_get_digits,
    "playback": _playback,
    "pre_answer": _pre_answer,
    "record_session": _record_session,
    "ring_ready": _nothing,
    "sched_cancel": _nothing,
    "set": _set,
    "sleep": _sleep,
    "stop_record_session": _stop_record_session,
}
