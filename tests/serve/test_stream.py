"""A connection as streams: whole lines in whatever pieces they come, and no wait without an end."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.errors import ChannelError, DeadlineExceeded
from silentspam.serve import stream as stream_module
from silentspam.serve.hub import Hub
from silentspam.serve.stream import RECEIVED_AT_ONCE, SocketStream
from tests.serve.looping import Ends, within
from tests.serve.resident import PATIENCE


class Client(Ends):
    """A connection, with a stream on our end, and a loop for whatever waits on it."""

    def __init__(self) -> None:
        self.hub = Hub()
        super().__init__(self.hub)

    def stream(
        self, *, received: bytes = b"", reply: float = PATIENCE, left: float = 5 * PATIENCE
    ) -> SocketStream:
        return SocketStream(
            self.link, received=received, reply_seconds=reply, deadline=time.monotonic() + left
        )

    def within(self, work: Callable[[], Any]) -> Any:
        """What a call's work returns or raises."""
        return within(self.hub, work)[0]


@pytest.fixture
def client() -> Iterator[Client]:
    with closing(Client()) as client:
        yield client


LINES = st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"") + b"\n"), max_size=8)


@given(LINES, st.data())
def test_lines_come_whole_in_whatever_pieces_they_were_sent(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    with closing(Client()) as client:
        reader = client.stream(received=whole[:cut])
        client.peer.sendall(whole[cut:])
        client.peer.close()
        assert client.within(lambda: [reader.readline(65_536) for _ in lines]) == lines
        assert client.within(lambda: reader.readline(65_536)) == b""


def test_half_a_line_comes_when_the_client_closes(client: Client) -> None:
    client.peer.sendall(b"200 resu")
    client.peer.close()
    assert client.within(lambda: client.stream().readline(100)) == b"200 resu"


def test_a_line_is_never_longer_than_its_limit(client: Client) -> None:
    client.peer.sendall(b"x" * 100)
    assert client.within(lambda: client.stream().readline(64)) == b"x" * 64


@pytest.mark.parametrize("size", [RECEIVED_AT_ONCE - 1, RECEIVED_AT_ONCE, 3 * RECEIVED_AT_ONCE])
def test_a_line_may_be_longer_than_what_is_received_at_once(client: Client, size: int) -> None:
    line = b"x" * (size - 1) + b"\n"
    client.peer.sendall(line + b"next\n")
    reader = client.stream()
    assert client.within(lambda: [reader.readline(65_536), reader.readline(65_536)]) == [line, b"next\n"]


def test_a_client_that_does_not_reply_is_an_error_and_no_hangup(client: Client) -> None:
    with pytest.raises(ChannelError, match=r"no reply within 0\.01 s \(server\.reply_seconds\)"):
        client.within(lambda: client.stream(reply=0.01).readline(100))


def test_the_deadline_is_said_once_and_then_there_is_time_to_hand_the_call_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "GRACE_SECONDS", PATIENCE)
    reader = client.stream(left=-1.0)
    with pytest.raises(DeadlineExceeded, match=r"limits\.screening_seconds"):
        client.within(lambda: reader.readline(100))
    client.peer.sendall(b"200 result=1\n")
    client.within(lambda: reader.write(b"SET VARIABLE\n"))
    assert client.within(lambda: reader.readline(100)) == b"200 result=1\n"
    assert not reader.unanswered


def test_a_deadline_that_passes_during_a_wait_is_the_deadline(client: Client) -> None:
    with pytest.raises(DeadlineExceeded):
        client.within(lambda: client.stream(left=0.02).readline(100))


def test_the_time_to_hand_the_call_back_has_an_end_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "GRACE_SECONDS", 0.02)
    reader = client.stream(left=-1.0)
    with pytest.raises(DeadlineExceeded):
        client.within(lambda: reader.readline(100))
    with pytest.raises(ChannelError, match="not even the time to hand the call back"):
        client.within(lambda: reader.readline(100))


def test_a_client_that_sends_a_byte_now_and_then_is_not_waited_for_beyond_the_deadline(
    client: Client,
) -> None:
    def drip() -> None:
        while not over:
            client.peer.send(b"x")
            client.hub.pause(0.01)

    def read() -> None:
        try:
            client.stream(left=0.3).readline(65_536)
        finally:
            over.append(True)

    over: list[bool] = []
    with pytest.raises(DeadlineExceeded):
        within(client.hub, read, drip)


def test_a_client_that_takes_nothing_is_not_waited_for(client: Client) -> None:
    with pytest.raises(TimeoutError):
        client.within(lambda: client.stream(reply=0.02).write(b"x" * 100_000_000))


def test_after_a_reply_that_did_not_come_nothing_more_is_said(client: Client) -> None:
    """A late reply would be taken for the answer to the next command."""
    stream = client.stream(reply=0.01)
    with pytest.raises(ChannelError, match="no reply"):
        client.within(lambda: stream.readline(100))
    client.peer.sendall(b"200 result=0\n")
    with pytest.raises(ChannelError, match="no reply"):
        client.within(lambda: stream.write(b"SET VARIABLE X 1\n"))
    with pytest.raises(ChannelError, match="no reply"):
        client.within(lambda: stream.readline(100))
    assert stream.unanswered
