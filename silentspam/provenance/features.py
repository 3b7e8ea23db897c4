"""Everything measured of a call as one vector with a version: what codecs and sources are told by.

Figures of speech change from call to call, those of telephones, networks and coders stay: which of them
count is learnt (`training`). A vector of another version is another space.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from silentspam.audio import SAMPLE_RATE, Recording
from silentspam.provenance import code_comb, codes, colour, excitation, frame_grid, pauses
from silentspam.provenance.noise import NoiseProfile, noise_profile
from silentspam.provenance.residual import residual

VERSION = 1
"""Of the vector: a change of any figure is a new one."""

SHORTEST_SECONDS = 0.5
LONGEST_SECONDS = 60.0
"""Of a longer call its first minute is measured: a network's traits are in every part."""

Vector = NDArray[np.float32]
_NOISE = ("clarity", "level_range", "level_deviation", "multiplicative", "floor_dbfs", "speech_dbfs")


@dataclass(frozen=True, eq=False)
class Measures:
    """What was measured of one side of a call: its vector [shape=(n,)] and its noise, in so many seconds."""

    vector: Vector
    noise: NoiseProfile
    seconds: float


def names() -> list[str]:
    """The name of each entry of a vector."""
    groups = (colour.names(), excitation.names(), codes.names(), [f"noise_{name}" for name in _NOISE])
    later = (frame_grid.names(), pauses.names(), code_comb.names(), excitation.quiet_names())
    return [name for group in (*groups, *later) for name in group]


def measure(recording: Recording) -> Measures | None:
    """The measures of a call; None where it is shorter than SHORTEST_SECONDS."""
    heard = recording.opening(LONGEST_SECONDS)
    noise = noise_profile(heard)
    if noise is None or len(heard.codes) < SHORTEST_SECONDS * SAMPLE_RATE:
        return None
    samples = heard.linear.astype(np.float64)
    rest = residual(samples)
    figures = np.concatenate(
        [
            colour.colour(samples),
            excitation.excitation(samples, rest),
            codes.code_figures(heard.codes, samples),
            [getattr(noise, name) or 0.0 for name in _NOISE],
            frame_grid.frame_grid(samples, rest),
            pauses.pauses(samples),
            code_comb.code_comb(heard.codes),
            excitation.quiet_excitation(rest),
        ]
    )
    return Measures(np.nan_to_num(figures).astype(np.float32), noise, heard.seconds)
