"""Choosing people: at random, reproducibly, and no voice or place both in the cohort and in the reference."""

import json

import numpy as np
import pytest

from silentspam.lines.ground import load_reference
from silentspam.model import load_model
from silentspam.training.line_ground import choose_people
from silentspam.training.publish import write_model
from silentspam.training.train import train
from tests import models
from tests.training.test_train import PARAMS, dataset


@pytest.mark.parametrize(("cohort", "reference"), [(8, 6), (40, 30), (4000, 3000)])
def test_nobody_is_in_both_and_neither_is_larger_than_asked(cohort: int, reference: int) -> None:
    training = dataset(n=120, groups=20)
    chosen = choose_people(training, seed=1, cohort=cohort, reference=reference)
    groups = [set(training.groups[part]) for part in chosen]
    assert not groups[0] & groups[1]
    assert not training.is_spam[np.concatenate(chosen)].any()
    assert 0 < len(chosen[0]) <= cohort
    assert 0 < len(chosen[1]) <= reference
    again = choose_people(training, seed=1, cohort=cohort, reference=reference)
    assert all(np.array_equal(one, other) for one, other in zip(chosen, again, strict=True))
    other_seed = choose_people(training, seed=2, cohort=cohort, reference=reference)
    assert not np.array_equal(chosen[1], other_seed[1])


def test_people_of_one_source_alone_are_all_cohort() -> None:
    chosen = choose_people(dataset(n=120, groups=1), seed=1)
    assert (len(chosen[0]), len(chosen[1])) == (60, 0)


@pytest.fixture(scope="module")
def trained():
    return train(dataset(n=400, groups=24), PARAMS)


def test_training_gives_what_line_memory_stands_on(trained, tmp_path) -> None:
    files = trained.ground.files("synthetic")
    write_model(tmp_path / "m", trained.forest, trained.card, trained.lines, beside=files)
    ground = load_model(tmp_path / "m").ground
    assert ground.space_id == trained.ground.ground.space_id
    reference = load_reference(tmp_path / "m")
    assert np.array_equal(reference, trained.ground.reference)
    card = json.loads((tmp_path / "m" / "lines.json").read_bytes())
    assert (card["cohort"], card["reference"]) == (len(ground.people.means), len(reference))
    assert (card["campaigns"], card["statement"]) == (24, "synthetic")
    assert card["calls"] == int(trained.training.is_spam.sum())


def test_an_older_folder_without_it_still_loads(trained, tmp_path) -> None:
    write_model(tmp_path / "m", trained.forest, trained.card, trained.lines)
    model = load_model(tmp_path / "m")
    assert model.lines is not None
    assert model.ground is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 2}, "format is 2, this version reads 1"),
        ({"space_id": "0" * 12}, "space_id is 000000000000"),
        ({"cohort": 1}, "cohort is 1"),
        ({"n_dims": 1}, "n_dims is 1"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_card_of_other_arrays_is_refused(trained, tmp_path, change, words) -> None:
    files = trained.ground.files("")
    card = json.loads(files["lines.json"]) | change
    _refused(trained, tmp_path, files | {"lines.json": json.dumps(card).encode()}, words)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_garbage_card_is_refused(trained, tmp_path, content) -> None:
    _refused(trained, tmp_path, trained.ground.files("") | {"lines.json": content}, r"lines\.json")


def test_a_cohort_without_its_card_or_of_another_width_is_refused(trained, tmp_path) -> None:
    files = trained.ground.files("")
    card = files.pop("lines.json")
    _refused(trained, tmp_path, files, r"lines\.json is missing")
    narrow = models.npy(trained.ground.ground.people.means[:, 1:])
    _refused(trained, tmp_path, files | {"lines.json": card, "line_cohort.npy": narrow}, r"line_cohort\.npy")


def _refused(trained, tmp_path, files, words) -> None:
    from silentspam.errors import ModelError

    with pytest.raises(ModelError, match=words):
        write_model(tmp_path / "m", trained.forest, trained.card, trained.lines, beside=files)
    assert not (tmp_path / "m").exists()
