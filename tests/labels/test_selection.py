"""How labels were selected: what is counted, and the weighted share finds the truth of a simulated log."""

from collections.abc import Iterator

import numpy as np
import pytest

from silentspam.calllog.labels import Answer, LabelledCall, LabelSource
from silentspam.labels.selection import Stratum, estimate, select
from silentspam.training.operating_point import Rate
from tests.labels.calls import a_call, a_label

SPAM, HAM, UNSURE = Answer


def challenged(answer: Answer | None, *, cause: str = "SUSPICION", probability: float = 1.0) -> LabelledCall:
    labels = () if answer is None else (a_label(answer, LabelSource.OUTCOME),)
    return a_call(*labels, challenge_cause=cause, challenge_probability=probability)


def spared(probability: float | None) -> LabelledCall:
    return a_call(challenge_probability=probability)


def test_labels_are_counted_by_source_and_by_cause_and_contradictions_are_named() -> None:
    selection = select(
        [
            challenged(SPAM),
            challenged(HAM, cause="EXPLORATION", probability=0.1),
            a_call(a_label(HAM), a_label(SPAM, LabelSource.IMPORT), call_id="both"),
            spared(0.1),
        ]
    )
    assert selection.by_source == {("OUTCOME", "spam"): 1, ("OUTCOME", "ham"): 1, ("REVIEW", "ham"): 1}
    assert selection.by_cause == {("SUSPICION", "spam"): 1, ("EXPLORATION", "ham"): 1, ("none", "ham"): 1}
    assert selection.contradictions == ["both"]


def test_each_stratum_knows_its_calls_and_what_a_label_of_it_stands_for() -> None:
    calls = [challenged(HAM, cause="EXPLORATION", probability=0.01), *(spared(0.01) for _ in range(99))]
    calls += [challenged(SPAM), challenged(None), challenged(UNSURE)]
    selection = select([*calls, spared(0.0), spared(None)])
    low, high = selection.strata.values()
    assert (low.calls, low.challenged, low.labelled, low.weight) == (100, 1, 1, 100.0)
    assert (high.calls, high.challenged, high.labelled, high.weight) == (3, 3, 1, 3.0)
    assert selection.outside == 2


def test_suspects_of_every_cause_stand_together_and_whom_the_budget_spared_stand_for_nobody() -> None:
    """A line's, a burst's and the model's suspects are all challenged; the others could not be."""
    calls = [challenged(Answer.SPAM, cause=cause) for cause in ("LINE", "SUSPICION", "BURST")]
    calls += [spared(0.0), spared(None), challenged(Answer.HAM, cause="EXPLORATION", probability=0.002)]
    selection = select(calls)
    assert {p: (s.calls, s.labelled) for (p, _), s in selection.strata.items()} == {
        0.002: (1, 1),
        1.0: (3, 3),
    }
    assert selection.outside == 2
    assert selection.by_cause["LINE", Answer.SPAM] == selection.by_cause["BURST", Answer.SPAM] == 1


def suspected_of(kind: str, answer: Answer | None, **more: str | float | None) -> LabelledCall:
    labels = () if answer is None else (a_label(answer, LabelSource.OUTCOME),)
    row = {"challenge_cause": "SUSPICION", "challenge_probability": 1.0, "decision": "REJECT"}
    return a_call(*labels, verdict=kind, **{**row, "challenged_at": 5.0, **more})


def test_kinds_are_strata_of_their_own_since_some_get_a_label_more_seldom() -> None:
    """Of 90 recordings one has an answer: pooled, 10 faxes would have said what the others are."""
    calls = [suspected_of("CALLER_FAX", SPAM) for _ in range(10)]
    calls += [suspected_of("CALLER_RECORDING", HAM), *[suspected_of("CALLER_RECORDING", None)] * 89]
    selection = select(calls)
    assert {kind: s.weight for (_, kind), s in selection.strata.items()} == {
        "CALLER_FAX": 1.0,
        "CALLER_RECORDING": 90.0,
    }
    assert selection.estimate
    assert selection.estimate.share == pytest.approx(0.1)


