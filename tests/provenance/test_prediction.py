"""Linear prediction finds the filter that made a sound, and gives its excitation back."""

import numpy as np
import pytest
from scipy.signal import lfilter

from silentspam.provenance.prediction import FRAME, predict


def _resonant(seconds: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    excitation = np.random.default_rng(1).normal(size=round(seconds * 8000)) * 100
    return lfilter([1], [1, -1.6, 0.81], excitation), excitation


def test_the_residual_is_the_excitation():
    heard, excitation = _resonant()
    residual = predict(heard).residual
    assert np.corrcoef(residual[800:-800], excitation[800:-800])[0, 1] > 0.93


def test_the_filter_is_found_and_its_cepstrum_holds_still():
    prediction = predict(_resonant()[0])
    assert np.median(prediction.coefficients[:, 1]) == pytest.approx(-1.6, abs=0.12)
    assert np.median(prediction.cepstra[:, 0]) == pytest.approx(1.6, abs=0.12)
    assert np.median(prediction.error) < 0.3


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(50), np.zeros(800), np.full(800, 32124.0)])
def test_silence_and_what_is_short_are_predicted_too(samples):
    prediction = predict(samples)
    assert len(prediction.residual) == len(samples) // FRAME * FRAME
    assert np.isfinite(prediction.residual).all()
    assert np.isfinite(prediction.cepstra).all()
