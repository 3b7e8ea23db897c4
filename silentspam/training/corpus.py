"""Writing a corpus of simulated openings: raw mu-law files and `labels.csv`, the same for the same seed.

OUT/recordings/*.ulaw    the openings
OUT/labels.csv           recording, label, kind, campaign, source, codec, split, loss
OUT/announcements/*.ulaw those recordings that a library may know, whole
OUT/corpus.json          how they were made, and whose voices are in them
"""

import csv
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from silentspam.audio import write_ulaw
from silentspam.errors import AudioError
from silentspam.training.announcements import set_aside
from silentspam.training.campaigns import Campaign
from silentspam.training.codecs import Codec
from silentspam.training.kind_corpus import STATEMENT as KIND_STATEMENT
from silentspam.training.kind_corpus import KindPlan, KindSimulator, description
from silentspam.training.payloads import Payloads
from silentspam.training.simulate import RECORDINGS, Drawn, Job, Plan, Row, Simulator, Stream
from silentspam.training.sources import Clip

STATEMENT = (
    "Dead air is synthetic: no recording of a real idle telephone line was to be had. "
    "Speech, places and music are licensed recordings; the codecs are real."
)

ANNOUNCEMENTS = "announcements"

AT_ONCE = 16
"""Openings that a worker is handed together."""

Progress = Callable[[Iterable[Row | None], int], Iterable[Row | None]]


class Openings(Protocol):
    """What is to be drawn."""

    @property
    def openings(self) -> int: ...

    def jobs(self) -> list[Job]: ...


class Source(Protocol):
    """Draws the openings of a plan (`simulate.Simulator`)."""

    @property
    def plan(self) -> Openings: ...

    def draw(self, job: Job) -> Drawn | None: ...


@dataclass(frozen=True)
class Together:
    """Dead air and people, then the other kinds: a source and its own plan."""

    simulator: Simulator
    kinds: KindSimulator

    @property
    def plan(self) -> Openings:
        """Itself."""
        return self

    @property
    def openings(self) -> int:
        """Of both."""
        return self.simulator.plan.openings + self.kinds.plan.openings

    def jobs(self) -> list[Job]:
        """Those of both, which are told apart by their streams."""
        return self.simulator.plan.jobs() + self.kinds.plan.jobs()

    def draw(self, job: Job) -> Drawn | None:
        """One opening, by whose it is."""
        other = job.stream in (Stream.KIND, Stream.LOUD)
        return self.kinds.draw(job) if other else self.simulator.draw(job)


def write_corpus(
    out: Path,
    plan: Plan,
    clips: Sequence[Clip],
    codecs: Mapping[str, Codec],
    *,
    kinds: KindPlan | None = None,
    payloads: Payloads | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> int:
    """Write the corpus of a plan into `out`, which must not hold one yet, and return the number of openings.

    kinds: what there is of other kinds of SPAM (`payloads` for their noise); then nobody speaks the clips
    that announcements are made of. `labels.csv` comes last: a folder without it was not finished. The bytes
    are the same for any number of workers.
    """
    check_free(out)
    people, announced = set_aside(clips) if kinds else (clips, ())
    simulator = Simulator(plan, people, codecs)
    described = _description(simulator, clips, codecs)
    if kinds is None:
        return write_openings(out, simulator, described, workers=workers, progress=progress)
    others = KindSimulator(kinds, people, announced, codecs, payloads)
    _write_announcements(out, others)
    described |= {"statement": f"{STATEMENT} {KIND_STATEMENT}", "kinds": description(others)}
    source = Together(simulator, others)
    return write_openings(out, source, described, workers=workers, progress=progress)


def _write_announcements(out: Path, source: KindSimulator) -> None:
    """Those that are known, in the folder that `silentspam evaluate` makes a library of."""
    known = [one for there in source.announcements.values() for one in there if one.is_known]
    (out / ANNOUNCEMENTS).mkdir(parents=True, exist_ok=True)
    for one in known:
        write_ulaw(out / ANNOUNCEMENTS / f"{one.name}.ulaw", one.recording)


def check_free(out: Path) -> None:
    """Raise AudioError where `out` already holds a corpus."""
    if (out / "labels.csv").exists():
        raise AudioError(f"{out} already holds a labels.csv: choose another folder")


def write_openings(
    out: Path,
    source: Source,
    description: Mapping[str, object],
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> int:
    """Write all that a source draws into `out`, its rows and its description, as `write_corpus` does."""
    check_free(out)
    (out / RECORDINGS).mkdir(parents=True, exist_ok=True)
    made = _made(source, out, workers)
    rows = [asdict(row) for row in (progress(made, source.plan.openings) if progress else made) if row]
    (out / "corpus.json").write_text(json.dumps(description, indent=1) + "\n")
    unfinished = out / "labels.csv.part"
    with unfinished.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(Row.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    unfinished.rename(out / "labels.csv")
    return len(rows)


def _made(simulator: Source, out: Path, workers: int) -> Iterator[Row | None]:
    jobs = simulator.plan.jobs()
    if workers == 1:
        yield from (_make(simulator, out, job) for job in jobs)
        return
    # Forked, not spawned: the workers inherit clips, codecs and campaigns as they are.
    with multiprocessing.get_context("fork").Pool(workers, _be_worker, (simulator, out)) as pool:
        yield from pool.imap(_make_as_worker, jobs, chunksize=AT_ONCE)


def _make(simulator: Source, out: Path, job: Job) -> Row | None:
    drawn = simulator.draw(job)
    if drawn is None:
        return None
    write_ulaw(out / drawn.row.recording, drawn.recording)
    return drawn.row


_worker: tuple[Source, Path]
"""What a worker process works with, set once when it starts."""


def _be_worker(simulator: Source, out: Path) -> None:
    global _worker
    _worker = simulator, out


def _make_as_worker(job: Job) -> Row | None:
    return _make(*_worker, job)


def _description(
    simulator: Simulator, clips: Sequence[Clip], codecs: Mapping[str, Codec]
) -> dict[str, object]:
    speakers = {(clip.speaker, clip.kind.value, clip.split.value, clip.licence) for clip in clips}
    return {
        "statement": STATEMENT,
        "plan": asdict(simulator.plan),
        "codecs": list(codecs),
        "sources": [
            dict(zip(("speaker", "kind", "split", "licence"), key, strict=True)) for key in sorted(speakers)
        ],
        "campaigns": [_campaign_description(campaign) for campaign in simulator.campaigns],
    }


def _campaign_description(campaign: Campaign) -> dict[str, object]:
    return {
        "name": campaign.name,
        "family": campaign.family,
        "chain": campaign.chain.name,
        "level_dbfs": round(campaign.level, 1),
        "peak_dbfs": round(campaign.peak, 1),
        "tilt_db_per_octave": round(campaign.shape.tilt, 2),
        "mains_hz": campaign.mains_hz if campaign.hum_level > -np.inf else None,
        "click_rate": round(campaign.click_rate, 2),
        "comfort_step": campaign.comfort_step,
        "lossy": any(loss.share > 0 for loss in campaign.chain.losses),
    }
