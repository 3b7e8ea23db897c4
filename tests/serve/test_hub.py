"""The loop and its links: whatever a client does, each call goes on with its own, and none for ever."""

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.serve.hub import Hub, Link
from tests.serve.looping import Ends, soon, turn_until, within
from tests.serve.resident import PATIENCE

HUGE = 100_000_000
"""Bytes: more than any buffer of the kernel's takes."""


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def ends(hub: Hub) -> Iterator[Ends]:
    with closing(Ends(hub)) as ends:
        yield ends


def all_of(link: Link, size: int) -> bytes:
    """Everything up to the end."""
    whole = b""
    while received := link.receive(size, soon()):
        assert len(received) <= size
        whole += received
    return whole


# --- reading -----------------------------------------------------------------------------------------------


def test_a_call_runs_at_once_up_to_where_it_waits(hub: Hub, ends: Ends) -> None:
    told: list[bytes] = []

    def call() -> None:
        told.append(b"begun")
        told.append(ends.link.receive(100, soon()))

    hub.spawn(call)
    assert told == [b"begun"]
    ends.peer.sendall(b"hello")
    turn_until(hub, lambda: told == [b"begun", b"hello"])


def test_what_was_sent_before_anybody_watched_is_read(hub: Hub) -> None:
    ours, peer = socket.socketpair()
    with peer:
        peer.sendall(b"early")
        link = Link(hub, ours)
        assert within(hub, lambda: link.receive(100, soon())) == [b"early"]
        link.close()


def test_an_end_that_comes_with_the_last_bytes_is_read_after_them(hub: Hub, ends: Ends) -> None:
    """The kernel tells of both at once, and of neither again."""
    ends.peer.sendall(b"last words")
    ends.peer.close()
    assert within(hub, lambda: [ends.link.receive(100, soon()) for _ in range(3)]) == [
        [b"last words", b"", b""]
    ]


def test_an_end_is_read_where_the_last_bytes_filled_a_read(hub: Hub, ends: Ends) -> None:
    ends.peer.sendall(b"four")
    ends.peer.close()
    assert within(hub, lambda: all_of(ends.link, 4)) == [b"four"]


def test_a_client_that_closed_its_half_still_hears(hub: Hub, ends: Ends) -> None:
    def call() -> bytes:
        heard = all_of(ends.link, 100)
        ends.link.send(b"heard " + heard, soon())
        return heard

    ends.peer.sendall(b"that was all")
    ends.peer.shutdown(socket.SHUT_WR)
    assert within(hub, call) == [b"that was all"]
    assert ends.peer.recv(100) == b"heard that was all"


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(1, 50))
def test_all_comes_in_order_whatever_the_pieces_and_the_sizes_of_reads(
    pieces: list[bytes], size: int
) -> None:
    hub = Hub()
    with closing(Ends(hub)) as ends:
        received: list[bytes] = []
        hub.spawn(lambda: received.append(all_of(ends.link, size)))
        for piece in pieces:
            ends.peer.sendall(piece)
            hub.turn(0)
        ends.peer.close()
        turn_until(hub, lambda: received)
        assert received == [b"".join(pieces)]


def test_much_more_than_a_read_takes_comes_whole(hub: Hub, ends: Ends) -> None:
    sent = os.urandom(1_000_000)

    def speak() -> None:
        ends.peer.sendall(sent)
        ends.peer.close()

    speaker = threading.Thread(target=speak)
    speaker.start()
    (received,) = within(hub, lambda: all_of(ends.link, 4096))
    speaker.join()
    assert received == sent


# --- limits ------------------------------------------------------------------------------------------------


def test_a_read_ends_in_time_and_the_next_one_gets_what_came_after(hub: Hub, ends: Ends) -> None:
    def call() -> bytes:
        with pytest.raises(TimeoutError, match="nothing came in time"):
            ends.link.receive(100, time.monotonic() + 0.02)
        ends.peer.sendall(b"late")
        return ends.link.receive(100, soon())

    assert within(hub, call) == [b"late"]


