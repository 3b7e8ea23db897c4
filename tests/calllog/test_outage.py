"""An outage under load: whatever PostgreSQL does, every row is in the database in the end, once, in order."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.postgres import PostgresServer
from silentspam.call import CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.durable import DurableCallLog
from silentspam.calllog.entry import Entry, screened
from silentspam.calllog.postgres import PostgresDatabase
from silentspam.calllog.query import Filter
from silentspam.calllog.spool import Spool
from silentspam.errors import CallLogError
from tests.fakes import a_call

PROCESSES = 3
LONGEST_SECONDS = 120.0

WRITER = """
import select, sys
from pathlib import Path
from silentspam.call import Call, CallEnd, CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.durable import DurableCallLog
from silentspam.calllog.entry import ended, screened
from silentspam.calllog.postgres import PostgresDatabase
from silentspam.calllog.spool import Spool
address, folder, name = sys.argv[1:]
log = DurableCallLog(CallTable(PostgresDatabase(address, busy_seconds=1)), Spool(Path(folder)))
written = 0
while not select.select([sys.stdin], [], [], 0.01)[0]:  # in a long outage not too many rows gather
    call = Call(call_id=f"{name}-{written}", started_at=float(written))
    log.write(ended(CallEnd(call=call, ended_at=2.0, hangup_cause=16)))
    log.write(screened(CallRecord(call=call, verdict="HAM")))
    written += 1
print(written)
"""


def until(condition: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + LONGEST_SECONDS
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


def version(number: int) -> Entry:
    return screened(CallRecord(call=a_call(), threshold=number / 100))


def test_an_outage_under_load_loses_nothing(
    postgres: PostgresDatabase, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    """Stopped, killed, then refusing everyone, while three processes write."""
    spool, table = Spool(tmp_path / "spool"), CallTable(postgres)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, postgres_server.address("calls"), str(spool.folder), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]

    def more_rows() -> None:
        before = len(table.rows(Filter()))
        until(lambda: len(table.rows(Filter())) >= before + 20)

    def more_waiting() -> None:
        before = len(spool.waiting())
        until(lambda: len(spool.waiting()) >= before + 30)

    more_rows()
    for break_it in (postgres_server.stop, postgres_server.kill):
        break_it()
        more_waiting()
        postgres_server.start()
        more_rows()
    with postgres_server.refusing():
        more_waiting()
    more_rows()
    counts = [int(writer.communicate("", LONGEST_SECONDS)[0]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES

    spool.take_in_many(table.write_many, at_once=100)
    rows = table.rows(Filter())
    expected = {f"{name}-{n}" for name, count in enumerate(counts) for n in range(count)}
    assert {row["call_id"] for row in rows} == expected
    assert len(rows) == sum(counts)
    assert {(row["verdict"], row["hangup_cause"]) for row in rows} == {("HAM", 16)}
    assert list(spool.folder.iterdir()) == []


def test_what_waited_is_taken_in_in_order(
    postgres: PostgresDatabase, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    spool, table = Spool(tmp_path / "spool"), CallTable(postgres)
    log = DurableCallLog(table, spool)
    postgres_server.stop()
    for number in range(30):
        log.write(version(number))
    with pytest.raises(CallLogError):
        spool.take_in_many(table.write_many, at_once=10)
    assert len(spool.waiting()) == 30
    postgres_server.start()
    assert [entry.columns["threshold"] for entry in spool.take_in_many(table.write_many, at_once=10)] == [
        number / 100 for number in range(30)
    ]
    assert [row["threshold"] for row in table.rows(Filter())] == [0.29]
    assert spool.waiting() == []


def test_a_missing_schema_keeps_rows_waiting_until_it_is_there(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    postgres_server.create("not_migrated_yet")
    database = PostgresDatabase(postgres_server.address("not_migrated_yet"), busy_seconds=60)
    spool = Spool(tmp_path / "spool")
    log = DurableCallLog(CallTable(database), spool)
    log.write(version(1))
    assert len(spool.waiting()) == 1
    database.migrate()
    assert len(log.rows(Filter())) == 1
    assert spool.waiting() == []
