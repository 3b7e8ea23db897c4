"""PostgreSQL's own troubles: a server that is away, hangs, refuses or is full; a schema that does not fit;
values that it cannot hold. Each is a CallLogError in good time, and none outlasts its cause.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lab.postgres import PostgresServer
from silentspam import assembly
from silentspam.call import CallRecord
from silentspam.calllog import closing
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import Entry, Part, screened
from silentspam.calllog.postgres import PostgresDatabase
from silentspam.calllog.psycopg_session import translated
from silentspam.calllog.query import Filter
from silentspam.calllog.schema import POSTGRES_STEPS
from silentspam.config import Config
from silentspam.errors import CallLogError, ValueRefusedError
from silentspam.sections import CallLogSection
from tests.fakes import a_call

KNOWN = len(POSTGRES_STEPS)
NEWEST_TEN, _ = Filter(limit=10).newest_first()


def entry(number: int = 0, **known: object) -> Entry:
    return screened(CallRecord(call=a_call(f"call-{number}", started_at=float(number)), **known))  # type: ignore[arg-type]


def ids(log: CallTable) -> list[object]:
    return [row["call_id"] for row in log.rows(Filter())]


@pytest.fixture
def log(postgres: PostgresDatabase) -> CallTable:
    return CallTable(postgres)


# --- the server --------------------------------------------------------------------------------------------


def test_a_server_that_was_restarted_costs_no_row(log: CallTable, postgres_server: PostgresServer) -> None:
    log.write(entry(1))
    postgres_server.restart()
    log.write(entry(2))
    assert ids(log) == ["call-2", "call-1"]


def test_a_server_that_is_away_is_an_error_until_it_is_back(
    log: CallTable, postgres_server: PostgresServer
) -> None:
    log.write(entry(1))
    postgres_server.stop()
    for _ in range(2):
        with pytest.raises(CallLogError, match=r"call_log\.postgres: PostgreSQL calls at .*connection"):
            log.write(entry(2))
    postgres_server.start()
    log.write(entry(3))
    assert ids(log) == ["call-3", "call-1"]


def test_what_was_written_survives_a_crash_of_the_server(
    log: CallTable, postgres_server: PostgresServer
) -> None:
    assert log.write_many([entry(number) for number in range(50)]) == []
    postgres_server.kill()
    with pytest.raises(CallLogError):
        log.rows(Filter())
    postgres_server.start()
    assert len(ids(log)) == 50


def test_a_server_that_refuses_us_is_an_error_that_says_so(
    log: CallTable, postgres_server: PostgresServer
) -> None:
    log.write(entry(1))
    with postgres_server.refusing(), pytest.raises(CallLogError, match="rejects connection"):
        log.write(entry(2))
    log.write(entry(3))
    assert ids(log) == ["call-3", "call-1"]


def test_a_server_that_hangs_is_an_error_and_no_hang(
    log: CallTable,
    postgres: PostgresDatabase,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log.write(entry(1))
    with postgres_server.hanging(), monkeypatch.context() as impatient:
        impatient.setattr(postgres, "_busy_seconds", 1.0)
        with pytest.raises(CallLogError, match="no answer within 2 s"):
            log.write(entry(2))  # on the connection that was kept
        with pytest.raises(CallLogError, match="connection timeout"):
            log.write(entry(2))  # on a new one
    log.write(entry(3))
    assert "call-3" in ids(log)


def test_a_table_that_another_session_holds_is_an_error_and_no_hang(
    log: CallTable, postgres: PostgresDatabase, postgres_server: PostgresServer
) -> None:
    log.write(entry(1))
    assert postgres._idle is not None
    postgres._idle.execute("SET statement_timeout = 500")
    with postgres_server.locking("calls", "calls"), pytest.raises(CallLogError, match="statement timeout"):
        log.write(entry(2))
    postgres._idle.execute("RESET statement_timeout")
    log.write(entry(3))
    assert ids(log) == ["call-3", "call-1"]


def test_a_full_disk_is_an_error_and_loses_nothing_that_was_written(
    log: CallTable, postgres_server: PostgresServer
) -> None:
    written: list[Entry] = []

    def fill() -> None:
        while True:
            some = [_random(len(written) + number) for number in range(100)]
            log.write_many(some)
            written.extend(some)

    with postgres_server.full(at_bytes=1 << 20), pytest.raises(CallLogError, match="File too large"):
        fill()
    assert len(ids(log)) == len(written) > 0
    log.write(entry(200_000))


def _random(number: int) -> Entry:
    """A row that no compression makes small."""
    return entry(number, failed_open_cause=os.urandom(500).hex())


def test_a_reader_in_mid_list_is_told_that_the_server_is_gone(
    log: CallTable, postgres_server: PostgresServer
) -> None:
    log.write_many([entry(number) for number in range(5000)])
    reading = log.iterate(Filter(), ("call_id",))
    next(reading)
    postgres_server.restart()
    with pytest.raises(CallLogError):
        list(reading)
    assert len(list(log.iterate(Filter(), ("call_id",)))) == 5000


def test_tcp_on_loopback_does_as_well(postgres: PostgresDatabase, postgres_server: PostgresServer) -> None:
    database = PostgresDatabase(postgres_server.address("calls", tcp=True), busy_seconds=60)
    CallTable(database).write(entry())
    assert ids(CallTable(postgres)) == ["call-0"]


# --- connections -------------------------------------------------------------------------------------------


def test_a_process_split_off_opens_a_connection_of_its_own(log: CallTable) -> None:
    log.write(entry(1))
    child = os.fork()
    if child == 0:
        log.write(entry(2))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    log.write(entry(3))
    assert ids(log) == ["call-3", "call-2", "call-1"]


def test_threads_share_a_database(log: CallTable) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.write(entry(number)), range(40)))
    assert len(ids(log)) == 40


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("host=127.0.0.1 port=1 user=u dbname=d password=hunter2", "PostgreSQL d at 127.0.0.1:1"),
        ("postgresql://u:hunter2@127.0.0.1:1/d", "PostgreSQL d at 127.0.0.1:1"),
        ("postgresql://u:hunter2@127.0.0.1:1/d?nonsense=hunter2", "no connection string"),
        ("hunter2", "no connection string"),
    ],
)
def test_a_password_is_never_shown(address: str, where: str) -> None:
    database = PostgresDatabase(address)
    with pytest.raises(CallLogError) as caught:
        CallTable(database).write(entry())
    assert where in str(caught.value)
    for text in (str(caught.value), repr(caught.value), str(database), repr(database)):
        assert "hunter2" not in text
    assert caught.value.__cause__ is None


def test_without_psycopg_every_row_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "silentspam.calllog.postgres", None)
    section = CallLogSection(postgres="dbname=nowhere", spool=str(tmp_path / "spool"))
    assembly._postgres.cache_clear()
    log = assembly.call_log(Config(call_log=section))
    log.write(entry())
    assembly._postgres.cache_clear()
    assert len(list((tmp_path / "spool").iterdir())) == 1
    with pytest.raises(CallLogError, match=r"silentspam\[postgres\]"):
        log.rows(Filter())


# --- the schema --------------------------------------------------------------------------------------------


@pytest.fixture
def bare(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> PostgresDatabase:
    """A database without tables."""
    name = f"bare {abs(hash(request.node.name))}"
    postgres_server.create(name)
    return PostgresDatabase(postgres_server.address(f"'{name}'"), busy_seconds=60)


def test_without_tables_nothing_is_done_and_the_remedy_is_told(bare: PostgresDatabase) -> None:
    for use in (lambda: CallTable(bare).write(entry()), lambda: CallTable(bare).rows(Filter())):
        with pytest.raises(CallLogError, match="no tables yet: run `silentspam db migrate`"):
            use()
    assert bare.schema_version().found is None
    assert bare.migrate().found is None
    CallTable(bare).write(entry())
    assert bare.migrate().current


@pytest.mark.parametrize(
    ("found", "told"), [(KNOWN + 1, "update Silentspam"), (KNOWN - 1, "run `silentspam db migrate`")]
)
def test_another_schema_is_refused_with_both_versions_and_a_remedy(
    bare: PostgresDatabase, found: int, told: str
) -> None:
    bare.migrate()
    with bare.transaction(write=True) as connection:
        connection.execute("UPDATE schema_version SET version = :found", {"found": found})
    bare.close()
    with pytest.raises(CallLogError, match=f"schema {found}, this version knows {KNOWN}: {told}"):
        CallTable(bare).write(entry())
    assert not bare.schema_version().current


def test_a_newer_schema_is_not_migrated_back(bare: PostgresDatabase) -> None:
    bare.migrate()
    with bare.transaction(write=True) as connection:
        connection.execute("UPDATE schema_version SET version = version + 1")
    with pytest.raises(CallLogError, match="update Silentspam"):
        bare.migrate()


def test_of_many_that_migrate_at_once_one_does_it(bare: PostgresDatabase, postgres_server: object) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: bare.migrate().found, range(4)))
    assert sorted(found, key=str) == [KNOWN, KNOWN, KNOWN, None]


@pytest.mark.parametrize("version", range(1, KNOWN, 7))
def test_an_older_schema_is_brought_up_to_date_and_keeps_its_rows(
    bare: PostgresDatabase, version: int
) -> None:
    with bare._errors_named():
        connection = bare._connected()
        for step in filter(None, POSTGRES_STEPS[:version]):
            connection.execute(step)
        connection.execute("CREATE TABLE schema_version (version BIGINT, changed_at TIMESTAMPTZ)")
        connection.execute("INSERT INTO schema_version VALUES (%s, now())", (version,))
        connection.execute("INSERT INTO calls (call_id, started_at) VALUES ('old', 0.5)")
        connection.close()
    assert bare.migrate().found == version
    CallTable(bare).write(entry(1))
    assert ids(CallTable(bare)) == ["call-1", "old"]


@pytest.mark.parametrize("query", [f"SELECT * FROM calls{NEWEST_TEN}", closing._NEWEST])
def test_the_newest_rows_are_found_by_an_index(postgres: PostgresDatabase, query: str) -> None:
    with postgres.transaction(write=True) as connection:
        connection.execute("SET LOCAL enable_seqscan = off")
        connection.execute("SET LOCAL enable_sort = off")
        plan = connection.execute(f"EXPLAIN {query}", {"limit": 10}).fetchall()
    assert "Index Scan using calls_started_at" in " ".join(row[0] for row in plan)
    assert "Sort" not in " ".join(row[0] for row in plan)


# --- values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        {"started_at": "yesterday"},
        {"hangup_cause": "sixteen"},
        {"hangup_cause": 2**64},
        {"caller_id": os.urandom(20_000).hex()},
    ],
    ids=["no number", "no cause", "too large", "too long for its index"],
)
def test_a_value_that_can_never_be_held_is_refused_as_such(log: CallTable, column: dict[str, object]) -> None:
    bad = Entry(Part.SCREENED, {"call_id": "bad"} | column)  # type: ignore[arg-type]
    with pytest.raises(ValueRefusedError):
        log.write(bad)
    (refused,) = log.write_many([entry(1), entry(2), bad, entry(3)])
    assert refused.entry == bad
    assert ids(log) == ["call-3", "call-2", "call-1"]


def test_what_postgresql_has_no_room_for_in_a_text_is_replaced(log: CallTable) -> None:
    log.write(entry(0, failed_open_cause="a\0b", spam_probability=float("nan")))
    (row,) = log.rows(Filter())
    assert (row["failed_open_cause"], row["spam_probability"]) == ("a\ufffdb", None)


def test_parameters_are_translated_and_signs_of_percent_kept() -> None:
    assert translated("SELECT a % 2 FROM t WHERE b = :b_1") == "SELECT a %% 2 FROM t WHERE b = %(b_1)s"
