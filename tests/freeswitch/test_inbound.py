"""The connection to FreeSWITCH's own event socket, against recorded bytes of a real one, and against any."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.errors import ChannelError
from silentspam.freeswitch.frames import LONGEST_HEAD
from silentspam.freeswitch.inbound import InboundSession
from tests.freeswitch.recorded import chunks, said

REQUEST = b"Content-Type: auth/request\n\n"
ACCEPTED = b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
ENABLED = b"Content-Type: command/reply\nReply-Text: +OK event listener enabled plain\n\n"
GREETED = REQUEST + ACCEPTED + ENABLED


def event(name: str = "CHANNEL_HANGUP_COMPLETE", uuid: str = "1") -> bytes:
    body = f"Event-Name: {name}\nUnique-ID: {uuid}\n\n".encode()
    return f"Content-Length: {len(body)}\nContent-Type: text/event-plain\n\n".encode() + body


def reply(text: str) -> bytes:
    return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()


def test_it_gives_the_password_when_asked_and_then_wants_the_ends() -> None:
    session = InboundSession("lab-only")
    session.feed(b"")
    assert session.take_to_send() == b""
    session.feed(REQUEST)
    assert session.take_to_send() == b"auth lab-only\n\n"
    session.feed(ACCEPTED)
    assert session.take_to_send() == b"event plain CHANNEL_HANGUP_COMPLETE\n\n"
    assert not session.listening
    session.feed(ENABLED)
    assert session.listening
    assert session.take_to_send() == b""


def test_the_recorded_connection_tells_both_legs_of_the_call() -> None:
    session = InboundSession("lab-only")
    for chunk in chunks("inbound_esl_park"):
        if chunk.side == "<":
            session.feed(chunk.content)
    assert [one.get("Call-Direction") for one in session.take_events()] == ["inbound", "outbound"]
    assert session.take_events() == []


def test_other_events_than_ends_are_passed_over() -> None:
    session = InboundSession("x")
    session.feed(GREETED + event("HEARTBEAT") + event("CHANNEL_PARK") + event())
    assert len(session.events) == 1


def test_a_sign_of_life_is_asked_for_once_it_listens_and_its_answer_is_none_of_ours() -> None:
    session = InboundSession("x")
    assert session.ask() == b""
    session.feed(GREETED)
    assert session.ask() == b"api uptime\n\n"
    session.feed(b"Content-Type: api/response\nContent-Length: 3\n\n77\n" + reply("-ERR command not found"))
    assert (session.listening, session.events) == (True, [])


@pytest.mark.parametrize(
    ("received", "said"),
    [
        (REQUEST + reply("-ERR invalid"), "refuses freeswitch.password: '-ERR invalid'"),
        (REQUEST + ACCEPTED + reply("-ERR no keywords supplied"), "tells no CHANNEL_HANGUP_COMPLETE"),
        (
            b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n",
            "apply-inbound-acl",
        ),
        (
            GREETED + b"Content-Type: text/disconnect-notice\nContent-Length: 1\n\nx",
            "FreeSWITCH has taken its leave",
        ),
        (ACCEPTED, "before any password"),
        (REQUEST + REQUEST, "'auth/request' is nothing"),
        (b"HTTP/1.1 400 Bad Request\nContent-Type: text/html\n\n", "'text/html' is nothing"),
        (b"220 mail.example ESMTP\n\n", "'' is nothing"),
        (b"Content-Type: api/response\n\n", "'api/response' is nothing"),
        (b"Content-Length: 99999999\n\n", "is no length up to"),
        (b"x" * (LONGEST_HEAD + 1), "headers of more than"),
    ],
)
def test_who_refuses_or_is_no_freeswitch_is_a_clear_error(received: bytes, said: str) -> None:
    session = InboundSession("secret")
    with pytest.raises(ChannelError, match=re.escape(said)) as raised:
        session.feed(received)
    assert "secret" not in str(raised.value)


def test_a_password_that_would_be_two_commands_is_refused() -> None:
    with pytest.raises(ChannelError, match=r"freeswitch\.password"):
        InboundSession("x\n\napi shutdown")


def test_what_was_heard_before_garbage_is_not_lost() -> None:
    session = InboundSession("x")
    with pytest.raises(ChannelError):
        session.feed(GREETED + event(uuid="kept") + b"garbage\n\n")
    assert [one.get("Unique-ID") for one in session.take_events()] == ["kept"]


@given(st.lists(st.integers(1, 4000), max_size=30))
def test_however_it_is_cut_the_same_is_heard(sizes: list[int]) -> None:
    received = b"".join(chunk.content for chunk in chunks("inbound_esl_park") if chunk.side == "<")
    session, begin = InboundSession("x"), 0
    for size in [*sizes, len(received)]:
        session.feed(received[begin : begin + size])
        begin += size
    whole = [one.body for one in said("inbound_esl_park") if b"HANGUP_COMPLETE" in one.body]
    assert [one.get("Unique-ID").encode() in body for one, body in zip(session.events, whole, strict=True)]


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                [REQUEST, ACCEPTED, ENABLED, GREETED, event(), b"Content-Length: 5\n", b"\n\n", b"\n"]
            ),
        ),
        max_size=20,
    )
)
def test_any_bytes_are_heard_or_refused_and_nothing_else_is_raised(pieces: list[bytes]) -> None:
    session = InboundSession("x")
    for piece in pieces:
        try:
            session.feed(piece)
        except ChannelError:
            break
        assert session.take_to_send().count(b"\n\n") <= 4
