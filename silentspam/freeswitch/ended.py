"""How and by whom a call ended, from the variables that FreeSWITCH tells with CHANNEL_HANGUP_COMPLETE.

Measured on FreeSWITCH 1.10.12: `sip_hangup_disposition` tells who sent the BYE or CANCEL, DIALSTATUS keeps
the fate of the bridge, the times are microseconds. Read in its source, not measured, and marked (src): what
DIALSTATUS can be (switch_ivr_originate.c), what mod_callcenter leaves, and causes of FreeSWITCH's own.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from silentspam import variables
from silentspam.call import Call, CallEnd, Disposition, EndedBy, caller_text
from silentspam.freeswitch.announced import call_from_announcement
from silentspam.freeswitch.frames import Headers
from silentspam.noted import Get, call_id, disposition, end_of, failure, integer, number

HANGUP_DISPOSITION = "sip_hangup_disposition"
QUEUE_RESULT = "cc_cancel_reason"

DIAL_RESULTS = {
    "CANCEL": Disposition.BRIDGE_ABANDON,
    "ORIGINATOR_CANCEL": Disposition.BRIDGE_ABANDON,
    "BUSY": Disposition.BRIDGE_ABANDON,
    "USER_BUSY": Disposition.BRIDGE_ABANDON,
    "DONTCALL": Disposition.BRIDGE_ABANDON,
    "CALL_REJECTED": Disposition.BRIDGE_ABANDON,
    "NORMAL_CLEARING": Disposition.BRIDGE_ABANDON,
    "NOANSWER": Disposition.BRIDGE_TIMEOUT,
    "NO_ANSWER": Disposition.BRIDGE_TIMEOUT,
    "NO_USER_RESPONSE": Disposition.BRIDGE_TIMEOUT,
    "PROGRESS_TIMEOUT": Disposition.BRIDGE_TIMEOUT,
    "ALLOTTED_TIMEOUT": Disposition.BRIDGE_TIMEOUT,
}
"""DIALSTATUS of a call that was not bridged, or `originate_disposition`, which has the names of causes.

