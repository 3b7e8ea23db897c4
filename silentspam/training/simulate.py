"""A corpus of simulated openings: raw mu-law files and `labels.csv`, the same for the same seed.

    OUT/recordings/*.ulaw    the openings
    OUT/labels.csv           recording, label, kind, campaign, source, codec, split
    OUT/corpus.json          how they were made, and whose voices are in them

Splits: `train`; `test_seen`, further calls of the training campaigns; `test_unseen`, campaigns, speakers,
places and tunes that training never meets; `test_silence`, people's openings with digital silence in them.
Digital silence is never labelled spam: a dead-air call that could not be judged is drawn again.
"""

import csv
import enum
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from silentspam.audio import SAMPLE_RATE, Codes, Recording, write_ulaw
from silentspam.errors import AudioError
from silentspam.fitness import why_inconclusive
from silentspam.training.campaigns import Campaign, draw_campaign
from silentspam.training.codecs import Codec
from silentspam.training.digital_silence import SilenceKind, silent_opening
from silentspam.training.ham import HamSource
from silentspam.training.network import DIGITAL_SILENCE, draw_chain
from silentspam.training.sources import Clip, Split

STATEMENT = (
    "Dead air is synthetic: no recording of a real idle telephone line was to be had. "
    "Speech, places and music are licensed recordings; the codecs are real."
)
RECORDINGS = "recordings"
DRAWS = 20
SPARE_SECONDS = 0.3
"""Made beyond what is kept, since a lost packet can shorten a recording."""

SHORTEST_SECONDS = 1.0
AT_ONCE = 16
"""Openings that a worker is handed together."""

Progress = Callable[[Iterable["Row | None"], int], Iterable["Row | None"]]


class Stream(enum.IntEnum):
    """Independent streams of chance under one seed: adding calls to one changes none of another."""

    CAMPAIGN = 1
    CALL = 2
    HAM = 3
    SILENCE = 4


