"""Paths of calls through networks, for training provenance: hop after hop, each a codec, packets and losses.

A path is what stays the same from call to call of one source; what is lost is drawn for each call. Networks
follow each other as they do in the field: a cellular or a VoIP network first, then VoIP, then the public
switched network (Balasubramaniyan et al., US 9,516,497 B2, and PinDr0p, CCS 2010). Samples are int16 at
8 kHz; the recorder at the end writes mu-law.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from silentspam.audio import Codes
from silentspam.training.codecs import Codec, frames_of
from silentspam.training.codecs.base import Samples
from silentspam.training.codecs.concealment import WaveformReplication
from silentspam.training.codecs.g711 import MuLawEncoder, encode_mu_law
from silentspam.training.network import Loss

NETWORK_SAMPLES_PER_MS = 8


class Network(enum.StrEnum):
    """What a call is carried by."""

    PSTN = "pstn"
    CELLULAR = "cellular"
    VOIP = "voip"


class Fill(enum.StrEnum):
    """What is played where a packet was lost: the codec's own concealment, nothing, or noise."""

    CONCEALED = "concealed"
    SILENCE = "silence"
    NOISE = "noise"


FAMILIES: Mapping[str, tuple[str, ...]] = {
    "g711": ("g711u", "g711a"),
    "gsm_fr": ("gsm",),
    "ilbc": ("ilbc20", "ilbc30"),
    "speex": ("speex4", "speex8"),
    "g729": ("g729a", "g729ab"),
    "amr_nb": ("amr475", "amr795", "amr122"),
    "opus": ("opus12", "opus24"),
    "g726": ("g726-24", "g726-32"),
}
"""Codecs that leave one kind of trace, by the label that they are given."""

FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}

PATENT_FAMILIES = ("g711", "gsm_fr", "ilbc", "speex", "g729")
"""The five of the patent and of PinDr0p; the others go beyond it."""


@dataclass(frozen=True, kw_only=True)
class LostPackets:
    """Packets that one hop lost: where they begin and how long each is [samples], and what filled them."""

    begins: tuple[int, ...]
    length: int
    fill: Fill


@dataclass(frozen=True, kw_only=True)
class Hop:
    """One network: its codec (`codecs.CODEC_NAMES`), the length of a packet [ms], and how it loses them.

    noise_dbfs: of what fills a gap, where that is noise.
    """

    network: Network
    codec: str
    packet_ms: int
    loss: Loss = field(default_factory=Loss)
    fill: Fill = Fill.CONCEALED
    noise_dbfs: float = -60.0

    @property
    def family(self) -> str:
        """The label of its codec."""
        return FAMILY_OF[self.codec]

    def carry(
        self, samples: Samples, codecs: Mapping[str, Codec], rng: np.random.Generator
    ) -> tuple[Samples, LostPackets]:
        """What comes out of it [shape=(n,)], and what was lost on the way."""
        length = self.packet_ms * NETWORK_SAMPLES_PER_MS
        n_packets = frames_of(len(samples), length)
        lost = self.loss.draw(n_packets, rng) if self.loss.share else np.zeros(n_packets, dtype=bool)
        told = LostPackets(
            begins=tuple((np.flatnonzero(lost) * length).tolist()), length=length, fill=self.fill
        )
        codec = codecs[self.codec]
        if self.family == "g711":
            clean = codec.transmit(
                samples, np.zeros(frames_of(len(samples), codec.frame_samples), dtype=bool)
            )
            heard = _replicated(clean, lost, length) if self.fill is Fill.CONCEALED else clean
        else:
            frames = frames_of(len(samples), codec.frame_samples)
            at_frame = (np.arange(frames) * codec.frame_samples) // length
            heard = codec.transmit(samples, lost[np.minimum(at_frame, n_packets - 1)])
        return self._filled(heard, lost, length, rng), told

    def _filled(
        self, heard: Samples, lost: npt.NDArray[np.bool_], length: int, rng: np.random.Generator
    ) -> Samples:
        if self.fill is Fill.CONCEALED or not lost.any():
            return heard
        gone = np.repeat(lost, length)[: len(heard)]
        level = 0.0 if self.fill is Fill.SILENCE else 32768 * 10 ** (self.noise_dbfs / 20)
        return np.where(gone, np.round(rng.normal(size=len(heard)) * level), heard).astype(np.int16)


def _replicated(samples: Samples, lost: npt.NDArray[np.bool_], length: int) -> Samples:
    """G.711 with the concealment of its Appendix I, packets of any length."""
    decoder = WaveformReplication()
    heard = [
        decoder.conceal(min(length, len(samples) - at))
        if gone
        else decoder.receive(samples[at : at + length])
        for at, gone in zip(range(0, len(samples), length), lost, strict=True)
    ]
    return np.concatenate(heard)


@dataclass(frozen=True, kw_only=True)
class Path:
    """The hops of a call in their order, and the habit of the recorder's mu-law encoder."""

    hops: tuple[Hop, ...]
    encoder: MuLawEncoder = MuLawEncoder.SIGN_MAGNITUDE

    @property
    def families(self) -> tuple[str, ...]:
        """Labels of all codecs, each once, in the order of FAMILIES."""
        present = {hop.family for hop in self.hops}
        return tuple(family for family in FAMILIES if family in present)

    @property
    def name(self) -> str:
        """Networks and codecs: "cellular:gsm+voip:g729a+pstn:g711u"."""
        return "+".join(f"{hop.network}:{hop.codec}" for hop in self.hops)

    def send(
        self, samples: Samples, codecs: Mapping[str, Codec], rng: np.random.Generator
    ) -> tuple[Codes, tuple[LostPackets, ...]]:
        """What is recorded at the far end of `samples` [shape=(n,)], and what each hop lost."""
        lost = []
        for hop in self.hops:
            samples, gone = hop.carry(samples, codecs, rng)
            lost.append(gone)
        return encode_mu_law(samples, self.encoder), tuple(lost)
