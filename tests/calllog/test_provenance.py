"""Rows of where calls came from, on both databases: parts that come twice, late, or after an erasure."""

from dataclasses import replace
from pathlib import Path

import pytest

from silentspam.call import CallProvenance, CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.database import Database
from silentspam.calllog.durable import DurableCallLog
from silentspam.calllog.entry import Entry, screened, traced
from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.calllog.provenance import ProvenanceTable
from silentspam.calllog.spool import Spool
from silentspam.errors import CallLogError
from tests.fakes import CALL_ID, a_call

FOUND = CallProvenance(
    call_id=CALL_ID,
    analysed_at=1000.0,
    basis="side",
    seconds=15.0,
    loss_rate=0.05,
    last_codec="gsm_fr",
    signature=("cellular", "pstn"),
    analysis='{"seconds": 15.0}',
    fingerprint='{"version": 1}',
    line_name="bank",
    line_score=12.5,
    risk=0.25,
    alerts=("blocked line",),
)


@pytest.fixture
def table(database: Database) -> ProvenanceTable:
    return ProvenanceTable(database)


def write(database: Database, *found: CallProvenance) -> None:
    CallTable(database).write_many([traced(one) for one in found])


def row(table: ProvenanceTable) -> dict[str, object]:
    found = table.of_call(CALL_ID)
    assert found is not None
    return dict(found)


def test_a_row_comes_back_as_it_was_written(database: Database, table: ProvenanceTable) -> None:
    CallTable(database).write(traced(FOUND))
    found = row(table)
    assert found["signature"] == '["cellular", "pstn"]'
    assert (found["line_name"], found["line_score"], found["risk"]) == ("bank", 12.5, 0.25)
    assert found["fault"] is None
    assert table.of_call("another") is None


def test_more_audio_counts_more_in_whatever_order_it_comes(
    database: Database, table: ProvenanceTable
) -> None:
    opening = replace(FOUND, basis="opening", seconds=2.0, analysed_at=2000.0, line_name=None)
    for order in ((FOUND, opening), (opening, FOUND)):
        write(database, *order)
        assert (row(table)["basis"], row(table)["line_name"]) == ("side", "bank")


def test_of_the_same_audio_the_later_analysis_counts(database: Database, table: ProvenanceTable) -> None:
    write(database, FOUND, replace(FOUND, analysed_at=1001.0, line_name=None))
    write(database, FOUND)
    assert row(table)["line_name"] is None


def test_a_fault_gives_way_to_what_is_found(database: Database, table: ProvenanceTable) -> None:
    write(database, CallProvenance(call_id=CALL_ID, analysed_at=1.0, basis="side", fault="empty"))
    assert row(table)["fault"] == "empty"
    write(database, FOUND)
    assert row(table)["fault"] is None


def test_it_waits_in_the_spool_as_any_part_of_a_row_does(
    database: Database, table: ProvenanceTable, tmp_path: Path
) -> None:
    class Broken:
        def write(self, entry: Entry) -> None:
            raise CallLogError("no disk")

    spool = Spool(tmp_path)
    DurableCallLog(Broken(), spool).write(traced(FOUND))  # type: ignore[arg-type]
    assert len(spool.waiting()) == 1
    spool.take_in(CallTable(database).write)
    assert row(table)["seconds"] == 15.0


def test_a_line_of_the_spool_with_columns_of_another_table_is_none() -> None:
    entry = traced(FOUND)
    assert Entry.from_json(entry.to_json()) == entry
    with pytest.raises(CallLogError):
        Entry.from_json(entry.to_json().replace('"provenance"', '"speech"', 1))


def test_a_call_that_was_erased_keeps_no_row(database: Database, table: ProvenanceTable) -> None:
    CallTable(database).write(screened(CallRecord(call=a_call())))
    with database.transaction(write=True) as connection:
        connection.execute("UPDATE calls SET erased_at = 1")
    write(database, FOUND)
    assert table.of_call(CALL_ID) is None


def test_confirmed_spam_is_marked_once_unless_a_person_says_otherwise(
    database: Database, table: ProvenanceTable
) -> None:
    def due() -> list[str]:
        return [one["call_id"] for one in table.of_spam(10, since=1000.0)]

    def label(answer: Answer, source: LabelSource) -> None:
        said = Label(call_id=CALL_ID, source=source, label=answer, labelled_at=1.0, labelled_by="me")
        Labels(database).write([said])

    CallTable(database).write(screened(CallRecord(call=a_call(), disposition="BRIDGED")))
    write(database, FOUND)
    assert due() == []
    label(Answer.SPAM, LabelSource.OUTCOME)
    assert due() == [CALL_ID]
    label(Answer.HAM, LabelSource.REVIEW)
    assert due() == []
    CallTable(database).write(screened(CallRecord(call=a_call(), disposition="REJECTED_CALLER_SILENCE")))
    label(Answer.UNSURE, LabelSource.REVIEW)
    assert due() == [CALL_ID]
    table.marked(CALL_ID, 3.0)
    assert due() == []


def test_rows_since_a_time_come_newest_first(database: Database, table: ProvenanceTable) -> None:
    write(database, *(replace(FOUND, call_id=str(at), analysed_at=float(at)) for at in (1, 2, 3)))
    assert [one["call_id"] for one in table.since(2.0)] == ["3", "2"]


def test_calls_are_asked_for_by_many_ids_at_once(database: Database, table: ProvenanceTable) -> None:
    CallTable(database).write(screened(CallRecord(call=a_call())))
    many = [f"other-{number}" for number in range(1200)]
    found = table.calls([*many, CALL_ID])
    assert list(found) == [CALL_ID]
    assert found[CALL_ID]["ended_at"] is None
    assert table.calls([]) == {}


def test_the_rows_of_a_period_are_those_of_its_calls(database: Database, table: ProvenanceTable) -> None:
    call = a_call()
    CallTable(database).write(screened(CallRecord(call=call)))
    write(database, FOUND)
    (found,) = table.of_calls(call.started_at, call.started_at + 1)
    assert (found["line_name"], found["alerts"]) == ("bank", '["blocked line"]')
    assert "fingerprint" not in dict(found)
    assert list(table.of_calls(call.started_at + 1, call.started_at + 2)) == []
