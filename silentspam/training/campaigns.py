"""Dead-air campaigns: a source of barely any sound, and the way its calls take.

No recording of a real idle line is to be had, so dead air is synthetic, and whatever is made of it says so.
The levels are those of Orife et al. 2018, section 3: about -72 dBFS on average, peaks about -50 dBFS. A
stationary noise of -72 peaks near -60, so the peaks are sparse clicks or an onset over a low floor.
A campaign's parameters are drawn once; its calls differ as calls do: fresh noise, phases, levels within a
decibel, losses.
"""

import enum
from dataclasses import dataclass

import numpy as np

from silentspam.audio import SAMPLE_RATE
from silentspam.training import noise
from silentspam.training.network import Chain, draw_chain
from silentspam.training.noise import NoiseShape, Signal

LEVEL_DBFS = (-72.0, 3.5)
"""Mean and spread of the campaigns' levels."""
LEVEL_LIMITS = (-80.0, -60.0)
PEAK_DBFS = (-52.0, 4.0)
LOOP_SECONDS = 6.0
BUZZ_HZ = (8.3, 33.3, 50.0, 100.0, 120.0, 216.7)
"""Pulses of a packet clock, of rectifiers, and of GSM's frames (4.615 ms, 3GPP TS 45.002)."""
RING_TONES_HZ = ((440.0, 480.0), (425.0,), (400.0, 450.0))


class Family(enum.StrEnum):
    """What a campaign's source mostly is."""

    NOISE = "noise"
    HUM = "hum"
    COMFORT = "comfort"
    CLICKS = "clicks"
    ONSET = "onset"
    LOOP = "loop"
    BUZZ = "buzz"


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """One attack's line.

    level, peak [dBFS]; hum_level [dB re the noise], -inf for none; harmonics: relative amplitudes; click_rate
    [1/s]; onset_decay [s]; comfort_step [s], 0 for none; dc: offset in ±1; leading_silence [s]: of digital
    zeros before the media; echo [dBFS]: of the ring tone that the caller hears; buzz_level [dB re the noise]:
    of a train of pulses at buzz_hz.
    """

    name: str
    family: Family
    level: float
    level_spread: float
    shape: NoiseShape
    mains_hz: float
    hum_level: float
    harmonics: tuple[float, ...]
    click_rate: float
    click_hz: float
    peak: float
    onset_decay: float
    comfort_step: float
    comfort_depth: float
    loop_seed: int | None
    dc: float
    leading_silence: float
    echo: float
    buzz_hz: float
    buzz_level: float
    chain: Chain

    def source(self, n: int, rng: np.random.Generator) -> Signal:
        """What one call's machine sends, before any codec: float64 [shape=(n,)] in ±1."""
        floor = self._floor(n, rng)
        if self.hum_level > -np.inf:
            tones = noise.hum(n, self.mains_hz, np.array(self.harmonics), rng)
            floor = floor + noise.at_level(tones, self.hum_level)
        if self.buzz_level > -np.inf:
            floor = floor + noise.at_level(noise.pulses(n, self.buzz_hz, rng), self.buzz_level)
        signal = noise.at_level(floor, self.level + rng.normal(0, self.level_spread)) + self.dc
        signal += noise.clicks(n, self.click_rate, self.peak, self.click_hz, rng)
        if self.onset_decay:
            start = rng.uniform(0, 0.08)
            signal += noise.onset(
                n, self.peak + rng.normal(0, 1.5), self.onset_decay, self.click_hz / 4, start
            )
        return signal + ring_tone_echo(n, self.echo, rng)

    def _floor(self, n: int, rng: np.random.Generator) -> Signal:
        if self.loop_seed is not None:
            loop = noise.shaped_noise(
                int(LOOP_SECONDS * SAMPLE_RATE), self.shape, np.random.default_rng(self.loop_seed)
            )
            return np.resize(np.roll(loop, -int(rng.integers(len(loop)))), n)
        floor = noise.shaped_noise(n, self.shape, rng)
        if self.comfort_step:
            floor *= noise.stepped_gain(n, self.comfort_depth, self.comfort_step, rng)
        return floor


def ring_tone_echo(n: int, level: float, rng: np.random.Generator) -> Signal:
    """The ring tone that the caller hears, leaking back for a part of the opening; level -inf for none."""
    if level == -np.inf:
        return np.zeros(n)
    t = np.arange(n) / SAMPLE_RATE
    tones = RING_TONES_HZ[int(rng.integers(len(RING_TONES_HZ)))]
    tone = np.sum([np.sin(2 * np.pi * f * t + rng.uniform(0, 2 * np.pi)) for f in tones], axis=0)
    stop = rng.uniform(0.4, 3.0)
    return noise.at_level(tone, level) * (t < stop)


def draw_campaign(name: str, codecs: tuple[str, ...], rng: np.random.Generator) -> Campaign:
    """A campaign of chance over the codecs of that name; the same generator state gives the same campaign."""
    family = Family(rng.choice(list(Family)))

    def has(member: Family, otherwise: float) -> bool:
        return bool(rng.random() < otherwise) or family is member

    has_hum, has_clicks = has(Family.HUM, 0.25), has(Family.CLICKS, 0.25)
    has_onset, has_comfort = has(Family.ONSET, 0.2), has(Family.COMFORT, 0.1)
    n_harmonics = int(rng.integers(1, 13))
    decays = np.exp(-np.arange(n_harmonics) * rng.uniform(0.05, 1.5)) * rng.uniform(0.2, 1, n_harmonics)
    return Campaign(
        name=name,
        family=family,
        level=float(np.clip(rng.normal(*LEVEL_DBFS), *LEVEL_LIMITS)),
        level_spread=float(rng.uniform(0.1, 1.2)),
        shape=noise.draw_shape(rng),
        mains_hz=float(rng.choice(noise.MAINS_HZ)),
        hum_level=float(rng.uniform(-12, 8)) if has_hum else -np.inf,
        harmonics=tuple(map(float, decays)),
        click_rate=float(10 ** rng.uniform(-0.5, 1.0)) if has_clicks else 0.0,
        click_hz=float(10 ** rng.uniform(2.3, 3.5)),
        peak=float(np.clip(rng.normal(*PEAK_DBFS), -60, -42)),
        onset_decay=float(10 ** rng.uniform(-2.3, -0.9)) if has_onset else 0.0,
        comfort_step=float(rng.choice([0.02, 0.08, 0.16])) if has_comfort else 0.0,
        comfort_depth=float(rng.uniform(0.3, 2.5)),
        loop_seed=int(rng.integers(2**32)) if family is Family.LOOP else None,
        dc=float(rng.choice([-1, 1]) * rng.uniform(1, 20) / 32768) if rng.random() < 0.2 else 0.0,
        leading_silence=float(rng.uniform(0.02, 0.6)) if rng.random() < 0.15 else 0.0,
        echo=float(rng.uniform(-80, -62)) if rng.random() < 0.06 else -np.inf,
        buzz_hz=float(rng.choice(BUZZ_HZ) * rng.uniform(0.98, 1.02)),
        buzz_level=float(rng.uniform(-10, 8)) if family is Family.BUZZ else -np.inf,
        chain=draw_chain(codecs, rng),
    )
