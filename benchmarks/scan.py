"""What an archive costs: `python -m benchmarks.scan`, openings a second, as ratios within one run.

The openings are synthetic noise on the disk, and the model is the one that ships. A worker's rate is counted
by its CPU time. Two workers need two idle cores to be twice as fast as one; on a busy machine, look at what
the scan itself spends on an opening: it bounds how many workers it can feed.
"""

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from silentspam.archive.dispatch import Crew
    from silentspam.archive.plan import Plan

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

N_RECORDINGS = 4096
N_ALONE = 256
CHUNK = 256
WANTED = 1000
NEAR_LINEAR = 1.7
KINDS = ("processes", "dask")


class Rate(NamedTuple):
    """Openings a second of a whole scan, and a second of the CPU of the process that hands them out."""

    a_second: float
    a_core: float


def main() -> int:
    """Exit code 1 when a core gives less than WANTED a second, or a second worker too little."""
    from distributed import LocalCluster

    from silentspam import resources
    from silentspam.archive.cluster import DaskCrew
    from silentspam.archive.plan import Questions, make_plan
    from silentspam.archive.processes import ProcessCrew

    plan = make_plan(resources.shipped_model(), Questions(features=True))
    with tempfile.TemporaryDirectory() as folder:
        archive = _archive(Path(folder) / "archive")
        alone, batched = _one_by_one(archive, plan), _chunks(archive, plan)
        print(f"{N_RECORDINGS} synthetic openings of 2 s, features and verdict, one BLAS thread a worker")
        print(f"  one call's feature_vector and forest  {alone:7.0f} a second of CPU")
        ratio = batched / alone
        print(f"  a worker's chunks of {CHUNK:<16} {batched:7.0f} a second of CPU: {ratio:.1f} times")
        rates: dict[tuple[str, int], Rate] = {}
        for workers in (1, 2):
            rates["processes", workers] = _rate(archive, plan, lambda n=workers: ProcessCrew(plan, n))
            with LocalCluster(workers, threads_per_worker=1, dashboard_address=None) as cluster:
                address = cluster.scheduler_address
                rates["dask", workers] = _rate(archive, plan, lambda a=address: DaskCrew(plan, a))
    for kind in KINDS:
        one, two = rates[kind, 1], rates[kind, 2]
        print(
            f"  {kind:<9} {one.a_second:5.0f} a second with one worker, {two.a_second:.0f} with two:", end=" "
        )
        print(f"{two.a_second / one.a_second:.2f} times")
        print(f"            the scan's own CPU would feed {two.a_core / batched:.0f} workers")
    print(f"wanted: at least {WANTED} a second a core, two workers at least {NEAR_LINEAR} times one")
    linear = all(rates[kind, 2].a_second >= NEAR_LINEAR * rates[kind, 1].a_second for kind in KINDS)
    return 0 if batched >= WANTED and linear else 1


def _archive(folder: Path) -> Path:
    """Synthetic openings: noise of different levels and colours."""
    from benchmarks.verdict import openings
    from silentspam.audio import write_ulaw

    folder.mkdir()
    made = openings()
    for index in range(N_RECORDINGS):
        write_ulaw(folder / f"{index:05}.ulaw", made[index % len(made)])
    return folder


def _one_by_one(archive: Path, plan: "Plan") -> float:
    """Openings a second of CPU as a live call judges them, read from the disk."""
    import numpy as np

    from silentspam.audio_files import read_recording
    from silentspam.features import feature_vector

    model = plan.load()
    model.warm_up()
    start = time.process_time()
    for path in sorted(archive.iterdir())[:N_ALONE]:
        vector = feature_vector(read_recording(path).sounding, model.params)
        model.forest.predict_proba(vector[np.newaxis])
    return N_ALONE / (time.process_time() - start)


def _chunks(archive: Path, plan: "Plan") -> float:
    """Openings a second of CPU in a worker: files to rows."""
    from silentspam.archive.listing import list_archives
    from silentspam.archive.plan import in_chunks
    from silentspam.archive.worker import prepare, ready, scan_chunk

    prepare("benchmark", plan)
    ready("benchmark")
    chunks = list(in_chunks(list_archives([archive]).recordings, CHUNK))
    scan_chunk("benchmark", chunks[0])
    start = time.process_time()
    for chunk in chunks[: len(chunks) // 2]:
        scan_chunk("benchmark", chunk)
    return CHUNK * (len(chunks) // 2) / (time.process_time() - start)


def _rate(archive: Path, plan: "Plan", crew: "Callable[[], AbstractContextManager[Crew]]") -> "Rate":
    """Openings a second of a whole scan, Parquet files included, from its first chunk on."""
    from silentspam.archive.listing import list_archives
    from silentspam.archive.scan import ScanOptions, scan

    done: list[tuple[float, float, int]] = []

    def note(added: int) -> None:
        done.append((time.perf_counter(), time.process_time(), added))

    out = archive.parent / uuid.uuid4().hex
    scan(list_archives([archive]), plan, out, crew, ScanOptions(chunk=CHUNK), note)
    # The first call tells what was done before, the second comes when everything has started.
    (start, cpu, _), (end, cpu_end, _) = done[1], done[-1]
    added = sum(added for _, _, added in done[2:])
    return Rate(added / (end - start), added / (cpu_end - cpu))


if __name__ == "__main__":
    sys.exit(main())
