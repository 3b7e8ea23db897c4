"""`silentspam serve` for FreeSWITCH: real processes and sockets; FreeSWITCH's end is a peer by script."""

import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from silentspam.serve.protocols import FREESWITCH
from tests.fakes import Switch
from tests.freeswitch.peer import UUID
from tests.installed import action
from tests.serve.resident import Resident, eventually, have_disk_back
from tests.serve.switchboard import (
    ANNOUNCEMENT,
    CONNECT,
    DEAD_AIR,
    GUARD,
    SPEECH,
    Session,
    call,
    freeswitch_port,
    serving,
)

HAMS = 'silentspam_verdicts_total{kind="HAM"}'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Resident]:
    with serving(tmp_path_factory.mktemp("served"), model_folder) as server:
        yield server


def row_of(server: Resident, session: Session) -> dict[str, Any]:
    """The call's row, when it is there."""
    (row,) = eventually(lambda: [row for row in server.rows() if row["ani"] == session.number])
    return dict(row)


def refused(server: Resident, reason: str) -> float:
    return server.metric(f'silentspam_refused_total{{reason="{reason}"}}') or 0.0


# --- calls --------------------------------------------------------------------------------------------------


def test_connect_is_said_to_a_peer_that_says_nothing(served: Resident) -> None:
    silent = Session(served)
    assert silent.is_connected()
    silent.cut()


def test_a_caller_who_speaks_is_given_back_to_the_dialplan(served: Resident) -> None:
    session = call(served)
    told = session.peer.variables
    assert (told["SILENTSPAM_ACTION"], told["SILENTSPAM_VERDICT"]) == ("BRIDGE", "HAM")
    assert session.peer.said[-1] == f"api sched_del {UUID}", "with the verdict the guard is taken off"
    assert session.applications() == ["answer", "record_session", "playback", "stop_record_session"]
    row = row_of(served, session)
    assert (row["verdict"], row["failed_open"], row["decision"]) == ("HAM", 0, "BRIDGE")
    assert (row["screener"], row["uniqueid"]) == (socket.gethostname(), UUID)
    assert (row["ani"], row["dnis"], row["channel"]) == (
        session.number,
        "2000",
        f"sofia/internal/{session.number}@127.0.0.1:15061",
    )


def test_dead_air_is_challenged_and_hung_up(served: Resident) -> None:
    session = call(served, DEAD_AIR)
    assert session.applications()[-1] == "hangup"
    assert row_of(served, session)["disposition"] == "REJECTED_CALLER_SILENCE"
    longest = served.settings["limits"]["screening_seconds"] + 10
    assert f"api sched_transfer +{longest} {UUID} {GUARD}" in session.peer.said, "the guard has moved"


def test_a_caller_who_hangs_up_is_no_failure(served: Resident) -> None:
    session = Session(served).announce().go_on("playback")
    session.peer.hang_up()
    session.say()
    session.go_on()
    row = row_of(served, session)
    assert (row["disposition"], row["ended_by"], row["failed_open"]) == ("SCREEN_ABANDON", "CALLER", 0)


def test_a_call_that_the_guard_took_is_left_alone(served: Resident) -> None:
    session = Session(served, DEAD_AIR).announce().go_on("playback")
    session.peer.take_back()
    session.say()
    session.go_on()
    assert "hangup" not in session.applications()
    row = row_of(served, session)
    assert (row["decision"], row["failed_open"]) == ("BRIDGE", 1)
    assert "taken the call back" in row["failed_open_cause"]


def test_a_call_that_was_screened_before_is_let_go_at_once(served: Resident) -> None:
    """A dialplan may come by its four lines twice: one call is one row."""
    screened = ANNOUNCEMENT.replace(b"\n\n", b"\nvariable_SILENTSPAM_SCREENED: 1\n\n")
    session = Session(served).announce(screened).go_on()
    assert session.applications() == ["set"]
    assert [row for row in served.rows() if row["ani"] == session.number] == []


def test_stages_and_metrics_are_those_of_every_call(served: Resident) -> None:
    before = served.metric(HAMS) or 0.0
    session = call(served)
    call_id = row_of(served, session)["call_id"]
    stages = ["admitted", "answered", "recorded", "judged", "decided"]
    eventually(lambda: [e["event"] for e in served.events() if e.get("call_id") == call_id] == stages)
    eventually(lambda: (served.metric(HAMS) or 0.0) > before)


