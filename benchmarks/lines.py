"""What it costs a call to ask line memory: the snapshot's file, and a thousand lines in it.

Beside the verdict of the shipped model on the same opening, timed in turns on the same machine.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.verdict import openings
from silentspam import resources
from silentspam.budget import Credit
from silentspam.lines.ground import LineGround, unpack
from silentspam.lines.known import KnownLines
from silentspam.lines.matching import CALLS_COUNTED
from silentspam.lines.snapshot import KnownLine, Snapshot, read_snapshot, write_snapshot
from silentspam.model import load_model
from silentspam.verdict import LineState

N_LINES = 1000
N_TRUSTED = 1000
N_TIMED = 200
SEED = 1


@dataclass(frozen=True)
class Cost:
    """Median seconds of a verdict, and of asking the lines; bytes of the snapshot."""

    verdict: float
    asking: float
    size: int


def cost() -> Cost:
    """Judge and ask, in turns."""
    model = load_model(resources.shipped_model())
    if model.ground is None:
        raise SystemExit("the shipped model has no line memory")
    ground, recordings = model.ground, openings()[:N_TIMED]
    model.warm_up()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_snapshot(folder, _snapshot(ground))

        def ask(embedding: str) -> None:
            snapshot = read_snapshot(folder)
            if snapshot is not None:
                snapshot.match(ground, unpack(embedding, len(ground.space.origin)))

        verdicts, askings = [], []
        for recording in recordings:
            embedding = model.judge(recording).embedding or ""
            verdicts.append(_seconds(lambda recording=recording: model.judge(recording)))  # type: ignore[misc]
            askings.append(_seconds(lambda embedding=embedding: ask(embedding)))  # type: ignore[misc]
        size = sum(path.stat().st_size for path in folder.iterdir())
    return Cost(statistics.median(verdicts), statistics.median(askings), size)


def _snapshot(ground: LineGround) -> Snapshot:
    rng = np.random.default_rng(SEED)
    places = rng.normal(size=(N_LINES, len(ground.space.origin))) * np.sqrt(ground.space.spread)
    counts = rng.integers(1, CALLS_COUNTED + 1, N_LINES).astype(np.int32)
    told = [KnownLine(line_id=f"{n:036x}", state=LineState.ACTIVE, evidence="x" * 70) for n in range(N_LINES)]
    return Snapshot(
        space_id=ground.space_id,
        version=1,
        made_at=0.0,
        threshold=-20.0,
        credit=Credit(),
        terms=KnownLines(ground.space, places.astype(np.float32), counts).terms,
        told=tuple(map(msgspec.json.encode, told)),
        trusted=frozenset(range(N_TRUSTED)),
    )


def _seconds(what: Callable[[], object]) -> float:
    start = time.perf_counter()
    what()
    return time.perf_counter() - start
