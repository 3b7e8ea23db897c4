"""A spectrogram in characters, for a terminal of 80 columns and 24 lines: no dependency, no colour.

Darkness is the level of a frequency band over a stretch of time, on one fixed scale: pictures compare. Dead
air at -72 dBFS shows; digital silence is blank.
"""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from silentspam.audio import Recording
from silentspam.errors import SilentSpamError
from silentspam.spectrum import StftParams, magnitude_spectrogram

Levels = npt.NDArray[np.floating[Any]]

SHADES = " ·░▒▓█"
QUIETEST_DB, LOUDEST_DB = -118.0, -48.0
"""The scale's ends: a shade is 12 dB [dBFS of a sine in one bin]."""
COLUMNS, LINES = 72, 10


def draw(recording: Recording, *, columns: int = COLUMNS, lines: int = LINES) -> list[str]:
    """Lines of a spectrogram with its axes; one line that says so when there is too little audio."""
    stft = StftParams()
    try:
        magnitude = magnitude_spectrogram(recording.samples, stft)
    except SilentSpamError:
        return [f"(no picture: {recording.seconds:.2f} s are too little)"]
    picture = _reduced(magnitude / ((magnitude.shape[0] - 1) / 2), lines, columns)
    level = 20 * np.log10(np.maximum(picture, 10 ** (QUIETEST_DB / 20 - 1)))
    steps = (level - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB) * len(SHADES)
    shade = np.clip(steps.astype(int), 0, len(SHADES) - 1)
    rows = ["".join(SHADES[step] for step in line) for line in shade[::-1]]
    top = stft.sample_rate / 2000
    marks = [f"{top:.0f} kHz" if not n else "0" if n == lines - 1 else "" for n in range(lines)]
    axis = f"{'':6}0 s{f'{recording.seconds:.2f} s':>{columns - 2}}"
    return [*(f"{mark:>5} |{row}|" for mark, row in zip(marks, rows, strict=True)), axis]


def _reduced(magnitude: Levels, lines: int, columns: int) -> Levels:
    """RMS over blocks: float [shape=(lines, columns)]; frames are repeated where there are few."""
    n_bins, n_frames = magnitude.shape
    power = magnitude.astype(np.float64) ** 2
    bins = np.linspace(0, n_bins, lines + 1).astype(int)
    rows = np.stack([power[start:stop].mean(axis=0) for start, stop in pairwise(bins)])
    frames = np.linspace(0, n_frames, columns + 1)
    blocks = [
        rows[:, int(start) : max(int(stop), int(start) + 1)].mean(axis=1) for start, stop in pairwise(frames)
    ]
    reduced: Levels = np.sqrt(np.stack(blocks, axis=1))
    return reduced
