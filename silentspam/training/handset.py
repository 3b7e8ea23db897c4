"""A person's end of the line: room, handset and what a telephone does to them.

Signals are float64 in ±1 at 8 kHz. What a person's quiet line has and a machine's has not is a room that
lives: its level wanders, someone breathes, a hand moves.
"""

from dataclasses import dataclass

import numpy as np

from silentspam.audio import FRAME_LENGTH, SAMPLE_RATE
from silentspam.training import noise
from silentspam.training.noise import NoiseShape, Signal

FLOOR_QUANTILE, FLOOR_MARGIN_DB = 0.33, 5.0
ATTACK, RELEASE = 0.9, 0.12
"""Share of the way to its target that the suppressor's gain goes in 20 ms."""


@dataclass(frozen=True, kw_only=True)
class Handset:
    """One telephone: its noise [dBFS] and band, hum where it is analogue, and its noise suppressor.

    suppression [dB] is taken from whatever is no louder than the room's own floor; 0 for none.
    """

    shape: NoiseShape
    band: NoiseShape
    noise_level: float
    hum_level: float
    mains_hz: float
    suppression: float

    def send(self, sound: Signal, rng: np.random.Generator) -> Signal:
        """The line signal of a sound at the microphone, both [shape=(n,)]."""
        n = len(sound)
        gain = self.band.gain(np.fft.rfftfreq(n, 1 / SAMPLE_RATE))
        heard = np.fft.irfft(np.fft.rfft(sound) * gain, n)
        if self.suppression:
            heard = suppressed(heard, self.suppression)
        heard = heard + noise.amplitude(self.noise_level) * noise.shaped_noise(n, self.shape, rng)
        if self.hum_level > -np.inf:
            harmonics = rng.uniform(0.1, 1, 8) * np.exp(-np.arange(8) * rng.uniform(0.1, 1))
            heard += noise.at_level(noise.hum(n, self.mains_hz, harmonics, rng), self.hum_level)
        return heard


def draw_handset(rng: np.random.Generator) -> Handset:
    """A telephone of chance: mobile (with a suppressor), desk telephone or headset."""
    mobile = rng.random() < 0.55
    wide = rng.random() < 0.3
    low = rng.uniform(60, 150) if wide else rng.uniform(180, 350)
    high = rng.uniform(3500, 4500) if wide else rng.uniform(3000, 3600)
    return Handset(
        shape=noise.draw_shape(rng),
        band=NoiseShape(
            low_cut=float(low),
            high_cut=float(high),
            order=int(rng.integers(2, 7)),
            tilt=float(rng.normal(0, 1.5)),
        ),
        # A mobile's own noise falls to its suppressor; a desk telephone's line keeps it.
        noise_level=float(np.clip(rng.normal(-82 if mobile else -74, 6), -95, -58)),
        hum_level=float(rng.uniform(-85, -62)) if not mobile and rng.random() < 0.25 else -np.inf,
        mains_hz=float(rng.choice(noise.MAINS_HZ)),
        suppression=float(rng.uniform(6, 16)) if mobile and rng.random() < 0.7 else 0.0,
    )


def suppressed(sound: Signal, depth_db: float) -> Signal:
    """A mobile's noise suppressor: frames near the room's floor are turned down; fast attack, slow release.

    The floor is the lower third of the frames' levels, so that a breath or a word passes and a steady hiss
    does not.
    """
    n_frames = -(-len(sound) // FRAME_LENGTH)
    padded = np.zeros(n_frames * FRAME_LENGTH)
    padded[: len(sound)] = sound
    levels = np.sqrt((padded.reshape(n_frames, -1) ** 2).mean(axis=1))
    limit = float(np.quantile(levels, FLOOR_QUANTILE)) * noise.amplitude(FLOOR_MARGIN_DB)
    quiet, gain, gains = noise.amplitude(-depth_db), 1.0, np.empty(n_frames)
    for k, level in enumerate(levels):
        target = 1.0 if level > limit else quiet
        gain += (target - gain) * (ATTACK if target > gain else RELEASE)
        gains[k] = gain
    centres = (np.arange(n_frames) + 0.5) * FRAME_LENGTH
    return sound * np.interp(np.arange(len(sound)), centres, gains)


def synthetic_room(n: int, rng: np.random.Generator) -> Signal:
    """A fan, a street behind glass, an office: noise tilted to low frequencies whose level wanders; RMS 1."""
    shape = NoiseShape(
        tilt=float(rng.uniform(-7, -1)),
        low_cut=float(rng.uniform(20, 150)),
        high_cut=float(rng.uniform(2500, 5000)),
        order=2,
        resonances=tuple(
            (float(10 ** rng.uniform(2.0, 3.5)), float(rng.normal(0, 5)), float(rng.uniform(0.1, 0.5)))
            for _ in range(int(rng.integers(0, 4)))
        ),
    )
    room = noise.shaped_noise(n, shape, rng)
    room *= noise.slow_gain(n, rng.uniform(0.5, 4), rng.uniform(0.5, 5), rng)
    return room / noise.rms(room)


def breathing(n: int, level: float, rng: np.random.Generator) -> Signal:
    """Breath at the microphone: one or two swells of airy noise, the loudest at about `level` [dBFS]."""
    t = np.arange(n) / SAMPLE_RATE
    shape = NoiseShape(
        tilt=float(rng.uniform(-4, 0)), low_cut=float(rng.uniform(150, 500)), high_cut=3500.0, order=1
    )
    air = noise.shaped_noise(n, shape, rng)
    envelope = np.zeros(n)
    for _ in range(int(rng.integers(1, 3))):
        centre, width = rng.uniform(-0.2, n / SAMPLE_RATE), rng.uniform(0.12, 0.5)
        envelope += rng.uniform(0.4, 1) * np.exp(-0.5 * ((t - centre) / width) ** 2)
    return air * envelope * noise.amplitude(level)


def handling(n: int, level: float, rng: np.random.Generator) -> Signal:
    """A hand on the handset, cloth, a chair: a few short bursts of dull noise of about `level` [dBFS]."""
    t = np.arange(n) / SAMPLE_RATE
    signal = np.zeros(n)
    for _ in range(int(rng.integers(1, 5))):
        shape = NoiseShape(
            tilt=float(rng.uniform(-9, -2)), low_cut=60.0, high_cut=float(rng.uniform(500, 3000)), order=2
        )
        start, length = rng.uniform(0, n / SAMPLE_RATE), rng.uniform(0.02, 0.3)
        envelope = np.where(t >= start, np.exp(-(t - start) / length), 0.0)
        signal += noise.shaped_noise(n, shape, rng) * envelope * noise.amplitude(level + rng.normal(-6, 4))
    return signal


def distant(sound: Signal, rng: np.random.Generator) -> Signal:
    """A sound from across the room: its reverberation rather than itself (exponentially decaying noise)."""
    seconds = rng.uniform(0.15, 0.6)
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.standard_normal(len(t)) * np.exp(-6.9 * t / seconds)
    size = len(sound) + len(tail)
    spread = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)
    return spread[: len(sound)]
