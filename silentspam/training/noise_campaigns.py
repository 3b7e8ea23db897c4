"""Campaigns of CALLER_NOISE: a machine that makes noise, its level, and the way its calls take.

Noise here is what a person would hear as noise and as nothing else: hiss of any colour, a broken circuit,
modulated bits, octets decoded by the wrong codec. It begins at −55 dBFS: what is quieter is dead air
(`campaigns`: at most −60). No recording of such a call was to be had, so all of it is synthetic, but for the
licensed speech that is encoded on one side and decoded wrongly on the other; the codecs are real.
"""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from silentspam.audio import decode_ulaw
from silentspam.training import noise
from silentspam.training.modulation import Modem, Multicarrier
from silentspam.training.network import DIGITAL_SILENCE, Chain, draw_chain, quantised
from silentspam.training.noise import Signal
from silentspam.training.noise_sources import BandLimited, BrokenCircuit, Bursts, Coloured, Pumping, Radio
from silentspam.training.payloads import Octets, Payloads

LEVEL_DBFS = (-55.0, -10.0)
PACKET_SAMPLES = 160
FEWEST_OCTETS = 8
OWN_LEVEL_SHARE = 0.7
"""How many campaigns of octets keep the level that decoding gives them."""

Voice = Callable[[int, np.random.Generator], Signal]
"""Draws so many samples of somebody's licensed speech, with a peak below 1."""


class NoiseFamily(enum.StrEnum):
    """What a campaign's noise comes from."""

    COLOURED = "coloured"
    BAND = "band"
    CIRCUIT = "circuit"
    BURSTS = "bursts"
    RADIO = "radio"
    PUMPING = "pumping"
    MODEM = "modem"
    MULTICARRIER = "multicarrier"
    WRONG_CODEC = "wrong_codec"
    ENCRYPTED = "encrypted"


class Source(Protocol):
    """Makes the sound of one call: float64 [shape=(n,)]."""

    def sound(self, n: int, rng: np.random.Generator) -> Signal: ...


@dataclass(frozen=True, eq=False, kw_only=True)
class Misread:
    """Speech in one encoding, whose octets are played as mu-law: packet by packet, or one after another.

    gapped: each 20 ms packet is played into its 20 ms, and digital silence fills what it lacks.
    """

    encode: Callable[[np.ndarray], Octets]
    voice: Voice
    gapped: bool

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        # Packed speech fills less time than it takes: G.729 has the fewest octets, one for eight samples.
        octets = self.encode(quantised(self.voice(n if self.gapped else FEWEST_OCTETS * n, rng)))
        if self.gapped and len(octets) < n:
            per_packet = max(len(octets) * PACKET_SAMPLES // n, 1)
            packets = octets[: len(octets) // per_packet * per_packet].reshape(-1, per_packet)
            filler = np.full((len(packets), PACKET_SAMPLES - per_packet), DIGITAL_SILENCE, dtype=np.uint8)
            octets = np.concatenate([packets, filler], axis=1).ravel()
        return decode_ulaw(np.resize(octets, n)) / 32768


@dataclass(frozen=True, eq=False, kw_only=True)
class Encrypted:
    """Packets that are chance to whoever has no key: played as mu-law, or through a speech decoder."""

    decode: Callable[[int, np.random.Generator], np.ndarray]

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        return self.decode(n, rng) / 32768


def keystream(n: int, rng: np.random.Generator) -> np.ndarray:
    """Octets of chance as mu-law decodes them, int16 [shape=(n,)]."""
    return decode_ulaw(rng.integers(0, 256, n, dtype=np.uint8))


@dataclass(frozen=True, kw_only=True)
class NoiseCampaign:
    """One machine's line. level [dBFS], None for the source's own; level_spread between calls [dB]."""

    name: str
    family: NoiseFamily
    source: Source
    detail: str
    level: float | None
    level_spread: float
    chain: Chain

    def signal(self, n: int, rng: np.random.Generator) -> Signal:
        """What one call's machine sends, before any codec: float64 [shape=(n,)] in ±1."""
        sound = self.source.sound(n, rng)
        if self.level is None:
            return sound
        return noise.at_level(sound, self.level + rng.normal(0, self.level_spread))


@dataclass(frozen=True, eq=False, kw_only=True)
class Material:
    """What campaigns are made with: codecs by name, octets and their decoders, and somebody's speech."""

    codecs: tuple[str, ...]
    payloads: Payloads
    voice: Voice


Draw = Callable[[Material, np.random.Generator], tuple[Source, str]]


def _misread(material: Material, rng: np.random.Generator) -> tuple[Source, str]:
    name = str(rng.choice(sorted(material.payloads.encoders)))
    gapped = bool(rng.random() < 0.4) and not name.startswith("l16")
    source = Misread(encode=material.payloads.encoders[name], voice=material.voice, gapped=gapped)
    return source, f"{name} as mu-law" + (", gapped" if gapped else "")


def _encrypted(material: Material, rng: np.random.Generator) -> tuple[Source, str]:
    decoders = {"g711u": keystream, **material.payloads.decoders}
    name = str(rng.choice(sorted(decoders)))
    return Encrypted(decode=decoders[name]), f"chance as {name}"


class Machine(Protocol):
    """A class of sources that are made by sums."""

    def draw(self, rng: np.random.Generator) -> Source: ...


def _machine(kind: Machine, _: Material, rng: np.random.Generator) -> tuple[Source, str]:
    source = kind.draw(rng)
    return source, f"{source.rate:g} baud" if isinstance(source, Modem) else ""


FAMILIES: Mapping[NoiseFamily, Draw] = {
    NoiseFamily.COLOURED: partial(_machine, Coloured),
    NoiseFamily.BAND: partial(_machine, BandLimited),
    NoiseFamily.CIRCUIT: partial(_machine, BrokenCircuit),
    NoiseFamily.BURSTS: partial(_machine, Bursts),
    NoiseFamily.RADIO: partial(_machine, Radio),
    NoiseFamily.PUMPING: partial(_machine, Pumping),
    NoiseFamily.MODEM: partial(_machine, Modem),
    NoiseFamily.MULTICARRIER: partial(_machine, Multicarrier),
    NoiseFamily.WRONG_CODEC: _misread,
    NoiseFamily.ENCRYPTED: _encrypted,
}


def draw_noise_campaign(
    name: str, family: NoiseFamily, material: Material, rng: np.random.Generator
) -> NoiseCampaign:
    """A campaign of chance of one family; the same generator state gives the same campaign."""
    source, detail = FAMILIES[family](material, rng)
    own = family in (NoiseFamily.WRONG_CODEC, NoiseFamily.ENCRYPTED) and rng.random() < OWN_LEVEL_SHARE
    return NoiseCampaign(
        name=name,
        family=family,
        source=source,
        detail=detail,
        level=None if own else float(rng.uniform(*LEVEL_DBFS)),
        level_spread=float(rng.uniform(0.1, 1.5)),
        chain=draw_chain(material.codecs, rng),
    )
