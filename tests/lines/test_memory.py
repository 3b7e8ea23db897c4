"""Line memory: what one call after another teaches, and what a hostile caller cannot make of it."""

from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.budget import DEPTH, Credit
from silentspam.call import ChallengeCause
from silentspam.lines.bursts import FLOOR, Opening
from silentspam.lines.fate import Lesson, Outcome
from silentspam.lines.line import Line, LineOrigin
from silentspam.lines.memory import LineMemory
from silentspam.lines.settings import MemorySettings
from silentspam.verdict import LineMatch, LineState
from tests.lines.ground import N_DIMS, SPREAD, a_ground, line_calls, people

GROUND = a_ground()
REFERENCE = people(400, seed=7)
CAUSES = {LineState.ACTIVE: ChallengeCause.LINE, LineState.CANDIDATE: ChallengeCause.BURST}


class Site:
    """Line memory and a clock that goes on by a second a call; every caller has another number."""

    def __init__(self, **settings: float) -> None:
        numbers = count(1)
        self.memory = LineMemory(
            GROUND,
            REFERENCE,
            MemorySettings(**settings),  # type: ignore[arg-type]
            new_id=lambda: f"line {next(numbers)}",
        )
        self.calls = 0
        self.now = 1000.0

    def call(self, embedding: np.ndarray, outcome: Outcome = Outcome.UNKNOWN, **known: object) -> str | None:
        """Learn from one call; returns the line it taught."""
        self.calls += 1
        self.now += 1
        of = {name: known.pop(name) for name in ("at", "number", "spam_probability") if name in known}
        opening = Opening(
            **{"call_id": f"call {self.calls}", "at": self.now, "number": self.calls, "embedding": embedding}
            | of  # type: ignore[arg-type]
        )
        challenged = outcome in (Outcome.SILENT, Outcome.PERSON)
        values = {"challenged": challenged} | known
        return self.memory.learn(Lesson(opening=opening, outcome=outcome, **values), self.now)  # type: ignore[arg-type]

    def match(self, embedding: np.ndarray) -> LineMatch | None:
        return self.memory.snapshot(self.now).match(GROUND, embedding)

    def would_challenge(self, embedding: np.ndarray) -> bool:
        match = self.match(embedding)
        cause = CAUSES.get(match.state) if match else None
        return cause is not None and self.memory.credits.own.allows(cause)

    @property
    def states(self) -> list[LineState]:
        return [line.state for line in self.memory.lines.values()]


def a_line(**known: object) -> Line:
    values = {"line_id": "of people", "count": 1, "first_seen": 1.0, "last_seen": 1000.0}
    return Line(space_id=GROUND.space_id, origin=LineOrigin.BURST, **(values | known))  # type: ignore[arg-type]


def many_lines(n: int, seed: int = 5) -> np.ndarray:
    """Openings of n lines, one each [shape=(n, N_DIMS)]."""
    return np.random.default_rng(seed).normal(scale=np.sqrt(SPREAD), size=(n, N_DIMS))


def test_one_failed_challenge_is_enough() -> None:
    site = Site()
    first, *others = line_calls(40)
    site.call(first, Outcome.SILENT)
    assert all(site.would_challenge(one) for one in others)
    assert not any(site.would_challenge(one) for one in people(200, seed=11))


def test_a_burst_is_challenged_and_then_active() -> None:
    site = Site()
    *three, fourth, fifth = line_calls(5)
    taught = [site.call(one) for one in three]
    assert taught == [None, None, "line 1"]
    assert site.match(fourth).state is LineState.CANDIDATE  # type: ignore[union-attr]
    site.call(fourth, Outcome.SILENT)
    assert site.states == [LineState.ACTIVE]
    assert site.would_challenge(fifth)
    assert site.memory.joined == {"call 1": "line 1", "call 2": "line 1", "call 3": "line 1"}


def test_what_the_model_takes_for_people_makes_no_burst() -> None:
    site = Site()
    for one in line_calls(9):
        site.call(one, spam_probability=FLOOR / 2)
    assert not site.states
    assert not site.memory.recent


def test_calls_farther_apart_than_the_window_make_no_burst() -> None:
    site = Site(window_seconds=60)
    for number, one in enumerate(line_calls(9)):
        site.call(one, at=1000.0 + 61 * number)
    assert not site.states


