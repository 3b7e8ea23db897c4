"""Drawing what a corpus has beside dead air and ordinary people: the other kinds of SPAM, and loud places.

Splits as in `simulate`: campaigns of `test_unseen` have voices and announcements that no other split has, and
`test_seen` holds further calls of the campaigns in `train`. The label is the kind's name. An opening that
cannot be judged, or that a person would hear nothing on, is drawn again: a fax between two bursts, a pause
of an announcement. Nobody could label it by its sound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.errors import AudioError
from silentspam.kinds.table import kind_named
from silentspam.training import noise, simulate
from silentspam.training.announcements import announcements
from silentspam.training.codecs import Codec
from silentspam.training.ham import excerpt
from silentspam.training.kind_campaigns import DRAWS, KindCampaign, PlayedCampaign, Sources
from silentspam.training.mixture import TABLE_2, Mixture, shares
from silentspam.training.network import draw_chain
from silentspam.training.noise import Signal
from silentspam.training.noise_campaigns import Material
from silentspam.training.noise_corpus import is_heard
from silentspam.training.noise_ham import NoisyPeople
from silentspam.training.payloads import Payloads
from silentspam.training.simulate import RECORDINGS, SPARE_SECONDS, CorpusSplit, Drawn, Job, Row, Stream
from silentspam.training.sources import Clip, ClipKind, Split

STATEMENT = (
    "Fax, busy and other signals are synthetic, after the standards; noise is synthetic, or a real decoder's "
    "given what it cannot read; announcements are licensed speech that is played again."
)
VOICE_DBFS = (-35.0, -16.0)


@dataclass(frozen=True, kw_only=True)
class KindPlan:
    """How many openings of other kinds there are, and of people in loud places; its seed.

    mixture: weights of the kinds; calls of each campaign; test_share of the campaigns is unseen in training,
    as are that share of a training campaign's calls and of loud people; seconds of an opening.
    """

    openings_of_kinds: int
    seed: int
    mixture: Mixture = field(default_factory=lambda: dict(TABLE_2))
    calls: int = 8
    loud: int = 0
    test_share: float = 0.25
    seconds: float = 2.0

    def __post_init__(self) -> None:
        if min(self.openings_of_kinds, self.loud) < 0 or self.calls < 1:
            raise AudioError(
                f"{self.openings_of_kinds} openings of kinds, {self.loud} of loud places, {self.calls} calls "
                "of a campaign: at least 0, 0 and 1 are wanted"
            )

    @property
    def openings(self) -> int:
        """How many openings are made at most."""
        return self.openings_of_kinds + self.loud

    @property
    def campaigns(self) -> list[tuple[str, int]]:
        """The kind and, within it, the index of every campaign."""
        counts = shares(self.openings_of_kinds, self.mixture)
        return [(kind, index) for kind, n in counts.items() for index in range(-(-n // self.calls))]

    def jobs(self) -> list[Job]:
        """Every opening to draw: kind by kind, campaign by campaign, then loud people."""
        left = shares(self.openings_of_kinds, self.mixture)
        jobs = []
        for place, (kind, _) in enumerate(self.campaigns):
            n = min(left[kind], self.calls)
            left[kind] -= n
            jobs += [Job(Stream.KIND, place, call) for call in range(n)]
        return jobs + [Job(Stream.LOUD, index) for index in range(self.loud)]


class KindSimulator:
    """Draws the openings of a plan.

    clips: of people, places among them where the plan has loud people; announced: clips of announcements;
    payloads: None where no noise is wanted.
    """

    def __init__(
        self,
        plan: KindPlan,
        clips: Sequence[Clip],
        announced: Sequence[Clip],
        codecs: Mapping[str, Codec],
        payloads: Payloads | None,
    ) -> None:
        self.plan = plan
        self._codecs = codecs
        self._places = plan.campaigns
        self._people = {split: NoisyPeople(clips, split) for split in Split} if plan.loud else {}
        self.announcements = {split: announcements(announced, split) for split in Split}
        self._sources = {split: self._sources_of(split, clips, payloads) for split in Split}
        counts = dict(self._places)
        self._unseen = {kind: round((last + 1) * plan.test_share) for kind, last in counts.items()}
        self.campaigns = [self._campaign(kind, index) for kind, index in self._places]

    def _sources_of(self, split: Split, clips: Sequence[Clip], payloads: Payloads | None) -> Sources:
        speech = [clip for clip in clips if clip.split is split and clip.kind is ClipKind.SPEECH]

        def voice(n: int, rng: np.random.Generator) -> Signal:
            clip = speech[int(rng.integers(len(speech)))]
            return noise.at_level(excerpt(clip, n, rng), float(rng.uniform(*VOICE_DBFS)))

        names = tuple(self._codecs)
        material = Material(codecs=names, payloads=payloads, voice=voice) if payloads else None
        return Sources(codecs=names, voice=voice, announcements=self.announcements[split], noise=material)

    def draw(self, job: Job) -> Drawn | None:
        """One opening; None where no draw is heard. It depends on the seed and on the job alone."""
        return self._loud(job.index) if job.stream is Stream.LOUD else self._call(job.index, job.call)

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self.plan.seed, *stream])

    def _split(self, kind: str, index: int) -> Split:
        return Split.TEST if index < self._unseen[kind] else Split.TRAIN

    def _campaign(self, kind: str, index: int) -> KindCampaign:
        name = f"{key_of(kind)}-{index:04d}"
        sources = self._sources[self._split(kind, index)]
        for attempt in range(simulate.DRAWS):
            rng = self._rng(Stream.KIND_CAMPAIGN, *kind.encode(), index, attempt)
            campaign = DRAWS[kind](name, index, sources, rng)
            if is_heard(self._recorded(campaign, rng)):
                return campaign
        raise AudioError(f"campaign {name}: {simulate.DRAWS} draws, and none is heard")

    def _recorded(self, campaign: KindCampaign, rng: np.random.Generator) -> Recording:
        signal = campaign.signal(self._length(), rng)
        return Recording(campaign.chain.send(signal, self._codecs, rng)).opening(self.plan.seconds)

    def _call(self, place: int, call: int) -> Drawn | None:
        (kind, index), campaign = self._places[place], self.campaigns[place]
        for attempt in range(simulate.DRAWS):
            recording = self._recorded(campaign, self._rng(Stream.KIND, *kind.encode(), index, call, attempt))
            if is_heard(recording):
                return Drawn(self._row(kind, index, call, campaign), recording)
        return None

    def _row(self, kind: str, index: int, call: int, campaign: KindCampaign) -> Row:
        played = campaign.announcement.name if isinstance(campaign, PlayedCampaign) else campaign.name
        return Row(
            recording=f"{RECORDINGS}/{campaign.name}-{call:04d}.ulaw",
            label=kind,
            kind=campaign.family,
            campaign=campaign.name,
            source=played,
            codec=campaign.chain.name,
            split=self._corpus_split(kind, index, call),
            loss=f"{campaign.chain.loss_share:.4f}",
        )

    def _corpus_split(self, kind: str, index: int, call: int) -> CorpusSplit:
        if self._split(kind, index) is Split.TEST:
            return CorpusSplit.TEST_UNSEEN
        is_test = call < round(self.plan.calls * self.plan.test_share)
        return CorpusSplit.TEST_SEEN if is_test else CorpusSplit.TRAIN

    def _loud(self, index: int) -> Drawn:
        rng = self._rng(Stream.LOUD, index)
        split = Split.TEST if index < round(self.plan.loud * self.plan.test_share) else Split.TRAIN
        opening = self._people[split].draw(self._length(), rng)
        chain = draw_chain(tuple(self._codecs), rng)
        recording = Recording(chain.send(opening.signal, self._codecs, rng)).opening(self.plan.seconds)
        row = Row(
            recording=f"{RECORDINGS}/loud-{index:06d}.ulaw",
            label="ham",
            kind=f"loud: {opening.kind}",
            campaign="",
            source=opening.source,
            codec=chain.name,
            split=CorpusSplit.TEST_UNSEEN if split is Split.TEST else CorpusSplit.TRAIN,
            loss=f"{chain.loss_share:.4f}",
        )
        return Drawn(row, recording)

    def _length(self) -> int:
        return round((self.plan.seconds + SPARE_SECONDS) * SAMPLE_RATE)


def key_of(kind: str) -> str:
    """The short name of a kind: "fax"."""
    found = kind_named(kind)
    return found.key if found else kind.lower()


def description(simulator: KindSimulator) -> dict[str, object]:
    """What `corpus.json` says of the other kinds, under `kinds`."""
    plan = simulator.plan
    return {
        "statement": STATEMENT,
        "openings": plan.openings_of_kinds,
        "mixture": dict(plan.mixture),
        "calls": plan.calls,
        "loud": plan.loud,
        "campaigns": [
            {"name": campaign.name, "kind": kind, "family": campaign.family, "chain": campaign.chain.name}
            for (kind, _), campaign in zip(plan.campaigns, simulator.campaigns, strict=True)
        ],
        "announcements": [
            {"name": one.name, "speaker": one.speaker, "split": one.split, "known": one.is_known}
            for split in Split
            for one in simulator.announcements[split]
        ],
    }
