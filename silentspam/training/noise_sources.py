"""Machines that make what a person hears as noise: hiss, broken circuits, bursts, radio, pumping.

For campaigns of CALLER_NOISE (`noise_campaigns`). All of it is made by sums, none is a recording. A source's
parameters are drawn once, for a campaign; `sound` draws what differs from call to call, and gives float64
[shape=(n,)] at 8 kHz whose level the campaign sets. Levels dB, frequencies Hz, times s.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from silentspam.audio import SAMPLE_RATE
from silentspam.training import noise
from silentspam.training.noise import NoiseShape, Signal

WHITE, PINK, BROWN, BLUE = 0.0, -3.01, -6.02, 3.01
"""By how much the power of a noise rises [dB/octave]."""
CIRCUIT = (WHITE, WHITE, PINK, BLUE)
"""Thermal and shot noise are white, a bad contact's is pink (1/f); none of a circuit's falls more steeply."""


def _between(low: float, high: float, rng: np.random.Generator) -> float:
    return float(rng.uniform(low, high))


def _hiss(tilts: Sequence[float], rng: np.random.Generator) -> NoiseShape:
    """The band that a line or a converter leaves of a hiss of one of the tilts."""
    return NoiseShape(
        tilt=float(rng.choice(tilts)) + _between(-1, 1, rng),
        low_cut=_between(20, 350, rng),
        high_cut=_between(2800, 5000, rng),
        order=int(rng.integers(2, 9)),
    )


@dataclass(frozen=True, kw_only=True)
class Coloured:
    """Stationary noise of one colour."""

    shape: NoiseShape

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(shape=_hiss((*CIRCUIT, BROWN), rng))

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        return noise.shaped_noise(n, self.shape, rng)


@dataclass(frozen=True, kw_only=True)
class BandLimited(Coloured):
    """Noise in a part of the telephone band, 400 to 2,400 Hz wide."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        width = _between(400, 2400, rng)
        low = _between(200, 3600 - width, rng)
        shape = NoiseShape(
            low_cut=low, high_cut=low + width, order=int(rng.integers(3, 11)), tilt=_between(-2, 2, rng)
        )
        return cls(shape=shape)


@dataclass(frozen=True, kw_only=True)
class BrokenCircuit:
    """A hiss with mains hum, crackle and a contact that comes and goes; arcing follows the mains.

    hum [dB re the hiss]; crackles a second and their peak [dB re the hiss]; breaks a second and how far they
    go down [dB]; arcing: depth 0…1 of the hiss's modulation by twice the mains' frequency.
    """

    shape: NoiseShape
    mains_hz: float
    hum: float
    crackles: float
    crackle_peak: float
    breaks: float
    break_depth: float
    arcing: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            shape=_hiss(CIRCUIT, rng),
            mains_hz=float(rng.choice(noise.MAINS_HZ)),
            hum=_between(-25, 0, rng),
            crackles=float(10 ** rng.uniform(0, 2)),
            crackle_peak=_between(6, 22, rng),
            breaks=float(rng.choice([0.0, rng.uniform(1, 20)])),
            break_depth=_between(3, 30, rng),
            arcing=float(rng.choice([0.0, rng.uniform(0.3, 1)])),
        )

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        """n samples of the circuit's hiss, hum, crackle and breaks [shape=(n,)]."""
        t = np.arange(n) / SAMPLE_RATE
        hiss = noise.shaped_noise(n, self.shape, rng)
        arc = np.abs(np.sin(2 * np.pi * self.mains_hz * t + rng.uniform(0, np.pi)))
        hiss *= 1 - self.arcing + self.arcing * arc**4
        harmonics = rng.uniform(0.1, 1, 8) * np.exp(-np.arange(8) * 0.3)
        sound = hiss + noise.at_level(noise.hum(n, self.mains_hz, harmonics, rng), self.hum)
        sound += noise.clicks(n, self.crackles, self.crackle_peak, rng.uniform(300, 3000), rng)
        return sound * telegraph(n, self.breaks, self.break_depth, rng)


