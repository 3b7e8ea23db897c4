"""`silentspam serve` as a whole: real processes; Asterisk's end is played by `tests.fakes.Switch`."""

import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import Switch, noise, tone
from tests.installed import action
from tests.serve.resident import PATIENCE, WORKER_THREADS, Dialogue, Resident, eventually

SPEECH = tone().codes.tobytes()
DEAD_AIR = noise().codes.tobytes()
HAMS = 'silentspam_verdicts_total{kind="HAM"}'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Iterator[Resident]:
    with Resident(tmp_path_factory.mktemp("served"), model_folder) as server:
        yield server


def row_of(server: Resident, switch: Switch, *columns: str) -> dict[str, Any]:
    """The call's row, when these columns are in it."""
    call_id = switch.variables["SILENTSPAM_CALL_ID"]

    def found() -> dict[str, Any] | None:
        rows = [row for row in server.rows() if row["call_id"] == call_id]
        return rows[0] if rows and all(rows[0][column] is not None for column in columns) else None

    row: dict[str, Any] = eventually(found)
    return row


def test_a_caller_who_speaks_is_bridged(served: Resident) -> None:
    switch = Switch(opening=SPEECH)
    served.call(switch)
    assert action(switch) == "BRIDGE"
    row = row_of(served, switch)
    assert (row["verdict"], row["failed_open"], row["decision"]) == ("HAM", 0, "BRIDGE")
    assert row["screener"] == socket.gethostname()


def test_dead_air_is_challenged_and_rejected(served: Resident) -> None:
    switch = Switch(opening=DEAD_AIR)
    served.call(switch)
    assert action(switch) == "REJECT"
    assert row_of(served, switch)["disposition"] == "REJECTED_CALLER_SILENCE"


def test_the_end_of_a_call_joins_its_row(served: Resident) -> None:
    switch = Switch(opening=SPEECH)
    served.call(switch)
    switch.variables |= {"DIALSTATUS": "ANSWER", "ANSWEREDTIME": "12", "HANGUPCAUSE": "16"}
    switch.dead = True
    served.call(switch, "ended")
    assert switch.variables["SILENTSPAM_LOGGED"] == "1"
    row = row_of(served, switch, "screened_at", "ended_at")
    assert (row["disposition"], row["verdict"], row["hangup_cause"]) == ("BRIDGED", "HAM", 16)


def test_a_caller_who_hangs_up_is_no_failure(served: Resident) -> None:
    switch = Switch(opening=SPEECH)
    switch.replies["RECORD FILE"] = b"200 result=-1 (hangup) endpos=0\nHANGUP\n"
    served.call(switch)
    row = row_of(served, switch)
    assert (row["disposition"], row["ended_by"], row["failed_open"]) == ("SCREEN_ABANDON", "CALLER", 0)


def test_who_leaves_during_the_screening_is_counted_once_and_as_what_it_was(
    tmp_path: Path, model_folder: Path
) -> None:
    """Asterisk ends the session with the call: its handler has no variable of ours to go by.

    On a server of its own: counts of calls of other tests may still be on their way.
    """
    with Resident(tmp_path, model_folder) as served:
        abandoned = 'silentspam_calls_total{disposition="IVR_ABANDON"}'
        guessed = 'silentspam_calls_total{disposition="SCREEN_ABANDON"}'
        leaving = Switch(
            opening=DEAD_AIR, replies={"STREAM FILE": b"200 result=-1 (hangup) endpos=0\nHANGUP\n"}
        )
        served.call(leaving)
        gone = Switch(dead=True)
        gone.variables["SILENTSPAM_CALL_ID"] = leaving.variables["SILENTSPAM_CALL_ID"]
        gone.variables["SILENTSPAM_AGI_STATUS"] = "HANGUP"
        served.call(gone, "ended")
        row = row_of(served, leaving, "screened_at", "ended_at")
        assert (row["disposition"], row["ended_by"]) == ("IVR_ABANDON", "CALLER")
        eventually(lambda: served.metric(abandoned) == 1.0)
        assert served.metric(guessed) is None