def test_calls_of_both_switches_at_once_are_each_judged_on_their_own(served: Resident) -> None:
    sessions: list[Session] = []
    switches = [Switch(opening=SPEECH if number % 2 else DEAD_AIR) for number in range(15)]
    threads = [threading.Thread(target=served.call, args=(switch,)) for switch in switches]

    def freeswitch(number: int) -> None:
        sessions.append(call(served, SPEECH if number % 2 else DEAD_AIR))

    threads += [threading.Thread(target=freeswitch, args=(number,)) for number in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [action(switch) for switch in switches] == ["BRIDGE" if n % 2 else "REJECT" for n in range(15)]
    verdicts = [session.peer.variables["SILENTSPAM_VERDICT"] for session in sessions]
    assert sorted(verdicts) == ["CALLER_SILENCE"] * 8 + ["HAM"] * 7
    for session in sessions:
        assert row_of(served, session)["verdict"] == session.peer.variables["SILENTSPAM_VERDICT"]


# --- what goes wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "stage",
    ["myevents", "uuid_setvar_multi", "answer", "record_session", "playback", "stop_record_session"],
)
def test_a_peer_that_dies_leaves_a_row_whatever_it_was_doing(served: Resident, stage: str) -> None:
    session = Session(served, DEAD_AIR).announce().go_on(stage)
    session.cut()
    row = row_of(served, session)
    assert (row["decision"], row["disposition"], row["failed_open"]) == ("BRIDGE", None, 1)
    assert "the caller had not left" in row["failed_open_cause"]


@pytest.mark.parametrize("stage", ["sched_transfer", "press-", "hangup"])
def test_a_peer_that_dies_in_a_challenge_rejects_nobody(served: Resident, stage: str) -> None:
    session = Session(served, DEAD_AIR).announce().go_on(stage)
    session.cut()
    row = row_of(served, session)
    assert (row["decision"], row["disposition"], row["failed_open"]) == ("BRIDGE", None, 1)


def test_garbage_in_mid_session_costs_that_screening_alone(served: Resident) -> None:
    session = Session(served).announce().go_on("playback")
    session.peer.out = b"\xff\x00: x\nContent-Length: many\n\n"
    session.say()
    session.go_on()
    row = row_of(served, session)
    assert (row["decision"], row["failed_open"]) == ("BRIDGE", 1)
    assert row["failed_open_cause"].startswith("ChannelError: event socket:")


@pytest.mark.parametrize(
    "announcement",
    [
        b"\n\n",
        b"agi_request: agi://127.0.0.1/screen\n\n",
        b"Content-Type: auth/request\n\n",
        b"Content-Type: command/reply\nReply-Text: +OK\n\n",
        ANNOUNCEMENT.replace(b"command/reply", b"text/html"),
        b"x" * (FREESWITCH.size + 1),
        b"x: y\n" * (FREESWITCH.lines + 1),
        bytes(range(256)) * 2 + b"\n\n",
    ],
    ids=["empty", "AGI", "inbound", "no call", "another type", "long", "many lines", "bytes"],
)
def test_an_announcement_that_is_none_is_dropped_and_counted(served: Resident, announcement: bytes) -> None:
    before = refused(served, FREESWITCH.garbage)
    session = Session(served)
    with suppress(ConnectionError):
        session.announce(announcement).go_on()
    assert not session.peer.said
    eventually(lambda: refused(served, FREESWITCH.garbage) == before + 1)
    assert call(served).peer.variables["SILENTSPAM_VERDICT"] == "HAM"


def test_a_channel_without_a_proper_id_is_bridged_and_has_a_row(served: Resident) -> None:
    session = Session(served).announce(ANNOUNCEMENT.replace(UUID.encode(), b"a%0Ab")).go_on()
    row = row_of(served, session)
    assert (row["decision"], row["failed_open"]) == ("BRIDGE", 1)
    assert "Unique-ID" in row["failed_open_cause"]


def test_half_an_announcement_is_let_go(served: Resident) -> None:
    before = refused(served, "cut off")
    session = Session(served)
    assert session.is_connected()
    session.connection.sendall(ANNOUNCEMENT[:3000])
    session.cut()
    eventually(lambda: refused(served, "cut off") == before + 1)


def test_a_slow_announcement_ends_in_time(tmp_path: Path, model_folder: Path) -> None:
    with serving(tmp_path, model_folder, greeting_seconds=0.3) as server:
        session = Session(server)
        assert session.is_connected()
        session.connection.sendall(ANNOUNCEMENT[:3000])
        assert session.connection.recv(1) == b""
        eventually(lambda: refused(server, "slow greeting") == 1.0)


def is_connected_and_held(session: Session) -> bool:
    """Whether `connect` is said, and the end comes no sooner than the session can have parked."""
    begin = time.monotonic()
    said = session.is_connected()
    return (
        said and session.connection.recv(1) == b"" and time.monotonic() - begin > FREESWITCH.held_seconds / 2
    )


def test_who_is_not_allowed_is_told_connect_and_sent_on(tmp_path: Path, model_folder: Path) -> None:
    with serving(tmp_path, model_folder, allowed_clients=["192.0.2.0/24"]) as server:
        assert is_connected_and_held(Session(server))
        eventually(lambda: refused(server, "address not allowed") == 1.0)


