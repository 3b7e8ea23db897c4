"""The Channel over the event socket: what FreeSWITCH is told for each step of a screening.

No text that a caller can set is ever sent: only our own paths, keys, ids and the names of enums.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from silentspam import variables
from silentspam.call import CallRecord, Decision
from silentspam.errors import ChannelError, ChannelHangup
from silentspam.freeswitch.dialogue import Dialogue
from silentspam.freeswitch.frames import Headers
from silentspam.freeswitch.opening import SAMPLE_RATE, trim_opening

LINGER_SECONDS = 5
RING = (440, 480)
"""Frequencies of ring tone [Hz] (ITU-T E.180, North America)."""
TONE_MORE = 0.04
"""So much longer than the opening is its tone [s]: of the fill that is cut off at its start, most."""
LEFT_ALONE = 3
"""So many seconds beyond the opening FreeSWITCH stops a recording that nobody stopped (src): a program that
died must not leave one of the whole call."""
LONGEST_SOUND = 120.0
"""A prompt that takes longer is taken for one that hangs [s]."""
AWHILE = 3.0
"""What an application may take beyond the time that it was asked for [s]."""
CALL_REJECTED = "CALL_REJECTED"
"""FreeSWITCH tells SIP 603 with it where a call was not answered."""
PLAYED = "FILE PLAYED"
NONE_DELETED = "Deleted: 0"
"""Of `sched_del` where nothing was scheduled, after +OK or -ERR (src)."""

RECORDING = {
    "RECORD_READ_ONLY": "true",
    "RECORD_MIN_SEC": "0",
    "RECORD_STEREO": "false",
    "RECORD_STEREO_SWAP": "false",
    "RECORD_ANSWER_REQ": "false",
    "RECORD_BRIDGE_REQ": "false",
    "RECORD_HANGUP_ON_ERROR": "false",
    "record_sample_rate": str(SAMPLE_RATE),
}
"""So that the caller alone is recorded, from now on, short files are kept, and no disk that refuses costs the
call. Where a caller's codec is wideband (G.722, Opus), FreeSWITCH resamples: a .ulaw has its rate nowhere,
and would be taken for one that lasts twice as long and more (src: switch_ivr_record_session_event)."""
TERMINATORS = "playback_terminators"
NO_KEY = "none"
"""Without it `*` ends a sound, the ring tone too, and with that the opening (src: on_dtmf)."""
NOTE = "api_reporting_hook"
"""The dialplan's hook that writes a line of a call on which nobody reported: cleared by a report."""

_UUID = re.compile(r"(?!\d+\Z)[\w.@:+-]{1,128}", re.ASCII)
"""No digits alone: `sched_del` would take them for the number of a task, of whomever's (src).
With inbound-use-callid-as-uuid the id is what the caller makes it."""


