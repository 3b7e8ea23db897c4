"""The call as FreeSWITCH announces it: the headers that answer `connect`.

Texts of a caller's are read here and not in the dialplan, where `${...}` of a condition evaluates what a
variable holds: a header `${system(...)}` would run (src: switch_channel_expand_variables_check).
"""

import re

from silentspam import noted, variables
from silentspam.call import Call, caller_text
from silentspam.freeswitch.frames import Headers

EMERGENCY = "--emergency"
"""What an admin's dialplan sets SILENTSPAM_EMERGENCY to for a call of public safety."""
PRIORITY = "sip_i_priority"
CALLBACK = "psap-callback"
"""Priority of a callback from an emergency service (RFC 7090, section 4)."""
RESOURCE_PRIORITY = "sip_i_resource_priority"
_EMERGENCY_NETWORK = re.compile(r"(?<![\w.-])esnet\.", re.ASCII | re.IGNORECASE)
"""A Resource-Priority of the namespace `esnet` (RFC 7135), among others in one header or in several."""


def id_for(announced: Headers) -> str:
    """The id of a screening that begins: that which the hangup gives too where the caller leaves before
    SILENTSPAM_CALL_ID is set. One of its own where that is set, or nothing tells a call from the next.
    """
    started_at = noted.number(announced.variable(variables.STARTED_AT))
    if started_at is None or announced.variable(variables.CALL_ID):
        return Call.new_id()
    return noted.call_id(announced.variable, announced.get("Unique-ID"), started_at)


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
        emergency=_is_emergency(announced),
    )


def _is_emergency(announced: Headers) -> bool:
    """FreeSWITCH has SIP's headers in variables where the profile has `parse-all-invite-headers` (src)."""
    return (
        announced.variable(variables.EMERGENCY) == EMERGENCY
        or announced.variable(PRIORITY).strip().lower() == CALLBACK
        or _EMERGENCY_NETWORK.search(announced.variable(RESOURCE_PRIORITY)) is not None
    )


def _created_at(announced: Headers) -> float | None:
    """When the channel came to be [s since the epoch]; FreeSWITCH counts microseconds."""
    text = announced.get("Caller-Channel-Created-Time")
    return int(text) / 1e6 if text.isascii() and text.isdigit() and 0 < len(text) < 18 and int(text) else None