def test_above_its_limit_a_call_is_handed_back_at_once(tmp_path: Path, model_folder: Path) -> None:
    """One limit for both switches: here a call of Asterisk's takes the only place."""
    with serving(tmp_path, model_folder, calls_per_worker=1) as server:
        held = server.hold(Switch(opening=SPEECH))
        session = call(server)
        told = session.peer.variables
        assert (told["SILENTSPAM_ACTION"], told["SILENTSPAM_FAILED_OPEN"]) == ("BRIDGE", "1")
        assert f"api sched_del {UUID}" in session.peer.said
        assert session.applications() == ["set"], "the session has parked before it is let go of"
        assert row_of(server, session)["failed_open_cause"].startswith("ServerBusy: all of server.calls_per")
        eventually(lambda: refused(server, "full") == 1.0)
        held.cut()


# --- the server comes and goes ------------------------------------------------------------------------------


def test_a_worker_that_is_killed_keeps_its_rows_and_lets_its_callers_go(
    tmp_path: Path, model_folder: Path
) -> None:
    with serving(tmp_path, model_folder) as server:
        session = call(server)
        eventually(lambda: server.metric(HAMS) == 1.0)
        under_way = Session(server).announce().go_on("playback")
        (worker,) = server.children("worker")
        os.kill(worker, signal.SIGKILL)
        under_way.go_on()
        assert "hangup" not in under_way.applications()
        eventually(lambda: server.children("worker") not in ([], [worker]))
        again = call(server)
        assert {row_of(server, one)["verdict"] for one in (session, again)} == {"HAM"}


def test_a_stop_lets_the_call_end_and_nobody_is_left_without_a_word(
    tmp_path: Path, model_folder: Path
) -> None:
    with serving(tmp_path, model_folder) as server:
        under_way = Session(server).announce().go_on("playback")
        (worker,) = server.children("worker")
        os.kill(worker, signal.SIGSTOP)
        waiting = Session(server)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: server.events("draining"))
        os.kill(worker, signal.SIGCONT)
        waiting.announce().go_on()
        under_way.go_on()
        assert server.process.wait(60) == 0
        assert {row_of(server, one)["verdict"] for one in (waiting, under_way)} == {"HAM"}


def test_where_no_worker_can_be_had_callers_hear_connect_and_are_sent_on(
    tmp_path: Path, model_folder: Path
) -> None:
    """The next worker waits for a model on a disk that does not answer: a named pipe that nobody writes."""
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    server = serving(tmp_path, model)
    server.settings["lines"]["enabled"] = False  # the clerk loads the model for them, and would wait too
    with server:
        (worker,) = server.children("worker")
        pipe = model / "card.json"
        pipe.unlink()
        os.mkfifo(pipe)
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: server.children("worker") not in ([], [worker]))
        server.lose_patience()
        assert is_connected_and_held(Session(server))
        server.regain_patience()
        have_disk_back(pipe, (model_folder / pipe.name).read_bytes())


def test_new_settings_are_taken_over_by_the_next_call(tmp_path: Path, model_folder: Path) -> None:
    with serving(tmp_path, model_folder) as server:
        under_way = Session(server).announce().go_on("playback")
        server.settings["freeswitch"] |= {"early_media": True, "ring": [425], "port": freeswitch_port(server)}
        server.reload()
        eventually(lambda: call(server).applications()[0] == "pre_answer")
        later = call(server)
        assert any("tone_stream://%(2040,0,425)" in said for said in later.peer.said)
        under_way.go_on()
        assert under_way.applications()[0] == "answer"
        assert under_way.peer.variables["SILENTSPAM_VERDICT"] == "HAM"


def test_another_port_wants_a_restart(tmp_path: Path, model_folder: Path) -> None:
    with serving(tmp_path, model_folder) as server:
        section = server.settings["freeswitch"]
        served_at = section["port"]
        server.settings["freeswitch"] = {"port": None, "address": "127.0.0.2"}
        server.reload()
        (said,) = server.events("keys need a restart")
        assert said["keys"] == "freeswitch.address, freeswitch.port"
        server.settings["freeswitch"] = {"port": served_at}
        assert call(server).peer.variables["SILENTSPAM_VERDICT"] == "HAM"


def test_a_port_in_use_is_said(tmp_path: Path, model_folder: Path) -> None:
    server = serving(tmp_path, model_folder)
    port = freeswitch_port(server)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(
            AssertionError, match=rf"freeswitch\.address 127\.0\.0\.1, freeswitch\.port {port}"
        ):
            server.__enter__()


def test_connect_is_what_the_real_one_heard() -> None:
    assert FREESWITCH.opening == CONNECT
