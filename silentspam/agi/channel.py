"""The Channel over AGI: what Asterisk is told for each step of a screening.

No text that a caller can set is ever sent: only our own paths, digits, ids and the names of enums.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from silentspam import variables
from silentspam.agi.session import AgiSession
from silentspam.call import Call, CallRecord, Decision, caller_text
from silentspam.errors import ChannelError

EMERGENCY_ARGUMENT = "--emergency"
"""What the dialplan gives the script where SIP headers announce a call of public safety."""
TIMEOUT = "TIMEOUT(absolute)"
"""Asterisk takes a call from us when so many seconds have passed."""
ARGUMENTS = range(1, 5)
"""Places of AGI() where it may stand: Asterisk passes them on in the environment as well."""


def call_from_environment(env: Mapping[str, str], *, call_id: str, ani: str, started_at: float) -> Call:
    """The call that Asterisk announced. Without an `ani` it is the caller ID, as on a line that has none."""
    caller_id = caller_text(_known(env.get("agi_callerid", "")))
    return Call(
        call_id=call_id,
        uniqueid=caller_text(env.get("agi_uniqueid", "")),
        channel=caller_text(env.get("agi_channel", "")),
        ani=caller_text(ani) or caller_id,
        caller_id=caller_id,
        caller_name=caller_text(_known(env.get("agi_calleridname", ""))),
        started_at=started_at,
        dnis=caller_text(_known(env.get("agi_dnid", "")) or _dialled(env.get("agi_extension", ""))),
        emergency=EMERGENCY_ARGUMENT in (env.get(f"agi_arg_{number}") for number in ARGUMENTS),
    )


def _known(value: str) -> str:
    return "" if value == "unknown" else value


def _dialled(extension: str) -> str:
    """The extension where AGI() was called from, unless it is the subroutine's own: nobody dialled `s`."""
    return "" if extension == "s" else extension


class AgiChannel:
    """A caller's leg in Asterisk (implements `silentspam.channel.Channel`)."""

    def __init__(
        self,
        session: AgiSession,
        *,
        ring_tone: str = "ring",
        legs: Path | None = None,
        challenge_too: bool = True,
        longest: float | None = None,
    ) -> None:
        """`legs` is the folder for callers' sides; None: they are not recorded.

        challenge_too: a side is recorded from the challenge on; else while with an agent alone.

        longest: seconds that a screening can take, for a dialplan that takes the call back after a while; it
        is asked for so much when a challenge begins. None: it waits however long it takes.
        """
        self._session = session
        self._ring_tone = ring_tone
        self._legs = legs
        self._challenge_too = challenge_too
        self._longest = longest
        self._side_is_recorded = False

    def announce(self, call_id: str) -> None:
        self._set(variables.CALL_ID, call_id)

    def answer(self) -> None:
        self._session.answer()

    def start_ringing(self) -> None:
        """Ring tone by Playtones, which goes on while RECORD FILE runs; STREAM FILE stops it."""
        self._session.play_tones(self._ring_tone)

    def record(self, path: Path, seconds: float, meanwhile: Callable[[], None]) -> None:
        self._session.start_recording(str(path.with_suffix("")), round(seconds * 1000))
        try:
            meanwhile()
        finally:
            recorded = self._session.finish_recording()
        written = path.stat().st_size if path.exists() else 0
        if written < recorded:
            raise ChannelError(f"RECORD FILE: {written} of {recorded} bytes reached the disk: is it full?")

    def record_side(self, call_id: str) -> None:
        """MixMonitor, which goes on when the call is bridged."""
        if self._legs is not None and self._challenge_too:
            self._session.record_side(self._leg_file(self._legs, call_id))
            self._side_is_recorded = True

    def play(self, sound: str, *, keys: str = "") -> str | None:
        if self._longest is not None:
            self._set(TIMEOUT, f"{self._longest:.0f}")
            self._longest = None
        return self._session.stream_file(sound, keys) or None

    def wait_for_key(self, seconds: float) -> str | None:
        return self._session.wait_for_digit(round(seconds * 1000)) or None

    def hand_back(self, record: CallRecord) -> None:
        """Set the variables the dialplan acts on; those of no value are left as it has cleared them."""
        self._session.set_variables(variables.told(record, leg=self._leg(record)))

    def _leg(self, record: CallRecord) -> str:
        """What the dialplan is to record: nothing where it is recorded already."""
        if self._legs is None or self._side_is_recorded or record.decision is not Decision.BRIDGE:
            return ""
        return self._leg_file(self._legs, record.call.call_id)

    @staticmethod
    def _leg_file(folder: Path, call_id: str) -> str:
        return str(folder / f"{call_id}.ulaw")

    def _set(self, name: str, value: str) -> None:
        self._session.set_variable(name, str(value))
