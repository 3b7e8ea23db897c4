"""The lab's mu-law: what a caller plays is what the table says."""

import numpy as np

from lab import audio

MINUS_ZERO = 0x7F


def test_every_code_but_minus_zero_survives_decoding_and_encoding() -> None:
    codes = np.array([code for code in range(256) if code != MINUS_ZERO], np.uint8)
    assert np.array_equal(audio.encode(audio.decode(codes)), codes)


def test_zero_is_plus_zero() -> None:
    assert audio.encode(np.zeros(3, np.int16)).tolist() == [0xFF] * 3


def test_the_encoder_takes_the_nearest_level() -> None:
    samples = np.arange(-32_768, 32_768, dtype=np.int32)
    levels = np.unique(audio.DECODER).astype(np.int32)
    nearest = np.min(np.abs(samples[::97, None] - levels[None, :]), axis=1)
    encoded = audio.decode(audio.encode(samples[::97].astype(np.int16))).astype(np.int32)
    assert np.array_equal(np.abs(encoded - samples[::97]), nearest)


def test_the_smallest_step_is_72_dbfs_down() -> None:
    assert round(audio.level(np.full(100, 8, np.int16)), 1) == -72.2


def test_scaling_to_a_level_gives_that_level() -> None:
    noise = np.random.default_rng(0).normal(0, 100, 8000)
    assert abs(audio.level(audio.at_level(noise, -40.0)) + 40.0) < 1e-6
