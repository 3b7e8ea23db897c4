"""A connection as streams: whole lines in whatever pieces they come, and no wait without an end."""

import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.errors import ChannelError, DeadlineExceeded
from silentspam.serve.stream import SocketStream

Ends = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def stream(
    ours: socket.socket, *, received: bytes = b"", reply: float = 10.0, left: float = 60.0
) -> SocketStream:
    return SocketStream(ours, received=received, reply_seconds=reply, deadline=time.monotonic() + left)


@given(st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"") + b"\n"), max_size=8), st.data())
def test_lines_come_whole_in_whatever_pieces_they_were_sent(lines: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reader = stream(ours, received=whole[:cut])
        theirs.sendall(whole[cut:])
        theirs.shutdown(socket.SHUT_WR)
        assert [reader.readline(65_536) for _ in lines] == lines
        assert reader.readline(65_536) == b""


def test_half_a_line_comes_when_the_client_closes(ends: Ends) -> None:
    ends[1].sendall(b"200 resu")
    ends[1].close()
    assert stream(ends[0]).readline(100) == b"200 resu"


def test_a_line_is_never_longer_than_its_limit(ends: Ends) -> None:
    ends[1].sendall(b"x" * 100)
    assert stream(ends[0]).readline(64) == b"x" * 64


def test_a_client_that_does_not_reply_is_an_error_and_no_hangup(ends: Ends) -> None:
    with pytest.raises(ChannelError, match=r"no reply within 0\.01 s \(server\.reply_seconds\)"):
        stream(ends[0], reply=0.01).readline(100)


def test_the_deadline_is_said_once_and_then_there_is_time_to_hand_the_call_back(ends: Ends) -> None:
    reader = stream(ends[0], left=-1.0)
    with pytest.raises(DeadlineExceeded, match=r"limits\.screening_seconds"):
        reader.readline(100)
    ends[1].sendall(b"200 result=1\n")
    reader.write(b"SET VARIABLE\n")
    assert reader.readline(100) == b"200 result=1\n"


def test_a_deadline_that_passes_during_a_wait_is_the_deadline(ends: Ends) -> None:
    with pytest.raises(DeadlineExceeded):
        stream(ends[0], left=0.02).readline(100)


def test_a_client_that_takes_nothing_holds_no_thread(ends: Ends) -> None:
    writer = stream(ends[0], reply=0.02)
    with pytest.raises(OSError, match="temporarily unavailable"):
        writer.write(b"x" * 100_000_000)


def test_after_a_reply_that_did_not_come_nothing_more_is_said() -> None:
    """A late reply would be taken for the answer to the next command."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = SocketStream(ours, reply_seconds=0.01, deadline=time.monotonic() + 60)
        with pytest.raises(ChannelError, match="no reply"):
            stream.readline(100)
        theirs.sendall(b"200 result=0\n")
        with pytest.raises(ChannelError, match="no reply"):
            stream.write(b"SET VARIABLE X 1\n")
        with pytest.raises(ChannelError, match="no reply"):
            stream.readline(100)
        assert stream.unanswered
