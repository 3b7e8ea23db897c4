"""A call's noise: clarity falls with it, and what goes with the speech is told from what is always there."""

import numpy as np
import pytest

from silentspam.audio import Recording, encode_ulaw
from silentspam.provenance.noise import NoiseProfile, noise_profile

RNG = np.random.default_rng(4)
N = 8000 * 15
TIMES = np.arange(N) / 8000
PITCH = 2 * np.pi * np.cumsum(110 + 5 * np.sin(2 * np.pi * 0.3 * TIMES)) / 8000
VOICE = sum(np.sin(k * PITCH) for k in range(1, 28))
"""Harmonics of 105 to 115 Hz."""
SYLLABLES = 10 ** ((-15 + 15 * np.sin(2 * np.pi * 0.7 * TIMES)) / 20)
"""Loudness between −30 and 0 dB."""
WHITE = RNG.normal(size=N)


def _profile(samples) -> NoiseProfile:
    found = noise_profile(Recording(encode_ulaw(np.clip(samples, -32767, 32767).astype(np.int16))))
    assert found is not None
    return found


@pytest.fixture(scope="module")
def additive() -> NoiseProfile:
    return _profile(800 * VOICE * SYLLABLES + 150 * WHITE)


@pytest.fixture(scope="module")
def multiplicative() -> NoiseProfile:
    return _profile(800 * (VOICE + WHITE) * SYLLABLES)


def test_noise_that_comes_with_the_speech_rises_with_it(additive, multiplicative) -> None:
    assert additive.multiplicative < 0.5 < multiplicative.multiplicative
    assert additive.level_range < multiplicative.level_range
    assert additive.level_deviation < multiplicative.level_deviation


def test_clarity_falls_with_noise(additive) -> None:
    assert _profile(800 * VOICE * SYLLABLES).clarity > additive.clarity + 1


def test_levels_are_those_of_pauses_and_of_speech(additive) -> None:
    assert additive.floor_dbfs == pytest.approx(-42, abs=6)
    assert additive.speech_dbfs > additive.floor_dbfs + 10


def test_codes_are_those_of_pauses() -> None:
    samples = np.zeros(N)
    samples[: N // 2] = 8000 * WHITE[: N // 2]
    profile = _profile(samples)
    assert profile.codes[0] == (0xFF, pytest.approx(1.0, abs=0.01))
    assert sum(share for _, share in profile.codes) <= 1 + 1e-9


@pytest.mark.parametrize("samples", [np.zeros(N), 3000 * np.sin(TIMES * 7000), np.sign(WHITE) * 32000])
def test_whatever_is_no_speech_has_no_clarity_or_a_finite_one(samples) -> None:
    profile = _profile(samples)
    figures = (profile.clarity, profile.level_range, profile.level_deviation, profile.multiplicative)
    assert all(figure is None or np.isfinite(figure) for figure in figures)
    assert np.isfinite([profile.floor_dbfs, profile.speech_dbfs]).all()


def test_less_than_a_window_has_no_profile() -> None:
    assert noise_profile(Recording(np.full(511, 0xFF, np.uint8))) is None
