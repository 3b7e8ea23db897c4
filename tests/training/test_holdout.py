"""Holding out: what can be, that nothing of it is trained on, and the worst beside the mean."""

import json

import numpy as np
import pytest

from silentspam.cli import main
from silentspam.errors import SilentSpamError
from silentspam.training.dataset import Dataset, Labelled
from silentspam.training.holdout import hold_out, hold_outs

CODECS = ("g711u", "gsm+g711u", "amr122-dtx+g711a+g711u")
CORPUS = {
    "campaigns": [
        {
            "name": f"c{i}",
            "family": "hum",
            "chain": "gsm",
            "level_dbfs": -80.0 + i,
            "mains_hz": 50 + 10 * (i % 2),
        }
        for i in range(20)
    ],
    "sources": [
        {"speaker": f"p{i}", "kind": "speech", "language": "it" if i < 4 else "en"} for i in range(16)
    ],
}


def rows():
    """20 campaigns of 20 calls, half of them unseen; 16 speakers of 25 openings, half of them unseen."""
    spam = [
        Labelled(
            recording=f"s{i}",
            path=None,
            is_spam=True,
            kind="hum" if i // 20 % 2 else "noise",
            campaign=f"c{i // 20}",
            codec=CODECS[i // 20 % 3],
            split="train" if i // 20 % 4 < 2 else "test_unseen",
        )
        for i in range(400)
    ]
    ham = [
        Labelled(
            recording=f"h{i}",
            path=None,
            is_spam=False,
            kind="speech" if i % 2 else "quiet_line",
            source=f"p{i // 25}",
            codec=CODECS[i % 3],
            split="train" if i // 25 % 2 else "test_unseen",
        )
        for i in range(400)
    ]
    return (*spam, *ham)


def dataset():
    found = rows()
    is_spam = np.array([row.is_spam for row in found])
    kinds = np.array([row.kind == "hum" for row in found])
    vectors = np.stack([is_spam, kinds], axis=1) + np.random.default_rng(0).normal(0, 0.01, (800, 2))
    return Dataset(vectors.astype(np.float32), found, "", {})


def by_name(kinds):
    return {(kind.dimension, kind.name): kind.held for kind in kinds}


def test_what_labels_and_corpus_allow_is_held_out():
    found = by_name(hold_outs(rows(), CORPUS))
    assert {("codec", "amr"), ("codec", "gsm"), ("codec", "g711a"), ("codec", "silence suppression")} <= set(
        found
    )
    assert ("codec", "g711u") not in found  # every call's last leg
    assert {("dead air", "hum"), ("dead air", "noise"), ("people", "quiet_line")} <= set(found)
    assert {("mains_hz", "50"), ("mains_hz", "60"), ("level_dbfs", "up to -75.25")} <= set(found)
    assert found[("speech", "p1")].sum() == 25
    assert ("speech", "p0") not in found  # never trained on anyway
    assert found[("language", "it")].sum() == 100
    assert hold_outs(rows()[:30], {}) == ()


def test_nothing_held_out_is_trained_on_and_all_that_is_measured_is_unmet():
    trained_on = []

    def fit(part):
        trained_on.append({row.recording for row in part.rows})
        return lambda vectors: vectors[:, 0].astype(np.float64)

    data = dataset()
    kinds = hold_outs(data.rows, CORPUS)
    figures = hold_out(data, kinds, fit)
    assert len(trained_on) == 1 + len(figures["lines"])
    for kind, names in zip(kinds, trained_on[1:], strict=True):
        held = {row.recording for row, is_held in zip(data.rows, kind.held, strict=True) if is_held}
        assert not held & names, kind
    assert all(line["recall"]["rate"] == 1.0 for line in figures["lines"] if line["recall"])
    json.dumps(figures, allow_nan=False)


def test_a_model_that_knows_its_kinds_by_heart_shows_itself():
    def fit(part):
        known = {bool(row.kind == "hum") for row in part.rows if row.is_spam}
        return lambda vectors: np.array([float(v[0] > 0.5 and (v[1] > 0.5) in known) for v in vectors])

    data = dataset()
    figures = hold_out(data, hold_outs(data.rows, {}), fit)
    line = next(line for line in figures["lines"] if line["name"] == "hum")
    assert (line["recall"]["rate"], line["recall_known"]["rate"]) == (0.0, 1.0)
    summary = {one["dimension"]: one for one in figures["summary"]}
    assert summary["dead air"]["worst_recall"] == {"name": "hum", "rate": 0.0}
    assert summary["all"]["worst_recall"]["rate"] == 0.0
    assert summary["people"]["mean_recall"] is None


def test_without_a_test_split_nothing_can_be_measured():
    data = dataset()
    training = data.where(np.array([row.split == "train" for row in data.rows]))
    with pytest.raises(SilentSpamError, match="0 dead-air calls of unseen campaigns"):
        hold_out(training, (), lambda part: lambda vectors: vectors[:, 0])


def test_from_the_command_line(corpus_options, quick_training, tmp_path, capsys):
    written = {name: tmp_path / f"holdout.{name}" for name in ("json", "html")}
    options = [option for name, path in written.items() for option in (f"--{name}", str(path))]
    assert main(["holdout", *corpus_options, "--only", "people", *options]) == 0
    assert "speech" in capsys.readouterr().out
    assert json.loads(written["json"].read_text())["lines"][0]["dimension"] == "people"
    assert "never met" in written["html"].read_text()
    assert main(["holdout", *corpus_options, "--only", "weather"]) == 1
    assert "nothing to hold out by weather: there are codec" in capsys.readouterr().err
