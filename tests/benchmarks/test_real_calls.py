"""What the load of real calls makes of rows: `make load` places the calls themselves."""

import sqlite3
from contextlib import closing

import pytest

from benchmarks.real_calls import limits, tell
from benchmarks.screenings import holds
from benchmarks.sip_load import KINDS, outcomes

RIGHT = {
    "started_at": 1.0,
    "recorded_at": 3.0,
    "judged_at": 3.01,
    "screened_at": 4.0,
    "ended_at": 9.0,
    "failed_open": 0,
    "failed_open_cause": None,
}
(SPOKE, BRIDGED), (SILENT, REJECTED) = KINDS.values()


@pytest.fixture
def database(tmp_path):
    def write(*rows):
        path = tmp_path / "calls.db"
        columns = ["ani", "disposition", *RIGHT]
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(f"CREATE TABLE calls ({', '.join(columns)})")
            marks = ", ".join(f":{column}" for column in columns)
            connection.executemany(f"INSERT INTO calls VALUES ({marks})", [RIGHT | row for row in rows])
            connection.commit()
        return path

    return write


def test_calls_that_end_as_they_must_have_no_fault(database) -> None:
    path = database(
        {"ani": f"{SPOKE}1", "disposition": BRIDGED},
        {"ani": f"{SILENT}1", "disposition": REJECTED, "started_at": 8.0, "ended_at": 20.0},
        {"ani": f"{SILENT}2", "disposition": REJECTED, "started_at": 30.0, "ended_at": 40.0},
    )
    found = outcomes(path)
    assert found["failed"] == 0
    assert found["open_most"] == 2
    assert found["dispositions"] == {BRIDGED: 1, REJECTED: 2}
    assert found["waits_ms"]["recording's end to verdict"]["p50"] == pytest.approx(10)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"ani": f"{SILENT}1", "disposition": BRIDGED}, f"{BRIDGED} in place of {REJECTED}"),
        ({"ani": f"{SPOKE}1", "disposition": REJECTED}, f"{REJECTED} in place of {BRIDGED}"),
        (
            {"ani": f"{SPOKE}1", "disposition": BRIDGED, "failed_open": 1, "failed_open_cause": "no disk"},
            "failed open: no disk",
        ),
        ({"ani": f"{SPOKE}1", "disposition": BRIDGED, "screened_at": None}, "half a row"),
        ({"ani": "1", "disposition": BRIDGED}, f"{BRIDGED} in place of None"),
    ],
)
def test_every_other_row_is_a_fault(database, row, fault) -> None:
    found = outcomes(database(row))
    assert found["failed"] == 1
    assert found["faults"] == {fault: 1}


def test_a_run_holds_when_all_its_limits_do(capsys) -> None:
    figures = {
        "calls": 400,
        "rate": 16.0,
        "open_most": 201,
        "failed": 0,
        "faults": {},
        "dispositions": {BRIDGED: 200, REJECTED: 200},
        "rows": {"whole": 400},
        "sipp": {"speech": 0, "dead_air": 0},
        "restarted": 0,
        "waits_ms": {"recording's end to verdict": {"p50": 4.0, "p99": None, "p100": None}},
        "cpu_ms_in_all": 5.0,
        "asterisk_cpu_ms": 40.0,
    }
    assert tell("calls", figures, limits(figures, at_once=200)) is True
    assert "MISSED" not in capsys.readouterr().out
    for change in ({"open_most": 199}, {"sipp": {"speech": 1}}, {"rows": {"whole": 399}}, {"failed": 1}):
        assert not all(map(holds, limits(figures | change, at_once=200)))
    assert tell("calls", figures | {"failed": 1}, limits(figures | {"failed": 1}, at_once=200)) is False
    assert "MISSED" in capsys.readouterr().out
