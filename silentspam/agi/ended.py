"""How and by whom a call ended, from what Asterisk knows when the caller's channel is gone.

Measured on Asterisk 22: `CHANNEL(hangupsource)` names the channel that hung up first, or `dialplan/…` when
the dialplan did; DIALSTATUS and QUEUESTATUS keep the fate of the bridge.
"""

import uuid
from collections.abc import Callable, Mapping

from silentspam import variables
from silentspam.agi.channel import call_from_environment
from silentspam.agi.session import AgiSession
from silentspam.call import CallEnd, ChallengeResult, Disposition, EndedBy, VerdictKind
from silentspam.kinds.table import dispositions, names

Get = Callable[[str], str]

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

VERDICTS = frozenset({*map(str, VerdictKind), *names()})

RESULTS: tuple[tuple[str, Mapping[str, str]], ...] = (
    (variables.DISPOSITION, {name: name for name in dispositions()}),
    ("QUEUESTATUS", QUEUE_RESULTS),
    ("DIALSTATUS", DIAL_RESULTS),
)
"""Where the fate of a call that was not bridged stands: the screener's own word comes first."""


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
    left_screening = status in ("HANGUP", "") and not get(variables.SCREENED) and not went_on
    cause = None
    if get(variables.FAILED_OPEN):
        cause = "the screener said so; its own row has the cause"
    elif not get(variables.SCREENED) and not left_screening:
        cause = f"the screener did not report back: AGISTATUS {status or 'unknown'}"
    return CallEnd(
        call=call_from_environment(
            env,
            call_id=_call_id(get(variables.CALL_ID), env, started_at),
            ani=get(ANI),
            started_at=started_at if started_at is not None else ended_at,
        ),
        ended_at=ended_at,
        bridged_at=number(get(variables.BRIDGED_AT)),
        verdict=_verdict(get(variables.VERDICT)),
        spam_probability=number(get(variables.PROBABILITY)),
        challenge_result=_result(get(variables.CHALLENGE)),
        disposition=_disposition(get, bridged=bridged, left_screening=left_screening),
        ended_by=_ended_by(
            get(HANGUP_SOURCE),
            env.get("agi_channel", ""),
            declined=not bridged and get("DIALSTATUS") == "BUSY",
        ),
        hangup_cause=_integer(get("HANGUPCAUSE")),
        failed_open=cause is not None,
        failed_open_cause=cause,
    )


def _disposition(get: Get, *, bridged: bool, left_screening: bool) -> str:
    if bridged:
        return Disposition.BRIDGED
    for name, results in RESULTS:
        if (result := get(name)) in results:
            return results[result]
    return Disposition.SCREEN_ABANDON if left_screening else Disposition.BRIDGE_ABANDON


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


def _call_id(noted: str, env: Mapping[str, str], started_at: float | None) -> str:
    """The screener's id; where it never came to set one, an id that the same call gives again."""
    try:
        return str(uuid.UUID(noted))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{env.get('agi_uniqueid', '')} {started_at}"))


def _verdict(text: str) -> str | None:
    """A verdict that there is."""
    return text if text in VERDICTS else None


def _result(text: str) -> ChallengeResult | None:
    return ChallengeResult(text) if text in set(ChallengeResult) else None


def number(text: str) -> float | None:
    """The number from 0 on that Asterisk wrote; None for anything else, NaN and infinity too."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found < 1e11 else None


def _integer(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 6 else None
