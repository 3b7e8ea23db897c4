"""`silentspam install` and `silentspam check`: what is put in place is what the check finds good."""

import os
import stat
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from silentspam import assembly, judging, resources
from silentspam.call import Call, CallRecord, ChallengeResult, Mode, VerdictKind
from silentspam.calllog.entry import screened
from silentspam.cli.doctor_lines import MANY_WAITING
from silentspam.config import Config, load_config
from silentspam.lines.snapshot import read_snapshot, write_snapshot
from tests.lines.openings import missed_by_the_model


@pytest.fixture
def places(tmp_path: Path, config_file: Path) -> list[object]:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "extensions.conf").write_text(
        "[from-trunk]\nexten => _X.,1,TryExec(Gosub(silentspam,s,1))\n#include extensions_silentspam.conf\n"
    )
    return [
        "--asterisk-etc",
        tmp_path / "etc",
        "--agi-dir",
        tmp_path / "agi",
        "--dialplan-dir",
        tmp_path / "etc",
    ]


def test_a_dry_run_writes_nothing(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    code, out, _ = silentspam("install", *places, "--config", config_file, "--dry-run")
    assert code == 0
    assert f"would write   {tmp_path}/agi/silentspam.py" in out
    assert not (tmp_path / "agi").exists()


def test_what_is_installed_passes_the_check(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    assert silentspam("install", *places, "--config", config_file)[0] == 0
    code, out, _ = silentspam("check", *places)
    assert code == 0, out
    assert "0 faults" in out
    assert "challenge.contact_number is empty" in out
    assert os.access(tmp_path / "agi" / "silentspam.py", os.X_OK)


def test_an_installed_script_runs_although_it_bears_the_packages_name(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    silentspam("install", *places, "--config", config_file)
    script = tmp_path / "agi" / "silentspam.py"
    ended = subprocess.run([script], input=b"", capture_output=True, cwd=tmp_path / "agi", check=False)
    assert b"the session ended" in ended.stderr
    assert b"ImportError" not in ended.stderr


def test_a_second_install_changes_nothing_and_keeps_the_admins_file(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    silentspam("install", *places, "--config", config_file)
    dialplan = tmp_path / "etc" / "extensions_silentspam.conf"
    dialplan.write_text("; mine\n")
    out = silentspam("install", *places, "--config", config_file)[1]
    assert f"keep    {tmp_path}/agi/silentspam.py" in out
    assert Path(f"{dialplan}.old").read_text() == "; mine\n"


def _break_script_mode(root: Path) -> None:
    (root / "agi" / "silentspam.py").chmod(0o644)


def _break_interpreter(root: Path) -> None:
    (root / "agi" / "silentspam.py").write_text("#!/no/such/python -I\n")


def _hide_package(root: Path) -> None:
    (root / "agi" / "silentspam.py").write_text("#!/usr/bin/env -S false\n")


def _remove_dialplan(root: Path) -> None:
    (root / "etc" / "extensions_silentspam.conf").unlink()


def _remove_recordings(root: Path) -> None:
    (root / "recordings").rmdir()


def _break_database(root: Path) -> None:
    (root / "log" / "calls.db").write_bytes(
        b"this is no database, but it is long enough to be read as one" * 20
    )


def _comment_the_include_out(root: Path) -> None:
    (root / "etc" / "extensions.conf").write_text(";#include extensions_silentspam.conf\n")


def _break_config(root: Path) -> None:
    (root / "silentspam.yaml").write_text("challenge: {attempts: 99}\n")


def _lose_model(root: Path) -> None:
    path = root / "silentspam.yaml"
    text = path.read_text().splitlines()
    path.write_text("\n".join(f"  folder: {root}/none" if "models" in line else line for line in text))


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_break_script_mode, "may not execute it"),
        (_break_interpreter, "interpreter"),
        (_hide_package, "cannot import silentspam"),
        (_remove_dialplan, "extensions_silentspam.conf: missing"),
        (_remove_recordings, "recordings: missing"),
        (_break_database, "call log"),
        (_break_config, "challenge.attempts is 99"),
        (_comment_the_include_out, "no file includes"),
        (_lose_model, "model"),
    ],
)
def test_each_fault_is_found_with_its_remedy(
    silentspam, tmp_path: Path, places: list[object], config_file: Path, harm, words: str
) -> None:
    silentspam("install", *places, "--config", config_file)
    harm(tmp_path)
    code, out, _ = silentspam("check", *places)
    assert code == 1
    assert any(line.startswith("FAULT") and words in line for line in out.splitlines()), out
    assert "->" in out


def test_the_registry_is_for_all_to_read_and_for_its_owner_to_change(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    silentspam("install", *places, "--config", config_file)
    status = (tmp_path / "registry").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o755, os.geteuid())


def test_a_broken_model_on_trial_is_a_warning_and_a_broken_active_one_a_fault(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    silentspam("install", *places, "--config", config_file)
    (tmp_path / "registry" / "shadow").symlink_to("0123456789ab")
    code, out, _ = silentspam("check", *places)
    assert code == 0, out
    assert "silentspam models shadow --off" in out
    settings = yaml.safe_load(config_file.read_text())
    settings["model"].pop("folder")
    config_file.write_text(yaml.safe_dump(settings))
    (tmp_path / "registry" / "active").symlink_to("0123456789ab")
    code, out, _ = silentspam("check", *places)
    assert code == 1
    assert "silentspam models rollback" in out
    (tmp_path / "registry" / "active").unlink()
    (tmp_path / "registry" / "active").write_text("a file")
    assert "move the link away" in silentspam("check", *places)[1]


def test_a_damaged_shipped_model_is_not_to_be_rolled_back_from(
    silentspam, tmp_path: Path, places: list[object], config_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silentspam("install", *places, "--config", config_file)
    settings = yaml.safe_load(config_file.read_text())
    settings["model"].pop("folder")
    config_file.write_text(yaml.safe_dump(settings))
    monkeypatch.setattr(resources, "shipped_model", lambda: tmp_path / "nowhere")
    code, out, _ = silentspam("check", *places)
    assert code == 1
    assert "install the package again" in out
    assert "rollback" not in out


def test_silence_over_the_ring_tone_is_a_warning(silentspam, tmp_path: Path, places: list[object]) -> None:
    (tmp_path / "etc" / "asterisk.conf").write_text("[options]\ntransmit_silence = yes\n")
    assert "transmit_silence" in silentspam("check", *places)[1]


def test_an_interpreter_path_with_spaces_is_refused(
    silentspam, places: list[object], config_file: Path
) -> None:
    code, _, err = silentspam("install", *places, "--config", config_file, "--python", "/opt/my python")
    assert code == 1
    assert "no such program" in err


def test_an_unknown_user_is_a_fault(silentspam, places: list[object]) -> None:
    code, out, _ = silentspam("check", *places, "--user", "nobody-of-this-name")
    assert code == 1
    assert "does not exist" in out


@pytest.fixture
def with_lines(silentspam, tmp_path: Path, places: list[object], config_file: Path) -> Config:
    """An installation with the shipped model, whose line memory has learnt from three calls of one line."""
    document = yaml.safe_load(config_file.read_text())
    del document["model"]["folder"]
    config_file.write_text(yaml.safe_dump({**document, "mode": "enforce"}))
    assert silentspam("install", *places, "--config", config_file)[0] == 0
    config = load_config(config_file)
    judge = judging.LazyJudge(config)
    judge.prepare()
    for call in range(3):
        path = tmp_path / f"{call}.ulaw"
        path.write_bytes(missed_by_the_model(call).codes.tobytes())
        verdict = judge.judge(path)
        caller = Call(call_id=Call.new_id(), started_at=time.time(), ani=f"202555010{call}")
        record = CallRecord(
            call=caller,
            space_id=verdict.space_id,
            embedding=verdict.embedding,
            spam_probability=verdict.spam_probability,
        )
        assembly.call_log(config).write(screened(record))
    assert assembly.learn_lines(config) == 3
    return config


def test_the_folder_for_lines_is_made_and_what_was_learnt_is_told(
    silentspam, tmp_path: Path, places: list[object], with_lines: Config
) -> None:
    out = silentspam("check", *places)[1]
    assert f"ok    {tmp_path}/lines: writable" in out
    assert f"ok    lines in {tmp_path}/lines/snapshot: 1, as of" in out
    assert "ok    lines: 0 calls wait to be learnt from, the last lesson was" in out


def test_a_kind_whose_budget_is_spent_is_told(
    silentspam, tmp_path: Path, places: list[object], with_lines: Config
) -> None:
    for call in range(7):
        caller = Call(call_id=Call.new_id(), started_at=time.time(), ani=f"202555020{call}")
        record = CallRecord(
            call=caller,
            mode=Mode.ENFORCE,
            verdict=VerdictKind.CALLER_FAX,
            space_id="0123456789ab",
            challenged_at=time.time(),
            challenge_result=ChallengeResult.PASSED,
        )
        assembly.call_log(with_lines).write(screened(record))
    assembly.learn_lines(with_lines)
    code, out, _ = silentspam("check", *places)
    assert code == 0, out
    assert "warn  CALLER_FAX: its budget of false challenges is spent: its calls are bridged" in out


def _tear(snapshot: Path) -> None:
    snapshot.write_bytes(snapshot.read_bytes()[:-5])


def _of_another_space(snapshot: Path) -> None:
    write_snapshot(snapshot.parent, replace(read_snapshot(snapshot.parent), space_id="0123456789ab"))


@pytest.mark.parametrize(("harm", "words"), [(_tear, "torn"), (_of_another_space, "of space 0123456789ab")])
def test_a_snapshot_of_lines_that_is_no_use_is_a_warning(
    silentspam, tmp_path: Path, places: list[object], with_lines: Config, harm, words: str
) -> None:
    harm(tmp_path / "lines" / "snapshot")
    code, out, _ = silentspam("check", *places)
    assert code == 0, out
    assert any(line.startswith("warn") and words in line for line in out.splitlines()), out


def test_calls_that_nobody_learns_from_are_a_warning(
    silentspam, places: list[object], with_lines: Config
) -> None:
    with assembly.database(with_lines).transaction(write=True) as connection:
        connection.executemany(
            "INSERT INTO line_queue (call_id) VALUES (?)", [(str(n),) for n in range(MANY_WAITING)]
        )
    out = silentspam("check", *places)[1]
    assert f"warn  lines: {MANY_WAITING} calls wait to be learnt from" in out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look through another user's eyes")
def test_a_snapshot_that_asterisks_user_may_not_read_is_a_fault(
    silentspam, tmp_path: Path, places: list[object], with_lines: Config
) -> None:
    code, out, _ = silentspam("check", *places, "--user", "nobody")
    assert code == 1
    assert f"FAULT {tmp_path}/lines/snapshot: nobody may not read it" in out


def test_without_line_memory_nothing_is_said_of_lines_and_no_folder_made(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    document = yaml.safe_load(config_file.read_text())
    document["lines"]["enabled"] = False
    config_file.write_text(yaml.safe_dump(document))
    assert silentspam("install", *places, "--config", config_file)[0] == 0
    out = silentspam("check", *places)[1]
    assert "lines:" not in out
    assert f"{tmp_path}/lines" not in out
    assert not (tmp_path / "lines").exists()


def test_a_model_without_a_space_of_lines_is_a_warning_while_line_memory_is_on(
    silentspam, places: list[object], config_file: Path
) -> None:
    silentspam("install", *places, "--config", config_file)
    assert "has no space for them" in silentspam("check", *places)[1]


def test_the_folder_for_callers_sides_is_made_and_checked_where_they_are_recorded(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    document = yaml.safe_load(config_file.read_text())
    document["collection"] = {"caller_leg": True, "legs": str(tmp_path / "legs")}
    config_file.write_text(yaml.safe_dump(document))
    assert silentspam("install", *places, "--config", config_file)[0] == 0
    assert (tmp_path / "legs").is_dir()
    code, out, _ = silentspam("check", *places)
    assert code == 0, out
    assert "0 wait to be measured" in out
    (tmp_path / "legs").rmdir()
    code, out, _ = silentspam("check", *places)
    assert code == 1
    assert f"{tmp_path / 'legs'}: missing" in out


def test_the_gate_is_made_checked_and_what_its_switch_says_is_a_warning(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    silentspam("install", *places, "--config", config_file)
    assert (tmp_path / "gate").is_dir()
    assert (
        f"ok    gate in {tmp_path}/gate/gate: written when the first call is over"
        in silentspam("check", *places)[1]
    )
    silentspam("lists", "permit", "2025550101")
    assert "1 listed numbers" in silentspam("check", *places)[1]
    silentspam("switch", "off", "--note", "a reason")
    code, out, _ = silentspam("check", *places)
    assert code == 0
    assert "warn  switched to off by " in out
    assert ": a reason, " in out


def test_a_torn_gate_is_a_fault_and_one_behind_the_database_a_warning(
    silentspam, tmp_path: Path, places: list[object], config_file: Path
) -> None:
    silentspam("install", *places, "--config", config_file)
    silentspam("lists", "permit", "2025550101")
    path = tmp_path / "gate" / "gate"
    before = path.read_bytes()
    silentspam("lists", "permit", "2025550102")
    path.write_bytes(before)
    assert "warn  gate: the call database has 2 listed numbers" in silentspam("check", *places)[1]
    path.write_bytes(b"torn")
    code, out, _ = silentspam("check", *places)
    assert code == 1
    assert "torn" in out
