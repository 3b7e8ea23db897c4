"""Openings with a signal in them, by the network's own G.711 unless a codec is named."""

from collections.abc import Sequence

import numpy as np

from silentspam.audio import Recording, encode_ulaw
from silentspam.kinds.sound import Sound
from silentspam.training.network import quantised
from silentspam.training.noise import Signal, amplitude
from silentspam.training.signals import at_dbm0, cadence_spans, gate, tones

N = 16_000
FLOOR_DBFS = -65.0


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def heard(signal: Signal, *, level: float = -13.0, background: Signal | None = None, seed: int = 9) -> Sound:
    """What is recorded of a signal at a level [dBm0] on a line with a little noise."""
    floor = amplitude(FLOOR_DBFS) * rng(seed).standard_normal(len(signal))
    line = at_dbm0(signal, level) + floor + (0 if background is None else background)
    return Sound(Recording(encode_ulaw(quantised(line))))


def burst(hz: Sequence[float], begin: float, end: float, *, offset: float = 0.0, seed: int = 0) -> Signal:
    """One or more tones from begin to end [s]."""
    return tones(N, hz, rng(seed), offset=offset) * gate(N, [(begin, end)])


def cadenced(hz: Sequence[float], pattern: Sequence[float], start: float, *, offset: float = 0.0) -> Signal:
    """Tones in a cadence that began at `start` [s]."""
    spans = cadence_spans(pattern, start, N / 8000) if pattern else [(-1.0, N / 8000 + 1)]
    return tones(N, hz, rng(), offset=offset) * gate(N, spans)
