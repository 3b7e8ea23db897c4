"""The sound of modulated bits: a modem's symbols on a carrier, and many carriers side by side.

Made by sums, for campaigns of noise: what a person hears of it is a steady, coloured hiss. Signals are
float64 [shape=(n,)] at 8 kHz with a root mean square of about 1. The bits are chance, as a
scrambler makes them (ITU-T V.34, section 7).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from silentspam.audio import SAMPLE_RATE
from silentspam.training import noise
from silentspam.training.noise import Signal

MODEMS = (
    (600.0, 1200.0, 0.75),
    (600.0, 2400.0, 0.75),
    (1200.0, 1800.0, 0.5),
    (1600.0, 1800.0, 0.5),
    (2400.0, 1700.0, 0.25),
    (2400.0, 1800.0, 0.25),
    (2400.0, 1600.0, 0.15),
    (2743.0, 1646.0, 0.15),
    (2743.0, 1829.0, 0.15),
    (2800.0, 1680.0, 0.15),
    (2800.0, 1867.0, 0.15),
    (3000.0, 1800.0, 0.15),
    (3000.0, 2000.0, 0.15),
    (3200.0, 1829.0, 0.12),
    (3200.0, 1920.0, 0.12),
    (3429.0, 1959.0, 0.1),
)
"""Symbols a second, carrier [Hz] and roll-off: V.22 (sections 2.1, 2.2), V.27 ter, V.29, V.32 and V.17, V.34
(table 2). V.22's 75 % is the standard's; the others' shaping is a guess."""

SIDES = (2, 4, 8, 16)
"""Points along one side of the constellation: 4 to 256 of them."""
REACH = 8
"""Symbols on each side over which a pulse is summed."""

Figures = npt.NDArray[np.float64]


def root_raised_cosine(t: Figures, roll_off: float) -> Figures:
    """The pulse at times `t` in symbols, for a roll-off in 0…1 (exclusive at 0)."""
    t = np.where(np.abs(t) < 1e-6, 1e-6, t)
    t = np.where(np.abs(np.abs(4 * roll_off * t) - 1) < 1e-6, t + 1e-5, t)
    top = np.sin(np.pi * t * (1 - roll_off)) + 4 * roll_off * t * np.cos(np.pi * t * (1 + roll_off))
    return np.asarray(top / (np.pi * t * (1 - (4 * roll_off * t) ** 2)))


def _points(shape: tuple[int, ...], side: int, rng: np.random.Generator) -> npt.NDArray[np.complex128]:
    """Points of chance of a square constellation, with a mean power of 1."""
    real, imaginary = (2 * rng.integers(0, side, shape) - (side - 1) for _ in range(2))
    return np.asarray((real + 1j * imaginary) / np.sqrt(2 * (side**2 - 1) / 3))


@dataclass(frozen=True, kw_only=True)
class Modem:
    """Quadrature amplitude modulation of one carrier.

    rate [symbols/s]; carrier [Hz], `offset` of it off; side: points along a side; echo [dB]: how far below
    it the other direction's own symbols leak back.
    """

    rate: float
    carrier: float
    roll_off: float
    offset: float
    side: int
    echo: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        rate, carrier, roll_off = MODEMS[int(rng.integers(len(MODEMS)))]
        return cls(
            rate=rate,
            carrier=carrier,
            roll_off=float(np.clip(roll_off * rng.uniform(0.7, 1.4), 0.05, 0.9)),
            offset=float(rng.normal(0, 7)),
            side=int(rng.choice(SIDES)),
            echo=float(rng.choice([-np.inf, rng.uniform(-30, -6)])),
        )

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        return self._one_way(n, rng) + noise.amplitude(self.echo) * self._one_way(n, rng)

    def _one_way(self, n: int, rng: np.random.Generator) -> Signal:
        at = (np.arange(n) / SAMPLE_RATE + rng.random()) * self.rate
        first = np.floor(at[0]).astype(np.intp) - REACH
        symbols = _points((int(at[-1]) - first + 2 * REACH,), self.side, rng)
        nearest = np.floor(at).astype(np.intp)
        baseband = np.zeros(n, dtype=np.complex128)
        for shift in range(-REACH + 1, REACH + 1):
            which = nearest + shift
            baseband += symbols[which - first] * root_raised_cosine(at - which, self.roll_off)
        phase = 2 * np.pi * (self.carrier + self.offset) * np.arange(n) / SAMPLE_RATE
        turned = baseband * np.exp(1j * (phase + rng.uniform(0, 2 * np.pi)))
        return np.asarray(turned.real * np.sqrt(2))


@dataclass(frozen=True, kw_only=True)
class Multicarrier:
    """Discrete multitone, as DSL and powerline modems send, as far as it falls into the band.

    size of the transform [samples]; guard: share of it repeated before each symbol; first and last carrier
    [Hz]; side: points along a side of each carrier's constellation.
    """

    size: int
    guard: float
    first_hz: float
    last_hz: float
    side: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        return cls(
            size=int(rng.choice([64, 128, 256, 512])),
            guard=float(rng.choice([0.0, 1 / 16, 1 / 8, 1 / 4])),
            first_hz=float(rng.uniform(100, 700)),
            last_hz=float(rng.uniform(2500, 4000)),
            side=int(rng.choice(SIDES)),
        )

    def sound(self, n: int, rng: np.random.Generator) -> Signal:
        """n samples of symbols with guard intervals, RMS 1, cut at a moment of chance [shape=(n,)]."""
        hertz = np.fft.rfftfreq(self.size, 1 / SAMPLE_RATE)
        active = (hertz >= self.first_hz) & (hertz <= self.last_hz)
        length = self.size + int(self.guard * self.size)
        spectra = _points((n // length + 2, len(hertz)), self.side, rng) * active
        symbols = np.fft.irfft(spectra, self.size, axis=1)
        guarded = np.concatenate([symbols[:, self.size - (length - self.size) :], symbols], axis=1)
        start = int(rng.integers(length))
        sound = guarded.ravel()[start : start + n]
        return sound / max(noise.rms(sound), noise.SMALLEST_RMS)
