"""The scripted exchange against the real screening: it sees what became of each call, and every fault."""

import socket
from pathlib import Path

import pytest

from benchmarks.agi_call import FIRST_NUMBER, Caller, Sounds, place
from benchmarks.agi_peer import Exchange, even, poisson
from silentspam.call import Disposition, EndedBy
from silentspam.errors import ModelError
from silentspam.verdict import Verdict
from tests.benchmarks.fastagi import PROMPTS, serving
from tests.fakes import FakeJudge, Switch, ham, noise, spam, tone
from tests.serve.resident import PATIENCE, eventually

PACE = 0.02


class ByLevel(FakeJudge):
    """Takes what is quiet for dead air."""

    def judge(self, path: Path, *call: object) -> Verdict:
        loud = path.read_bytes() == tone().codes.tobytes()
        return ham() if loud else spam()


@pytest.fixture
def callers(tmp_path) -> dict[str, Caller]:
    loud, quiet = tmp_path / "loud.ulaw", tmp_path / "quiet.ulaw"
    loud.write_bytes(tone().codes.tobytes())
    quiet.write_bytes(noise().codes.tobytes())
    return {
        "person": Caller(name="person", opening=loud),
        "dead air": Caller(name="dead air", opening=quiet, challenged=True),
        "late person": Caller(name="late person", opening=quiet, challenged=True, presses=True),
    }


def exchange(server, **settings) -> Exchange:
    return Exchange(server.server_address, Sounds(PROMPTS), pace=PACE, patience=PATIENCE, **settings)


@pytest.mark.parametrize("whole", [True, False])
def test_every_kind_of_caller_is_screened_and_its_end_is_logged(tmp_path, callers, whole) -> None:
    kinds = [callers[name] for name in ("person", "dead air", "late person") for _ in range(5)]
    with serving(tmp_path / "recordings", ByLevel()) as server:
        done = exchange(server, whole_environment=whole).run(zip(even(200, 15), kinds, strict=True))
    assert {record.failed_open_cause for record in server.records} == {None}
    assert [notes.faults for notes in done.calls] == [[]] * 15
    assert [notes.caller for notes in done.calls] == kinds
    for notes in done.calls:
        moments = (notes.arrived, notes.greeted, notes.recorded, notes.next, notes.decided, notes.closed)
        assert list(moments) == sorted(moments)
        assert notes.ended > notes.closed
        assert (notes.asked is not None) is notes.caller.challenged
    assert 1 < done.open_most <= 15
    assert 0 < done.cpu <= done.seconds
    numbers = {record.call.ani for record in server.records}
    assert numbers == {end.call.ani for end in server.ends}
    assert len(numbers) == 15
    assert {end.call.call_id for end in server.ends} == {record.call.call_id for record in server.records}
    assert {(end.disposition, end.ended_by) for end in server.ends} == {
        (Disposition.BRIDGED, EndedBy.AGENT),
        (Disposition.REJECTED_CALLER_SILENCE, EndedBy.APP),
    }


def test_replies_are_those_of_the_switch_that_other_tests_have(callers) -> None:
    """Two stand-ins for one Asterisk must not drift apart."""
    from benchmarks.agi_call import Dialogue, Notes

    caller = callers["dead air"]
    notes = Notes(caller=caller, arrived=0.0)
    dialogue = Dialogue("screen", 0, notes, {b"CALLERID(ANI)": b"15550199"}, Sounds(PROMPTS))
    folder = caller.opening.parent
    switch = Switch(opening=caller.opening.read_bytes())
    for command in (
        'GET VARIABLE "CALLERID(ANI)"',
        'SET VARIABLE "SILENTSPAM_VERDICT" "HAM"',
        'GET VARIABLE "SILENTSPAM_VERDICT"',
        'SET VARIABLE "SILENTSPAM_CHALLENGE" ""',
        'GET VARIABLE "SILENTSPAM_CHALLENGE"',
        "ANSWER",
        'EXEC Playtones "ring"',
        f'RECORD FILE "{folder}/one" ulaw "" 2000',
        "CHANNEL STATUS",
        "WAIT FOR DIGIT 3000",
        "NO SUCH COMMAND",
    ):
        assert dialogue.answer(command.encode(), 1.0)[0] == switch.reply(command), command
    assert len(notes.faults) == 1
    assert set(dialogue.greeting("1.1").decode().splitlines()[0:1]) == {"agi_network: yes"}
    assert switch.environment.keys() <= {
        line.split(":")[0] for line in dialogue.greeting("1").decode().split("\n")
    }


