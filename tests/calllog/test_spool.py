"""The spool and the log that uses it: what cannot be written now is written later, and nothing is lost."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from silentspam.call import CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.durable import TAKE_IN_AT_ONCE, DurableCallLog
from silentspam.calllog.entry import Entry, screened
from silentspam.calllog.query import Filter
from silentspam.calllog.spool import Spool
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.errors import CallLogError, ValueRefusedError
from tests.fakes import a_call


def entry(number: int = 0) -> Entry:
    return screened(CallRecord(call=a_call(f"call-{number}", started_at=float(number))))


class Database:
    """A database that can be down, or refuse single calls for now or for ever."""

    def __init__(self) -> None:
        self.up = True
        self.refuses: set[str] = set()
        self.never: set[str] = set()
        self.written: list[str] = []

    def write(self, entry: Entry) -> None:
        if self.up and entry.call_id in self.never:
            raise ValueRefusedError("out of range")
        if not self.up or entry.call_id in self.refuses:
            raise CallLogError("database is locked")
        self.written.append(entry.call_id)

    def rows(self, wanted: Filter) -> list[Any]:
        return [{"call_id": call_id} for call_id in self.written]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "made" / "when" / "needed")


def taken(spool: Spool) -> list[str]:
    entries: list[Entry] = []
    assert spool.take_in(entries.append) == len(entries)
    return [each.call_id for each in entries]


def names(spool: Spool) -> list[str]:
    return sorted(path.name for path in spool.folder.iterdir())


# --- the spool ---------------------------------------------------------------------------------------------


def test_entries_come_out_in_the_order_they_went_in_and_only_once(spool: Spool) -> None:
    for number in (3, 1, 2):
        spool.add(entry(number))
    assert taken(spool) == ["call-3", "call-1", "call-2"]
    assert names(spool) == []
    assert taken(spool) == []


def test_a_spool_that_was_never_used_is_empty(spool: Spool, below_a_file: Path) -> None:
    assert taken(spool) == []
    assert taken(Spool(below_a_file)) == []


def test_no_more_than_the_limit_is_taken_in(spool: Spool) -> None:
    for number in range(5):
        spool.add(entry(number))
    assert spool.take_in(lambda each: None, limit=2) == 2
    assert taken(spool) == ["call-2", "call-3", "call-4"]


def test_what_the_database_refuses_stays_with_all_that_follows(spool: Spool) -> None:
    for number in range(3):
        spool.add(entry(number))
    database = Database()
    database.refuses = {"call-1"}
    with pytest.raises(CallLogError):
        spool.take_in(database.write)
    assert taken(spool) == ["call-1", "call-2"]


def test_what_the_database_can_never_hold_is_set_aside_and_costs_no_other(spool: Spool) -> None:
    for number in range(3):
        spool.add(entry(number))
    database = Database()
    database.never = {"call-1"}
    spool.take_in(database.write)
    assert database.written == ["call-0", "call-2"]
    assert spool.waiting() == []
    (aside,) = spool.aside()
    assert Entry.from_json(aside.read_text()) == entry(1)


def test_a_log_sets_aside_what_the_database_can_never_hold(spool: Spool) -> None:
    database = Database()
    database.never = {"call-1"}
    log = DurableCallLog(database, spool)
    log.write(entry(1))
    log.write(entry(2))
    assert database.written == ["call-2"]
    assert len(spool.aside()) == 1


@pytest.mark.parametrize(
    "garbage",
    [b"{", b"\xff\xfe", b"null\n", b'{"part": "screened", "columns": {"call', b"\0" * 4096, b"[" * 100_000],
    ids=range(6),
)
def test_a_torn_or_garbage_file_is_set_aside_and_costs_no_other(spool: Spool, garbage: bytes) -> None:
    first = spool.add(entry(0))
    spool.add(entry(1))
    first.write_bytes(garbage)
    assert taken(spool) == ["call-1"]
    (aside,) = names(spool)
    assert aside.endswith(".unreadable")
    assert (spool.folder / aside).read_bytes() == garbage
    assert taken(spool) == []


def test_a_file_that_cannot_be_read_costs_no_other_and_stays(spool: Spool) -> None:
    spool.add(entry(1))
    (spool.folder / "0.json").mkdir()
    assert taken(spool) == ["call-1"]
    assert names(spool) == ["0.json"]


def test_a_file_of_many_lines_holds_many_entries(spool: Spool) -> None:
    path = spool.add(entry(0))
    path.write_text("".join(entry(number).to_json() + "\n" for number in range(3)) + "\n")
    assert taken(spool) == ["call-0", "call-1", "call-2"]


def taken_together(spool: Spool) -> list[str]:
    return [each.call_id for each in spool.take_in_many(lambda entries: None, at_once=2)]


@pytest.mark.parametrize("take", [taken, taken_together])
def test_a_torn_line_is_set_aside_and_costs_no_other_of_its_file(
    spool: Spool, take: Callable[[Spool], list[str]]
) -> None:
    path = spool.add(entry(0))
    torn = entry(1).to_json()[:40]
    path.write_text("\n".join([entry(0).to_json(), torn, entry(2).to_json()]) + "\n")
    assert take(spool) == ["call-0", "call-2"]
    (aside,) = spool.aside()
    assert aside.read_text() == torn + "\n"
    assert take(spool) == []
    assert names(spool) == [aside.name]


def test_a_torn_line_is_set_aside_once_however_often_the_database_fails(spool: Spool) -> None:
    def down(_entries: list[Entry]) -> None:
        raise CallLogError("database is locked")

    spool.add(entry(0)).write_text(f"{entry(0).to_json()}\n{{\n")
    for _ in range(3):
        with pytest.raises(CallLogError):
            spool.take_in_many(down, at_once=100)
    assert taken_together(spool) == ["call-0"]
    (aside,) = spool.aside()
    assert aside.read_text() == "{\n"


def test_half_written_files_and_strangers_are_left_alone(spool: Spool) -> None:
    spool.add(entry())
    for name in ("1.partial", "notes.txt", "2.json.bak"):
        (spool.folder / name).write_text("{")
    assert taken(spool) == ["call-0"]
    assert names(spool) == ["1.partial", "2.json.bak", "notes.txt"]


def test_a_spool_that_cannot_be_written_says_so_by_its_key(below_a_file: Path) -> None:
    with pytest.raises(CallLogError, match=r"call_log\.spool .*below"):
        Spool(below_a_file).add(entry())


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_disk_that_fills_up_leaves_no_half_file(
    spool: Spool, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(CallLogError, match="No space left"):
        spool.add(entry())
    assert names(spool) == []


def test_many_processes_at_once_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    """Four processes add and take in at the same time, into one database."""
    code = """
