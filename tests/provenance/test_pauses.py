"""What is heard in pauses: the line's noise, whoever speaks over it and however loud."""

import numpy as np
import pytest

from silentspam.provenance.pauses import HUM, N_BANDS, WINDOW, names, pauses

RATE = 8000
N = 10 * RATE


def figures_of(samples) -> dict[str, float]:
    return dict(zip(names(), pauses(np.asarray(samples, dtype=np.float64)), strict=True))


def line(level: float, seed: int = 1):
    return np.random.default_rng(seed).normal(size=N) * level


def words(level: float, seed: int = 2):
    """Noise in words of half a second, as loud as a voice."""
    spoken = np.random.default_rng(seed).normal(size=N) * level
    return spoken * (np.arange(N) // 4000 % 2)


def levels(figures: dict[str, float]):
    return np.array([figures[f"pauses_least_{band}"] for band in range(N_BANDS)])


def test_who_speaks_and_how_loud_leaves_the_level_of_the_line() -> None:
    soft, loud = (levels(figures_of(line(30) + words(by, seed))) for by, seed in ((600, 2), (6000, 3)))
    assert np.abs(soft - loud).max() < 1.5


def test_another_line_has_another_level() -> None:
    quiet, noisy = (levels(figures_of(line(by) + words(2000))) for by in (20, 60))
    assert noisy - quiet == pytest.approx(np.full(N_BANDS, 20 * np.log10(3)), abs=1.5)


@pytest.mark.parametrize("mains", [50, 60])
def test_hum_stands_above_its_surroundings(mains: int) -> None:
    hum = 40 * np.sin(2 * np.pi * mains * np.arange(N) / RATE)
    figures = figures_of(line(10) + words(2000) + hum)
    assert max((figures[f"pauses_hum_{hz}"], hz) for hz in set(HUM))[1] == mains
    assert figures[f"pauses_hum_{mains}"] > 20


def test_lost_packets_are_no_pauses() -> None:
    heard = line(30) + words(2000)
    whole = levels(figures_of(heard))
    heard[20 * WINDOW : 30 * WINDOW] = 0
    figures = figures_of(heard)
    assert np.abs(levels(figures) - whole).max() < 1.0
    assert 0.04 < figures["pauses_still"] < 0.1


@pytest.mark.parametrize("n", [WINDOW, 4 * RATE])
def test_silence_has_finite_figures(n: int) -> None:
    figures = pauses(np.zeros(n))
    assert len(figures) == len(names())
    assert np.isfinite(figures).all()
    assert figures_of(np.zeros(n))["pauses_still"] == 1.0
