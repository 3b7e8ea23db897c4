"""The vector of a call: every figure named, finite whatever is heard, and mostly deaf to loudness."""

import numpy as np
import pytest

from silentspam.audio import Recording, encode_ulaw
from silentspam.provenance import codes, colour, excitation
from silentspam.provenance.features import LONGEST_SECONDS, SHORTEST_SECONDS, VERSION, measure, names
from silentspam.provenance.residual import residual
from tests.provenance.sounds import RATE, voice

RNG = np.random.default_rng(8)
NOISE = RNG.normal(size=10 * RATE) * 2000


def _recording(samples) -> Recording:
    return Recording(encode_ulaw(np.clip(np.round(samples), -32768, 32767).astype(np.int16)))


def _figures(module, figures) -> dict[str, float]:
    return dict(zip(module.names(), figures, strict=True))


def test_every_entry_has_a_name_of_its_own() -> None:
    measures = measure(Recording(voice(5)))
    assert VERSION == 1
    assert len(names()) == len(set(names())) == len(measures.vector)
    assert measures.vector.dtype == np.float32


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(4 * RATE),
        np.full(4 * RATE, 8.0),
        8000 * np.sin(np.arange(4 * RATE) * 0.7),
        NOISE[: 4 * RATE],
        np.sign(NOISE[: 4 * RATE]) * 32000,
        NOISE[: int(SHORTEST_SECONDS * RATE)],
    ],
    ids=["silence", "one code", "tone", "noise", "clipped", "half a second"],
)
def test_figures_are_finite_whatever_is_heard(samples) -> None:
    assert np.isfinite(measure(_recording(samples)).vector).all()


def test_a_fifth_of_a_second_tells_nothing() -> None:
    assert measure(_recording(NOISE[:1600])) is None
    assert measure(_recording(np.zeros(0))) is None


def test_of_a_long_call_the_first_minute_is_measured() -> None:
    minute = voice(LONGEST_SECONDS)
    longer = Recording(np.concatenate([minute, minute[::-1]]))
    assert np.array_equal(measure(longer).vector, measure(Recording(minute)).vector)


def test_loudness_moves_no_colour_and_no_periodicity() -> None:
    soft, loud = NOISE / 2, NOISE * 4
    for module, figures in (
        (colour, [colour.colour(one) for one in (soft, loud)]),
        (excitation, [excitation.excitation(one, residual(one)) for one in (soft, loud)]),
    ):
        assert len(module.names()) == len(figures[0])
        assert np.allclose(*figures, rtol=0.02, atol=0.02)


def test_a_band_that_is_cut_off_shows_in_the_colour() -> None:
    spectrum = np.fft.rfft(NOISE)
    spectrum[int(len(spectrum) * 3400 / 4000) :] = 0
    cut = _figures(colour, colour.colour(np.fft.irfft(spectrum)))
    assert cut["colour_loud_60"] < cut["colour_loud_40"] - 30


def test_a_tandem_with_another_law_leaves_codes_empty() -> None:
    coarse = np.round(NOISE / 64) * 64
    heard, fine = _recording(coarse), _recording(NOISE)
    empty = [
        _figures(codes, codes.code_figures(one.codes, one.linear.astype(float)))["codes_in_use"]
        for one in (heard, fine)
    ]
    assert empty[0] < empty[1]


def test_pulses_have_a_larger_kurtosis_than_noise() -> None:
    pulses = np.where(np.arange(len(NOISE)) % 80 == 0, 20000.0, 0.0) + NOISE / 50
    sharp, flat = (_figures(excitation, excitation.excitation(one, residual(one))) for one in (pulses, NOISE))
    assert sharp["excitation_kurtosis_0.5"] > 3 * flat["excitation_kurtosis_0.5"]


def test_what_a_coder_makes_of_a_quiet_room_is_not_drowned_by_speech() -> None:
    loud = np.arange(len(NOISE)) // RATE % 2 == 0
    pulses = np.where(np.arange(len(NOISE)) % 5 == 0, np.sign(NOISE) * 300, NOISE / 500)
    rooms = [np.where(loud, NOISE, quiet) for quiet in (pulses, NOISE / 20)]
    sharp, flat = (
        dict(zip(excitation.quiet_names(), excitation.quiet_excitation(residual(one)), strict=True))
        for one in rooms
    )
    assert sharp["quiet_size_lag_5"] > flat["quiet_size_lag_5"] + 0.2
    assert sharp["quiet_kurtosis_0.5"] > flat["quiet_kurtosis_0.5"]
