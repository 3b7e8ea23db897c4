"""A model folder that was tampered with, cut off or made for another version is refused.

What cannot be judged never reaches the forest.
"""

import json
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from silentspam import resources
from silentspam.audio import Recording, dbfs
from silentspam.call import VerdictKind
from silentspam.errors import ModelError
from silentspam.features import FeatureParams, Measured, feature_matrix, measured
from silentspam.forest import Forest
from silentspam.hashed import SUMS_NAME
from silentspam.lines.ground import unpack
from silentspam.model import CARD_NAME, SpamModel, load_model, model_files
from tests import models
from tests.fakes import joined, noise, silence, tone

FILES = model_files(models.a_forest(), models.a_card())


def refused(folder: Path, words: str) -> None:
    with pytest.raises(ModelError, match=words):
        load_model(folder)


def with_card(**changes: Any) -> dict[str, bytes]:
    card = json.loads(FILES[CARD_NAME]) | changes
    return models.resigned(FILES | {CARD_NAME: json.dumps(card).encode()})


# --- loading ------------------------------------------------------------------------------------------------


def test_a_good_folder_gives_the_forest_that_was_written(model_folder: Path) -> None:
    model = load_model(model_folder)
    for name in Forest.FORMS:
        assert np.array_equal(getattr(model.forest, name), getattr(models.a_forest(), name)), name
    assert model.card == models.a_card()


def test_equal_models_are_equal_bytes_and_one_id(tmp_path: Path, model_folder: Path) -> None:
    assert model_files(models.a_forest(), models.a_card()) == FILES
    assert load_model(models.write(tmp_path / "again")).model_id == load_model(model_folder).model_id


def test_another_threshold_is_another_model_id(tmp_path: Path, model_folder: Path) -> None:
    other = models.write_files(tmp_path / "other", with_card(threshold=0.7))
    assert load_model(other).model_id != load_model(model_folder).model_id


@pytest.mark.parametrize("name", [n for n in FILES if n != SUMS_NAME])
@pytest.mark.parametrize("where", [0, -1])
def test_one_changed_byte_in_any_file_is_refused(tmp_path: Path, name: str, where: int) -> None:
    changed = bytearray(FILES[name])
    changed[where] ^= 1
    refused(models.write_files(tmp_path / "m", FILES | {name: bytes(changed)}), f"{name}.*SHA-256")


def test_a_changed_byte_in_the_hashes_is_refused(tmp_path: Path) -> None:
    changed = bytearray(FILES[SUMS_NAME])
    changed[0] ^= 1
    refused(models.write_files(tmp_path / "m", FILES | {SUMS_NAME: bytes(changed)}), "SHA-256")


@pytest.mark.parametrize("content", [b"", b"\xff\x00\n" * 9, b"no hashes here"])
def test_garbage_hashes_are_refused(tmp_path: Path, content: bytes) -> None:
    refused(models.write_files(tmp_path / "m", FILES | {SUMS_NAME: content}), "SHA-256")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    refused(models.write_files(tmp_path / "m", {k: v for k, v in FILES.items() if k != name}), name)


def test_a_missing_folder_is_refused_by_name(tmp_path: Path, below_a_file: Path) -> None:
    refused(tmp_path / "nowhere", "nowhere")
    refused(below_a_file, "below")


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    folder = models.write_files(tmp_path / "m", {k: v for k, v in FILES.items() if k != name})
    (folder / name).mkdir()
    refused(folder, name)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 3}, "format is 3, this version reads 2"),
        ({"format": 0}, "format is 0"),
        ({"n_bases": 2}, "feature_names"),
        ({"n_bases": 0}, "n_bases"),
        ({"groups": ["bases"]}, "feature_names"),
        ({"groups": ["astrology"]}, "astrology"),
        ({"groups": []}, "groups"),
        ({"feature_names": models.NAMES[::-1]}, "feature_names"),
        ({"n_features": 3}, "feature_names"),
        ({"threshold": 1.5}, "threshold is 1.5"),
        ({"threshold": -0.1}, "threshold is -0.1"),
        ({"depth": 0}, "depth"),
        ({"depth": 10**9}, "depth"),
        ({"stft": {"sample_rate": 8000, "window_length": 256, "hop_length": 256}}, "feature_names"),
        ({"stft": {"sample_rate": 8000, "window_length": 512, "hop_length": 0}}, "hop_length"),
        (
            {"stft": {"sample_rate": 8000, "window_length": 512, "hop_length": 256, "window": "hamming"}},
            "window",
        ),
        ({"threshold": "high"}, "threshold"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_card_for_other_parameters_is_refused(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    refused(models.write_files(tmp_path / "m", with_card(**changes)), words)


GARBAGE_CARDS = [
    *(b"", b"null", b"[]", b"{", b"\xff\xfe", b"{}", b'{"format": 1}', b"[" * 100_000),
    b'{"created_by": "\xe5 no UTF-8"}',
    b'{"training": ' + b'{"a":' * 100_000,
]


@pytest.mark.parametrize("card", GARBAGE_CARDS)
def test_a_garbage_card_is_refused(tmp_path: Path, card: bytes) -> None:
    refused(models.write_files(tmp_path / "m", models.resigned(FILES | {CARD_NAME: card})), CARD_NAME)


def test_a_pickled_array_is_refused_and_never_run(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path(tmp_path / "exploded").touch, ())

    pickled = models.npy(np.array([Bomb()], dtype=object), allow_pickle=True)
    folder = models.write_files(tmp_path / "m", models.resigned(FILES | {"roots.npy": pickled}))
    refused(folder, "array cannot be read")
    bare = models.write_files(tmp_path / "n", models.resigned(FILES | {"roots.npy": pickle.dumps(Bomb())}))
    refused(bare, "array cannot be read")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"not an array", FILES["shares.npy"][:-3]])