def test_a_read_that_filled_its_size_ends_in_time_when_there_was_no_more(hub: Hub, ends: Ends) -> None:
    def call() -> bytes:
        received = ends.link.receive(4, soon())
        with pytest.raises(TimeoutError):
            ends.link.receive(4, time.monotonic() + 0.02)
        return received

    ends.peer.sendall(b"four")
    assert within(hub, call) == [b"four"]


def test_a_client_that_takes_nothing_is_waited_for_so_long_and_no_longer(hub: Hub, ends: Ends) -> None:
    def call() -> None:
        with pytest.raises(TimeoutError, match="took nothing in time"):
            ends.link.send(b"x" * HUGE, time.monotonic() + 0.1)

    within(hub, call)


def test_others_speak_on_while_a_client_takes_nothing(hub: Hub, ends: Ends) -> None:
    def deaf() -> None:
        with pytest.raises(BrokenPipeError):
            ends.link.send(b"x" * HUGE, soon())
        steps.append("cut")

    def other() -> None:
        with closing(Ends(hub)) as pair:
            for _ in range(20):
                pair.peer.sendall(b"ping")
                assert pair.link.receive(100, soon()) == b"ping"
                pair.link.send(b"pong", soon())
                assert pair.peer.recv(100) == b"pong"
                steps.append("spoken")
        ends.link.shut()

    steps: list[str] = []
    within(hub, deaf, other)
    assert steps == ["spoken"] * 20 + ["cut"]


def test_a_client_that_takes_its_time_gets_all_and_what_it_said_meanwhile_is_heard(
    hub: Hub, ends: Ends
) -> None:
    sent, taken = os.urandom(5_000_000), bytearray()

    def take() -> None:
        ends.peer.sendall(b"I am reading")
        while len(taken) < len(sent):
            taken.extend(ends.peer.recv(50_000))

    def call() -> bytes:
        ends.link.send(sent, soon())
        return ends.link.receive(100, soon())

    client = threading.Thread(target=take)
    client.start()
    assert within(hub, call) == [b"I am reading"]
    client.join()
    assert bytes(taken) == sent


def test_what_a_client_said_is_heard_though_it_took_nothing_in_time(hub: Hub, ends: Ends) -> None:
    def call() -> bytes:
        with pytest.raises(TimeoutError):
            ends.link.send(b"x" * HUGE, time.monotonic() + 0.2)
        return ends.link.receive(100, soon())

    heard: list[bytes] = []
    hub.spawn(lambda: heard.append(call()))
    ends.peer.sendall(b"HANGUP\n")  # while the call waits to be rid of what it has to say
    turn_until(hub, lambda: heard)
    assert heard == [b"HANGUP\n"]


def test_a_client_that_leaves_ends_a_send_that_waits(hub: Hub, ends: Ends) -> None:
    def call() -> None:
        with pytest.raises(ConnectionError):
            ends.link.send(b"x" * HUGE, soon())
        over.append(True)

    over: list[bool] = []
    hub.spawn(call)
    assert not over
    ends.peer.close()
    turn_until(hub, lambda: over)


# --- ends --------------------------------------------------------------------------------------------------


def test_whoever_waits_on_a_link_that_is_cut_reads_its_end(hub: Hub, ends: Ends) -> None:
    def cut() -> None:
        hub.pause(0.01)
        ends.link.shut()

    assert within(hub, lambda: ends.link.receive(100, soon()), cut) == [b"", None]
    ends.link.close()
    ends.link.shut()
    ends.link.close()
    assert ends.peer.recv(1) == b""


