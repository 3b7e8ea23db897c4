"""Likeness to a known line: against the density it stands for, and what it means for calls of a line."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from silentspam.errors import ModelError
from silentspam.lines.evidence import LineEvidence
from silentspam.lines.known import KnownLines
from silentspam.lines.space import CLIP, LineSpace
from silentspam.training.line_space import MIN_LINES, fit_space, known_lines, left_out

N_FEATURES = 12


def calls(n_lines: int = 40, each: int = 5, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of lines whose middles lie five times as far apart as their calls."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(0, 5, (n_lines, N_FEATURES))
    names = np.repeat([f"line-{k}" for k in range(n_lines)], each)
    vectors = np.repeat(middles, each, axis=0) + rng.normal(0, 1, (len(names), N_FEATURES))
    return (vectors * 3 + 100).astype(np.float32), names


@pytest.fixture
def space() -> LineSpace:
    found = fit_space(*calls())
    assert found is not None
    return found


def test_within_a_line_the_spread_is_one_and_between_lines_as_said(space: LineSpace) -> None:
    vectors, names = calls(400, 6, seed=0)
    learnt = fit_space(vectors, names)
    assert learnt is not None
    placed = learnt.embed(vectors).reshape(400, 6, -1)
    np.testing.assert_allclose(placed.var(axis=1, ddof=1).mean(axis=0), 1, rtol=0.15)
    np.testing.assert_allclose(placed.mean(axis=1).var(axis=0, ddof=1) - 1 / 6, learnt.spread, rtol=0.15)


@pytest.mark.parametrize("count", [1, 3, 50])
def test_the_log_ratio_is_that_of_the_two_densities(space: LineSpace, count: int) -> None:
    """Prince and Elder (2007): of the joint density of a line's mean and a call, over that of strangers."""
    rng = np.random.default_rng(1)
    mean, call = rng.normal(0, 2, (2, len(space.origin)))
    lines = KnownLines(space, mean[np.newaxis].astype(np.float32), np.array([count], np.int32))
    expected = 0.0
    for dim, spread in enumerate(space.spread):
        pair = [float(np.float32(mean[dim])), call[dim]]
        together = [[spread + 1 / count, spread], [spread, spread + 1]]
        apart = [[spread + 1 / count, 0], [0, spread + 1]]
        expected += multivariate_normal.logpdf(pair, cov=together) - multivariate_normal.logpdf(
            pair, cov=apart
        )
    assert lines.log_ratios(call[np.newaxis])[0, 0] == pytest.approx(expected, rel=1e-4)


def test_a_new_call_is_like_its_own_line_and_a_stranger_like_none(space: LineSpace) -> None:
    vectors, names = calls()
    lines, index = known_lines(space, vectors, names)
    rng = np.random.default_rng(2)
    new = (vectors + 3 * rng.normal(0, 1, vectors.shape)).astype(np.float32)
    ratios = lines.log_ratios(space.embed(new))
    assert (ratios.argmax(axis=1) == index).mean() > 0.95
    strangers, _ = calls(seed=77)
    assert np.median(lines.likeness(space.embed(new))) > 5
    assert np.median(lines.likeness(space.embed(strangers))) < 0


def test_one_call_is_enough_to_know_a_line_again(space: LineSpace) -> None:
    vectors, names = calls(30, 6, seed=5)
    first = np.arange(0, len(names), 6)
    lines, _ = known_lines(space, vectors[first], names[first])
    others = np.delete(np.arange(len(names)), first)
    likest = np.unique(names)[lines.log_ratios(space.embed(vectors[others])).argmax(axis=1)]
    assert (likest == names[others]).mean() > 0.9


def test_calls_of_no_line_are_lines_of_their_own(space: LineSpace) -> None:
    vectors, names = calls(3, 2)
    names = np.where(names == "line-0", "", names)
    lines, index = known_lines(space, vectors, names)
    assert sorted(lines.counts.tolist()) == [1, 1, 2, 2]
    assert len(set(index.tolist())) == 4


def test_left_out_is_as_if_the_call_or_its_line_had_never_been(space: LineSpace) -> None:
    vectors, names = calls(12, 4, seed=3)
    lines, index = known_lines(space, vectors, names)
    unseen, seen = left_out(lines, vectors, index)
    for call in (0, 17, 47):
        without_line, _ = known_lines(space, vectors[names != names[call]], names[names != names[call]])
        kept = np.arange(len(names)) != call
        without_call, _ = known_lines(space, vectors[kept], names[kept])
        assert unseen[call] == pytest.approx(without_line.likeness(space.embed(vectors[[call]]))[0], rel=1e-3)
        assert seen[call] == pytest.approx(without_call.likeness(space.embed(vectors[[call]]))[0], rel=1e-3)


def test_a_value_far_outside_counts_as_the_limit(space: LineSpace) -> None:
    vectors, _ = calls(1, 1)
    far = vectors.copy()
    far[0, 0] = 1e30
    limit = vectors.copy()
    limit[0, 0] = space.offset[0] + CLIP * space.scale[0]
    np.testing.assert_allclose(space.embed(far), space.embed(limit), rtol=1e-3)


@pytest.mark.parametrize(("n_lines", "each"), [(MIN_LINES - 1, 5), (200, 1)])
def test_too_few_lines_of_several_calls_make_no_space(n_lines: int, each: int) -> None:
    assert fit_space(*calls(n_lines, each)) is None


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"counts": np.array([0], np.int32)}, "line_counts.npy"),
        ({"means": np.full((1, 3), 0.0, np.float32)}, "line_means.npy"),
        ({"means": np.full((1, N_FEATURES), np.nan, np.float32)}, "line_means.npy"),
    ],
)
def test_arrays_that_are_no_lines_are_refused(space: LineSpace, broken: dict, words: str) -> None:
    good = {"means": np.zeros((1, N_FEATURES), np.float32), "counts": np.array([1], np.int32)}
    KnownLines(space, **good).validate(N_FEATURES)
    with pytest.raises(ModelError, match=words):
        KnownLines(space, **good | broken).validate(N_FEATURES)
    with pytest.raises(ModelError, match=r"line_offset\.npy"):
        KnownLines(space, **good).validate(N_FEATURES + 1)


def test_evidence_is_what_likeness_to_people_leaves_of_likeness_to_dead_air(space: LineSpace) -> None:
    vectors, names = calls(20, 4, seed=9)
    lines, _ = known_lines(space, vectors, names)
    place = space.embed(vectors[:1])
    person = KnownLines(space, place.astype(np.float32), np.array([1], np.int32))
    nobody = KnownLines(space, place[:0].astype(np.float32), np.zeros(0, np.int32))
    alone = LineEvidence(lines, nobody).of(vectors)
    np.testing.assert_allclose(alone, lines.likeness(space.embed(vectors)), rtol=1e-9)
    doubted = LineEvidence(lines, person).of(vectors)
    assert doubted[0] == pytest.approx(alone[0] - person.likeness(place)[0])
    assert (doubted <= alone + 1e-9).all()
