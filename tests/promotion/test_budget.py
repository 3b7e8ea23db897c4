"""The rule of promotion, on calls whose verdicts are given."""

from dataclasses import replace
from pathlib import Path

import pytest

from silentspam.call import VerdictKind
from silentspam.promotion.budget import advise, needed
from silentspam.promotion.people import Evidence, RecentCall
from silentspam.promotion.trial import Judged, Trial
from silentspam.verdict import Verdict

HAM, SPAM = Verdict(kind=VerdictKind.HAM, model_id=""), Verdict(kind=VerdictKind.CALLER_SILENCE, model_id="")


def calls(n: int, *, by_a: bool = False, by_b: bool = False, person: bool = False) -> list[Judged]:
    """n equal calls: whether A and B challenge them, and whether a person made them."""
    call = RecentCall("x", Path("x.ulaw"), Evidence.CONVERSATION if person else None)
    return [Judged(call, SPAM if by_a else HAM, SPAM if by_b else HAM)] * n


def trial(*groups: list[Judged]) -> Trial:
    return Trial(tuple(judged for group in groups for judged in group), 0)


def people(n: int, challenged: int, by_active: int = 0) -> Trial:
    return trial(
        calls(challenged, by_a=by_active > 0, by_b=True, person=True), calls(n - challenged, person=True)
    )


@pytest.mark.parametrize(
    ("n", "challenged", "refused", "warned"),
    [
        (1000, 5, False, False),
        (1000, 6, True, False),
        (200, 1, False, False),
        (200, 2, True, False),
        (199, 1, True, True),
        (199, 0, False, True),
        (1, 1, True, True),
        (0, 0, False, True),
    ],
)
def test_the_observed_rate_decides_and_few_people_are_said_to_be_few(
    n: int, challenged: int, refused: bool, warned: bool
) -> None:
    advice = advise(people(n, challenged), 0.005)
    assert bool(advice.objections) is refused
    assert bool(advice.warnings) is warned


def test_an_objection_names_rate_interval_limit_key_and_what_the_active_one_does() -> None:
    (objection,) = advise(people(400, 4, by_active=1), 0.005).objections
    for words in (
        "4 of 400 (1.00%; 95 % 0.39% to 2.54%)",
        "model.max_false_challenge_rate = 0.50%",
        "active",
    ):
        assert words in objection


def test_without_any_people_the_warning_says_so_and_gives_no_bound() -> None:
    (warning,) = advise(people(0, 0), 0.005).warnings
    assert warning.startswith("no recent caller is known to be a person")
    assert "100" not in warning


def test_a_warning_names_the_number_the_bound_and_what_is_needed() -> None:
    (warning,) = advise(people(50, 0), 0.005).warnings
    for words in ("50 known people", "at least 200", "0 of 50", "7.1%"):
        assert words in warning


@pytest.mark.parametrize(
    ("active", "candidate", "n", "refused"),
    [(5, 60, 100, True), (5, 50, 100, False), (40, 60, 100, False), (0, 15, 15, False)],
)
def test_where_no_people_are_known_a_leap_in_challenges_is_refused(
    active: int, candidate: int, n: int, refused: bool
) -> None:
    leap = trial(
        calls(active, by_a=True, by_b=True), calls(candidate - active, by_b=True), calls(n - candidate)
    )
    assert bool(advise(leap, 0.005).objections) is refused


def test_people_who_are_left_alone_vouch_for_a_leap() -> None:
    assert not advise(trial(calls(1000, by_b=True), calls(200, person=True)), 0.005).objections


def test_it_takes_as_many_people_as_allow_one_false_challenge() -> None:
    assert [needed(budget) for budget in (0.5, 0.03, 0.01, 0.005)] == [2, 34, 100, 200]


def learnt(n: int, *, challenged: bool = False) -> list[Judged]:
    return [replace(judged, trained_on=True) for judged in calls(n, by_b=challenged, person=True)]


def test_people_whose_calls_were_trained_on_vouch_for_nothing() -> None:
    (warning,) = advise(trial(learnt(300), calls(10, person=True)), 0.005).warnings
    assert warning.startswith("10 known people are too few")
    (warning,) = advise(trial(learnt(300)), 0.005).warnings
    assert "besides those whose calls it was trained on is known to be a person" in warning
    assert advise(trial(calls(1000, by_b=True), learnt(200)), 0.005).objections


def test_calls_whose_recordings_are_gone_vouch_for_nothing() -> None:
    gone = advise(replace(trial(calls(3)), unreadable=500), 0.005)
    assert "500 recordings of recent calls are gone" in gone.objections[0]
    assert "recording.folder" in gone.objections[0]
    assert not advise(replace(people(400, 0), unreadable=399), 0.005).objections


def test_beside_an_active_model_that_cannot_judge_half_of_all_callers_is_too_many() -> None:
    many = trial(calls(60, by_a=True, by_b=True), calls(40))
    assert not advise(many, 0.005).objections
    (objection,) = advise(many, 0.005, with_active=False).objections
    assert "60 of 100" in objection
    assert "active" not in objection
