"""A corpus of noise: places by side, people who might be taken for it, the same bytes for the same seed."""

import json

import numpy as np
import pytest
import soundfile

from silentspam.audio import Recording, dbfs, read_ulaw
from silentspam.cli import main
from silentspam.errors import AudioError
from silentspam.kinds.noise import HEARD_DBFS
from silentspam.training import noise
from silentspam.training.codecs import open_codec
from silentspam.training.dataset import read_labels
from silentspam.training.libraries import CodecUnavailableError
from silentspam.training.noise_corpus import is_heard
from silentspam.training.noise_ham import NoiseHamKind, NoisyPeople, cabin, misread_law, wind
from silentspam.training.noise_places import FOLDER, PLACES, find_places
from silentspam.training.payloads import Payloads
from silentspam.training.sources import Split, find_clips
from tests.conftest import MakeOnce


@pytest.fixture(scope="session")
def places_folder(make_once: MakeOnce):
    """A folder laid out as lincity-ng-data is, each place two files of noise made here."""

    def write(root):
        rng = np.random.default_rng(5)
        (root / FOLDER).mkdir(parents=True)
        for place in PLACES:
            for number in (1, 2):
                sound = noise.at_level(np.cumsum(rng.standard_normal(22050)) * rng.uniform(0.5, 1), -25)
                soundfile.write(root / FOLDER / f"{place}{number}.wav", sound, 11025, subtype="PCM_16")
        soundfile.write(root / FOLDER / "Click.wav", np.zeros(22050), 11025, subtype="PCM_16")

    return make_once("places", write)


@pytest.fixture(scope="session")
def noise_corpus(audio_folder, places_folder, codec_folders, make_once: MakeOnce):
    """20 campaigns of 3 calls and 60 people."""
    folders = [str(folder) for folder in (audio_folder, places_folder, *codec_folders)]
    try:
        Payloads(codec_folders)
    except CodecUnavailableError as error:
        pytest.skip(str(error))
    size = [
        "--campaigns",
        "20",
        "--calls",
        "3",
        "--ham",
        "60",
        "--rooms",
        "4",
        "--seed",
        "3",
        "--codecs",
        "g711u",
        "g711a",
    ]

    def simulate(out):
        command = ["noise", "simulate", "--out", str(out), "--sources", *folders, "--workers", "1"]
        assert main([*command, *size]) == 0

    return make_once("noise-corpus", simulate)


def test_no_place_stands_on_both_sides_and_what_is_no_place_is_left_out(places_folder):
    places = find_places([places_folder])
    sides = [{clip.speaker for clip in places if clip.split is split} for split in Split]
    assert not sides[0] & sides[1]
    assert len(sides[0] | sides[1]) == len(PLACES)
    assert not any(clip.path.stem == "Click" for clip in places)


def test_missing_places_name_the_package(tmp_path):
    with pytest.raises(AudioError, match="lincity-ng-data"):
        find_places([tmp_path])


def test_every_kind_of_person_is_drawn(audio_folder, places_folder):
    clips = (*find_clips([audio_folder]), *find_places([places_folder]))
    people, rng = NoisyPeople(clips, Split.TRAIN), np.random.default_rng(1)
    openings = [people.draw(16000, rng) for _ in range(150)]
    assert set(NoiseHamKind) - {NoiseHamKind.ANYBODY, NoiseHamKind.SYNTHETIC_ROOM} <= {
        opening.kind for opening in openings
    }
    assert all(opening.source and np.isfinite(opening.signal).all() for opening in openings)


@pytest.mark.parametrize("made", [wind, cabin])
def test_what_is_synthetic_has_its_level_and_is_low(made):
    sound = made(16000, -30, np.random.default_rng(6))
    power = np.abs(np.fft.rfft(sound)) ** 2
    assert 20 * np.log10(noise.rms(sound)) == pytest.approx(-30, abs=0.01)
    assert power[: len(power) // 4].sum() > 0.8 * power.sum()


def test_speech_whose_law_is_misread_keeps_its_shape():
    tone = 0.3 * np.sin(2 * np.pi * 300 * np.arange(8000) / 8000)
    assert abs(np.corrcoef(tone, misread_law(tone))[0, 1]) > 0.5


def test_a_corpus_holds_what_is_heard_and_says_what_is_synthetic(noise_corpus):
    rows = read_labels(noise_corpus / "labels.csv", noise_corpus)
    spam = [row for row in rows if row.is_spam]
    assert len(spam) == 60
    assert all(is_heard(read_ulaw(row.path)) for row in spam)
    assert {row.split for row in spam} == {"train", "test_seen", "test_unseen"}
    assert "synthetic" in json.loads((noise_corpus / "corpus.json").read_text())["statement"]


def test_no_campaign_voice_or_place_is_in_training_and_in_the_unseen_test(noise_corpus):
    rows = read_labels(noise_corpus / "labels.csv", noise_corpus)
    sides = [
        {row.group for row in rows if (row.split == "test_unseen") is unseen} for unseen in (True, False)
    ]
    assert not sides[0] & sides[1]


def test_what_is_quieter_than_noise_is_dead_air():
    quiet = noise.at_level(np.random.default_rng(0).standard_normal(16000), HEARD_DBFS - 3)
    codec = open_codec("g711u")
    assert codec.name == "g711u"
    from silentspam.training.codecs.g711 import encode_mu_law
    from silentspam.training.network import quantised

    recording = Recording(encode_mu_law(quantised(quiet)))
    assert dbfs(recording.rms) < HEARD_DBFS
    assert not is_heard(recording)
