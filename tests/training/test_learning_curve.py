"""The learning curve: what is trained on and what is measured, with a trainer that can be counted."""

import json

import numpy as np
import pytest

from silentspam.cli import main
from silentspam.errors import SilentSpamError
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.learning_curve import CurveParams, halves, joined, learning_curve

PARAMS = CurveParams(labelled=(0, 2, 4), rate=0.1, campaigns=5)


def openings(name, n, *, is_spam, centre, split="train", groups=4):
    rng = np.random.default_rng(len(name) + n)
    rows = tuple(
        Labelled(
            recording=f"{name}{i}",
            path=None,
            is_spam=is_spam,
            kind="hum",
            campaign=f"{name}-{i % groups}" if is_spam else "",
            source="" if is_spam else f"{name}-{i % groups}",
            split=split,
        )
        for i in range(n)
    )
    return Dataset(rng.normal(centre, 0.1, (n, 2)).astype(np.float32), rows, "", {})


@pytest.fixture
def base():
    known = joined(
        openings("known", 40, is_spam=True, centre=(0, 0)),
        openings("trainee", 40, is_spam=False, centre=(3, 3)),
    )
    return joined(known, openings("held", 100, is_spam=False, centre=(3, 3), split="test_unseen", groups=20))


@pytest.fixture
def attacks():
    """Two campaigns of 24 calls, far from everything known."""
    return openings("attack", 48, is_spam=True, centre=(9, 9), groups=2)


class Memory:
    """Nearest neighbours; remembers what each model was trained on."""

    def __init__(self):
        self.trained_on = []

    def __call__(self, dataset):
        self.trained_on.append({row.recording for row in dataset.rows})
        vectors, is_spam = dataset.vectors, dataset.is_spam

        def scores(asked):
            distance = np.linalg.norm(asked[:, None] - vectors[None], axis=2)
            spam, ham = distance[:, is_spam].min(axis=1), distance[:, ~is_spam].min(axis=1)
            return (ham - spam).astype(np.float64)

        return scores


def test_labelled_calls_find_the_rest_of_a_campaign(base, attacks):
    figures = learning_curve(base, attacks, Memory(), PARAMS, tell=lambda _: None)
    recalls = [point["mean"] for point in figures["points"]]
    assert recalls[0] == 0.0
    assert recalls[-1] == 1.0
    assert all(point["false_challenges"] <= 0.3 for point in figures["points"])
    assert [line["calls"] for line in figures["campaigns"]] == [20, 20]


def test_no_model_meets_a_call_it_is_measured_on_nor_anybody_held_out(base, attacks):
    memory = Memory()
    learning_curve(base, attacks, memory, PARAMS, tell=lambda _: None)
    assert len(memory.trained_on) == 1 + 2 * 2
    told = [{name for name in names if name.startswith("attack")} for names in memory.trained_on]
    assert sorted(map(len, told)) == [0, 2, 2, 4, 4]
    assert told[1] < told[2]
    assert not any(name.startswith("held") for names in memory.trained_on for name in names)


def test_the_same_seed_gives_the_same_curve(base, attacks):
    one, two = (
        json.dumps(learning_curve(base, attacks, Memory(), PARAMS, tell=lambda _: None)) for _ in range(2)
    )
    assert one == two


def test_halves_share_no_source_and_are_even():
    groups = np.array([f"g{i}" for i in [0] * 30 + [1] * 10 + [2] * 10 + list(range(3, 23))])
    first = halves(groups, seed=1)
    assert not set(groups[first]) & set(groups[~first])
    assert abs(int(first.sum()) - int((~first).sum())) <= 2


def test_what_is_missing_is_said(base, attacks):
    nobody = base.where(np.array([not row.split for row in base.rows]) | base.is_spam)
    with pytest.raises(SilentSpamError, match="people of 0 sources are held out"):
        learning_curve(nobody, attacks, Memory(), PARAMS, tell=lambda _: None)
    small = attacks.where(np.arange(48) < 10)
    with pytest.raises(SilentSpamError, match="has 5 calls: at least 24"):
        learning_curve(base, small, Memory(), PARAMS, tell=lambda _: None)
    with pytest.raises(SilentSpamError, match="both in the training openings"):
        learning_curve(joined(base, attacks), attacks, Memory(), PARAMS, tell=lambda _: None)


def test_from_the_command_line(audio_folder, corpus_options, quick_training, tmp_path, capsys):
    sources = ["--sources", str(audio_folder), "--codecs", "g711u", "--seed", "9"]
    size = ["--campaigns", "1", "--calls", "70", "--ham", "0", "--silence", "0", "--kinds", "0"]
    assert main(["simulate", "--out", str(tmp_path / "attacks"), *sources, *size]) == 0
    capsys.readouterr()
    written = {name: tmp_path / f"curve.{name}" for name in ("json", "html")}
    options = [option for name, path in written.items() for option in (f"--{name}", str(path))]
    assert main(["curve", *corpus_options, "--attacks", str(tmp_path / "attacks"), *options]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("50 ")
    assert len(json.loads(written["json"].read_text())["points"]) == 5
    assert written["html"].read_text().count("<img") == 1
    assert main(["curve", *corpus_options, "--attacks", str(tmp_path)]) == 1
    assert "labels.csv" in capsys.readouterr().err