def test_an_array_that_is_cut_off_or_garbage_is_refused(tmp_path: Path, content: bytes) -> None:
    folder = models.write_files(tmp_path / "m", models.resigned(FILES | {"shares.npy": content}))
    refused(folder, "array cannot be read")


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("children", np.array([[1, 2], [0, 0], [2, 2]], np.int32)),
        ("children", np.array([[1, 2], [1, 1]], np.int32)),
        ("roots", np.array([7], np.int32)),
        ("threshold", np.array(["text"] * 3)),
        ("feature", np.array([10_000, 0, 0], np.int32)),
    ],
)
def test_arrays_that_are_no_forest_are_refused(tmp_path: Path, name: str, array: np.ndarray) -> None:
    folder = models.write_files(tmp_path / "m", models.resigned(FILES | {f"{name}.npy": models.npy(array)}))
    refused(folder, "forest arrays")


def test_a_forest_of_one_class_cannot_tell_spam(tmp_path: Path) -> None:
    one = models.npy(np.ones((3, 1)))
    folder = models.write_files(tmp_path / "m", models.resigned(FILES | {"shares.npy": one}))
    refused(folder, "at least 2 are needed")


def test_a_broken_forest_is_not_even_written() -> None:
    with pytest.raises(ModelError, match="forest arrays"):
        model_files(replace(models.a_forest(), depth=0), models.a_card())


# --- judging ------------------------------------------------------------------------------------------------


@pytest.fixture
def model() -> SpamModel:
    return SpamModel(models.a_forest(), models.a_card(), "0123456789ab")


class _NoForest:
    """In the place of a forest that must not be asked."""

    def predict_proba(self, vectors: np.ndarray) -> np.ndarray:
        raise AssertionError("the forest was asked")


@pytest.fixture
def unasked(model: SpamModel) -> SpamModel:
    model.forest = _NoForest()  # type: ignore[assignment]
    return model


EMPTY = Recording(np.zeros(0, np.uint8))


@pytest.mark.parametrize(
    ("recording", "words"),
    [
        (EMPTY, "no media"),
        (Recording(np.zeros(1, np.uint8)), "too little audio"),
        (noise(0.1), "too little audio"),
        (noise(0.99), "too little audio: 0.99 s, at least 1.00 s"),
        (silence(0.5), "too little audio"),
        (silence(2.0), "digital silence: all of 2.00 s"),
        (silence(2.0, 0x7F), "digital silence: all of 2.00 s"),
        (silence(2.0, 0xFD), "digital silence: all of 2.00 s"),
        (joined(silence(1.5), noise(0.5)), "leaves 0.50 s"),
        (joined(noise(0.5), silence(1.5)), "leaves 0.50 s"),
        (joined(silence(0.7), noise(0.6), silence(0.7)), "leaves 0.60 s"),
        (joined(noise(0.4), silence(1.2), noise(0.4)), "leaves 0.80 s"),
        (joined(noise(1.0), silence(2.2), noise(0.5)), "59% between first and last sound, more than 50%"),
    ],
)
def test_what_cannot_be_judged_is_inconclusive_and_never_reaches_the_forest(
    unasked: SpamModel, recording: Recording, words: str
) -> None:
    verdict = unasked.judge(recording)
    assert verdict.kind is VerdictKind.INCONCLUSIVE
    assert (verdict.spam_probability, verdict.threshold) == (None, None)
    assert verdict.seconds == recording.seconds
    assert verdict.digital_silence_share == recording.digital_silence_share
    assert words in verdict.reasons[0]


def test_dead_air_is_spam_and_a_tone_is_not(model: SpamModel) -> None:
    dead = model.judge(noise())
    assert (dead.kind, dead.spam_probability, dead.threshold) == (VerdictKind.CALLER_SILENCE, 0.9, 0.6)
    assert "0.900 ≥ threshold 0.600" in dead.reasons[0]
    alive = model.judge(tone())
    assert (alive.kind, alive.spam_probability) == (VerdictKind.HAM, 0.1)
    assert "0.100 < threshold 0.600" in alive.reasons[0]


