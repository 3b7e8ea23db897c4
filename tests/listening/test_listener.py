"""The listener's turn: what waits is heard once, and no row and no file is lost on the way."""

import json
import os
from pathlib import Path

import pytest

from silentspam.audio import Codes
from silentspam.calllog.entry import Entry, Part
from silentspam.calllog.spool import Spool
from silentspam.errors import CallLogError
from silentspam.listening.alone import _is_still, alone
from silentspam.listening.attempts import BEGUN, attempt
from silentspam.listening.hearing import _listing, hear
from silentspam.listening.knowledge import Knowledge, KnownLines
from silentspam.listening.waiting import SET_ASIDE, Basis, Turn, WaitingFile, turn_of_side
from silentspam.provenance.sources import Identification
from silentspam.training.legs import MEASURED
from tests.listening.desk import DNIS, Office
from tests.provenance.sounds import voice

SPOKEN = voice(7.0)
"""More than the five seconds that are heard here."""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def short(seconds: float) -> Codes:
    return SPOKEN[: round(seconds * 8000)]


def test_a_side_is_heard_its_row_is_written_and_the_file_is_gone(office: Office) -> None:
    call_id = office.call()
    side = office.side(call_id, SPOKEN)
    (row,) = office.turn()
    assert (row.call_id, row.basis, row.seconds, row.fault) == (call_id, "side", 5.0, None)
    assert not side.exists()
    found = office.table.of_call(call_id)
    assert found is not None
    analysis = json.loads(str(found["analysis"]))
    assert set(analysis["networks"]) == {"pstn", "cellular", "voip"}
    assert found["fingerprint"] is not None
    assert office.turn() == []


def test_a_live_call_is_heard_as_soon_as_enough_is_there(office: Office) -> None:
    call_id = office.call(over=False)
    side = office.side(call_id, short(4.5), rested=0)
    assert office.turn() == []
    assert side.exists()
    office.side(call_id, short(5.5), rested=0)
    (row,) = office.turn()
    assert row.seconds == 5.0
    assert not side.exists()


def test_a_call_that_is_over_is_heard_however_short_but_not_while_its_file_is_written(office: Office) -> None:
    call_id = office.call()
    office.side(call_id, short(3.0), rested=0.5)
    assert office.turn() == []
    office.side(call_id, short(3.0))
    assert [row.seconds for row in office.turn()] == [3.0]


def test_a_side_waits_for_its_row(office: Office) -> None:
    side = office.side("11111111-2222-4333-8444-555555555555", SPOKEN)
    office.call()
    assert office.turn() == []
    assert side.exists()


def test_files_that_are_not_ours_are_left_alone(office: Office) -> None:
    office.call()
    strange = office.folder / "legs" / "notes.ulaw"
    strange.write_bytes(b"x")
    assert office.turn() == []
    assert strange.exists()


def test_of_a_call_without_a_side_the_opening_is_heard_once_it_is_over(office: Office) -> None:
    call_id = office.call(over=False)
    opening = office.opening(call_id, short(2.0))
    assert office.turn() == []
    rejected = office.call(disposition="REJECTED_CALLER_SILENCE", bridged_at=None)
    office.opening(rejected, short(2.0))
    (row,) = office.turn()
    assert (row.call_id, row.basis, row.seconds) == (rejected, "opening", 2.0)
    assert opening.exists()


def test_a_side_comes_before_the_opening_and_makes_it_obsolete(office: Office) -> None:
    call_id = office.call()
    side, opening = office.side(call_id, SPOKEN), office.opening(call_id, short(2.0))
    assert [row.basis for row in office.turn()] == ["side"]
    assert not side.exists()
    assert office.turn() == []
    assert not opening.exists()


def test_a_side_of_next_to_nothing_leaves_the_word_to_the_opening(office: Office) -> None:
    call_id = office.call()
    office.side(call_id, b"")
    office.opening(call_id, short(2.0))
    assert [row.basis for row in (*office.turn(), *office.turn())] == ["side", "opening"]
    found = office.table.of_call(call_id)
    assert found is not None
    assert (found["basis"], found["fault"]) == ("opening", None)


def test_what_breaks_is_set_aside_with_its_reason_and_costs_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = office.call(), office.call()
    side = office.side(bad, SPOKEN, rested=30)
    office.side(good, SPOKEN, rested=20)

    def stumble(recording, row, *rest, **options):  # type: ignore[no-untyped-def]
        if row["call_id"] == bad:
            raise ZeroDivisionError("no such sound")
        return hear(recording, row, *rest, **options)

    monkeypatch.setattr("silentspam.listening.listener.hear", stumble)
    first, second = office.turn()
    assert (first.call_id, first.fault) == (bad, "ZeroDivisionError: no such sound")
    assert (second.call_id, second.fault) == (good, None)
    assert side.with_name(side.name + ".unreadable").read_bytes() == SPOKEN.tobytes()
    assert office.events("set aside")[0]["call_id"] == bad


