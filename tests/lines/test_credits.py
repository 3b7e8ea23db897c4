"""Budgets of false challenges: each kind pays for its own mistakes, whoever calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from silentspam.budget import DEPTH, START
from silentspam.lines.bursts import Opening
from silentspam.lines.credits import Credits
from silentspam.lines.fate import KindLesson, Lesson, Outcome
from silentspam.lines.settings import MemorySettings
from tests.lines.ground import line_calls

RATES = {"CALLER_FAX": 0.01, "CALLER_NOISE": 0.05}
SETTINGS = MemorySettings(rate=0.02, kind_rates=RATES)


def of_kind(outcome: Outcome, kind: str = "CALLER_FAX", **known: object) -> KindLesson:
    told = {"challenged": True} | known
    return KindLesson(kind=kind, call_id="c", number=1, at=0.0, outcome=outcome, **told)  # type: ignore[arg-type]


def of_line(outcome: Outcome, *, challenged: bool = True) -> Lesson:
    opening = Opening(call_id="c", at=0.0, number=1, embedding=line_calls(1)[0])
    return Lesson(opening=opening, outcome=outcome, challenged=challenged)


def left(credits: Credits) -> tuple[float, ...]:
    return (credits.own.left, *(credit.left for credit in credits.of_kinds(SETTINGS).values()))


@pytest.mark.parametrize(
    ("fate", "moved"),
    [
        (of_line(Outcome.UNKNOWN, challenged=False), (0.02, 0.01, 0.05)),
        (of_line(Outcome.PERSON), (0.02 - 1, 0.01, 0.05)),
        (of_line(Outcome.SILENT), (0, 0, 0)),
        (of_kind(Outcome.PERSON), (0.02, 0.01 - 1, 0.05)),
        (of_kind(Outcome.PRESSED, "CALLER_NOISE"), (0.02, 0.01, 0.05 - 1)),
        (of_kind(Outcome.SILENT), (0, 0, 0)),
        (of_kind(Outcome.UNKNOWN, challenged=False), (0.02, 0.01, 0.05)),
        (of_kind(Outcome.PERSON, counted=False), (0, 0, 0)),
        (of_kind(Outcome.PERSON, before=Outcome.PERSON), (0, 0, 0)),
        (of_kind(Outcome.SPOKE, before=Outcome.SILENT), (0.02, 0.01 - 1, 0.05)),
        (of_kind(Outcome.PERSON, weight=10.0), (0.02, 0.01 - 10, 0.05)),
        (of_kind(Outcome.PERSON, "CALLER_GONE"), (0.02 - 1, 0.01, 0.05)),
    ],
)
def test_a_call_moves_the_budgets_it_concerns(fate: Lesson | KindLesson, moved: tuple[float, ...]) -> None:
    found = left(Credits().after(fate, SETTINGS))
    assert found == pytest.approx([START + by for by in moved])


@given(st.lists(st.sampled_from(Outcome), max_size=400))
def test_a_kinds_mistakes_stay_below_their_bound_and_cost_nobody_else(outcomes: list[Outcome]) -> None:
    credits, mistakes, callers = Credits(), 0, 0
    for outcome in outcomes:
        challenged = credits.of_kinds(SETTINGS)["CALLER_FAX"].allows_kind
        fate = of_kind(outcome if challenged else Outcome.UNKNOWN, challenged=challenged)
        mistakes += fate.is_mistake
        callers += fate.is_callers
        credits = credits.after(fate, SETTINGS)
        assert mistakes <= DEPTH + RATES["CALLER_FAX"] * callers + 1
    assert credits.own.left == pytest.approx(min(START + SETTINGS.rate * callers, DEPTH))
