"""What each switch hears first: FreeSWITCH `connect`, whatever becomes of it, and no end too soon."""

import os
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import msgspec
import pytest

from silentspam.agi.session import MAX_ENVIRONMENT_LINES
from silentspam.config import Config
from silentspam.sections import FreeSwitchSection, ServerSection
from silentspam.serve import calls as calls_module
from silentspam.serve import front as front_module
from silentspam.serve import protocols
from silentspam.serve.calls import Calls
from silentspam.serve.doors import Doors, listen
from silentspam.serve.protocols import AGI, FREESWITCH, Leaving
from tests.serve.resident import PATIENCE, free_port
from tests.serve.switchboard import ANNOUNCEMENT, CONNECT
from tests.serve.test_front import Door


@pytest.fixture
def door() -> Iterator[Door]:
    door = Door(protocol=FREESWITCH)
    yield door
    door.close()


def heard(client: socket.socket) -> bytes:
    """All that is said until the end."""
    said = b""
    try:
        while received := client.recv(1000):
            said += received
    except ConnectionError:
        pass
    return said


def test_connect_is_said_before_anything_is_read(door: Door) -> None:
    with door.client() as client:
        door.turn_until(lambda: door.front.greetings)
        assert client.recv(100) == CONNECT
        client.sendall(ANNOUNCEMENT + b"Content-Type: x\n\n")
        door.turn_until(lambda: door.taken)
        assert door.taken[0][1] == ANNOUNCEMENT + b"Content-Type: x\n\n"
        assert door.refused == []


def test_an_announcement_is_the_same_byte_by_byte(door: Door) -> None:
    with door.client() as client:
        for begin in range(0, len(ANNOUNCEMENT), 97):
            client.sendall(ANNOUNCEMENT[begin : begin + 97])
            door.front.turn(0)
        door.turn_until(lambda: door.taken)
        assert door.taken[0][1] == ANNOUNCEMENT


def test_one_that_a_caller_has_lengthened_is_whole_up_to_its_limit(door: Door) -> None:
    longest = b"variable_sip_h_X: " + b"x" * (FREESWITCH.size - len(ANNOUNCEMENT) - 19) + b"\n" + ANNOUNCEMENT
    assert len(longest) == FREESWITCH.size
    with door.client() as client:
        client.setblocking(False)
        left = longest
        while left:
            try:
                left = left[client.send(left) :]
            except BlockingIOError:
                door.front.turn(0)
        door.turn_until(lambda: door.taken)
        assert door.taken[0][1] == longest


def test_who_is_refused_hears_connect_and_no_end_before_the_session_has_parked() -> None:
    door = Door(protocol=FREESWITCH, allowed=("192.0.2.0/24",))
    with closing(door), door.client() as client:
        begin = time.monotonic()
        door.turn_until(lambda: door.refused)
        assert not door.front.is_empty, "a drain waits for it"
        door.turn_until(lambda: door.front.is_empty)
        assert time.monotonic() - begin > FREESWITCH.held_seconds / 2
        assert heard(client) == CONNECT
        assert door.refused == ["address not allowed"]


def test_the_ends_of_those_who_leave_do_not_wait_for_something_to_happen(door: Door) -> None:
    with door.client(b"half of one"):
        door.turn_until(lambda: door.front.greetings)
    door.turn_until(lambda: door.refused)
    assert door.front.patience(PATIENCE) <= FREESWITCH.held_seconds


def test_too_many_greetings_hear_connect(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_module, "GREETINGS", 1)
    with door.client(b"a"), door.client(b"a") as second:
        door.turn_until(lambda: door.refused and len(door.front._leaving) == 0)
        assert door.refused == ["too many greetings"]
        assert heard(second) == CONNECT


def test_so_many_are_held_and_the_next_is_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocols, "LEAVING", 1)
    leaving, pairs = Leaving(FREESWITCH), [socket.socketpair() for _ in range(2)]
    for _, theirs in pairs:
        leaving.add(theirs)
    assert (len(leaving), pairs[1][0].recv(1)) == (1, b"")
    while leaving:
        time.sleep(leaving.patience(PATIENCE))
        leaving.look()
    assert pairs[0][0].recv(1) == b""
    for ours, _ in pairs:
        ours.close()


