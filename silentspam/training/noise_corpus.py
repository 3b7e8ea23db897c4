"""Drawing a corpus of noise: campaigns of machines, and people who might be taken for them.

Splits as in `simulate`: `train`; `test_seen`, further calls of the training campaigns; `test_unseen`,
campaigns, voices, places and tunes that training never meets; `test_rooms`, nobody speaking in rooms that are
synthetic, a test of its own. A campaign that a codec turns into silence, or
that is quieter than HEARD_DBFS at the far end, is drawn again: it is dead air.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording, dbfs
from silentspam.errors import AudioError
from silentspam.fitness import why_inconclusive
from silentspam.kinds.noise import HEARD_DBFS
from silentspam.training import noise
from silentspam.training.codecs import Codec
from silentspam.training.ham import Opening, excerpt
from silentspam.training.network import draw_chain
from silentspam.training.noise_campaigns import Material, NoiseCampaign, NoiseFamily, draw_noise_campaign
from silentspam.training.noise_ham import NoisyPeople, synthetic_room
from silentspam.training.payloads import Payloads
from silentspam.training.simulate import (
    DRAWS,
    RECORDINGS,
    SPARE_SECONDS,
    CorpusSplit,
    Drawn,
    Job,
    Plan,
    Row,
    Stream,
)
from silentspam.training.sources import Clip, ClipKind, Split

ROOMS = "test_rooms"

STATEMENT = (
    "Noise is synthetic: sums, and real decoders given other codecs' octets or chance. Wind, car cabins, "
    "breath and some rooms are synthetic too, and all rooms of a test of their own. Speech, places and music "
    "are licensed recordings; the codecs are real."
)


class NoiseSimulator:
    """Draws the openings of a plan, whose `silence` counts synthetic rooms."""

    def __init__(
        self, plan: Plan, clips: Sequence[Clip], codecs: Mapping[str, Codec], payloads: Payloads
    ) -> None:
        self.plan = plan
        self._codecs = codecs
        self._people = {split: NoisyPeople(clips, split) for split in Split}
        self._materials = {
            split: Material(codecs=tuple(codecs), payloads=payloads, voice=_Voices(clips, split).draw)
            for split in Split
        }
        self.campaigns = [self._campaign(index) for index in range(plan.campaigns)]

    def draw(self, job: Job) -> Drawn | None:
        """One opening; None where chance gave only silence. It depends on the seed and the job alone."""
        if job.stream is Stream.CALL:
            return self._spam(job.index, job.call)
        return self._person(job.index) if job.stream is Stream.HAM else self._room(job.index)

    def _rng(self, *stream: int) -> np.random.Generator:
        return np.random.default_rng([self.plan.seed, *stream])

    def _side(self, index: int) -> Split:
        return Split.TEST if index < round(self.plan.campaigns * self.plan.test_share) else Split.TRAIN

    def _campaign(self, index: int) -> NoiseCampaign:
        families = list(NoiseFamily)
        for attempt in range(DRAWS):
            rng = self._rng(Stream.CAMPAIGN, index, attempt)
            family, material = families[index % len(families)], self._materials[self._side(index)]
            campaign = draw_noise_campaign(f"noise-{index:04d}", family, material, rng)
            if all(is_heard(self._call(campaign, rng)) for _ in range(2)):
                return campaign
        raise AudioError(f"noise campaign {index}: {DRAWS} draws, and none is heard")

    def _call(self, campaign: NoiseCampaign, rng: np.random.Generator) -> Recording:
        signal = campaign.signal(self._length(), rng)
        return Recording(campaign.chain.send(signal, self._codecs, rng)).opening(self.plan.seconds)

    def _spam(self, index: int, call: int) -> Drawn | None:
        campaign = self.campaigns[index]
        for attempt in range(DRAWS):
            recording = self._call(campaign, self._rng(Stream.CALL, index, call, attempt))
            if is_heard(recording):
                row = Row(
                    recording=f"{RECORDINGS}/noise-{index:04d}-{call:04d}.ulaw",
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
        if self._side(index) is Split.TEST:
            return CorpusSplit.TEST_UNSEEN
        is_test = call < round(self.plan.calls * self.plan.test_share)
        return CorpusSplit.TEST_SEEN if is_test else CorpusSplit.TRAIN

    def _person(self, index: int) -> Drawn:
        rng = self._rng(Stream.HAM, index)
        split = Split.TEST if index < round(self.plan.ham * self.plan.test_share) else Split.TRAIN
        opening = self._people[split].draw(self._length(), rng)
        side = CorpusSplit.TEST_UNSEEN if split is Split.TEST else CorpusSplit.TRAIN
        return self._sent(opening, f"ham-{index:06d}", side, rng)

    def _room(self, index: int) -> Drawn:
        rng = self._rng(Stream.SILENCE, index)
        return self._sent(synthetic_room(self._length(), rng), f"room-{index:06d}", ROOMS, rng)

    def _sent(self, opening: Opening, name: str, split: str, rng: np.random.Generator) -> Drawn:
        chain = draw_chain(tuple(self._codecs), rng)
        codes = chain.send(opening.signal, self._codecs, rng)
        row = Row(
            recording=f"{RECORDINGS}/{name}.ulaw",
            label="ham",
            kind=opening.kind,
            campaign="",
            source=opening.source,
            codec=chain.name,
            split=split,
        )
        return Drawn(row, Recording(codes).opening(self.plan.seconds))

    def _length(self) -> int:
        return round((self.plan.seconds + SPARE_SECONDS) * SAMPLE_RATE)


def is_heard(recording: Recording) -> bool:
    """Whether an opening can be judged, and is loud enough to be noise to a person."""
    return why_inconclusive(recording) is None and dbfs(recording.sounding.rms) >= HEARD_DBFS


class _Voices:
    """Somebody's speech for wrong decoders: any place of any clip of one split."""

    def __init__(self, clips: Sequence[Clip], split: Split) -> None:
        self._clips = [clip for clip in clips if clip.split is split and clip.kind is ClipKind.SPEECH]

    def draw(self, n: int, rng: np.random.Generator) -> noise.Signal:
        clip = self._clips[int(rng.integers(len(self._clips)))]
        return noise.at_level(excerpt(clip, n, rng), float(rng.uniform(-35, -16)))


def description(simulator: NoiseSimulator, clips: Sequence[Clip]) -> dict[str, object]:
    """What `corpus.json` says of a corpus of noise."""
    speakers = sorted({(clip.speaker, clip.kind.value, clip.split.value, clip.licence) for clip in clips})
    return {
        "statement": STATEMENT,
        "plan": asdict(simulator.plan),
        "sources": [dict(zip(("speaker", "kind", "split", "licence"), key, strict=True)) for key in speakers],
        "campaigns": [
            {
                "name": campaign.name,
                "family": campaign.family,
                "detail": campaign.detail,
                "chain": campaign.chain.name,
                "level_dbfs": None if campaign.level is None else round(campaign.level, 1),
            }
            for campaign in simulator.campaigns
        ],
    }
