"""What a call database knows of recordings and of numbers, and erasing it there: in both databases."""

import json
from pathlib import Path

import pytest

from silentspam.call import Call, CallEnd, CallRecord
from silentspam.calllog.calls import CallTable
from silentspam.calllog.database import Database
from silentspam.calllog.entry import ended, screened
from silentspam.calllog.gate import GateTables, ListedNumber, ListEvent
from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.calllog.query import Filter
from silentspam.gate.terms import Listing
from silentspam.lines.numbers import number_key
from silentspam.retention import RetentionError, erasure
from silentspam.retention.erasure import Request, erase, erase_listings, records
from silentspam.retention.export import Export
from silentspam.retention.openings import Openings
from silentspam.retention.person import lines_of, person
from silentspam.retention.rows import RecordedCalls

NUMBER, NOW = "+12025550143", 1_700_000_000.0


def a_call(database: Database, *, ani: str = NUMBER, at: float = NOW - 7200.5, over: bool = True) -> str:
    call = Call(call_id=Call.new_id(), started_at=at, ani=ani, caller_id=ani, caller_name="Zoë", channel=ani)
    record = CallRecord(call=call, recording=f"/r/{call.call_id}.ulaw", screened_at=at + 3, reasons=(ani,))
    log = CallTable(database)
    log.write(screened(record))
    if over:
        log.write(ended(CallEnd(call=call, ended_at=at + 60)))
    return call.call_id


def row(database: Database, call_id: str) -> dict[str, object]:
    (found,) = CallTable(database).rows(Filter(call_id=call_id))
    return dict(found)


def test_recorded_calls_are_known_and_marked_once(database: Database) -> None:
    calls = RecordedCalls(database)
    call_id, other = a_call(database), a_call(database)
    known = calls.known([call_id, Call.new_id()])
    assert [(one.started_at, one.challenged) for one in known.values()] == [(NOW - 7200.5, False)]
    only_its_end = Call.new_id()
    CallTable(database).write(ended(CallEnd(call=Call(call_id=only_its_end, started_at=NOW), ended_at=NOW)))
    assert [one.screened for one in calls.known([call_id]).values()] == [True]
    assert [one.screened for one in calls.known([only_its_end]).values()] == [False]
    calls.mark([call_id, Call.new_id()], NOW)
    calls.mark([call_id], NOW + 1)
    assert row(database, call_id)["recording_deleted_at"] == NOW
    assert row(database, other)["recording_deleted_at"] is None


def test_a_number_is_erased_in_many_turns_and_its_record_is_one(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(erasure, "AT_ONCE", 2)
    ids = [a_call(database) for _ in range(5)]
    live, other = a_call(database, at=NOW - 30, over=False), a_call(database, ani="+12025550199")
    Labels(database).write(
        [
            Label(
                call_id=ids[0],
                source=LabelSource.REVIEW,
                label=Answer.HAM,
                labelled_at=NOW,
                labelled_by="ann",
                note=NUMBER,
            )
        ]
    )
    (tmp_path / f"{ids[0]}.ulaw").write_bytes(b"x")
    who = person(NUMBER)
    request = Request(deed="ERASE", by="ann", now=NOW, note="request 17")
    erased = erase(database, who, request, folders=[tmp_path, tmp_path / "nowhere"])
    assert (erased.calls, erased.recordings, erased.under_way) == (5, 1, 1)
    found = row(database, ids[0])
    assert {name: found[name] for name in ("ani", "caller_id", "caller_name", "channel")} == dict.fromkeys(
        ("ani", "caller_id", "caller_name", "channel"), ""
    )
    assert found["started_at"] == NOW - 7200.5 - (NOW - 7200.5) % 3600
    assert float(str(found["ended_at"])) - float(str(found["started_at"])) == 60.0
    assert (found["erased_at"], found["recording_deleted_at"], found["recording"]) == (NOW, NOW, None)
    assert row(database, live)["ani"] == NUMBER
    assert row(database, other)["ani"] == "+12025550199"
    (label,) = next(iter(Labels(database).calls(Filter(call_id=ids[0]), ("call_id",)))).labels
    assert (label.label, label.note) == (Answer.HAM, "")
    (kept,) = records(database)
    assert (kept["deed"], kept["calls"], kept["recordings"], kept["note"]) == ("ERASE", 5, 1, "request 17")


def test_hashes_of_lines_are_replaced_and_lists_are_let_go(database: Database) -> None:
    who, key = person(NUMBER), number_key(NUMBER)
    a_call(database)
    with database.transaction(write=True) as connection:
        connection.execute(
            "INSERT INTO lines (line_id, numbers, passers) VALUES (:line_id, :numbers, :passers)",
            {"line_id": "a line", "numbers": json.dumps([1, key]), "passers": json.dumps([key])},
        )
        assert [found["line_id"] for found in lines_of(connection, who)] == ["a line"]
    tables = GateTables(database)
    tables.put(
        [ListedNumber(number=NUMBER, listing=Listing.BLOCKED)],
        [ListEvent(subject=NUMBER, deed="blocked", changed_at=NOW, changed_by="ann", note="he says")],
    )
    erase(database, who, Request(deed="ERASE", by="ann", now=NOW), folders=[])
    assert len(tables.listed()) == 1
    erase_listings(database, who)
    assert tables.listed() == []
    assert [(deed.subject, deed.note) for deed in tables.deeds()] == [("", "")]
    with database.transaction(write=False) as connection:
        (line,) = connection.execute("SELECT numbers, passers FROM lines").fetchall()
        assert lines_of(connection, who) == []
    numbers, passers = map(json.loads, line)
    assert len(numbers) == 2
    assert set(passers) <= set(numbers)
    assert 1 in numbers


def test_an_export_reads_one_moment_of_the_database(database: Database, tmp_path: Path) -> None:
    ids = {a_call(database), a_call(database, ani=NUMBER[1:])}
    exported = Export(out=tmp_path / "out", openings=Openings()).run(database, person(NUMBER))
    assert exported.calls == 2
    lines = (tmp_path / "out" / "calls.jsonl").read_text().splitlines()
    assert {json.loads(line)["call_id"] for line in lines} == ids


@pytest.mark.parametrize(
    ("number", "forms"),
    [
        ("+12025550143", ("+12025550143", "12025550143")),
        ("1 (202) 555-0143", ("1 (202) 555-0143", "12025550143", "+12025550143")),
        ("5550143", ("5550143", "+5550143")),
    ],
)
def test_the_forms_of_a_number(number: str, forms: tuple[str, ...]) -> None:
    assert person(number).forms == forms


@pytest.mark.parametrize("number", ["anonymous", "", "00000", "12; DROP TABLE calls", "266696687"])
def test_what_is_no_callers_number(number: str) -> None:
    with pytest.raises(RetentionError, match="not one caller's number"):
        person(number)
