"""Dead air of one line that the shipped model takes for a person's quiet room: synthetic, and the same for
the same seeds."""

import numpy as np

from silentspam.audio import SAMPLE_RATE, Recording, encode_ulaw
from silentspam.training import noise

SHAPE_SEED = 12
LEVEL_DBFS = -66.0


def missed_by_the_model(call: int, *, line: int = SHAPE_SEED) -> Recording:
    """The opening of a call of the line: 2 s of steady noise through mu-law alone."""
    shape = noise.draw_shape(np.random.default_rng(line))
    signal = noise.shaped_noise(2 * SAMPLE_RATE, shape, np.random.default_rng([line, call]))
    return Recording(encode_ulaw((noise.at_level(signal, LEVEL_DBFS) * 32768).astype(np.int16)))