CANCEL, BUSY, NOANSWER and DONTCALL (603) are measured, the rest is read (src). Any other is a cause for which
nobody was reached: UNALLOCATED_NUMBER (404) and NORMAL_TEMPORARY_FAILURE (nobody there) are measured.
"""

QUEUE_RESULTS = {
    "NONE": Disposition.BRIDGE_ABANDON,
    "BREAK_OUT": Disposition.BRIDGE_ABANDON,
    "EXIT_WITH_KEY": Disposition.BRIDGE_ABANDON,
    "TIMEOUT": Disposition.BRIDGE_TIMEOUT,
    "NO_AGENT_TIMEOUT": Disposition.NO_ELIGIBLE_AGENTS,
}
"""`cc_cancel_reason` of a call that left a queue of mod_callcenter without an agent (src)."""

DECLINED = frozenset({"BUSY", "USER_BUSY", "DONTCALL", "CALL_REJECTED"})
"""DIALSTATUS where the agent would not have the call."""

LINE_NAMES = {
    "agi_uniqueid": "Unique-ID",
    "agi_callerid": "Caller-Caller-ID-Number",
    "agi_dnid": "Caller-Destination-Number",
    "CALLERID(ANI)": "Caller-ANI",
    "HANGUPCAUSE": "variable_hangup_cause_q850",
}
"""What a line of the dialplan's calls by Asterisk's name; the rest of it are variables."""

_VARIABLE = re.compile(r"\w{1,80}", re.ASCII)

BY_FREESWITCH = frozenset({"ALLOTTED_TIMEOUT", "MANAGER_REQUEST", "MEDIA_TIMEOUT", "SYSTEM_SHUTDOWN"})
"""Hangup causes of sched_hangup, hupall, a lost RTP stream and a shutdown: nobody hung up (src)."""


def call_end(event: Headers, *, heard_at: float) -> CallEnd | None:
    """The end of the call of this event; None for one that was never ours, and for an agent's leg.

    heard_at [s since the epoch]: where the event has no time. A caller who left the screening is told from a
    screening that failed by what came after: a bridge or a queue that was tried, or a BYE of our own.
    """
    get = event.variable
    if event.get("Call-Direction") == "outbound" or not (get(variables.CALL_ID) or get(variables.STARTED_AT)):
        return None
    ended_at = _moment(event.get("Caller-Channel-Hangup-Time")) or heard_at
    bridged, left = _was_bridged(event), _left_screening(event)
    return end_of(
        get,
        _call(event, ended_at),
        ended_at=ended_at,
        bridged_at=number(get(variables.BRIDGED_AT)) or _bridged_at(event),
        disposition=disposition(get, _fate(event), bridged=bridged, left=left),
        ended_by=_ended_by(get, bridged=bridged),
        hangup_cause=integer(get("hangup_cause_q850")),
        failure=failure(get, left=left, silence=_silence(get)),
    )


def noted_end(facts: Mapping[str, str], *, ended_at: float) -> CallEnd | None:
    """The end of a call from the line that its hangup hook wrote, since no screener had reported on it.

    facts: as `dialplan/freeswitch/silentspam.xml` names them. ended_at [s since the epoch].
    """
    lines = [
        f"{LINE_NAMES.get(name, f'variable_{name}')}: {quote(value)}"
        for name, value in facts.items()
        if name in LINE_NAMES or _VARIABLE.fullmatch(name)
    ]
    return call_end(Headers("\n".join(lines).encode()), heard_at=ended_at)


def was_counted(event: Headers) -> bool:
    """Whether the screener has counted this end: the caller left while it had the call."""
    return bool(event.variable(variables.CALL_ID)) and _left_screening(event)


def _call(event: Headers, ended_at: float) -> Call:
    started_at = number(event.variable(variables.STARTED_AT))
    call = call_from_announcement(
        event,
        call_id=call_id(event.variable, event.get("Unique-ID"), started_at),
        started_at=ended_at if started_at is None else started_at,
    )
    # A transfer, the guard's too, puts its own destination in the place of the number that was dialled.
    dialled = event.get("Caller-RDNIS") if event.variable("transfer_source") else ""
    return replace(call, dnis=caller_text(dialled)) if dialled else call


def _was_bridged(event: Headers) -> bool:
    """Whether an agent answered, also by the admin's own bridge or callcenter.

    FreeSWITCH joins the two as soon as the agent's telephone sends early media: one who only rang has no time
    of an answer.
    """
    get = event.variable
    return not _only_rang(event) and bool(
        get(variables.BRIDGED_AT)
        or _bridged_at(event)
        or get("DIALSTATUS") == "SUCCESS"
        or get("cc_cause") == "answered"
    )


def _bridged_at(event: Headers) -> float | None:
    """When FreeSWITCH joined the two [s since the epoch]."""
    if _only_rang(event):
        return None
    return _moment(event.get("Caller-Channel-Bridged-Time")) or number(event.variable("bridge_epoch")) or None


def _only_rang(event: Headers) -> bool:
    """Whether there was an agent's leg that nobody answered."""
    return event.get("Other-Leg-Channel-Answered-Time") == "0"


def _left_screening(event: Headers) -> bool:
    get = event.variable
    went_on = _was_bridged(event) or _dialled(get) or get("cc_queue")
    return not (went_on or get(variables.SCREENED) or get(HANGUP_DISPOSITION).startswith("send_"))


def _dialled(get: Get) -> str:
    """What became of dialling an agent; "" where nobody was dialled."""
    return get("DIALSTATUS") or get("originate_disposition")


def _fate(event: Headers) -> Disposition | None:
    """Of a call that was not bridged."""
    get = event.variable
    if _only_rang(event):
        return DIAL_RESULTS.get(get("bridge_hangup_cause"), Disposition.BRIDGE_ABANDON)
    if queue := QUEUE_RESULTS.get(get(QUEUE_RESULT)):
        return queue
    return (
        DIAL_RESULTS.get(dialled, Disposition.BRIDGE_OUT_OF_SERVICE) if (dialled := _dialled(get)) else None
    )


def _ended_by(get: Get, *, bridged: bool) -> EndedBy | None:
    """FreeSWITCH sends the caller's BYE for the agent too: after a bridge it was the agent who hung up, and a
    busy agent declined the call. None where the caller's leg is no SIP.
    """
    who = get(HANGUP_DISPOSITION)
    if who.startswith("recv_"):
        return EndedBy.CALLER
    if not who.startswith("send_"):
        return None
    if bridged:
        return EndedBy.APP if get("hangup_cause") in BY_FREESWITCH else EndedBy.AGENT
    return EndedBy.AGENT if _dialled(get) in DECLINED else EndedBy.APP


def _silence(get: Get) -> str:
    return "it had begun with the call" if get(variables.CALL_ID) else "it never had the call"


def _moment(text: str) -> float | None:
    """A time of FreeSWITCH's [us since the epoch] in seconds; None for 0, which means never."""
    micros = int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0
    return micros / 1e6 if micros else None
