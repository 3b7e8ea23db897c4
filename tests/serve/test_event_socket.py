"""FreeSWITCH's own event socket, heard over real TCP from a peer that refuses, dies, hangs and comes back."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from silentspam.freeswitch.frames import Headers
from silentspam.serve import event_socket
from silentspam.serve.event_socket import EventSocket
from tests.serve.ear import PASSWORD, Ear, hangup
from tests.serve.resident import PATIENCE, eventually, free_port


class Heard:
    """An event socket, what it heard, said, and failed with."""

    def __init__(self, address: str, password: str = PASSWORD) -> None:
        self.events: list[str] = []
        self.said: list[tuple[str, str]] = []
        self.failures: list[Exception] = []
        self.socket = EventSocket(
            address, password, hear=self._hear, say=self._say, failed=self.failures.append
        )

    def _hear(self, event: Headers) -> None:
        self.events.append(event.get("Unique-ID"))

    def _say(self, name: str, **facts: Any) -> None:
        self.said.append((name, str(facts.get("error", ""))))

    def __enter__(self) -> "Heard":
        self.socket.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.stop()
        self.socket.join(PATIENCE)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "LONGEST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(event_socket, "TURN_SECONDS", 0.02)
    monkeypatch.setattr(event_socket, "LAST_SECONDS", 0.02)


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as one:
        yield one


def test_it_hears_every_hangup_and_says_once_that_it_does(ear: Ear) -> None:
    with Heard(ear.address) as heard:
        eventually(lambda: heard.socket.heard)
        for uuid in ("a", "b"):
            ear.tell(hangup(uuid))
        eventually(lambda: heard.events == ["a", "b"])
    assert heard.said == [("event socket heard", "")]
    assert heard.failures == []
    assert not heard.socket.heard


def test_a_restart_is_said_once_and_what_ends_after_it_is_heard(ear: Ear) -> None:
    with Heard(ear.address) as heard:
        eventually(lambda: heard.socket.heard)
        ear.drop()
        eventually(lambda: ear.listeners == 1 and heard.socket.heard)
        ear.tell(hangup("after"))
        eventually(lambda: heard.events == ["after"])
    assert [name for name, _ in heard.said] == [
        "event socket heard",
        "event socket lost",
        "event socket heard",
    ]


def test_a_wrong_password_is_said_once_and_tried_again_with_a_pause(ear: Ear) -> None:
    with Heard(ear.address, "wrong") as heard:
        eventually(lambda: len(heard.failures) > 3)
        assert not heard.socket.heard
    assert heard.said == [
        ("event socket not heard", "ChannelError: FreeSWITCH refuses freeswitch.password: '-ERR invalid'")
    ]


def test_nobody_there_is_said_once_until_somebody_is() -> None:
    port = free_port()
    with Heard(f"127.0.0.1:{port}") as heard:
        eventually(lambda: len(heard.failures) > 2)
        with Ear(port):
            eventually(lambda: heard.socket.heard)
    assert [name for name, _ in heard.said][:2] == ["event socket not heard", "event socket heard"]
    assert "ConnectionRefusedError" in heard.said[0][1]


def test_the_pause_grows_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(event_socket, "LONGEST_PAUSE_SECONDS", 0.08)
    pauses: list[float] = []
    heard = Heard(f"127.0.0.1:{free_port()}")
    wait = threading.Event.wait

    def noted(event: threading.Event, timeout: float | None = None) -> bool:
        if threading.current_thread().name.startswith("event socket"):
            pauses.append(timeout or 0.0)
        return wait(event, timeout)

    monkeypatch.setattr(threading.Event, "wait", noted)
    with heard:
        eventually(lambda: len(pauses) >= 5)
    assert pauses[:5] == [0.02, 0.04, 0.08, 0.08, 0.08]


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\n\n", b"x" * 300_000, b"Content-Length: -1\n\n"]
)
def test_garbage_is_a_failure_and_the_next_connection_is_tried(ear: Ear, greeting: bytes) -> None:
    good, ear.greeting = ear.greeting, greeting
    with Heard(ear.address) as heard:
        eventually(lambda: len(heard.failures) > 1)
        ear.greeting = good
        eventually(lambda: heard.socket.heard)


def test_what_was_heard_before_garbage_is_kept(ear: Ear) -> None:
    with Heard(ear.address) as heard:
        eventually(lambda: heard.socket.heard)
        ear.tell(hangup("kept") + b"Content-Length: what\n\n")
        eventually(lambda: heard.failures and heard.events == ["kept"])


def test_one_that_hangs_before_it_lets_us_listen_is_left(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "GREETING_SECONDS", 0.05)
    ear.deaf = True
    with Heard(ear.address) as heard:
        eventually(lambda: ear.connections > 1)
        assert "has not let us listen within 0.05 s" in str(heard.failures[0])


def test_silence_is_asked_about_and_an_answer_is_a_sign_of_life(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_socket, "QUIET_SECONDS", 0.05)
    with Heard(ear.address) as heard:
        eventually(lambda: ear.said.count(b"api uptime\n\n") > 2)
        assert (ear.connections, heard.failures) == (1, [])


@pytest.mark.parametrize("half", [b"", hangup("half")[:4000]])
def test_one_that_hangs_or_stops_in_half_a_frame_is_connected_anew(
    ear: Ear, monkeypatch: pytest.MonkeyPatch, half: bytes
) -> None:
    monkeypatch.setattr(event_socket, "QUIET_SECONDS", 0.02)
    monkeypatch.setattr(event_socket, "SILENT_SECONDS", 0.1)
    with Heard(ear.address) as heard:
        eventually(lambda: heard.socket.heard)
        ear.deaf = True
        ear.tell(half)
        eventually(lambda: heard.failures)
        assert "has said nothing for 0.1 s" in str(heard.failures[0])
        ear.deaf = False
        eventually(lambda: heard.socket.heard and ear.connections > 1)


def test_what_was_sent_before_it_is_told_to_stop_is_read(ear: Ear) -> None:
    heard = Heard(ear.address)
    with heard:
        eventually(lambda: heard.socket.heard)
        for number in range(200):
            ear.tell(hangup(str(number)))
    assert len(heard.events) == 200


def test_it_stops_at_once_also_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "FIRST_PAUSE_SECONDS", PATIENCE)
    monkeypatch.setattr(event_socket, "LONGEST_PAUSE_SECONDS", PATIENCE)
    heard = Heard(f"127.0.0.1:{free_port()}")
    with heard:
        eventually(lambda: heard.failures)
        begun_at = time.monotonic()
    assert time.monotonic() < begun_at + PATIENCE / 2


def test_an_error_of_whoever_hears_costs_the_connection_alone(ear: Ear) -> None:
    heard = Heard(ear.address)
    heard.events = None  # type: ignore[assignment]
    with heard:
        eventually(lambda: heard.socket.heard)
        ear.tell(hangup("a"))
        eventually(lambda: heard.failures)
        heard.events = []
        eventually(lambda: ear.listeners > 1 and heard.socket.heard)
        ear.drop()
