"""Drawing a corpus of simulated openings: which opening belongs where, and how each comes to be.

Splits: `train`; `test_seen`, further calls of the training campaigns; `test_unseen`, campaigns, speakers,
places and tunes that training never meets; `test_silence`, people's openings with digital silence in them.
Digital silence is never labelled spam: a dead-air call that could not be judged is drawn again.
"""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from silentspam.audio import SAMPLE_RATE, Codes, Recording
from silentspam.errors import AudioError
from silentspam.fitness import why_inconclusive
from silentspam.training.campaigns import Campaign, draw_campaign
from silentspam.training.codecs import Codec
from silentspam.training.digital_silence import SilenceKind, silent_opening
from silentspam.training.ham import HamSource
from silentspam.training.network import DIGITAL_SILENCE, draw_chain
from silentspam.training.sources import Clip, Split

RECORDINGS = "recordings"
DRAWS = 20
SPARE_SECONDS = 0.3
"""Made beyond what is kept, since a lost packet can shorten a recording."""

SHORTEST_SECONDS = 1.0


class Stream(enum.IntEnum):
    """Independent streams of chance under one seed: adding calls to one changes none of another."""

    CAMPAIGN = 1
    CALL = 2
    HAM = 3
    SILENCE = 4
    KIND_CAMPAIGN = 5
    KIND = 6
    LOUD = 7


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
    """One line of labels.csv.

    label: spam, which is dead air; ham; or the name of another kind of SPAM. loss: the share of packets that
    the line loses, 0…1, as text.
    """

    recording: str
    label: str
    kind: str
    campaign: str
    source: str
    codec: str
    split: str
    loss: str = ""


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
                    loss=f"{campaign.chain.loss_share:.4f}",
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
            loss=f"{chain.loss_share:.4f}",
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
            loss=f"{chain.loss_share:.4f}",
            split=CorpusSplit.TEST_SILENCE,
        )
        return Drawn(row, Recording(silent_opening(kind, codes, rng)))

    def _length(self) -> int:
        return round((self.plan.seconds + SPARE_SECONDS) * SAMPLE_RATE)

    def _opening(self, codes: Codes, leading_silence: float) -> Recording:
        silence = np.full(round(leading_silence * SAMPLE_RATE), DIGITAL_SILENCE, dtype=np.uint8)
        return Recording(np.concatenate([silence, codes])).opening(self.plan.seconds)
