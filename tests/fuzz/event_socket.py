"""The target that FreeSWITCH's own event socket is: frames, and the ends of calls in them."""

import contextlib
from collections.abc import Sequence

from silentspam.errors import ChannelError
from silentspam.freeswitch.ended import call_end, was_counted
from silentspam.freeswitch.inbound import InboundSession
from tests.freeswitch.recorded import chunks
from tests.fuzz.dialogues import check_end
from tests.fuzz.target import Target


def hangups(content: bytes) -> None:
    """Whatever FreeSWITCH says: what can be heard of it are ends fit for the log, the rest is refused."""
    session = InboundSession("x")
    with contextlib.suppress(ChannelError):
        session.feed(content)
    for event in session.take_events():
        was_counted(event)
        if end := call_end(event, heard_at=1.8e9):
            check_end(end)


def _seeds() -> Sequence[bytes]:
    recorded = b"".join(chunk.content for chunk in chunks("inbound_esl_park") if chunk.side == "<")
    greeting, body = recorded[: recorded.index(b"Content-Length")], b"Event-Name: CHANNEL_HANGUP_COMPLETE\n"
    body += (
        b"Unique-ID: 1\nCaller-ANI: %2B15550199\nCaller-Channel-Hangup-Time: 1795305177566519\n"
        b"variable_SILENTSPAM_STARTED_AT: 1795305173\nvariable_DIALSTATUS: BUSY\nvariable_cc_queue: a\n\n"
    )
    event = b"Content-Length: %d\nContent-Type: text/event-plain\n\n%s" % (len(body), body)
    return greeting + event, event + greeting, greeting + event[:-20], b"Content-Length: 5\n\n12345"


TARGETS = (Target(name="hangup-events", read=hangups, seeds=_seeds),)
