"""The bases against numpy's own singular value decomposition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam.decompose import svd_bases
from silentspam.spectrum import StftParams, magnitude_spectrogram
from tests.fakes import noise, silence, tone


def random_matrix(n_bins: int, n_frames: int, seed: int = 0) -> np.ndarray:
    return np.abs(np.random.default_rng(seed).normal(size=(n_bins, n_frames)))


def assert_equal_up_to_sign(ours: np.ndarray, theirs: np.ndarray, atol: float) -> None:
    for mine, reference in zip(ours.T, theirs.T, strict=True):
        sign = 1 if mine @ reference > 0 else -1
        np.testing.assert_allclose(mine, sign * reference, atol=atol)


@pytest.mark.parametrize("shape", [(257, 61), (61, 257), (40, 40), (257, 3), (3, 257)])
def test_tall_wide_and_square_spectrograms_have_numpys_bases(shape: tuple[int, int]) -> None:
    spectrogram = random_matrix(*shape)
    u, s, _ = np.linalg.svd(spectrogram, full_matrices=False)
    ours = svd_bases(spectrogram)
    np.testing.assert_allclose(ours.s, s[:3], rtol=1e-9)
    assert_equal_up_to_sign(ours.u, u[:, :3], atol=1e-8)
    assert ours.energy == pytest.approx((s**2).sum())


@settings(max_examples=50)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 6), st.integers(0, 2**31))
def test_the_bases_are_orthonormal_and_rebuild_what_numpys_rebuild(
    n_bins: int, n_frames: int, n_bases: int, seed: int
) -> None:
    spectrogram = random_matrix(n_bins, n_frames, seed)
    ours = svd_bases(spectrogram, n_bases)
    assert ours.u.shape == (n_bins, n_bases)
    present = ours.s > 0
    np.testing.assert_allclose(ours.u.T @ ours.u, np.diag(present.astype(float)), atol=1e-5)
    reference = np.linalg.svd(spectrogram, compute_uv=False)[:n_bases]
    np.testing.assert_allclose(ours.s[: len(reference)], reference, atol=1e-5 * reference[0])


@pytest.mark.parametrize("recording", [noise(), tone()])
def test_the_entry_of_largest_magnitude_is_positive(recording) -> None:  # type: ignore[no-untyped-def]
    u = svd_bases(magnitude_spectrogram(recording.samples, StftParams())).u
    assert (u[np.abs(u).argmax(axis=0), np.arange(u.shape[1])] > 0).all()


def test_a_negated_spectrogram_has_the_same_bases() -> None:
    spectrogram = random_matrix(30, 20)
    np.testing.assert_allclose(svd_bases(-spectrogram).u, svd_bases(spectrogram).u, atol=1e-10)


@pytest.mark.parametrize("shape", [(257, 61), (61, 257)])
@pytest.mark.parametrize("rank", [1, 2])
def test_a_basis_that_is_not_there_is_a_zero_vector(shape: tuple[int, int], rank: int) -> None:
    spectrogram = random_matrix(shape[0], rank) @ random_matrix(rank, shape[1], 1)
    bases = svd_bases(spectrogram)
    assert (bases.s[:rank] > 0).all()
    assert (bases.s[rank:] == 0).all()
    assert (bases.u[:, rank:] == 0).all()
    np.testing.assert_allclose(np.linalg.norm(bases.u[:, :rank], axis=0), 1.0)
    assert bases.shares.sum() == pytest.approx(1.0)


def test_fewer_frames_than_bases_are_filled_with_zeros() -> None:
    bases = svd_bases(random_matrix(257, 1), 3)
    assert bases.u.shape == (257, 3)
    assert np.count_nonzero(bases.s) == 1


@pytest.mark.parametrize("shape", [(257, 61), (61, 257)])
def test_digital_silence_has_no_basis_and_no_share(shape: tuple[int, int]) -> None:
    bases = svd_bases(np.zeros(shape))
    assert not bases.u.any()
    assert not bases.s.any()
    assert (bases.energy, bases.shares.tolist()) == (0.0, [0.0, 0.0, 0.0])


def test_the_spectrogram_of_held_zero_is_silence_too() -> None:
    spectrogram = magnitude_spectrogram(silence(2.0).samples, StftParams())
    assert svd_bases(spectrogram).energy == 0.0


def test_shares_are_the_squares_of_all_singular_values() -> None:
    spectrogram = random_matrix(40, 30)
    s = np.linalg.svd(spectrogram, compute_uv=False)
    np.testing.assert_allclose(svd_bases(spectrogram).shares, (s**2 / (s**2).sum())[:3])


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_bases_do_not_depend_on_the_level(scale: float) -> None:
    spectrogram = random_matrix(257, 61)
    np.testing.assert_allclose(svd_bases(scale * spectrogram).u, svd_bases(spectrogram).u, atol=1e-9)


def test_many_spectrograms_have_the_bases_that_each_has_alone() -> None:
    spectrograms = np.array([random_matrix(257, 61, seed) for seed in range(5)] + [np.zeros((257, 61))])
    together = svd_bases(spectrograms)
    for number, spectrogram in enumerate(spectrograms):
        alone = svd_bases(spectrogram)
        np.testing.assert_allclose(together.u[number], alone.u, atol=1e-7)
        np.testing.assert_allclose(together.s[number], alone.s, rtol=1e-9)
