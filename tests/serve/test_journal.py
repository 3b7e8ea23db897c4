"""A worker's rows: on the disk before the call is over, whole, and found again when the worker is not."""

import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from silentspam.call import CallRecord
from silentspam.calllog.entry import Entry, screened
from silentspam.calllog.spool import Spool
from silentspam.serve.journal import Journal, adopt
from tests.fakes import a_call


def an_entry(number: int = 1) -> Entry:
    return screened(CallRecord(call=a_call(f"00000000-0000-4000-8000-{number:012d}")))


def taken(folder: Path) -> list[Entry]:
    entries: list[Entry] = []
    Spool(folder).take_in_many(entries.extend, at_once=100)
    return entries


def test_rows_are_handed_over_in_their_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "spool")
    entries = [an_entry(number) for number in range(5)]
    for entry in entries[:3]:
        assert journal.add(entry)
    journal.close_file()
    for entry in entries[3:]:
        assert journal.add(entry)
    journal.close_file()
    assert taken(tmp_path / "spool") == entries
    assert list((tmp_path / "spool").iterdir()) == []


def test_a_file_that_is_being_written_is_nobody_elses(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(an_entry())
    assert adopt(tmp_path) == 0
    assert taken(tmp_path) == []
    journal.close_file()
    assert taken(tmp_path) == [an_entry()]


def test_a_file_that_is_just_begun_is_not_taken_for_a_dead_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clerk comes round between the making of a file and its lock."""
    locks = fcntl.flock

    def late(descriptor: int, how: int) -> None:
        monkeypatch.setattr("fcntl.flock", locks)
        assert adopt(tmp_path) == 0
        assert taken(tmp_path) == []
        locks(descriptor, how)

    journal = Journal(tmp_path)
    monkeypatch.setattr("fcntl.flock", late)
    assert journal.add(an_entry(1))
    journal.close_file()
    assert taken(tmp_path) == [an_entry(1)]


def test_a_row_that_no_disk_takes_is_said_where_nobody_is_held_up(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file in place of the folder")
    said: list[str] = []
    journal = Journal(tmp_path / "spool", say=said.append)
    assert not journal.add(an_entry(1))
    assert an_entry(1).to_json() in said[0]
    assert journal.refused == 1


def test_the_rows_of_a_killed_worker_are_found(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from silentspam.serve.journal import Journal\n"
        "from tests.serve.test_journal import an_entry\n"
        "journal = Journal(Path(sys.argv[1])); journal.add(an_entry()); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert taken(tmp_path) == []
    assert adopt(tmp_path) == 1
    assert taken(tmp_path) == [an_entry()]


def test_a_line_that_was_torn_costs_no_other_its_place(tmp_path: Path) -> None:
    lines = [an_entry(1).to_json(), an_entry(2).to_json()[:40], an_entry(3).to_json()]
    (tmp_path / "1-rows.json").write_text("\n".join(lines))
    assert taken(tmp_path) == [an_entry(1), an_entry(3)]
    (aside,) = tmp_path.glob("*.unreadable")
    assert aside.read_text() == lines[1] + "\n"


def test_a_full_disk_costs_no_row(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from silentspam.serve.journal import Journal\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from tests.serve.test_journal import an_entry\n"
        "journal = Journal(Path(sys.argv[1]))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300, -1))\n"
        "written = [journal.add(an_entry(n)) for n in range(6)]\n"
        "print(written.count(True), journal.refused)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))\n"
        "journal.close_file(); journal.close_file(); print(journal.refused)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], check=True, capture_output=True, text=True
    )
    written, refused, left = map(int, said.stdout.split())
    assert written + refused == 6
    assert refused > 0
    assert left == 0
    assert said.stderr.count("row not written") == refused
    assert sorted(entry.call_id for entry in taken(tmp_path)) == [an_entry(n).call_id for n in range(6)]


def test_what_the_database_refuses_stays(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.add(an_entry())
    journal.close_file()

    def refuse(_entries: list[Entry]) -> None:
        raise OSError(os.strerror(5))

    with pytest.raises(OSError, match="Input"):
        Spool(tmp_path).take_in_many(refuse, at_once=10)
    assert taken(tmp_path) == [an_entry()]


def test_a_log_on_the_same_full_disk_costs_no_row_either(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from silentspam.serve.journal import Journal\n"
        "from tests.serve.test_journal import an_entry\n"
        "folder = Path(sys.argv[1]); (folder / 'spool').touch()\n"
        "journal = Journal(folder / 'spool')\n"
        "assert not journal.add(an_entry()); assert journal.refused == 1\n"
        "(folder / 'spool').unlink(); journal.close_file()\n"
        "assert journal.refused == 0; journal.close_file()\n"
    )
    with open("/dev/full", "wb") as full:
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True, stderr=full)
    assert taken(tmp_path / "spool") == [an_entry()]
