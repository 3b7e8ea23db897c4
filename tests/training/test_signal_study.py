"""`silentspam signals`: the whole measurement, small."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from silentspam.cli import main
from silentspam.errors import AudioError
from silentspam.training.signal_sources import find_unheard, is_tuned_on, openings, package_of
from silentspam.training.signal_study import N, cases
from silentspam.training.sources import Clip, ClipKind, Split

PLACES = "usr/share/lincity-ng/sounds"
UNHEARD = (
    f"{PLACES}/TraficHigh.wav",
    f"{PLACES}/RailTrain.wav",
    "usr/share/klettres/de/alpha/a.ogg",
    "usr/share/klettres/de/alpha/b.ogg",
    "usr/share/klettres/ru/alpha/a.ogg",
    "usr/share/scummvm/drascula/audio/track1.ogg",
)


@pytest.fixture
def unheard_folder(tmp_path):
    """Noise that pulses, in the places of licensed files."""
    chance = np.random.default_rng(5)
    for name in UNHEARD:
        path = tmp_path / "unheard" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pulsing = 0.1 * np.sin(np.arange(24_000) / 900) ** 2
        soundfile.write(path, pulsing * chance.standard_normal(24_000), 8000)
    return tmp_path / "unheard"


def test_openings_without_a_signal_are_cut_from_clips_of_one_speaker(unheard_folder):
    clips = find_unheard([unheard_folder])
    rng = np.random.default_rng(1)
    assert {(clip.kind.value, package_of(clip)) for clip in clips} == {
        ("speech", "klettres-data"),
        ("ambience", "places"),
        ("music", "drascula-music"),
    }
    for kind in ClipKind:
        cut = list(openings(clips, kind, 20, N, rng))
        assert len(cut) == 20
        assert {len(sound) for _, sound in cut} == {N}


@pytest.mark.parametrize(
    ("speaker", "split", "tuned"),
    [
        ("klettres-data da", Split.TEST, True),
        ("klettres-data ru", Split.TEST, False),
        ("planetblupi-music-ogg music001", Split.TEST, True),
        ("drascula-music track1", Split.TEST, False),
        ("tuxpaint-stamps-default de", Split.TEST, False),
        ("fire station (FireStation)", Split.TEST, True),
        ("market (MarketLow)", Split.TEST, False),
        ("farm (Farm)", Split.TRAIN, True),
    ],
)
def test_sources_that_limits_were_set_on_are_counted_no_more(speaker, split, tuned):
    clip = Clip(
        source_id="0", speaker=speaker, kind=ClipKind.SPEECH, split=split, licence="", path=Path(speaker)
    )
    assert is_tuned_on(clip) == tuned


def test_a_folder_without_them_is_told(tmp_path):
    with pytest.raises(AudioError, match="unpack"):
        find_unheard([tmp_path])


def test_every_case_draws_a_signal_that_lies_in_the_opening():
    rng = np.random.default_rng(0)
    for case in cases():
        for _ in range(5):
            signal = case.draw(rng, 0.01)
            assert signal.shape == (N,)
            assert np.abs(signal).max() > 0.5, case.name


def test_the_command_prints_tables_and_writes_every_figure(audio_folder, unheard_folder, tmp_path, capsys):
    out = tmp_path / "signals.json"
    size = ["--codecs", "g711u", "--openings", "1", "--without", "6"]
    assert (
        main(["signals", "--sources", str(audio_folder), str(unheard_folder), *size, "--json", str(out)]) == 0
    )
    figures = json.loads(out.read_text())
    assert {one["openings"]: one["n"] for one in figures["false"]} == dict.fromkeys(
        ("speech", "ambience", "music"), 2
    )
    quick = [one for one in figures["found"] if one["group"] != "keys" and one["level"] == -13.0]
    assert sum(one["hits"] for one in quick) >= 0.9 * len(quick)
    printed = capsys.readouterr().out
    assert "CNG" in printed
    assert "per 10,000" in printed
