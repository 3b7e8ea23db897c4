"""A stand-in for a voice, and losses cut into it: where they are is known to the sample."""

import numpy as np

from silentspam.audio import Codes, Recording, encode_ulaw

RATE = 8000


def voice(seconds: float, seed: int = 0, *, level: float = 1500.0, room: float = 20.0) -> Codes:
    """Pulses through two resonances, in words with pauses, over a room's noise: mu-law codes [shape=(n,)]."""
    from scipy.signal import lfilter

    rng = np.random.default_rng(seed)
    n = round(seconds * RATE)
    pitch = 60 + 15 * np.sin(2 * np.pi * np.arange(n) / 9000)
    pulses = (np.diff(np.floor(np.cumsum(1 / pitch)), prepend=0) > 0) * 1.0 + rng.normal(size=n) * 0.03
    for hz in (600, 1500):
        pulses = lfilter([1], [1, -1.9 * np.cos(2 * np.pi * hz / RATE), 0.9], pulses)
    words = np.clip(1.5 * np.sin(2 * np.pi * np.arange(n) / 5200 + rng.uniform(0, 6)), 0, 1)
    spoken = pulses * words / max(np.abs(pulses).max(), 1e-9) * level * 6
    return encode_ulaw(np.clip(np.round(spoken + rng.normal(size=n) * room), -32768, 32767).astype(np.int16))


def lost_begins(n: int, length: int, share: float, seed: int, phase: int = 37) -> list[int]:
    """Where packets of a grid with this phase are lost."""
    rng = np.random.default_rng([seed, 9])
    return [at for at in range(phase, n - 2 * length, length) if rng.random() < share]


def with_gaps(codes: Codes, begins: list[int], length: int, noise: float = 0.0) -> Recording:
    """The recording with these packets filled by silence, or by noise of this RMS [16-bit steps]."""
    heard, rng = codes.copy(), np.random.default_rng(5)
    for at in begins:
        gap = np.round(rng.normal(size=length) * noise).astype(np.int16)
        heard[at : at + length] = encode_ulaw(gap) if noise else 0xFF
    return Recording(heard)
