"""Connections and their calls: room for so many, and no defect of one that costs another or the loop."""

import random
import resource
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field

import pytest

from silentspam.errors import ChannelError
from silentspam.serve import calls as calls_module
from silentspam.serve.calls import Calls
from silentspam.serve.hub import Hub, Link
from silentspam.serve.stream import SocketStream
from tests.serve.looping import soon, turn_until
from tests.serve.resident import PATIENCE

CROWD = 2_000
ROUNDS = 5
"""Questions that each call of the crowd asks."""


@dataclass
class Hall:
    """Calls with two places, each call held until its client speaks or leaves."""

    hub: Hub = field(default_factory=Hub)
    refused: list[str] = field(default_factory=list)
    failed: list[Exception] = field(default_factory=list)
    served: list[bool] = field(default_factory=list)
    over: list[bytes] = field(default_factory=list)
    clients: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.calls = Calls(self.hub, limit=2, refused=self.refused.append, failed=self.failed.append)

    def serve(self, link: Link, received: bytes, full: bool) -> None:
        self.served.append(full)
        try:
            if received == b"bad at once":
                raise ZeroDivisionError("a defect")
            if received == b"deaf":
                link.send(b"x" * 100_000_000, soon())
            if received == b"pause":
                self.hub.pause(0.05)
            if not full and received != b"end":
                link.receive(100, soon())
            if received == b"bad":
                raise ZeroDivisionError("a defect")
            if received == b"gone":
                raise ChannelError("the switch has gone")
        finally:
            self.over.append(received)

    def come(self, received: bytes = b"") -> socket.socket:
        ours, theirs = socket.socketpair()
        ours.settimeout(PATIENCE)
        self.clients.append(ours)
        self.calls.take(theirs, received, serve=self.serve, ends=received == b"end")
        return ours


@pytest.fixture
def hall() -> Iterator[Hall]:
    hall = Hall()
    yield hall
    hall.calls.cut_all()
    turn_until(hall.hub, lambda: hall.calls.open == 0)
    for client in hall.clients:
        client.close()


def test_above_the_limit_a_call_is_handed_back_at_once(hall: Hall) -> None:
    clients = [hall.come() for _ in range(2)]
    assert hall.come().recv(1) == b""
    assert hall.served == [False, False, True]
    assert hall.refused == ["full"]
    assert (hall.calls.screenings, hall.calls.open) == (2, 2)
    for client in clients:
        client.sendall(b"x")
    turn_until(hall.hub, lambda: hall.calls.open == 0)
    assert hall.calls.screenings == 0
    assert [client.recv(1) for client in clients] == [b"", b""]


def test_a_place_that_is_free_again_is_taken(hall: Hall) -> None:
    first, _ = hall.come(), hall.come()
    first.close()
    turn_until(hall.hub, lambda: hall.calls.screenings == 1)
    hall.come()
    assert hall.served == [False, False, False]
    assert hall.refused == []


def test_ends_of_calls_take_no_place(hall: Hall) -> None:
    hall.come()
    hall.come()
    assert hall.come(b"end").recv(1) == b""
    assert hall.refused == []


@pytest.mark.parametrize(
    ("received", "error"),
    [(b"bad at once", ZeroDivisionError), (b"bad", ZeroDivisionError), (b"gone", ChannelError)],
)
def test_what_a_call_raises_is_told_and_costs_neither_a_place_nor_the_loop(
    hall: Hall, received: bytes, error: type[Exception]
) -> None:
    held = hall.come()
    for _ in range(5):
        client = hall.come(received)
        with suppress(BrokenPipeError):
            client.sendall(b"x")
        turn_until(hall.hub, lambda: hall.calls.open == 1)
        assert client.recv(1) == b""
    assert [type(one) for one in hall.failed] == [error] * 5
    assert hall.calls.screenings == 1
    held.sendall(b"x")
    turn_until(hall.hub, lambda: hall.over[-1:] == [b""])


