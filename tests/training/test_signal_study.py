"""`silentspam signals`: the whole measurement, small."""

import json

import numpy as np

from silentspam.cli import main
from silentspam.training.signal_study import N, cases


def test_every_case_draws_a_signal_that_lies_in_the_opening():
    rng = np.random.default_rng(0)
    for case in cases():
        for _ in range(5):
            signal = case.draw(rng, 0.01)
            assert signal.shape == (N,)
            assert np.abs(signal).max() > 0.5, case.name


def test_the_command_prints_tables_and_writes_every_figure(audio_folder, tmp_path, capsys):
    out = tmp_path / "signals.json"
    size = ["--codecs", "g711u", "--openings", "1", "--without", "6"]
    assert main(["signals", "--sources", str(audio_folder), *size, "--json", str(out)]) == 0
    figures = json.loads(out.read_text())
    assert {one["openings"]: one["n"] for one in figures["false"]} == dict.fromkeys(
        ("speech", "ambience", "music"), 2
    )
    quick = [one for one in figures["found"] if one["group"] != "keys" and one["level"] == -13.0]
    assert sum(one["hits"] for one in quick) >= 0.9 * len(quick)
    printed = capsys.readouterr().out
    assert "CNG" in printed
    assert "per 10,000" in printed
