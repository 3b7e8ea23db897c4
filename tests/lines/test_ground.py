"""What line memory stands on: rounded embeddings, scores beyond people, and an id that names all of it."""

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from silentspam.errors import LineError, ModelError
from silentspam.lines import ground as module
from silentspam.lines.ground import LineGround, line_ground, load_reference, pack, rounded, unpack
from silentspam.lines.known import KnownLines
from tests.lines.test_known import N_FEATURES, calls, space

__all__ = ["space"]
FLOATS = hnp.arrays(np.float64, st.integers(1, 80), elements=st.floats(-1e9, 1e9))


@pytest.fixture
def ground(space) -> LineGround:
    """A space, and 40 strangers in it."""
    strangers, _ = calls(40, 1, seed=9)
    return line_ground(space, space.embed(strangers).astype(np.float16))


@given(FLOATS)
def test_packing_keeps_what_was_rounded(embedding: np.ndarray) -> None:
    found = unpack(pack(embedding), len(embedding))
    assert np.array_equal(found, rounded(embedding))
    assert pack(found) == pack(embedding)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "of 0 bytes: 6 are wanted"),
        (pack(np.zeros(4)), "of 8 bytes"),
        ("not base64!", "no base64"),
        ("zoë", "no base64"),
        (pack(np.zeros(3))[:-1], "no base64"),
        (base64.b64encode(np.array([1, np.nan, 0], "<f2").tobytes()).decode(), "not finite"),
        (base64.b64encode(np.array([1, np.inf, 0], "<f2").tobytes()).decode(), "not finite"),
    ],
)
def test_what_is_no_embedding_of_this_model_is_refused(text: str, words: str) -> None:
    with pytest.raises(LineError, match=words):
        unpack(text, 3)


def test_a_live_embedding_a_stored_one_and_a_replayed_one_are_equal(ground: LineGround) -> None:
    vectors, _ = calls(3, 2, seed=4)
    together = ground.embed(vectors)
    alone = np.concatenate([ground.embed(vectors[i : i + 1]) for i in range(len(vectors))])
    stored = np.stack([unpack(pack(one), together.shape[1]) for one in together])
    assert np.array_equal(together, stored)
    assert np.array_equal(together, alone)


def test_a_score_is_the_log_ratio_less_the_likeness_to_people(ground: LineGround) -> None:
    vectors, _ = calls(6, 1, seed=5)
    embeddings = ground.embed(vectors)
    lines = KnownLines(ground.space, embeddings[:2].astype(np.float32), np.array([1, 3], np.int32))
    people = np.maximum(ground.people.likeness(embeddings), 0)
    expected = lines.log_ratios(embeddings) - people[:, np.newaxis]
    assert np.array_equal(ground.scores(embeddings, lines), expected)


def test_a_person_of_the_cohort_is_like_people_and_like_no_line(ground: LineGround) -> None:
    person = ground.people.means[:1].astype(np.float64)
    line = KnownLines(ground.space, person.astype(np.float32), np.ones(1, np.int32))
    assert ground.likeness_to_people(person)[0] > 0
    assert ground.scores(person, line)[0, 0] <= 0


def test_likeness_is_the_same_in_whatever_batches(ground: LineGround, monkeypatch) -> None:
    embeddings = ground.embed(calls(20, 1, seed=6)[0])
    whole = ground.likeness_to_people(embeddings)
    monkeypatch.setattr(module, "AT_ONCE", 3)
    np.testing.assert_allclose(ground.likeness_to_people(embeddings), whole, rtol=1e-12)


def test_without_people_the_score_is_the_log_ratio(space) -> None:
    empty = line_ground(space, np.zeros((0, len(space.origin)), np.float16))
    embeddings = empty.embed(calls(2, 1)[0])
    lines = KnownLines(space, embeddings.astype(np.float32), np.ones(2, np.int32))
    assert np.array_equal(empty.scores(embeddings, lines), lines.log_ratios(embeddings))


def test_the_space_id_names_every_array(ground: LineGround) -> None:
    same = line_ground(ground.space, ground.people.means.astype(np.float16))
    assert same.space_id == ground.space_id
    others = [
        line_ground(ground.space, ground.people.means[1:]),
        line_ground(replace(ground.space, scale=ground.space.scale * 2), ground.people.means),
        line_ground(replace(ground.space, spread=ground.space.spread[::-1]), ground.people.means),
    ]
    ids = {ground.space_id, *(other.space_id for other in others)}
    assert len(ids) == 4
    assert all(len(one) == 12 and int(one, 16) >= 0 for one in ids)


@pytest.mark.parametrize(
    "cohort",
    [
        np.zeros((4, 3), np.float16),
        np.zeros(12, np.float16),
        np.zeros((4, 12), np.int32),
        np.full((4, 12), np.nan, np.float16),
    ],
)
def test_a_cohort_that_is_no_embeddings_is_refused(space, cohort: np.ndarray) -> None:
    with pytest.raises(ModelError, match=r"line_cohort\.npy"):
        line_ground(space, cohort)


def test_a_ground_is_checked_against_the_features(ground: LineGround) -> None:
    ground.validate(N_FEATURES)
    with pytest.raises(ModelError, match="offset"):
        ground.validate(N_FEATURES + 1)


def test_the_reference_is_read_and_what_is_none_is_refused_by_name(tmp_path: Path) -> None:
    people = rounded(np.random.default_rng(0).normal(0, 2, (5, 4)))
    np.save(tmp_path / "line_reference.npy", people.astype(np.float16))
    assert np.array_equal(load_reference(tmp_path), people)
    with pytest.raises(ModelError, match="nowhere"):
        load_reference(tmp_path / "nowhere")
    for content in (b"", b"\x93NUMPY", b"text"):
        (tmp_path / "line_reference.npy").write_bytes(content)
        with pytest.raises(ModelError, match=r"line_reference\.npy"):
            load_reference(tmp_path)
    np.save(tmp_path / "line_reference.npy", np.array(3))
    with pytest.raises(ModelError, match=r"line_reference\.npy"):
        load_reference(tmp_path)