def test_without_descriptors_connect_is_said_all_the_same(door: Door) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        clients = [stack.enter_context(socket.socket()) for _ in range(3)]
        fillers = [stack.enter_context(socket.socket()) for _ in range(10)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(s.fileno() for s in fillers) + 1, hard))
        try:
            for client in clients:
                client.connect(door.address)
            door.turn_until(lambda: door.refused.count("no file descriptors") == 3 and door.front.is_empty)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert [heard(client) for client in clients] == [CONNECT] * 3
    with door.client(ANNOUNCEMENT):
        door.turn_until(lambda: door.taken)


def test_whoever_waits_when_the_door_is_closed_hears_connect_and_is_served(door: Door) -> None:
    with ExitStack() as stack:
        waiting = [stack.enter_context(socket.create_connection(door.address, PATIENCE)) for _ in range(100)]
        door.front.stop_accepting()
        for client in waiting:
            assert client.recv(100) == CONNECT
            client.sendall(ANNOUNCEMENT)
        door.turn_until(lambda: len(door.taken) == 100)


def test_a_flood_is_sent_on_as_gently(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls_module, "FLOOD", -1)
    calls = Calls(door.front._hub, limit=1, refused=door.refused.append, failed=print)
    with door.client(ANNOUNCEMENT) as client:
        door.turn_until(lambda: door.taken)
        connection, received = door.taken.pop()
        calls.take(connection, received, serve=lambda *_: None, ends=False, leave=door.front.leave)
        assert door.refused == ["flood"]
        assert connection.fileno() >= 0, "closed a moment later"
        door.turn_until(lambda: connection.fileno() < 0)
        assert heard(client) == CONNECT


def test_a_client_that_has_gone_before_connect_costs_nothing(door: Door) -> None:
    client = socket.create_connection(door.address, PATIENCE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # its end is a reset
    client.close()
    with door.client(ANNOUNCEMENT):
        door.turn_until(lambda: door.taken)


def test_asterisk_hears_nothing_and_is_closed_at_once() -> None:
    assert (AGI.opening, AGI.held_seconds, AGI.lines) == (b"", 0.0, MAX_ENVIRONMENT_LINES)
    leaving, (ours, theirs) = Leaving(AGI), socket.socketpair()
    leaving.add(theirs)
    assert (len(leaving), ours.recv(1)) == (0, b"")
    ours.close()


# --- the supervisor's sockets -------------------------------------------------------------------------------


def config(*, port: int, freeswitch: int | None) -> Config:
    return msgspec.structs.replace(
        Config(), server=ServerSection(port=port), freeswitch=FreeSwitchSection(port=freeswitch)
    )


def test_freeswitch_has_a_door_where_it_has_a_port() -> None:
    for freeswitch, doors in ((None, 1), (free_port(), 2)):
        with closing(Doors(config(port=free_port(), freeswitch=freeswitch))) as opened:
            assert len(opened.descriptors) == doors


def test_a_door_that_cannot_be_had_leaves_none_open() -> None:
    port, taken = free_port(), free_port()
    before = len(os.listdir("/proc/self/fd"))
    with closing(listen("freeswitch", "127.0.0.1", taken)):
        with pytest.raises(
            OSError, match=rf"freeswitch\.address 127\.0\.0\.1, freeswitch\.port {taken}: Addr"
        ):
            Doors(config(port=port, freeswitch=taken))
        with closing(listen("server", "127.0.0.1", port)):
            pass
    with pytest.raises(OSError, match=r"freeswitch\.address 192\.0\.2\.1, freeswitch\.port"):
        listen("freeswitch", "192.0.2.1", taken)
    assert len(os.listdir("/proc/self/fd")) == before


def test_who_waits_where_nobody_serves_is_sent_on_by_what_its_switch_needs() -> None:
    agi, esl = free_port(), free_port()
    with closing(Doors(config(port=agi, freeswitch=esl))) as doors, ExitStack() as stack:
        asterisk, freeswitch = (
            stack.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
            for port in (agi, esl)
        )
        doors.turn_away()
        assert heard(asterisk) == b""
        assert freeswitch.recv(100) == CONNECT
        freeswitch.setblocking(False)
        with pytest.raises(BlockingIOError):
            freeswitch.recv(1)
        freeswitch.settimeout(PATIENCE)
        time.sleep(FREESWITCH.held_seconds)
        doors.look()
        assert heard(freeswitch) == b""
