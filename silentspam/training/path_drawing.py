"""Drawing paths, telephones and talk for training provenance, each from one generator and nothing else.

A source is a telephone, a room and a path, which stay; who speaks, what and how loud changes from call to
call. Signals are float64 in ±1 at 8 kHz.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from silentspam.audio import SAMPLE_RATE
from silentspam.training import noise
from silentspam.training.codecs.g711 import MuLawEncoder
from silentspam.training.handset import Handset, draw_handset
from silentspam.training.network import Loss
from silentspam.training.noise import Signal
from silentspam.training.paths import FAMILIES, Fill, Hop, Network, Path
from silentspam.training.sources import Clip, ClipKind, Split, load_clip

_C, _V, _P = Network.CELLULAR, Network.VOIP, Network.PSTN
IN_ORDER: tuple[tuple[Network, ...], ...] = (
    (_P,), (_C,), (_V,), (_C, _P), (_V, _P), (_C, _V), (_V, _V), (_C, _V, _P), (_V, _V, _P),
)  # fmt: skip
"""Networks as they follow each other in the field."""

FAMILIES_OF: Mapping[Network, tuple[str, ...]] = {
    _P: ("g711",),
    _C: ("gsm_fr", "amr_nb"),
    _V: ("ilbc", "speex", "g729", "g711", "opus", "g726"),
}

LOSSES = (0.0, 0.0, 0.005, 0.01, 0.02, 0.05, 0.05, 0.1)
"""Shares of packets that a VoIP hop loses; cellular ones lose a fifth of it, the switched network none."""

PACKETS_MS: Mapping[str, tuple[int, ...]] = {
    "g711u": (10, 20, 20, 30),
    "g711a": (10, 20, 20, 30),
    "g729a": (10, 20, 20, 30),
    "g729ab": (20,),
    "ilbc30": (30,),
}
"""Packets of 20 ms where nothing else is said."""

PAUSES_SECONDS = (0.08, 1.2)

VOICE_TILT = 1.0
"""Standard deviation of the tilt of other voices [dB an octave]."""
SILENT = 1e-6
BEHIND_DB = (-55.0, -25.0)
"""Noise that a speaker brings along, over his own level."""


def draw_path(rng: np.random.Generator, families: Sequence[str], *, ordered: bool = True) -> Path:
    """A path whose codecs are all of these families: in the order of networks, or one to three in any."""
    if not ordered:
        compressing = [family for family in families if family != "g711"] or ["g711"]
        count = int(rng.integers(1, 4))
        chosen = rng.choice(compressing, size=min(count, len(compressing)), replace=False)
        return _path([draw_hop(_network_of(str(family)), str(family), rng) for family in chosen], rng)
    there = {network: [one for one in FAMILIES_OF[network] if one in families] for network in Network}
    shapes = [shape for shape in IN_ORDER if all(there[network] for network in shape)]
    shape = shapes[int(rng.integers(len(shapes)))]
    return _path([draw_hop(network, str(rng.choice(there[network])), rng) for network in shape], rng)


def _path(hops: Sequence[Hop], rng: np.random.Generator) -> Path:
    return Path(hops=tuple(hops), encoder=MuLawEncoder(rng.choice(list(MuLawEncoder))))


def _network_of(family: str) -> Network:
    return _C if family in FAMILIES_OF[_C] else _V


def draw_hop(network: Network, family: str, rng: np.random.Generator) -> Hop:
    """A hop through a network by one of the codecs of a family."""
    codec = str(rng.choice(FAMILIES[family]))
    share = float(rng.choice(LOSSES)) * {_P: 0.0, _C: 0.2, _V: 1.0}[network]
    gaps = (0.4, 0.4, 0.2) if family == "g711" else (0.9, 0.07, 0.03)
    return Hop(
        network=network,
        codec=codec,
        packet_ms=int(rng.choice(PACKETS_MS.get(codec, (20,)))),
        loss=Loss(share=share, burst=float(rng.choice([1.0, 1.0, 1.3, 1.6, 2.0]))),
        fill=Fill(rng.choice([Fill.CONCEALED, Fill.SILENCE, Fill.NOISE], p=gaps)),
        noise_dbfs=float(rng.uniform(-66, -52)),
    )


@dataclass(frozen=True, kw_only=True)
class Telephone:
    """What stands at the caller's end: a handset and the noise of its room [dBFS]."""

    handset: Handset
    room: noise.NoiseShape
    room_dbfs: float

    def send(self, speech: Signal, rng: np.random.Generator) -> Signal:
        """The signal on the line, of speech at the microphone, both [shape=(n,)]."""
        room = noise.amplitude(self.room_dbfs) * noise.shaped_noise(len(speech), self.room, rng)
        return self.handset.send(speech + room, rng)


