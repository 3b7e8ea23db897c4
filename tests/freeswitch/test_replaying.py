"""The replaying FreeSWITCH against the recordings: driven by the recorded program's bytes it says the same.

CI has no FreeSWITCH: what is shown here is that the replay is true to fourteen sessions of a real one.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.freeswitch.callers import Agent, Caller, Fate, Moment
from tests.freeswitch.recorded import OF_THE_PROGRAM, OUTBOUND, Said, chunks, encoded, frames, said
from tests.freeswitch.replaying import Replaying

SPEED = 8.0
PORT = encoded("127.0.0.1:8084")
OPENING = bytes(range(1, 127)) * 200
COMPARED = (
    *("Answer-State", "Channel-State", "Call-Direction", "Caller-Direction"),
    *("Caller-Caller-ID-Number", "Caller-Caller-ID-Name", "Caller-ANI", "Caller-Destination-Number"),
    *("variable_hangup_cause", "variable_hangup_cause_q850", "variable_sip_hangup_disposition"),
    *("variable_originate_disposition", "variable_DIALSTATUS", "variable_read_result"),
)
"""What anyone goes by, beside what `essence` compares."""

SCRIPTS: dict[str, Caller] = {
    "agent_busy": Caller(agent=Agent(fate=Fate.BUSY, rings=0.02)),
    "agent_no_answer": Caller(agent=Agent(fate=Fate.NO_ANSWER, rings=3.16)),
    "bridged_human": Caller(agent=Agent(rings=0.32, talks=2.0)),
    "bridged_human_caller_hangs": Caller(agent=Agent(talks=9.0), leaves=(Moment.BRIDGED, 2.5)),
    "caller_cancels_before_answer": Caller(leaves=(Moment.ARRIVAL, 0.8)),
    "failed_ivr_no_digit": Caller(),
    "failed_ivr_wrong_digit": Caller(answers=((2.4, "3"),)),
    "hangup_mid_record": Caller(leaves=(Moment.RECORDING, 1.0)),
    "ivr_early_digit": Caller(early_keys=((1.6, "7"),)),
    "ivr_pass_bridged": Caller(answers=((2.4, "7"),)),
    "no_rtp": Caller(opening=None),
    "server_killed": Caller(),
    "server_killed_socket_resume": Caller(),
}
"""What caller and agent did in each recording."""


@contextmanager
def a_program() -> Iterator[tuple[tuple[str, int], socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30.0)
        yield listener.getsockname()[:2], listener


class Recorded:
    """The recorded program: it says what it said, each time after as many frames as it had heard then."""

    def __init__(self, name: str, connection: socket.socket, folder: Path) -> None:
        self.heard: list[Said] = []
        self.numbers: set[str] = set()
        self._connection = connection
        self._received = b""
        connection.settimeout(30.0)
        awaited, received = 0, b""
        for chunk in chunks(name):
            if chunk.side == "<":
                received += chunk.content
                awaited = len(list(frames(received)))
            elif chunk.side == ">":
                self._hear(awaited)
                connection.sendall(chunk.content.replace(b"/var/lib/fs/rec", str(folder).encode()))
            elif b"killed" in chunk.content:
                self._hear(awaited)
                connection.close()
                return
        self._hear(awaited)
        connection.close()

    def _hear(self, count: int) -> None:
        while len(self.heard) < count:
            received = self._connection.recv(65536)
            assert received, f"the switch has closed after {len(self.heard)} of {count} frames"
            self._received += received
            whole = list(frames(self._received))
            self.heard.extend(frame for frame, _ in whole)
            self._received = self._received[whole[-1][1] if whole else 0 :]


def essence(frame: Said) -> tuple[str, ...]:
    headers = frame.headers
    kinds = ("Content-Type", "Event-Name", "Application", "Application-Data", "Application-UUID")
    more = ("Application-Response", "DTMF-Digit", "Hangup-Cause", "Reply-Text")
    found = {name: headers.get(name, "") for name in (*kinds, *more)}
    if found["Application"] == "socket":
        found["Application-UUID"] = "of the dialplan"
    return (*found.values(), str(bool(frame.body)))


def as_recorded(frame: Said, folder: Path, address: tuple[str, int]) -> Said:
    """With the paths and the port as they were recorded."""
    body = frame.body.replace(encoded(str(folder)).encode(), b"/var/lib/fs/rec")
    return Said(0.0, frame.head, body.replace(encoded(f"{address[0]}:{address[1]}").encode(), PORT.encode()))


@pytest.mark.parametrize("name", OUTBOUND)
def test_driven_by_the_recorded_program_it_says_what_freeswitch_said(name: str, tmp_path: Path) -> None:
    script = SCRIPTS[name]
    announced = said(name)[0].headers
    caller = replace(
        script,
        recording=name,
        opening=OPENING if script.opening is not None else None,
        dnis=announced["Caller-Destination-Number"],
    )
    with a_program() as (address, listener), Replaying(address, speed=SPEED) as switch:
        outcome = switch.call(caller)
        program = Recorded(name, listener.accept()[0], tmp_path)
        outcome.wait()
        assert switch.failures == []
    recorded = said(name)
    heard = [as_recorded(frame, tmp_path, address) for frame in program.heard]
    assert [essence(frame) for frame in heard] == [essence(frame) for frame in recorded]
    for mine, real in zip(heard, recorded, strict=True):
        told, known = mine.headers, real.headers
        assert told.get("Unique-ID") in (None, outcome.uuid)
        assert {name: told.get(name) for name in COMPARED} == {name: known.get(name) for name in COMPARED}
        if told.get("Event-Name") in ("CHANNEL_DATA", "CHANNEL_HANGUP_COMPLETE"):
            assert names(told) == names(known)


def names(headers: dict[str, str]) -> set[str]:
    """The headers that a call of this kind has, those of programs and dialplans apart."""
    own = {f"variable_{name}" for name in OF_THE_PROGRAM}
    return {name for name in headers if not name.startswith("variable_SILENTSPAM_")} - own
