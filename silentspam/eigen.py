"""The largest eigenvalues of many symmetric positive semidefinite matrices, with their vectors.

Subspace iteration with Rayleigh–Ritz (Golub and Van Loan, Matrix Computations, section 8.2.4), its steps made
longer by Chebyshev filters (Zhou, Saad, Tiago and Chelikowsky 2006). A third of the time of full
decompositions, since products with a narrow block are nearly all of it. It is taken for an answer only where
its error is bounded by ACCURACY; whatever has not converged goes to LAPACK, as do a few matrices, where
numpy's calls would cost more than they save.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FEW = 4
"""Matrices from which on iteration is faster than LAPACK one by one."""

BLOCK = 8
"""Vectors iterated together: more than are wanted, so that the last wanted one stands well above the rest."""

DEGREE = 7
"""Of a filter, between two orthogonalisations: a higher one drowns the weaker vectors in the strongest."""

MOST_ROUNDS = 5

ACCURACY = 1e-8
"""Residual over distance to the next eigenvalue, which bounds a vector's angle to the true one (Davis and
Kahan 1970)."""

SMALLEST_BOUND = 1e-6
"""Least bound of a filter, as a share of the largest eigenvalue: keeps what it makes of that one finite."""

Matrices = NDArray[np.float64]
Eigenvalues = NDArray[np.float64]


def largest_eigenvectors(matrices: Matrices, k: int) -> tuple[Eigenvalues, Matrices]:
    """The `k` largest eigenvalues, largest first, with unit eigenvectors of any sign.

    Parameters: matrices [shape=(…, m, m)], symmetric, no eigenvalue below 0. Returns values
    [shape=(…, min(k, m))] and vectors [shape=(…, m, min(k, m))], as `np.linalg.eigh` gives them within
    ACCURACY.
    """
    m = matrices.shape[-1]
    if matrices.size < FEW * m * m or m < 4 * BLOCK or k > BLOCK // 2:
        return _by_lapack(matrices, k)
    stack = matrices.reshape(-1, m, m)
    values, vectors = np.empty((len(stack), k)), np.empty((len(stack), m, k))
    left = _by_iteration(stack, values, vectors)
    if len(left):
        values[left], vectors[left] = _by_lapack(stack[left], k)
    shape = matrices.shape[:-2]
    return values.reshape(*shape, k), vectors.reshape(*shape, m, k)


def _by_lapack(matrices: Matrices, k: int) -> tuple[Eigenvalues, Matrices]:
    values, vectors = np.linalg.eigh(matrices)
    # In a layout of their own: a product with columns that run backwards is ten times slower.
    return values[..., : -k - 1 : -1], np.ascontiguousarray(vectors[..., : -k - 1 : -1])


def _by_iteration(stack: Matrices, values: Eigenvalues, vectors: Matrices) -> NDArray[np.intp]:
    """Write the values and vectors of the matrices that converge; the indices of the others."""
    k = values.shape[1]
    left = np.arange(len(stack))
    block = np.linalg.qr(stack @ (stack @ (stack @ _start(stack.shape[-1])))).Q
    for turn in range(MOST_ROUNDS):
        ritz, block, image = _rayleigh_ritz(stack, block)
        done = _converged(ritz, block, image, k)
        values[left[done]], vectors[left[done]] = ritz[done, :k], block[done, :, :k]
        left, stack, block, ritz = left[~done], stack[~done], block[~done], ritz[~done]
        if not len(left):
            break
        for _ in range(2 if turn == 0 else 1):  # hardly any is there after one
            block = np.linalg.qr(_filtered(stack, block, ritz)).Q
    return left


def _rayleigh_ritz(stack: Matrices, block: Matrices) -> tuple[Eigenvalues, Matrices, Matrices]:
    """The best eigenvalues and vectors that the block holds, largest first, and the vectors' images."""
    image = stack @ block
    ritz, rotation = np.linalg.eigh(block.swapaxes(1, 2) @ image)
    rotation = rotation[..., ::-1]
    return ritz[:, ::-1], block @ rotation, image @ rotation


def _converged(ritz: Eigenvalues, block: Matrices, image: Matrices, k: int) -> NDArray[np.bool_]:
    """Whose first `k` vectors are all true to ACCURACY [shape=(n,)]."""
    residual = image[..., :k] - block[..., :k] * ritz[:, np.newaxis, :k]
    length = np.sqrt(np.einsum("nmk,nmk->nk", residual, residual))
    gap = ritz[:, :k] - ritz[:, 1 : k + 1]
    gap[:, 1:] = np.minimum(gap[:, 1:], gap[:, :-1])
    return np.asarray((length <= ACCURACY * gap).all(axis=1))


def _filtered(stack: Matrices, block: Matrices, ritz: Eigenvalues) -> Matrices:
    """The block times the Chebyshev polynomial that stays within ±1 from 0 to the least Ritz value."""
    bound = np.maximum(ritz[:, -1], SMALLEST_BOUND * ritz[:, 0])[:, np.newaxis, np.newaxis]
    doubled = stack * (4 / bound)
    np.einsum("nii->ni", doubled)[...] -= 2
    before, now = block, doubled @ block / 2
    for _ in range(DEGREE - 1):
        after = doubled @ now
        after -= before
        before, now = now, after
    return now


@lru_cache(maxsize=8)
def _start(m: int) -> Matrices:
    """Directions to start from, square to nothing that sounds; always the same [shape=(m, BLOCK)]."""
    return np.random.default_rng(1).normal(size=(m, BLOCK))
