"""The model that ships: it loads, is small, keeps to its card, and README says of it what was measured."""

import re
from pathlib import Path

import pytest

from silentspam import resources
from silentspam.call import VerdictKind
from silentspam.config import Config
from silentspam.model import SpamModel, load_model
from tests.fakes import noise, silence, tone

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ACCURACY = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
LARGEST = 8_000_000
"""Bytes of a model folder at most."""


@pytest.fixture(scope="module")
def model() -> SpamModel:
    return load_model(resources.shipped_model())


def test_the_folder_is_small() -> None:
    assert sum(path.stat().st_size for path in resources.shipped_model().iterdir()) <= LARGEST


def test_it_has_a_threshold_for_the_default_budget_that_held_people_to_it(model: SpamModel) -> None:
    budget = Config().model.max_false_challenge_rate
    (point,) = [p for p in model.card.operating_points if p.max_false_challenge_rate == budget]
    assert point.hits <= budget * point.n
    assert point.n > 5000


def test_a_tone_is_no_dead_air_and_digital_silence_is_not_judged(model: SpamModel) -> None:
    assert model.judge(tone()).kind is VerdictKind.HAM
    assert model.judge(noise(level=3000)).kind is VerdictKind.HAM
    assert model.judge(silence(2.0)).kind is VerdictKind.INCONCLUSIVE


@pytest.mark.parametrize("split", ["test_seen", "test_unseen"])
def test_readme_says_what_was_measured_as_calls_meet_it(model: SpamModel, split: str) -> None:
    assert f"Model `{model.model_id}` at its own threshold" in ACCURACY
    (row,) = re.findall(rf"^\| {split} \| .*% .*$", ACCURACY, re.MULTILINE)[:1]
    rates = re.findall(r"(\d+) of (\d+)", row)
    assert len(rates) == 2, "recall, and people challenged"
    for hits, n in rates:
        assert f"{int(hits):,} of {int(n):,}" in README


def test_the_card_says_that_dead_air_is_synthetic(model: SpamModel) -> None:
    assert "synthetic" in model.card.statement
