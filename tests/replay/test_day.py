"""A day: attacks among people, the same for the same seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.errors import TimelineError
from silentspam.replay.day import DAY, Day, draw_day
from silentspam.replay.timeline import is_sorted

PEOPLE = [f"person-{number}" for number in range(700)]
ATTACKS = [(name, [f"{name}-{call}" for call in range(120)]) for name in "abcdefg"]


@given(st.integers(0, 10**6))
def test_a_day_is_as_large_as_it_was_asked_for(seed: int) -> None:
    calls = draw_day(Day(calls=1000, seed=seed), PEOPLE, ATTACKS)
    assert len(calls) == 1000
    assert is_sorted(calls)
    assert all(0 <= call.time <= DAY for call in calls)
    sizes = Counter(call.campaign for call in calls if call.campaign)
    assert len(sizes) == 5
    assert 95 <= sum(sizes.values()) <= 305
    assert all(call.passes is not bool(call.campaign) for call in calls)


def test_nobodys_recording_is_heard_under_two_numbers_and_some_call_again() -> None:
    calls = draw_day(Day(calls=1000), PEOPLE, ATTACKS)
    numbers: dict[str, set[str]] = {}
    for call in calls:
        numbers.setdefault(call.recording, set()).add(call.ani)
    assert all(len(callers) == 1 for callers in numbers.values())
    again = Counter(call.recording for call in calls if call.passes)
    assert max(again.values()) > 1
    spam = [call.recording for call in calls if call.campaign]
    assert len(spam) == len(set(spam))


def test_most_call_by_day() -> None:
    hours = Counter(int(call.time // 3600) for call in draw_day(Day(calls=5000), PEOPLE, ATTACKS))
    assert hours[10] > 3 * hours[3]


def test_the_seed_decides() -> None:
    assert draw_day(Day(calls=300), PEOPLE, ATTACKS) == draw_day(Day(calls=300), PEOPLE, ATTACKS)
    assert draw_day(Day(calls=300), PEOPLE, ATTACKS) != draw_day(Day(calls=300, seed=2), PEOPLE, ATTACKS)


def test_some_people_fumble() -> None:
    calls = draw_day(Day(calls=1000, fumble=0.5), PEOPLE, ATTACKS)
    silent = sum(not call.passes for call in calls if not call.campaign)
    assert 250 < silent < 550


def test_a_day_without_attacks_is_all_people() -> None:
    assert all(call.passes for call in draw_day(Day(calls=100, campaigns=0), PEOPLE, []))


@pytest.mark.parametrize(("people", "attacks"), [(PEOPLE, ATTACKS[:4]), ([], ATTACKS)])
def test_too_little_to_draw_from_is_said(people: list[str], attacks: list) -> None:
    with pytest.raises(TimelineError, match=f"{len(attacks)} campaigns and {len(people)} people"):
        draw_day(Day(calls=100), people, attacks)