def test_who_was_rejected_unasked_stands_for_nobody_and_is_no_challenge() -> None:
    unasked = suspected_of("CALLER_FAX", None, challenged_at=None)
    labelled = suspected_of("CALLER_FAX", SPAM, challenged_at=None)
    selection = select([suspected_of("CALLER_FAX", SPAM), *[unasked] * 9, labelled])
    ((stratum,), outside) = selection.strata.values(), selection.outside
    assert (stratum.calls, stratum.challenged, stratum.weight) == (1, 1, 1.0)
    assert (outside, selection.unasked) == (10, 10)
    assert selection.by_cause == {("SUSPICION", "spam"): 1, ("none", "spam"): 1}


def test_an_answer_to_an_unchallenged_call_is_no_part_of_the_estimate() -> None:
    """Nobody knows how it was chosen."""
    call = a_call(a_label(SPAM), challenge_probability=0.1)
    assert select([call]).estimate is None


def test_the_share_weights_every_stratum_by_its_calls() -> None:
    """900 unsuspected calls of which 1 in 3 labelled is SPAM, 100 suspects of which all are."""
    strata = [Stratum(0.01, calls=900, challenged=9, spam=3, ham=6), Stratum(1.0, calls=100, spam=90)]
    found = estimate(strata)
    assert found
    assert found.share == pytest.approx(0.9 / 3 + 0.1)
    assert found.low < found.share < found.high <= 1.0


def test_with_one_stratum_the_interval_is_wilsons() -> None:
    found = estimate([Stratum(1.0, calls=50, challenged=20, spam=4, ham=16)])
    assert found
    assert (found.low, found.high) == pytest.approx(Rate(hits=4, n=20).interval)


def test_one_kind_of_label_alone_gives_no_certainty() -> None:
    found = estimate([Stratum(1.0, calls=50, challenged=5, ham=5)])
    assert found
    assert found.share == 0.0
    assert found.high > 0.4


def test_without_labels_nothing_is_said_and_everything_is_possible() -> None:
    selection = select([challenged(None), challenged(None)])
    assert selection.estimate is None
    assert selection.bounds == (0.0, 1.0)
    assert selection.uncovered == 2
    assert select([]).bounds is None


def test_the_bounds_hold_whatever_the_unanswered_were() -> None:
    selection = select([challenged(SPAM), challenged(HAM), challenged(None), challenged(UNSURE)])
    assert selection.bounds == (0.25, 0.75)


def a_log(rng: np.random.Generator, *, share: float) -> tuple[Iterator[LabelledCall], float]:
    """5,000 calls: a tenth is SPAM, nine in ten of it suspected; every challenged call is labelled."""
    spam = rng.random(5000) < 0.1
    suspected = rng.random(5000) < np.where(spam, 0.9, 0.01)
    explored = ~suspected & (rng.random(5000) < share)

    def calls() -> Iterator[LabelledCall]:
        for is_spam, suspect, chosen in zip(spam, suspected, explored, strict=True):
            answer = SPAM if is_spam else HAM
            if suspect:
                yield challenged(answer)
            else:
                cause = {"cause": "EXPLORATION", "probability": share}
                yield challenged(answer, **cause) if chosen else spared(share)  # type: ignore[arg-type]

    return calls(), float(spam.mean())


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held, naive = 0, 0
    for _ in range(60):
        calls, truth = a_log(rng, share=0.05)
        listed = list(calls)
        found = select(listed).estimate
        assert found
        held += found.low <= truth <= found.high
        labels = [call.label.label for call in listed if call.label]
        naive += abs(labels.count(SPAM) / len(labels) - truth) < 0.1
    assert held >= 54, "95 % of 60 is 57"
    assert naive == 0, "the plain share of labels is far off, which is why they are weighted"
