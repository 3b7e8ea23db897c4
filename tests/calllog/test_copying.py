"""Moving an installation's rows from one database into another, as often as one likes."""

from pathlib import Path

import pytest

from silentspam.call import Call, CallEnd, CallRecord, ChallengeResult
from silentspam.calllog.calls import CallTable
from silentspam.calllog.copying import KEYS, copy, counts
from silentspam.calllog.database import Database
from silentspam.calllog.entry import ended, screened
from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.calllog.line_store import Basis
from silentspam.calllog.lines import Lines
from silentspam.calllog.models import ModelEvent, ModelHistory, ModelState
from silentspam.calllog.query import Filter
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.lines.deeds import Deed, LineEvent
from silentspam.lines.ground import pack
from silentspam.lines.settings import MemorySettings
from tests.lines.ground import a_ground, line_calls, people

GROUND = a_ground()
BASIS = Basis(ground=GROUND, reference=people(200, seed=7), settings=MemorySettings())
NOW = 1_800_000_000.0


@pytest.fixture
def source(tmp_path: Path) -> SqliteDatabase:
    """A log of 1,100 calls, with a line learnt and confirmed, a label and a model's history."""
    database = SqliteDatabase(tmp_path / "old.db")
    CallTable(database).write_many(
        [screened(CallRecord(call=Call(call_id=f"call-{n}", started_at=NOW + n))) for n in range(1098)]
    )
    for n, embedding in enumerate(line_calls(2)):
        record = CallRecord(
            call=Call(call_id=f"line-{n}", started_at=NOW + n, ani=f"555{n}"),
            space_id=GROUND.space_id,
            embedding=pack(embedding),
            challenged_at=NOW,
            challenge_result=ChallengeResult.FAILED,
            challenge_attempts=("asked 7, no key",),
        )
        CallTable(database).write(screened(record))
    lines = Lines(database)
    lines.learn(BASIS, now=NOW, publish=lambda snapshot: None)
    (line,) = lines.lines()
    event = LineEvent(line_id=line.line_id, deed=Deed.CONFIRM, changed_at=NOW, changed_by="ada", note="it is")
    lines.change(BASIS, event, publish=lambda snapshot: None)
    Labels(database).write(
        [
            Label(
                call_id="call-1",
                source=LabelSource.REVIEW,
                label=Answer.HAM,
                labelled_at=NOW,
                labelled_by="ada",
            )
        ]
    )
    ModelHistory(database).copy(
        [ModelEvent(model_id="m", state=ModelState.ACTIVE, changed_at=NOW, changed_by="ada")]
    )
    return database


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.transaction(write=False) as connection:
        return {
            table: sorted((tuple(row) for row in connection.execute(f"SELECT * FROM {table}")), key=repr)
            for table in KEYS
        }


def test_every_row_of_every_table_is_copied_and_a_second_time_adds_nothing(
    source: SqliteDatabase, database: Database
) -> None:
    for _ in range(2):
        assert all(not refused for _table, _rows, refused in copy(source, database))
        assert everything(database) == everything(source)
    found = counts(database)
    assert found["calls"] == 1100
    assert all(
        found[table]
        for table in ("labels", "lines", "line_events", "line_lessons", "line_state", "model_events")
    )


def test_what_the_target_knows_already_is_kept_and_completed(
    source: SqliteDatabase, database: Database
) -> None:
    call = Call(call_id="call-7", started_at=NOW + 7, ani="of the target")
    CallTable(database).write(ended(CallEnd(call=call, ended_at=NOW + 60, hangup_cause=16)))
    Labels(database).write(
        [
            Label(
                call_id="call-1",
                source=LabelSource.REVIEW,
                label=Answer.SPAM,
                labelled_at=NOW,
                labelled_by="eve",
            )
        ]
    )
    list(copy(source, database))
    (row,) = CallTable(database).rows(Filter(call_id="call-7"))
    assert (row["ani"], row["hangup_cause"], row["mode"]) == ("of the target", 16, "enforce")
    (labelled,) = Labels(database).calls(Filter(call_id="call-1"), ("call_id",), labelled=True)
    assert labelled.label is not None
    assert labelled.label.labelled_by == "eve"


def test_a_call_that_was_erased_in_the_target_stays_erased(
    source: SqliteDatabase, database: Database
) -> None:
    list(copy(source, database))
    with database.transaction(write=True) as connection:
        connection.execute(
            "UPDATE calls SET ani = NULL, erased_at = :now WHERE call_id = 'line-0'", {"now": NOW}
        )
    list(copy(source, database))
    (row,) = CallTable(database).rows(Filter(call_id="line-0"))
    assert row["ani"] is None


def test_a_row_that_the_target_can_never_hold_is_named_and_costs_no_other(
    source: SqliteDatabase, postgres: Database
) -> None:
    with source.transaction(write=True) as connection:
        connection.execute("UPDATE calls SET hangup_cause = 'sixteen' WHERE call_id = 'call-5'")
    refused = [each for _table, _rows, some in copy(source, postgres) for each in some]
    assert [each.entry["call_id"] for each in refused] == ["call-5"]
    assert counts(postgres)["calls"] == 1099


def test_every_table_of_the_schema_is_copied(source: SqliteDatabase) -> None:
    with source.transaction(write=False) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    assert {row["name"] for row in rows} == set(KEYS)
