"""Ratings of quality over chains and losses: means with intervals; the real network where it is there."""

import json

import pytest

from silentspam.cli import main
from silentspam.errors import AudioError
from silentspam.provenance import quality
from silentspam.training import quality_study
from silentspam.training.quality_study import Mean, falls


def test_a_mean_has_its_interval_and_its_count():
    told = Mean(values=(2.0, 3.0, 4.0)).told()
    assert told == {"mean": 3.0, "interval": [1.868, 4.132], "n": 3}


def test_what_is_not_installed_is_said_before_anything_is_made(monkeypatch, audio_folder):
    monkeypatch.setattr(quality, "PACKAGES", ("a_package_nobody_has",))
    with pytest.raises(AudioError, match=r"silentspam\[quality\]"):
        falls([audio_folder], calls=2)


def test_the_command_prints_means_over_chains_and_losses(monkeypatch, audio_folder, capsys):
    for package in quality.PACKAGES:
        pytest.importorskip(package)
    monkeypatch.setattr(quality_study, "CHAINS", (("g711u",),))
    monkeypatch.setattr(quality_study, "LOSSES", (0.0, 0.1))
    monkeypatch.setattr(quality_study, "SECONDS", 2.0)
    assert main(["paths", "quality", "--sources", str(audio_folder), "--calls", "2"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["adds"] is None
    assert [(row["chain"], row["loss"], row["n"]) for row in told["falls"]] == [
        (["g711u"], 0.0, 2),
        (["g711u"], 0.1, 2),
    ]
    assert all(1 <= row["mean"] <= 5 for row in told["falls"])
