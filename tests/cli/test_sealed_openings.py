"""Every verb that reads openings reads sealed ones with their key, and says so kindly where it cannot."""

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from silentspam.audio import write_ulaw
from silentspam.call import Call, CallRecord, ChallengeCause, ChallengeResult, VerdictKind
from silentspam.calllog.calls import CallTable
from silentspam.calllog.entry import screened
from silentspam.calllog.labels import Answer, Label, Labels, LabelSource
from silentspam.calllog.sqlite import SqliteDatabase
from silentspam.retention import shelf
from silentspam.retention.keys import read_public_key, write_key_pair
from tests.fakes import noise

Run = Callable[..., tuple[int, str, str]]


class Sealed:
    """A call whose opening is sealed; `key` opens it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recordings = folder / "recordings"
        self.recordings.mkdir()
        public, self.key = write_key_pair(folder / "calls")
        now = time.time()
        call = Call(call_id=Call.new_id(), started_at=now - 3600, ani="12025550143")
        self.call_id = call.call_id
        self.plain = self.recordings / f"{call.call_id}.ulaw"
        self.opening = noise()
        write_ulaw(self.plain, self.opening)
        with shelf.opened(self.recordings) as files:
            files.seal(self.plain.name, read_public_key(public))
        self.sealed = Path(f"{self.plain}.sealed")
        self.database = SqliteDatabase(folder / "log" / "calls.db")
        CallTable(self.database).write(
            screened(
                CallRecord(
                    call=call,
                    mode="enforce",
                    answered_at=now - 3599,
                    recording=str(self.plain),
                    recorded_at=now - 3597,
                    recorded_seconds=2.0,
                    verdict=VerdictKind.CALLER_SILENCE,
                    spam_probability=0.9,
                    threshold=0.5,
                    challenged_at=now - 3596,
                    challenge_cause=ChallengeCause.SUSPICION,
                    challenge_probability=1.0,
                    challenge_result=ChallengeResult.FAILED,
                    digital_silence_share=0.0,
                )
            )
        )


@pytest.fixture
def call(tmp_path: Path, config_file: Path) -> Sealed:
    return Sealed(tmp_path)


@pytest.fixture
def key(call: Sealed, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SILENTSPAM_KEY_FILE", str(call.key))
    return call.key


def test_score_finds_sealed_openings_in_a_folder(silentspam: Run, call: Sealed) -> None:
    code, out, err = silentspam("score", call.recordings, "--format", "jsonl", "--key", call.key)
    assert (code, err) == (0, "")
    assert json.loads(out)["kind"] == "CALLER_SILENCE"
    code, _, err = silentspam("score", call.plain)
    assert code == 1
    assert "name its private key by --key FILE" in err
    code, _, err = silentspam("score", call.recordings / "nowhere.ulaw")
    assert code == 1
    assert "No such file: never kept" in err


def test_review_shows_what_its_key_opens(
    silentspam: Run, call: Sealed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import io

    played = tmp_path / "played"
    play = f"cp --target-directory={tmp_path} "
    monkeypatch.setattr("sys.stdin", io.StringIO("q"))
    code, out, _ = silentspam("review")
    assert code == 0
    assert "(no picture: " in out
    assert "name its private key" in out
    monkeypatch.setattr("sys.stdin", io.StringIO("pq"))
    code, out, _ = silentspam("review", "--key", call.key, "--play", play)
    assert code == 0
    assert "dBFS" in out
    assert not played.exists()
    (copy,) = tmp_path.glob("tmp*.ulaw")
    assert copy.read_bytes() == call.opening.codes.tobytes()


def test_labels_are_exported_with_copies_in_plain(silentspam: Run, call: Sealed) -> None:
    label = Label(
        call_id=call.call_id,
        source=LabelSource.REVIEW,
        label=Answer.SPAM,
        labelled_at=time.time(),
        labelled_by="ann",
    )
    Labels(call.database).write([label])
    out = call.folder / "labels.csv"
    code, _, err = silentspam("labels", "export", "--out", out)
    assert code == 1
    assert "1 left out: the recording is sealed" in err
    copies = call.folder / "copies"
    code, _, err = silentspam("labels", "export", "--out", out, "--copy-recordings", copies)
    assert code == 1
    assert "cannot be opened" in err
    code, _, err = silentspam(
        "labels", "export", "--out", out, "--copy-recordings", copies, "--key", call.key
    )
    assert (code, err) == (0, "")
    with out.open(newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["recording"] == call.plain.name
    assert (copies / call.plain.name).read_bytes() == call.opening.codes.tobytes()


def test_models_are_compared_on_sealed_openings(
    silentspam: Run, call: Sealed, model_folder: Path, key: Path
) -> None:
    code, out, _ = silentspam("models", "diff", "active", "active", "--json")
    assert code == 0
    assert json.loads(out)["calls"] == 1


def test_models_say_how_many_openings_cannot_be_read(silentspam: Run, call: Sealed) -> None:
    code, _, err = silentspam("models", "diff", "active", "active")
    assert code == 1
    assert "1 recordings are gone or cannot be read" in err


def test_a_scan_reads_sealed_openings(silentspam: Run, call: Sealed) -> None:
    pytest.importorskip("pyarrow")
    code, out, _ = silentspam(
        "scan", call.recordings, "--out", call.folder / "scanned", "--workers", 1, "--key", call.key
    )
    assert code == 0
    assert "CALLER_SILENCE" in out
    code, out, _ = silentspam("scan", call.recordings, "--out", call.folder / "again", "--workers", 1)
    assert code == 1
    assert "1 with an error" in out


def test_a_call_says_what_became_of_its_opening(silentspam: Run, call: Sealed) -> None:
    assert f"kept in {call.plain}" in silentspam("calls", "why", call.call_id)[1]
    with call.database.transaction(write=True) as connection:
        connection.execute("UPDATE calls SET recording_deleted_at = 1700000000.0")
    assert "and deleted 2023-11-14 22:13:20 UTC (retention)" in silentspam("calls", "why", call.call_id)[1]


def test_a_key_that_cannot_be_read_is_named_before_any_work(silentspam: Run, call: Sealed) -> None:
    for command in (
        ("score", call.plain),
        ("review",),
        ("scan", call.recordings, "--out", call.folder / "x"),
    ):
        code, _, err = silentspam(*command, "--key", call.folder / "lost.key")
        assert code == 1
        assert "lost.key: No such file" in err
