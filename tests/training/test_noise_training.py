"""Trees of noise: trained on the train split alone, the same bytes each time, measured on held-out splits."""

from dataclasses import replace

import numpy as np
import pytest

from silentspam.audio import read_ulaw
from silentspam.errors import ModelError, SilentSpamError
from silentspam.features import FeatureParams, feature_names
from silentspam.kinds.noise import HEARD_DBFS, noise_files, noise_names, noise_vector
from silentspam.kinds.sound import Sound
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.fitting import FitParams
from silentspam.training.noise_features import load_noise_dataset
from silentspam.training.noise_folder import read_noise, write_noise
from silentspam.training.noise_training import NoiseParams, heard, measure, source_name, train_noise

FEATURES = FeatureParams(groups=("levels",))
PARAMS = NoiseParams(fit=FitParams(n_trees=10, folds=2, features_share=1.0, lines=False), features=FEATURES)
LEVEL = feature_names(FEATURES).index("rms_dbfs")


def openings(n: int = 240) -> Dataset:
    """Half of it noise, which is told by its second figure, the first being the level."""
    rng, rows = np.random.default_rng(0), []
    vectors = rng.normal(-30, 5, (n, len(noise_names(FEATURES)))).astype(np.float32)
    for place in range(n):
        noise, split = place % 2 == 0, ("train", "train", "test_seen", "test_unseen")[place // 2 % 4]
        vectors[place, LEVEL + 1] += 25 * noise
        rows.append(
            Labelled(
                recording=f"{place}.ulaw",
                path=None,
                is_spam=noise,
                kind="coloured" if noise else "place",
                campaign=f"noise-{place % 24}" if noise else "",
                source=f"place-{place % 30}",
                split=split,
            )
        )
    return Dataset(vectors, tuple(rows), "hash", {})


def test_training_is_repeatable_and_never_sees_the_test_splits():
    dataset = openings()
    once = train_noise(dataset, PARAMS)
    assert noise_files(once.trees, once.card) == noise_files(*_parts(train_noise(dataset, PARAMS)))
    in_test = np.array([row.split.startswith("test") for row in dataset.rows])
    dataset.vectors[in_test] = -20
    other = train_noise(dataset, PARAMS)
    assert np.array_equal(once.trees.threshold, other.trees.threshold)
    assert once.card.operating_points == other.card.operating_points


def _parts(trained):
    return trained.trees, trained.card


def test_the_card_says_what_was_found_of_each_split():
    card = train_noise(openings(), PARAMS, corpus={"statement": "made up"}).card
    assert card.statement == "made up"
    assert set(card.evaluation) == {"cross_validated", "test_seen", "test_unseen"}
    unseen = card.evaluation["test_unseen"]
    assert unseen["families"]["coloured"]["n"] == unseen["budgets"][0]["recall"]["n"] == 30
    assert unseen["budgets"][-1]["recall"]["rate"] > 0.9
    assert unseen["campaigns"]["campaigns"] == 3


def test_what_is_too_quiet_is_neither_trained_on_nor_counted():
    dataset = openings()
    dataset.vectors[:60, LEVEL] = HEARD_DBFS - 1
    assert len(heard(dataset, FEATURES).rows) == 180
    with pytest.raises(SilentSpamError, match="levels"):
        heard(dataset, FeatureParams(groups=("codes",)))


def test_a_forest_is_refused():
    with pytest.raises(SilentSpamError, match="boosted"):
        train_noise(openings(), replace(PARAMS, fit=replace(PARAMS.fit, trees="forest")))


def test_a_folder_gives_the_model_back(tmp_path):
    trained = train_noise(openings(), PARAMS)
    write_noise(tmp_path / "noise", noise_files(trained.trees, trained.card))
    model = read_noise(tmp_path / "noise")
    assert measure(openings(), model) == {
        split: figures for split, figures in trained.card.evaluation.items() if split.startswith("test")
    }
    (tmp_path / "noise" / "noise_values.npy").write_bytes(b"else")
    with pytest.raises(ModelError, match="SHA-256"):
        read_noise(tmp_path / "noise")


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("Dear")
    with pytest.raises(ModelError, match="other files"):
        write_noise(tmp_path, {})


def test_synthetic_places_are_counted_together():
    rows = [
        Labelled(recording="", path=None, is_spam=False, source=name) for name in ("wind-0badcafe", "a-b")
    ]
    assert [source_name(row) for row in rows] == ["wind (synthetic)", "a-b"]


def test_vectors_of_a_corpus_are_those_of_a_call(tmp_path):
    rng, rows = np.random.default_rng(3), []
    for place in range(20):
        path = tmp_path / f"{place}.ulaw"
        path.write_bytes(rng.integers(0, 256, 8000 + 80 * place, dtype=np.uint8).tobytes())
        rows.append(Labelled(recording=path.name, path=path, is_spam=place % 2 == 0))
    loaded = load_noise_dataset(rows, FEATURES)
    for row, vector in zip(loaded.rows, loaded.vectors, strict=True):
        assert vector == pytest.approx(noise_vector(Sound(read_ulaw(row.path)), FEATURES), rel=1e-5)