def test_every_call_can_be_cut_whatever_it_waits_for(hall: Hall) -> None:
    clients = [hall.come(b"deaf"), hall.come(b"pause"), hall.come(b"end")]
    hall.calls.cut_all()
    turn_until(hall.hub, lambda: hall.calls.open == 0)
    assert sorted(hall.over) == [b"deaf", b"end", b"pause"]
    assert [type(error) for error in hall.failed] == [BrokenPipeError], "who was being spoken to"
    for client in clients:
        while client.recv(1_000_000):
            pass


def test_a_flood_is_closed_unserved(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "FLOOD", 0)
    clients = [hall.come(), hall.come()]
    assert hall.come().recv(1) == b""
    assert hall.come(b"end").recv(1) == b""
    assert hall.refused == ["flood", "flood"]
    hall.calls.cut_all()
    assert all(client.recv(1) == b"" for client in clients)


def test_more_than_can_be_told_that_there_is_no_room_are_closed_at_once(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_module, "HAND_BACKS", 1)
    hall.come()
    hall.come()
    told = hall.come(b"pause")
    assert hall.come().recv(1) == b""
    assert hall.refused == ["full", "flood"]
    assert hall.calls.open == 3
    turn_until(hall.hub, lambda: hall.calls.open == 2)
    assert told.recv(1) == b""
    assert hall.come().recv(1) == b""
    assert hall.refused == ["full", "flood", "full"]


def test_a_connection_that_the_kernel_does_not_watch_costs_itself_alone(hall: Hall) -> None:
    ours, theirs = socket.socketpair()
    hall.hub.watch(theirs.fileno(), lambda _: None)  # once is all that epoll allows
    with ours:
        hall.calls.take(theirs, b"", serve=hall.serve, ends=False)
        assert ours.recv(1) == b""
    assert [type(error) for error in hall.failed] == [FileExistsError]
    assert (hall.calls.open, hall.calls.screenings, hall.served) == (0, 0, [])
    hall.come()
    assert hall.served == [False]


def test_without_memory_for_another_call_that_connection_alone_is_closed(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("silentspam.serve.hub.greenlet", no_memory)
        assert hall.come().recv(1) == b""
    assert [type(error) for error in hall.failed] == [MemoryError]
    assert (hall.calls.open, hall.calls.screenings) == (0, 0)
    hall.come()
    assert hall.served == [False]


# --- many --------------------------------------------------------------------------------------------------


@pytest.fixture
def descriptors() -> Iterator[None]:
    """As many descriptors as a crowd takes, both ends of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * CROWD + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"this machine allows {hard} descriptors, and {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("descriptors")
def test_two_thousand_calls_at_once_get_each_its_own_replies() -> None:
    hub, failed, heard = Hub(), list[Exception](), dict[str, list[str]]()
    calls = Calls(hub, limit=CROWD, refused=lambda why: pytest.fail(why), failed=failed.append)

    def serve(link: Link, received: bytes, full: bool) -> None:
        name = received.decode()
        stream = SocketStream(link, reply_seconds=PATIENCE, deadline=soon(10 * PATIENCE))
        for number in range(ROUNDS):
            stream.write(f"{name} asks {number}\n".encode())
            heard.setdefault(name, []).append(stream.readline(1000).decode())

    peers = []
    for number in range(CROWD):
        peer, theirs = socket.socketpair()
        peer.setblocking(False)
        peers.append(peer)
        calls.take(theirs, str(number).encode(), serve=serve, ends=False)
    assert calls.screenings == CROWD

    def answer_some() -> bool:
        for peer in shuffler.sample(peers, len(peers) // 3):
            with suppress(BlockingIOError):
                if asked := peer.recv(1000):
                    peer.sendall(asked.replace(b"asks", b"is told"))
        return calls.open == 0

    shuffler = random.Random(1)
    turn_until(hub, answer_some)
    assert failed == []
    assert heard == {
        str(number): [f"{number} is told {which}\n" for which in range(ROUNDS)] for number in range(CROWD)
    }
    for peer in peers:
        with closing(peer):
            peer.setblocking(True)
            assert peer.recv(1) == b""