def with_noise(telephone: Telephone, shape: noise.NoiseShape) -> Telephone:
    """The telephone with noise of that spectrum in its room and of its own, and without hum."""
    handset = replace(telephone.handset, shape=shape, hum_level=-np.inf)
    return replace(telephone, handset=handset, room=shape)


def draw_telephone(rng: np.random.Generator) -> Telephone:
    """A telephone of chance, in a quiet room or a loud one."""
    return Telephone(
        handset=draw_handset(rng), room=noise.draw_shape(rng), room_dbfs=float(rng.uniform(-85, -45))
    )


class Talk:
    """People who speak: clips of one split by their speakers, and by nobody else.

    voices: each call's speech is resampled by up to this share, up or down, and tilted: pitch and formants of
    people whom nobody recorded, since the licensed speakers are few (vocal tract length perturbation, Jaitly
    and Hinton 2013). 0 leaves speakers as they are. noisy: the share of calls whose speech has noise behind
    it that is none of the line's, as recordings of readings have; pauses between clips are without it.
    """

    def __init__(
        self,
        clips: Sequence[Clip],
        split: Split,
        *,
        leave_out: Sequence[str] = (),
        voices: float = 0.0,
        noisy: float = 0.0,
    ) -> None:
        self._voices, self._noisy = voices, noisy
        self._speakers: dict[str, list[Clip]] = {}
        for clip in clips:
            if clip.kind is ClipKind.SPEECH and clip.split is split and clip.speaker not in leave_out:
                self._speakers.setdefault(clip.speaker, []).append(clip)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Their names, in order."""
        return tuple(sorted(self._speakers))

    def draw(self, seconds: float, speaker: str, rng: np.random.Generator) -> Signal:
        """So many seconds of one speaker, with pauses, the speech between −34 and −14 dBFS [shape=(n,)]."""
        n = round(seconds * SAMPLE_RATE)
        heard = self._as_another(n, speaker, rng) if self._voices else self._stretch(n, speaker, rng)
        if self._noisy and rng.random() < self._noisy:
            heard = heard + (heard != 0) * _behind(heard, rng)
        loud = heard[np.abs(heard) > 0.25 * noise.rms(heard)]
        gain = noise.amplitude(float(rng.uniform(-34, -14))) / max(noise.rms(loud), noise.SMALLEST_RMS)
        return np.clip(heard * gain, -1.0, 1.0)

    def _as_another(self, n: int, speaker: str, rng: np.random.Generator) -> Signal:
        higher = float(np.exp(rng.uniform(-self._voices, self._voices)))
        spoken = self._stretch(round(n * higher), speaker, rng)
        tilt = noise.NoiseShape(tilt=float(rng.normal(0, VOICE_TILT)), high_cut=1e6)
        spectrum = np.fft.rfft(spoken)[: n // 2 + 1]
        spectrum = np.pad(spectrum, (0, n // 2 + 1 - len(spectrum)))
        heard: Signal = np.fft.irfft(spectrum * tilt.gain(np.fft.rfftfreq(n, 1 / SAMPLE_RATE)), n)
        if self._noisy:
            # Silence between clips stays silent, which the transform leaves at rounding's level.
            heard[np.abs(heard) < SILENT] = 0.0
        return heard

    def _stretch(self, n: int, speaker: str, rng: np.random.Generator) -> Signal:
        """So many samples of one speaker, with pauses, as loud as they were recorded."""
        clips = self._speakers[speaker]
        parts: list[Signal] = []
        while sum(map(len, parts)) < n:
            parts.append(load_clip(clips[int(rng.integers(len(clips)))]))
            parts.append(np.zeros(round(rng.uniform(*PAUSES_SECONDS) * SAMPLE_RATE)))
        spoken = np.concatenate(parts)
        begin = int(rng.integers(0, len(spoken) - n + 1))
        return spoken[begin : begin + n]


def _behind(heard: Signal, rng: np.random.Generator) -> Signal:
    """Noise as a speaker's recording has it, so much below his speech [shape=(n,)]."""
    level = noise.rms(heard) * noise.amplitude(float(rng.uniform(*BEHIND_DB)))
    return level * noise.shaped_noise(len(heard), noise.draw_shape(rng), rng)
