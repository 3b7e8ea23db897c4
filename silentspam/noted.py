"""How a call ended, as far as screener and dialplan have noted it on its channel: the same on both switches.

What each switch knows besides, the fate of the bridge and who hung up, is read by `agi.ended` and
`freeswitch.ended`.
"""

import uuid
from collections.abc import Callable

from silentspam import variables
from silentspam.call import Call, CallEnd, ChallengeResult, Disposition, EndedBy, VerdictKind
from silentspam.kinds.table import dispositions, names

Get = Callable[[str], str]
"""Reads a channel variable; "" where it is not set."""

VERDICTS = frozenset({*map(str, VerdictKind), *names()})
DISPOSITIONS = frozenset(dispositions())


def end_of(
    get: Get,
    call: Call,
    *,
    ended_at: float,
    bridged_at: float | None,
    disposition: str,
    ended_by: EndedBy | None,
    hangup_cause: int | None,
    failure: str | None,
) -> CallEnd:
    """The end with what the screener has left on the channel; times in seconds since the epoch."""
    return CallEnd(
        call=call,
        ended_at=ended_at,
        bridged_at=bridged_at,
        verdict=_verdict(get(variables.VERDICT)),
        spam_probability=number(get(variables.PROBABILITY)),
        challenge_result=_result(get(variables.CHALLENGE)),
        disposition=disposition,
        ended_by=ended_by,
        hangup_cause=hangup_cause,
        failed_open=failure is not None,
        failed_open_cause=failure,
    )


def disposition(get: Get, fate: Disposition | None, *, bridged: bool, left: bool) -> str:
    """What became of the call. The screener's own word comes before the bridge's fate.

    fate: of a bridge that came to nothing, None where none was tried. left: the caller left the screening.
    """
    if bridged:
        return Disposition.BRIDGED
    if (word := get(variables.DISPOSITION)) in DISPOSITIONS:
        return word
    return fate or (Disposition.SCREEN_ABANDON if left else Disposition.BRIDGE_ABANDON)


def failure(get: Get, *, left: bool, silence: str) -> str | None:
    """Why the call went on unscreened; None where it did not.

    A screener that never reported back, though the caller did not leave it, is a failure that was opened: the
    dialplan has sent the caller on. silence: what the switch knows of such a screener.
    """
    if get(variables.FAILED_OPEN):
        return "the screener said so; its own row has the cause"
    if get(variables.SCREENED) or left:
        return None
    return f"the screener did not report back: {silence}"


def call_id(get: Get, uniqueid: str, started_at: float | None) -> str:
    """The screener's id; where it never came to set one, an id that the same call gives again."""
    try:
        return str(uuid.UUID(get(variables.CALL_ID)))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{uniqueid} {started_at}"))


def number(text: str) -> float | None:
    """The number from 0 on that the switch wrote; None for anything else, NaN and infinity too."""
    try:
        found = float(text)
    except ValueError:
        return None
    return found if 0 <= found < 1e11 else None


def integer(text: str) -> int | None:
    """A number of at most five digits."""
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _verdict(text: str) -> str | None:
    """A verdict that there is."""
    return text if text in VERDICTS else None


def _result(text: str) -> ChallengeResult | None:
    return ChallengeResult(text) if text in set(ChallengeResult) else None