@pytest.mark.parametrize("head", [b"RIFF\x24\0\0\0WAVEfmt ", b"not a sound, but a line of a log file\n"])
def test_a_side_that_is_another_kind_of_file_is_set_aside(office: Office, head: bytes) -> None:
    side = office.side(office.call(), head)
    (row,) = office.turn()
    assert "starts like another kind of file" in str(row.fault)
    assert side.with_name(side.name + ".unreadable").exists()


def test_a_row_that_no_disk_takes_keeps_its_file_and_is_written_later(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = office.call()
    side = office.side(call_id, SPOKEN)

    def full(_entry: Entry) -> None:
        raise CallLogError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(office.log, "write", full)
        assert office.turn() == []
        assert office.turn() == []
    assert side.exists()
    assert len(office.events("failed")) == 1
    assert [row.call_id for row in office.turn()] == [call_id]
    assert office.events("works again")


def test_a_row_that_the_database_does_not_take_waits_in_the_spool(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_id = office.call()
    side = office.side(call_id, SPOKEN)

    def fail(*_: object) -> None:
        raise CallLogError("no database")

    with monkeypatch.context() as patched:
        patched.setattr(office.log._database, "write", fail)
        assert len(office.turn()) == 1
    assert not side.exists()
    (waits,) = Spool(Path(office.config.call_log.spool)).waiting()
    entry = Entry.from_json(waits.read_text())
    assert (entry.part, entry.call_id) == (Part.PROVENANCE, call_id)


def test_a_crash_between_row_and_file_repeats_and_changes_nothing(office: Office) -> None:
    call_id = office.call()
    office.side(call_id, SPOKEN)
    office.turn()
    before = office.table.of_call(call_id)
    office.side(call_id, SPOKEN)
    office.begin()
    (again,) = office.turn()
    after = office.table.of_call(call_id)
    assert before is not None
    assert after is not None
    assert {**after, "analysed_at": 0} == {**before, "analysed_at": 0}
    assert again.call_id == call_id


def test_a_side_that_speech_wants_too_is_heard_once_and_left(tmp_path: Path) -> None:
    office = Office(tmp_path, caller_leg=True)
    call_id = office.call()
    side = office.side(call_id, SPOKEN)
    assert len(office.turn()) == 1
    assert side.exists()
    assert office.turn() == []
    office.begin()
    assert office.turn() == []
    side.unlink()
    assert office.turn() == []


def test_the_challenge_on_a_shared_side_is_not_taken_for_talk(tmp_path: Path) -> None:
    import time

    office = Office(tmp_path, caller_leg=True)
    now = time.time()
    live = office.call(over=False, challenged_at=now - 58)
    office.side(live, SPOKEN, rested=0)
    assert office.turn() == []
    call_id = office.call(challenged_at=now - 53, bridged_at=now - 50)
    office.side(call_id, SPOKEN)
    (row,) = office.turn()
    assert row.call_id == call_id
    assert row.seconds == pytest.approx(4.0, abs=0.1)


def test_what_is_left_of_an_erased_call_goes_unheard(office: Office) -> None:
    call_id = office.call()
    side, opening = office.side(call_id, SPOKEN), office.opening(call_id, short(2.0))
    with office.database.transaction(write=True) as connection:
        connection.execute("UPDATE calls SET erased_at = 1")
    assert office.turn() == []
    assert not side.exists()
    assert not opening.exists()
    assert office.table.of_call(call_id) is None


@pytest.mark.parametrize("sound", ["silence", "one code", "half a frame"])
def test_audio_that_tells_nothing_has_a_row_all_the_same(office: Office, sound: str) -> None:
    codes = {"silence": b"\xff" * 16000, "one code": b"\x10" * 8000, "half a frame": b"\x55" * 80}[sound]
    call_id = office.call()
    office.side(call_id, codes)
    assert len(office.turn()) == 1
    assert office.table.of_call(call_id) is not None


def test_without_a_folder_there_is_nothing_to_hear(tmp_path: Path) -> None:
    office = Office(tmp_path)
    (tmp_path / "legs").rmdir()
    assert office.turn() == []
    assert office.service.healthy


def test_a_side_that_is_kept_lies_where_speech_keeps_them(tmp_path: Path) -> None:
    office = Office(tmp_path, keep_legs=True)
    kept: list[str] = []
    call_id, live = office.call(), office.call(over=False)
    office.side(call_id, SPOKEN)
    office.side(live, SPOKEN, rested=0)
    office.begin(kept=lambda path, row: kept.append(path.stem))
    assert len(office.turn()) == 2
    assert {path.stem for path in (tmp_path / "legs" / MEASURED).iterdir()} == {call_id, live}
    assert kept == [call_id]
    assert office.turn() == []


def test_a_file_that_cannot_be_removed_is_heard_once_and_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = office.call(), office.call()
    stuck = office.side(first, SPOKEN, rested=30)
    office.side(second, SPOKEN)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == stuck:
            raise PermissionError(13, "Permission denied", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert [row.call_id for row in office.turn()] == [first, second]
    assert "Permission denied" in str(office.events("failed")[0]["error"])
    assert office.turn() == []


def test_a_file_that_another_listener_has_is_left_to_it(office: Office) -> None:
    call_id = office.call()
    side = office.side(call_id, SPOKEN)
    with alone(side) as ours:
        assert ours
        assert office.turn() == []
    assert [row.call_id for row in office.turn()] == [call_id]
    with alone(side) as ours:
        assert not ours


def test_a_file_that_was_replaced_meanwhile_is_not_ours(office: Office, tmp_path: Path) -> None:
    side = office.side(office.call(), SPOKEN)
    descriptor = os.open(side, os.O_RDONLY)
    side.rename(tmp_path / "away")
    side.write_bytes(b"another")
    assert not _is_still(descriptor, side)
    os.close(descriptor)


def test_a_file_that_cannot_be_opened_holds_up_no_other(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = office.call(), office.call()
    stuck = office.side(first, SPOKEN, rested=30)
    office.side(second, SPOKEN)
    opened = os.open

    def refuse(path: str | Path, flags: int, mode: int = 0o777, **rest: int) -> int:
        if path == stuck:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, flags, mode, **rest)

    monkeypatch.setattr(os, "open", refuse)
    assert [row.call_id for row in office.turn()] == [second]
    assert "Permission denied" in str(office.events("failed")[0]["error"])
    assert office.turn() == []
    assert stuck.exists()


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError()])
def test_what_the_machine_cannot_do_now_leaves_a_good_side_where_it_is(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    call_id = office.call()
    side = office.side(call_id, SPOKEN)

    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("silentspam.listening.hearing.examine", fail)
        assert office.turn() == []
    assert side.exists()
    assert office.table.of_call(call_id) is None
    assert office.turn() == []
    monkeypatch.setattr("silentspam.listening.listener.RETRY_SECONDS", 0.0)
    assert [row.fault for row in office.turn()] == [None]


@pytest.mark.parametrize("error", [ValueError("no such listing"), KeyError("a line"), OSError(5, "disk")])
def test_a_store_that_stumbles_costs_a_good_side_nothing_but_its_line(
    office: Office, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_knowledge: Knowledge) -> None:
        raise error

    monkeypatch.setattr(Knowledge, "lines", fail)
    office.side(office.call(), SPOKEN)
    (row,) = office.turn()
    assert row.fault is None
    assert f"lines were not compared: {type(error).__name__}" in row.reasons[0]


def test_a_line_that_is_enrolled_between_two_reads_of_the_store_is_told_without_a_listing() -> None:
    found = Identification(line="new", score=9.0, threshold=1.0, ranking=(("new", 9.0),))
    assert _listing(found, KnownLines(known=None, stored={}), DNIS) is None  # type: ignore[arg-type]


def test_a_pipe_by_the_name_of_a_call_holds_up_no_other(office: Office) -> None:
    first, second = office.call(), office.call()
    pipe = office.folder / "legs" / f"{first}.ulaw"
    os.mkfifo(pipe)
    office.side(second, SPOKEN)
    assert [row.call_id for row in office.turn()] == [second]
    with alone(pipe) as ours:
        assert ours


# --- what ends the process ---------------------------------------------------------------------------------


def test_a_file_that_ended_three_listeners_is_set_aside_and_the_next_is_heard(office: Office) -> None:
    """As by SIGKILL where memory is short: nothing of ours runs any more, and the mark stays."""
    call_id = office.call()
    side = office.side(call_id, SPOKEN)
    other = office.call()
    office.side(other, SPOKEN)
    marks = Path(office.config.provenance.folder) / BEGUN
    marks.mkdir(parents=True)
    (marks / side.name).write_bytes(b"...")
    rows = {row.call_id: row for row in office.turn()}
    assert "3 listeners ended while they heard it" in str(rows[call_id].fault)
    assert rows[other].fault is None
    assert not list(marks.iterdir())
    assert side.with_name(side.name + SET_ASIDE).exists()


def test_a_mark_of_a_listener_that_only_failed_is_taken_off(office: Office) -> None:
    call_id = office.call()
    office.side(call_id, b"")
    (row,) = office.turn()
    assert row.fault is not None
    assert not list((Path(office.config.provenance.folder) / BEGUN).iterdir())


def test_a_mark_stays_where_the_process_ends(tmp_path: Path) -> None:
    for before in range(2):
        if (child := os.fork()) == 0:
            with attempt(tmp_path, "a.ulaw") as found:
                os._exit(found)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == before
    with attempt(tmp_path, "a.ulaw") as found:
        assert found == 2
    with attempt(tmp_path, "a.ulaw") as found:
        assert found == 0


def test_a_side_that_shows_nothing_yet_waits_until_its_recorder_has_closed_it(tmp_path: Path) -> None:
    """Asterisk writes 32 kB at once or at the close, which comes after the end of the call was reported."""
    row = {"erased_at": None, "ended_at": 1000.0, "challenged_at": None, "bridged_at": 990.0}
    side = WaitingFile(path=tmp_path / "a.ulaw", basis=Basis.SIDE, codes=0, rested=5.0)
    turns = [turn_of_side(side, row, seconds=15.0, from_challenge=False, now=now) for now in (1000.1, 1002.1)]
    assert turns == [Turn.WAITS, Turn.NOW]