class FreeSwitchChannel:
    """A caller's leg in FreeSWITCH (implements `silentspam.channel.Channel`)."""

    def __init__(
        self,
        dialogue: Dialogue,
        announced: Headers,
        *,
        early_media: bool = False,
        ring: Sequence[int] = RING,
        legs: Path | None = None,
        challenge_too: bool = True,
        longest: float | None = None,
    ) -> None:
        """early_media: not answered before it is bridged. ring: frequencies [Hz]; none: silence.

        legs: the folder for callers' sides, None: not recorded. challenge_too: from the challenge on, else
        with an agent alone. longest: seconds that a screening can take; the dialplan's guard is moved so far
        when a challenge begins, None: it stays where it is.
        """
        self._dialogue = dialogue
        self._announced = announced
        self._answer = "pre_answer" if early_media else "answer"
        self._ring = ring
        self._legs = legs
        self._challenge_too = challenge_too
        self._longest = longest
        self._rings = False
        self._side_is_recorded = False
        self._terminators = NO_KEY

    def announce(self, call_id: str) -> None:
        """Also have the session's events sent, and what the recorder goes by set."""
        self._uuid()
        self._dialogue.command(f"linger {LINGER_SECONDS}")
        if not (said := self._dialogue.command("myevents").text).startswith("+OK"):
            raise ChannelError(f"myevents: refused ({said[:200]}): does the dialplan say `async full`?")
        self._set({variables.CALL_ID: call_id, **RECORDING, TERMINATORS: NO_KEY})

    def answer(self) -> None:
        self._dialogue.execute(self._answer)

    def start_ringing(self) -> None:
        """From the recording on, whose length the tone times."""
        self._rings = bool(self._ring)

    def record(self, path: Path, seconds: float, meanwhile: Callable[[], None]) -> None:
        """record_session while a tone plays: the one way to both (`record` is silent, and collapses gaps)."""
        self._dialogue.execute("record_session", f"{path} +{math.ceil(seconds) + LEFT_ALONE}")
        lasting = round((seconds + TONE_MORE) * 1000)
        number = self._dialogue.start("playback", self._tone(lasting))
        try:
            meanwhile()
        finally:
            played = self._dialogue.finish("playback", number, seconds + AWHILE)
            if played.get("Application-Response") != PLAYED:
                self._dialogue.execute("sleep", str(lasting), seconds + AWHILE)
            stopped = self._dialogue.execute("stop_record_session", str(path))
        trim_opening(path, seconds, _recorded(stopped))

    def record_side(self, call_id: str) -> None:
        if self._legs is not None and self._challenge_too:
            self._record_leg(self._legs, call_id)

    def play(self, sound: str, *, keys: str = "") -> str | None:
        """Keys are told by their events, which come also where none interrupts the sound."""
        session = self._dialogue.session
        self._let_interrupt(keys or NO_KEY)
        self._move_guard()
        session.keys.clear()
        played = self._dialogue.execute("playback", f"{sound}.wav", LONGEST_SOUND)
        key = session.take_key(keys)
        if (response := played.get("Application-Response")) != PLAYED:
            raise ChannelError(f"playback {sound}.wav: {response or 'no response'}")
        if key is None and played.variable("playback_samples") == "0":
            raise ChannelError(f"playback {sound}.wav: nothing was played, the file is empty")
        return key

    def wait_for_key(self, seconds: float) -> str | None:
        """play_and_get_digits on silence; a key that was pressed since the last sound comes first."""
        session = self._dialogue.session
        if (key := session.take_key()) is not None:
            return key
        lasting = round(seconds * 1000)
        silence = "silence_stream://10"
        awaited = f"1 1 1 {lasting} # {silence} {silence} SILENTSPAM_KEY [0-9*] {lasting}"
        self._dialogue.execute("play_and_get_digits", awaited, seconds + AWHILE)
        return session.take_key()

    def hand_back(self, record: CallRecord) -> None:
        """Tell the dialplan what was decided, and end a rejected call; the rest goes on when we leave.

        A call that the guard has sent to an agent already is nobody's to end: then the guard is not there.
        """
        self._dialogue.session.check()
        if record.decision is not Decision.REJECT and self._is_answered(record):
            self._record_bridge(record)
        told = variables.told(record)
        self._set(self._before() | self._without_note() | told)
        guarded = self._take_guard_off()
        if record.decision is Decision.REJECT:
            if not guarded:
                raise ChannelError("sched_del: the dialplan's guard is gone: the call may be with an agent")
            self._dialogue.hang_up(_cause(told.get(variables.HANGUP, "")))

    def _uuid(self) -> str:
        """The channel's id. ChannelError for what is none: a command would read something else in it."""
        if not _UUID.fullmatch(found := self._announced.get("Unique-ID")):
            raise ChannelError(f"Unique-ID {found[:80]!r} is no id of a channel")
        return found

    def _tone(self, milliseconds: int) -> str:
        if not self._rings:
            return f"silence_stream://{milliseconds}"
        return f"tone_stream://%({milliseconds},0,{','.join(map(str, self._ring))})"

    def _is_answered(self, record: CallRecord) -> bool:
        """uuid_record gives a call that rings early media, from a thread that is not the call's (src:
        switch_ivr_record_session_event): the caller's own ring tone would end."""
        return record.answered_at is not None or self._announced.get("Answer-State") == "answered"

    def _record_bridge(self, record: CallRecord) -> None:
        """What the caller says to the agent; a switch that cannot keep it bridges all the same."""
        if self._legs is None or self._side_is_recorded:
            return
        try:
            self._record_leg(self._legs, record.call.call_id)
        except ChannelHangup:
            raise
        except ChannelError:
            return

    def _record_leg(self, folder: Path, call_id: str) -> None:
        self._dialogue.api(f"uuid_record {self._uuid()} start {folder / f'{call_id}.ulaw'}")
        self._side_is_recorded = True

    def _let_interrupt(self, keys: str) -> None:
        if keys != self._terminators:
            self._set({TERMINATORS: keys})
            self._terminators = keys

    def _move_guard(self) -> None:
        """Ask the dialplan for the time that a challenge takes, once."""
        if self._longest is None:
            return
        seconds, self._longest = self._longest, None
        if not self._take_guard_off():
            raise ChannelError("sched_del: the dialplan's guard is gone: the call may be with an agent")
        if guard := self._announced.variable(variables.GUARD):
            self._dialogue.api(f"sched_transfer +{seconds:.0f} {self._uuid()} {guard}")

    def _take_guard_off(self) -> bool:
        """Whether the guard was still there, or none is known of; how many were deleted is printed."""
        try:
            said = self._dialogue.api(f"sched_del {self._uuid()}")
        except ChannelHangup:
            raise
        except ChannelError:
            said = NONE_DELETED
        self._dialogue.session.check()
        return NONE_DELETED not in said or not self._announced.variable(variables.GUARD)

    def _before(self) -> dict[str, str]:
        """Variables of the dialplan's own that a screening has changed, as they were."""
        return {name: self._announced.variable(name) for name in (*RECORDING, TERMINATORS)}

    def _without_note(self) -> dict[str, str]:
        """Of a hook that the admin has put in its place nothing."""
        return {NOTE: ""} if variables.STARTED_AT in self._announced.variable(NOTE) else {}

    def _set(self, values: Mapping[str, str]) -> None:
        """Set variables in their order: in one round trip, or each by itself where that cannot be."""
        if not any(";" in value for value in values.values()):
            pairs = ";".join(f"{name}={value}" for name, value in values.items())
            with suppress(ChannelError):
                self._dialogue.api(f"uuid_setvar_multi {self._uuid()} {pairs}")
                return
        for name, value in values.items():
            self._dialogue.execute("set", f"{name}={value}")


def _cause(hangup: str) -> str:
    """What `hangup` takes: a cause of Q.850 by its number, or the name that becomes SIP 603."""
    return CALL_REJECTED if hangup in ("", "21", "603") else hangup


def _recorded(stopped: Headers) -> int:
    """Samples that FreeSWITCH says are in the file. It counts them before it resamples (src:
    switch_core_file_write), so that a wideband caller has more of them than milliseconds of the file's."""
    samples, lasting = (_number(stopped.variable(name)) for name in ("record_samples", "record_ms"))
    return min(samples, lasting * SAMPLE_RATE // 1000) if lasting else samples


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
