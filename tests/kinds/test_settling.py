"""One verdict of several kinds: the most specific that is probable enough, and every probability kept."""

import pytest

from silentspam.call import VerdictKind
from silentspam.kinds.finding import Finding
from silentspam.kinds.listening import Heard
from silentspam.kinds.settling import settle
from silentspam.kinds.table import KINDS, SpamKind
from silentspam.verdict import Verdict

FAX, BUSY, SILENCE, NOISE = (
    VerdictKind.CALLER_FAX,
    VerdictKind.CALLER_BUSY,
    VerdictKind.CALLER_SILENCE,
    VerdictKind.CALLER_NOISE,
)
THRESHOLDS = {FAX: 0.5, BUSY: 0.5, NOISE: 0.8}


def verdict(kind: str = VerdictKind.HAM, probability: float | None = 0.1) -> Verdict:
    """What the model of dead air says."""
    return Verdict(
        kind=kind, spam_probability=probability, threshold=0.7, reasons=("the model",), embedding="there"
    )


def heard(**found: float) -> Heard:
    """Findings by the end of their kinds' names."""
    return Heard(
        findings=tuple(
            Finding(
                kind=None if name == "none" else f"CALLER_{name.upper()}",
                signal=name,
                probability=probability,
                begin=0.0,
                end=1.0,
                reason=f"{name} at {probability}",
            )
            for name, probability in found.items()
        )
    )


def test_what_nobody_heard_is_the_models() -> None:
    found = settle(verdict(), Heard(), THRESHOLDS)
    assert (found.kind, found.reasons, found.embedding) == (VerdictKind.HAM, ("the model",), "there")
    assert found.kind_probabilities == ((SILENCE, 0.1),)


def test_a_kind_above_its_threshold_is_the_verdict_with_its_own_figures() -> None:
    found = settle(verdict(), heard(fax=0.98), THRESHOLDS)
    assert (found.kind, found.spam_probability, found.threshold) == (FAX, 0.98, 0.5)
    assert found.reasons[0] == "a fax machine or a modem: probability 0.980 ≥ threshold 0.500"
    assert found.reasons[1:] == ("fax at 0.98", "the model")
    assert found.embedding is None, "a fax is no line of dead air"
    assert found.by_model
    assert found.sure


def test_a_kind_below_its_threshold_changes_nothing_but_is_kept() -> None:
    found = settle(verdict(), heard(noise=0.7), THRESHOLDS)
    assert found.kind == VerdictKind.HAM
    assert found.kind_probabilities == ((SILENCE, 0.1), (NOISE, 0.7))
    assert found.reasons == (
        "the model",
        "not noise, probability 0.700 < threshold 0.800: noise at 0.7",
    )


@pytest.mark.parametrize(
    ("model", "findings", "expected"),
    [
        (verdict(SILENCE, 0.9), {"fax": 0.9}, FAX),
        (verdict(SILENCE, 0.9), {"noise": 0.9}, SILENCE),
        (verdict(), {"busy": 0.99, "fax": 0.6, "noise": 0.9}, FAX),
        (verdict(), {"busy": 0.6, "noise": 0.99}, BUSY),
        (verdict(VerdictKind.INCONCLUSIVE, None), {"fax": 0.9}, FAX),
    ],
)
def test_the_most_specific_kind_goes_first(model: Verdict, findings: dict[str, float], expected: str) -> None:
    assert settle(model, heard(**findings), THRESHOLDS).kind == expected


def test_what_speaks_for_no_kind_is_told_and_suspects_nobody() -> None:
    found = settle(verdict(), heard(none=1.0), THRESHOLDS)
    assert found.kind == VerdictKind.HAM
    assert found.reasons == ("the model", "also heard: none at 1.0")


def test_a_listener_that_failed_is_told() -> None:
    found = settle(verdict(), Heard(faults=("CALLER_FAX was not listened for: it broke",)), THRESHOLDS)
    assert found.reasons[-1] == "CALLER_FAX was not listened for: it broke"


def test_a_kind_without_a_threshold_is_never_the_verdict() -> None:
    assert settle(verdict(), heard(fax=1.0), {}).kind == VerdictKind.HAM


def test_a_kind_added_later_is_a_row() -> None:
    row = SpamKind(name="CALLER_SIREN", key="siren", words="a siren", listener="somewhere:listener")
    found = settle(verdict(), heard(siren=0.9), {"CALLER_SIREN": 0.5}, (*KINDS, row))
    assert found.kind == "CALLER_SIREN"
    assert row.disposition == "REJECTED_CALLER_SIREN"


def test_what_was_measured_is_let_go_of_when_all_is_settled() -> None:
    """A quarter of a megabyte a call, of which a thousand may be under way."""
    verdict = Verdict(kind=VerdictKind.HAM, spam_probability=0.1, threshold=0.5, features=object())
    assert settle(verdict, Heard(), {}).features is None
