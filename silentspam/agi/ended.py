"""How and by whom a call ended, from what Asterisk knows when the caller's channel is gone.

Measured on Asterisk 22: `CHANNEL(hangupsource)` names the channel that hung up first, or `dialplan/…` when
the dialplan did; DIALSTATUS and QUEUESTATUS keep the fate of the bridge.
"""

from collections.abc import Mapping

from silentspam import variables
from silentspam.agi.channel import call_from_environment
from silentspam.agi.session import AgiSession
from silentspam.call import CallEnd, Disposition, EndedBy
from silentspam.noted import Get, call_id, disposition, end_of, failure, integer, number

HANGUP_SOURCE = "CHANNEL(hangupsource)"

FACTS = (
    variables.CALL_ID,
    variables.STARTED_AT,
    variables.BRIDGED_AT,
    variables.SCREENED,
    variables.VERDICT,
    variables.PROBABILITY,
    variables.CHALLENGE,
    variables.DISPOSITION,
    variables.FAILED_OPEN,
    variables.AGI_STATUS,
    HANGUP_SOURCE,
    "DIALSTATUS",
    "QUEUESTATUS",
    "ANSWEREDTIME",
    "HANGUPCAUSE",
)
"""Every variable `call_end` asks for, the caller's numbers apart."""

DIAL_RESULTS = {
    "CANCEL": Disposition.BRIDGE_ABANDON,
    "BUSY": Disposition.BRIDGE_ABANDON,
    "NOANSWER": Disposition.BRIDGE_TIMEOUT,
    "CHANUNAVAIL": Disposition.BRIDGE_OUT_OF_SERVICE,
    "CONGESTION": Disposition.BRIDGE_OUT_OF_SERVICE,
    "INVALIDARGS": Disposition.BRIDGE_OUT_OF_SERVICE,
}
"""DIALSTATUS of a call that was not bridged (Asterisk, application Dial)."""

QUEUE_RESULTS = {
    "TIMEOUT": Disposition.BRIDGE_TIMEOUT,
    "FULL": Disposition.NO_ELIGIBLE_AGENTS,
    "JOINEMPTY": Disposition.NO_ELIGIBLE_AGENTS,
    "LEAVEEMPTY": Disposition.NO_ELIGIBLE_AGENTS,
    "JOINUNAVAIL": Disposition.NO_ELIGIBLE_AGENTS,
    "LEAVEUNAVAIL": Disposition.NO_ELIGIBLE_AGENTS,
}
"""QUEUESTATUS of a call that was not bridged (Asterisk, application Queue)."""

RESULTS: tuple[tuple[str, Mapping[str, Disposition]], ...] = (
    ("QUEUESTATUS", QUEUE_RESULTS),
    ("DIALSTATUS", DIAL_RESULTS),
)
"""Where the fate of a call that was not bridged stands."""


ANI = "CALLERID(ANI)"


def read_facts(session: AgiSession) -> Get:
    """Everything `call_end` asks for, read at once."""
    facts = session.get_variables((*FACTS, ANI))
    return lambda name: facts.get(name, "")


def call_end(env: Mapping[str, str], get: Get, *, ended_at: float) -> CallEnd:
    """The end of the call of this hangup handler.

    `env` is the AGI environment, `get` reads a channel variable ("" when unset), `ended_at` [s since the
    epoch]. A screener that never reported back, though the caller did not leave it, is a failure that was
    opened: the dialplan has bridged the caller.
    """
    started_at = number(get(variables.STARTED_AT))
    bridged = _was_bridged(get)
    status = get(variables.AGI_STATUS)
    went_on = bridged or bool(get("DIALSTATUS") or get("QUEUESTATUS"))
    left = status in ("HANGUP", "") and not get(variables.SCREENED) and not went_on
    return end_of(
        get,
        call_from_environment(
            env,
            call_id=call_id(get, env.get("agi_uniqueid", ""), started_at),
            ani=get(ANI),
            started_at=started_at if started_at is not None else ended_at,
        ),
        ended_at=ended_at,
        bridged_at=number(get(variables.BRIDGED_AT)),
        disposition=disposition(get, _fate(get), bridged=bridged, left=left),
        ended_by=_ended_by(
            get(HANGUP_SOURCE),
            env.get("agi_channel", ""),
            declined=not bridged and get("DIALSTATUS") == "BUSY",
        ),
        hangup_cause=integer(get("HANGUPCAUSE")),
        failure=failure(get, left=left, silence=f"AGISTATUS {status or 'unknown'}"),
    )


def _fate(get: Get) -> Disposition | None:
    """Of a call that was not bridged."""
    found = (results[result] for name, results in RESULTS if (result := get(name)) in results)
    return next(found, None)


def _ended_by(source: str, own_channel: str, *, declined: bool) -> EndedBy | None:
    """A busy agent declined the call, although it is the dialplan that then hangs up."""
    if not source:
        return None
    if source == own_channel:
        return EndedBy.CALLER
    if source.startswith("dialplan/") and not declined:
        return EndedBy.APP
    return EndedBy.AGENT


def _was_bridged(get: Get) -> bool:
    """Whether an agent answered, also by the admin's own Dial or Queue.

    ANSWEREDTIME tells only that, not when: it counts from our answer of the caller, not from the agent's.
    """
    answered = number(get("ANSWEREDTIME")) or 0.0
    noted = bool(get(variables.BRIDGED_AT))
    return noted or answered > 0 or get("DIALSTATUS") == "ANSWER" or get("QUEUESTATUS") == "CONTINUE"
