"""`silentspam lines-study`, from a corpus to tables and a document, and what it refuses."""

import json

import pytest

from silentspam.cli import main
from silentspam.model import load_model
from tests import models


@pytest.fixture(scope="module")
def many_calls(audio_folder, tmp_path_factory):
    """A simulated corpus of 24 campaigns of 20 calls, and 120 people."""
    out = tmp_path_factory.mktemp("lines") / "corpus"
    size = [
        "--campaigns",
        "24",
        "--calls",
        "20",
        "--ham",
        "120",
        "--silence",
        "0",
        "--seed",
        "11",
        "--kinds",
        "0",
    ]
    sources = ["--sources", str(audio_folder), "--codecs", "g711u", "g711a"]
    assert main(["simulate", "--out", str(out), *sources, *size]) == 0
    return out


def study(corpus, *options):
    labels = ["--recordings", str(corpus), "--labels", str(corpus / "labels.csv")]
    return main(["lines-study", *labels, "--draws", "1", "--trials", "3", *map(str, options)])


def test_from_a_corpus_to_figures(many_calls, tmp_path, capsys) -> None:
    out = tmp_path / "lines.json"
    assert study(many_calls, "--json", out) == 0
    figures = json.loads(out.read_text())
    assert "synthetic" in figures["statement"]
    assert figures["params"]["live_share"] == pytest.approx(0.0015)
    (setting,) = figures["settings"]
    assert (setting["name"], setting["campaigns"], setting["bursts"]["trials"]) == ("same range", 24, 3)
    printed = capsys.readouterr()
    assert f"{setting['recall'][0]['mean']:.2%}" in printed.out
    assert "same range: 24 campaigns" in printed.err


def test_too_few_campaigns_or_a_model_without_lines_are_refused(
    many_calls, small_corpus, tmp_path, capsys
) -> None:
    assert study(small_corpus) == 1
    assert "0 campaigns of 20 calls or more, 24 are needed" in capsys.readouterr().err
    assert study(many_calls, "--model", models.write(tmp_path / "plain")) == 1
    assert "line_reference.npy" in capsys.readouterr().err


def test_the_corpus_that_a_model_was_trained_on_is_refused(many_calls, tmp_path, capsys) -> None:
    labels = ["--recordings", str(many_calls), "--labels", str(many_calls / "labels.csv")]
    assert main(["train", *labels, "--out", str(tmp_path / "m"), "--trees", "5", "--workers", "1"]) == 0
    model = load_model(tmp_path / "m")
    assert model.ground is not None
    assert study(many_calls, "--model", tmp_path / "m") == 1
    assert f"model {model.model_id} was trained on it" in capsys.readouterr().err