import sys
from pathlib import Path
from silentspam.call import Call, CallRecord
from silentspam.calllog.entry import screened
from silentspam.calllog.spool import Spool
from silentspam.calllog.calls import CallTable
from silentspam.calllog.sqlite import SqliteDatabase
folder, worker = Path(sys.argv[1]), sys.argv[2]
spool, log = Spool(folder / "spool"), CallTable(SqliteDatabase(folder / "calls.db", busy_seconds=60))
sys.stdin.read()
for n in range(10):
    spool.add(screened(CallRecord(call=Call(call_id=f"{worker}-{n}", started_at=0.0))))
    spool.take_in(log.write)
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(n)], stdin=subprocess.PIPE)
        for n in range(4)
    ]
    for worker in workers:
        assert worker.stdin
        worker.stdin.close()
    assert [worker.wait(120) for worker in workers] == [0] * 4
    log = CallTable(SqliteDatabase(tmp_path / "calls.db"))
    assert Spool(tmp_path / "spool").take_in(log.write) == 0
    assert {row["call_id"] for row in log.rows(Filter())} == {f"{w}-{n}" for w in range(4) for n in range(10)}
    assert list((tmp_path / "spool").iterdir()) == []


# --- the durable log ---------------------------------------------------------------------------------------


def test_with_the_database_up_nothing_is_spooled(spool: Spool) -> None:
    database = Database()
    DurableCallLog(database, spool).write(entry())
    assert database.written == ["call-0"]
    assert not spool.folder.exists()


def test_with_the_database_down_the_row_waits_and_the_next_call_takes_it_in(spool: Spool) -> None:
    database = Database()
    log = DurableCallLog(database, spool)
    database.up = False
    log.write(entry(1))
    log.write(entry(2))
    assert database.written == []
    database.up = True
    log.write(entry(3))
    assert database.written == ["call-3", "call-1", "call-2"]
    assert spool.waiting() == []


def test_reading_takes_in_what_waits(spool: Spool) -> None:
    database = Database()
    log = DurableCallLog(database, spool)
    spool.add(entry(7))
    assert log.rows(Filter()) == [{"call_id": "call-7"}]


def test_one_call_takes_in_only_so_many(spool: Spool) -> None:
    for number in range(TAKE_IN_AT_ONCE + 5):
        spool.add(entry(number))
    database = Database()
    DurableCallLog(database, spool).write(entry(-1))
    assert len(database.written) == TAKE_IN_AT_ONCE + 1
    assert len(spool.waiting()) == 5


@pytest.mark.parametrize("trouble", ["garbage", "a folder", "refused"])
def test_trouble_with_another_calls_row_is_no_trouble_for_this_one(spool: Spool, trouble: str) -> None:
    database = Database()
    path = spool.add(entry(1))
    if trouble == "garbage":
        path.write_text("{")
    elif trouble == "a folder":
        path.unlink()
        path.mkdir()
    else:
        database.refuses = {"call-1"}
    DurableCallLog(database, spool).write(entry(2))
    assert database.written == ["call-2"]


def test_with_neither_database_nor_spool_the_error_names_both(below_a_file: Path) -> None:
    log = DurableCallLog(CallTable(SqliteDatabase(below_a_file / "calls.db")), Spool(below_a_file / "spool"))
    with pytest.raises(CallLogError, match=r"call_log\.database .*; call_log\.spool "):
        log.write(entry())


def test_what_was_taken_in_before_the_database_fails_is_told(spool: Spool) -> None:
    for number in range(4):
        spool.add(entry(number))
    told: list[str] = []

    def down_after_two(entries: list[Entry]) -> None:
        if told:
            raise CallLogError("database is locked")

    batches = spool.batches_in(down_after_two, at_once=2)
    told += [each.call_id for each in next(batches)]
    with pytest.raises(CallLogError):
        next(batches)
    assert told == ["call-0", "call-1"]
    assert taken(spool) == ["call-2", "call-3"]
