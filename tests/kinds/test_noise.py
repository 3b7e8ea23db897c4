"""Noise: what a folder's files give, what is found, and that no recording whatever raises."""

import shutil
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
from silentspam.features import FeatureParams, feature_names, measured
from silentspam.hashed import verified_files, with_sums
from silentspam.kinds.listening import Sources, listeners
from silentspam.kinds.noise import (
    ARRAY_FILES,
    CARD_NAME,
    FORMAT,
    HEARD_DBFS,
    NoiseCard,
    NoiseModel,
    load_noise,
    noise_files,
    noise_names,
    noise_parts,
    noise_vector,
)
from silentspam.kinds.sound import Sound
from silentspam.kinds.stillness import stillness
from silentspam.resources import shipped_noise

PARAMS = FeatureParams(groups=("levels", "codes"))
NAMES = noise_names(PARAMS)


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
    (known,) = measured([recording.sounding], PARAMS)
    assert MODEL(Sound(recording, known, PARAMS)) == MODEL(Sound(recording))
    assert MODEL.probability(Sound(recording, known, PARAMS)) == MODEL.probability(Sound(recording))
    known.vector[feature_names(PARAMS).index("frame_dbfs_p5")] = -60
    assert MODEL(Sound(recording, known, PARAMS)) == ()
    other = FeatureParams(groups=("codes", "levels"))
    assert MODEL(Sound(recording, known, other)) == MODEL(Sound(recording))


def test_digital_silence_is_in_no_figure_and_a_known_spectrogram_is_that_of_the_rest():
    codes = hiss(-25).codes
    late = Recording(np.concatenate([np.full(3200, 0xFF, dtype=np.uint8), codes[:9600]]))
    (known,) = measured([late.sounding], PARAMS)
    alone = noise_vector(Sound(Recording(codes[:9600])), PARAMS)
    assert noise_vector(Sound(late), PARAMS) == pytest.approx(alone, rel=1e-5)
    assert noise_vector(Sound(late, known, PARAMS), PARAMS) == pytest.approx(alone, rel=1e-5)


@pytest.mark.parametrize("silent", [0, 3200])
def test_what_the_model_made_on_its_way_gives_the_figures_that_are_made_without_it(silent):
    params = FeatureParams(groups=("levels", "bands", "texture"))
    codes = np.concatenate([np.full(silent, 0xFF, dtype=np.uint8), hiss(-25).codes])
    recording = Recording(codes)
    (known,) = measured([recording.sounding], params)
    assert known.power is not None
    assert known.band_levels is not None
    assert known.samples is not None
    with_it = noise_vector(Sound(recording, known, params), params)
    assert with_it.tobytes() == noise_vector(Sound(Recording(codes)), params).tobytes()
    alone = stillness(recording.sounding.samples, known.power)
    assert with_it[-len(alone) :] == pytest.approx(alone, rel=1e-5)
    assert np.array_equal(Sound(recording, known, params).samples, Recording(codes).samples)


@pytest.mark.parametrize("dbfs", [HEARD_DBFS - 1, -72.0])
def test_what_is_quieter_than_noise_is_left_to_dead_air(dbfs):
    assert MODEL.probability(Sound(hiss(dbfs))) is None
    assert MODEL(Sound(hiss(dbfs))) == ()


@given(st.binary(max_size=20_000))
@settings(max_examples=60, deadline=None)
def test_no_recording_raises(octets):
    MODEL(Sound(Recording(np.frombuffer(octets, dtype=np.uint8))))


@pytest.mark.parametrize("code", [0x00, 0x7F, 0x80, 0xFF])
@pytest.mark.parametrize("n", [0, 1, 159, 511, 8000, 16000, 80_000])
def test_no_recording_of_one_code_raises_or_is_noise(code, n):
    assert MODEL(Sound(Recording(np.full(n, code, dtype=np.uint8)))) == ()


def tone(seconds: float, hertz: float = 1000.0, amplitude: float = 8000.0) -> Recording:
    t = np.arange(round(seconds * 8000)) / 8000
    return Recording(encode_ulaw((amplitude * np.sin(2 * np.pi * hertz * t)).astype(np.int16)))


@pytest.mark.parametrize(
    "recording",
    [
        Recording(np.zeros(0, dtype=np.uint8)),
        Recording(np.full(16000, 0xFF, dtype=np.uint8)),
        hiss(20.0),
        tone(2.0),
        tone(0.2),
        hiss(-25, 1600),
        Recording(np.resize(hiss(-25).codes, 3600 * 8000)),
    ],
    ids=["empty", "digital silence", "clipped", "one tone", "0.2 s of a tone", "0.2 s of hiss", "an hour"],
)
def test_bad_input_gives_an_answer_of_shipped_trees(recording):
    found = shipped()(Sound(recording))
    assert all(0.5 <= finding.probability <= 1 for finding in found)


def shipped() -> NoiseModel:
    files, _ = verified_files(shipped_noise(), noise_parts(), ())
    model = load_noise(files)
    assert model is not None
    return model


def test_shipped_trees_challenge_hiss_and_no_tone_at_half_a_percent():
    limit = shipped().threshold_for(0.005)
    assert shipped().probability(Sound(hiss(-25))) >= limit
    assert shipped().probability(Sound(tone(2.0))) < limit


@pytest.mark.parametrize("harm", ["torn", "other version", "missing card"])
def test_shipped_trees_that_are_no_use_cost_their_kind_alone(tmp_path, harm):
    folder = tmp_path / "noise"
    shutil.copytree(shipped_noise(), folder)
    if harm == "torn":
        values = folder / "noise_values.npy"
        values.write_bytes(values.read_bytes()[:-100])
    elif harm == "missing card":
        (folder / CARD_NAME).unlink()
    else:
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name in noise_parts()}
        files[CARD_NAME] = files[CARD_NAME].replace(b'"format": 2', b'"format": 3')
        for name, content in with_sums(files).items():
            (folder / name).write_bytes(content)
    ears = listeners(Sources(noise=folder))
    heard = ears.hear(Sound(busy()))
    assert [fault.split()[0] for fault in heard.faults] == ["CALLER_NOISE"]
    assert {finding.kind for finding in heard.findings} == {VerdictKind.CALLER_BUSY}
    assert VerdictKind.CALLER_NOISE not in {found.kind for found in ears.hear(Sound(hiss(-25))).findings}


def busy() -> Recording:
    """Two seconds of North America's busy signal (ITU-T E.180, Supplement 2)."""
    t = np.arange(16000) / 8000
    on = np.sin(2 * np.pi * 480 * t) + np.sin(2 * np.pi * 620 * t)
    return Recording(encode_ulaw((4000 * on * (t % 1 < 0.5)).astype(np.int16)))


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
