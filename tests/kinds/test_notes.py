"""Tones of music, alarms and voices at a machine's frequency are no machine's."""

import numpy as np
import pytest

from silentspam.kinds.busy import busy
from silentspam.kinds.fax import fax
from silentspam.training.noise import Signal
from silentspam.training.signals import gate
from tests.kinds.signalling import N, burst, cadenced, heard, rng

SECONDS = np.arange(N) / 8000


def gliding(hz: Signal) -> Signal:
    return np.sin(2 * np.pi * np.cumsum(hz) / 8000)


@pytest.mark.parametrize(("hz", "end"), [(1100, 1.0), (1300, 1.1), (2100, 3.0), (2225, 3.0)])
@pytest.mark.parametrize("ratio", [0.5, 1.5, 3.0])
def test_a_note_with_an_overtone_is_no_fax(hz, end, ratio):
    if hz * ratio < 3600:
        assert fax(heard(burst([hz], 0.5, end) + 0.4 * burst([hz * ratio], 0.5, end))) == ()


@pytest.mark.parametrize(("hz", "end"), [(1100, 1.7), (2093, 3.0)])
def test_a_note_of_a_melody_is_no_fax(hz, end):
    melody = burst([1397], 0.1, 0.4) + burst([1245], 0.45, 0.8) + burst([hz], 1.2, end)
    assert fax(heard(melody)) == ()


def test_cng_does_not_come_again_at_once():
    assert fax(heard(burst([1100], 0.1, 0.6) + burst([1100], 0.9, 1.4))) == ()


@pytest.mark.parametrize("hz", [2100, 2225, 2250])
def test_a_beep_that_begins_and_ends_in_the_opening_is_no_answer(hz):
    assert fax(heard(burst([hz], 0.4, 1.0))) == ()


@pytest.mark.parametrize("hz", [2100.0, 2237.0])
def test_an_alarm_that_rises_and_falls_is_no_answer(hz):
    assert fax(heard(gliding(hz + 40 * np.sin(2 * np.pi * 1.5 * SECONDS)))) == ()


def test_a_voice_in_the_time_of_a_torn_cadence_is_not_busy():
    """Its pitch moves, and it has overtones; each word is pure for a moment."""
    cadence = cadenced([425], (0.25, 0.25), 0.1) != 0
    voice = gliding(425 + 25 * np.sin(2 * np.pi * 4 * SECONDS)) + 0.3 * gliding(
        850 + 50 * np.sin(2 * np.pi * 4 * SECONDS)
    )
    words = voice * cadence * gate(N, [(0.1, 1.2), (1.35, 2.0)])
    assert busy(heard(words)) == ()


@pytest.mark.parametrize(
    ("third", "names"), [(1800.0, ["Bell 103 or V.22 answer"]), (2250 / 2 ** (1 / 3), [])]
)
def test_a_guard_tone_is_where_the_standard_has_it_and_not_a_tempered_third_below(third, names):
    both = burst([2250], 0.3, 3.0) + 0.5 * burst([third], 0.3, 3.0)
    assert [finding.signal for finding in fax(heard(both))] == names


def among_others(begin: float, end: float) -> Signal:
    """Noise as loud as a tone, but for the time of the tone: what else a piece of music is."""
    return rng().standard_normal(N) * (1 - gate(N, [(begin - 0.02, end + 0.02)]))


@pytest.mark.parametrize(("hz", "begin", "end"), [(1100, 0.7, 1.2), (2100, 0.7, 3.0), (2250, 0.7, 3.0)])
def test_among_other_sounds_only_what_hardly_moves_is_a_fax(hz, begin, end):
    """A note swells and its pitch wavers; alone on a line that may be what packets lost made of a tone."""
    steady, others = burst([hz], begin, end), among_others(begin, end)
    note = gliding(hz + 5 * np.sin(2 * np.pi * 5 * SECONDS)) * gate(N, [(begin, end)])
    assert fax(heard(steady + 0.5 * others)) != ()
    assert fax(heard(note)) != ()
    assert fax(heard(note + 0.5 * others)) == ()


def test_among_other_sounds_only_what_hardly_moves_is_busy():
    on = cadenced([425], (0.25, 0.25), 0.1) != 0
    sway = gliding(425 + 2.5 * np.sin(2 * np.pi * 4 * SECONDS)) * on
    others = 0.5 * rng().standard_normal(N) * ~on
    assert busy(heard(cadenced([425], (0.25, 0.25), 0.1) + others)) != ()
    assert busy(heard(sway)) != ()
    assert busy(heard(sway + others)) == ()


@pytest.mark.parametrize(("overtone", "names"), [(0.0, ["answer tone"]), (0.5, [])])
def test_what_has_an_overtone_is_a_note_also_where_a_modem_has_its_guard_tone(overtone, names):
    """A6 is 1760 Hz; V.22's guard tone of 1800 Hz may come after the answer tone, and has none."""
    before = burst([1780], 0.1, 0.5) + overtone * burst([3560], 0.1, 0.5)
    assert [finding.signal for finding in fax(heard(before + burst([2093], 0.8, 3.0)))] == names
