"""Texture: each figure says what it is named for, on sounds whose answer is known."""

import numpy as np
import pytest

from silentspam import texture
from silentspam.audio import Recording, encode_ulaw
from silentspam.features import FeatureParams, feature_names, feature_vector
from silentspam.spectrum import StftParams, magnitude_spectrogram
from tests.fakes import joined, noise, silence, tone


def power(recording: Recording) -> np.ndarray:
    return magnitude_spectrogram(recording.samples, StftParams()) ** 2


def shapes(recording: Recording) -> dict[str, float]:
    params = FeatureParams(groups=("texture",))
    return dict(zip(feature_names(params), map(float, feature_vector(recording, params)), strict=True))


def bands(recording: Recording) -> dict[str, np.ndarray]:
    levels = texture.decibels(texture.in_bands(power(recording)))
    parts = np.split(texture.band_features(levels), len(texture.BAND_STATISTICS))
    return dict(zip(texture.BAND_STATISTICS, parts, strict=True))


@pytest.mark.parametrize("n_bins", [17, 33, 129, 257, 1025])
def test_bands_cover_every_bin_but_dc_once(n_bins: int) -> None:
    edges = texture.band_edges(n_bins)
    assert len(edges) == texture.N_BANDS + 1
    assert (edges[0], edges[-1]) == (1, n_bins)
    assert (np.diff(edges) >= 1).all()


def test_a_tone_stands_in_its_own_band() -> None:
    edges = texture.band_edges(257)
    loudest = int(np.argmax(bands(tone(hz=1000.0))["mean"]))
    assert edges[loudest] <= 1000 / 8000 * 512 < edges[loudest + 1]


def test_ten_decibels_are_ten_decibels() -> None:
    quiet, loud = bands(noise(level=300))["mean"], bands(noise(level=3000))["mean"]
    np.testing.assert_allclose(loud - quiet, 20, atol=0.5)


def test_a_line_that_moves_spreads_and_remembers() -> None:
    steady = bands(noise(2.0, level=1000))
    moving = bands(joined(noise(1.0, level=100, seed=1), noise(1.0, level=3000, seed=2)))
    assert (moving["spread"] > 2 * steady["spread"]).all()
    assert moving["lag1"].mean() > 0.8
    assert abs(steady["lag1"].mean()) < 0.5


def test_the_autocorrelation_of_a_tone_returns_after_a_period() -> None:
    lags = texture.autocorrelation(power(tone(hz=250.0)).mean(axis=-1))
    assert lags[32 - 1] == pytest.approx(1.0, abs=0.02)
    assert lags[16 - 1] == pytest.approx(-1.0, abs=0.02)


def test_gaussian_noise_and_clicks_differ_in_kurtosis() -> None:
    assert shapes(noise(level=1000))["kurtosis"] == pytest.approx(3.0, abs=0.3)
    clicks = np.random.default_rng(0).normal(0, 10, 16000)
    clicks[::4000] = 2000
    assert shapes(Recording(encode_ulaw(clicks.astype(np.int16))))["kurtosis"] > 100


def test_dc_and_crossings() -> None:
    offset = Recording(encode_ulaw(np.full(16000, 16, np.int16)))
    assert shapes(offset)["dc"] == pytest.approx(16.0)
    assert shapes(offset)["zero_crossings"] == 0
    assert shapes(tone(hz=400.0))["zero_crossings"] == pytest.approx(0.1, abs=0.005)


def test_a_line_that_dies_away_trends_down_and_starts_loud() -> None:
    values = shapes(joined(noise(0.2, level=3000), noise(1.8, level=30)))
    assert values["trend"] < -3
    assert values["start_excess"] > 30


def test_plus_and_minus_zero_are_told_apart() -> None:
    assert shapes(joined(silence(1.0), silence(1.0, 0x7F)))["zero_balance"] == 0
    assert shapes(silence(2.0, 0x7F))["zero_balance"] == -1
    assert shapes(silence(2.0))["repeated_codes"] == pytest.approx(1.0, abs=1e-3)


def test_flat_noise_is_flatter_than_a_tone() -> None:
    assert shapes(noise())["flatness_mean"] > 10 * shapes(tone())["flatness_mean"]


def test_the_autocorrelation_is_the_samples_own() -> None:
    colored = np.convolve(np.random.default_rng(0).normal(0, 3000, 16100), np.hanning(9), mode="valid")[
        :16000
    ]
    recording = Recording(encode_ulaw(np.clip(colored, -32000, 32000).astype(np.int16)))
    x = recording.samples.astype(float)
    x -= x.mean()
    direct = [x[:-lag] @ x[lag:] / (x @ x) for lag in range(1, texture.N_LAGS + 1)]
    np.testing.assert_allclose(texture.autocorrelation(power(recording).mean(axis=-1)), direct, atol=0.05)


def test_moments_from_the_codes_are_those_of_the_samples() -> None:
    recording = noise(1.0)
    linear = recording.linear.astype(float)
    shares = np.bincount(recording.codes, minlength=256)[np.newaxis] / len(linear)
    mean_square, peak = texture.mean_square_and_peak(shares)
    codes = recording.codes[np.newaxis]
    kurtosis, skewness, crossings, dc, crest = texture.sample_shapes(codes, shares, peak)[0]
    centred = linear - linear.mean()
    assert kurtosis == pytest.approx((centred**4).mean() / (centred**2).mean() ** 2)
    assert skewness == pytest.approx((centred**3).mean() / (centred**2).mean() ** 1.5)
    assert crossings == pytest.approx(np.mean((linear[1:] < 0) != (linear[:-1] < 0)), rel=1e-3)
    assert dc == pytest.approx(linear.mean())
    assert crest == pytest.approx(10 * np.log10((linear**2).max() / (centred**2).mean()))
    assert (mean_square[0], peak[0]) == pytest.approx(((linear**2).mean(), (linear**2).max()))
