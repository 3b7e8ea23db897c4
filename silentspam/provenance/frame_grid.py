"""The frames of coders, heard in what they leave: lines at exact fractions of the sample rate.

A coder repeats itself with every frame and every piece of one: 20 ms and 5 ms in GSM-FR, Speex and AMR, 30 ms
in iLBC, pulses on every fifth sample in G.729 and AMR (its tracks), vectors of 5, 8 or 10 samples in Speex.
Nobody's voice does that, and the sample clock is the coder's own: so in the spectrum of the residual's course
over a whole call the lines stand on single bins, far above their surroundings, and lines of a coder that
another one followed are still there. Names of lines: multiples of 8000/480 Hz.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from silentspam.provenance.energy import Figures
from silentspam.provenance.residual import MARGIN, Residual

PERIOD = 480
"""Samples after which all coders' grids are where they were: frames of 10, 20 and 30 ms."""
DIVISORS = (40, 80, 160, 240)
"""Samples of 5, 10, 20 and 30 ms, of which every harmonic is looked at."""
NEIGHBOURS = 60
"""Bins on each side of a line that its surroundings are measured in, but for the next one."""
SMALLEST = 0.1
"""Added to the ratio before its logarithm: a line that is not there varies, and means nothing."""
SHORT, LONG, GATING = 21, 121, 801
"""Samples over which courses are levelled, and over which speech is told from pauses."""
SPOKEN_SHARE = 0.6
"""Of a call, its loudest part, in which coders are listened for."""
LARGEST = 4.0
"""Times its surroundings, that one sample may count."""

COURSES = ("residual", "power", "curvature", "change")


@lru_cache(maxsize=1)
def lines() -> NDArray[np.intp]:
    """The lines that are looked at, ascending, in units of 8000/PERIOD Hz."""
    return np.array(sorted({k * PERIOD // d for d in DIVISORS for k in range(1, d // 2)}))


def names() -> list[str]:
    """The name of each figure of `frame_grid`."""
    return [f"grid_{course}_{line}" for course in COURSES for line in lines()]


def frame_grid(samples: Figures, rest: Residual) -> Figures:
    """How far each line stands above its surroundings, in each of COURSES [nepers] [shape=(n,)].

    Parameters: samples [shape=(n,)], of which `rest` is the residual. 0 where the call is too short.
    """
    values = rest.values
    if len(values) < PERIOD * (NEIGHBOURS + 4):
        return np.zeros(len(names()))
    heard = samples[MARGIN : MARGIN + len(values)]
    spoken = _spoken(heard)
    size = np.abs(values)
    level = np.log(_mean_around(size, SHORT) + 1.0)
    curvature = np.abs(np.diff(heard, n=2, prepend=heard[:2]))
    courses = (
        _levelled(size),
        _levelled(np.square(values)),
        _levelled(curvature),
        _centred(np.abs(np.diff(level, prepend=level[0]))),
    )
    return np.concatenate([_line_strengths(course * spoken) for course in courses])


def _spoken(heard: Figures) -> NDArray[np.bool_]:
    around = _mean_around(np.abs(heard), GATING)
    return np.asarray(around > np.quantile(around, 1 - SPOKEN_SHARE))


def _levelled(course: Figures) -> Figures:
    """A course over its surroundings, around zero."""
    return np.minimum(course / (_mean_around(course, LONG) + 1.0), LARGEST) - 1.0


def _centred(course: Figures) -> Figures:
    return np.asarray(course - _mean_around(course, LONG))


def _mean_around(values: Figures, length: int) -> Figures:
    """Mean of so many values around each [shape=(n,)], zeros beyond the ends."""
    sums = np.cumsum(np.concatenate([np.zeros(length // 2 + 1), values, np.zeros(length // 2)]))
    return np.asarray((sums[length:] - sums[:-length]) / length)


def _line_strengths(course: Figures) -> Figures:
    periods = len(course) // PERIOD
    spectrum = np.fft.rfft(course[: periods * PERIOD])
    power = spectrum.real**2 + spectrum.imag**2
    reach = min(periods // 2 - 1, NEIGHBOURS)
    places = lines() * periods
    beside = np.concatenate([np.arange(-reach, -1), np.arange(2, reach + 1)])
    around = power[places[:, np.newaxis] + beside].mean(axis=1)
    return np.asarray(np.log(power[places] / np.maximum(around, 1e-12) + SMALLEST))
