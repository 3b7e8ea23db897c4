"""Counting how often claims are contradicted: which claim is true of which call, and what it comes to."""

import pytest

from silentspam.provenance.codecs import PathTold
from silentspam.training.claim_study import claimed_of, count_claims
from silentspam.training.loss_study import Tally
from tests.provenance.test_risk import told_of
from tests.training.test_path_training import call


def a_call(*networks: str, lost: float = 0.0):
    from msgspec.structs import replace

    return replace(call("g711"), networks=networks, loss_rates=(lost,) * len(networks))


@pytest.mark.parametrize(
    ("networks", "lost", "names"),
    [
        (
            ("pstn",),
            0.0,
            ["true: its own networks", "false: a mobile number, never cellular", "true: a fixed number"],
        ),
        (
            ("cellular", "pstn"),
            0.0,
            [
                "true: its own networks",
                "true: a mobile number",
                "false: a fixed number, by a cellular network",
            ],
        ),
        (
            ("voip", "pstn"),
            0.1,
            [
                "true: its own networks",
                "false: a mobile number, never cellular",
                "false: a fixed number, by VoIP and packets lost",
            ],
        ),
    ],
)
def test_what_a_call_is_said_to_be_follows_from_what_it_is(networks, lost, names) -> None:
    assert [name for name, _ in claimed_of(a_call(*networks, lost=lost))] == names


def counts(told: PathTold | None, *networks: str) -> dict[str, int]:
    tally = Tally()
    count_claims(tally, a_call(*networks), told)
    assert set(tally.n.values()) == {1}
    return {name.partition(": ")[2]: hits for name, hits in tally.hits.items()}


def test_a_call_that_is_told_rightly_contradicts_the_false_claims_alone() -> None:
    found = counts(told_of({"pstn": 0.9, "voip": 0.97}), "voip", "pstn")
    assert found["its own networks: a claim contradicted outright"] == 0
    assert found["a fixed number, by VoIP: a claim contradicted outright"] == 1
    assert found["a fixed number, by VoIP: the path is told as unexpected"] == 1
    assert found["a mobile number, never cellular: alert, or risk of 0.5"] == 1


def test_a_call_of_which_nothing_is_told_contradicts_nothing_and_counts() -> None:
    assert set(counts(None, "voip").values()) == {0}
