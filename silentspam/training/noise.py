"""Sounds made by sums: shaped noise, mains hum, clicks, onsets, slow gains.

Signals are float64 [shape=(n,)] in ±1 at 8 kHz, levels dBFS (0 dBFS is a full-scale square wave), frequencies
Hz, times s. Every function draws from the generator it is given and from nothing else.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from silentspam.audio import SAMPLE_RATE

Signal = npt.NDArray[np.float64]

SMALLEST_RMS = 1e-12
MAINS_HZ = (50.0, 60.0)


@dataclass(frozen=True, kw_only=True)
class NoiseShape:
    """The spectrum of a stationary noise.

    tilt [dB/octave] around 1 kHz, a pass band with slopes of `order`, and resonances (centre [Hz], gain [dB],
    width [octaves]).
    """

    tilt: float = 0.0
    low_cut: float = 0.0
    high_cut: float = 4000.0
    order: int = 4
    resonances: tuple[tuple[float, float, float], ...] = ()

    def gain(self, frequencies: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Amplitude gain at each frequency [shape=(k,)]."""
        f = np.maximum(frequencies, 10.0)
        decibel = self.tilt * np.log2(f / 1000.0)
        for centre, height, width in self.resonances:
            decibel = decibel + height * np.exp(-0.5 * (np.log2(f / centre) / width) ** 2)
        low = 1 / np.sqrt(1 + (self.low_cut / f) ** (2 * self.order))
        high = 1 / np.sqrt(1 + (f / self.high_cut) ** (2 * self.order))
        gain: npt.NDArray[np.float64] = 10 ** (decibel / 20) * low * high
        return gain


def draw_shape(rng: np.random.Generator) -> NoiseShape:
    """A noise as a line or a converter may have it: flat or steep, narrow or wide, smooth or ragged."""
    telephone_band = rng.random() < 0.4
    n_resonances = int(rng.choice([0, 0, 1, 2, 4]))
    return NoiseShape(
        tilt=float(rng.choice([0.0, rng.uniform(-6, 1), rng.uniform(-3, 3)])),
        low_cut=float(rng.uniform(200, 350) if telephone_band else rng.uniform(0, 150)),
        high_cut=float(rng.uniform(3000, 3600) if telephone_band else rng.uniform(2000, 6000)),
        order=int(rng.integers(1, 9)),
        resonances=tuple(
            (float(10 ** rng.uniform(1.9, 3.55)), float(rng.normal(0, 7)), float(rng.uniform(0.1, 0.8)))
            for _ in range(n_resonances)
        ),
    )


def rms(signal: Signal) -> float:
    """Root mean square, in ±1."""
    return float(np.sqrt(np.mean(signal**2))) if len(signal) else 0.0


def amplitude(dbfs: float) -> float:
    """The amplitude, in ±1, of a level."""
    return float(10 ** (dbfs / 20))


def at_level(signal: Signal, dbfs: float) -> Signal:
    """The signal scaled to a root mean square of `dbfs`; silence stays silence."""
    return signal * (amplitude(dbfs) / max(rms(signal), SMALLEST_RMS))


def shaped_noise(n: int, shape: NoiseShape, rng: np.random.Generator) -> Signal:
    """Gaussian noise of that spectrum, with a root mean square of 1."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    noise = np.fft.irfft(spectrum * shape.gain(np.fft.rfftfreq(n, 1 / SAMPLE_RATE)), n)
    return noise / max(rms(noise), SMALLEST_RMS)


def slow_gain(n: int, depth_db: float, corner_hz: float, rng: np.random.Generator) -> Signal:
    """A gain that wanders: Gaussian in dB with a spread of `depth_db`, no faster than about `corner_hz`."""
    n_points = max(int(n / SAMPLE_RATE * corner_hz * 2) + 2, 2)
    points = rng.normal(0, depth_db, n_points)
    wandering = np.interp(np.linspace(0, n_points - 1, n), np.arange(n_points), points)
    return np.asarray(10 ** (wandering / 20))


def stepped_gain(n: int, depth_db: float, step_seconds: float, rng: np.random.Generator) -> Signal:
    """A gain that changes in steps, as comfort noise does when an update arrives (RFC 3389)."""
    step = max(int(step_seconds * SAMPLE_RATE), 1)
    levels = rng.normal(0, depth_db, -(-n // step))
    return np.asarray(10 ** (np.repeat(levels, step)[:n] / 20))


def hum(n: int, mains_hz: float, harmonics: npt.NDArray[np.float64], rng: np.random.Generator) -> Signal:
    """Mains hum: the amplitudes of the fundamental and its multiples [shape=(k,)], in phases of chance."""
    t = np.arange(n) / SAMPLE_RATE
    orders = np.arange(1, len(harmonics) + 1)
    phases = rng.uniform(0, 2 * np.pi, len(harmonics))
    tones: Signal = harmonics @ np.sin(
        2 * np.pi * mains_hz * orders[:, np.newaxis] * t + phases[:, np.newaxis]
    )
    return tones


def pulses(n: int, per_second: float, rng: np.random.Generator) -> Signal:
    """A regular train of short pulses from a phase of chance, smoothed to half of the band; RMS 1."""
    phase = (np.arange(n) * per_second / SAMPLE_RATE + rng.random()) % 1.0
    train = (phase < max(per_second / SAMPLE_RATE, rng.uniform(0.002, 0.1))).astype(np.float64)
    smooth = np.convolve(train - train.mean(), np.hanning(5), mode="same")
    return smooth / max(rms(smooth), SMALLEST_RMS)


def clicks(n: int, per_second: float, peak_dbfs: float, ring_hz: float, rng: np.random.Generator) -> Signal:
    """Sparse clicks (Poisson) of about one peak level, each a damped ringing of a millisecond or so."""
    signal = np.zeros(n)
    times = rng.integers(0, n, rng.poisson(per_second * n / SAMPLE_RATE))
    t = np.arange(int(0.01 * SAMPLE_RATE)) / SAMPLE_RATE
    for at in np.sort(times):
        ring = np.cos(2 * np.pi * ring_hz * t) * np.exp(-t / rng.uniform(2e-4, 2e-3))
        ring *= rng.choice([-1.0, 1.0]) * amplitude(peak_dbfs + rng.normal(0, 2))
        signal[at : at + len(ring)] += ring[: n - at]
    return signal


def onset(n: int, peak_dbfs: float, decay_seconds: float, ring_hz: float, at_seconds: float) -> Signal:
    """The transient of a line being connected: a damped ringing once, near the start."""
    t = np.arange(n) / SAMPLE_RATE - at_seconds
    envelope = np.where(t >= 0, np.exp(-np.maximum(t, 0) / decay_seconds), 0.0)
    return np.asarray(amplitude(peak_dbfs) * envelope * np.cos(2 * np.pi * ring_hz * np.maximum(t, 0)))
