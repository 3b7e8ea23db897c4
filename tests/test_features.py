"""The feature vector: names that match it, the same for the same bytes, and numbers whatever comes in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.audio import Recording
from silentspam.decompose import svd_bases
from silentspam.errors import ModelError
from silentspam.features import NEAREST_CODES, FeatureParams, feature_matrix, feature_names, feature_vector
from silentspam.spectrum import StftParams, magnitude_spectrogram
from tests.fakes import joined, noise, silence, tone

PARAMS = FeatureParams()
EVERY_GROUP = FeatureParams(groups=("bases", "base_bands", "shares", "levels", "codes", "bands", "texture"))

NASTY = {
    "one window": noise(512 / 8000),
    "digital silence": silence(2.0),
    "minus zero": silence(2.0, 0x7F),
    "full scale held": silence(2.0, 0x00),
    "full-scale square wave": Recording(np.resize(np.array([0x80, 0x00], np.uint8), 16000)),
    "one click": joined(silence(1.0), Recording(np.zeros(1, np.uint8)), silence(1.0)),
    "silence, then a tone": joined(silence(1.5), tone(0.5)),
    "every code": Recording(np.resize(np.arange(256, dtype=np.uint8), 16000)),
    "a long one": noise(20.0),
}


def named(recording: Recording, params: FeatureParams = PARAMS) -> dict[str, float]:
    return dict(
        zip(feature_names(params), map(float, feature_vector(recording, params)), strict=True),
    )


@pytest.mark.parametrize("groups", [("bases",), ("codes", "levels"), EVERY_GROUP.groups])
@pytest.mark.parametrize("n_bases", [1, 3, 5])
def test_there_is_one_name_for_each_feature(groups: tuple[str, ...], n_bases: int) -> None:
    params = FeatureParams(groups=groups, n_bases=n_bases)
    names = feature_names(params)
    vector = feature_vector(noise(), params)
    assert vector.shape == (len(names),)
    assert len(set(names)) == len(names)
    assert vector.dtype == np.float32


@pytest.mark.parametrize("name", NASTY)
def test_nasty_openings_give_finite_numbers(name: str) -> None:
    assert np.isfinite(feature_vector(NASTY[name], EVERY_GROUP)).all()


@settings(max_examples=50)
@given(st.binary(min_size=512, max_size=4000))
def test_any_bytes_give_finite_numbers_and_the_same_ones_again(raw: bytes) -> None:
    first = feature_vector(Recording(np.frombuffer(raw, np.uint8)), EVERY_GROUP)
    again = feature_vector(Recording(np.frombuffer(bytes(raw), np.uint8)), EVERY_GROUP)
    assert np.isfinite(first).all()
    assert first.tobytes() == again.tobytes()


def test_the_bases_are_those_of_the_spectrogram() -> None:
    recording = noise()
    bases = svd_bases(magnitude_spectrogram(recording.samples, PARAMS.stft))
    values = named(recording)
    assert values["u1_bin0"] == np.float32(bases.u[0, 0])
    assert values["u2_bin256"] == np.float32(bases.u[256, 1])
    assert values["u3_bin7"] == np.float32(bases.u[7, 2])
    assert values["u1_energy_share"] == np.float32(bases.shares[0])


def test_levels_say_what_a_meter_says() -> None:
    values = named(Recording(np.resize(np.array([0x80, 0x00], np.uint8), 16000)))
    full_scale = 20 * np.log10(32124 / 32768)
    for name in ("rms_dbfs", "peak_dbfs", "frame_dbfs_p5", "frame_dbfs_p50", "frame_dbfs_p95"):
        assert values[name] == pytest.approx(full_scale, abs=1e-4)


def test_level_percentiles_climb_from_the_quiet_frames_to_the_loud_ones() -> None:
    values = named(joined(noise(1.0, level=30), noise(1.0, level=3000)))
    climb = [values[f"frame_dbfs_p{p}"] for p in (5, 25, 50, 75, 95)]
    assert climb == sorted(climb)
    assert climb[-1] - climb[0] > 30


def test_shares_of_the_codes_nearest_zero_tell_plus_zero_from_minus_zero() -> None:
    values = named(joined(silence(1.5, 0xFF), silence(0.5, 0x7F)))
    assert (values["code_FF_share"], values["code_7F_share"]) == (0.75, 0.25)
    assert sum(values[f"code_{code:02X}_share"] for code in NEAREST_CODES) == 1.0
    assert values["codes_in_use"] == 2.0


def test_another_sample_rate_is_refused_with_both_rates() -> None:
    recording = Recording(noise().codes, sample_rate=16000)
    with pytest.raises(ModelError, match=r"16000 Hz.*8000 Hz"):
        feature_vector(recording, PARAMS)


@pytest.mark.parametrize("n_samples", [0, 1, 160, 511])
def test_less_than_one_window_is_refused(n_samples: int) -> None:
    with pytest.raises(ModelError, match=f"{n_samples} samples"):
        feature_vector(Recording(np.zeros(n_samples, np.uint8)), PARAMS)


@pytest.mark.parametrize(
    ("params", "key"),
    [
        ({"groups": ()}, "groups"),
        ({"groups": ("bases", "astrology")}, "astrology"),
        ({"n_bases": 0}, "n_bases"),
        ({"groups": ("bands",), "stft": StftParams(window_length=30, hop_length=15)}, "window_length"),
        ({"n_bases": 34, "stft": StftParams(window_length=64, hop_length=64)}, "n_bases"),
    ],
)
def test_parameters_this_code_does_not_have_are_refused(params: dict, key: str) -> None:
    with pytest.raises(ModelError, match=key):
        FeatureParams(**params)


def test_many_openings_have_the_features_that_each_has_alone() -> None:
    openings = [noise(seed=seed) for seed in range(70)] + list(NASTY.values())
    together = feature_matrix(openings, EVERY_GROUP)
    alone = np.stack([feature_vector(opening, EVERY_GROUP) for opening in openings])
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-4)


def test_no_opening_has_no_row() -> None:
    assert feature_matrix([], PARAMS).shape == (0, len(feature_names(PARAMS)))
