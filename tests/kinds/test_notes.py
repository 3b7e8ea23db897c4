"""Tones of music, alarms and voices at a machine's frequency are no machine's."""

import numpy as np
import pytest

from silentspam.kinds.busy import busy
from silentspam.kinds.fax import fax
from silentspam.kinds.notes import company
from silentspam.kinds.pulses import Pulse
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
    ("third", "names"),
    [
        (1800.0, ["Bell 103 or V.22 answer"]),
        (1800.0 * 1.001, ["Bell 103 or V.22 answer"]),
        (1800.0 * 1.004, []),
        (2250 / 2 ** (1 / 3), []),
    ],
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


PULSE = Pulse(begin=0.7, end=1.2, cut_before=False, cut_after=False)
CNG = burst([1100], PULSE.begin, PULSE.end)


def beside(other: Signal, *, level: float = -13.0) -> float:
    """The company that CNG has in something else."""
    return company(heard(CNG + other, level=level), (1100,), [PULSE])


def test_the_noise_of_a_line_is_no_company_to_a_tone_of_45_below():
    """−65 dBFS of noise, in all of the band."""
    assert beside(np.zeros(N), level=-45.0) <= 0.05


@pytest.mark.parametrize(("db", "share"), [(-12.0, 0.0), (-7.0, 0.5)])
def test_company_is_nearly_as_loud(db, share):
    """Of the 1.5 s apart from CNG, 0.7 s."""
    assert beside(10 ** (db / 20) * burst([600], 1.3, 3.0)) == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize(("end", "least", "most"), [(1.26, 0.0, 0.0), (1.4, 0.05, 0.15)])
def test_what_the_windows_see_of_an_edge_is_no_company(end, least, most):
    assert least <= beside(burst([600], 1.2, end)) <= most


@pytest.mark.parametrize(("seconds", "found"), [(0.2, 1), (0.45, 0)])
def test_a_quarter_of_the_time_is_what_makes_company(seconds, found):
    """CNG that wavers by 2.5 Hz, as packets lost make it."""
    wavering = swaying(1100, 5, by_hz=2.5) * gate(N, [(PULSE.begin, PULSE.end)])
    assert len(fax(heard(wavering + 0.7 * burst([600], 1.3, 1.3 + seconds)))) == found


@pytest.mark.parametrize(("seconds", "found"), [(0.1, 1), (0.2, 0)])
def test_another_note_is_one_from_an_eighth_of_a_second_on(seconds, found):
    assert len(fax(heard(CNG + burst([1397], 0.2, 0.2 + seconds)))) == found


def swaying(hz: float, rate: float, *, by_hz: float = 0.0, by_share: float = 0.0) -> Signal:
    """A tone whose frequency goes up and down, or its amplitude."""
    sway = np.sin(2 * np.pi * rate * SECONDS)
    return gliding(hz + by_hz * sway) * (1 + by_share * sway)


@pytest.mark.parametrize(("hz", "end", "rate"), [(1100, 1.2, 5), (2100, 3.0, 3), (2250, 3.0, 3)])
@pytest.mark.parametrize(("sways", "inside", "outside"), [("by_hz", 0, 1), ("by_share", 2, 3)])
def test_in_company_a_fax_moves_in_neither_frequency_nor_level(hz, end, rate, sways, inside, outside):
    limits = (1.5, 2.5, 0.2, 0.4) if hz == 1100 else (2.5, 3.0, 0.4, 0.5)
    others, on = 0.5 * among_others(0.7, end), gate(N, [(0.7, end)])
    steady, note = (swaying(hz, rate, **{sways: limits[which]}) * on for which in (inside, outside))
    assert len(fax(heard(note))) == 1
    assert len(fax(heard(steady + others))) == 1
    assert fax(heard(note + others)) == ()


@pytest.mark.parametrize(("sways", "inside", "outside"), [("by_hz", 1.25, 1.75), ("by_share", 0.1, 0.3)])
def test_in_company_busy_moves_in_neither_frequency_nor_level(sways, inside, outside):
    on = cadenced([425], (0.25, 0.25), 0.1) != 0
    others = 0.5 * rng().standard_normal(N) * ~on
    steady, note = (swaying(425, 5, **{sways: much}) * on for much in (inside, outside))
    assert len(busy(heard(note))) == 1
    assert len(busy(heard(steady + others))) == 1
    assert busy(heard(note + others)) == ()


def test_in_company_a_pulse_does_not_stand_for_a_longer_one_that_moves():
    """The second is steady, and another note's."""
    two = swaying(2100, 3, by_hz=4.0) * gate(N, [(0.05, 1.2)]) + burst([2101], 1.5, 3.0)
    others = 0.5 * rng().standard_normal(N) * (1 - gate(N, [(0.03, 1.22), (1.48, 3.0)]))
    assert len(fax(heard(two))) == 2
    assert fax(heard(two + others)) == ()


@pytest.mark.parametrize(("overtone", "names"), [(0.0, ["answer tone"]), (0.5, [])])
def test_what_has_an_overtone_is_a_note_also_where_a_modem_has_its_guard_tone(overtone, names):
    """A6 is 1760 Hz; V.22's guard tone of 1800 Hz may come after the answer tone, and has none."""
    before = burst([1780], 0.1, 0.5) + overtone * burst([3560], 0.1, 0.5)
    assert [finding.signal for finding in fax(heard(before + burst([2093], 0.8, 3.0)))] == names
