"""Keys and beeps: named, and of no kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.audio import Recording
from silentspam.kinds.keys import COLUMNS, KEYS, ROWS, beeps, keys
from silentspam.kinds.sound import Sound
from tests.fakes import noise, silence
from tests.kinds.signalling import burst, heard

ALL = [(KEYS[r][c], (row, column)) for r, row in enumerate(ROWS) for c, column in enumerate(COLUMNS)]


@pytest.mark.parametrize(("key", "hz"), ALL)
@pytest.mark.parametrize("offset", [-0.015, 0.0, 0.015])
def test_every_key_is_named(key, hz, offset):
    (finding,) = keys(heard(burst(hz, 0.6, 0.7, offset=offset)))
    assert (finding.signal, finding.kind) == (f"key {key}", None)


def test_keys_pressed_one_after_another_are_named_in_their_order():
    dialled = sum(burst(hz, 0.1 + 0.2 * k, 0.2 + 0.2 * k) for k, (_, hz) in enumerate(ALL[:8]))
    assert [finding.signal[-1] for finding in keys(heard(dialled))] == [key for key, _ in ALL[:8]]


@pytest.mark.parametrize("hz", [(697,), (440, 480), (697, 1100), (480, 620), (350, 440), (650, 1209)])
def test_other_tones_are_no_keys(hz):
    assert keys(heard(burst(hz, 0.6, 0.8))) == ()


@pytest.mark.parametrize(
    ("begin", "end", "signal"), [(0.5, 0.9, "beep"), (1.2, 3, "beep"), (-1, 3, "steady tone")]
)
def test_a_single_tone_is_a_beep_or_a_steady_tone(begin, end, signal):
    (finding,) = beeps(heard(burst([1000], begin, end)))
    assert (finding.signal, finding.kind) == (signal, None)


@pytest.mark.parametrize("hz", [(1100,), (1209, 697)])
def test_what_is_another_signal_is_no_beep(hz):
    assert beeps(heard(burst(hz, 0.5, 1.0))) == ()


@given(st.binary(max_size=20_000))
def test_no_recording_whatever_makes_them_fail(codes):
    sound = Sound(Recording(np.frombuffer(codes, dtype=np.uint8)))
    assert isinstance(keys(sound) + beeps(sound), tuple)


@pytest.mark.parametrize("recording", [noise(), silence(2.0), silence(2.0, 0x7E), noise(0.01), silence(0.0)])
def test_noise_and_silence_hold_nothing(recording):
    assert keys(Sound(recording)) + beeps(Sound(recording)) == ()
