"""The score from which a call is taken for a line: what it holds for people, and when it is computed anew."""

from dataclasses import replace

import numpy as np
import pytest

from silentspam.budget import LINE_SHARE
from silentspam.lines.line import Line, LineOrigin
from silentspam.lines.matching import LOWEST_THRESHOLD, LineTable
from silentspam.lines.threshold import EXACT_UP_TO, UNKNOWN_CHANGES, Threshold
from silentspam.verdict import LineState
from tests.lines.ground import SPREAD, a_ground, line_calls, people

GROUND = a_ground()
REFERENCE = people(400, seed=7)
RATE = 0.02


def a_line(number: int, state: LineState = LineState.ACTIVE) -> Line:
    return Line(
        line_id=f"line {number}",
        space_id=GROUND.space_id,
        origin=LineOrigin.CHALLENGE,
        mean=line_calls(1, number)[0],
        count=1,
        first_seen=1.0,
        last_seen=1.0,
        state=state,
    )


def near(line: Line, n: int) -> list[np.ndarray]:
    """People who sound much like the line."""
    return list(line.mean + np.random.default_rng(4).normal(scale=SPREAD / 50, size=(n, len(line.mean))))


def test_with_no_line_that_challenges_it_is_the_lowest() -> None:
    suspended = a_line(1, LineState.SUSPENDED)
    assert Threshold(GROUND, REFERENCE, RATE).of([suspended], near(suspended, 9)) == LOWEST_THRESHOLD


def test_few_of_the_reference_and_of_recent_people_reach_it() -> None:
    lines = [a_line(number) for number in range(5)]
    everybody = np.concatenate([REFERENCE, near(lines[0], 60)])
    score = Threshold(GROUND, REFERENCE, RATE).of(lines, list(everybody[len(REFERENCE) :]))
    reached = LineTable(GROUND, lines).scores(everybody).max(axis=1) >= score
    assert score > LOWEST_THRESHOLD
    assert 0 < reached.mean() <= RATE * LINE_SHARE


def test_up_to_fifty_lines_it_is_computed_whenever_one_begins_to_challenge() -> None:
    lines = [a_line(number) for number in range(3)]
    threshold = Threshold(GROUND, REFERENCE, RATE, known=(99.0, 0))
    assert threshold.of(lines, ()) == 99.0
    threshold.changed(None, lines[0])
    assert threshold.changes == 1
    assert threshold.of(lines, ()) == Threshold(GROUND, REFERENCE, RATE).of(lines, ())
    assert threshold.changes == 0


def test_among_many_lines_a_few_changes_are_let_pass() -> None:
    lines = [a_line(number) for number in range(2 * EXACT_UP_TO)]
    threshold = Threshold(GROUND, REFERENCE, RATE, known=(99.0, 2))
    assert threshold.of(lines, ()) == 99.0
    threshold.changed(lines[0], replace(lines[0], state=LineState.SUSPENDED))
    assert threshold.of(lines, ()) != 99.0


@pytest.mark.parametrize("state", [LineState.ACTIVE, LineState.CANDIDATE])
def test_a_line_that_goes_on_challenging_is_no_change(state: LineState) -> None:
    threshold = Threshold(GROUND, REFERENCE, RATE, known=(99.0, 0))
    threshold.changed(a_line(1), a_line(1, state))
    threshold.changed(None, a_line(2, LineState.SUSPENDED))
    assert threshold.changes == 0


def test_what_is_forgotten_is_computed_and_no_change_makes_it_known() -> None:
    threshold = Threshold(GROUND, REFERENCE, RATE, known=(99.0, 0))
    threshold.forget()
    threshold.changed(None, a_line(1))
    assert threshold.changes == UNKNOWN_CHANGES
    assert threshold.of([], ()) == LOWEST_THRESHOLD
