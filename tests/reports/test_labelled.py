"""Judgements against labels: whose label counts, what is no judgement, and what the table says."""

import pytest

from silentspam.calllog.labels import Answer, Label, LabelledCall, LabelSource
from silentspam.reports.labelled import NOTE, Against, against_labels, label_section
from silentspam.training.operating_point import Rate

SPAM, HAM, UNSURE = Answer.SPAM, Answer.HAM, Answer.UNSURE
REVIEW, OUTCOME = LabelSource.REVIEW, LabelSource.OUTCOME


def call(verdict: str | None, *answers: tuple[LabelSource, Answer]) -> LabelledCall:
    labels = tuple(
        Label(call_id="x", source=source, label=answer, labelled_at=0.0, labelled_by="ada")
        for source, answer in answers
    )
    return LabelledCall({"call_id": "x", "verdict": verdict}, labels)


def test_the_label_that_counts_is_held_against_the_judgement() -> None:
    calls = [
        call("CALLER_SILENCE", (REVIEW, HAM), (OUTCOME, SPAM)),
        call("HAM", (REVIEW, HAM)),
        call("HAM", (OUTCOME, SPAM)),
        call("CALLER_FAX", (OUTCOME, SPAM)),
        call("CALLER_SILENCE", (OUTCOME, SPAM)),
    ]
    found = against_labels(calls)
    assert list(found) == [REVIEW, OUTCOME]
    assert found[REVIEW] == Against(Rate(hits=1, n=2), Rate(hits=0, n=0))
    assert found[OUTCOME] == Against(Rate(hits=0, n=0), Rate(hits=1, n=3))


@pytest.mark.parametrize(
    "nothing",
    [call(None, (REVIEW, HAM)), call("INCONCLUSIVE", (REVIEW, HAM)), call("HAM")],
)
def test_what_was_not_judged_or_not_labelled_counts_nowhere(nothing: LabelledCall) -> None:
    assert against_labels([nothing]) == {}


def test_unsure_is_neither_person_nor_spam() -> None:
    section = label_section(against_labels([call("CALLER_SILENCE", (REVIEW, UNSURE))]))
    assert section.grids[0].rows == ()


def test_the_table_says_of_how_many_and_by_whom() -> None:
    section = label_section(against_labels([call("CALLER_SILENCE", (OUTCOME, HAM))]))
    assert section.notes == (NOTE,)
    (row,) = section.grids[0].rows
    assert row[:5] == ("labelled people who were suspected", "OUTCOME", 1, 1, "100.00%")
