"""`silentspam labels`: from a call log to a file that trains, and back; every figure from real rows."""

import csv
import json
from pathlib import Path

import pytest

from silentspam.audio import write_ulaw
from silentspam.call import (
    Call,
    CallEnd,
    CallRecord,
    CallSpeech,
    ChallengeCause,
    ChallengeResult,
    Disposition,
    VerdictKind,
)
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import ended, heard, screened
from silentspam.calllog.sqlite import SqliteDatabase
from tests.fakes import noise

FAILED, PASSED = ChallengeResult.FAILED, ChallengeResult.PASSED
SUSPECT, EXPLORED = ChallengeCause.SUSPICION, ChallengeCause.EXPLORATION
EVIL = "=cmd|' /C calc'!A0\x1b[2J\r\n"


@pytest.fixture
def log(tmp_path: Path) -> CallTable:
    return CallTable(SqliteDatabase(tmp_path / "log" / "calls.db"))


def add(
    log: CallTable,
    folder: Path,
    call_id: str,
    *,
    challenge: ChallengeResult | None = None,
    cause: ChallengeCause | None = None,
    probability: float = 0.1,
    speech: float | None = None,
    silence: float = 0.0,
) -> None:
    """A finished, bridged call with its recording and whatever was measured."""
    (folder / "recordings").mkdir(exist_ok=True)
    path = folder / "recordings" / f"{call_id}.ulaw"
    write_ulaw(path, noise(2.0, seed=abs(hash(call_id)) % 2**32))
    call = Call(call_id=call_id, started_at=1_700_000_000.0, ani="5551", caller_id=EVIL, caller_name=EVIL)
    record = CallRecord(
        call=call,
        recording=str(path),
        recorded_seconds=2.0,
        digital_silence_share=silence,
        verdict=VerdictKind.CALLER_SILENCE if cause is SUSPECT else VerdictKind.HAM,
        spam_probability=0.7 if cause is SUSPECT else 0.2,
        threshold=0.6,
        challenge_cause=cause,
        challenge_probability=probability,
        challenge_result=challenge,
        challenged_at=1.0 if challenge else None,
    )
    log.write(screened(record))
    log.write(ended(CallEnd(call=call, ended_at=1_700_000_060.0, disposition=Disposition.BRIDGED)))
    if speech is not None:
        measured = CallSpeech(
            call_id=call_id, caller_speech_seconds=speech, caller_leg_seconds=60.0, speech_detector="test 1"
        )
        log.write(heard(measured))


@pytest.fixture
def calls(log: CallTable, tmp_path: Path) -> CallTable:
    add(log, tmp_path, "spam", challenge=FAILED, cause=EXPLORED, speech=0.0)
    add(log, tmp_path, "ham", challenge=PASSED, cause=SUSPECT, probability=1.0, speech=9.0)
    add(log, tmp_path, "passed", challenge=PASSED, cause=SUSPECT, probability=1.0)
    add(log, tmp_path, "unclear", challenge=FAILED, cause=SUSPECT, probability=1.0)
    add(log, tmp_path, "talked", speech=30.0)
    add(log, tmp_path, "plain")
    add(log, tmp_path, "silent", challenge=FAILED, cause=EXPLORED, speech=0.0, silence=1.0)
    return log


def listed(silentspam, *options: str) -> dict[str, str]:
    _, out, _ = silentspam("labels", "list", "--limit", 0, *options)
    return {line.split()[0]: line.split()[1] for line in out.splitlines()[1:]}


def test_derive_labels_what_the_rules_tell_and_says_how_many_of_each(silentspam, calls: CallTable) -> None:
    code, out, _ = silentspam("labels", "derive")
    assert code == 0
    assert "failed the challenge and never spoke" in out
    assert "for review" in out
    assert listed(silentspam) == {"spam": "spam", "ham": "ham", "passed": "ham", "talked": "ham"}
    assert silentspam("labels", "derive")[1] == out, "and again the same"


