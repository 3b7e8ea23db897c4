"""A corpus in parts: what is training, what came later, and what is new."""

from pathlib import Path

import numpy as np
import pytest

from silentspam.reports.trials import parts
from silentspam.training.dataset import Labelled


def row(label: str, group: str, split: str = "") -> Labelled:
    return Labelled(recording=group, path=Path(group), is_spam=label == "spam", source=group, split=split)


def test_a_corpus_with_a_split_is_taken_at_its_word() -> None:
    rows = [
        row("ham", "a", "train"),
        row("spam", "c", "train"),
        row("ham", "b", "test_unseen"),
        row("spam", "c", "test_seen"),
        row("spam", "d", "test_unseen"),
    ]
    found = parts(rows)
    assert found.training.tolist() == [True, True, False, False, False]
    assert found.later.tolist() == [False, False, True, True, False]
    assert found.strangers.tolist() == [False, False, False, False, True]


@pytest.mark.parametrize("split", ["", "test_unseen"])
def test_a_corpus_without_one_is_parted_by_source_and_campaign(split: str) -> None:
    rows = [row("ham", f"person{k // 2}", split) for k in range(60)]
    rows += [row("spam", f"campaign{k // 10}", split) for k in range(90)]
    found = parts(rows)
    assert (found.training.astype(int) + found.later + found.strangers).tolist() == [1] * len(rows)
    is_spam, groups = np.arange(150) >= 60, np.array([each.group for each in rows])
    assert not set(groups[found.training & ~is_spam]) & set(groups[found.later & ~is_spam])
    assert set(groups[found.later & is_spam]) <= set(groups[found.training])
    assert not set(groups[found.strangers]) & set(groups[found.training])
    assert found.strangers.any()
    assert found.later[is_spam].any()
