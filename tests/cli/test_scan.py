"""`silentspam scan`: as a command that is stopped, killed, and run again."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from silentspam.audio import write_ulaw
from tests.fakes import noise, tone

N_RECORDINGS = 60
SECONDS = 60

BEGUN = """
import signal, sys
from silentspam.archive.scan import _answer
from silentspam.cli import main
written, write_part = [], _answer.__globals__["write_part"]
def write_some(path, table):
    write_part(path, table)
    written.append(path)
    if len(written) == 3:
        signal.pause()
_answer.__globals__["write_part"] = write_some
sys.exit(main(sys.argv[1:]))
"""
"""A scan that comes to its third chunk and no further, however late the test has its turn."""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    for index in range(N_RECORDINGS):
        write_ulaw(folder / f"{index:03}.ulaw", noise(1.0, seed=index) if index % 2 else tone(1.0))
    return folder


@contextmanager
def begun(archive: Path, model: Path, out: Path) -> Iterator["subprocess.Popen[str]"]:
    """A scan as a process of its own, some of whose chunks are written and most are not."""
    options = ["--out", out, "--model", model, "--workers", "2", "--chunk", "1"]
    command = [sys.executable, "-c", BEGUN, "scan", archive, *options]
    # Ctrl-C counts, though whoever runs the tests in the background ignores it.
    command = ["env", "--default-signal=INT", *command]
    with subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: list(out.glob("part-*")))
            yield process
        finally:
            process.kill()


def wait_for(condition: object) -> None:
    end = time.monotonic() + SECONDS
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.002)


def recordings(out: Path) -> list[str]:
    return sorted(pq.read_table(out)["recording"].to_pylist())


def children(pid: int) -> list[Path]:
    return [Path("/proc", child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_scan_that_is_killed_goes_on_where_it_stopped(
    silentspam, archive: Path, model_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with begun(archive, model_folder, out) as process:
        workers = children(process.pid)
        process.kill()
        process.wait()
    done = recordings(out)
    assert len(workers) >= 2
    assert 0 < len(done) == len(set(done)) < N_RECORDINGS
    wait_for(lambda: not any(worker.exists() for worker in workers))
    code, printed, _ = silentspam("scan", archive, "--out", out, "--model", model_folder, "--workers", 1)
    assert code == 0
    assert f"{N_RECORDINGS} recordings, {len(done)} were done" in printed
    assert recordings(out) == sorted(path.name for path in archive.iterdir())
    assert json.loads((out / "_manifest.json").read_text())["complete"] is True


def test_ctrl_c_stops_a_scan_and_says_that_it_can_go_on(
    silentspam, archive: Path, model_folder: Path, tmp_path: Path
) -> None:
    with begun(archive, model_folder, tmp_path / "out") as process:
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert complaint == "silentspam scan: stopped; the same command goes on from there\n"
    common = ("scan", archive, "--out", tmp_path / "out", "--model", model_folder)
    done = len(recordings(tmp_path / "out"))
    code, printed, _ = silentspam(*common, "--status")
    assert code == 0
    assert f"{done} were done, 0 done now, 0 with an error, {N_RECORDINGS - done} left" in printed


def test_the_model_that_is_configured_judges_with_the_configured_settings(
    silentspam, config_file: Path, archive: Path, tmp_path: Path
) -> None:
    settings = yaml.safe_load(config_file.read_text())
    settings["recording"]["seconds"] = 1.0
    config_file.write_text(yaml.safe_dump(settings))
    write_ulaw(archive / "long.ulaw", noise(3.0))
    code, printed, _ = silentspam("scan", archive, "--out", tmp_path / "out", "--workers", 1, "--features")
    table = pq.read_table(tmp_path / "out")
    assert code == 0
    assert f"{N_RECORDINGS + 1} done now" in printed
    assert table["kind"].to_pylist().count("CALLER_SILENCE") == N_RECORDINGS / 2 + 1
    assert set(table["seconds"].to_pylist()) == {1.0}
    assert len(table["features"][0]) > 700


def test_a_bad_recording_and_a_bad_command_have_their_exit_codes(
    silentspam, archive: Path, model_folder: Path, tmp_path: Path
) -> None:
    for path in sorted(archive.iterdir())[3:]:
        path.unlink()
    (archive / "text.wav").write_text("a letter")
    common = ("scan", archive, "--out", tmp_path / "out", "--model", model_folder)
    assert silentspam(*common, "--dask", "tcp://127.0.0.1:1", "--workers", 2)[0] == 2
    assert silentspam(*common, "--ship-audio")[0] == 2
    assert silentspam(*common, "--chunk", 0)[0] == 2
    assert not (tmp_path / "out").exists()
    code, printed, _ = silentspam(*common, "--workers", 1)
    assert code == 1
    assert "1 with an error" in printed
    code, _, complaint = silentspam("scan", tmp_path / "gone", *common[2:])
    assert code == 1
    assert "gone" in complaint
