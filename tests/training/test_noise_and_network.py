"""Sums of sounds have the levels they are asked for; losses have their share; chains end in mu-law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.training import noise
from silentspam.training.codecs import open_codec
from silentspam.training.network import Chain, Gap, Loss, MuLawEncoder, draw_chain, quantised


def level(signal):
    return 20 * np.log10(noise.rms(signal))


@given(st.integers(0, 2**32 - 1), st.floats(-90, -10))
def test_shaped_noise_has_its_level(seed, dbfs):
    rng = np.random.default_rng(seed)
    signal = noise.at_level(noise.shaped_noise(4000, noise.draw_shape(rng), rng), dbfs)
    assert level(signal) == pytest.approx(dbfs, abs=0.01)


def test_a_band_is_kept():
    shape = noise.NoiseShape(low_cut=300, high_cut=3400, order=8)
    power = np.abs(np.fft.rfft(noise.shaped_noise(16000, shape, np.random.default_rng(1)))) ** 2
    hertz = np.fft.rfftfreq(16000, 1 / 8000)
    assert power[(hertz > 500) & (hertz < 3000)].mean() > 100 * power[hertz < 200].mean()


def test_silence_stays_silence():
    assert not noise.at_level(np.zeros(10), -20).any()


def test_clicks_reach_their_peak():
    signal = noise.clicks(16000, 5, -50, 1500, np.random.default_rng(3))
    assert 20 * np.log10(np.abs(signal).max()) == pytest.approx(-50, abs=8)


def test_an_onset_decays():
    signal = noise.onset(8000, -40, 0.02, 100, 0.05)
    assert not signal[:399].any()
    assert np.abs(signal[400:800]).max() == pytest.approx(noise.amplitude(-40), rel=0.05)
    assert np.abs(signal[4000:]).max() < 1e-6


def test_losses_have_their_share_and_their_bursts():
    lost = Loss(share=0.1, burst=2.0).draw(200_000, np.random.default_rng(5))
    assert lost.mean() == pytest.approx(0.1, abs=0.01)
    bursts = (np.diff(lost.astype(int)) == 1).sum()
    assert lost.sum() / bursts == pytest.approx(2.0, abs=0.1)


def test_no_loss_loses_nothing():
    assert not Loss().draw(1000, np.random.default_rng(5)).any()


def chain(**changes):
    plain = {
        "codecs": ("g711a",),
        "losses": (Loss(),),
        "encoder": MuLawEncoder.SIGN_MAGNITUDE,
        "last_loss": Loss(),
        "gap": Gap.SILENCE,
    }
    return Chain(**(plain | changes))


def test_a_chain_ends_in_mu_law_codes():
    codes = chain().send(np.zeros(1600), {"g711a": open_codec("g711a")}, np.random.default_rng(0))
    assert codes.dtype == np.uint8
    assert codes.shape == (1600,)
    assert chain().name == "g711a+g711u"


def test_a_gap_is_silence_or_makes_the_recording_shorter():
    signal = 0.1 * np.sin(np.arange(16000))
    codecs = {"g711a": open_codec("g711a")}
    lossy = Loss(share=0.2, burst=1.5)
    silent = chain(last_loss=lossy).send(signal, codecs, np.random.default_rng(1))
    shorter = chain(last_loss=lossy, gap=Gap.SHORTER).send(signal, codecs, np.random.default_rng(1))
    assert len(silent) == 16000
    assert len(shorter) < 16000
    assert (silent == 0xFF).sum() >= 16000 - len(shorter)


def test_samples_are_clipped_not_wrapped():
    assert quantised(np.array([2.0, -2.0, 0.0])).tolist() == [32767, -32768, 0]


@given(st.integers(0, 2**32 - 1))
def test_chains_hold_only_the_codecs_that_are_there(seed):
    names = ("g711u", "g711a", "gsm")
    drawn = draw_chain(names, np.random.default_rng(seed))
    assert set(drawn.codecs) <= set(names)
    assert drawn == draw_chain(names, np.random.default_rng(seed))
