"""Fax and modem signals: found at any level and offset, and nothing else taken for one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.audio import Recording
from silentspam.call import VerdictKind
from silentspam.kinds.fax import fax
from silentspam.kinds.sound import Sound
from silentspam.training.signals import answer_tone, at_dbm0
from tests.fakes import noise, silence
from tests.kinds.signalling import N, burst, cadenced, heard, rng

LEVELS = [-3.0, -13.0, -30.0, -45.0]
OFFSETS = [-0.015, 0.0, 0.015]


def names(sound):
    return [finding.signal for finding in fax(sound)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("offset", OFFSETS)
def test_cng_is_found_at_any_level_and_offset(level, offset):
    (finding,) = fax(heard(burst([1100], 0.7, 1.2, offset=offset), level=level))
    assert (finding.signal, finding.kind) == ("fax CNG", VerdictKind.CALLER_FAX)
    assert abs(finding.begin - 0.7) < 0.05
    assert abs(finding.end - 1.2) < 0.05
    assert finding.probability > 0.8
    assert "Hz for 0.5" in finding.reason


@pytest.mark.parametrize("begin", [-0.14, 1.64])
def test_a_burst_of_cng_that_the_opening_cuts_is_found(begin):
    (finding,) = fax(heard(burst([1100], begin, begin + 0.5)))
    assert finding.signal == "fax CNG"
    assert "(cut)" in finding.reason


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("modulated", [False, True])
@pytest.mark.parametrize("reversals", [False, True])
def test_an_answer_tone_is_found_with_and_without_reversals(level, offset, modulated, reversals):
    tone = answer_tone(N, 0.5, rng(), reversals=reversals, modulated=modulated, offset=offset)
    assert names(heard(tone, level=level)) == ["answer tone"]


@pytest.mark.parametrize(
    ("hz", "length", "signal"),
    [(1300, 0.6, "modem calling tone"), (2225, 1.5, "Bell 103 or V.22 answer")],
)
def test_the_other_steady_tones_are_named(hz, length, signal):
    assert names(heard(burst([hz], 0.3, 0.3 + length))) == [signal]


@pytest.mark.parametrize(
    ("calls", "calling"), [(1100, "fax CNG"), (1300, "modem calling tone")], ids=["CNG", "calling tone"]
)
@pytest.mark.parametrize(
    ("answers", "answer"),
    [(2100, "answer tone"), (2225, "Bell 103 or V.22 answer"), (2250, "Bell 103 or V.22 answer")],
)
def test_two_machines_on_one_line_are_no_melody(calls, calling, answers, answer):
    assert names(heard(burst([calls], 0.1, 0.6) + burst([answers], 0.9, 3.0))) == [calling, answer]
    assert names(heard(burst([answers], -1.0, 0.9) + burst([calls], 1.2, 1.7))) == [calling, answer]


@pytest.mark.parametrize("hz", [400, 1000, 1004, 1100, 1300, 1850, 2000, 2600, 3000])
def test_a_tone_of_two_seconds_is_no_fax(hz):
    assert names(heard(burst([hz], -1, 3))) == []


@pytest.mark.parametrize("ringing_hz", [(440, 480), (425,), (400, 450)])
@pytest.mark.parametrize(("hz", "seconds"), [(1100, 0.5), (2100, 3.0)])
def test_a_ring_tone_that_comes_back_hides_no_fax(ringing_hz, hz, seconds):
    ringing = at_dbm0(cadenced(ringing_hz, (), 0), -23.0)
    for k in range(15):
        signal = burst([hz], 0.1 * k, 0.1 * k + seconds)
        assert len(names(heard(signal, level=-20.0, background=ringing, seed=k))) == 1


def test_bursts_of_other_lengths_are_no_cng():
    assert names(heard(burst([1100], 0.5, 0.6))) == []
    assert names(heard(burst([1100], 0.5, 1.5))) == []


@given(st.binary(max_size=20_000))
def test_no_recording_whatever_makes_it_fail(codes):
    assert isinstance(fax(Sound(Recording(np.frombuffer(codes, dtype=np.uint8)))), tuple)


@pytest.mark.parametrize("recording", [noise(), silence(2.0), silence(2.0, 0x7E), noise(0.01), silence(0.0)])
def test_noise_and_silence_hold_nothing(recording):
    assert fax(Sound(recording)) == ()
