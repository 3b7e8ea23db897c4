"""How still and how Gaussian: what the figures say of hiss, drops and pumping, and that they are finite."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.audio import Recording
from silentspam.kinds.sound import STFT
from silentspam.kinds.stillness import NAMES, stillness
from silentspam.spectrum import power_spectrogram

HISS = np.random.default_rng(1).standard_normal(16000) * 0.03


def figures(sound) -> dict[str, float]:
    samples = np.asarray(sound, dtype=np.float32)
    return dict(zip(NAMES, stillness(samples, power_spectrogram(samples, STFT)).tolist(), strict=True))


def test_gaussian_noise_is_gaussian_flat_and_still():
    still = figures(HISS)
    assert still["still_gaussian2_mean"] == pytest.approx(-0.5772, abs=0.03)
    assert still["still_common_spread"] < 1
    assert still["still_peaky_mean"] == pytest.approx(3, abs=0.2)
    assert still["still_flatness_mean"] == pytest.approx(-0.5772, abs=0.1)


def test_drops_are_peaky_and_not_gaussian():
    drops = np.zeros(16000)
    drops[np.random.default_rng(2).integers(0, 16000, 60)] = 0.3
    hiss, rain = figures(HISS), figures(drops + HISS / 10)
    assert rain["still_peaky_mean"] > 3 * hiss["still_peaky_mean"]
    assert abs(rain["still_gaussian2_mean"] + 0.5772) > 0.2
    assert rain["still_high_kurtosis"] != pytest.approx(hiss["still_high_kurtosis"], abs=0.1)


def test_what_pumps_moves_all_bands_together_and_none_by_itself():
    pumping = figures(HISS * (0.1 + np.abs(np.sin(np.arange(16000) / 2500))))
    still = figures(HISS)
    assert pumping["still_common_spread"] > 3 * still["still_common_spread"]
    assert pumping["still_common_share"] > 2 * still["still_common_share"]
    assert pumping["still_band12_own"] == pytest.approx(still["still_band12_own"], rel=0.3)


def test_a_gain_changes_nothing_that_is_heard():
    loud, quiet = (np.array([*figures(HISS * gain).values()]) for gain in (1.0, 0.1))
    assert loud == pytest.approx(quiet, rel=0.02, abs=0.02)


@given(st.binary(min_size=512, max_size=20_000))
@settings(max_examples=60, deadline=None)
def test_any_recording_of_one_window_has_finite_figures(octets):
    samples = Recording(np.frombuffer(octets, dtype=np.uint8)).samples
    found = stillness(samples, power_spectrogram(samples, STFT))
    assert found.shape == (len(NAMES),)
    assert np.isfinite(found).all()


@pytest.mark.parametrize("n", [512, 513, 767, 768, 1000, 16000])
@pytest.mark.parametrize("code", [0x00, 0x7F, 0x80, 0xFF])
def test_one_code_over_and_over_has_finite_figures(n, code):
    samples = Recording(np.full(n, code, dtype=np.uint8)).samples
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(stillness(samples, power_spectrogram(samples, STFT))).all()
