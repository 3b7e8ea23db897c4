"""What became of the suspects of each kind of SPAM: challenged, rejected unasked, held back, and how
wrongly."""

from collections.abc import Mapping
from dataclasses import dataclass

from silentspam.call import ChallengeCause, ChallengeResult, Mode
from silentspam.kinds.table import KINDS
from silentspam.reports.cases import Case, Cases
from silentspam.reports.grid import Grid, percent, rate_cells
from silentspam.reports.tables import Challenged, people_of
from silentspam.training.operating_point import Rate


@dataclass(frozen=True, kw_only=True)
class OfKind:
    """The suspects of one kind.

    challenged: for what they were suspected of, not by lot; unasked: rejected without a question; held_back
    by the kind's budget; false_challenges: people challenged for this kind, of all people (`people_of`).
    """

    suspects: int
    challenged: Challenged
    unasked: int
    held_back: int
    false_challenges: Rate


def by_kind(cases: Cases) -> dict[str, OfKind]:
    """Every kind of the table, the most specific first, by its name."""
    people = people_of(cases)
    return {kind.name: _of_kind(cases, kind.name, people) for kind in KINDS}


def _of_kind(cases: Cases, name: str, people: int) -> OfKind:
    own = [(case, calls) for case, calls in cases.items() if case.verdict == name]
    asked = [(case, calls) for case, calls in own if _was_asked(case)]
    passed, failed, abandoned = (
        sum(calls for case, calls in asked if case.result == result) for result in ChallengeResult
    )
    challenged = sum(calls for _, calls in asked)
    wrongly = sum(
        calls for case, calls in asked if case.mode == Mode.ENFORCE and case.result == ChallengeResult.PASSED
    )
    return OfKind(
        suspects=sum(calls for _, calls in own),
        challenged=Challenged(
            calls=challenged,
            passed=passed,
            failed=failed,
            abandoned=abandoned,
            unfinished=challenged - passed - failed - abandoned,
        ),
        unasked=sum(calls for case, calls in own if case.unasked),
        held_back=sum(calls for case, calls in own if case.held_back),
        false_challenges=Rate(hits=wrongly, n=people),
    )


def _was_asked(case: Case) -> bool:
    return case.challenge not in (None, ChallengeCause.EXPLORATION)


def kinds_grid(found: Mapping[str, OfKind], rates: Mapping[str, float]) -> Grid:
    """A line a kind; rates: what is configured, by the name of a kind, 0…1."""
    heads = (
        "suspected of",
        "suspects",
        "challenged",
        "passed",
        "failed",
        "abandoned",
        "rejected unasked",
        "held back",
        "people challenged",
        "95 % interval",
        "configured",
    )
    rows = tuple(
        (
            name,
            one.suspects,
            one.challenged.calls,
            one.challenged.passed,
            one.challenged.failed,
            one.challenged.abandoned,
            one.unasked,
            one.held_back,
            *rate_cells(one.false_challenges),
            percent(rates[name]) if name in rates else "",
        )
        for name, one in found.items()
    )
    return Grid(caption="Suspects, by kind", heads=heads, rows=rows)
