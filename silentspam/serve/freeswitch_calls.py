"""What a worker does with a connection of FreeSWITCH whose announcement is there: screen the call.

The dialplan goes on when the connection ends, and only then. It must not end before the session has parked
(`serve.protocols`): the call would stay where it is, with its guard taken off.
"""

import time
from collections.abc import Callable
from contextlib import suppress

from silentspam import variables
from silentspam.call import CallRecord
from silentspam.errors import SilentSpamError
from silentspam.freeswitch.announced import call_from_announcement, id_for
from silentspam.freeswitch.channel import FreeSwitchChannel
from silentspam.freeswitch.dialogue import Dialogue
from silentspam.freeswitch.frames import REPLY, Headers
from silentspam.freeswitch.session import EslSession
from silentspam.serve.hub import Link
from silentspam.serve.protocols import FREESWITCH, split_greeting
from silentspam.serve.service import Service
from silentspam.serve.stream import GRACE_SECONDS


class FreeSwitchCalls:
    """The sessions of a worker, under whichever configuration they began."""

    def __init__(self, *, pause: Callable[[float], None] = time.sleep) -> None:
        """pause: lets other calls go on for so many seconds."""
        self._pause = pause

    def serve(self, service: Service, link: Link, received: bytes, *, full: bool) -> None:
        """One session to its end; full: the call is handed back at once."""
        started_at, may_end_at = time.time(), time.monotonic() + FREESWITCH.held_seconds
        greeting, received = split_greeting(received)
        announced = Headers(greeting)
        record = None
        try:
            if announced.variable(variables.SCREENED):
                _let_go(service, link, received)  # the dialplan has asked for the same call again
            elif announced.get("Content-Type") == REPLY and announced.get("Unique-ID"):
                record = _screen(service, link, announced, received, started_at, full=full)
            else:
                service.meter.refused(FREESWITCH.garbage)
        finally:
            if (early := may_end_at - time.monotonic()) > 0:
                self._pause(early)
            link.close()  # the caller goes on; what becomes of the row is no longer his affair
        if record is not None:
            service.add(record)


def _screen(
    service: Service, link: Link, announced: Headers, received: bytes, started_at: float, *, full: bool
) -> CallRecord:
    config = service.config
    stream = service.stream(link, received, full=full)
    dialogue = Dialogue(stream, EslSession(), reply_seconds=config.server.reply_seconds)
    call = call_from_announcement(announced, call_id=id_for(announced), started_at=started_at)
    channel = FreeSwitchChannel(
        dialogue,
        announced,
        early_media=config.freeswitch.early_media,
        ring=config.freeswitch.ring,
        legs=config.legs_folder,
        challenge_too=config.collection.caller_leg,
        longest=config.limits.screening_seconds + 2 * GRACE_SECONDS,
    )
    record = service.screen(call, channel, ring=bool(config.freeswitch.ring), full=full)
    if record.answered_at is None:
        _see_it_parked(dialogue)
    return record


def _let_go(service: Service, link: Link, received: bytes) -> None:
    dialogue = Dialogue(service.stream(link, received, full=True), EslSession())
    with suppress(SilentSpamError):
        dialogue.command("myevents")
        _see_it_parked(dialogue)


def _see_it_parked(dialogue: Dialogue) -> None:
    """A session runs an application only once it has parked: wait for one that changes nothing."""
    with suppress(SilentSpamError):
        dialogue.execute("set", f"{variables.SCREENED}=1")
