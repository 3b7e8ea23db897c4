"""What goes wrong between `silentspam serve` and FreeSWITCH: no caller is lost, and every call has its row.

CI has no FreeSWITCH: it is played by the replay, and does what was measured when the program fails.
"""

import os
import random
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.freeswitch.callers import WRONG, Agent, Caller, Fate, Heard, Outcome
from tests.freeswitch.replaying import Replaying
from tests.freeswitch.screened import DEAD_AIR, PATIENT_GUARD, SPEECH, Office, an_office
from tests.freeswitch.wire import Fault, Mishap
from tests.serve.resident import eventually, free_port

HUMAN = Caller(opening=SPEECH, guard_seconds=PATIENT_GUARD)
SUSPECT = replace(HUMAN, opening=DEAD_AIR)
BYTES = 90_000
"""Of a call's output, about."""


def said(outcome: Outcome, text: str) -> bool:
    return any(text in command for command in list(outcome.commands))


# --- the program is not there -------------------------------------------------------------------------------


def test_where_nobody_listens_the_agent_rings_at_once() -> None:
    with Replaying(("127.0.0.1", free_port()), speed=4.0) as switch:
        outcome = switch.call(HUMAN).wait()
    assert outcome.reached_agent
    assert (outcome.connected, outcome.guard_fired) == (False, False)


@pytest.mark.parametrize("ends", [True, False], ids=["closes before connect", "never says connect"])
def test_only_the_guard_helps_where_connect_is_not_said(ends: bool) -> None:
    """Measured of FreeSWITCH, and why the server says `connect` before anything else."""
    held = []
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, Replaying(listener.getsockname()[:2], speed=20.0) as switch:
        outcome = switch.call(replace(HUMAN, guard_seconds=15.0))
        connection = listener.accept()[0]
        connection.close() if ends else held.append(connection)
        outcome.wait()
    assert outcome.guard_fired
    assert outcome.heard(Heard.AGENT_RINGS)[0][0] >= 15.0


# --- the program fails --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Office]:
    waits = {"reply_seconds": 2.0, "greeting_seconds": 3.0}
    limits, asked = {"screening_seconds": 40}, {"attempts": 1}
    folder = tmp_path_factory.mktemp("office")
    with an_office(folder, model_folder, server=waits, limits=limits, challenge=asked) as one:
        yield one


@pytest.mark.parametrize("stage", ["answer", "playback", "press-"])
def test_a_worker_that_is_killed_leaves_its_caller_to_the_agent(office: Office, stage: str) -> None:
    (worker,) = eventually(lambda: office.server.children("worker"))
    eventually(lambda: office.server.page("/readyz")[0] == 200)
    outcome = office.begin(SUSPECT)
    eventually(lambda: said(outcome, stage))
    os.kill(worker, signal.SIGKILL)
    outcome.wait()
    assert outcome.reached_agent
    assert (outcome.guard_fired, outcome.hung_up_with) == (False, None)
    found = office.row_of(outcome, "ended_at")
    assert (found["disposition"], found["failed_open"]) == ("BRIDGED", 1)
    eventually(lambda: office.server.children("worker") not in ([], [worker]))
    assert office.row_of(office.call(HUMAN), "screened_at", "ended_at")["verdict"] == "HAM"


@pytest.mark.parametrize("stage", ["playback", "press-"])
def test_a_worker_that_hangs_loses_the_call_to_the_guard_and_lets_it_be(office: Office, stage: str) -> None:
    """While it hangs the guard takes the call; when it goes on, nothing is done to a caller with an agent."""
    (worker,) = eventually(lambda: office.server.children("worker"))
    eventually(lambda: office.server.page("/readyz")[0] == 200)
    caller = replace(SUSPECT, guard_seconds=24.0, agent=Agent(fate=Fate.AGENT_ENDS, talks=16.0))
    outcome = office.begin(caller)
    eventually(lambda: said(outcome, stage))
    os.kill(worker, signal.SIGSTOP)
    try:
        if stage == "press-":
            # The guard has moved as far as a challenge can take: what it does then is done now.
            office.switch.loop.give(lambda: office.switch.find(outcome.uuid).guard_fires())
        eventually(lambda: outcome.heard(Heard.WITH_AGENT))
    finally:
        os.kill(worker, signal.SIGCONT)
    outcome.wait()
    assert outcome.guard_fired
    assert (outcome.late, outcome.hung_up_with) == ([], None)
    found = office.row_of(outcome, "screened_at", "ended_at")
    assert (found["disposition"], found["failed_open"], found["decision"]) == ("BRIDGED", 1, "BRIDGE")
    assert found["dnis"] == "2000", "not where the guard sent it"


