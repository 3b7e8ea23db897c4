"""From calls to a promoted model, by the commands that an operator in the middle of an attack would give.

One installation: calls and their outcomes in the log, a recording of each, a model trained on them, tried on
a real call, promoted, and asked about calls of the same attack that came later. Dead air and people are
simulated, from stand-ins for the licensed audio: what is shown is the way, not how good a model becomes.
"""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

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
from silentspam.cli import main
from tests.fakes import Switch
from tests.installed import Site, action
from tests.training.conftest import audio_folder as audio_folder
from tests.training.conftest import small_corpus as small_corpus

BUDGET = 0.02
LATER = 4
"""One in so many calls of an attack comes after the model was trained."""

Run = Callable[..., str]
Opening = dict[str, str]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """An installation with no model but the shipped one."""
    site = Site(tmp_path, tmp_path)
    site.settings["model"] = {"registry": str(tmp_path / "registry"), "max_false_challenge_rate": BUDGET}
    site.command("silentspam.py")
    (tmp_path / "recordings").mkdir()
    monkeypatch.setenv("SILENTSPAM_CONFIG", str(tmp_path / "silentspam.yaml"))
    return site


@pytest.fixture
def silentspam(site: Site, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that must succeed; returns what it printed."""

    def run(*argv: object) -> str:
        code = main([str(argument) for argument in argv])
        printed = capsys.readouterr()
        assert code == 0, printed.err
        return printed.out

    return run


@pytest.fixture
def openings(small_corpus: Path) -> tuple[list[Opening], list[Opening]]:
    """Openings of the calls so far, and of those that come later: of the same attacks, and of new people."""
    with (small_corpus / "labels.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] != "test_silence"]
    for row in rows:
        row["path"] = str(small_corpus / row["recording"])
    later = [
        place % LATER == 0 if row["label"] == "spam" else row["split"] == "test_unseen"
        for place, row in enumerate(rows)
    ]
    return [row for row, is_later in zip(rows, later, strict=True) if not is_later], [
        row for row, is_later in zip(rows, later, strict=True) if is_later
    ]


def log_call(site: Site, number: int, opening: Opening) -> None:
    """A call that was challenged, by lot, with its recording and the caller's speech measured afterwards."""
    is_spam = opening["label"] == "spam"
    call = Call(call_id=Call.new_id(), started_at=1_795_000_000.0 + number, ani=f"555{number:04}")
    recording = site.folder / "recordings" / f"{call.call_id}.ulaw"
    shutil.copyfile(opening["path"], recording)
    record = CallRecord(
        call=call,
        recorded_at=call.started_at + 2,
        recording=str(recording),
        recorded_seconds=2.0,
        digital_silence_share=0.0,
        verdict=VerdictKind.HAM,
        challenged_at=call.started_at + 2.1,
        challenge_cause=ChallengeCause.EXPLORATION,
        challenge_probability=0.5,
        challenge_result=ChallengeResult.FAILED if is_spam else ChallengeResult.PASSED,
    )
    speech = CallSpeech(
        call_id=call.call_id,
        caller_speech_seconds=0.0 if is_spam else 7.5,
        caller_leg_seconds=20.0,
        speech_detector="test 1",
    )
    log = CallTable(SqliteDatabase(site.folder / "calls.db"))
    log.write(screened(record))
    log.write(ended(CallEnd(call=call, ended_at=call.started_at + 22, disposition=Disposition.BRIDGED)))
    log.write(heard(speech))


def suspected(silentspam: Run, folder: Path, openings: list[Opening]) -> tuple[int, int]:
    """Of openings in a folder of their own, how many `silentspam score` suspects, and of how many."""
    folder.mkdir()
    for opening in openings:
        shutil.copy(opening["path"], folder)
    lines = [json.loads(line) for line in silentspam("score", "--format", "jsonl", folder).splitlines()]
    return sum(line["kind"] == "CALLER_SILENCE" for line in lines), len(lines)


@pytest.mark.slow
def test_from_calls_to_a_promoted_model(
    site: Site, silentspam: Run, openings: tuple[list[Opening], list[Opening]], tmp_path: Path
) -> None:
    so_far, later = openings
    for number, opening in enumerate(so_far):
        log_call(site, number, opening)
    counts = {label: sum(row["label"] == label for row in so_far) for label in ("spam", "ham")}

    derived = silentspam("labels", "derive")
    assert "failed the challenge and never spoke" in derived
    assert "passed the challenge and spoke" in derived
    labelled = tmp_path / "labelled"
    exported = silentspam("labels", "export", "--out", tmp_path / "labels.csv", "--copy-recordings", labelled)
    assert f"{counts['spam']} spam, {counts['ham']} ham" in exported

    corpus = ("--recordings", labelled, "--labels", tmp_path / "labels.csv")
    trained = silentspam(
        "train", *corpus, "--out", tmp_path / "ours", "--max-false-challenges", BUDGET, "--trees", 60
    )
    model_id = trained.split()[1]
    assert f"model {model_id} " in silentspam("models", "add", tmp_path / "ours", "--note", "the attack")
    shown = silentspam("models", "show", model_id)
    assert "held-out people challenged" in shown, "what it will cost is known before it is turned on"

    # In shadow: a real call is judged by it too, and nothing changes.
    silentspam("models", "shadow", model_id)
    attack = Path(next(row["path"] for row in later if row["label"] == "spam")).read_bytes()
    site.screen(Switch(opening=attack))
    row = next(row for row in site.rows() if row["shadow_model_id"])
    assert row["shadow_model_id"] == model_id != row["model_id"]
    assert f"the model on trial, {model_id}, judged it" in silentspam("calls", "why", row["call_id"])

    # Promoted: the next call is judged by it.
    silentspam("models", "promote", "shadow")
    states = {
        model["model_id"]: model["state"] for model in json.loads(silentspam("models", "list", "--json"))
    }
    assert states[model_id] == "active"
    switch = Switch(opening=attack)
    site.screen(switch)
    assert action(switch) == "REJECT", "no key was pressed"
    assert [row["verdict"] for row in site.rows() if row["model_id"] == model_id] == ["CALLER_SILENCE"]

    dead_air, calls = suspected(
        silentspam, tmp_path / "attack", [row for row in later if row["label"] == "spam"]
    )
    challenged, people = suspected(
        silentspam, tmp_path / "people", [row for row in later if row["label"] == "ham"]
    )
    assert dead_air > 0.8 * calls
    assert challenged < 0.1 * people