def test_an_unjudged_newcomer_near_a_suspended_line_still_makes_a_burst() -> None:
    """A suspended line may not hide an attack that is only somewhat like it."""
    site = Site()
    place = line_calls(1)[0]
    site.memory.put(a_line(mean=place, count=4, state=LineState.SUSPENDED, passed=3))
    direction = np.zeros(N_DIMS)
    direction[0] = 7.0
    attack = place + direction + 0.3 * np.random.default_rng(1).normal(size=(3, N_DIMS))
    for one in attack:
        assert -20 <= site.match(one).score < 0  # type: ignore[union-attr]
        site.call(one)
    assert LineState.CANDIDATE in site.states


def test_a_person_counts_against_a_line_before_raising_its_threshold() -> None:
    """Both learnt together, as after a burst of rows: the threshold between them was never asked for."""
    site = Site()
    first, second = line_calls(2)
    assert site.call(first, Outcome.SILENT) == site.call(second, Outcome.PERSON)


def test_a_person_is_trusted_and_weakens_the_line() -> None:
    site = Site()
    first, second, third = line_calls(3)
    site.call(first, Outcome.SILENT)
    assert site.call(second, Outcome.PERSON, number=77) == "line 1"
    assert site.states == [LineState.SUSPENDED]
    assert not site.would_challenge(third)
    assert site.memory.snapshot(site.now).trusted == {77}
    assert not site.memory.snapshot(site.now + 90_000).trusted


def test_speech_after_a_failed_challenge_takes_it_back() -> None:
    site = Site()
    first, second = line_calls(2)
    line = site.call(first, Outcome.SILENT)
    left = site.memory.credits.own.left
    site.call(first, Outcome.SPOKE, challenged=True, before=Outcome.SILENT, line_id=line)
    assert site.states == [LineState.SUSPENDED]
    assert site.memory.credits.own.left == pytest.approx(min(left + 0.005, DEPTH) - 1)
    assert not site.would_challenge(second)


def test_lines_that_turn_out_one_are_merged_into_the_older() -> None:
    site = Site()
    for one in line_calls(2):
        site.memory.put(a_line(mean=one, line_id=f"{one[0]}", first_seen=site.calls, failed=1))
        site.calls += 1
    older, newer = site.memory.lines
    assert site.call(line_calls(3)[-1], Outcome.SILENT) == older
    assert list(site.memory.lines) == [older]
    assert site.memory.lines[older].failed == 3
    assert site.memory.changed[newer].merged_into == older


def test_a_line_not_heard_of_expires_and_a_pinned_one_stays() -> None:
    site = Site(expire_seconds=100)
    for number, one in enumerate(many_lines(2)):
        line = site.call(one, Outcome.SILENT)
        if number:
            kept = site.memory.lines[line or ""]
            site.memory.put(Line(**{**vars(kept), "pinned": True}))
    site.now += 200
    site.call(people(1)[0])
    assert list(site.memory.lines) == ["line 2"]


# --- hostile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failures", [1, 20, 300])
def test_an_attacker_on_a_companys_trunk_costs_few_of_its_customers_a_challenge(failures: int) -> None:
    """200 customers call on the line on which somebody fails on purpose; each passes when asked."""
    site = Site()
    for one in line_calls(failures, seed=1):
        site.call(one, Outcome.SILENT)
    asked = 0
    for one in line_calls(200, seed=2):
        challenged = site.would_challenge(one)
        asked += challenged
        site.call(one, Outcome.PERSON if challenged else Outcome.UNKNOWN)
    assert site.states == [LineState.SUSPENDED] or site.memory.credits.own.left < 4
    assert asked <= {1: 1, 20: 3, 300: 10}[failures]


def test_a_patient_attacker_never_costs_more_than_the_budget() -> None:
    """The attacker fails again whenever the line challenges again."""
    site = Site()
    attack, customers = line_calls(500, seed=1), line_calls(500, seed=2)
    asked = 0
    for mine, theirs in zip(attack, customers, strict=True):
        challenged = site.would_challenge(mine)
        site.call(mine, Outcome.SILENT if challenged or site.calls < 50 else Outcome.UNKNOWN)
        challenged = site.would_challenge(theirs)
        asked += challenged
        site.call(theirs, Outcome.PERSON if challenged else Outcome.UNKNOWN)
    assert asked <= DEPTH + 0.005 * site.calls + 1


