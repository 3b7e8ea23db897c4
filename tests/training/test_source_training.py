"""Learning the space of lines, and counting with it: on rows whose truth is simple, and by the commands."""

import json

import numpy as np
import pytest

from silentspam.cli import main
from silentspam.errors import AudioError
from silentspam.provenance.features import names
from silentspam.provenance.line_space import load_space, space_files
from silentspam.training import opening_study, source_study, source_training
from silentspam.training.source_study import lines_of, study_rows
from silentspam.training.source_training import (
    SourceRows,
    figures_of_lines,
    fit_calibration,
    fit_warp,
    learn_space,
)

FIGURES = 24
SPEAKERS = ("ann", "ben", "cem", "dov")


@pytest.fixture(autouse=True)
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_training, "figures_of_lines", lambda: tuple(figures_of_lines()[:FIGURES]))
    monkeypatch.setattr(source_training, "DIMENSIONS", 10)


def rows_of(sources: int, calls: int, seed: int, *, start: int = 0) -> SourceRows:
    """Lines that differ in ten directions, and voices that differ in others and more."""
    rng, ways = np.random.default_rng(seed), np.random.default_rng(1)
    of_lines, of_voices = ways.normal(size=(10, FIGURES)), ways.normal(size=(4, FIGURES)) * 3
    places = rng.normal(size=(sources, 10)) * 3
    number = np.repeat(np.arange(sources), calls)
    speaker = np.arange(len(number)) % len(SPEAKERS)
    heard = places[number] @ of_lines + of_voices[speaker] + rng.normal(size=(len(number), FIGURES))
    vectors = np.zeros((len(number), len(names())), dtype=np.float32)
    vectors[:, [names().index(name) for name in figures_of_lines()[:FIGURES]]] = heard
    return SourceRows(
        vectors=vectors,
        sources=np.array([f"line {start + n}" for n in number]),
        speakers=np.array(SPEAKERS)[speaker],
    )


SPACE_ROWS = rows_of(60, 6, 2)


def test_lines_of_others_than_training_are_known_again_whoever_speaks() -> None:
    space = learn_space(SPACE_ROWS, learnt_from="60 lines")
    counted = study_rows(rows_of(40, 6, 3, start=100), space, lines=(16,))
    assert counted["closed"]["after 1"]["identified"]["share"] > 0.99
    told = counted["open"][0]["at its threshold"]
    assert told["unknown lines taken for known"]["share"] < 0.02
    assert told["known lines recognised"]["share"] > 0.9
    assert space.card.learnt_from == "60 lines"
    assert "of 16 sources, after 1 call" in "\n".join(lines_of(counted))


def test_lines_of_one_call_fill_the_open_set_up() -> None:
    space = learn_space(SPACE_ROWS)
    several, single = rows_of(36, 3, 4), rows_of(30, 1, 5, start=100)
    both = SourceRows(
        vectors=np.concatenate([several.vectors, single.vectors]),
        sources=np.concatenate([several.sources, single.sources]),
        speakers=np.concatenate([several.speakers, single.speakers]),
    )
    (found, *_) = study_rows(both, space, lines=(40,))["open"]
    assert found["lines"] == 40
    asked = found["at 95 %"]
    assert asked["known lines recognised"]["share"] == pytest.approx(0.95, abs=0.03)
    assert asked["unknown lines taken for known"]["sources"] <= 36


def test_too_few_sources_are_refused() -> None:
    with pytest.raises(AudioError, match="fewer than 10 sources"):
        learn_space(rows_of(5, 3, 1))
    with pytest.raises(AudioError, match="5 sources of several calls: 32 are needed"):
        study_rows(rows_of(5, 3, 1), learn_space(SPACE_ROWS))


def test_a_warp_makes_figures_gaussian_and_ties_share_a_height() -> None:
    rng = np.random.default_rng(6)
    figures = np.stack([rng.exponential(size=4000), rng.random(4000) < 0.7], axis=1).astype(np.float32)
    bent = fit_warp(figures).bend(figures)
    assert abs(float(bent[:, 0].mean())) < 0.05
    assert 0.85 < bent[:, 0].std() < 1.05
    assert len(np.unique(bent[:, 1])) == 2


def test_calibrated_ratios_are_ratios() -> None:
    """Gaussians one apart have the ratio x − 1/2, which is found again from ten times it and five more."""
    rng = np.random.default_rng(7)
    true, false = 10 * (rng.normal(1.0, 1, 20_000) - 0.5) + 5, 10 * (rng.normal(0.0, 1, 20_000) - 0.5) + 5
    slope, offset = fit_calibration(true, false)
    assert slope == pytest.approx(0.1, rel=0.15)
    assert offset == pytest.approx(-0.5, abs=0.2)


def test_the_commands_learn_a_space_and_count_with_it(audio_folder, tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(source_study, "SOURCES", 3)
    monkeypatch.setattr(source_study, "DRAWS", 5)
    made = ["--callers", "20", "--calls", "3", "--seconds", "2", "--test-share", "0.35", "--codecs", "g711"]
    made += ["--voices", "0.1", "--noisy", "0.5", "--one-noise", "--workers", "1"]
    corpus, out = str(tmp_path / "calls"), str(tmp_path / "lines")
    assert main(["paths", "simulate", "--out", corpus, "--sources", str(audio_folder), *made]) == 0
    assert main(["paths", "learn-lines", corpus, "--out", out]) == 0
    assert "39 calls of 13 sources" in capsys.readouterr().out
    assert set(space_files(load_space(tmp_path / "lines"))) == {
        path.name for path in (tmp_path / "lines").iterdir()
    }
    assert main(["paths", "lines", corpus, "--space", out, "--lines", "3", "--seconds", "1", "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    assert counted["calls"] == 21
    assert counted["open"][0]["lines"] == 3
    assert main(["paths", "lines", corpus, "--lines", "3"]) == 0
    assert "one of 3 sources, after 1 call(s)" in capsys.readouterr().out

    assert main(["paths", "lines", corpus, "--with-openings", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["sources"] == 7
    assert told["both"]["asked"] == told["opening"]["asked"] > 0
    (tmp_path / "calls" / "corpus.json").write_text("{}")
    assert main(["paths", "lines", corpus, "--with-openings"]) == 1
    assert "does not tell how" in capsys.readouterr().err


def test_two_ways_that_err_apart_are_better_together() -> None:
    rng = np.random.default_rng(8)
    sources = np.array([f"line {n // 4}" for n in range(80)])
    same = sources[:, np.newaxis] == sources
    scores = {way: 2.5 * same + rng.normal(size=same.shape) for way in ("opening", "call")}
    found = opening_study.count(scores, sources)
    assert found["both"]["foreign"] < 0.6 * min(found["opening"]["foreign"], found["call"]["foreign"])
    assert found["both"]["identified"] > found["call"]["identified"]


def test_a_folder_without_calls_is_named(tmp_path, capsys) -> None:
    assert main(["paths", "lines", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err
