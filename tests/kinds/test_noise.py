"""Noise: what a folder's files give, what is found, and that no recording whatever raises."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.audio import Recording, encode_ulaw
from silentspam.boosted import BoostedTrees
from silentspam.call import VerdictKind
from silentspam.card import Combination, OperatingPoint, StftCard
from silentspam.errors import ModelError
from silentspam.features import FeatureParams, feature_names, feature_vector
from silentspam.kinds.noise import (
    ARRAY_FILES,
    CARD_NAME,
    FORMAT,
    HEARD_DBFS,
    NoiseCard,
    NoiseModel,
    load_noise,
    noise_files,
    noise_parts,
)
from silentspam.kinds.sound import Sound

PARAMS = FeatureParams(groups=("levels", "codes"))
NAMES = feature_names(PARAMS)


def stump() -> BoostedTrees:
    """One tree of one question: whether the level of the quietest frames is above −40 dBFS."""
    return BoostedTrees(
        roots=np.array([0], dtype=np.int32),
        feature=np.array([NAMES.index("frame_dbfs_p5"), 0, 0], dtype=np.int32),
        threshold=np.array([-40.0, 0.0, 0.0]),
        children=np.array([[1, 2], [1, 1], [2, 2]], dtype=np.int32),
        values=np.array([0.0, -3.0, 3.0]),
        n_features=len(NAMES),
        depth=1,
    )


def card(**changes) -> NoiseCard:
    point = OperatingPoint(max_false_challenge_rate=0.005, threshold=0.9, hits=0, n=9, wilson95=(0.0, 0.3))
    known = NoiseCard(
        format=FORMAT,
        stft=StftCard(sample_rate=8000, window_length=512, hop_length=256),
        n_bases=PARAMS.n_bases,
        groups=list(PARAMS.groups),
        feature_names=NAMES,
        depth=1,
        combination=Combination(bias=0.0, odds=1.0),
        operating_points=[
            point,
            msgspec.structs.replace(point, max_false_challenge_rate=0.01, threshold=0.8),
        ],
        seed=1,
        data_hash="",
        versions={},
        statement="A stump made by hand.",
    )
    return msgspec.structs.replace(known, **changes)


MODEL = NoiseModel(stump(), card())


def hiss(dbfs: float, n: int = 16000) -> Recording:
    samples = np.random.default_rng(1).standard_normal(n) * 10 ** (dbfs / 20) * 32768
    return Recording(encode_ulaw(np.clip(samples, -32768, 32767).astype(np.int16)))


def test_noise_is_found_over_the_whole_opening_with_its_figures():
    (found,) = MODEL(Sound(hiss(-25)))
    assert (found.kind, found.signal) == (VerdictKind.CALLER_NOISE, "noise")
    assert (found.begin, found.end) == (0.0, 2.0)
    assert found.probability == pytest.approx(1 / (1 + np.exp(-3)))
    assert "0.953" in found.reason
    assert "-25.0 dBFS" in found.reason


def test_a_vector_that_is_known_is_not_computed_again():
    recording = hiss(-25)
    vector = feature_vector(recording.sounding, PARAMS)
    assert MODEL(Sound(recording), vector) == MODEL(Sound(recording))
    assert MODEL.probability(recording, vector) == MODEL.probability(recording)
    vector[NAMES.index("frame_dbfs_p5")] = -60
    assert MODEL(Sound(recording), vector) == ()


@pytest.mark.parametrize("dbfs", [HEARD_DBFS - 1, -72.0])
def test_what_is_quieter_than_noise_is_left_to_dead_air(dbfs):
    assert MODEL.probability(hiss(dbfs)) is None
    assert MODEL(Sound(hiss(dbfs))) == ()


@given(st.binary(max_size=20_000))
@settings(max_examples=60, deadline=None)
def test_no_recording_raises(octets):
    MODEL(Sound(Recording(np.frombuffer(octets, dtype=np.uint8))))


@pytest.mark.parametrize("code", [0x00, 0x7F, 0x80, 0xFF])
@pytest.mark.parametrize("n", [0, 1, 159, 511, 8000, 16000, 80_000])
def test_no_recording_of_one_code_raises_or_is_noise(code, n):
    assert MODEL(Sound(Recording(np.full(n, code, dtype=np.uint8)))) == ()


def test_files_give_the_model_back_and_others_give_none():
    files = noise_files(stump(), card())
    assert set(files) == {CARD_NAME, *ARRAY_FILES} == set(noise_parts())
    model = load_noise({**files, "roots.npy": b"the dead-air model's own"})
    assert model is not None
    assert model.card == card()
    assert model(Sound(hiss(-25))) == MODEL(Sound(hiss(-25)))
    assert load_noise({"card.json": b"{}"}) is None


def test_equal_models_give_equal_bytes():
    assert noise_files(stump(), card()) == noise_files(stump(), card())


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"format": 9}, "format is 9"),
        ({"feature_names": NAMES[:-1]}, "feature_names"),
        ({"groups": ["colour"]}, "colour"),
        ({"operating_points": []}, "operating_points"),
        ({"depth": 0}, "depth"),
    ],
)
def test_a_card_of_something_else_is_a_model_error(changes, word):
    files = noise_files(stump(), card())
    files[CARD_NAME] = msgspec.json.encode(card(**changes))
    with pytest.raises(ModelError, match=word):
        load_noise(files)


@pytest.mark.parametrize("name", noise_parts())
@pytest.mark.parametrize("content", [b"", b"{", b"\x93NUMPY", b"\xff" * 100])
def test_a_damaged_file_is_a_model_error(name, content):
    with pytest.raises(ModelError):
        load_noise(noise_files(stump(), card()) | {name: content})


def test_an_array_that_is_missing_is_a_model_error():
    files = noise_files(stump(), card())
    del files[ARRAY_FILES[0]]
    with pytest.raises(ModelError, match="missing"):
        load_noise(files)


def test_trees_that_are_none_are_not_written():
    with pytest.raises(ModelError, match="differ in length"):
        noise_files(replace(stump(), threshold=np.zeros(2)), card())


@pytest.mark.parametrize(("budget", "threshold"), [(0.001, 0.9), (0.005, 0.9), (0.0099, 0.9), (0.5, 0.8)])
def test_a_budget_has_the_threshold_of_the_largest_one_within_it(budget, threshold):
    assert MODEL.threshold_for(budget) == threshold
