"""Training: reproducible to the byte, honest about what it met, and written whole or not at all."""

from dataclasses import replace

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
from silentspam.training.fitting import FitParams, Fitted, held_out_log_odds
from silentspam.training.operating_point import LOWEST_THRESHOLD, Rate, suspected, threshold_for
from silentspam.training.publish import write_model
from silentspam.training.train import TrainParams, paper_params, train

FEATURES = FeatureParams(groups=("shares", "levels"))


def params(**settings):
    """Small trees, quickly grown."""
    fit = FitParams(**{"n_trees": 7, "leaves": 8, "seed": 3, "folds": 3} | settings)
    return TrainParams(fit=fit, max_false_challenge_rate=0.05, features=FEATURES)


PARAMS = params()


def files_of(trained):
    return model_files(trained.forest, trained.card, trained.lines)


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
    assert files_of(again) == files_of(trained)


def test_any_number_of_workers_gives_the_same_bytes(trained):
    assert files_of(train(dataset(), params(workers=2))) == files_of(trained)


def test_another_seed_gives_another_model(trained):
    assert files_of(train(dataset(), params(seed=4))) != files_of(trained)


def test_a_loaded_model_gives_the_probabilities_of_the_fit(trained, tmp_path):
    write_model(tmp_path / "model", trained.forest, trained.card, trained.lines)
    model = load_model(tmp_path / "model")
    vectors = dataset(seed=5).vectors
    fitted = Fitted(trained.forest, trained.lines, trained.card.combination)
    np.testing.assert_array_equal(model.probabilities(vectors), fitted.probabilities(vectors))
    assert model.lines is not None


def test_the_papers_training_is_a_plain_forest(tmp_path):
    paper = replace(paper_params(n_trees=9, seed=3), features=FEATURES)
    trained = train(dataset(), paper)
    assert (trained.card.trees, trained.card.lines, trained.card.combination) == ("forest", False, None)
    write_model(tmp_path / "model", trained.forest, trained.card, trained.lines)
    vectors = dataset(seed=5).vectors
    votes = trained.forest.predict_proba(vectors)[:, 1]
    np.testing.assert_array_equal(load_model(tmp_path / "model").probabilities(vectors), votes)


def test_thresholds_fall_as_budgets_grow_and_each_says_what_it_rests_on(trained):
    points = trained.card.operating_points
    thresholds = [point.threshold for point in points]
    assert thresholds == sorted(thresholds, reverse=True)
    assert {point.n for point in points} == {45}
    for point in points:
        assert point.hits <= point.max_false_challenge_rate * point.n
        assert point.wilson95[0] <= point.hits / point.n <= point.wilson95[1]
    assert trained.card.threshold_for(0.05) == trained.card.threshold
    assert trained.card.threshold_for(None) == trained.card.threshold
    assert trained.card.threshold_for(0.0001) == thresholds[0]
    assert trained.card.threshold_for(0.4) == thresholds[-1]


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
    log_odds = held_out_log_odds(Dataset(vectors, data.rows, "", {}), PARAMS.fit)
    assert (log_odds[odd] < 0).all()


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


@pytest.mark.parametrize("setting", ["n_trees", "leaves", "folds", "workers"])
def test_settings_out_of_range_are_named(setting):
    with pytest.raises(SilentSpamError, match=f"{setting} is 0"):
        FitParams(**{setting: 0})


def test_a_written_model_loads_and_replaces_an_older_one(trained, tmp_path):
    folder = tmp_path / "models" / "first"
    model_id = write_model(folder, trained.forest, trained.card, trained.lines)
    assert load_model(folder).model_id == model_id
    assert write_model(folder, trained.forest, trained.card, trained.lines) == model_id
    assert [path.name for path in folder.parent.iterdir()] == ["first"]


def test_a_folder_of_other_files_is_left_alone(trained, tmp_path):
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(ModelError, match="other files"):
        write_model(tmp_path, trained.forest, trained.card, trained.lines)
    assert (tmp_path / "precious.txt").read_text() == "mine"


@pytest.mark.parametrize("at", range(14))
def test_a_full_disk_leaves_the_old_model(trained, tmp_path, monkeypatch, at):
    folder = tmp_path / "model"
    model_id = write_model(folder, trained.forest, trained.card, trained.lines)
    written = []

    def write(path, content):
        if len(written) == at:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.write_bytes(content)

    monkeypatch.setattr(publish, "_write", write)
    other = train(dataset(seed=9), PARAMS)
    with pytest.raises(ModelError, match="No space left"):
        write_model(folder, other.forest, other.card, other.lines)
    assert load_model(folder).model_id == model_id
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


probabilities = hnp.arrays(
    np.float64, st.integers(0, 300), elements=st.integers(0, 100).map(lambda v: v / 100)
)


@given(probabilities, st.floats(0, 0.5))
def test_the_threshold_keeps_to_its_budget(ham, budget):
    threshold = threshold_for(ham, budget)
    assert LOWEST_THRESHOLD <= threshold <= 1.0
    if not (ham == 1.0).any():
        assert suspected(ham, threshold).hits <= budget * len(ham)


def test_wilsons_interval_is_the_published_one():
    low, high = Rate(hits=81, n=263).interval
    assert (round(low, 3), round(high, 3)) == (0.255, 0.366)
    assert Rate(hits=0, n=0).interval == (0.0, 1.0)
    assert Rate(hits=0, n=20).interval[0] == 0.0
