"""Connections and threads: room for so many, none for ever, and no defect that costs the next one."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from silentspam.errors import ChannelError
from silentspam.serve import calls as calls_module
from silentspam.serve.calls import Calls
from tests.serve.resident import eventually


@dataclass
class Hall:
    """Calls with two places, each call held until `release`."""

    refused: list[str] = field(default_factory=list)
    failed: list[Exception] = field(default_factory=list)
    served: list[bool] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.calls = Calls(limit=2, refused=self.refused.append, failed=self.failed.append)

    def serve(self, connection: socket.socket, received: bytes, full: bool) -> None:
        self.served.append(full)
        if not full and received != b"end":
            self.release.wait(20)
        if received == b"bad":
            raise ZeroDivisionError("a defect")
        if received == b"gone":
            raise ChannelError("the switch has gone")

    def come(self, received: bytes = b"", *, longest: float = 60.0) -> socket.socket:
        ours, theirs = socket.socketpair()
        self.calls.take(theirs, received, serve=self.serve, ends=received == b"end", longest=longest)
        return ours


@pytest.fixture
def hall() -> Iterator[Hall]:
    hall = Hall()
    yield hall
    hall.release.set()


def test_above_the_limit_a_call_is_handed_back_at_once(hall: Hall) -> None:
    clients = [hall.come() for _ in range(2)]
    eventually(lambda: len(hall.served) == 2)
    with hall.come() as third:
        assert third.recv(1) == b""
    assert hall.served == [False, False, True]
    assert hall.refused == ["full"]
    assert hall.calls.screenings == 2
    hall.release.set()
    eventually(lambda: hall.calls.open == 0)
    assert hall.calls.screenings == 0
    for client in clients:
        client.close()


def test_ends_of_calls_take_no_place(hall: Hall) -> None:
    clients = [hall.come(), hall.come()]
    with hall.come(b"end") as ended:
        assert ended.recv(1) == b""
    assert hall.refused == []
    for client in clients:
        client.close()


@pytest.mark.parametrize(("received", "error"), [(b"bad", ZeroDivisionError), (b"gone", ChannelError)])
def test_what_a_call_raises_is_told_and_costs_no_thread(
    hall: Hall, received: bytes, error: type[Exception]
) -> None:
    hall.release.set()
    for _ in range(5):
        with hall.come(received) as client:
            assert client.recv(1) == b""
    eventually(lambda: hall.calls.open == 0)
    assert [type(one) for one in hall.failed] == [error] * 5
    assert hall.calls.screenings == 0


def test_a_connection_past_its_time_is_cut_whatever_its_thread_does(hall: Hall) -> None:
    with hall.come(longest=-1.0) as overdue, hall.come() as in_time:
        assert hall.calls.cut_overdue() == 1
        assert overdue.recv(1) == b""
        in_time.setblocking(False)
        with pytest.raises(BlockingIOError):
            in_time.recv(1)


def test_a_flood_is_closed_unserved(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "FLOOD", 0)
    clients = [hall.come(), hall.come()]
    with hall.come() as third:
        assert third.recv(1) == b""
    assert hall.refused == ["flood"]
    hall.calls.cut_all()
    assert all(client.recv(1) == b"" for client in clients)
    for client in clients:
        client.close()


def test_more_than_can_be_told_that_there_is_no_room_are_closed_at_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_module, "HAND_BACKS", 0)
    clients = [hall.come(), hall.come()]
    with hall.come() as third:
        assert third.recv(1) == b""
    assert hall.refused == ["flood"]
    assert hall.calls.open == 2
    for client in clients:
        client.close()


def test_a_system_without_threads_costs_that_connection_alone(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr("concurrent.futures.ThreadPoolExecutor.submit", no_thread)
        with hall.come() as client:
            assert client.recv(1) == b""
    assert hall.refused == ["no thread"]
    assert (hall.calls.open, hall.calls.screenings) == (0, 0)
    hall.release.set()
    with hall.come() as client:
        assert client.recv(1) == b""
    assert hall.served == [False]
