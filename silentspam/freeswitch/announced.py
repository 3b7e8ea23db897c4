"""The call as FreeSWITCH announces it: the headers that answer `connect`."""

from silentspam import variables
from silentspam.call import Call, caller_text
from silentspam.freeswitch.frames import Headers

EMERGENCY = "--emergency"
"""What the dialplan sets SILENTSPAM_EMERGENCY to for a call of public safety."""


def call_from_announcement(announced: Headers, *, call_id: str, started_at: float) -> Call:
    """The call that a session is about. Without an ANI it is the caller ID, as on a line that has none.

    started_at [s since the epoch]: where the dialplan has not noted when the call came in.
    """
    caller_id = caller_text(announced.get("Caller-Caller-ID-Number"))
    return Call(
        call_id=call_id,
        uniqueid=caller_text(announced.get("Unique-ID")),
        channel=caller_text(announced.get("Channel-Name")),
        ani=caller_text(announced.get("Caller-ANI")) or caller_id,
        caller_id=caller_id,
        caller_name=caller_text(announced.get("Caller-Caller-ID-Name")),
        started_at=_created_at(announced) or started_at,
        dnis=caller_text(announced.get("Caller-Destination-Number")),
        emergency=announced.variable(variables.EMERGENCY) == EMERGENCY,
    )


def _created_at(announced: Headers) -> float | None:
    """When the channel came to be [s since the epoch]; FreeSWITCH counts microseconds."""
    text = announced.get("Caller-Channel-Created-Time")
    return int(text) / 1e6 if text.isascii() and text.isdigit() and 0 < len(text) < 18 and int(text) else None
