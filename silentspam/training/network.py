"""The way of a call: codecs one after another, packets lost on each leg, and mu-law at the end.

A chain's parameters are drawn once (for a campaign, or for one caller); what is lost is drawn for each call.
Loss comes in bursts by Gilbert's model: a good and a bad state, and every packet lost in the bad one.
"""

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.audio import FRAME_LENGTH, Codes
from silentspam.training.codecs import Codec, frames_of
from silentspam.training.codecs.base import Samples
from silentspam.training.codecs.g711 import MuLawEncoder, encode_mu_law
from silentspam.training.noise import Signal

DIGITAL_SILENCE = 0xFF


class Gap(enum.StrEnum):
    """What stands in the recording where the last leg, mu-law without concealment, lost a packet."""

    SILENCE = "silence"
    SHORTER = "shorter"


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Gilbert's model: the share of packets lost, and the mean length of a burst [packets]."""

    share: float = 0.0
    burst: float = 1.0

    def draw(self, n_frames: int, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
        """Which of `n_frames` packets are lost, bool [shape=(n_frames,)]."""
        leave = 1 / self.burst
        enter = leave * self.share / max(1 - self.share, 1e-9)
        chances = rng.random(n_frames)
        lost = np.zeros(n_frames, dtype=bool)
        bad = False
        for k, chance in enumerate(chances):
            bad = chance >= leave if bad else chance < enter
            lost[k] = bad
        return lost


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Codecs by name in their order, each leg's loss, and how the last leg is encoded and recorded."""

    codecs: tuple[str, ...]
    losses: tuple[Loss, ...]
    encoder: MuLawEncoder
    last_loss: Loss
    gap: Gap

    @property
    def name(self) -> str:
        """The codecs, joined: "amr122+g711u"."""
        return "+".join((*self.codecs, "g711u"))

    @property
    def loss_share(self) -> float:
        """The share of packets lost on any of its legs, 0…1."""
        return 1.0 - math.prod(1.0 - loss.share for loss in (*self.losses, self.last_loss))

    def send(self, signal: Signal, codecs: Mapping[str, Codec], rng: np.random.Generator) -> Codes:
        """What the far end records of `signal` [shape=(n,)]: mu-law codes [shape=(≤ n,), uint8]."""
        samples = quantised(signal)
        for name, loss in zip(self.codecs, self.losses, strict=True):
            codec = codecs[name]
            samples = codec.transmit(samples, loss.draw(frames_of(len(samples), codec.frame_samples), rng))
        return self._recorded(encode_mu_law(samples, self.encoder), rng)

    def _recorded(self, codes: Codes, rng: np.random.Generator) -> Codes:
        lost = self.last_loss.draw(frames_of(len(codes), FRAME_LENGTH), rng)
        gone = np.repeat(lost, FRAME_LENGTH)[: len(codes)]
        if self.gap is Gap.SHORTER:
            return codes[~gone]
        return np.where(gone, DIGITAL_SILENCE, codes).astype(np.uint8)


def quantised(signal: Signal) -> Samples:
    """A converter's int16 samples of a signal in ±1, clipped."""
    return np.clip(np.round(signal * 32768), -32768, 32767).astype(np.int16)


def _draw_loss(rng: np.random.Generator, chance: float) -> Loss:
    if rng.random() >= chance:
        return Loss()
    return Loss(share=float(rng.choice([0.005, 0.01, 0.02, 0.05])), burst=float(rng.uniform(1, 2.5)))


def draw_chain(names: tuple[str, ...], rng: np.random.Generator) -> Chain:
    """A chain over the codecs of `names`: none, one or two before the last leg, A-law abroad in between."""
    compressing = [name for name in names if not name.startswith("g711")]
    hops: list[str] = []
    if compressing and rng.random() < 0.62:
        hops.append(str(rng.choice(compressing)))
    if compressing and rng.random() < 0.06:
        hops.append(str(rng.choice(compressing)))
    if "g711a" in names and rng.random() < 0.25:
        hops.append("g711a")
    return Chain(
        codecs=tuple(hops),
        losses=tuple(_draw_loss(rng, 0.3) for _ in hops),
        encoder=MuLawEncoder(rng.choice(list(MuLawEncoder))),
        last_loss=_draw_loss(rng, 0.06),
        gap=Gap(rng.choice(list(Gap))),
    )
