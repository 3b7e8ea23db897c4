"""What breaks while the server runs, with its real processes: no caller waits for what does not come back."""

import fcntl
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from silentspam import variables
from silentspam.gate.file import FILE_NAME as GATE_FILE
from silentspam.gate.file import Gate, encode
from tests.fakes import Switch, noise, tone, words
from tests.installed import action
from tests.serve.resident import PATIENCE, Resident, eventually, have_disk_back

SPEECH = tone().codes.tobytes()
DEAD_AIR = noise(level=4).codes.tobytes()


def screened(server: Resident, switch: Switch) -> str:
    server.call(switch)
    return switch.variables.get(variables.ACTION, "")


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):  # the supervisor may have ended it
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
    """The next worker waits for a model on a disk that does not answer: a named pipe that nobody writes."""
    model = Path(shutil.copytree(model_folder, tmp_path / "model"))
    server = Resident(tmp_path, model)
    server.settings["lines"]["enabled"] = False  # the clerk loads the model for them, and would wait too
    with server:
        (worker,) = server.children("worker")
        pipe = model / "card.json"
        pipe.unlink()
        os.mkfifo(pipe)
        replaced(server, worker)
        server.lose_patience()
        with server.connect() as connection:
            assert connection.recv(100) == b"", "Asterisk bridges a call whose connection ends"
            assert server.page("/readyz")[0] == 503
        server.regain_patience()
        have_disk_back(pipe, (model_folder / pipe.name).read_bytes())


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
        database = sqlite3.connect(tmp_path / "calls.db", timeout=PATIENCE, isolation_level=None)
        with closing(database) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            assert screened(server, Switch(opening=DEAD_AIR)) == "REJECT"
            eventually(lambda: server.events("failed"))
            holder.execute("ROLLBACK")
        assert len(server.wait_for_rows(2)) == 2


# --- disks --------------------------------------------------------------------------------------------------


@dataclass
class Meddling(Switch):
    """Something happens to the opening's file when it is recorded, before the server is told."""

    meddle: Callable[[Path], None] = lambda _path: None

    def reply(self, command: str) -> bytes:
        answer = super().reply(command)
        if command.startswith("RECORD FILE"):
            self.meddle(Path(f"{words(command)[2]}.ulaw"))
        return answer


def test_a_disk_that_hangs_costs_the_screenings_of_one_worker_and_no_caller(
    tmp_path: Path, model_folder: Path
) -> None:
    """All calls of a worker wait behind one whose opening is read: it is killed, and Asterisk bridges them.

    The worker is stopped there, as a disk that does not answer would stop it.
    """
    with Resident(tmp_path, model_folder) as server:
        (worker,) = server.children("worker")
        held = server.hold(Switch(opening=SPEECH))

        def hang(_path: Path) -> None:
            os.kill(worker, signal.SIGSTOP)
            server.lose_patience()

        stuck = Meddling(opening=DEAD_AIR, meddle=hang)
        stuck.environment["agi_uniqueid"] = "1700000000.7"
        with suppress(ConnectionResetError):  # what it had not read yet is lost with it
            server.call(stuck)
        assert variables.ACTION not in stuck.variables, "Asterisk bridges a call whose connection ends"
        assert held.connection.recv(1) == b""
        server.regain_patience()
        held.cut()
        eventually(lambda: server.children("worker") not in ([], [worker]))
        eventually(lambda: server.page("/readyz")[0] == 200)
        assert screened(server, Switch(opening=DEAD_AIR)) == "REJECT"
        for switch in (stuck, held.switch):
            switch.variables |= {"DIALSTATUS": "ANSWER", "ANSWEREDTIME": "12", "HANGUPCAUSE": "16"}
            switch.dead = True
            server.call(switch, "ended")
        dispositions = [row["disposition"] for row in server.wait_for_rows(3)]
        assert sorted(dispositions) == ["BRIDGED", "BRIDGED", "REJECTED_CALLER_SILENCE"]


@contextmanager
def leased(path: Path) -> Iterator[None]:
    """A file that somebody holds a lease on: the kernel has whoever opens it wait for the holder, for
    /proc/sys/fs/lease-break-time, unless they will not wait."""
    before = signal.signal(signal.SIGIO, signal.SIG_IGN)  # how the holder is asked for it
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except OSError as error:
        pytest.skip(f"no leases on this file system: {error}")
    else:
        yield
    finally:
        os.close(descriptor)
        signal.signal(signal.SIGIO, before)


def test_a_file_that_would_keep_its_reader_waiting_is_done_without(
    tmp_path: Path, model_folder: Path
) -> None:
    with Resident(tmp_path, model_folder) as server:
        (clerk,) = server.children("clerk")
        with stopped(clerk):  # it would put another file in this one's place
            gate = tmp_path / "gate" / GATE_FILE
            gate.parent.mkdir(exist_ok=True)
            gate.write_bytes(encode(Gate()))
            with leased(gate):
                assert screened(server, Switch(opening=DEAD_AIR)) == "REJECT"
        (row,) = server.wait_for_rows(1)
        assert "temporarily unavailable" in row["mode_reason"]


def test_an_opening_that_is_no_file_hangs_nobody(tmp_path: Path, model_folder: Path) -> None:
    def replace(path: Path) -> None:
        path.unlink()
        os.mkfifo(path)

    with Resident(tmp_path, model_folder) as server:
        workers = server.children("worker")
        switch = Meddling(opening=b"", meddle=replace)
        server.call(switch)
        assert action(switch) == "BRIDGE"
        assert "not a regular file" in server.wait_for_rows(1)[0]["failed_open_cause"]
        assert screened(server, Switch(opening=DEAD_AIR)) == "REJECT"
        assert server.children("worker") == workers
