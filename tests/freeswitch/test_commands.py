"""Api commands over FreeSWITCH's own event socket, against a server on loopback that speaks as one."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from silentspam.errors import ChannelError
from silentspam.freeswitch.commands import commands, split_address
from silentspam.listening.event_socket import EventSockets
from tests.listening.test_notifying import ALERT

UUID = "873dee92-a3b2-441c-9bab-9d9f94003a06"


class Switch:
    """Takes connections one after the other, writes down what it is told, and answers by `answers`."""

    def __init__(self, answers: dict[str, str], password: str = "ClueCon") -> None:
        self.said: list[str] = []
        self._answers, self._password = answers, password
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"Content-Type: auth/request\n\n")
                while command := lines.readline().strip().decode():
                    lines.readline()
                    self.said.append(command)
                    connection.sendall(self._answer(command))

    def _answer(self, command: str) -> bytes:
        if command.startswith("auth "):
            right = command == f"auth {self._password}"
            text = "+OK accepted" if right else "-ERR invalid"
            return f"Content-Type: command/reply\nReply-Text: {text}\n\n".encode()
        body = self._answers.get(command.split()[1], "-ERR no reply\n").encode()
        return b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body


@pytest.fixture
def switch() -> Iterator[Switch]:
    one = Switch(
        {"version": "FreeSWITCH Version 1.10.12\n", "uuid_setvar_multi": "+OK\n", "uuid_record": "+OK\n"}
    )
    yield one
    one.close()


def test_what_a_command_prints(switch: Switch) -> None:
    with commands(switch.address, "ClueCon") as ours:
        assert ours.api("version") == "FreeSWITCH Version 1.10.12"
        assert ours.api("nothing") == "-ERR no reply"


def test_a_wrong_password_and_nobody_there_name_the_address(switch: Switch) -> None:
    with (
        pytest.raises(ChannelError, match=rf"{switch.address}: FreeSWITCH refuses freeswitch\.password"),
        commands(switch.address, "wrong"),
    ):
        pass
    with pytest.raises(ChannelError, match="refused"), commands("127.0.0.1:1", "ClueCon"):
        pass


@pytest.mark.parametrize("said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"x" * 300_000, b""])
def test_what_is_no_event_socket_is_told(said: bytes) -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(said)

    threading.Thread(target=serve, daemon=True).start()
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ChannelError, match=address), commands(address, "ClueCon", seconds=2.0):
        pass
    listener.close()


def test_addresses_of_both_families() -> None:
    assert split_address("127.0.0.1:8021") == ("127.0.0.1", 8021)
    assert split_address("[::1]:8021") == ("::1", 8021)


def test_an_alert_is_set_on_the_living_call_of_the_switch_that_has_it(switch: Switch, tmp_path: Path) -> None:
    other = Switch({"uuid_setvar_multi": "-ERR No such channel!\n"})
    ours = EventSockets([other.address, switch.address], "ClueCon")
    alert = replace(ALERT, uniqueid=UUID, live=True, line="bank;x")
    assert ours.tell(alert)
    (told,) = [said for said in switch.said if said.startswith("api")]
    assert told.startswith(f"api uuid_setvar_multi {UUID} SILENTSPAM_LINE=bank_x;SILENTSPAM_RISK=")
    assert other.said[-1] == told
    ours.stop_side(UUID, tmp_path / "a.ulaw")
    assert switch.said[-1] == f"api uuid_record {UUID} stop {tmp_path / 'a.ulaw'}"
    other.close()


def test_a_call_of_asterisk_and_one_that_is_over_are_left_alone(switch: Switch) -> None:
    ours = EventSockets([switch.address], "ClueCon")
    assert not ours.tell(replace(ALERT, live=True))
    assert not ours.tell(replace(ALERT, uniqueid=UUID, live=False))
    ours.stop_side("1795305177.12", Path("/tmp/a.ulaw"))
    assert not switch.said


def test_a_switch_that_cannot_be_asked_is_told_of_where_no_other_has_the_call(switch: Switch) -> None:
    with pytest.raises(ChannelError, match="refused"):
        EventSockets(["127.0.0.1:1"], "ClueCon").tell(replace(ALERT, uniqueid=UUID, live=True))
    assert EventSockets(["127.0.0.1:1", switch.address], "ClueCon").tell(
        replace(ALERT, uniqueid=UUID, live=True)
    )
