"""Calls that lie together: three callers make a burst, one caller or people never do."""

from dataclasses import replace

import numpy as np
import pytest

from silentspam.lines.bursts import Opening, find_burst
from tests.lines.ground import a_ground, line_calls, people

GROUND = a_ground()


def openings(embeddings: np.ndarray, start: int = 0) -> list[Opening]:
    """Each of another caller, a second apart."""
    return [
        Opening(f"call-{start + i}", float(start + i), start + i, embedding)
        for i, embedding in enumerate(embeddings)
    ]


def test_three_callers_on_one_line_are_a_burst_among_people() -> None:
    crowd, attack = openings(people(300)), openings(line_calls(3), 300)
    found = find_burst(GROUND, [*crowd, *attack], attack[-1])
    assert [one.call_id for one in found] == [one.call_id for one in attack]


def test_people_are_none() -> None:
    crowd = openings(people(300))
    assert not any(find_burst(GROUND, crowd, one) for one in crowd)


def test_two_calls_or_two_lines_are_none() -> None:
    one, other = openings(line_calls(2, line=1)), openings(line_calls(1, line=2), 10)
    assert find_burst(GROUND, one, one[-1]) == ()
    assert find_burst(GROUND, [*other, *one], one[-1]) == ()
    assert find_burst(GROUND, [], one[-1]) == ()


def test_a_caller_counts_once() -> None:
    calls = openings(line_calls(6))
    alike = [replace(one, number=calls[0].number) for one in calls]
    assert find_burst(GROUND, alike, alike[-1]) == ()
    two_callers = [*alike[:-1], calls[-1]]
    assert find_burst(GROUND, two_callers, two_callers[-1]) == ()


def test_callers_without_a_number_count_each() -> None:
    calls = [replace(one, number=None) for one in openings(line_calls(3))]
    assert len(find_burst(GROUND, calls, calls[-1])) == 3


@pytest.mark.parametrize("calls", [3, 4, 6])
def test_as_many_calls_as_are_wanted(calls: int) -> None:
    attack = openings(line_calls(calls))
    assert find_burst(GROUND, attack[:-1], attack[-2], calls=calls) == ()
    assert len(find_burst(GROUND, attack, attack[-1], calls=calls)) == calls