def telegraph(n: int, per_second: float, depth_db: float, rng: np.random.Generator) -> Signal:
    """A gain that jumps at chance moments (Poisson) between 1 and `depth_db` below."""
    moments = rng.integers(0, n, rng.poisson(per_second * n / SAMPLE_RATE))
    jumps = np.bincount(moments, minlength=n)
    return np.where(np.cumsum(jumps) % 2, noise.amplitude(-depth_db), 1.0)


@dataclass(frozen=True, kw_only=True)
class Bursts:
    """Noise switched on and off: on, off [s], each spread by a third; between them `depth` [dB] less."""

    shape: NoiseShape
    on: float
    off: float
    depth: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            shape=_hiss(CIRCUIT, rng),
            on=_between(0.1, 0.8, rng),
            off=_between(0.02, 0.3, rng),
            depth=_between(6, 40, rng),
        )

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        gain, at = np.full(n, noise.amplitude(-self.depth)), -rng.uniform(0, self.on)
        while at < n / SAMPLE_RATE:
            length = self.on * rng.uniform(0.67, 1.33)
            gain[max(int(at * SAMPLE_RATE), 0) : max(int((at + length) * SAMPLE_RATE), 0)] = 1.0
            at += length + self.off * rng.uniform(0.67, 1.33)
        return np.asarray(noise.shaped_noise(n, self.shape, rng) * gain)


@dataclass(frozen=True, kw_only=True)
class Radio:
    """A receiver between stations: hiss of its pass band that fades, clicks, sometimes a faint whistle.

    What an FM discriminator hears of no station rises with frequency, until de-emphasis takes that back.
    """

    shape: NoiseShape
    fading: float
    fading_hz: float
    clicks: float
    whistle_hz: float
    whistle: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        shape = NoiseShape(
            low_cut=_between(100, 400, rng),
            high_cut=_between(2200, 3600, rng),
            order=int(rng.integers(3, 11)),
            tilt=_between(-1, 4, rng),
        )
        return cls(
            shape=shape,
            fading=_between(0.5, 5, rng),
            fading_hz=_between(0.5, 12, rng),
            clicks=float(rng.choice([0.0, 10 ** rng.uniform(0, 1.7)])),
            whistle_hz=_between(400, 3000, rng),
            whistle=float(rng.choice([-np.inf, rng.uniform(-25, -8)])),
        )

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        hiss = noise.shaped_noise(n, self.shape, rng) * noise.slow_gain(n, self.fading, self.fading_hz, rng)
        hiss += noise.clicks(n, self.clicks, 10, 1500, rng)
        drift = np.cumsum(noise.slow_gain(n, 0.3, 2, rng)) * self.whistle_hz / SAMPLE_RATE
        whistle = noise.amplitude(self.whistle) * np.sqrt(2) * np.sin(2 * np.pi * drift)
        return np.asarray(hiss + whistle)


@dataclass(frozen=True, kw_only=True)
class Pumping:
    """A compressor without a signal: the hiss rises until something pulls it down again.

    period [s] between two pulls, about; depth of one [dB].
    """

    shape: NoiseShape
    period: float
    depth: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(shape=_hiss(CIRCUIT, rng), period=_between(0.15, 1.5, rng), depth=_between(4, 22, rng))

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        t = np.arange(n) / SAMPLE_RATE
        pulls = np.cumsum(self.period * rng.uniform(0.6, 1.4, 40)) - self.period
        since = t - pulls[np.clip(np.searchsorted(pulls, t, side="right") - 1, 0, None)]
        rise = 1 - np.exp(-np.maximum(since, 0) / (self.period / 2))
        return np.asarray(noise.shaped_noise(n, self.shape, rng) * 10 ** (self.depth * (rise - 1) / 20))
