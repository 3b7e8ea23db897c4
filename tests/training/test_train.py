"""Training: reproducible to the byte, honest about what it met, and written whole or not at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from silentspam.errors import ModelError, SilentSpamError
from silentspam.features import FeatureParams, feature_names
from silentspam.model import load_model, model_files
from silentspam.training import publish
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.flatten import flat_forest
from silentspam.training.operating_point import LOWEST_THRESHOLD, Rate, suspected, threshold_for
from silentspam.training.publish import write_model
from silentspam.training.train import TrainParams, fit_forest, held_out_probabilities, train

FEATURES = FeatureParams(groups=("shares", "levels"))
PARAMS = TrainParams(trees=7, seed=3, folds=3, features=FEATURES)


def dataset(n=120, groups=12, seed=0):
    """Two noisy classes; each group is one campaign or one speaker."""
    rng = np.random.default_rng(seed)
    is_spam = np.arange(n) % 2 == 0
    vectors = rng.normal(0, 1, (n, len(feature_names(FEATURES)))) + is_spam[:, np.newaxis]
    rows = tuple(
        Labelled(
            recording=f"{i}.ulaw",
            path=None,
            is_spam=bool(spam),
            kind="hum" if spam else "speech",
            campaign=f"c{i // 2 % groups}" if spam else "",
            source="" if spam else f"s{i // 2 % groups}",
            split="test_unseen" if i >= n * 3 // 4 else "train",
        )
        for i, spam in enumerate(is_spam)
    )
    return Dataset(vectors.astype(np.float32), rows, "0" * 64, {"digital silence": 2})


@pytest.fixture(scope="module")
def trained():
    return train(dataset(), PARAMS)


def test_training_twice_gives_the_same_bytes(trained):
    again = train(dataset(), PARAMS)
    assert model_files(again.forest, again.card) == model_files(trained.forest, trained.card)


def test_another_seed_gives_another_forest(trained):
    other = train(dataset(), TrainParams(trees=7, seed=4, folds=3, features=FEATURES))
    assert model_files(other.forest, other.card) != model_files(trained.forest, trained.card)


@given(st.integers(0, 2**31 - 1), st.integers(1, 12))
def test_the_flat_forest_gives_the_forests_own_probabilities(seed, trees):
    data = dataset(60, 6, seed)
    classifier = fit_forest(data, TrainParams(trees=trees, seed=seed, features=FEATURES))
    flat = flat_forest(classifier)
    flat.validate()
    probe = np.random.default_rng(seed).normal(0, 2, data.vectors.shape).astype(np.float32)
    np.testing.assert_array_equal(flat.predict_proba(probe), classifier.predict_proba(probe))


def test_test_rows_are_measured_and_not_trained_on(trained):
    data = dataset()
    in_test = np.array([row.split == "test_unseen" for row in data.rows])
    changed = data.vectors.copy()
    changed[in_test] += 100
    again = train(Dataset(changed, data.rows, data.data_hash, data.skipped), PARAMS)
    np.testing.assert_array_equal(again.forest.threshold, trained.forest.threshold)
    assert again.card.threshold == trained.card.threshold
    assert trained.card.evaluation["test_unseen"]["recall"]["n"] == 15
    assert trained.card.training["openings"] == {"spam": 45, "ham": 45}


def test_no_group_is_held_out_from_itself():
    """A group whose label contradicts all others cannot be learnt from its own other members."""
    data = dataset(120, 12)
    vectors = data.vectors.copy()
    odd = np.array([row.campaign == "c0" for row in data.rows])
    vectors[odd] = -50 - np.arange(odd.sum())[:, np.newaxis]
    probabilities = held_out_probabilities(Dataset(vectors, data.rows, "", {}), PARAMS)
    assert (probabilities[odd] < 0.5).all()


def test_one_campaign_alone_is_cross_validated_by_opening(trained):
    data = dataset(120, 1)
    card = train(data, PARAMS).card
    assert card.evaluation["cross_validated"]["held_apart_by"] == "opening"
    assert trained.card.evaluation["cross_validated"]["held_apart_by"] == "campaign and source"


def test_the_card_says_what_it_rests_on(trained):
    card = trained.card
    assert card.seed == 3
    assert card.training["left_out"] == {"digital silence": 2}
    assert card.training["kinds"] == {"spam": {"hum": 45}, "ham": {"speech": 45}}
    assert set(card.versions) == {"silentspam", "python", "numpy", "scipy", "scikit-learn"}
    recall = card.evaluation["test_unseen"]["recall"]
    low, high = recall["wilson95"]
    assert low <= recall["rate"] <= high


def test_one_class_is_refused():
    data = dataset()
    with pytest.raises(SilentSpamError, match="both classes"):
        train(data.where(data.is_spam), PARAMS)


@pytest.mark.parametrize("setting", ["trees", "leaves", "folds"])
def test_settings_out_of_range_are_named(setting):
    with pytest.raises(SilentSpamError, match=f"{setting} is 0"):
        TrainParams(**{setting: 0})


def test_a_written_model_loads_and_replaces_an_older_one(trained, tmp_path):
    folder = tmp_path / "models" / "first"
    model_id = write_model(folder, trained.forest, trained.card)
    assert load_model(folder).model_id == model_id
    assert write_model(folder, trained.forest, trained.card) == model_id
    assert [path.name for path in folder.parent.iterdir()] == ["first"]


def test_a_folder_of_other_files_is_left_alone(trained, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(ModelError, match="other files"):
        write_model(tmp_path, trained.forest, trained.card)
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize("at", range(7))
def test_a_full_disk_leaves_the_old_model(trained, tmp_path, monkeypatch, at):
    folder = tmp_path / "model"
    model_id = write_model(folder, trained.forest, trained.card)
    written = []

    def write(path, content):
        if len(written) == at:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.write_bytes(content)

    monkeypatch.setattr(publish, "_write", write)
    other = train(dataset(seed=9), PARAMS)
    with pytest.raises(ModelError, match="No space left"):
        write_model(folder, other.forest, other.card)
    assert load_model(folder).model_id == model_id
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


probabilities = hnp.arrays(
    np.float64, st.integers(0, 300), elements=st.integers(0, 100).map(lambda v: v / 100)
)


@given(probabilities, st.floats(0, 0.5))
def test_the_threshold_keeps_to_its_budget(ham, budget):
    threshold = threshold_for(ham, budget, n_trees=100)
    assert LOWEST_THRESHOLD <= threshold <= 1.0
    if not (ham == 1.0).any():
        assert suspected(ham, threshold).hits <= budget * len(ham)


def test_wilsons_interval_is_the_published_one():
    low, high = Rate(hits=81, n=263).interval
    assert (round(low, 3), round(high, 3)) == (0.255, 0.366)
    assert Rate(hits=0, n=0).interval == (0.0, 1.0)
    assert Rate(hits=0, n=20).interval[0] == 0.0