def test_a_connection_cut_in_mid_dialogue_is_not_taken_for_a_hangup(served: Resident) -> None:
    switch = Switch(opening=SPEECH)
    served.hold(switch).cut()
    row = row_of(served, switch)
    assert (row["disposition"], row["failed_open"]) == (None, 1)
    assert "the caller had not left" in row["failed_open_cause"]


def test_every_stage_of_a_call_is_a_line_of_the_log(served: Resident) -> None:
    switch = Switch(opening=DEAD_AIR)
    served.call(switch)
    call_id = switch.variables["SILENTSPAM_CALL_ID"]
    stages = ["admitted", "answered", "recorded", "judged", "challenged", "decided"]
    eventually(lambda: [e["event"] for e in served.events() if e.get("call_id") == call_id] == stages)


def test_metrics_count_what_was_served(served: Resident) -> None:
    before = served.metric(HAMS) or 0.0
    served.call(Switch(opening=SPEECH))
    eventually(lambda: served.metric(HAMS) == before + 1)
    assert served.metric('silentspam_processes{role="worker"}') == 1.0
    eventually(lambda: served.page("/healthz") == (200, "ok\n"))
    assert served.page("/nowhere")[0] == 404


def test_many_calls_at_once_are_each_judged_on_their_own(served: Resident) -> None:
    switches = [Switch(opening=SPEECH if number % 2 else DEAD_AIR) for number in range(40)]
    threads = [threading.Thread(target=served.call, args=(switch,)) for switch in switches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdicts = [row_of(served, switch)["verdict"] for switch in switches]
    assert verdicts == ["HAM" if number % 2 else "CALLER_SILENCE" for number in range(40)]


def test_calls_take_no_threads(served: Resident) -> None:
    """What the unit's TasksMax counts on: the loop, the log, and rows, a model and a reload now and then."""
    (worker,) = served.children("worker")
    tasks = Path(f"/proc/{worker}/task")
    held = [served.hold(Switch(opening=SPEECH)) for _ in range(20)]
    assert len(os.listdir(tasks)) <= WORKER_THREADS
    for dialogue in held:
        dialogue.go_on()


# --- limits, and what the server is told --------------------------------------------------------------------


def test_above_its_limit_a_call_is_handed_back_at_once(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder, calls_per_worker=1) as server:
        held = server.hold(Switch(opening=SPEECH))
        switch = Switch(opening=SPEECH)
        server.call(switch)
        assert action(switch) == "BRIDGE"
        assert switch.variables["SILENTSPAM_FAILED_OPEN"] == "1"
        row = row_of(server, switch)
        assert row["failed_open_cause"].startswith("ServerBusy: all of server.calls_per_worker")
        eventually(lambda: server.metric('silentspam_refused_total{reason="full"}') == 1.0)
        held.cut()


def test_a_stop_lets_the_call_end(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        switch = Switch(opening=SPEECH)
        held = server.hold(switch)
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: server.page("/readyz")[0] != 200)
        eventually(lambda: not _accepts(server))
        held.go_on()
        assert server.process.wait(PATIENCE) == 0
        assert action(switch) == "BRIDGE"
        assert server.row()["verdict"] == "HAM"


def test_a_call_that_outlasts_the_drain_is_bridged(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder, drain_seconds=0.2) as server:
        held = server.hold(Switch(opening=SPEECH))
        assert server.stop() == 0
        assert held.connection.recv(100) == b""
        assert server.row()["failed_open"] == 1


def test_new_settings_are_taken_over_by_the_next_call(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        under_way = Switch(opening=DEAD_AIR)
        held = server.hold(under_way)
        server.settings["mode"] = "shadow"
        server.reload()
        eventually(lambda: _action_now(server) == "BRIDGE")
        held.go_on()
        assert action(under_way) == "REJECT"


def test_a_reload_moves_no_row_to_a_folder_where_nobody_looks(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        server.settings["call_log"]["spool"] = str(tmp_path / "another")
        server.settings["mode"] = "shadow"
        server.reload()
        eventually(lambda: _action_now(server) == "BRIDGE")
        (said,) = server.events("keys need a restart")
        assert said["keys"] == "call_log.spool"
        switch = Switch(opening=SPEECH)
        server.call(switch)
        assert row_of(server, switch)["verdict"] == "HAM"


def test_a_worker_that_is_started_again_after_a_reload_has_the_limits_of_the_others(
    tmp_path: Path, model_folder: Path
) -> None:
    with Resident(tmp_path, model_folder) as server:
        server.settings["server"]["allowed_clients"] = ["192.0.2.0/24"]
        server.reload()
        (said,) = server.events("keys need a restart")
        assert said["keys"] == "server.allowed_clients"
        (worker,) = server.children("worker")
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: server.children("worker") not in ([], [worker]))
        assert _action_now(server) == "REJECT"


def test_a_broken_file_changes_nothing(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        (tmp_path / "silentspam.yaml").write_text("mode: [enforce\n")
        os.kill(server.process.pid, signal.SIGHUP)
        eventually(lambda: server.events("configuration not taken over"))
        assert _action_now(server) == "REJECT"


def test_a_model_folder_that_becomes_garbage_costs_no_judgement(tmp_path: Path, model_folder: Path) -> None:
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    with Resident(tmp_path, model) as server:
        for file in model.iterdir():
            file.write_bytes(b"garbage")
        switch = Switch(opening=SPEECH)
        server.call(switch)
        assert row_of(server, switch)["verdict"] == "HAM"
        eventually(lambda: server.events("model"))


@pytest.mark.parametrize("another", [False, True])
def test_a_reload_with_a_damaged_model_folder_costs_no_judgement(
    tmp_path: Path, model_folder: Path, another: bool
) -> None:
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    with Resident(tmp_path, model) as server:
        if another:
            model = Path(shutil.copytree(model, tmp_path / "another"))
        server.settings["model"]["folder"] = str(model)
        server.settings["mode"] = "shadow"
        (model / "card.json").write_bytes(b"garbage")
        server.reload()
        eventually(lambda: _action_now(server) == "BRIDGE")
        switch = Switch(opening=DEAD_AIR)
        server.call(switch)
        row = row_of(server, switch)
        assert (row["verdict"], row["mode"], row["failed_open"]) == ("CALLER_SILENCE", "shadow", 0)
        assert "judges on" in server.events("model")[0]["text"]


def test_of_two_reloads_the_later_counts(tmp_path: Path, model_folder: Path) -> None:
    """The first waits for a model on a disk that does not answer: a named pipe that nobody writes."""
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    hung = Path(shutil.copytree(model, tmp_path / "hung"))
    (hung / "card.json").unlink()
    os.mkfifo(hung / "card.json")
    server = Resident(tmp_path, model)
    server.settings["lines"]["enabled"] = False  # the clerk loads the model for them, and would wait too
    with server:
        server.settings["model"]["folder"] = str(hung)
        server.reload()
        assert _action_now(server) == "REJECT"
        server.settings["model"]["folder"] = str(model)
        server.settings["mode"] = "shadow"
        server.reload()
        eventually(lambda: _action_now(server) == "BRIDGE")
        switch = Switch(opening=DEAD_AIR)
        server.call(switch)
        assert row_of(server, switch)["verdict"] == "CALLER_SILENCE"


def test_a_model_folder_that_is_restored_is_judged_with_again(tmp_path: Path, model_folder: Path) -> None:
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    whole = (model / "card.json").read_bytes()
    (model / "card.json").write_bytes(b"garbage")
    with Resident(tmp_path, model) as server:
        assert _action_now(server) == "BRIDGE"
        (model / "card.json").write_bytes(whole)
        eventually(lambda: _action_now(server) == "REJECT")


def test_a_worker_that_is_killed_is_replaced_and_its_rows_are_kept(
    tmp_path: Path, model_folder: Path
) -> None:
    with Resident(tmp_path, model_folder) as server:
        switch = Switch(opening=SPEECH)
        server.call(switch)
        eventually(lambda: server.metric(HAMS) == 1.0)
        (worker,) = server.children("worker")
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: server.children("worker") not in ([], [worker]))
        again = Switch(opening=SPEECH)
        server.call(again)
        assert action(again) == "BRIDGE"
        assert {row["verdict"] for row in server.wait_for_rows(2)} == {"HAM"}
        eventually(lambda: server.metric(HAMS) == 2.0)


def test_a_worker_that_hangs_is_replaced(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        (worker,) = server.children("worker")
        os.kill(worker, signal.SIGSTOP)
        switch, connection = Switch(opening=SPEECH), server.connect()
        server.lose_patience()
        eventually(lambda: server.events("hung"))
        server.regain_patience()
        Dialogue(connection, switch, "screen").go_on()
        assert action(switch) == "BRIDGE"
        assert row_of(server, switch)["verdict"] == "HAM"


def test_a_clerk_that_is_killed_is_replaced(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        (clerk,) = eventually(lambda: server.children("clerk"))
        os.kill(clerk, signal.SIGKILL)
        switch = Switch(opening=SPEECH)
        server.call(switch)
        assert row_of(server, switch)["verdict"] == "HAM"


def test_workers_do_not_outlive_a_killed_supervisor(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        switch = Switch(opening=SPEECH)
        held = server.hold(switch)
        children = server.children("worker") + server.children("clerk")
        server.stop(signal.SIGKILL)
        eventually(lambda: not _accepts(server))
        held.go_on()
        assert action(switch) == "BRIDGE"
        eventually(lambda: not any(_is_alive(child) for child in children))
    with server:
        assert row_of(server, switch)["verdict"] == "HAM"


def test_numbers_are_masked_on_request(tmp_path: Path, model_folder: Path) -> None:
    server = Resident(tmp_path, model_folder)
    server.settings["logging"] = {"mask_numbers": True, "stages": False}
    with server:
        switch = Switch(opening=SPEECH)
        server.call(switch)
        eventually(lambda: server.events("decided"))
        assert [event["ani"] for event in server.events("decided")] == ["1555xxxx"]
        assert not server.events("admitted")
        assert row_of(server, switch)["ani"] == "15550199"


def test_a_port_in_use_is_said(tmp_path: Path, model_folder: Path) -> None:
    server = Resident(tmp_path, model_folder)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", server.port))
        other.listen()
        with pytest.raises(
            AssertionError, match=rf"server\.address 127\.0\.0\.1, server\.port {server.port}"
        ):
            server.__enter__()


def test_collect_mode_needs_no_model(tmp_path: Path) -> None:
    server = Resident(tmp_path, tmp_path / "no-model")
    server.settings["mode"] = "collect"
    with server:
        switch = Switch(opening=DEAD_AIR)
        server.call(switch)
        assert action(switch) == "BRIDGE"
        row = row_of(server, switch)
        assert (row["mode"], row["failed_open"], row["recorded_seconds"]) == ("collect", 0, 2.0)


def test_without_a_model_calls_fail_open(tmp_path: Path) -> None:
    with Resident(tmp_path, tmp_path / "no-model") as server:
        switch = Switch(opening=DEAD_AIR)
        server.call(switch)
        assert action(switch) == "BRIDGE"
        assert row_of(server, switch)["failed_open_cause"].startswith("ModelError")


def _accepts(server: Resident) -> bool:
    try:
        server.connect().close()
    except ConnectionError:
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


def _action_now(server: Resident) -> str:
    switch = Switch(opening=DEAD_AIR)
    server.call(switch)
    return action(switch)