class CorpusSplit(enum.StrEnum):
    """Where an opening belongs."""

    TRAIN = "train"
    TEST_SEEN = "test_seen"
    TEST_UNSEEN = "test_unseen"
    TEST_SILENCE = "test_silence"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How large a corpus is, and its seed.

    campaigns, of which test_share are unseen in training; calls of each, of which test_share are kept
    for testing in a training campaign; ham openings, test_share of them from unseen sources; silence:
    openings with digital silence in them; seconds each.
    """

    campaigns: int
    calls: int
    ham: int
    seed: int
    silence: int = 0
    test_share: float = 0.25
    seconds: float = 2.0

    def __post_init__(self) -> None:
        counts = (self.campaigns, self.calls, self.ham, self.silence)
        if min(counts) < 0 or self.openings == 0:
            raise AudioError(
                f"{self.campaigns} campaigns of {self.calls} calls, {self.ham} ham and {self.silence} with "
                "digital silence: nothing to make"
            )
        if not 0 <= self.test_share < 1:
            raise AudioError(f"test_share is {self.test_share}: it must lie in 0…1, below 1")
        if not SHORTEST_SECONDS <= self.seconds <= 60:
            raise AudioError(f"seconds is {self.seconds}: it must lie in {SHORTEST_SECONDS}…60")

    @property
    def openings(self) -> int:
        """How many openings are made at most."""
        return self.campaigns * self.calls + self.ham + self.silence

    def jobs(self) -> list["Job"]:
        """Every opening to draw: campaign by campaign, then people, then digital silence."""
        spam = [
            Job(Stream.CALL, campaign, call)
            for campaign in range(self.campaigns)
            for call in range(self.calls)
        ]
        ham = [Job(Stream.HAM, index) for index in range(self.ham)]
        return spam + ham + [Job(Stream.SILENCE, index) for index in range(self.silence)]


@dataclass(frozen=True)
class Job:
    """One opening to draw: a campaign's call (index, call), a person, or digital silence."""

    stream: Stream
    index: int
    call: int = 0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of labels.csv."""

    recording: str
    label: str
    kind: str
    campaign: str
    source: str
    codec: str
    split: str


@dataclass(frozen=True, eq=False)
class Drawn:
    """An opening and its row."""

    row: Row
    recording: Recording


class Simulator:
    """Draws the openings of a plan from clips and codecs."""

    def __init__(self, plan: Plan, clips: Sequence[Clip], codecs: Mapping[str, Codec]) -> None:
        self.plan = plan
        self._codecs = codecs
        self._ham = {split: HamSource(clips, split) for split in Split}
        self.campaigns = [self._campaign(index) for index in range(plan.campaigns)]

    def openings(self) -> Iterator[Drawn]:
        """All of them, in the order of `Plan.jobs`."""
        for job in self.plan.jobs():
            drawn = self.draw(job)
            if drawn:
                yield drawn

    def draw(self, job: Job) -> Drawn | None:
        """One opening; None where chance gave only digital silence of a dead-air call.

        It depends on the seed and on the job alone, so any number of workers makes the same corpus.
        """
        if job.stream is Stream.CALL:
            return self._spam(job.index, job.call)
        return self._person(job.index) if job.stream is Stream.HAM else self._silent(job.index)

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self.plan.seed, *stream])

    def _campaign(self, index: int) -> Campaign:
        """The campaign of that index: the first one drawn whose calls can be judged."""
        for attempt in range(DRAWS):
            rng = self._rng(Stream.CAMPAIGN, index, attempt)
            campaign = draw_campaign(f"campaign-{index:04d}", tuple(self._codecs), rng)
            if all(why_inconclusive(self._call(campaign, rng)) is None for _ in range(3)):
                return campaign
        raise AudioError(f"campaign {index}: {DRAWS} draws, and each gave mostly digital silence")

    def _call(self, campaign: Campaign, rng: np.random.Generator) -> Recording:
        silence = (
            max(campaign.leading_silence + rng.normal(0, 0.02), 0.0) if campaign.leading_silence else 0.0
        )
        signal = campaign.source(self._length(), rng)
        return self._opening(campaign.chain.send(signal, self._codecs, rng), silence)

    def _spam(self, index: int, call: int) -> Drawn | None:
        """One call of a campaign; None where chance gave only digital silence."""
        campaign = self.campaigns[index]
        for attempt in range(DRAWS):
            recording = self._call(campaign, self._rng(Stream.CALL, index, call, attempt))
            if why_inconclusive(recording) is None:
                row = Row(
                    recording=f"{RECORDINGS}/spam-{index:04d}-{call:04d}.ulaw",
                    label="spam",
                    kind=campaign.family,
                    campaign=campaign.name,
                    source=campaign.name,
                    codec=campaign.chain.name,
                    split=self._spam_split(index, call),
                )
                return Drawn(row, recording)
        return None

    def _spam_split(self, index: int, call: int) -> CorpusSplit:
        if index < round(self.plan.campaigns * self.plan.test_share):
            return CorpusSplit.TEST_UNSEEN
        is_test = call < round(self.plan.calls * self.plan.test_share)
        return CorpusSplit.TEST_SEEN if is_test else CorpusSplit.TRAIN

    def _person(self, index: int) -> Drawn:
        rng = self._rng(Stream.HAM, index)
        split = Split.TEST if index < round(self.plan.ham * self.plan.test_share) else Split.TRAIN
        opening = self._ham[split].draw(self._length(), rng)
        chain = draw_chain(tuple(self._codecs), rng)
        codes = chain.send(opening.signal, self._codecs, rng)
        row = Row(
            recording=f"{RECORDINGS}/ham-{index:06d}.ulaw",
            label="ham",
            kind=opening.kind,
            campaign="",
            source=opening.source,
            codec=chain.name,
            split=CorpusSplit.TEST_UNSEEN if split is Split.TEST else CorpusSplit.TRAIN,
        )
        return Drawn(row, self._opening(codes, opening.leading_silence))

    def _silent(self, index: int) -> Drawn:
        rng = self._rng(Stream.SILENCE, index)
        kind = SilenceKind(rng.choice(list(SilenceKind)))
        person = self._ham[Split.TEST].draw(self._length(), rng)
        chain = draw_chain(tuple(self._codecs), rng)
        codes = self._opening(chain.send(person.signal, self._codecs, rng), 0.0).codes
        row = Row(
            recording=f"{RECORDINGS}/silence-{index:06d}.ulaw",
            label="ham",
            kind=kind,
            campaign="",
            source=person.source,
            codec=chain.name,
            split=CorpusSplit.TEST_SILENCE,
        )
        return Drawn(row, Recording(silent_opening(kind, codes, rng)))

    def _length(self) -> int:
        return round((self.plan.seconds + SPARE_SECONDS) * SAMPLE_RATE)

    def _opening(self, codes: Codes, leading_silence: float) -> Recording:
        silence = np.full(round(leading_silence * SAMPLE_RATE), DIGITAL_SILENCE, dtype=np.uint8)
        return Recording(np.concatenate([silence, codes])).opening(self.plan.seconds)


def write_corpus(
    out: Path,
    plan: Plan,
    clips: Sequence[Clip],
    codecs: Mapping[str, Codec],
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> int:
    """Write the corpus of a plan into `out`, which must not hold one yet, and return the number of openings.

    `labels.csv` comes last: a folder without it was not finished. The bytes are the same for any number of
    workers.
    """
    if (out / "labels.csv").exists():
        raise AudioError(f"{out} already holds a labels.csv: choose another folder")
    (out / RECORDINGS).mkdir(parents=True, exist_ok=True)
    simulator = Simulator(plan, clips, codecs)
    made = _made(simulator, out, workers)
    rows = [asdict(row) for row in (progress(made, plan.openings) if progress else made) if row]
    (out / "corpus.json").write_text(json.dumps(_description(simulator, clips, codecs), indent=1) + "\n")
    unfinished = out / "labels.csv.part"
    with unfinished.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(Row.__dataclass_fields__), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    unfinished.rename(out / "labels.csv")
    return len(rows)


def _made(simulator: Simulator, out: Path, workers: int) -> Iterator[Row | None]:
    jobs = simulator.plan.jobs()
    if workers == 1:
        yield from (_make(simulator, out, job) for job in jobs)
        return
    # Forked, not spawned: the workers inherit clips, codecs and campaigns as they are.
    with multiprocessing.get_context("fork").Pool(workers, _be_worker, (simulator, out)) as pool:
        yield from pool.imap(_make_as_worker, jobs, chunksize=AT_ONCE)


def _make(simulator: Simulator, out: Path, job: Job) -> Row | None:
    drawn = simulator.draw(job)
    if drawn is None:
        return None
    write_ulaw(out / drawn.row.recording, drawn.recording)
    return drawn.row


_worker: tuple[Simulator, Path]
"""What a worker process works with, set once when it starts."""


def _be_worker(simulator: Simulator, out: Path) -> None:
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