@pytest.mark.parametrize("around", [(0.9, 0.0), (0.0, 0.9), (0.5, 0.4)])
def test_digital_silence_around_the_sound_changes_no_probability(
    model: SpamModel, around: tuple[float, float]
) -> None:
    verdict = model.judge(joined(silence(around[0]), noise(1.1), silence(around[1])))
    assert verdict.kind is VerdictKind.CALLER_SILENCE
    assert verdict.seconds == 2.0
    assert verdict.digital_silence_share == pytest.approx(0.45)
    assert "1.10 s judged of 2.00 s" in verdict.reasons[2]


def test_the_forest_hears_only_what_is_left_of_the_silence(model: SpamModel) -> None:
    heard: list[np.ndarray] = []

    class Listening:
        def predict_proba(self, vectors: np.ndarray) -> np.ndarray:
            heard.append(vectors)
            return models.a_forest().predict_proba(vectors)

    model.forest = Listening()  # type: ignore[assignment]
    model.judge(joined(silence(0.5), noise(1.5)))
    model.judge(noise(1.5))
    assert np.array_equal(heard[0], heard[1])


@pytest.mark.parametrize(
    ("threshold", "kind"),
    [
        (0.0, VerdictKind.CALLER_SILENCE),
        (0.9, VerdictKind.CALLER_SILENCE),
        (0.91, VerdictKind.HAM),
        (1.0, VerdictKind.HAM),
    ],
)
def test_the_threshold_of_the_configuration_replaces_the_cards(
    model: SpamModel, threshold: float, kind: VerdictKind
) -> None:
    verdict = model.judge(noise(), threshold=threshold)
    assert (verdict.kind, verdict.threshold) == (kind, threshold)


def test_the_limits_of_the_configuration_hold(model: SpamModel) -> None:
    assert model.judge(noise(0.2), min_seconds=0.1).kind is VerdictKind.CALLER_SILENCE
    gap = joined(noise(0.4), silence(1.2), noise(0.4))
    limits = {"min_seconds": 0.8, "max_digital_silence_share": 0.6}
    assert model.judge(gap, **limits).kind is VerdictKind.CALLER_SILENCE
    assert model.judge(gap, **limits | {"max_digital_silence_share": 0.5}).kind is VerdictKind.INCONCLUSIVE
    assert model.judge(noise(), max_digital_silence_share=0.0).kind is VerdictKind.CALLER_SILENCE


@pytest.mark.parametrize("recording", [noise(), tone(), EMPTY, silence(2.0)])
def test_every_verdict_names_its_model_and_a_reason(model: SpamModel, recording: Recording) -> None:
    verdict = model.judge(recording)
    assert verdict.model_id == "0123456789ab"
    assert all(verdict.reasons)
    assert verdict.reasons


# --- the space of lines -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> SpamModel:
    return load_model(resources.shipped_model())


def test_a_verdict_has_the_place_in_the_space_of_lines(shipped: SpamModel) -> None:
    assert shipped.ground is not None
    alone = [shipped.judge(one) for one in (noise(), tone(), noise(1.2))]
    together = shipped.judge_many([noise(), EMPTY, tone(), noise(1.2)])
    assert [one.embedding for one in alone] == [one.embedding for one in together if one.embedding]
    assert {one.space_id for one in alone} == {shipped.ground.space_id}
    place = unpack(alone[0].embedding or "", len(shipped.ground.space.origin))
    vectors = feature_matrix([noise().sounding], shipped.params)
    np.testing.assert_array_equal(place, shipped.ground.embed(vectors)[0])


def test_the_features_are_computed_once(shipped: SpamModel, monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[int] = []

    def counting(recordings: Sequence[Recording], params: FeatureParams) -> list[Measured]:
        counts.append(len(recordings))
        return measured(recordings, params)

    monkeypatch.setattr("silentspam.model.measured", counting)
    assert shipped.judge(noise()).embedding
    assert counts == [1]


@pytest.mark.parametrize("recording", [EMPTY, noise(0.99), silence(2.0), joined(noise(0.4), silence(1.6))])
def test_what_is_not_judged_has_no_place(shipped: SpamModel, recording: Recording) -> None:
    verdict = shipped.judge(recording)
    assert (verdict.embedding, verdict.space_id, verdict.level_dbfs) == (None, None, None)


def test_a_model_without_lines_gives_a_level_and_no_place(model: SpamModel) -> None:
    verdict = model.judge(tone())
    assert (verdict.embedding, verdict.space_id) == (None, None)
    assert verdict.level_dbfs == pytest.approx(dbfs(float(np.sqrt((tone().samples ** 2).mean()))), abs=1e-3)


def test_a_card_says_in_plain_json_what_it_is() -> None:
    assert msgspec.json.decode(FILES[CARD_NAME])["stft"] == {
        "sample_rate": 8000,
        "window_length": 512,
        "hop_length": 256,
        "window": "hann",
    }
