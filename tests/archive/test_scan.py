"""Whole scans by real workers, some of which die: nothing lost, nothing twice, the same answers."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from silentspam.archive import ScanError
from silentspam.archive.dispatch import Crew, Outcome
from silentspam.archive.listing import list_archives
from silentspam.archive.plan import Chunk, Plan, Questions
from silentspam.archive.processes import ProcessCrew
from silentspam.archive.scan import ScanOptions, Tally, scan, status
from silentspam.archive.worker import prepare, scan_chunk
from silentspam.audio_files import read_recording
from silentspam.features import feature_vector
from tests.archive.conftest import N_GOOD
from tests.archive.poison import POISON, deadly

SMALL = ScanOptions(chunk=4)


@dataclass
class Here:
    """A crew without processes: for what has nothing to do with them."""

    plan: Plan
    under_way: list[Chunk] = field(default_factory=list)

    def __call__(self) -> AbstractContextManager[Crew]:
        return self._ready()

    @contextmanager
    def _ready(self) -> Iterator[Crew]:
        prepare(self.plan.key, self.plan)
        yield self

    def capacity(self) -> int:
        return 1

    def submit(self, chunk: Chunk) -> None:
        self.under_way.append(chunk)

    def alone(self) -> AbstractContextManager[Crew]:
        return nullcontext(self)

    def collect(self) -> list[Outcome]:
        chunk = self.under_way.pop()
        return [Outcome(chunk, scan_chunk(self.plan.key, chunk))]


def rows(out: Path) -> dict[str, dict[str, object]]:
    """The result by recording. A recording that stands twice fails the test."""
    table = pq.read_table(out).to_pylist()
    found = {str(row["recording"]): row for row in table}
    assert len(found) == len(table)
    return found


def scanned(archive: Path, plan: Plan, out: Path, **settings: object) -> Tally:
    return scan(list_archives([archive]), plan, out, Here(plan), replace(SMALL, **settings))


def files(archive: Path) -> set[str]:
    return {str(path.relative_to(archive)) for path in archive.rglob("*.ulaw")}


def test_every_recording_has_its_row_and_its_verdict(archive: Path, plan: Plan, tmp_path: Path) -> None:
    tally = scanned(archive, plan, tmp_path / "out")
    found, model = rows(tmp_path / "out"), plan.load()
    assert set(found) == files(archive)
    assert (tally.recordings, tally.added, tally.errors, tally.left) == (N_GOOD + 3, N_GOOD + 3, 1, 0)
    for name in ("autumn/call-000.ulaw", "spring/call-001.ulaw", "silent.ulaw", "empty.ulaw"):
        verdict = model.judge(read_recording(archive / name, max_seconds=2))
        row = found[name]
        assert row["kind"] == verdict.kind
        assert row["spam_probability"] == verdict.spam_probability
        assert row["digital_silence_share"] == verdict.digital_silence_share
        assert row["threshold"] == verdict.threshold
        assert (row["seconds"], row["model_id"]) == (verdict.seconds, plan.model_id)
    assert found["spring/call-001.ulaw"]["kind"] == "CALLER_SILENCE"
    assert found["spring/call-001.ulaw"]["level_dbfs"] == pytest.approx(-54.8, abs=0.5)
    assert found["silent.ulaw"]["digital_silence_share"] == 1.0
    assert found["silent.ulaw"]["level_dbfs"] is None
    assert found["letter.ulaw"]["kind"] is None
    assert "starts like another kind of file" in str(found["letter.ulaw"]["error"])


def test_features_are_those_of_a_live_call(archive: Path, plan: Plan, tmp_path: Path) -> None:
    wide = replace(plan, questions=Questions(features=True))
    scanned(archive, wide, tmp_path / "out")
    found, params = rows(tmp_path / "out"), plan.load().params
    expected = feature_vector(read_recording(archive / "spring/call-001.ulaw").sounding, params)
    column = np.array(found["spring/call-001.ulaw"]["features"], np.float32)
    np.testing.assert_allclose(column, expected, rtol=1e-5, atol=1e-7)  # sums in another order
    assert found["empty.ulaw"]["features"] is None
    assert b"u1_bin0" in pq.read_schema(next((tmp_path / "out").glob("part-*"))).metadata[b"feature_names"]


def test_a_second_scan_does_nothing_and_a_third_only_what_is_new(
    archive: Path, plan: Plan, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    scanned(archive, plan, out)
    before = {path: path.stat().st_mtime_ns for path in out.glob("part-*")}
    assert scanned(archive, plan, out, chunk=7).added == 0
    assert {path: path.stat().st_mtime_ns for path in out.glob("part-*")} == before
    (archive / "empty.ulaw").write_bytes((archive / "spring/call-001.ulaw").read_bytes())
    (archive / "spring/call-002.ulaw").unlink()
    (archive / "new.ulaw").write_bytes(b"")
    assert status(list_archives([archive]), plan, out).left == 2
    assert scanned(archive, plan, out).added == 2
    assert set(rows(out)) == files(archive)
    assert rows(out)["empty.ulaw"]["kind"] == "CALLER_SILENCE"


def test_a_recording_that_goes_while_it_is_scanned_is_an_error_row(
    archive: Path, plan: Plan, tmp_path: Path
) -> None:
    listing = list_archives([archive])
    (archive / "silent.ulaw").unlink()
    assert scan(listing, plan, tmp_path / "out", Here(plan), SMALL).errors == 2
    assert "No such file" in str(rows(tmp_path / "out")["silent.ulaw"]["error"])


def test_errors_are_tried_again_when_told(archive: Path, plan: Plan, tmp_path: Path) -> None:
    scanned(archive, plan, tmp_path / "out")
    assert scanned(archive, plan, tmp_path / "out").added == 0
    again = scanned(archive, plan, tmp_path / "out", retry_errors=True)
    assert (again.added, again.errors) == (1, 1)
    assert len(rows(tmp_path / "out")) == N_GOOD + 3


def test_an_empty_archive_is_a_result_without_rows(tmp_path: Path, plan: Plan) -> None:
    (tmp_path / "empty").mkdir()
    assert scanned(tmp_path / "empty", plan, tmp_path / "out").recordings == 0


def test_a_disk_that_takes_no_more_leaves_nothing_half_written(
    archive: Path, plan: Plan, tmp_path: Path
) -> None:
    """The kernel refuses every byte beyond a limit that is set when the first chunk is written."""
    out, (soft, hard) = tmp_path / "out", resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(added: int) -> None:
        if added:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))

    try:
        with pytest.raises(ScanError, match="run it again"):
            scan(list_archives([archive]), plan, out, Here(plan), SMALL, fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in out.iterdir() if path.name.startswith(".part")] == []
    assert len(rows(out)) == SMALL.chunk
    assert scanned(archive, plan, out).kept == SMALL.chunk
    assert set(rows(out)) == files(archive)


# --- processes ----------------------------------------------------------------------------------------------


class Killer:
    """Kills one worker when the first chunk is on the disk, while others are under way."""

    def __init__(self, victim: Callable[[], int]) -> None:
        self._victim = victim
        self.killed: list[int] = []

    def __call__(self, added: int) -> None:
        if added and not self.killed:
            self.killed.append(self._victim())
            os.kill(self.killed[0], signal.SIGKILL)


def test_a_killed_process_loses_no_recording_and_counts_none_twice(
    archive: Path, plan: Plan, tmp_path: Path
) -> None:
    crew = ProcessCrew(plan, 2)
    killer = Killer(lambda: next(process.pid for process in crew.processes() if process.pid))
    tally = scan(list_archives([archive]), plan, tmp_path / "out", lambda: crew, SMALL, killer)
    assert killer.killed
    assert (tally.added, tally.errors) == (N_GOOD + 3, 1)
    scanned(archive, plan, tmp_path / "alone")
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


def test_a_recording_that_kills_its_worker_is_an_error_row_and_the_others_are_judged(
    archive: Path, plan: Plan, tmp_path: Path
) -> None:
    (archive / "poison.ulaw").write_bytes(POISON.codes.tobytes())
    bad = deadly(plan)
    tally = scan(
        list_archives([archive]), bad, tmp_path / "out", lambda: ProcessCrew(bad, 2), ScanOptions(chunk=16)
    )
    found = rows(tmp_path / "out")
    assert set(found) == files(archive)
    assert found["poison.ulaw"]["error"] == "3 workers died of it"
    assert tally.errors == 2


def test_workers_that_cannot_load_the_model_end_the_scan_and_blame_no_recording(
    archive: Path, plan: Plan, tmp_path: Path
) -> None:
    wrong = replace(plan, version="0.0.0")
    with pytest.raises(ScanError, match=r"the scan has 0\.0\.0"):
        scan(list_archives([archive]), wrong, tmp_path / "out", lambda: ProcessCrew(wrong, 1), SMALL)
    assert not list((tmp_path / "out").glob("part-*"))
