"""The resident server's listener: a process of its own, there where provenance is wanted, and only there."""

import os
import signal
from pathlib import Path

from silentspam.calllog.provenance import ProvenanceTable
from silentspam.calllog.sqlite import SqliteDatabase
from tests.fakes import Switch
from tests.provenance.sounds import voice
from tests.serve.resident import Resident, eventually
from tests.serve.test_server import row_of

SPEECH = voice(2.0).tobytes()


def office(folder: Path, model: Path, **provenance: object) -> Resident:
    server = Resident(folder, model)
    (folder / "legs").mkdir()
    server.settings["collection"] = {"legs": str(folder / "legs")}
    server.settings["provenance"] = {
        "enabled": True,
        "seconds": 5.0,
        "folder": str(folder / "provenance"),
        "store": str(folder / "lines.db"),
        **provenance,
    }
    return server


def test_a_live_call_is_heard_by_a_process_of_its_own_which_may_die(
    tmp_path: Path, model_folder: Path
) -> None:
    with office(tmp_path, model_folder) as server:
        (listener,) = eventually(lambda: server.children("listener"))
        os.kill(listener, signal.SIGKILL)
        switch = Switch(opening=SPEECH)
        server.call(switch)
        call_id = str(row_of(server, switch)["call_id"])
        assert switch.variables["SILENTSPAM_LEG"] == str(tmp_path / "legs" / f"{call_id}.ulaw")
        (tmp_path / "legs" / f"{call_id}.ulaw").write_bytes(voice(6.0).tobytes())
        table = ProvenanceTable(SqliteDatabase(Path(server.settings["call_log"]["database"])))
        row = eventually(lambda: table.of_call(call_id))
        assert (row["basis"], row["seconds"]) == ("side", 5.0)
        assert eventually(lambda: server.metric('silentspam_provenance_calls_total{basis="side"}')) == 1
        # The opening of the same call was offered, and is obsolete when the call is over.
        assert list((tmp_path / "provenance" / "openings").iterdir())
        server.call(Switch(dead=True, variables=switch.variables), "ended")
        eventually(lambda: not list((tmp_path / "provenance" / "openings").iterdir()))
        assert Path(str(row_of(server, switch)["recording"])).exists()


def test_it_is_there_only_where_it_is_wanted(tmp_path: Path, model_folder: Path) -> None:
    with office(tmp_path, model_folder, enabled=False) as server:
        switch = Switch(opening=SPEECH)
        server.call(switch)
        assert row_of(server, switch)["verdict"] is not None
        assert server.children("listener") == []
        assert "SILENTSPAM_LEG" not in switch.variables
        server.settings["provenance"]["enabled"] = True
        server.configure()
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: server.children("listener"))
        server.settings["provenance"]["enabled"] = False
        server.configure()
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: not server.children("listener"))
