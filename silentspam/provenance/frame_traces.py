"""What concealment leaves in and around a frame of 10 ms: repetition, a frozen filter, a fading excitation.

One vector a frame, of figures that do not depend on how loud the call is but for the level itself.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from silentspam.audio import Codes, decode_ulaw
from silentspam.provenance.energy import Figures, decibels
from silentspam.provenance.prediction import FRAME, predict
from silentspam.provenance.repetition import repeated_codes, repetition

PARTS = 4
"""Of a frame, whose levels show a fade within it."""

BACK, AHEAD = 4, 5
"""Frames of context that a vector looks at: a packet of 30 ms and what stands on both sides."""

AROUND: dict[str, tuple[int, ...]] = {
    "level": (-4, -3, -2, -1, 1, 2, 3, 4, 5),
    "repeats": (-2, -1, 0, 1, 2, 3),
    "repeat_gain": (-1, 0, 1, 2),
    "residual_repeats": (-2, -1, 0, 1, 2, 3),
    "residual_gain": (-1, 0, 1, 2),
    "lag_change": (-1, 0, 1, 2),
    "filter_change": (-2, -1, 0, 1, 2, 3, 4),
    "filter_change_2": (-1, 0, 1, 2, 3, 4),
    "error": (-2, 0, 2),
    "crest": (-2, -1, 0, 1, 2),
    "brightness": (-2, -1, 0, 1, 2),
    "slope": (-1, 0, 1, 2),
    "held": (-1, 0, 1),
    "same_codes": (-2, -1, 0, 1, 2),
    "residual_level": (-3, -2, -1, 1, 2, 3),
}
"""Figures of frames, and at which places around a frame they enter its vector."""

RELATIVE = ("level", "residual_level")
"""Enter as differences from the frame's own."""

NAMES = ("own_level", "own_residual_level", *(f"{name}{at:+d}" for name, ats in AROUND.items() for at in ats))


def _parts(rows: Figures) -> Figures:
    n = len(rows) // FRAME
    return decibels(np.square(rows[: n * FRAME]).reshape(n, PARTS, FRAME // PARTS).mean(axis=2))


def _change(cepstra: Figures, frames: int) -> Figures:
    """Distance of each frame's filter from the one so many frames before [shape=(n,)]."""
    before = np.concatenate([np.repeat(cepstra[:1], frames, axis=0), cepstra])[: len(cepstra)]
    return np.asarray(np.sqrt(np.sum((cepstra - before) ** 2, axis=1)))


def frame_figures(codes: Codes) -> dict[str, Figures]:
    """Figures of each whole frame of a recording, by name [shape=(n,)]."""
    samples = decode_ulaw(codes).astype(np.float64)
    samples = samples[: len(samples) // FRAME * FRAME]
    frames = samples.reshape(-1, FRAME)
    prediction = predict(samples)
    heard, excited = repetition(samples), repetition(prediction.residual)
    residual = prediction.residual.reshape(-1, FRAME)
    power = np.mean(np.square(frames), axis=1)
    residual_power = np.mean(np.square(residual), axis=1)
    parts = _parts(samples)
    return {
        "level": decibels(power),
        "residual_level": decibels(residual_power),
        "repeats": heard.correlation,
        "repeat_gain": np.clip(heard.gain, -4, 4),
        "residual_repeats": excited.correlation,
        "residual_gain": np.clip(excited.gain, -4, 4),
        "lag_change": np.abs(np.diff(heard.lag, prepend=heard.lag[:1])),
        "filter_change": _change(prediction.cepstra, 1),
        "filter_change_2": _change(prediction.cepstra, 2),
        "error": prediction.error,
        "crest": np.abs(residual).max(axis=1) / np.sqrt(residual_power + 1.0),
        "brightness": np.mean(np.square(np.diff(frames, axis=1)), axis=1) / (power + 1.0),
        "slope": parts[:, -1] - parts[:, 0],
        "same_codes": repeated_codes(codes),
        "held": np.mean(
            np.diff(codes[: frames.size].reshape(-1, FRAME).astype(np.int16), axis=1) == 0, axis=1
        ),
    }


def _context(figure: Figures) -> Figures:
    """A figure of each frame and of those around it [shape=(n, BACK + 1 + AHEAD)], held at the ends."""
    padded = np.concatenate([np.repeat(figure[:1], BACK), figure, np.repeat(figure[-1:], AHEAD)])
    return np.asarray(sliding_window_view(padded, BACK + 1 + AHEAD))


def frame_vectors(codes: Codes) -> NDArray[np.float32]:
    """Each frame's vector, in the order of NAMES [shape=(n, len(NAMES))]."""
    n = len(codes) // FRAME
    if not n:
        return np.zeros((0, len(NAMES)), dtype=np.float32)
    figures = frame_figures(codes)
    columns = [figures["level"], figures["residual_level"]]
    for name, places in AROUND.items():
        around = _context(figures[name])
        own = figures[name] if name in RELATIVE else 0.0
        columns += [around[:, BACK + at] - own for at in places]
    return np.stack(columns, axis=1).astype(np.float32)
