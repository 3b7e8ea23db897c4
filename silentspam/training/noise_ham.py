"""People who might be taken for noise: in streets, trains, crowds and cars, silent or speaking, in wind.

Places and voices are licensed recordings of one split; wind, breath at the microphone, the car's cabin and
some rooms are synthetic. A third are the people of the corpus of dead air, but in licensed places. A loud
synthetic room (`handset.synthetic_room`) is a sum of shaped noise like a campaign's, and no evidence of what
rooms are: some are drawn so that a fan is no machine's noise, and rooms where nobody speaks are measured
apart as well.
Levels dBFS, signals float64 in ±1 at 8 kHz.
"""

import enum
from collections.abc import Sequence

import numpy as np

from silentspam.audio import SAMPLE_RATE, decode_ulaw
from silentspam.training import handset, noise
from silentspam.training.codecs.g711 import encode_a_law
from silentspam.training.ham import HamSource, Opening, excerpt
from silentspam.training.network import quantised
from silentspam.training.noise import NoiseShape, Signal
from silentspam.training.sources import Clip, Split


class NoiseHamKind(enum.StrEnum):
    """How a person's call opens that might be taken for noise."""

    ANYBODY = "anybody"
    PLACE = "place"
    SPEECH_IN_PLACE = "speech_in_place"
    WIND = "wind"
    CABIN = "cabin"
    BREATH = "breath"
    DISTORTED = "distorted"
    SYNTHETIC_ROOM = "synthetic_room"


SHARES = {
    NoiseHamKind.ANYBODY: 0.30,
    NoiseHamKind.PLACE: 0.28,
    NoiseHamKind.SPEECH_IN_PLACE: 0.18,
    NoiseHamKind.WIND: 0.05,
    NoiseHamKind.CABIN: 0.05,
    NoiseHamKind.BREATH: 0.04,
    NoiseHamKind.DISTORTED: 0.05,
    NoiseHamKind.SYNTHETIC_ROOM: 0.05,
}
"""How often each is drawn: a guess, with the hard one, nobody speaking in a loud place, far too frequent."""

LOUD = (-52.0, -12.0)
SNR_DB = (-8.0, 25.0)


class NoisyPeople(HamSource):
    """Draws people of one split, `places` among the clips."""

    def __init__(self, clips: Sequence[Clip], split: Split) -> None:
        super().__init__(clips, split)
        self._by_place: dict[str, list[Clip]] = {}
        for clip in self._places:
            self._by_place.setdefault(clip.speaker, []).append(clip)

    def draw(self, n: int, rng: np.random.Generator) -> Opening:
        """One person's opening of `n` samples."""
        kind = NoiseHamKind(rng.choice(list(SHARES), p=list(SHARES.values())))
        if kind is NoiseHamKind.ANYBODY:
            return super().draw(n, rng)
        sound, source = self._heard(kind, n, rng)
        line = handset.draw_handset(rng).send(sound, rng)
        return Opening(signal=line, kind=kind, source=source)

    def _room(self, n: int, level: float, rng: np.random.Generator) -> tuple[Signal, str]:
        return self._place(n, level, rng)

    def _heard(self, kind: NoiseHamKind, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        match kind:
            case NoiseHamKind.PLACE:
                return self._place(n, rng.uniform(*LOUD), rng)
            case NoiseHamKind.SPEECH_IN_PLACE:
                return self._speech_in(self._place(n, rng.uniform(*LOUD), rng), n, rng)
            case NoiseHamKind.WIND:
                return self._maybe_speech(wind(n, rng.uniform(*LOUD), rng), "wind", n, rng)
            case NoiseHamKind.CABIN:
                return self._maybe_speech(cabin(n, rng.uniform(*LOUD), rng), "cabin", n, rng)
            case NoiseHamKind.SYNTHETIC_ROOM:
                room = noise.at_level(handset.synthetic_room(n, rng), rng.uniform(*LOUD))
                return self._maybe_speech(room, "room", n, rng)
            case NoiseHamKind.BREATH:
                room, source = self._place(n, rng.uniform(-70, -40), rng)
                return room + handset.breathing(n, rng.uniform(-40, -16), rng), source
        voice, speaker = self._voice(n, rng)
        return misread_law(noise.at_level(voice, rng.uniform(-38, -16))), speaker

    def _place(self, n: int, level: float, rng: np.random.Generator) -> tuple[Signal, str]:
        """A licensed place, each as often as any other however many files it has."""
        place = str(rng.choice(sorted(self._by_place)))
        clips = self._by_place[place]
        return noise.at_level(excerpt(clips[int(rng.integers(len(clips)))], n, rng), level), place

    def _speech_in(self, heard: tuple[Signal, str], n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        room, place = heard
        voice, _ = self._voice(n, rng)
        speech, start = np.zeros(n), int(max(rng.uniform(-0.8, 1.5), 0.0) * SAMPLE_RATE)
        level = 20 * np.log10(max(noise.rms(room), noise.SMALLEST_RMS)) + rng.uniform(*SNR_DB)
        speech[start:] = noise.at_level(voice, min(level, -10.0))[: n - start]
        return room + speech, place

    def _maybe_speech(self, sound: Signal, name: str, n: int, rng: np.random.Generator) -> tuple[Signal, str]:
        source = f"{name}-{rng.integers(2**32):08x}"
        return self._speech_in((sound, source), n, rng) if rng.random() < 0.5 else (sound, source)


def synthetic_room(n: int, rng: np.random.Generator) -> Opening:
    """Nobody speaking in a loud fan or office that is a sum of shaped noise."""
    room = noise.at_level(handset.synthetic_room(n, rng), rng.uniform(*LOUD))
    line = handset.draw_handset(rng).send(room, rng)
    return Opening(signal=line, kind=NoiseHamKind.SYNTHETIC_ROOM, source="room (synthetic)")


def wind(n: int, level: float, rng: np.random.Generator) -> Signal:
    """Wind at the microphone, synthetic: noise that falls steeply from 100 Hz on, in gusts."""
    shape = NoiseShape(tilt=float(rng.uniform(-10, -5)), low_cut=float(rng.uniform(20, 100)), order=1)
    gusts = noise.slow_gain(n, rng.uniform(3, 9), rng.uniform(1, 4), rng)
    return noise.at_level(noise.shaped_noise(n, shape, rng) * gusts, level)


def cabin(n: int, level: float, rng: np.random.Generator) -> Signal:
    """The cabin of a car, synthetic: an engine's orders over tyres and air, low and slowly moving."""
    speed = rng.uniform(12, 60)
    wobble = np.cumsum(noise.slow_gain(n, 0.15, 2, rng)) * speed / SAMPLE_RATE
    orders = np.arange(1, 13) * 0.5
    gains = rng.uniform(0.1, 1, len(orders)) * np.exp(-orders * rng.uniform(0.1, 0.8))
    engine: Signal = gains @ np.sin(2 * np.pi * orders[:, np.newaxis] * wobble + rng.uniform(0, 6.3, (12, 1)))
    shape = NoiseShape(tilt=float(rng.uniform(-9, -4)), low_cut=float(rng.uniform(20, 80)), order=1)
    tyres = noise.shaped_noise(n, shape, rng) * noise.slow_gain(n, rng.uniform(0.5, 2.5), 3, rng)
    return noise.at_level(noise.at_level(engine, rng.uniform(-15, 3)) + noise.at_level(tyres, 0), level)


def misread_law(sound: Signal) -> Signal:
    """Speech in A-law that was taken for mu-law: distorted, but everybody still understands it."""
    return decode_ulaw(encode_a_law(quantised(sound))) / 32768
