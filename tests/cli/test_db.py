"""`silentspam db`: on SQLite, and on a real PostgreSQL server."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from lab.postgres import PostgresServer
from silentspam import assembly
from silentspam.call import CallEnd, CallRecord, ChallengeResult
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import ended, screened
from silentspam.calllog.query import Filter
from silentspam.calllog.schema import STEPS
from silentspam.calllog.spool import Spool
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.config import load_config
from tests.fakes import CALL_ID, a_call

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    """A call log of three calls."""
    path = tmp_path / "log" / "calls.db"
    CallTable(SqliteDatabase(path)).write_many(
        [screened(CallRecord(call=a_call(f"call-{n}", started_at=float(n)))) for n in range(3)]
    )
    return path


@pytest.fixture
def postgres(config_file: Path, postgres_server: PostgresServer, tmp_path: Path) -> Iterator[None]:
    """The installation's call log is a database without tables on the server."""
    postgres_server.create(tmp_path.name)
    document = yaml.safe_load(config_file.read_text())
    document["call_log"]["postgres"] = postgres_server.address(f"'{tmp_path.name}'") + " password=hunter2"
    config_file.write_text(yaml.safe_dump(document))
    yield
    assembly._postgres.cache_clear()


def test_status_before_the_first_call_says_that_there_is_nothing(silentspam: Run) -> None:
    code, out, _ = silentspam("db", "status")
    assert code == 1
    assert "schema: no tables" in out
    assert "there is no call log yet" in out


def test_status_counts_rows_and_what_waits(silentspam: Run, sqlite: Path, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "log" / "spool")
    for number in range(2):
        spool.add(screened(CallRecord(call=a_call(f"waiting-{number}"))))
    spool.set_aside([screened(CallRecord(call=a_call("refused")))])
    code, out, _ = silentspam("db", "status")
    assert code == 0
    assert f"database: SQLite {sqlite}" in out
    assert f"schema: {len(STEPS)} of {len(STEPS)}" in out
    assert re.search(r"spool: 2 files wait, the oldest for \d+ s; 1 set aside", out)
    assert re.search(r"^calls +3$", out, re.MULTILINE)
    figures = json.loads(silentspam("db", "status", "--json")[1])
    assert figures["rows"]["calls"] == 3
    assert figures["spool"]["files"] == 2


def test_migrate_makes_an_sqlite_file_or_finds_nothing_to_do(silentspam: Run, tmp_path: Path) -> None:
    assert f"tables made, schema {len(STEPS)}" in silentspam("db", "migrate")[1]
    assert "nothing to do" in silentspam("db", "migrate")[1]
    assert (tmp_path / "log" / "calls.db").exists()


def test_an_installation_moves_to_postgresql(
    silentspam: Run, sqlite: Path, postgres: None, config_file: Path
) -> None:
    code, out, err = silentspam("db", "status")
    assert code == 1
    assert "run `silentspam db migrate`" in out
    assert silentspam("db", "copy", "--from-sqlite", sqlite)[0] == 1, "there is nothing to copy into yet"
    assert f"tables made, schema {len(STEPS)}" in silentspam("db", "migrate")[1]
    for new in (3, 0):
        code, out, err = silentspam("db", "copy", "--from-sqlite", sqlite)
        assert code == 0, err
        assert re.search(rf"^calls +3 +{new} +0$", out, re.MULTILINE)
    assert "hunter2" not in out
    assert len(assembly.call_log(load_config(config_file)).rows(Filter())) == 3
    assert silentspam("calls")[1].count("\n") == 4
    assert "PostgreSQL" in silentspam("db", "status")[1]


EVERY_VERB = [
    ["calls", "--since", "2h", "--number", "15550100"],
    ["calls", "why", CALL_ID],
    ["lists", "block", "12025550199"],
    ["lists", "permit", "12025550123"],
    ["lists"],
    ["switch", "off"],
    ["switch", "on"],
    ["switch"],
    ["report", "calls"],
    ["report", "errors"],
    ["attacks", "--all"],
    ["labels", "derive"],
    ["labels", "list"],
    ["labels", "report"],
    ["retain"],
    ["privacy", "erase", "15550100", "--yes"],
    ["privacy", "history"],
    ["db", "status"],
]


def test_every_verb_that_asks_the_database_can_ask_postgresql(
    silentspam: Run, postgres: None, postgres_server: PostgresServer, config_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "recordings").mkdir()
    said = postgres_server.log().count("ERROR")
    silentspam("db", "migrate")
    passed = CallRecord(call=a_call(started_at=time.time() - 60), challenge_result=ChallengeResult.PASSED)
    log = assembly.call_log(load_config(config_file))
    log.write(screened(passed))
    log.write(ended(CallEnd(call=passed.call, ended_at=time.time())))
    for words in EVERY_VERB:
        code, out, err = silentspam(*words)
        assert code == 0, (words, out, err)
    (row,) = log.rows(Filter())
    assert (row["ani"], row["erased_at"] is not None) == ("", True)
    assert postgres_server.log().count("ERROR") == said


def test_a_file_is_not_copied_into_itself(silentspam: Run, sqlite: Path) -> None:
    code, _, err = silentspam("db", "copy", "--from-sqlite", sqlite)
    assert code == 1
    assert "set call_log.postgres" in err


def test_a_file_that_is_not_there_is_an_error(silentspam: Run, sqlite: Path, tmp_path: Path) -> None:
    code, _, err = silentspam("db", "copy", "--from-sqlite", tmp_path / "none.db")
    assert code == 1
    assert "none.db" in err
    assert not (tmp_path / "none.db").exists()