def test_several_variables_are_set_and_read_at_once_as_asterisk_does(callers) -> None:
    """Measured on Asterisk 22.10: both work, and an unset variable is empty."""
    from benchmarks.agi_call import Dialogue, Notes

    dialogue = Dialogue("screen", 0, Notes(caller=callers["person"], arrived=0.0), {}, Sounds(PROMPTS))
    assert dialogue.answer(b'EXEC MSet "B1=one,B2=,ACTION=BRIDGE"', 1.0) == (b"200 result=0\n", 0.0)
    reply = dialogue.answer(b'GET FULL VARIABLE "${B1}|${B2}|${NOPE}|${ACTION}"', 1.0)
    assert reply == (b"200 result=1 (one|||BRIDGE)\n", 0.0)


def test_a_screener_that_fails_open_is_a_fault(tmp_path, callers) -> None:
    with serving(tmp_path / "recordings", FakeJudge(ModelError("no model"))) as server:
        done = exchange(server).run([(0.0, callers["person"]), (0.0, callers["dead air"])])
    faults = [" ".join(notes.faults) for notes in done.calls]
    assert all("SILENTSPAM_FAILED_OPEN is '1'" in fault for fault in faults)
    assert "dead air: not challenged" in faults[1]


def test_a_person_who_is_challenged_is_a_fault(tmp_path, callers) -> None:
    with serving(tmp_path / "recordings", FakeJudge(spam())) as server:
        done = exchange(server).run([(0.0, callers["person"])])
    assert done.calls[0].faults == ["person: REJECT in place of BRIDGE", "person: challenged"]


def test_a_session_that_breaks_off_or_hangs_is_a_fault_and_the_rest_goes_on(tmp_path, callers) -> None:
    def spoil(session) -> None:
        if session.env["agi_network_script"] == "ended":
            return
        number = int(session.env["agi_callerid"]) - FIRST_NUMBER
        if number == 0:
            session.stdin.raw._sock.shutdown(socket.SHUT_RDWR)
        if number == 1:
            eventually(lambda: sum(notes.ended is not None for notes in calls._calls) == 3)
            (hung,) = calls._sessions.values()
            hung.deadline = 0.0  # its time is over when all others have had theirs
            session.stdin.read()

    with serving(tmp_path / "recordings", ByLevel()) as server:
        server.spoil = spoil
        calls = exchange(server)
        done = calls.run((moment, callers["person"]) for moment in even(20, 4))
    assert "SILENTSPAM_SCREENED is ''" in done.calls[0].faults
    assert f"not over after {PATIENCE:.0f} s" in done.calls[1].faults
    assert [notes.faults for notes in done.calls[2:]] == [[], []]


def test_nobody_listening_is_a_fault_of_each_call(tmp_path, callers) -> None:
    with serving(tmp_path, FakeJudge()) as server:
        address = server.server_address
    done = Exchange(address, Sounds(PROMPTS), pace=PACE).run([(0.0, callers["person"])])
    assert done.calls[0].faults[0].startswith("no connection")


def test_arrivals_have_the_rate_asked_for() -> None:
    assert list(even(4, 3)) == [0.0, 0.25, 0.5]
    moments = list(poisson(100, 2000, seed=1))
    assert moments == sorted(moments)
    assert moments == list(poisson(100, 2000, seed=1))
    assert 15 < moments[-1] < 25


def test_an_opening_is_linked_or_copied(tmp_path) -> None:
    source, target = tmp_path / "one.ulaw", tmp_path / "two.ulaw"
    source.write_bytes(b"\xff" * 16)
    place(source, str(target))
    assert target.read_bytes() == source.read_bytes()
    place(source, str(target))  # it is there: what a hard link cannot replace, a copy can
    assert target.read_bytes() == source.read_bytes()
