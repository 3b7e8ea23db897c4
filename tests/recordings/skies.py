"""Constellations drawn by lot, for tests that need many and no sound: as dense as those of real speech."""

import numpy as np

from silentspam.kinds.constellation import END_BIN, FIRST_BIN, Constellation
from silentspam.kinds.standing import Standing
from silentspam.recordings.library import KnownRecording


def a_sky(rng: np.random.Generator, *, seconds: float = 7.0) -> Constellation:
    """Peaks anywhere, 40 a second, half of them strong."""
    n = int(40 * seconds)
    frames = np.sort(rng.integers(0, int(seconds * 62.5), n)).astype(np.int32)
    bins = rng.integers(FIRST_BIN, END_BIN, n).astype(np.int32)
    return Constellation(frames, bins, rng.random(n) < 0.5, contrast=15.0)


def opening_of(sky: Constellation, *, start: int, n_frames: int = 122) -> Constellation:
    """What two seconds of it sound like from a frame on."""
    heard = (sky.frames >= start) & (sky.frames < start + n_frames)
    frames = (sky.frames[heard] - start).astype(np.int32)
    return Constellation(frames, sky.bins[heard], sky.strong[heard], contrast=15.0)


def known(count: int, *, seed: int = 1, standing: Standing = Standing.CONFIRMED) -> list[KnownRecording]:
    """Recordings by lot."""
    rng = np.random.default_rng(seed)
    return [
        KnownRecording(
            recording_id=f"recording-{seed}-{n}",
            name=f"näme {n}",
            standing=standing,
            constellation=a_sky(rng),
        )
        for n in range(count)
    ]
