"""The fraud database after confirmed spam: whose line is marked, and whose is not."""

from pathlib import Path
from typing import Any

import pytest

from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.provenance.line_store import LineStore
from tests.listening.desk import Office
from tests.provenance.sounds import voice

SPOKEN = voice(6.0)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def label(office: Office, call_id: str, answer: Answer) -> None:
    said = Label(call_id=call_id, source=LabelSource.REVIEW, label=answer, labelled_at=1.0, labelled_by="me")
    Labels(office.database).write([said])


def heard(office: Office, **known: Any) -> str:
    call_id = office.call(**known)
    office.side(call_id, SPOKEN)
    office.turn()
    return call_id


def store(office: Office) -> LineStore:
    return LineStore(Path(office.config.provenance.store))


def test_the_line_of_a_call_labelled_spam_is_enrolled_and_marked_and_its_next_call_told_of(
    office: Office,
) -> None:
    call_id = heard(office)
    assert office.events("marked for fraud") == []
    label(office, call_id, Answer.SPAM)
    office.turn()
    (line,) = store(office).lines()
    assert line.name == f"spam {call_id[:8]}"
    assert [(mark.call_id, mark.why, mark.marked_by) for mark in line.frauds] == [
        (call_id, "labelled spam", "silentspam listen")
    ]
    office.turn()
    assert len(office.events("marked for fraud")) == 1
    again = office.table.of_call(heard(office))
    assert again is not None
    assert "fraud: line spam" in str(again["alerts"])
    # What is marked now is known: its next spam marks the same line.
    label(office, str(again["call_id"]), Answer.SPAM)
    office.turn()
    (line,) = store(office).lines()
    assert len(line.frauds) == 2


def test_a_rejection_marks_a_line_that_is_known_but_two_seconds_make_none(office: Office) -> None:
    rejected: dict[str, Any] = {"disposition": "REJECTED_CALLER_SILENCE", "bridged_at": None}
    call_id = office.call(**rejected)
    office.opening(call_id, SPOKEN[:16000])
    office.turn()
    assert not Path(office.config.provenance.store).exists()
    row = office.table.of_call(call_id)
    assert row is not None
    assert row["marked_at"] is not None


def test_a_line_that_an_operator_permits_is_not_marked(office: Office) -> None:
    first = heard(office)
    label(office, first, Answer.SPAM)
    office.turn()
    lines = store(office)
    (line,) = lines.lines()
    lines.clear_fraud(line.name)
    lines.permit(line.name)
    label(office, heard(office), Answer.SPAM)
    office.turn()
    assert not lines.line(line.name).fraud


def test_a_store_that_cannot_be_written_leaves_it_due(office: Office) -> None:
    call_id = heard(office)
    label(office, call_id, Answer.SPAM)
    path = Path(office.config.provenance.store)
    path.write_bytes(b"no database at all" * 100)
    office.turn()
    assert [event["chore"] for event in office.events("failed")] == ["mark"]
    path.unlink()
    office.turn()
    assert store(office).lines()[0].fraud


def test_marking_can_be_left_to_people(tmp_path: Path) -> None:
    office = Office(tmp_path, mark_fraud=False)
    label(office, heard(office), Answer.SPAM)
    office.turn()
    assert not Path(office.config.provenance.store).exists()


@pytest.mark.parametrize("bad", ['{"version": "old"}', "no json", '{"version": 1}'])
def test_a_fingerprint_that_cannot_be_read_is_said_once_and_holds_up_no_other(
    office: Office, bad: str
) -> None:
    broken, whole = heard(office), heard(office)
    with office.database.transaction(write=True) as connection:
        spoil = "UPDATE provenance SET fingerprint = :bad WHERE call_id = :call_id"
        connection.execute(spoil, {"bad": bad, "call_id": broken})
    label(office, broken, Answer.SPAM)
    label(office, whole, Answer.SPAM)
    office.turn()
    office.turn()
    (said,) = office.events("failed")
    assert broken in str(said["error"])
    assert [line.name for line in store(office).lines()] == [f"spam {whole[:8]}"]


def test_calls_are_asked_for_now_and_then_and_old_ones_never(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.begin(mark_pause=3600.0)
    label(office, heard(office), Answer.SPAM)
    office.turn()
    assert office.events("marked for fraud") == []
    with monkeypatch.context() as patched:
        patched.setattr("silentspam.listening.marking.LATEST_SECONDS", -60.0)
        office.begin()
        office.turn()
        assert office.events("marked for fraud") == []
    office.begin(mark_pause=3600.0)
    office.turn()
    assert len(office.events("marked for fraud")) == 1
