"""Every codec: the same contract, its library's absence, and what it does below the auditory threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.audio import decode_ulaw, encode_ulaw
from silentspam.errors import AudioError
from silentspam.training.codecs import CODEC_NAMES, CodecUnavailableError, frames_of, open_codec
from silentspam.training.codecs.concealment import WaveformReplication
from silentspam.training.codecs.g711 import MuLawEncoder, encode_mu_law
from silentspam.training.libraries import load_library

RATE = 8000


def voice(seconds=1.0):
    """A voiced sound: pulses at 125 Hz through two resonances."""
    t = np.arange(int(seconds * RATE))
    pulses = (t % 64 == 0).astype(float)
    ring = np.exp(-np.arange(60) / 15) * (np.sin(0.4 * np.arange(60)) + np.sin(1.1 * np.arange(60)))
    return (8000 * np.convolve(pulses, ring)[: len(t)]).astype(np.int16)


def none_lost(codec, n):
    return np.zeros(frames_of(n, codec.frame_samples), dtype=bool)


@pytest.fixture(params=CODEC_NAMES)
def codec(request, codec_folders):
    try:
        return open_codec(request.param, folders=codec_folders)
    except CodecUnavailableError as error:
        pytest.skip(str(error))


def test_gives_as_many_samples_as_it_was_sent(codec):
    for n in (0, 1, 1234, 8000):
        heard = codec.transmit(voice()[:n], none_lost(codec, n))
        assert heard.dtype == np.int16
        assert heard.shape == (n,)


def test_carries_a_voice(codec):
    sent = voice().astype(float)
    heard = codec.transmit(voice(), none_lost(codec, RATE)).astype(float)
    correlation = np.correlate(heard, sent, "full") / np.linalg.norm(heard) / np.linalg.norm(sent)
    assert correlation.max() > 0.6


def test_each_call_starts_afresh(codec):
    first = codec.transmit(voice(), none_lost(codec, RATE))
    second = codec.transmit(voice(), none_lost(codec, RATE))
    np.testing.assert_array_equal(first, second)


def test_a_lost_packet_changes_what_follows_and_nothing_before(codec):
    lost = none_lost(codec, RATE)
    middle = len(lost) // 2
    lost[middle : middle + 2] = True
    whole = codec.transmit(voice(), none_lost(codec, RATE))
    broken = codec.transmit(voice(), lost)
    at = middle * codec.frame_samples
    # spandsp smooths the seam with a few milliseconds of history; every other codec is exact before a loss.
    np.testing.assert_array_equal(broken[: at - codec.frame_samples], whole[: at - codec.frame_samples])
    assert (broken[at:] != whole[at:]).any()


def test_a_long_loss_fades_away(codec):
    lost = none_lost(codec, 2 * RATE)
    lost[len(lost) // 4 :] = True
    heard = codec.transmit(voice(2.0), lost).astype(float)
    quarter = len(heard) // 4
    assert np.abs(heard[-quarter:]).mean() < 0.5 * np.abs(heard[:quarter]).mean()


def test_digital_silence_stays_below_the_second_step(codec):
    heard = codec.transmit(np.zeros(RATE, dtype=np.int16), none_lost(codec, RATE))
    assert np.abs(heard).max() <= 16


def test_a_mask_of_another_length_is_refused(codec):
    with pytest.raises(AudioError, match="loss mask"):
        codec.transmit(voice(), np.zeros(3, dtype=bool))


def test_an_unknown_codec_is_refused_with_the_known_ones():
    with pytest.raises(AudioError, match="g711u"):
        open_codec("g722")


def test_an_absent_library_names_its_debian_package(tmp_path):
    with pytest.raises(CodecUnavailableError, match="Debian package libnothing1"):
        load_library("libnothing.so.99", package="libnothing1", folders=[tmp_path])


@given(st.lists(st.integers(-32767, 32767), min_size=1, max_size=200))
def test_every_mu_law_encoder_is_within_one_step(values):
    samples = np.array(values, dtype=np.int16)
    exact = decode_ulaw(encode_ulaw(samples)).astype(int)
    for encoder in MuLawEncoder:
        heard = decode_ulaw(encode_mu_law(samples, encoder)).astype(int)
        assert (np.abs(heard - exact) <= 0.07 * np.abs(exact) + 8).all()


def test_encoders_disagree_near_zero_as_in_the_field():
    near = np.array([-4, -1, 0, 1, 4], dtype=np.int16)
    assert encode_mu_law(near, MuLawEncoder.SIGN_MAGNITUDE).tolist() == [0x7E, 0x7F, 0xFF, 0xFF, 0xFE]
    assert encode_mu_law(near, MuLawEncoder.ONE_ZERO).tolist() == [0x7E, 0xFF, 0xFF, 0xFF, 0xFE]
    assert encode_mu_law(near, MuLawEncoder.SHIFTING).tolist() == [0x7E, 0x7E, 0xFF, 0xFF, 0xFE]


def test_waveform_replication_goes_on_with_the_pitch_then_falls_silent():
    t = np.arange(RATE)
    tone = (10000 * np.sin(2 * np.pi * t / 80)).astype(np.int16)
    decoder = WaveformReplication()
    for at in range(0, 800, 160):
        decoder.receive(tone[at : at + 160])
    first = decoder.conceal(160)
    np.testing.assert_allclose(first[:80], tone[800:880], atol=300)
    rest = np.concatenate([decoder.conceal(160) for _ in range(4)])
    assert not rest[-160:].any()
