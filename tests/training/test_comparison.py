"""The comparison: the classifiers are scikit-learn's, splits leak or do not, one seed is one result."""

import json

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from silentspam.cli import main
from silentspam.errors import SilentSpamError
from silentspam.features import FeatureParams, feature_names
from silentspam.training import classifiers
from silentspam.training.comparison import PAPER_FEATURES, CompareParams, _grouped, _shuffled, compare, sample
from silentspam.training.dataset import Dataset, Labelled

PARAMS = CompareParams(splits=2, trees=(3, 6), alphas=(1e-4, 1e-3), costs=(0.1, 1.0))


def openings(n=160, campaigns=8, seed=0, width=None):
    """Campaigns of dead air and people, each people's opening a source of its own."""
    rng = np.random.default_rng(seed)
    is_spam = np.arange(n) % 2 == 0
    width = width or len(feature_names(PAPER_FEATURES))
    vectors = rng.normal(0, 1, (n, width)) - is_spam[:, np.newaxis]
    rows = tuple(
        Labelled(
            recording=f"{i}.ulaw",
            path=None,
            is_spam=bool(spam),
            campaign=f"c{i // 2 % campaigns}" if spam else "",
        )
        for i, spam in enumerate(is_spam)
    )
    return Dataset(vectors.astype(np.float32), rows, "0" * 64, {})


def fit_first_column(dataset):
    """Dead air is below 0 in the first column."""
    assert len(set(dataset.is_spam.tolist())) == 2
    return lambda vectors: 1 / (1 + np.exp(vectors[:, 0].astype(np.float64)))


@pytest.fixture(scope="module")
def figures():
    return compare(openings(), openings(width=4), fit_first_column, PARAMS, tell=lambda _: None)


def test_every_method_stands_on_both_splits(figures):
    methods = {(line["method"], line["split"]) for line in figures["table"]}
    assert len(methods) == 12
    assert set(figures["figures"]) == {"forest", "sgd", "linear_svc"}
    forest = figures["figures"]["forest"]["points"]
    assert [point["setting"] for point in forest["shuffled"]] == [3, 6]
    assert 0 <= forest["grouped"][0]["precision"]["mean"] <= 1


def test_table_1_has_the_most_accurate_setting(figures):
    points = figures["figures"]["sgd"]["points"]["shuffled"]
    (line,) = [
        line for line in figures["table"] if line["method"] == "SGDClassifier" and line["split"] == "shuffled"
    ]
    assert line["accuracy"]["mean"] == max(point["accuracy"]["mean"] for point in points)


def test_the_same_seed_gives_the_same_figures(figures):
    again = compare(openings(), openings(width=4), fit_first_column, PARAMS, tell=lambda _: None)
    assert json.dumps(again, sort_keys=True) == json.dumps(figures, sort_keys=True)


def test_shuffled_splits_leak_campaigns_and_grouped_ones_do_not():
    dataset = openings()

    def shared(folds):
        return [set(dataset.groups[train]) & set(dataset.groups[test]) for train, test in folds]

    assert all(shared(_shuffled(dataset, PARAMS)))
    assert not any(shared(_grouped(dataset, PARAMS)))


def test_a_small_forest_is_the_beginning_of_a_large_one():
    dataset = openings(60, width=5)
    small, large = classifiers.forests((4, 9), seed=2)(dataset, dataset.vectors)
    for decided in (small, large):
        alone = RandomForestClassifier(int(decided.setting), random_state=2).fit(
            dataset.vectors, dataset.is_spam
        )
        np.testing.assert_array_equal(decided.scores, alone.predict_proba(dataset.vectors)[:, 1])
        np.testing.assert_array_equal(decided.suspected, alone.predict(dataset.vectors))


def levels(values, is_spam):
    rows = tuple(Labelled(recording=str(i), path=None, is_spam=spam) for i, spam in enumerate(is_spam))
    return Dataset(np.array(values, dtype=np.float32)[:, np.newaxis], rows, "", {})


def test_energy_below_a_level_and_within_a_band_are_chosen_on_the_training_set():
    train = levels([-90, -88, -74, -73, -72, -71, -40, -30, -20], [False] * 2 + [True] * 4 + [False] * 3)
    test = np.array([[-95.0], [-72.5], [-25.0]], dtype=np.float32)
    (below,) = classifiers.energy_below(train, test)
    assert below.suspected.tolist() == [True, True, False]
    (band,) = classifiers.energy_band(train, test)
    assert band.suspected.tolist() == [False, True, False]
    assert np.argmax(band.scores) == 1


def test_too_few_to_split_is_said():
    with pytest.raises(SilentSpamError, match="1 campaigns or sources"):
        compare(
            openings(40, campaigns=1), openings(40, 1, width=4), fit_first_column, PARAMS, tell=lambda _: None
        )


def test_a_sample_keeps_whole_campaigns():
    rows = openings().rows
    chosen = sample(rows, 80, seed=1)
    assert len(chosen) == 80
    kept = [row.campaign for row in chosen if row.is_spam]
    assert {kept.count(name) for name in set(kept)} == {10}
    assert sample(rows, 0, seed=1) == rows
    assert sample(rows, 80, seed=1) == chosen


def test_from_the_command_line(corpus_options, quick_training, tmp_path, capsys):
    one = {"hits": 1, "n": 1, "rate": 1.0, "low": 0.2, "high": 1.0}
    line = {
        "setting": "AMD()",
        "openings": "dead air",
        "statuses": {"MACHINE": 1},
        "machine": one,
        "silent": one,
    }
    amd = {"about": "real calls", "version": "Asterisk 22", "calls": 1, "lines": [line]}
    (tmp_path / "amd.json").write_text(json.dumps(amd))
    written = {name: tmp_path / f"compare.{name}" for name in ("json", "html")}
    options = [option for name, path in written.items() for option in (f"--{name}", str(path))]
    options += ["--quick", "--amd", str(tmp_path / "amd.json"), "--openings", "200"]
    assert main(["compare", *corpus_options, *options]) == 0
    assert "LinearSVC" in capsys.readouterr().out
    assert json.loads(written["json"].read_text())["amd"]["calls"] == 1
    page = written["html"].read_text()
    assert page.count("<img") == 3
    assert "Dead air is synthetic" in page
    assert "Asterisk 22" in page


def test_a_broken_amd_file_is_said(corpus_options, tmp_path, capsys):
    (tmp_path / "amd.json").write_text("{")
    assert main(["compare", *corpus_options, "--amd", str(tmp_path / "amd.json")]) == 1
    assert "amd.json" in capsys.readouterr().err


def test_the_papers_features_are_the_top_3_bases():
    names = feature_names(FeatureParams(groups=("bases",)))
    assert len(names) == 3 * FeatureParams().stft.n_bins
    assert feature_names(PAPER_FEATURES)[: len(names)] == names
