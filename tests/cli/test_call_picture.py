"""`calls why --picture`: drawn from the kept side of a call, else its opening, and said where neither is."""

import pytest
import yaml

from silentspam.audio import Recording, write_ulaw
from silentspam.call import Call
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import screened
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.screening import CallRecord
from tests.provenance.sounds import voice

CALL = "3f0c9c1e-5d7a-4a55-9d1f-0a2b3c4d5e6f"


@pytest.fixture
def opening(tmp_path):
    """A call of the log whose opening was recorded."""
    path = tmp_path / "recordings" / f"{CALL}.ulaw"
    path.parent.mkdir()
    write_ulaw(path, Recording(voice(2)))
    table = CallTable(SqliteDatabase(tmp_path / "log" / "calls.db"))
    table.write(screened(CallRecord(call=Call(call_id=CALL, started_at=1.0), recording=str(path))))
    return path


def _picture(silentspam, tmp_path):
    return silentspam("calls", "why", CALL, "--picture", tmp_path / "call.png")


def test_an_opening_is_drawn(silentspam, tmp_path, opening) -> None:
    code, out, _ = _picture(silentspam, tmp_path)
    assert code == 0
    assert f"call.png shows {opening}" in out
    assert (tmp_path / "call.png").read_bytes()[1:4] == b"PNG"


def test_the_side_of_a_call_is_longer_and_comes_first(silentspam, tmp_path, opening, config_file) -> None:
    settings = yaml.safe_load(config_file.read_text())
    settings["collection"] = {"caller_leg": True, "legs": str(tmp_path / "legs")}
    config_file.write_text(yaml.safe_dump(settings))
    side = tmp_path / "legs" / "measured" / f"{CALL}.ulaw"
    side.parent.mkdir(parents=True)
    write_ulaw(side, Recording(voice(3)))
    assert f"shows {side}" in _picture(silentspam, tmp_path)[1]


def test_a_call_whose_audio_is_gone_says_so(silentspam, tmp_path, opening) -> None:
    opening.unlink()
    code, _, complaint = _picture(silentspam, tmp_path)
    assert code == 1
    assert "never kept, or deleted since" in complaint
    assert not (tmp_path / "call.png").exists()
