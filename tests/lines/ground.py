"""A ground small enough to know every score's sign: eight dimensions, lines far apart, people farther."""

import numpy as np

from silentspam.lines.ground import LineGround, line_ground, rounded
from silentspam.lines.space import LineSpace

N_DIMS = 8
SPREAD = 100.0
"""Variance between lines; within a line it is 1."""


def a_ground(seed: int = 1) -> LineGround:
    """A space whose features are its dimensions, and people far from every line."""
    space = LineSpace(
        offset=np.zeros(N_DIMS),
        scale=np.ones(N_DIMS),
        projection=np.eye(N_DIMS, dtype=np.float32),
        origin=np.zeros(N_DIMS),
        spread=np.full(N_DIMS, SPREAD),
    )
    return line_ground(space, people(40, seed).astype(np.float16))


def people(n: int, seed: int = 2) -> np.ndarray:
    """People's openings: each somewhere else, beyond where lines lie [shape=(n, N_DIMS)]."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(n, N_DIMS))
    return rounded(80 * directions / np.linalg.norm(directions, axis=1, keepdims=True))


def line_calls(n: int, line: int = 0, seed: int = 3) -> np.ndarray:
    """Openings of one line [shape=(n, N_DIMS)]."""
    place = np.random.default_rng(line).normal(scale=np.sqrt(SPREAD), size=N_DIMS)
    return rounded(place + np.random.default_rng([seed, line]).normal(size=(n, N_DIMS)))
