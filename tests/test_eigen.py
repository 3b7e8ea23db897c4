"""The iterated eigenvectors against LAPACK's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from silentspam import eigen
from silentspam.eigen import largest_eigenvectors

M = 61


def grams(spectra: list[np.ndarray], seed: int = 0) -> np.ndarray:
    """Symmetric matrices of given eigenvalues in random directions [shape=(n, M, M)]."""
    rng = np.random.default_rng(seed)
    turned = [np.linalg.qr(rng.normal(size=(M, M))).Q * np.sqrt(spectrum) for spectrum in spectra]
    return np.array([matrix @ matrix.T for matrix in turned])


def assert_lapacks(matrices: np.ndarray, k: int = 3) -> None:
    values, vectors = largest_eigenvectors(matrices, k)
    reference = np.linalg.eigh(matrices)
    np.testing.assert_allclose(values, reference[0][..., : -k - 1 : -1], rtol=1e-9)
    cosines = (vectors * reference[1][..., : -k - 1 : -1]).sum(axis=-2)
    np.testing.assert_allclose(np.abs(cosines), 1.0, atol=1e-13)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.floats(0.05, 0.97), st.integers(0, 2**31))
def test_values_and_vectors_are_lapacks_however_fast_the_spectrum_falls(
    n: int, ratio: float, seed: int
) -> None:
    spectrum = np.maximum(ratio ** np.arange(M), 1e-9)
    assert_lapacks(grams([spectrum] * n, seed))


def test_what_does_not_converge_is_lapacks(monkeypatch: pytest.MonkeyPatch) -> None:
    fast, slow = 0.3 ** np.arange(M), 0.999 ** np.arange(M)
    matrices = grams([slow, fast, slow, fast])
    asked = []
    by_lapack = eigen._by_lapack
    monkeypatch.setattr(eigen, "_by_lapack", lambda stack, k: asked.append(len(stack)) or by_lapack(stack, k))
    assert_lapacks(matrices)
    assert asked == [2]


def test_a_matrix_has_the_same_vectors_in_any_company() -> None:
    rng = np.random.default_rng(3)
    matrices = grams([np.sort(rng.exponential(size=M))[::-1] for _ in range(6)])
    _, together = largest_eigenvectors(matrices, 3)
    for number in range(1, len(matrices)):
        company = [number, *[0] * (eigen.FEW - 1)]
        _, others = largest_eigenvectors(matrices[company], 3)
        np.testing.assert_allclose(others[0], together[number], atol=1e-12)


def test_a_single_matrix_has_the_vectors_it_has_among_others() -> None:
    matrices = grams([share ** np.arange(M) for share in (0.6, 0.5, 0.4, 0.3)])
    _, alone = largest_eigenvectors(matrices[:1], 3)
    _, together = largest_eigenvectors(matrices, 3)
    cosines = (alone[0] * together[0]).sum(axis=0)
    np.testing.assert_allclose(alone[0], together[0] * np.sign(cosines), atol=eigen.ACCURACY)


def test_equal_eigenvalues_keep_a_square_set_of_vectors() -> None:
    values, vectors = largest_eigenvectors(np.array([np.eye(M), np.ones((M, M)), np.zeros((M, M))]), 3)
    np.testing.assert_allclose(values, [[1, 1, 1], [M, 0, 0], [0, 0, 0]], atol=1e-12)
    np.testing.assert_allclose(vectors.swapaxes(1, 2) @ vectors, [np.eye(3)] * 3, atol=1e-12)


@pytest.mark.parametrize("shape", [(4, 4), (2, 4, 4), (2, 2, M, M), (0, M, M)])
def test_any_stack_and_any_size_is_taken(shape: tuple[int, ...]) -> None:
    root = np.random.default_rng(5).normal(size=shape)
    values, vectors = largest_eigenvectors(root @ root.swapaxes(-1, -2), 3)
    assert values.shape == (*shape[:-2], 3)
    assert vectors.shape == (*shape[:-1], 3)
    assert np.isfinite(vectors).all()


def test_more_vectors_than_the_matrix_has_are_all_it_has() -> None:
    assert largest_eigenvectors(np.eye(2), 3)[0].shape == (2,)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_the_scale_does_not_matter(scale: float) -> None:
    assert_lapacks(scale * grams([0.5 ** np.arange(M) + 1e-6] * 2))