def test_list_filters_and_shows_contradictions(silentspam, calls: CallTable, tmp_path: Path) -> None:
    silentspam("labels", "derive")
    (tmp_path / "in.csv").write_text("call_id,label\nspam,ham\ntalked,ham\n")
    code, out, _ = silentspam("labels", "import", tmp_path / "in.csv", "--by", "ada")
    assert (code, out) == (0, "2 labels taken in; 1 contradict another source (labels list)\n")
    assert listed(silentspam, "--contradictions").keys() == {"spam"}
    assert listed(silentspam, "--source", "IMPORT").keys() == {"spam", "talked"}
    assert listed(silentspam, "--label", "spam") == {}
    assert "contradicts" in silentspam("labels", "list")[1]


def test_nothing_that_a_caller_or_a_file_says_steers_a_terminal(
    silentspam, calls: CallTable, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("call_id,label,note\nspam,spam,\x1b[2Jgone\n")
    silentspam("labels", "import", tmp_path / "in.csv", "--by", "\x1b]0;x")
    assert "\x1b" not in silentspam("labels", "list")[1]


def test_a_file_with_a_mistake_changes_nothing(silentspam, calls: CallTable, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("call_id,label\nham,spam\nno-such-call,ham\n")
    code, _, err = silentspam("labels", "import", tmp_path / "in.csv")
    assert code == 1
    assert "no-such-call" in err
    assert listed(silentspam) == {}


def test_an_export_names_recordings_below_the_folder_and_no_caller(
    silentspam, calls: CallTable, tmp_path: Path
) -> None:
    silentspam("labels", "derive")
    out_file = tmp_path / "labels.csv"
    code, out, _ = silentspam("labels", "export", "--out", out_file)
    assert (code, out) == (0, f"1 spam, 3 ham in {out_file}; recordings below {tmp_path / 'recordings'}\n")
    rows = list(csv.DictReader(out_file.open(newline="")))
    assert {row["call_id"]: row["label_source"] for row in rows} == {
        "spam": "OUTCOME",
        "ham": "OUTCOME",
        "passed": "CONDUCT",
        "talked": "CONDUCT",
    }
    assert {row["weight"] for row in rows} == {"10", "1", ""}
    assert "calc" not in out_file.read_text()
    assert "5551" not in out_file.read_text()


def test_an_export_can_be_of_the_better_sources_alone_and_take_the_recordings_along(
    silentspam, calls: CallTable, tmp_path: Path
) -> None:
    silentspam("labels", "derive")
    copies = tmp_path / "copies"
    options = ("--copy-recordings", copies, "--lowest-source", "OUTCOME")
    assert silentspam("labels", "export", "--out", tmp_path / "l.csv", *options)[0] == 0
    assert sorted(path.name for path in copies.iterdir()) == ["ham.ulaw", "spam.ulaw"]


def test_an_export_without_labels_is_an_exit_code_of_one(
    silentspam, calls: CallTable, tmp_path: Path
) -> None:
    assert silentspam("labels", "export", "--out", tmp_path / "l.csv")[0] == 1


def test_the_report_says_how_labels_were_selected_and_what_is_not_known(silentspam, calls: CallTable) -> None:
    silentspam("labels", "derive")
    code, out, _ = silentspam("labels", "report")
    assert code == 0
    assert "share of SPAM among 7 calls" in out
    assert "2 challenged calls have no answer" in out
    found = json.loads(silentspam("labels", "report", "--json")[1])
    assert found["by_cause"] == [
        ["EXPLORATION", "spam", 1],
        ["SUSPICION", "ham", 2],
        ["none", "ham", 1],
    ]
    weights = {stratum["probability"]: stratum["weight"] for stratum in found["strata"]}
    assert weights == {0.1: 4.0, 1.0: 1.5}
    assert found["spam_share"]["share"] == pytest.approx(4 / 7)
    low, high = found["bounds"]
    assert low < found["spam_share"]["share"] < high


def test_without_a_call_log_it_says_so(silentspam) -> None:
    code, _, err = silentspam("labels", "derive")
    assert code == 1
    assert "no call log yet" in err


@pytest.mark.parametrize("argv", [("labels",), ("labels", "export"), ("labels", "list", "--label", "no")])
def test_a_wrong_command_is_an_exit_code_of_two(silentspam, argv: tuple[str, ...]) -> None:
    assert silentspam(*argv)[0] == 2