@pytest.mark.parametrize("deleted", ["+OK Deleted: 0\n", "-ERR Deleted: 0\n"])
def test_a_call_that_the_guard_has_taken_unheard_is_not_rejected(office: Office, deleted: str) -> None:
    """Between the guard and the event of it a rejection may be under way: what `sched_del` says stops it."""
    office.switch.none_deleted = deleted
    outcome = office.begin(SUSPECT)
    eventually(lambda: said(outcome, "press-"))
    office.switch.loop.give(lambda: office.switch.find(outcome.uuid).cancel_tasks())
    outcome.wait()
    assert outcome.hung_up_with is None
    assert office.row_of(outcome, "screened_at", "ended_at")["failed_open"] == 1


# --- FreeSWITCH fails ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mishap", Mishap)
def test_a_freeswitch_that_fails_at_any_byte_costs_that_screening_alone(
    office: Office, mishap: Mishap
) -> None:
    (worker,) = eventually(lambda: office.server.children("worker"))
    chance = random.Random(mishap.value)
    early = [chance.randrange(7000) for _ in range(4)]
    places = early + [chance.randrange(7000, BYTES) for _ in range(12)]
    # Nobody passes: after so many the budget of false challenges would spare the suspects of other tests.
    callers = [replace(SUSPECT, answers=((0.5, WRONG),)) if place % 2 else HUMAN for place in places]
    outcomes = [
        office.begin(caller, fault=Fault(mishap, place))
        for caller, place in zip(callers, places, strict=True)
    ]
    for place, outcome in zip(places, outcomes, strict=True):
        outcome.wait()
        if mishap is not Mishap.DIES:
            assert outcome.reached_agent or outcome.hung_up_with, place
            assert not outcome.late
        if not outcome.heard(Heard.LOST):
            office.row_of(outcome, "ended_at")
        elif said(outcome, "myevents"):
            assert office.row_of(outcome, "screened_at")["failed_open"] in (0, 1)
    assert not office.switch.failures
    assert office.row_of(office.call(HUMAN), "screened_at", "ended_at")["verdict"] == "HAM"
    assert office.server.children("worker") == [worker]


@pytest.mark.parametrize("disk_bytes", [-1, 0, 4000], ids=["no file", "empty", "full"])
def test_a_disk_that_does_not_take_the_recording_costs_nobody_the_call(
    office: Office, disk_bytes: int
) -> None:
    office.switch.disk_bytes = disk_bytes
    try:
        outcome = office.call(HUMAN)
    finally:
        office.switch.disk_bytes = None
    assert outcome.reached_agent
    found = office.row_of(outcome, "screened_at", "ended_at")
    assert (found["disposition"], found["failed_open"], found["verdict"]) == ("BRIDGED", 1, None)
    assert "record_session" in found["failed_open_cause"]


def test_a_star_over_the_ring_tone_does_not_cut_the_opening_short(office: Office) -> None:
    """FreeSWITCH ends a sound at `*` where nobody says otherwise: dead air could buy its way past us."""
    pressing = replace(SUSPECT, early_keys=((0.1, "*"), (0.3, "*")))
    found = office.row_of(office.call(pressing), "screened_at")
    assert found["recorded_seconds"] > 1.9


def test_a_folder_that_cannot_be_costs_nobody_the_call(
    tmp_path: Path, model_folder: Path, below_a_file: Path
) -> None:
    with an_office(tmp_path, model_folder, recording={"folder": str(below_a_file)}) as office:
        outcome = office.call(HUMAN)
        found = office.row_of(outcome, "screened_at", "ended_at")
    assert outcome.reached_agent
    assert (found["disposition"], found["failed_open"]) == ("BRIDGED", 1)


def test_a_freeswitch_that_was_restarted_is_heard_again(office: Office) -> None:
    office.switch.deafen()
    missed = office.call(HUMAN)
    office.switch.listen()
    office.switch.wait_for_listeners()
    heard = office.call(HUMAN)
    assert office.row_of(heard, "screened_at", "ended_at")["disposition"] == "BRIDGED"
    assert office.row_of(missed, "screened_at")["verdict"] == "HAM"
