"""SQLite's own troubles: many processes, a locked, corrupt, newer or unwritable file."""

import os
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from silentspam.call import CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import Entry, screened
from silentspam.calllog.query import Filter
from silentspam.calllog.schema import COLUMNS, STEPS
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.errors import CallLogError, NoCallLogError, ValueRefusedError
from tests.fakes import a_call

ENTRY: Entry = screened(CallRecord(call=a_call()))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.db"


def query(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


def test_many_processes_at_once_on_a_new_file_write_every_row(path: Path) -> None:
    """Eight processes find no file, and each builds the schema or waits for the one that does."""
    code = """
import sys
from dataclasses import replace
from pathlib import Path
from silentspam.call import Call, CallRecord
from silentspam.calllog.entry import screened
from silentspam.calllog.calls import CallTable
from silentspam.calllog.sqlite import SqliteDatabase
path, worker = Path(sys.argv[1]), sys.argv[2]
sys.stdin.read()
for n in range(5):
    call = Call(call_id=f"{worker}-{n}", started_at=0.0)
    CallTable(SqliteDatabase(path, busy_seconds=60)).write(screened(CallRecord(call=call)))
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), str(n)], stdin=subprocess.PIPE)
        for n in range(8)
    ]
    for worker in workers:
        assert worker.stdin
        worker.stdin.close()
    assert [worker.wait(120) for worker in workers] == [0] * 8
    assert len(CallTable(SqliteDatabase(path)).rows(Filter())) == 40


def test_a_reader_does_not_wait_for_a_writer(path: Path) -> None:
    log = CallTable(SqliteDatabase(path, busy_seconds=0))
    log.write(ENTRY)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("UPDATE calls SET ani = 'half done'")
    assert log.rows(Filter())[0]["ani"] == "15550100"
    writer.close()


def test_the_journal_is_write_ahead(path: Path) -> None:
    CallTable(SqliteDatabase(path)).write(ENTRY)
    assert query(path, "PRAGMA journal_mode") == [("wal",)]


def test_a_locked_database_is_an_error_when_the_wait_is_over(path: Path) -> None:
    log = CallTable(SqliteDatabase(path, busy_seconds=0.01))
    log.write(ENTRY)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(CallLogError, match=r"call_log\.database .*locked"):
        log.write(ENTRY)
    lock.close()
    log.write(ENTRY)


def test_a_database_that_cannot_be_made_is_an_error_that_names_key_and_path(below_a_file: Path) -> None:
    with pytest.raises(CallLogError, match=r"call_log\.database .*below"):
        CallTable(SqliteDatabase(below_a_file / "calls.db")).write(ENTRY)


def test_a_folder_in_its_place_is_an_error(path: Path) -> None:
    path.mkdir()
    for use in (
        lambda: CallTable(SqliteDatabase(path)).write(ENTRY),
        lambda: CallTable(SqliteDatabase(path)).rows(Filter()),
    ):
        with pytest.raises(CallLogError, match=r"calls\.db"):
            use()


def test_a_name_that_no_file_can_have_is_an_error(path: Path) -> None:
    endless = path.with_name("x" * 300)
    for use in (
        lambda: CallTable(SqliteDatabase(endless)).write(ENTRY),
        lambda: CallTable(SqliteDatabase(endless)).rows(Filter()),
    ):
        with pytest.raises(CallLogError):
            use()


@pytest.mark.parametrize(
    "content", [b"this is no database, but long enough to be one" * 50, b"SQLite format 3\0"]
)
def test_a_corrupt_file_is_an_error_and_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for use in (
        lambda: CallTable(SqliteDatabase(path)).write(ENTRY),
        lambda: CallTable(SqliteDatabase(path)).rows(Filter()),
    ):
        with pytest.raises(CallLogError, match=r"calls\.db"):
            use()
    assert path.read_bytes() == content


def test_an_empty_file_is_a_new_database(path: Path) -> None:
    path.touch()
    CallTable(SqliteDatabase(path)).write(ENTRY)
    assert len(CallTable(SqliteDatabase(path)).rows(Filter())) == 1


def test_reading_before_the_first_call_says_that_there_is_no_log_and_makes_none(path: Path) -> None:
    with pytest.raises(CallLogError, match="there is no call log yet"):
        CallTable(SqliteDatabase(path)).rows(Filter())
    assert not path.exists()


def test_a_newer_schema_is_refused_with_both_versions_and_a_remedy(path: Path) -> None:
    CallTable(SqliteDatabase(path)).write(ENTRY)
    query(path, f"PRAGMA user_version={len(STEPS) + 1}")
    with pytest.raises(CallLogError, match=f"schema {len(STEPS) + 1}, this version knows {len(STEPS)}"):
        CallTable(SqliteDatabase(path)).write(ENTRY)


@pytest.mark.parametrize("version", range(len(STEPS)))
def test_every_older_schema_is_brought_up_to_date_and_keeps_its_rows(path: Path, version: int) -> None:
    for step in STEPS[:version]:
        query(path, step)
    query(path, f"PRAGMA user_version={version}")
    if version:
        query(path, "INSERT INTO calls (call_id, started_at) VALUES ('old', 1.0)")
    CallTable(SqliteDatabase(path)).write(ENTRY)
    assert query(path, "PRAGMA user_version") == [(len(STEPS),)]
    assert len(CallTable(SqliteDatabase(path)).rows(Filter())) == (2 if version else 1)
    columns = [name for _, name, *_ in query(path, "PRAGMA table_info(calls)")]
    assert columns == list(COLUMNS)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_database_that_root_makes_belongs_to_its_folders_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12346)
    path = tmp_path / "calls.db"
    CallTable(SqliteDatabase(path)).write(screened(CallRecord(call=a_call())))
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12346)


def test_a_connection_that_is_kept_sees_what_others_write_and_leaves_nothing_behind(path: Path) -> None:
    database = SqliteDatabase(path, keep=True)
    kept = CallTable(database)
    for number in range(3):
        kept.write(an_entry(f"own-{number}"))
        CallTable(SqliteDatabase(path)).write(an_entry(f"other-{number}"))
        assert len(kept.rows(Filter())) == 2 * number + 2
    assert path.with_name("calls.db-wal").exists()
    database.close()
    assert os.listdir(path.parent) == ["calls.db"]
    assert len(kept.rows(Filter())) == 6


def test_a_connection_that_is_kept_is_no_longer_when_its_file_is_gone_or_another(path: Path) -> None:
    kept = CallTable(SqliteDatabase(path, keep=True))
    for _ in range(2):
        kept.write(an_entry("before"))
    for name in os.listdir(path.parent):
        path.with_name(name).unlink()
    with pytest.raises(NoCallLogError):
        kept.rows(Filter())
    kept.write(an_entry("after"))
    assert [row["call_id"] for row in CallTable(SqliteDatabase(path)).rows(Filter())] == ["after"]


def test_a_connection_that_is_kept_outlives_what_goes_wrong(path: Path) -> None:
    database = SqliteDatabase(path, keep=True, busy_seconds=0.01)
    kept = CallTable(database)
    kept.write(an_entry("a"))
    for cause in (2**70, "of another kind"):
        with pytest.raises((ValueRefusedError, ZeroDivisionError)):
            half_do(database, cause)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(CallLogError, match="locked"):
        kept.write(an_entry("b"))
    lock.close()
    kept.write(an_entry("b"))
    assert [row["ani"] for row in kept.rows(Filter())] == ["15550100"] * 2


def test_a_reader_within_a_reader_has_a_connection_of_its_own(path: Path) -> None:
    kept = CallTable(SqliteDatabase(path, keep=True))
    for name in ("a", "b"):
        kept.write(an_entry(name))
    for _ in kept.iterate(Filter(), ["call_id"]):
        kept.write(an_entry("c"))
        assert len(kept.rows(Filter())) == 3


def test_a_forked_process_takes_no_connection_of_its_parents(path: Path) -> None:
    kept = CallTable(SqliteDatabase(path, keep=True))
    for name in ("a", "b"):
        kept.write(an_entry(name))
    if (child := os.fork()) == 0:
        kept.write(an_entry("c"))
        os._exit(len(kept.rows(Filter())))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    assert len(kept.rows(Filter())) == 3


def half_do(database: SqliteDatabase, cause: object) -> None:
    with database.transaction(write=True) as connection:
        connection.execute("UPDATE calls SET ani = 'half done'")
        connection.execute("UPDATE calls SET hangup_cause = :it", {"it": cause})
        raise ZeroDivisionError


def an_entry(call_id: str) -> Entry:
    return screened(CallRecord(call=replace(a_call(), call_id=call_id)))
