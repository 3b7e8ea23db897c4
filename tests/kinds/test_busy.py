"""Call-progress signals: every row of the table from any moment on, and no tone taken for one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.audio import Recording
from silentspam.call import VerdictKind
from silentspam.kinds.busy import busy
from silentspam.kinds.cadences import CADENCES, DIAL, RINGBACK, SIT_HZ, UNOBTAINABLE
from silentspam.kinds.fax import fax
from silentspam.kinds.sound import Sound
from silentspam.training.signals import at_dbm0
from tests.fakes import noise, silence
from tests.kinds.signalling import burst, cadenced, heard

QUICK = [row for row in CADENCES if row.signal not in (RINGBACK, DIAL, UNOBTAINABLE)]
STEADY = [row for row in CADENCES if not row.pattern]
RINGING = [row for row in CADENCES if row.signal == RINGBACK]


def name(row):
    return f"{row.region}-{row.signal}-{row.pattern}"


@pytest.mark.parametrize("row", QUICK, ids=name)
@pytest.mark.parametrize("offset", [-0.015, 0.0, 0.015])
def test_a_quick_cadence_is_found_from_any_moment_on(row, offset):
    for share in np.linspace(0, 0.95, 8):
        (finding,) = busy(heard(cadenced(row.hz, row.pattern, -share * sum(row.pattern), offset=offset)))
        assert finding.kind is VerdictKind.CALLER_BUSY
        assert finding.signal.split(" (")[0] in ("busy", "congestion", "reorder")


@pytest.mark.parametrize("row", QUICK, ids=name)
def test_a_quick_cadence_is_found_at_any_level(row):
    for level in (-3, -30, -45):
        assert busy(heard(cadenced(row.hz, row.pattern, -0.1), level=level))


@pytest.mark.parametrize("row", RINGING, ids=name)
def test_ringback_is_named_and_speaks_for_no_kind(row):
    """It may be the echo of the ring tone that the caller hears while we listen."""
    (finding,) = busy(heard(cadenced(row.hz, row.pattern, 0.2)))
    assert (finding.signal, finding.kind) == (f"ringback ({row.region})", None)


@pytest.mark.parametrize("row", STEADY, ids=name)
def test_only_a_pair_of_steady_tones_speaks_for_spam(row):
    (finding,) = busy(heard(cadenced(row.hz, (), 0)))
    assert finding.signal.startswith(("dial tone", UNOBTAINABLE))
    assert (finding.kind is VerdictKind.CALLER_BUSY) == (len(row.hz) == 2)


@pytest.mark.parametrize("start", [-0.1, 0.0, 0.6, 1.05])
@pytest.mark.parametrize("offset", [-0.015, 0.0, 0.015])
@pytest.mark.parametrize("hz", [SIT_HZ, (913.8, 1370.6, 1776.7), (985.2, 1428.5, 1776.7)])
def test_special_information_is_found_where_it_lies_in_the_opening(start, offset, hz):
    three = sum(
        burst([one], start + 0.33 * k, start + 0.33 * (k + 1), offset=offset) for k, one in enumerate(hz)
    )
    (finding,) = busy(heard(three))
    assert (finding.signal, finding.kind) == ("special information", VerdictKind.CALLER_BUSY)


@pytest.mark.parametrize("hz", [[1000], [1100], [2100], [697, 1209], [600]])
def test_other_tones_are_not_busy(hz):
    assert busy(heard(burst(hz, 0.2, 0.9))) == ()
    assert busy(heard(burst(hz, -1, 3))) == ()


@pytest.mark.parametrize("hz", range(300, 3400, 35))
def test_one_steady_tone_is_neither_busy_nor_fax_but_at_an_answer_tone(hz):
    steady = heard(burst([hz], -1, 3))
    kinds = {finding.kind for finding in (*busy(steady), *fax(steady))} - {None}
    answers = abs(hz - 2100) <= 36 or abs(hz - 2237) <= 47
    assert kinds == ({VerdictKind.CALLER_FAX} if answers else set())


@pytest.mark.parametrize("lost", [(0.2, 0.35), (0.4, 0.55), (0.55, 0.7), (1.2, 1.35), (1.4, 1.55)])
def test_busy_is_known_by_its_edges_where_packets_took_some(lost):
    """It sounds from 0.2 to 0.7 and from 1.2 to 1.7 [s]."""
    line = cadenced([425], (0.5, 0.5), 0.2)
    line[round(8000 * lost[0]) : round(8000 * lost[1])] = 0
    (finding,) = busy(heard(line))
    assert finding.kind is VerdictKind.CALLER_BUSY


@pytest.mark.parametrize("missing", range(3))
def test_two_tones_of_special_information_are_enough_where_the_third_left_its_frequency(missing):
    three = sum(
        burst([hz], 0.4 + 0.33 * k, 0.4 + 0.33 * (k + 1)) * (0.15 if k == missing else 1.0)
        for k, hz in enumerate(SIT_HZ)
    )
    background = 0.002 * np.random.default_rng(1).standard_normal(len(three))
    (finding,) = busy(heard(three, background=background))
    assert finding.signal == "special information"


@pytest.mark.parametrize("hz", [SIT_HZ[:2], SIT_HZ[1:]])
def test_two_tones_without_a_trace_of_the_third_are_no_special_information(hz):
    two = sum(burst([one], 0.4 + 0.33 * k, 0.4 + 0.33 * (k + 1)) for k, one in enumerate(hz))
    assert busy(heard(two)) == ()


def found_in_ringing(ringing_hz, level, hz, pattern):
    """In how many of 15 openings busy at −20 dBm0 is found above a ring tone without end, at `level`."""
    ringing = at_dbm0(cadenced(ringing_hz, (), 0), level)
    starts = [-sum(pattern) * k / 15 for k in range(15)]
    lines = [
        heard(cadenced(hz, pattern, start), level=-20, background=ringing, seed=k)
        for k, start in enumerate(starts)
    ]
    return sum(any(finding.kind for finding in busy(line)) for line in lines)


@pytest.mark.parametrize("ringing_hz", [(440, 480), (425,), (400, 450)])
@pytest.mark.parametrize(("hz", "pattern"), [((480, 620), (0.5, 0.5)), ((425,), (0.5, 0.5))])
def test_busy_is_found_where_the_ring_tone_comes_back_40_db_below(ringing_hz, hz, pattern):
    """Louder echoes hide it: docs/signals.md has the counts."""
    assert found_in_ringing(ringing_hz, -60.0, hz, pattern) == 15


@pytest.mark.parametrize("seconds", [0.7, 0.75])
def test_a_general_cadence_is_believed_up_to_the_longest_quick_period(seconds):
    """China's congestion and India's busy are longer; of those a piece may pass for ringback, of no kind."""
    slow = [busy(heard(cadenced([425], (seconds, seconds), -0.1 * k))) for k in range(15)]
    assert {finding.kind for found in slow for finding in found} == {None}


def test_pulses_that_keep_no_time_are_not_busy():
    irregular = burst([425], 0.1, 0.3) + burst([425], 0.45, 0.95) + burst([425], 1.6, 1.7)
    assert busy(heard(irregular)) == ()


@given(st.binary(max_size=20_000))
def test_no_recording_whatever_makes_it_fail(codes):
    assert isinstance(busy(Sound(Recording(np.frombuffer(codes, dtype=np.uint8)))), tuple)


@pytest.mark.parametrize("recording", [noise(), silence(2.0), silence(2.0, 0x7E), noise(0.01), silence(0.0)])
def test_noise_and_silence_hold_nothing(recording):
    assert busy(Sound(recording)) == ()
