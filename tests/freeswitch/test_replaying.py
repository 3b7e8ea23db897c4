"""The replaying FreeSWITCH against the recordings: driven by the recorded program's bytes it says the same.

CI has no FreeSWITCH: what is shown here is that the replay is true to fourteen sessions of a real one.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.freeswitch.callers import WRONG, Agent, Caller, Fate, Heard, Moment, Outcome
from tests.freeswitch.recorded import OF_THE_PROGRAM, OUTBOUND, Said, chunks, encoded, frames, said
from tests.freeswitch.replaying import Replaying
from tests.freeswitch.wire import Fault, Mishap
from tests.serve.resident import free_port

SPEED = 8.0
SLOWLY = {"hangup_mid_record": 3.0, "ivr_early_digit": 3.0}
"""Where the caller must do something between two commands of the program's, on a busy machine too."""
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
    with a_program() as (address, listener), Replaying(address, speed=SLOWLY.get(name, SPEED)) as switch:
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


# --- what is not in the recordings, but was measured --------------------------------------------------------


class Program:
    """A program by script: it says `connect` and runs applications, each to its end."""

    def __init__(self, listener: socket.socket) -> None:
        self._connection = listener.accept()[0]
        self._connection.settimeout(30.0)
        self._received = b""
        self.heard: list[Said] = []
        self.announced = self.ask("connect")
        self.ask("myevents")

    def ask(self, command: str) -> Said:
        """Its answer."""
        self._connection.sendall(f"{command}\n\n".encode())
        return self.hear(lambda frame: b"Event-Name: " not in frame.body)

    def run(self, application: str, argument: str = "") -> dict[str, str]:
        """The last event of an application."""
        number = f"{application} of the test"
        lines = [
            "sendmsg",
            "call-command: execute",
            f"execute-app-name: {application}",
            f"Event-UUID: {number}",
        ]
        self.ask("\n".join([*lines, *([f"execute-app-arg: {argument}"] if argument else [])]))
        return self.hear(lambda frame: is_end(frame.headers, number)).headers

    def hear(self, awaited: Callable[[Said], bool]) -> Said:
        while True:
            for frame, end in frames(self._received):
                self._received = self._received[end:]
                self.heard.append(frame)
                if awaited(frame):
                    return frame
                break
            else:
                received = self._connection.recv(65536)
                assert received, "the switch has closed"
                self._received += received

    def leave(self) -> None:
        self._connection.close()


def is_end(headers: dict[str, str], number: str) -> bool:
    event = headers.get("Event-Name")
    return event == "CHANNEL_HANGUP_COMPLETE" or (
        event == "CHANNEL_EXECUTE_COMPLETE" and headers.get("Application-UUID") == number
    )


@contextmanager
def a_call(caller: Caller, **options: Any) -> Iterator[tuple[Replaying, Outcome, Program]]:
    with a_program() as (address, listener), Replaying(address, speed=SPEED, **options) as switch:
        outcome = switch.call(caller)
        yield switch, outcome, Program(listener)
        assert switch.failures == []


def recording(outcome_of: Caller, path: Path, **variables: str) -> tuple[dict[str, str], bytes | None]:
    """The end of a recording of two seconds, and the file."""
    with a_call(outcome_of) as (_, outcome, program):
        program.run("answer")
        for name, value in variables.items():
            program.run("set", f"{name}={value}")
        program.run("record_session", str(path))
        program.run("playback", "tone_stream://%(2000,0,440,480)")
        ended = program.run("stop_record_session", str(path))
        program.leave()
        outcome.wait()
    return ended, path.read_bytes() if path.exists() else None


def test_the_recorder_fills_its_beginning_and_takes_one_zero_for_the_other(tmp_path: Path) -> None:
    opening = b"\x7f\x10\x7f" * 8000
    ended, codes = recording(Caller(opening=opening), tmp_path / "made" / "a.ulaw", RECORD_MIN_SEC="0")
    assert codes is not None
    fill = len(codes) - len(codes.lstrip(codes[:1]))
    assert fill - (codes[0] == 0xFF) in (480, 640)
    assert codes[fill - (codes[0] == 0xFF) :].startswith(b"\xff\x10\xff\xff\x10\xff")
    assert 16_000 <= len(codes) == int(ended["variable_record_samples"])
    assert len(codes) % 160 == 0


