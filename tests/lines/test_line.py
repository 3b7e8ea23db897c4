"""One line: what speaks for and against it, and the state that follows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.lines.line import MEAN_OF, NUMBERS_KEPT, Line, LineOrigin, merged, people_share_bound
from silentspam.verdict import LineState


def a_line(**known: object) -> Line:
    values: dict = {"mean": np.zeros(2), "count": 1, "first_seen": 0.0, "last_seen": 0.0}
    return Line(line_id="1", space_id="s", origin=LineOrigin.CHALLENGE, **(values | known))


def test_a_failed_challenge_makes_it_active() -> None:
    line = a_line().failed_by(np.array([2.0, 0.0]), 7, 5.0)
    assert (line.state, line.failed, line.count, line.last_seen) == (LineState.ACTIVE, 1, 2, 5.0)
    assert line.numbers == {7}
    assert line.mean.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("failed", "passed", "state"),
    [
        (0, 0, LineState.CANDIDATE),
        (1, 0, LineState.ACTIVE),
        (1, 1, LineState.SUSPENDED),
        (50, 1, LineState.ACTIVE),
        (50, 5, LineState.SUSPENDED),
        (1000, 40, LineState.ACTIVE),
        (1000, 70, LineState.SUSPENDED),
    ],
)
def test_people_on_a_line_suspend_it(failed: int, passed: int, state: LineState) -> None:
    assert a_line(failed=failed, passed=passed).judged().state is state


def test_a_caller_who_passes_often_counts_once_and_one_without_a_number_each_time() -> None:
    line = a_line(failed=90)
    for _ in range(5):
        line = line.passed_by(7, challenged=True)
    assert line.passed == 1
    assert line.passed_by(None, challenged=True).passed_by(None, challenged=False).people == 3


def test_a_suspended_line_is_challenged_again_when_its_callers_fail() -> None:
    line = a_line(failed=1).passed_by(7, challenged=True)
    assert line.state is LineState.SUSPENDED
    for at in range(30):
        line = line.failed_by(np.zeros(2), at, float(at))
    assert line.state is LineState.ACTIVE


def test_a_challenge_that_a_speaker_failed_is_taken_back() -> None:
    assert a_line(failed=1, state=LineState.ACTIVE).taken_back().state is LineState.CANDIDATE
    assert a_line().taken_back().failed == 0


def test_an_operators_word_stands() -> None:
    line = a_line(pinned=True, state=LineState.SUSPENDED)
    assert line.failed_by(np.zeros(2), 1, 1.0).state is LineState.SUSPENDED


def test_the_mean_follows_a_line_that_drifts() -> None:
    line = a_line()
    for _ in range(20 * MEAN_OF):
        line = line.joined_by(np.array([8.0, 0.0]), None, 1.0)
    assert line.mean[0] == pytest.approx(8.0, abs=0.01)


def test_what_is_kept_of_callers_is_bounded() -> None:
    line = a_line()
    for number in range(3 * NUMBERS_KEPT):
        line = line.seen(number, 1.0).passed_by(number, challenged=False)
    assert len(line.numbers) == len(line.passers) == NUMBERS_KEPT
    assert "at least 64 numbers" in line.evidence()


def test_two_lines_that_are_one_have_the_evidence_of_both() -> None:
    one, other = (
        a_line(count=3, failed=3, mean=np.array([0.0, 0.0]), last_seen=4.0),
        a_line(count=1, passed=2, mean=np.array([4.0, 0.0]), first_seen=-1.0),
    )
    line = merged(one, other)
    assert (line.count, line.failed, line.passed) == (4, 3, 2)
    assert (line.first_seen, line.last_seen) == (-1.0, 4.0)
    assert line.mean.tolist() == [1.0, 0.0]
    assert line.state is LineState.SUSPENDED


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_bound_of_the_share_lies_below_it_and_grows_with_people(people: int, failed: int) -> None:
    bound = people_share_bound(people, failed)
    assert 0 <= bound <= (people / (people + failed) if people else 0) + 1e-12
    assert people_share_bound(people + 1, failed) >= bound
    assert people_share_bound(people, failed + 1) <= bound


def test_a_suspended_line_is_asked_ever_more_seldom_with_each_person_and_others_never_by_lot() -> None:
    shares = [a_line(passed=people).judged().probe(0.2) for people in (1, 2, 3, 10)]
    assert shares == pytest.approx([0.2, 0.05, 0.2 / 9, 0.002])
    assert a_line(failed=3).judged().probe(0.2) == 0.0
    assert a_line(state=LineState.SUSPENDED, passed=1, pinned=True).probe(0.2) == 0.0


def test_one_person_on_an_attacks_line_does_not_free_it_for_good() -> None:
    line = a_line(failed=3).judged().passed_by(1, challenged=True)
    assert line.state is LineState.SUSPENDED
    for number in range(3):
        line = line.failed_by(np.zeros(2), number, 9.0)
    assert line.state is LineState.ACTIVE