def test_an_event_of_a_descriptor_before_is_not_taken_for_the_end_of_the_one_after(
    hub: Hub, ends: Ends
) -> None:
    """One turn tells of both: the first closes the second's connection, whose number another call gets."""
    wake, waker = socket.socketpair()
    descriptor = ends.ours.fileno()
    made: list[Ends] = []
    reads: list[int] = []

    class Counted(Link):
        """Counts its looks at which event it was."""

        def _happen(self, events: int) -> None:
            reads.append(events)
            super()._happen(events)

    def swap(_events: int) -> None:
        hub.forget(wake.fileno())
        ends.link.close()
        other = Ends(hub)
        other.close()
        ours, other.peer = socket.socketpair()
        if ours.fileno() != descriptor:
            os.dup2(ours.fileno(), descriptor, inheritable=False)
            ours.close()
            ours = socket.socket(fileno=descriptor)
        other.ours, other.link = ours, Counted(hub, ours)
        made.append(other)

    hub.watch(wake.fileno(), swap)
    waker.sendall(b"x")
    ends.peer.close()
    hub.turn(1.0)
    assert [one.ours.fileno() for one in made] == [descriptor]
    assert any(events & select.EPOLLHUP for events in reads), "the event before was told to the one after"
    (other,) = made

    def call() -> list[bytes]:
        with pytest.raises(TimeoutError):
            other.link.receive(100, time.monotonic() + 0.5)
        steps.append("in time")
        other.peer.sendall(b"its own")
        return [other.link.receive(100, soon())]

    steps: list[str] = []
    heard, _ = within(hub, call, lambda: steps.append("beside"))
    assert heard == [b"its own"]
    assert steps == ["beside", "in time"], "the first looked again and again, and let nobody else go on"
    other.close()
    for end in (wake, waker):
        end.close()


def test_what_is_forgotten_within_a_turn_is_not_told_in_it(hub: Hub) -> None:
    with ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(2)]
        for end in (end for pair in pairs for end in pair):
            stack.enter_context(end)
        told: list[int] = []

        def forget_both(_events: int) -> None:
            told.append(1)
            for ours, _ in pairs:
                hub.forget(ours.fileno())

        for ours, theirs in pairs:
            hub.watch(ours.fileno(), forget_both)
            theirs.sendall(b"x")
        hub.turn(1.0)
        hub.turn(0)
        assert told == [1]


def test_what_the_kernel_does_not_watch_is_not_kept(hub: Hub, ends: Ends) -> None:
    with pytest.raises(FileExistsError):
        hub.watch(ends.ours.fileno(), lambda _: pytest.fail("nobody asked for it"))
    ends.peer.sendall(b"x")
    assert within(hub, lambda: ends.link.receive(1, soon())) == [b"x"]


# --- pauses ------------------------------------------------------------------------------------------------


def test_others_go_on_while_a_call_pauses(hub: Hub) -> None:
    steps: list[str] = []

    def call(name: str) -> None:
        for _ in range(2):
            steps.append(name)
            hub.pause(0.001)

    within(hub, lambda: call("a"), lambda: call("b"))
    assert steps[:2] == ["a", "b"], "the second began while the first paused"
    assert sorted(steps) == ["a", "a", "b", "b"]


def test_a_pause_is_no_shorter_than_was_asked_whatever_else_happens(hub: Hub, ends: Ends) -> None:
    def call() -> float:
        begin = time.monotonic()
        hub.pause(0.1)
        return time.monotonic() - begin

    ends.peer.sendall(b"x")
    assert within(hub, call, lambda: ends.link.receive(1, soon()))[0] >= 0.1


def test_outside_of_a_call_a_pause_sleeps(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(select, "select", lambda _r, _w, _x, seconds: slept.append(seconds))
    hub.pause(0.5)
    thread = threading.Thread(target=hub.pause, args=(0.25,))
    thread.start()
    thread.join(PATIENCE)
    assert slept == [0.5, 0.25]


def test_a_pause_of_another_hubs_call_sleeps(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call of one thread's loop cannot wait in another's."""
    slept: list[float] = []
    monkeypatch.setattr(select, "select", lambda _r, _w, _x, seconds: slept.append(seconds))

    def elsewhere() -> None:
        Hub().spawn(lambda: hub.pause(0.5))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join(PATIENCE)
    assert slept == [0.5]
