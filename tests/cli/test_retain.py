"""`silentspam retain` on a small installation: what goes, what the rows say, and keys."""

import os
import stat
import time
from pathlib import Path

import pytest
import yaml

from silentspam.call import Call, CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import Entry, Part, screened
from silentspam.calllog.query import Filter
from silentspam.calllog.spool import Spool
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.retention.openings import openings

DAY = 86_400.0
NOW = time.time()


class Installation:
    """Recordings with their rows."""

    def __init__(self, folder: Path, config_file: Path) -> None:
        self.folder, self.config_file = folder, config_file
        self.recordings, self.legs = folder / "recordings", folder / "legs"
        self.recordings.mkdir()
        self.configure(collection={"legs": str(self.legs)})
        self.log = CallTable(SqliteDatabase(folder / "log" / "calls.db"))

    def configure(self, **sections: dict[str, object]) -> None:
        document = yaml.safe_load(self.config_file.read_text())
        self.config_file.write_text(yaml.safe_dump(document | sections))

    def call(self, days: float, *, challenged: bool = False) -> Path:
        """A call so many days ago, with its opening."""
        at = NOW - days * DAY
        call = Call(call_id=Call.new_id(), started_at=at)
        path = self.recordings / f"{call.call_id}.ulaw"
        path.write_bytes(b"\xfe" * 16_000)
        os.utime(path, (at, at))
        challenged_at = at + 3 if challenged else None
        self.log.write(screened(CallRecord(call=call, recording=str(path), challenged_at=challenged_at)))
        return path

    def deleted(self, path: Path) -> bool:
        (row,) = self.log.rows(Filter(call_id=path.name[:36]))
        assert row["recording"] == str(path), "the name stays"
        return row["recording_deleted_at"] is not None


@pytest.fixture
def installation(tmp_path: Path, config_file: Path) -> Installation:
    return Installation(tmp_path, config_file)


def test_old_openings_go_and_their_rows_say_when(silentspam, installation: Installation) -> None:
    old, young = installation.call(31), installation.call(29)
    code, out, err = silentspam("retain", "--dry-run")
    assert (code, err) == (0, "")
    assert old.exists()
    code, out, err = silentspam("retain")
    assert (code, err) == (0, "")
    assert out.splitlines()[1].split() == ["openings", "2", "1", "0.0", "0", "0", "0", "0"]
    assert (old.exists(), young.exists()) == (False, True)
    assert (installation.deleted(old), installation.deleted(young)) == (True, False)
    code, out, _ = silentspam("calls", "why", old.name[:36])
    assert code == 0


def test_callers_sides_go_too_and_tell_no_row(silentspam, installation: Installation) -> None:
    path = installation.call(31)
    for folder in (installation.legs, installation.legs / "measured"):
        folder.mkdir()
        path.rename(folder / path.name)
        assert silentspam("retain")[0] == 0
        assert list(folder.glob("*.ulaw*")) == []
        path = installation.call(31)
    assert not installation.deleted(path)


def test_an_archive_outlives_a_change_of_the_policy_unless_it_is_asked_for(
    silentspam, installation: Installation
) -> None:
    path, challenged = installation.call(3), installation.call(3, challenged=True)
    installation.configure(retention={"recordings": "challenged"})
    assert silentspam("retain")[0] == 0
    assert path.exists()
    assert silentspam("retain", "--by-policy")[0] == 0
    assert (path.exists(), challenged.exists()) == (False, True)


def test_an_opening_whose_row_somebody_else_took_in_is_settled_by_the_next_turn(
    silentspam, installation: Installation
) -> None:
    """`silentspam calls` beside the clerk takes in a row that the clerk then never sees."""
    installation.configure(retention={"recordings": "challenged"})
    path, challenged = installation.call(0.5), installation.call(0.5, challenged=True)
    rows = installation.log.rows(Filter())
    (installation.folder / "log" / "calls.db").unlink()
    spool = Spool(Path(yaml.safe_load(installation.config_file.read_text())["call_log"]["spool"]))
    for row in rows:
        spool.add(Entry(Part.SCREENED, {name: value for name, value in row.items() if value is not None}))
    assert silentspam("calls")[0] == 0
    assert spool.waiting() == []
    assert silentspam("retain", "--dry-run")[0] == 0
    assert path.exists()
    assert silentspam("retain")[0] == 0
    assert (path.exists(), challenged.exists()) == (False, True)
    assert (installation.deleted(path), installation.deleted(challenged)) == (True, False)


def test_keys_are_made_and_what_was_in_plain_is_sealed(silentspam, installation: Installation) -> None:
    prefix = installation.folder / "calls"
    code, out, err = silentspam("retain", "--new-key", prefix)
    assert code == 0
    assert "retention.encrypt_to" in out
    assert "keep a copy safe" in err
    private = Path(f"{prefix}.key")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert silentspam("retain", "--new-key", prefix)[0] == 1
    path = installation.call(1)
    installation.configure(retention={"encrypt_to": f"{prefix}.pub"})
    code, out, _ = silentspam("retain")
    assert code == 0
    assert not path.exists()
    assert openings([private]).read(path).seconds == 2.0
    assert not installation.deleted(path)


def test_a_key_that_is_gone_is_said_and_what_is_old_goes_all_the_same(
    silentspam, installation: Installation
) -> None:
    old, young = installation.call(31), installation.call(1)
    installation.configure(retention={"encrypt_to": str(installation.folder / "gone.pub")})
    code, _, err = silentspam("retain")
    assert code == 1
    assert "nothing is sealed: key file" in err
    assert (old.exists(), young.exists()) == (False, True)


def test_files_without_any_call_log_go_by_their_own_time(silentspam, installation: Installation) -> None:
    path = installation.call(31)
    (installation.folder / "log" / "calls.db").unlink()
    assert silentspam("retain")[0] == 0
    assert not path.exists()


def test_work_can_be_bounded(silentspam, installation: Installation) -> None:
    for _ in range(3):
        installation.call(31)
    code, _, err = silentspam("retain", "--at-most", "2")
    assert code == 0
    assert "more is to be done" in err
    assert len(list(installation.recordings.iterdir())) == 1
