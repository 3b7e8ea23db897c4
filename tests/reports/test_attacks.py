"""What the calls of lines amount to, counted by hand."""

from hypothesis import given
from hypothesis import strategies as st

from silentspam.calllog.line_calls import LineCall, survivor
from silentspam.lines.fate import Outcome
from silentspam.reports.attacks import BARS, HOURS_SHOWN, Activity, history, sparkline

NOW = 1_795_000_000.0
HOUR, DAY = 3600.0, 86400.0


def a_call(age: float, number: str | None = "555", outcome: Outcome | None = None) -> LineCall:
    return LineCall(call_id=f"{age}", line_id="a", started_at=NOW - age, number=number, outcome=outcome)


def test_calls_are_counted_by_their_age() -> None:
    activity = Activity()
    ages = (0, 299, 301, 2 * HOUR, 23.5 * HOUR, 25 * HOUR, 40 * DAY)
    for age in ages:
        activity.add(a_call(age), NOW)
    assert (activity.calls, activity.now, activity.hour, activity.day) == (7, 2, 3, 5)
    assert activity.hours[-1] == 3
    assert activity.hours[-3] == 1
    assert activity.hours[0] == 1
    assert sum(activity.hours) == 5


def test_a_call_of_a_clock_that_runs_ahead_counts_as_one_of_now() -> None:
    activity = Activity()
    activity.add(a_call(-600), NOW)
    assert (activity.now, activity.hours[-1]) == (1, 1)


def test_numbers_are_distinct_and_callers_without_one_are_counted_apart() -> None:
    activity = Activity()
    for number in ("1", "2", "1", None, ""):
        activity.add(a_call(0, number), NOW)
    assert (dict(activity.numbers), activity.without_number) == ({"1": 2, "2": 1}, 2)


@given(st.lists(st.integers(0, 10_000), max_size=HOURS_SHOWN))
def test_bars_are_as_many_as_counts_and_grow_with_them(counts: list[int]) -> None:
    bars = sparkline(counts)
    assert len(bars) == len(counts)
    heights = [BARS.find(bar) for bar in bars]
    assert [height >= 0 for height in heights] == [count > 0 for count in counts]
    if any(counts):
        assert max(heights) == len(BARS) - 1
    ranked = sorted(zip(counts, heights, strict=True))
    assert [height for _, height in ranked] == sorted(heights)


def test_history_is_by_hour_in_an_attack_and_by_day_over_weeks() -> None:
    of_hours = history([a_call(0, outcome=Outcome.SILENT), a_call(10, outcome=Outcome.PERSON), a_call(HOUR)])
    assert [(m.calls, m.failed, m.passed, m.spoke) for m in of_hours] == [(1, 0, 0, 0), (2, 1, 1, 0)]
    assert all(moment.at % HOUR == 0 for moment in of_hours)
    of_days = history([a_call(age * DAY, outcome=Outcome.SPOKE) for age in (0, 3, 3)])
    assert [(m.calls, m.spoke) for m in of_days] == [(2, 2), (1, 1)]
    assert history([]) == []


def test_a_merged_line_is_the_one_that_stayed_in_the_end() -> None:
    merged = {"a": "b", "b": "c"}
    assert [survivor(line, merged) for line in "abcd"] == ["c", "c", "c", "d"]
    assert survivor("x", {"x": "y", "y": "x"}) in "xy"