def test_a_recording_ends_by_itself_where_it_has_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.ulaw"
    with a_call(Caller(opening=OPENING)) as (_, _, program):
        program.run("set", "RECORD_MIN_SEC=0")
        program.run("record_session", f"{path} +1")
        program.run("sleep", "2000")
        assert 8000 <= path.stat().st_size <= 9600


def test_a_caller_without_rtp_leaves_a_constant_and_a_short_file_is_deleted(tmp_path: Path) -> None:
    _, codes = recording(Caller(opening=None), tmp_path / "a.ulaw", RECORD_MIN_SEC="0")
    assert codes is not None
    assert set(codes) == {0x7F}
    assert recording(Caller(opening=None), tmp_path / "b.ulaw")[1] is None


def test_a_recording_that_cannot_be_begun_ends_the_call_unless_told_not_to(below_a_file: Path) -> None:
    for told, ended_with in (("true", "DESTINATION_OUT_OF_ORDER"), ("false", None)):
        with a_call(Caller(agent=Agent(talks=0.1))) as (_, outcome, program):
            program.run("set", f"RECORD_HANGUP_ON_ERROR={told}")
            program.run("record_session", str(below_a_file / "a.ulaw"))
            program.leave()
            assert outcome.wait().hung_up_with == ended_with


def test_an_application_that_it_does_not_know_ends_the_call() -> None:
    with a_call(Caller()) as (_, outcome, program):
        assert program.run("no_such_thing")["Event-Name"] == "CHANNEL_HANGUP_COMPLETE"
        assert outcome.wait().hung_up_with == "DESTINATION_OUT_OF_ORDER"


def test_a_sound_that_is_missing_is_told_of_and_the_call_goes_on(tmp_path: Path) -> None:
    with a_call(Caller()) as (_, _, program):
        assert program.run("playback", str(tmp_path / "no.wav"))["Application-Response"] == "FILE NOT FOUND"
        assert program.run("playback", "silence_stream://20")["Application-Response"] == "FILE PLAYED"


@pytest.mark.parametrize(("terminators", "used"), [("any", "5"), ("123", ""), ("none", ""), ("345", "5")])
def test_keys_end_a_sound_as_its_terminators_say(tmp_path: Path, terminators: str, used: str) -> None:
    sound = tmp_path / "press-4.wav"
    sound.write_bytes(bytes(44 + 32_000))
    with a_call(Caller(answers=((0.5, WRONG),))) as (_, _, program):
        program.run("set", f"playback_terminators={terminators}")
        played = program.run("playback", str(sound))
    assert [frame.headers["DTMF-Digit"] for frame in program.heard if "DTMF-Digit" in frame.headers] == ["5"]
    assert played.get("variable_playback_terminator_used", "") == used


def test_variables_that_the_program_sets_are_in_every_later_event_and_what_it_unsets_is_not() -> None:
    with a_call(Caller()) as (_, outcome, program):
        assert program.announced.headers["variable_SILENTSPAM_GUARD"] == "agent XML public"
        said_so = program.ask(f"api uuid_setvar_multi {outcome.uuid} A=1;B=a b%;SILENTSPAM_GUARD=")
        assert (said_so.head, said_so.body) == (b"Content-Type: api/response\nContent-Length: 4", b"+OK\n")
        event = program.run("set", "C=x=y")
        assert (event["variable_A"], event["variable_B"], event["variable_C"]) == ("1", "a b%", "x=y")
        assert "variable_SILENTSPAM_GUARD" not in event
        assert program.ask("api uuid_setvar_multi nobody A=1").body.startswith(b"-ERR No such channel!")
        assert program.ask("api no_such_thing 1").body == b"-ERR no_such_thing Command not found!\n"
        assert program.ask("nonsense").headers["Reply-Text"] == "-ERR command not found"


def test_the_guard_takes_a_call_from_a_program_that_hangs() -> None:
    with a_call(Caller(guard_seconds=3.0, agent=Agent(talks=1.0))) as (_, outcome, program):
        program.run("answer")
        program.hear(lambda frame: frame.headers.get("Application") == "socket")
        outcome.wait()
    assert outcome.guard_fired
    assert outcome.heard(Heard.AGENT_RINGS)[0][0] >= 3.0


def test_a_guard_that_is_taken_off_or_moved_does_not_fire() -> None:
    with a_call(Caller(guard_seconds=2.0, agent=Agent(talks=0.1))) as (_, outcome, program):
        assert program.ask(f"api sched_del {outcome.uuid}").body == b"+OK Deleted: 1\n"
        assert program.ask(f"api sched_del {outcome.uuid}").body == b"+OK Deleted: 0\n"
        assert program.ask(f"api sched_transfer +5 {outcome.uuid} agent XML public").body == b"+OK\n"
        program.run("sleep", "3000")
        assert not outcome.guard_fired
        outcome.wait()
    assert outcome.guard_fired
    assert outcome.heard(Heard.AGENT_RINGS)[0][0] >= 5.0


