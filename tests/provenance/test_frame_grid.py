"""The residual is what prediction leaves; frames of coders stand out in it as lines, and nothing else."""

import numpy as np
import pytest
from scipy.signal import lfilter

from silentspam.provenance.frame_grid import COURSES, PERIOD, frame_grid, lines, names
from silentspam.provenance.residual import HOP, MARGIN, residual

RNG = np.random.default_rng(3)
NOISE = RNG.normal(size=80_000) * 1000


def _line(samples, course: str, line: int) -> float:
    figures = dict(zip(names(), frame_grid(samples, residual(samples)), strict=True))
    return figures[f"grid_{course}_{line}"]


def test_noise_is_its_own_residual() -> None:
    rest = residual(NOISE)
    assert len(rest.values) % HOP == 0
    inner = NOISE[MARGIN : MARGIN + len(rest.values)]
    assert np.corrcoef(rest.values, inner)[0, 1] > 0.95
    assert 0.9 < np.median(rest.shares) <= 1


def test_what_was_filtered_is_whitened() -> None:
    spoken = lfilter([1], [1, -1.6, 0.81], NOISE)
    rest = residual(spoken)
    assert np.corrcoef(rest.values, NOISE[MARGIN : MARGIN + len(rest.values)])[0, 1] > 0.9
    assert np.median(rest.shares) < 0.3


def test_a_loudness_that_comes_again_with_every_subframe_is_a_line() -> None:
    subframes = 1 + 0.3 * (np.arange(len(NOISE)) % 40 < 10)
    assert _line(NOISE * subframes, "residual", 12) > 3
    assert _line(NOISE, "residual", 12) < 2


def test_pulses_on_every_fifth_sample_are_the_line_of_algebraic_codebooks() -> None:
    pulses = 1 + 0.3 * (np.arange(len(NOISE)) % 5 == 0)
    assert _line(NOISE * pulses, "residual", PERIOD // 5) > 3


def test_noise_has_no_lines() -> None:
    figures = frame_grid(NOISE, residual(NOISE))
    assert np.median(figures) < 0
    assert figures.max() < np.log(20)


@pytest.mark.parametrize(
    "samples", [np.zeros(0), np.zeros(100), np.zeros(1600), np.zeros(120_000), np.full(120_000, 32124.0)]
)
def test_whatever_is_too_short_or_still_has_finite_figures(samples) -> None:
    figures = frame_grid(samples, residual(samples))
    assert figures.shape == (len(COURSES) * len(lines()),)
    assert np.isfinite(figures).all()
