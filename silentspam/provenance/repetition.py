"""How far each frame repeats what came a pitch period before it: the correlation of successive packets.

US 9,516,497 B2: concealment is deterministic: waveform substitution repeats the last period (ITU-T
G.711 Appendix I), a codec its residual (RFC 3951, section 4.5), so that a concealed frame correlates with the
past at one lag.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from silentspam.audio import Codes
from silentspam.provenance.energy import Figures, running_sum
from silentspam.provenance.prediction import FRAME

SHORTEST, LONGEST = 20, 160
"""Samples of a pitch period: 400 to 50 Hz."""
PITCH = (40, 120)
"""Samples of a period of G.711 Appendix I."""
_SPAN = FRAME + LONGEST
_SIZE = 320
TINY = 1.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Repetition:
    """Of each frame [shape=(n,)]: its greatest normalised correlation with the past, the lag and the gain."""

    correlation: Figures
    lag: Figures
    gain: Figures


def repetition(signal: Figures) -> Repetition:
    """Each whole frame of a signal [shape=(m,)] against what began 20 to 160 samples before it."""
    n = len(signal) // FRAME
    padded = np.pad(signal[: n * FRAME], (LONGEST, 0)).astype(np.float32)
    spans = sliding_window_view(padded, _SPAN)[::FRAME][:n]
    spectra = np.fft.rfft(spans, _SIZE) * np.conj(np.fft.rfft(spans[:, LONGEST:], _SIZE))
    products = np.fft.irfft(spectra, _SIZE)[:, : LONGEST - SHORTEST + 1]
    power = running_sum(np.square(padded.astype(np.float64)))
    energies = (power[FRAME:] - power[:-FRAME] + TINY).astype(np.float32)
    energy = sliding_window_view(energies, LONGEST - SHORTEST + 1)[::FRAME][:n]
    own = energies[LONGEST::FRAME][:n]
    likeness = products / np.sqrt(energy * own[:, np.newaxis])
    best = likeness.argmax(axis=1)
    rows = np.arange(n)
    return Repetition(
        correlation=likeness[rows, best].astype(np.float64),
        lag=(LONGEST - best).astype(np.float64),
        gain=(products[rows, best] / energy[rows, best]).astype(np.float64),
    )


def repeated_codes(codes: Codes) -> Figures:
    """The greatest share of a frame's codes that those one pitch period before equal [shape=(n,)].

    G.711 Appendix I repeats the very samples for the first 10 ms, with a period of 40 to 120.
    """
    n = len(codes) // FRAME
    padded = np.pad(codes[: n * FRAME], (PITCH[1], 0))
    now, most = padded[PITCH[1] :], np.zeros(n, dtype=np.uint8)
    for lag in range(PITCH[0], PITCH[1] + 1):
        same = np.packbits(now == padded[PITCH[1] - lag : len(padded) - lag])
        counts = np.bitwise_count(same).reshape(n, FRAME // 8)
        np.maximum(most, counts @ np.ones(FRAME // 8, dtype=np.uint8), out=most)
    return most / FRAME
