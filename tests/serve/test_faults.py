"""What breaks while the server runs, with its real processes: no caller waits for what does not come back."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.fakes import Switch, noise, tone
from tests.serve.resident import Resident, eventually

SPEECH = tone().codes.tobytes()
DEAD_AIR = noise(level=4).codes.tobytes()


def screened(server: Resident, switch: Switch) -> str:
    server.call(switch)
    return switch.variables.get("SILENTSPAM_ACTION", "")


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def replaced(server: Resident, worker: int) -> int:
    """The process id of the worker that comes after one that was killed."""
    os.kill(worker, signal.SIGKILL)
    (after,) = eventually(lambda: [pid for pid in server.children("worker") if pid != worker])
    return int(after)


def test_a_worker_that_dies_while_the_file_is_broken_comes_back_with_what_was_in_force(
    tmp_path: Path, model_folder: Path
) -> None:
    with Resident(tmp_path, model_folder) as server:
        (tmp_path / "silentspam.yaml").write_text("mode: [enforce\n")
        os.kill(server.process.pid, signal.SIGHUP)
        eventually(lambda: server.events("configuration not taken over"))
        (worker,) = server.children("worker")
        replaced(server, worker)
        assert screened(server, Switch(opening=DEAD_AIR)) == "REJECT"


def test_where_no_worker_can_be_had_callers_are_handed_back(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server:
        (worker,) = server.children("worker")
        with stopped(replaced(server, worker)), server.connect() as connection:
            assert connection.recv(100) == b"", "Asterisk bridges a call whose connection ends"
            assert server.page("/readyz")[0] == 503


def test_a_drain_is_told_apart_from_a_fault(tmp_path: Path, model_folder: Path) -> None:
    """HAProxy cuts off the calls of a server that is down, and not those of one that says 404."""
    with Resident(tmp_path, model_folder) as server:
        held = server.hold(Switch(opening=SPEECH))
        server.process.terminate()
        eventually(lambda: server.page("/readyz") == (404, "draining\n"))
        held.go_on()
        assert held.switch.variables["SILENTSPAM_ACTION"] == "BRIDGE"


def test_calls_go_on_while_the_supervisor_hangs(tmp_path: Path, model_folder: Path) -> None:
    with Resident(tmp_path, model_folder) as server, stopped(server.process.pid):
        assert screened(server, Switch(opening=DEAD_AIR)) == "REJECT"


def test_calls_go_on_while_the_database_is_locked_and_their_rows_come_after(
    tmp_path: Path, model_folder: Path
) -> None:
    with Resident(tmp_path, model_folder) as server:
        screened(server, Switch(opening=SPEECH))
        server.wait_for_rows(1)
        with closing(sqlite3.connect(tmp_path / "calls.db", isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            assert screened(server, Switch(opening=DEAD_AIR)) == "REJECT"
            eventually(lambda: server.events("failed"), 60.0)
            holder.execute("ROLLBACK")
        assert len(server.wait_for_rows(2)) == 2
