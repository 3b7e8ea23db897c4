"""What a worker does with a connection whose AGI environment is there: screen a call, or log its end."""

import time
from contextlib import suppress

from silentspam import variables
from silentspam.agi.channel import AgiChannel, call_from_environment
from silentspam.agi.ended import call_end, read_facts
from silentspam.agi.session import AgiSession
from silentspam.call import Call, CallRecord
from silentspam.calllog.entry import ended
from silentspam.errors import SilentSpamError
from silentspam.serve.hub import Link
from silentspam.serve.protocols import split_greeting
from silentspam.serve.service import Service
from silentspam.serve.stream import GRACE_SECONDS
from silentspam.serve.stuck import StuckCalls

SCRIPT = "agi_network_script"
ENDED = "ended"
"""`AGI(agi://host/ended)` in the hangup handler; any other path screens."""


def is_end(received: bytes) -> bool:
    """Whether a greeting is of a hangup handler."""
    return f"\n{SCRIPT}: {ENDED}\n".encode() in b"\n" + received


class AsteriskCalls:
    """The AGI dialogues of a worker, under whichever configuration they began."""

    def __init__(self) -> None:
        self._stuck = StuckCalls()

    def serve(self, service: Service, link: Link, received: bytes, *, full: bool) -> None:
        """One dialogue to its end; full: a call is handed back at once."""
        started_at = time.time()
        greeting, received = split_greeting(received)
        stream = service.stream(link, received, full=full)
        session = AgiSession(stream, stream, greeting=greeting, ends_with_call=False)
        if session.env.get(SCRIPT, "").strip("/") == ENDED:
            _log_end(service, session)
            return
        record = _screen(service, session, started_at, full=full)
        if stream.unanswered:
            self._stuck.note(record.call)
        else:
            self._free_others(service, session)
        link.close()  # the caller goes on; what becomes of the row is no longer his affair
        service.add(record)

    def _free_others(self, service: Service, session: AgiSession) -> None:
        """What is still open of a session that has handed its call back is of use to calls that are stuck."""
        with suppress(SilentSpamError):
            if freed := self._stuck.free(session):
                service.meter.log.event("stuck calls sent on", calls=freed)


def _screen(service: Service, session: AgiSession, started_at: float, *, full: bool) -> CallRecord:
    config = service.config
    ani = "" if full else session.get_variable("CALLERID(ANI)")
    call = call_from_environment(session.env, call_id=Call.new_id(), ani=ani, started_at=started_at)
    channel = AgiChannel(
        session,
        ring_tone=config.recording.ring_tone,
        legs=config.legs_folder,
        challenge_too=config.collection.caller_leg,
        longest=config.limits.screening_seconds + 2 * GRACE_SECONDS,
    )
    return service.screen(call, channel, ring=bool(config.recording.ring_tone), full=full)


def _log_end(service: Service, session: AgiSession) -> None:
    """A row that no disk takes is left to Asterisk, which writes it itself."""
    get = read_facts(session)
    end = call_end(session.env, get, ended_at=time.time())
    if service.journal.add(ended(end)):
        session.set_variable(variables.LOGGED, "1")
    # Asterisk lets go of us when the caller leaves the screening: what we know is on no variable.
    left_screening = get(variables.AGI_STATUS) == "HANGUP" and not get(variables.SCREENED)
    service.meter.ended(end, counted=left_screening)
