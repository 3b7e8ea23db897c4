"""The server's ear for FreeSWITCH: rows get their ends, whatever becomes of FreeSWITCH, workers or itself."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from silentspam.call import CallEnd
from silentspam.freeswitch.frames import Headers
from silentspam.serve import beat, hangups
from silentspam.serve.hangups import HangupsProcess
from tests.serve.ear import PASSWORD, Ear, hangup
from tests.serve.resident import Resident, eventually, free_port

CALL_ID = "7d3f6a0e-4b39-4c7e-9d8a-0f6f6b1f2a11"
OURS = {"SILENTSPAM_STARTED_AT": "1795305173", "SILENTSPAM_CALL_ID": CALL_ID, "SILENTSPAM_SCREENED": "1"}
HEARD = 'silentspam_event_sockets{which="heard"}'


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as one:
        yield one


def office(folder: Path, model: Path, *addresses: str, **freeswitch: Any) -> Resident:
    server = Resident(folder, model)
    server.settings["freeswitch"] = {
        "port": free_port(),
        "event_sockets": list(addresses),
        "password": PASSWORD,
        **freeswitch,
    }
    return server


def listens(server: Resident) -> bool:
    return server.metric(HEARD) == 1


def row_of(server: Resident, call_id: str = CALL_ID) -> dict[str, Any]:
    row: dict[str, Any] = eventually(
        lambda: next((row for row in server.rows() if row["call_id"] == call_id), None)
    )
    return row


def test_the_end_of_a_call_becomes_a_row_and_other_legs_none(
    tmp_path: Path, model_folder: Path, ear: Ear
) -> None:
    with office(tmp_path, model_folder, ear.address) as server:
        eventually(lambda: listens(server))
        ear.tell(hangup("other") + hangup("ours", **OURS))
        row = row_of(server)
        assert (row["disposition"], row["ended_by"], row["hangup_cause"]) == ("BRIDGED", "AGENT", 16)
        assert (row["started_at"], row["ended_at"]) == (1_795_305_173.006506, 1_795_305_177.566519)
        assert (row["bridged_at"], row["failed_open"]) == (1_795_305_175.546503, 0)
        assert len(server.rows()) == 1
        eventually(lambda: server.metric('silentspam_hangups_total{of="call"}') == 1)
        assert server.metric('silentspam_hangups_total{of="other"}') == 1
        assert server.metric('silentspam_calls_total{disposition="BRIDGED"}') == 1
        assert server.metric('silentspam_processes{role="hangups"}') == 1
        (said,) = server.events("ended")
        assert (said["call_id"], said["disposition"]) == (CALL_ID, "BRIDGED")
        assert [one["address"] for one in server.events("event socket heard")] == [ear.address]


def test_a_call_whose_screener_never_came_is_a_row_that_says_so(
    tmp_path: Path, model_folder: Path, ear: Ear
) -> None:
    with office(tmp_path, model_folder, ear.address) as server:
        eventually(lambda: listens(server))
        ear.tell(hangup("unscreened", SILENTSPAM_STARTED_AT="1795305173"))
        (row,) = server.wait_for_rows(1)
        assert (row["failed_open"], row["disposition"]) == (1, "BRIDGED")
        assert "it never had the call" in row["failed_open_cause"]


def test_who_left_the_screening_is_not_counted_twice(tmp_path: Path, model_folder: Path, ear: Ear) -> None:
    """The worker that had the call has counted it."""
    begun = {name: OURS[name] for name in ("SILENTSPAM_STARTED_AT", "SILENTSPAM_CALL_ID")}
    with office(tmp_path, model_folder, ear.address) as server:
        eventually(lambda: listens(server))
        ear.tell(hangup("left", "hangup_mid_record", **begun))
        assert row_of(server)["disposition"] == "SCREEN_ABANDON"
        eventually(lambda: server.metric('silentspam_hangups_total{of="call"}') == 1)
        assert server.metric('silentspam_calls_total{disposition="SCREEN_ABANDON"}') is None


def test_a_defect_costs_one_end_and_not_those_that_came_with_it(
    tmp_path: Path, model_folder: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    office(tmp_path, model_folder, ear.address).configure()
    process = HangupsProcess(tmp_path / "silentspam.yaml", beat.pair()[0])
    defective = hangups.call_end

    def fails_once(event: Headers, *, heard_at: float) -> CallEnd | None:
        monkeypatch.setattr(hangups, "call_end", defective)
        raise RuntimeError("a defect")

    monkeypatch.setattr(hangups, "call_end", fails_once)
    for event in (b"Unique-ID: 1\n", b"variable_SILENTSPAM_STARTED_AT: 1795305173\n"):
        process._hear(Headers(event))
    assert [one.suffix for one in (tmp_path / "spool").iterdir()] == [".open"]


def test_killed_it_is_started_again_and_what_it_had_heard_is_a_row(
    tmp_path: Path, model_folder: Path, ear: Ear
) -> None:
    with office(tmp_path, model_folder, ear.address) as server:
        eventually(lambda: listens(server))
        (pid,) = server.children("hangups")
        ear.tell(hangup("ours", **OURS))
        eventually(lambda: server.events("ended"))
        os.kill(pid, signal.SIGKILL)
        assert row_of(server)["disposition"] == "BRIDGED"
        eventually(lambda: ear.connections == 2 and listens(server))


def test_it_hears_on_while_a_worker_is_started_again(tmp_path: Path, model_folder: Path, ear: Ear) -> None:
    with office(tmp_path, model_folder, ear.address) as server:
        eventually(lambda: listens(server))
        os.kill(server.children("worker")[0], signal.SIGKILL)
        ear.tell(hangup("ours", **OURS))
        assert row_of(server)["disposition"] == "BRIDGED"
        assert ear.connections == 1


def test_of_two_event_sockets_one_that_refuses_costs_the_other_nothing(
    tmp_path: Path, model_folder: Path, ear: Ear
) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    with office(tmp_path, model_folder, nobody, ear.address) as server:
        eventually(lambda: listens(server))
        ear.tell(hangup("ours", **OURS))
        assert row_of(server)["disposition"] == "BRIDGED"
        eventually(lambda: server.metric('silentspam_event_sockets{which="all"}') == 2)
        (said,) = server.events("event socket not heard")
        assert said["address"] == nobody
        eventually(
            lambda: server.metric('silentspam_event_socket_faults_total{error="ConnectionRefusedError"}')
        )


def test_a_password_is_put_right_by_a_reload(tmp_path: Path, model_folder: Path, ear: Ear) -> None:
    with office(tmp_path, model_folder, ear.address, password="wrong") as server:
        (said,) = eventually(lambda: server.events("event socket not heard"))
        assert "refuses freeswitch.password" in said["error"]
        assert "wrong" not in server.log_file.read_text()
        server.settings["freeswitch"]["password"] = PASSWORD
        server.reload()
        eventually(lambda: listens(server))
        assert server.children("hangups")


def test_it_is_there_only_where_freeswitch_is_served_and_has_event_sockets(
    tmp_path: Path, model_folder: Path, ear: Ear
) -> None:
    with office(tmp_path, model_folder) as server:
        assert server.children("hangups") == []
        server.settings["freeswitch"]["event_sockets"] = [ear.address]
        server.reload()
        eventually(lambda: listens(server))
        server.settings["freeswitch"]["event_sockets"] = []
        server.reload()
        eventually(lambda: not server.children("hangups"))
        assert server.stop() == 0


def test_asterisk_alone_has_no_such_process(tmp_path: Path, model_folder: Path) -> None:
    with office(tmp_path, model_folder, "127.0.0.1:8021", port=None) as server:
        assert server.children("worker")
        assert server.children("hangups") == []


def test_calls_that_end_while_the_server_drains_get_their_rows(
    tmp_path: Path, model_folder: Path, ear: Ear
) -> None:
    with office(tmp_path, model_folder, ear.address) as server:
        eventually(lambda: listens(server))
        ear.tell(b"".join(hangup(str(number), SILENTSPAM_STARTED_AT=str(number)) for number in range(50)))
        assert server.stop() == 0
    assert len(server.rows()) == 50
