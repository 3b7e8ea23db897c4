"""The spectrogram against the formula itself and against scipy."""

import numpy as np
import pytest
from scipy.signal import stft

from silentspam.errors import ModelError
from silentspam.spectrum import StftParams, magnitude_spectrogram
from tests.fakes import noise, tone


def equation_1(samples: np.ndarray, window_length: int, hop_length: int) -> np.ndarray:
    """X(k, n) = |Σ w(l)·x(l + n·h)·exp(−2πi·l·k/W)|, as it stands in Orife et al. 2018, summed by hand."""
    steps = np.arange(window_length)
    window = np.sin(np.pi * steps / window_length) ** 2
    kernel = np.exp(-2j * np.pi * np.outer(np.arange(window_length // 2 + 1), steps) / window_length)
    starts = range(0, len(samples) - window_length + 1, hop_length)
    return np.array([np.abs(kernel @ (window * samples[s : s + window_length])) for s in starts]).T


@pytest.mark.parametrize(("window_length", "hop_length"), [(512, 256), (64, 64), (64, 17), (8, 1), (2, 1)])
def test_it_is_equation_1_summed_by_hand(window_length: int, hop_length: int) -> None:
    samples = noise(0.2).samples
    params = StftParams(window_length=window_length, hop_length=hop_length)
    ours = magnitude_spectrogram(samples, params)
    assert ours.shape == (params.n_bins, params.n_frames(len(samples)))
    np.testing.assert_allclose(ours, equation_1(samples.astype(float), window_length, hop_length), atol=1e-12)


def test_it_equals_scipy() -> None:
    samples = tone(2.0).samples.astype(float)
    _, _, theirs = stft(samples, nperseg=512, noverlap=256, window="hann", boundary=None, padded=False)
    ours = magnitude_spectrogram(tone(2.0).samples, StftParams())
    np.testing.assert_allclose(ours, np.abs(theirs) * 256, atol=1e-6)


def test_a_tone_stands_in_its_bin() -> None:
    spectrogram = magnitude_spectrogram(tone(hz=1000.0).samples, StftParams())
    assert set(spectrogram.argmax(axis=0)) == {1000 * 512 // 8000}


def test_two_seconds_give_the_papers_shape() -> None:
    assert magnitude_spectrogram(noise(2.0).samples, StftParams()).shape == (257, 61)


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 0), (511, 0), (512, 1), (767, 1), (768, 2)])
def test_only_whole_windows_count(n_samples: int, n_frames: int) -> None:
    assert StftParams().n_frames(n_samples) == n_frames


@pytest.mark.parametrize("n_samples", [0, 1, 511])
def test_less_than_a_window_is_a_model_error(n_samples: int) -> None:
    with pytest.raises(ModelError, match=f"{n_samples} samples"):
        magnitude_spectrogram(np.zeros(n_samples, np.float32), StftParams())


@pytest.mark.parametrize(
    ("window_length", "hop_length", "key"),
    [
        (0, 1, "window_length"),
        (511, 256, "window_length"),
        (-512, 256, "window_length"),
        (512, 0, "hop_length"),
        (512, 513, "hop_length"),
    ],
)
def test_impossible_parameters_are_refused_by_name(window_length: int, hop_length: int, key: str) -> None:
    with pytest.raises(ModelError, match=key):
        StftParams(window_length=window_length, hop_length=hop_length)
