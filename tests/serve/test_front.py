"""Greetings: whole ones go on, all others cost a socket for a while and nothing lasting."""

import errno
import os
import resource
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.serve import front as front_module
from silentspam.serve.front import Front
from silentspam.serve.hub import Hub
from silentspam.serve.protocols import AGI, Protocol, split_greeting
from tests.fakes import Switch
from tests.serve.resident import PATIENCE

GREETING = Switch().greeting()


class Door:
    """A front on loopback, with what it took and what it refused."""

    def __init__(
        self,
        *,
        protocol: Protocol = AGI,
        allowed: tuple[str, ...] = ("127.0.0.0/8",),
        seconds: float = 5 * PATIENCE,
    ) -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        self.address = listener.getsockname()
        self.taken: list[tuple[socket.socket, bytes]] = []
        self.refused: list[str] = []
        self.front = Front(
            Hub(),
            listener,
            protocol=protocol,
            allowed=allowed,
            greeting_seconds=seconds,
            take=lambda connection, received: self.taken.append((connection, received)),
            refused=self.refused.append,
        )

    def client(self, *parts: bytes, wait: float = 0.05) -> socket.socket:
        client = socket.create_connection(self.address, timeout=PATIENCE)
        for part in parts:
            client.sendall(part)
            self.front.turn(wait)
        return client

    def close(self) -> None:
        self.front.stop_accepting()
        os.close(self.front._spare)
        for connection, _ in self.taken:
            connection.close()

    def turn_until(self, ask: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not ask():
            assert time.monotonic() < deadline
            self.front.turn(0.02)


@pytest.fixture
def door() -> Door:
    return Door()


def is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize("size", [1, 7, len(GREETING) - 1, len(GREETING)])
def test_a_greeting_is_taken_when_it_is_whole(door: Door, size: int) -> None:
    with door.client(*(GREETING[i : i + size] for i in range(0, len(GREETING), size))):
        door.turn_until(lambda: door.taken)
        assert door.taken[0][1] == GREETING
        assert door.front.greetings == 0
        assert door.refused == []


def test_what_comes_after_the_greeting_is_kept(door: Door) -> None:
    with door.client(GREETING + b"HANGUP\n"):
        door.turn_until(lambda: door.taken)
        assert door.taken[0][1] == GREETING + b"HANGUP\n"


@given(st.data())
def test_a_greeting_is_the_same_in_whatever_pieces_it_comes(data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(GREETING) - 1), max_size=5)))
    pieces = [GREETING[begin:end] for begin, end in pairwise([0, *cuts, len(GREETING)])]
    door = Door()
    with door.client(*pieces, wait=0.0):
        door.turn_until(lambda: door.taken)
        assert [received for _, received in door.taken] == [GREETING]
    door.close()


def test_an_empty_greeting_is_whole(door: Door) -> None:
    with door.client(b"\nHANGUP\n"):
        door.turn_until(lambda: door.taken)
        assert door.taken[0][1] == b"\nHANGUP\n"


@given(
    st.lists(
        st.binary(min_size=1, max_size=20).map(lambda line: line.replace(b"\n", b"") or b"x"), max_size=5
    ),
    st.binary(max_size=20),
)
def test_a_whole_greeting_is_split_at_its_empty_line(lines: list[bytes], rest: bytes) -> None:
    whole = b"".join(line + b"\n" for line in lines) + b"\n" + rest
    assert split_greeting(whole) == (b"\n".join(lines), rest)


def test_a_health_check_is_no_refusal(door: Door) -> None:
    door.client().close()
    door.turn_until(lambda: not door.front.greetings)
    assert door.refused == []


def test_a_truncated_greeting_is_let_go(door: Door) -> None:
    door.client(GREETING[:40]).close()
    door.turn_until(lambda: door.refused)
    assert door.refused == ["cut off"]
    assert door.front.greetings == 0


def test_a_slow_greeting_ends_in_time() -> None:
    door = Door(seconds=0.2)
    with door.client(b"agi_request: x\n") as client:
        door.turn_until(lambda: door.refused)
        assert door.refused == ["slow greeting"]
        assert is_closed(client)


@pytest.mark.parametrize("end", [b"", b"\n\n"], ids=["endless", "with an end"])
@pytest.mark.parametrize("garbage", [b"x" * (AGI.size + 1), b"x: y\n" * 300], ids=["long", "many lines"])
def test_garbage_is_no_greeting(door: Door, garbage: bytes, end: bytes) -> None:
    with door.client(garbage + end):
        door.turn_until(lambda: door.refused)
        assert door.refused == ["no AGI greeting"]


def test_hundreds_of_half_open_clients_hold_nobody_up(door: Door) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(door.client())
        door.turn_until(lambda: door.front.greetings == 300)
        stack.enter_context(door.client(GREETING))
        door.turn_until(lambda: door.taken)


def test_greetings_have_a_limit(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_module, "GREETINGS", 2)
    with door.client(b"a"), door.client(b"a"), door.client(b"a") as third:
        door.turn_until(lambda: door.refused)
        assert door.refused == ["too many greetings"]
        assert is_closed(third)


def test_an_address_that_is_not_allowed_is_closed_unread() -> None:
    door = Door(allowed=("192.0.2.0/24", "::1/128"))
    with door.client() as client:
        door.turn_until(lambda: door.refused)
        assert door.refused == ["address not allowed"]
        assert is_closed(client)


def test_without_descriptors_connections_are_closed_and_the_loop_goes_on(door: Door) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(3)]
        fillers = [stack.enter_context(socket.socket()) for _ in range(10)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(s.fileno() for s in fillers) + 1, hard))
        try:
            for client in clients:
                client.connect(door.address)
            door.turn_until(lambda: door.refused.count("no file descriptors") >= 3)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with door.client(GREETING):
            door.turn_until(lambda: door.taken)


def test_a_greeting_that_is_under_way_when_the_door_is_closed_is_taken(door: Door) -> None:
    with door.client(GREETING[:40]) as client:
        door.turn_until(lambda: door.front.greetings == 1)
        door.front.stop_accepting()
        client.sendall(GREETING[40:])
        door.turn_until(lambda: door.taken)
        assert door.taken[0][1] == GREETING


def test_nothing_is_accepted_after_the_door_is_closed(door: Door) -> None:
    door.front.stop_accepting()
    with pytest.raises(ConnectionRefusedError):
        door.client()


def test_a_descriptor_that_a_thread_took_is_waited_for(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    real, tries = os.open, iter([OSError(errno.EMFILE, "none left")])

    def sometimes(*arguments: object) -> int:
        if fault := next(tries, None):
            raise fault
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", sometimes)
    with door.client():
        door.front._turn_away()
        door.front._turn_away()
    monkeypatch.undo()
    with door.client(GREETING):
        door.turn_until(lambda: door.taken)
