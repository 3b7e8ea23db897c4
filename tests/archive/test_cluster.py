"""Scans on a real local Dask cluster of processes, some of which die."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from silentspam.archive import ScanError
from silentspam.archive.cluster import DaskCrew
from silentspam.archive.listing import list_archives
from silentspam.archive.plan import Plan, in_chunks
from silentspam.archive.scan import ScanOptions, scan
from tests.archive.conftest import N_GOOD
from tests.archive.poison import POISON, deadly
from tests.archive.test_scan import SMALL, Killer, files, rows, scanned


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs="CRITICAL"
    ) as local:
        yield local


def test_a_killed_worker_loses_no_recording_and_counts_none_twice(
    archive: Path, plan: Plan, tmp_path: Path, cluster: LocalCluster
) -> None:
    address = cluster.scheduler_address
    killer = Killer(lambda: cluster.workers[0].process.pid)
    tally = scan(
        list_archives([archive]), plan, tmp_path / "out", lambda: DaskCrew(plan, address), SMALL, killer
    )
    assert killer.killed
    assert (tally.added, tally.errors) == (N_GOOD + 3, 1)
    scanned(archive, plan, tmp_path / "alone")
    assert rows(tmp_path / "out") == rows(tmp_path / "alone")


def test_a_recording_that_kills_workers_is_an_error_row(
    archive: Path, plan: Plan, tmp_path: Path, cluster: LocalCluster
) -> None:
    for path in sorted(archive.rglob("call-*"))[4:]:
        path.unlink()
    (archive / "poison.ulaw").write_bytes(POISON.codes.tobytes())
    bad, address = deadly(plan), cluster.scheduler_address
    scan(
        list_archives([archive]), bad, tmp_path / "out", lambda: DaskCrew(bad, address), ScanOptions(chunk=8)
    )
    found = rows(tmp_path / "out")
    assert set(found) == files(archive)
    assert found["poison.ulaw"]["error"] == "3 workers died of it"
    assert sum(row["error"] is not None for row in found.values()) == 2


def test_audio_is_sent_along_to_workers_that_do_not_see_the_archive(
    archive: Path, plan: Plan, tmp_path: Path, cluster: LocalCluster
) -> None:
    crew = DaskCrew(plan, cluster.scheduler_address, ship_audio=True)
    with crew:
        chunk = crew.with_audio(next(in_chunks(list_archives([archive / "spring"]).recordings, 8)))
        shutil.rmtree(archive)
        crew.submit(chunk)
        (outcome,) = crew.collect()
    assert outcome.rows is not None
    assert [row.error is None for row in outcome.rows] == [True] * 8


def test_no_scheduler_is_an_error_that_names_it(archive: Path, plan: Plan, tmp_path: Path) -> None:
    crew = DaskCrew(plan, "tcp://127.0.0.1:1", connect_seconds=0.5)
    with pytest.raises(ScanError, match=r"127\.0\.0\.1:1"):
        scan(list_archives([archive]), plan, tmp_path / "out", lambda: crew, SMALL)


def test_a_cluster_that_lost_its_workers_is_given_up(
    archive: Path, plan: Plan, cluster: LocalCluster
) -> None:
    with DaskCrew(plan, cluster.scheduler_address) as crew:
        crew._connect_seconds = 0.1  # now that it is connected: a busy machine takes longer for that
        cluster.scale(0)
        while cluster.scheduler.workers:
            time.sleep(0.05)
        crew.submit(next(in_chunks(list_archives([archive]).recordings, 8)))
        with pytest.raises(ScanError, match="no worker is left"):
            crew.collect()
