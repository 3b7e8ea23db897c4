"""Every channel variable that the dialplan, the screener and whoever hears of the end share: on both
switches the same.

The dialplan file documents the same names at its head; `tests/test_dialplan.py` keeps the two equal.
"""

from silentspam.call import CallRecord, Decision

CALL_ID = "SILENTSPAM_CALL_ID"
"""Our id of the call, set before anything that can fail."""

ACTION = "SILENTSPAM_ACTION"
"""BRIDGE or REJECT. The dialplan presets BRIDGE, so a screener that dies leaves BRIDGE."""

VERDICT = "SILENTSPAM_VERDICT"
"""The kind of call heard: HAM, CALLER_SILENCE, …, INCONCLUSIVE."""

PROBABILITY = "SILENTSPAM_PROBABILITY"
"""Spam probability, 0…1, empty when nothing was judged."""

CHALLENGE = "SILENTSPAM_CHALLENGE"
"""PASSED, FAILED, ABANDONED, or empty when nobody was challenged."""

DISPOSITION = "SILENTSPAM_DISPOSITION"
"""The call's result so far: the screener's rejection or abandonment, or what became of the bridge."""

FAILED_OPEN = "SILENTSPAM_FAILED_OPEN"
"""1 when the screening failed and the call goes to the agent unscreened."""

SCREENED = "SILENTSPAM_SCREENED"
"""1 when the screener reported back: otherwise it was missing, crashed or was killed."""

AGENT = "SILENTSPAM_AGENT"
"""Dial string of the number called (`silentspam lists dnis`), for silentspam-dial instead of its own."""

HANGUP = "SILENTSPAM_HANGUP"
"""What a rejected call is ended with: a Q.850 cause, or 603 for SIP 603; empty for the rest."""

EMERGENCY = "SILENTSPAM_EMERGENCY"
"""The screening script's argument where SIP headers announce a call of public safety; set by the dialplan."""

LEG = "SILENTSPAM_LEG"
"""File for the caller's side of the bridged call, of our own id; empty where nothing is left to record."""

LINE = "SILENTSPAM_LINE"
"""The known line that a living call came on, by its sound; set by `silentspam listen` with an alert."""

RISK = "SILENTSPAM_RISK"
"""How far a living call's metadata is contradicted by its sound, 0…1; set with an alert."""

PROVENANCE_ALERT = "SILENTSPAM_PROVENANCE_ALERT"
"""Kinds of alert of a living call, such as `blocked,claim`; empty as long as there is none."""

TIMEOUT = "SILENTSPAM_TIMEOUT"
"""The admin's own TIMEOUT(absolute) [s] while a resident screener is asked; empty where a script is."""

STARTED_AT = "SILENTSPAM_STARTED_AT"
"""When the call came in [s since the epoch]; set by the dialplan."""

BRIDGED_AT = "SILENTSPAM_BRIDGED_AT"
"""When an agent answered [s since the epoch]; set by the dialplan, empty until then."""

AGI_STATUS = "SILENTSPAM_AGI_STATUS"
"""Asterisk's AGISTATUS of the screening."""

LOGGED = "SILENTSPAM_LOGGED"
"""1 when the hangup handler has put the call's end into the call log or its spool."""

GUARD = "SILENTSPAM_GUARD"
"""On FreeSWITCH: extension, dialplan and context where a call goes whose screening hangs, such as
`agent XML public`; set by the dialplan, which schedules the first transfer there itself."""


def told(record: CallRecord, *, leg: str = "") -> dict[str, str]:
    """What a dialplan is told when a call is handed back, those of no value left out.

    ACTION comes last, so that half a report is no rejection. leg: the file for the caller's side.
    """
    probability = "" if record.spam_probability is None else f"{record.spam_probability:.4f}"
    values = {
        VERDICT: record.verdict,
        PROBABILITY: probability,
        CHALLENGE: record.challenge_result,
        DISPOSITION: record.disposition,
        FAILED_OPEN: "1" if record.failed_open else "",
        LEG: leg,
        AGENT: record.agent,
        HANGUP: (record.hangup_with or "").rpartition(" ")[2],
        SCREENED: "1",
        ACTION: record.decision or Decision.BRIDGE,
    }
    return {name: str(value) for name, value in values.items() if value}