def test_thousands_of_lines_in_an_hour_keep_the_memory_bounded_and_the_budget_kept() -> None:
    site = Site(max_lines=30, window_calls=30)
    crowd = people(200, seed=13)
    asked = 0
    for number, one in enumerate(many_lines(2000)):
        site.call(one, Outcome.SILENT if number % 2 else Outcome.UNKNOWN)
        if number % 10 == 0:
            challenged = site.would_challenge(crowd[number // 10])
            asked += challenged
            site.call(crowd[number // 10], Outcome.PERSON if challenged else Outcome.UNKNOWN)
    assert len(site.memory.lines) <= 30
    assert len(site.memory.recent) <= 30
    assert asked <= DEPTH + 0.005 * site.calls + 1
    assert site.would_challenge(many_lines(2000)[-1])


def test_a_memory_full_of_strong_lines_takes_a_new_one_in() -> None:
    site = Site(max_lines=5)
    for one in many_lines(5):
        site.call(one, Outcome.SILENT)
        site.call(one, Outcome.SILENT)
    newcomer = many_lines(6)[-1]
    assert site.call(newcomer, Outcome.SILENT) in site.memory.lines
    assert len(site.memory.lines) == 5
    assert site.would_challenge(newcomer)


def test_the_threshold_is_computed_anew_when_as_many_lines_came_as_went() -> None:
    site = Site(max_lines=20)
    far = many_lines(20) / 100
    for one in far:
        site.call(one + 3 * np.eye(N_DIMS)[site.calls % N_DIMS], Outcome.SILENT)
    assert site.memory.threshold == -20.0
    for one in REFERENCE[:20]:  # lines that lie where people are
        site.call(one, Outcome.SILENT)
    fresh = LineMemory(GROUND, REFERENCE, MemorySettings(), lines=site.memory.lines.values())
    assert site.memory.threshold == fresh.threshold > -20.0


def test_a_network_on_which_everybody_is_silent_at_first_is_left_alone() -> None:
    """Comfort noise of a mobile network: its people lie together, and every one of them passes."""
    site = Site()
    asked = 0
    for one in line_calls(500):
        challenged = site.would_challenge(one)
        asked += challenged
        site.call(one, Outcome.PERSON if challenged else Outcome.UNKNOWN)
    assert asked == 1
    assert site.states == [LineState.SUSPENDED]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_clocks_that_differ_by_minutes_change_nothing(minutes: int) -> None:
    site = Site()
    first, second, third, fourth = line_calls(4)
    site.call(first)
    site.call(second, at=site.now + 60 * minutes)
    assert site.call(third) == "line 1"
    site.call(fourth, Outcome.SILENT, at=site.now + 60 * minutes)
    assert site.states == [LineState.ACTIVE]
    site.call(people(1)[0])
    assert site.states == [LineState.ACTIVE]


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from(list(Outcome)), st.sampled_from([None, 1, 2, 3])),
        max_size=60,
    )
)
def test_any_calls_leave_a_memory_that_can_be_judged_with(
    calls: list[tuple[int, Outcome, int | None]],
) -> None:
    site = Site(max_lines=4, window_calls=5)
    pool = np.concatenate([line_calls(12), line_calls(12, line=1), people(7)])
    for index, outcome, number in calls:
        site.call(pool[index], outcome, number=number)
        snapshot = site.memory.snapshot(site.now)
        assert len(snapshot.told) == len(site.memory.lines) <= 4
        assert snapshot.credit.left <= DEPTH
        snapshot.match(GROUND, pool[0])


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 23)), max_size=300), st.floats(0.001, 0.05))
def test_people_asked_stay_below_the_bound_whoever_calls(calls: list[tuple[bool, int]], rate: float) -> None:
    site = Site(rate=rate)
    pool = np.concatenate([line_calls(12), line_calls(12, line=1)])
    asked = earning = 0
    for person, index in calls:
        challenged = site.would_challenge(pool[index])
        asked += person and challenged
        silent = challenged or (not person and index % 5 == 0)
        outcome = Outcome.PERSON if person and challenged else Outcome.UNKNOWN
        outcome = Outcome.SILENT if not person and silent else outcome
        earning += outcome is not Outcome.SILENT
        site.call(pool[index], outcome)
        assert asked <= DEPTH + rate * earning + 1
    assert site.memory.credits.own == Credit(site.memory.credits.own.left)