def test_a_program_that_leaves_in_an_application_is_followed_by_the_dialplan_when_that_ends() -> None:
    with a_call(Caller(agent=Agent(talks=0.1))) as (_, outcome, program):
        program.ask("sendmsg\ncall-command: execute\nexecute-app-name: sleep\nexecute-app-arg: 2000")
        program.hear(lambda frame: frame.headers.get("Event-Name") == "CHANNEL_EXECUTE")
        program.leave()
        outcome.wait()
    assert outcome.heard(Heard.AGENT_RINGS)[0][0] >= 2.0
    assert not outcome.guard_fired


def test_what_comes_after_the_hangup_is_answered_and_never_done() -> None:
    with a_call(Caller(leaves=(Moment.ANSWER, 0.1))) as (_, _, program):
        program.ask("linger 5")
        program.run("answer")
        program.hear(lambda frame: frame.headers.get("Event-Name") == "CHANNEL_HANGUP_COMPLETE")
        answered = program.ask("sendmsg\ncall-command: execute\nexecute-app-name: answer\nEvent-UUID: 1")
        assert answered.headers["Content-Type"] in ("command/reply", "text/disconnect-notice")


def an_ear(switch: Replaying) -> socket.socket:
    return socket.create_connection(("127.0.0.1", switch.event_port), timeout=30.0)


@pytest.mark.parametrize("fate", Fate)
def test_how_a_call_ended_is_told_on_the_event_socket_with_our_variables(fate: Fate) -> None:
    caller = Caller(variables={"SILENTSPAM_CALL_ID": "a b"}, agent=Agent(fate=fate, talks=0.2))
    nobody = ("127.0.0.1", free_port())
    with Replaying(nobody, speed=SPEED, cuts=3) as switch, an_ear(switch) as ear:
        ear.sendall(b"auth ClueCon\n\nevent plain CHANNEL_HANGUP_COMPLETE\n\n")
        switch.wait_for_listeners()
        outcome = switch.call(caller).wait()
        received = b""
        while not (events := [frame for frame, _ in frames(received) if b"Event-Name" in frame.body]):
            received += ear.recv(65536)
    kinds = [frame.headers["Content-Type"] for frame, _ in list(frames(received))[:3]]
    told = events[0].headers
    assert kinds == ["auth/request", "command/reply", "command/reply"]
    assert (told["Unique-ID"], told["variable_SILENTSPAM_CALL_ID"]) == (outcome.uuid, "a b")
    assert (told["variable_DIALSTATUS"], told["Call-Direction"]) == (fate.dialstatus, "inbound")
    bridged = int(told["Caller-Channel-Bridged-Time"]) / 1e6
    assert abs(bridged - time.time()) < 600 if fate.answers else bridged == 0


def test_a_wrong_password_is_refused() -> None:
    with (
        Replaying(("127.0.0.1", 9)) as switch,
        socket.create_connection(("127.0.0.1", switch.event_port)) as ear,
    ):
        ear.sendall(b"auth wrong\n\n")
        ear.settimeout(30.0)
        received = b""
        while more := ear.recv(4096):
            received += more
    assert received.endswith(b"Content-Type: command/reply\nReply-Text: -ERR invalid\n\n")


@pytest.mark.parametrize("mishap", Mishap)
def test_a_fault_comes_to_pass_at_its_byte(mishap: Mishap) -> None:
    with a_program() as (address, listener), Replaying(address, speed=SPEED) as switch:
        outcome = switch.call(Caller(agent=Agent(talks=0.1)), fault=Fault(mishap, 3000))
        connection = listener.accept()[0]
        connection.settimeout(1.0)
        connection.sendall(b"connect\n\n")
        received = b""
        with suppress(TimeoutError):
            while more := connection.recv(65536):
                received += more
        connection.close()
        outcome.wait()
    whole = len(received) > 3000
    assert whole == (mishap is Mishap.GARBLES)
    assert len(received) == 3000 or mishap is Mishap.GARBLES
    assert bool(outcome.heard(Heard.LOST)) == (mishap is Mishap.DIES)
    assert outcome.reached_agent == (mishap is not Mishap.DIES)
