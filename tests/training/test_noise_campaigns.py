"""Campaigns of noise: what each family sounds like, at its level; what is heard of misread octets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.audio import decode_ulaw
from silentspam.training import noise
from silentspam.training.codecs.g711 import encode_a_law
from silentspam.training.libraries import CodecUnavailableError
from silentspam.training.modulation import MODEMS, Modem, Multicarrier, root_raised_cosine
from silentspam.training.noise_campaigns import Material, Misread, NoiseFamily, draw_noise_campaign, keystream
from silentspam.training.noise_sources import BandLimited, BrokenCircuit, Bursts, Coloured, Pumping, Radio
from silentspam.training.payloads import Payloads, pcm_octets

N = 8000
SOURCES = (Coloured, BandLimited, BrokenCircuit, Bursts, Radio, Pumping, Modem, Multicarrier)


def tune(n, rng):
    return 0.2 * np.sin(2 * np.pi * rng.uniform(150, 300) * np.arange(n) / 8000)


@pytest.fixture(scope="module")
def payloads(codec_folders):
    try:
        return Payloads(codec_folders)
    except CodecUnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("kind", SOURCES)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(400, N))
@settings(max_examples=10)
def test_a_source_gives_as_many_finite_samples_as_asked_and_never_silence(kind, seed, n):
    rng = np.random.default_rng(seed)
    sound = kind.draw(rng).sound(n, rng)
    assert sound.shape == (n,)
    assert np.isfinite(sound).all()
    assert noise.rms(sound) > 1e-3


@pytest.mark.parametrize("modem", MODEMS, ids=lambda modem: f"{modem[0]:g} baud at {modem[1]:g} Hz")
def test_a_modem_fills_its_band_and_nothing_else(modem):
    rate, carrier, roll_off = modem
    source = Modem(rate=rate, carrier=carrier, roll_off=roll_off, offset=0, side=4, echo=-np.inf)
    power = np.abs(np.fft.rfft(source.sound(4 * N, np.random.default_rng(2)))) ** 2
    hertz = np.fft.rfftfreq(4 * N, 1 / 8000)
    reach = rate * (1 + roll_off) / 2 * 1.05
    assert power[np.abs(hertz - carrier) <= reach].sum() > 0.98 * power.sum()


def test_a_pulse_of_root_raised_cosine_has_no_holes_where_its_formula_has():
    t = np.array([0.0, 1 / (4 * 0.25), -1 / (4 * 0.25)])
    at, beside = root_raised_cosine(t, 0.25), root_raised_cosine(t + 1e-3, 0.25)
    assert np.isfinite(at).all()
    assert at == pytest.approx(beside, abs=5e-3)


def test_octets_of_linear_samples_are_in_network_order():
    assert pcm_octets(np.array([0x0102], dtype=np.int16), big_endian=True).tolist() == [1, 2]
    assert pcm_octets(np.array([0x0102], dtype=np.int16), big_endian=False).tolist() == [2, 1]


def test_misread_octets_are_loud_and_gapped_ones_have_gaps(payloads):
    rng = np.random.default_rng(4)
    whole = Misread(encode=payloads.encoders["g729"], voice=tune, gapped=False).sound(N, rng)
    gapped = Misread(encode=payloads.encoders["g729"], voice=tune, gapped=True).sound(N, rng)
    assert 20 * np.log10(noise.rms(whole)) > -25
    assert np.mean(gapped == 0) == pytest.approx(1 - 20 / 160, abs=0.02)


def test_a_keystream_uses_every_code_evenly():
    levels = np.unique(keystream(100_000, np.random.default_rng(0)))
    assert len(levels) == 255  # +0 and −0 are one sample


@pytest.mark.parametrize("name", ["gsm", "g729", "amr"])
def test_chance_through_a_decoder_sounds(payloads, name):
    heard = payloads.decoders[name](N, np.random.default_rng(1))
    assert heard.shape == (N,)
    assert heard.std() > 100


@pytest.mark.parametrize("family", list(NoiseFamily))
def test_a_campaign_is_the_same_for_the_same_chance_and_has_its_level(payloads, family):
    material = Material(codecs=("g711u", "g711a"), payloads=payloads, voice=tune)
    one, two = (draw_noise_campaign("x", family, material, np.random.default_rng(7)) for _ in range(2))
    sounds = [campaign.signal(N, np.random.default_rng(8)) for campaign in (one, two)]
    assert np.array_equal(*sounds)
    if one.level is not None:
        assert 20 * np.log10(noise.rms(sounds[0])) == pytest.approx(one.level, abs=5 * one.level_spread)


def test_every_a_law_code_is_the_nearest_one():
    samples = np.arange(-32768, 32768, 7).astype(np.int16)
    codes = encode_a_law(samples)
    assert codes[len(codes) // 2] in (0xD5, 0x55)  # ITU-T G.711, table 1: the smallest steps
    assert np.abs(decode_ulaw(codes)).max() > 8000
