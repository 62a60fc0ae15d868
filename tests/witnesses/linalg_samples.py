"""Matrices for the gates of linear algebra: well conditioned, symmetric, or positive definite, with known spectra.

They are built from chosen singular values or eigenvalues between random rotations. Values that a rule divides by
the distance of stay apart, so that differences of step 6e-6 can judge the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Shapes = list[tuple[int, ...]]
Random = np.random.Generator
Sample = Callable[[Random, Shapes], list[Any]]

APART = (3.0, 1.8, 1.0, 0.6)
SIZES = (1e-50, 1e-8, 1.0, 1e8, 1e50)
CONDITIONS = (1.0, 10.0, 1e4, 1e8)


def rotation(rng: Random, n: int) -> Any:
    """A random orthogonal matrix: reflections at random vectors, one after the other."""
    q = np.eye(n)
    for v in rng.standard_normal((n, n)):
        q = q - np.outer(q @ v, v) * (2 / np.dot(v, v))
    return q


def with_singular_values(rng: Random, shape: tuple[int, ...], values: Any) -> Any:
    """A stack of matrices with the given singular values, each changed by up to 10 %."""
    *stack, n, m = shape
    k = min(n, m)
    matrices = np.zeros(shape)
    for i in np.ndindex(*stack):
        s = np.asarray(values[:k]) * rng.uniform(0.9, 1.1, k)
        matrices[i] = rotation(rng, n)[:, :k] * s @ rotation(rng, m)[:k]
    return matrices


def with_eigenvalues(rng: Random, shape: tuple[int, ...], values: Any) -> Any:
    """Matrices that are symmetric but for a little noise above the diagonal: each triangle has its spectrum."""
    *stack, n, _ = shape
    matrices = np.zeros(shape)
    for i in np.ndindex(*stack):
        q, w = rotation(rng, n), np.asarray(values[:n]) * rng.uniform(0.9, 1.1, n)
        matrices[i] = q * w @ q.T + np.triu(0.02 * rng.standard_normal((n, n)), 1)
    return matrices


def general(rng: Random, shapes: Shapes) -> list[Any]:
    return [with_singular_values(rng, shapes[0], APART)]


def positive_definite(rng: Random, shapes: Shapes) -> list[Any]:
    return [with_eigenvalues(rng, shapes[0], APART)]


def indefinite(rng: Random, shapes: Shapes) -> list[Any]:
    return [with_eigenvalues(rng, shapes[0], (-1.5, -0.4, 1.0, 2.0))]


def system(rng: Random, shapes: Shapes) -> list[Any]:
    return [with_singular_values(rng, shapes[0], APART), rng.uniform(-2, 2, shapes[1])]


def separated(rng: Random, shapes: Shapes) -> list[Any]:
    """Numbers at distances of about 1."""
    apart = np.arange(shapes[0][-1]) + rng.uniform(-0.2, 0.2, shapes[0])
    return [rng.permuted(apart, axis=-1)]


def spectra(n: int) -> Iterator[Any]:
    """Values of every condition number and size: all equal but one, or evenly spread on a logarithmic scale."""
    for size in SIZES:
        for condition in CONDITIONS:
            yield size * np.array([1.0, *[1 / condition] * (n - 1)])
            yield size * np.geomspace(1, 1 / condition, n)


def conditioned(shape: tuple[int, int]) -> Callable[[Random], Iterator[list[Any]]]:
    """Matrices of every size and condition, and multiples of the identity, for which nothing is rounded."""

    def extremes(rng: Random) -> Iterator[list[Any]]:
        for values in spectra(min(shape)):
            yield [with_singular_values(rng, shape, values)]
        yield from ([size * np.eye(*shape)] for size in SIZES)

    return extremes


def nearly_singular(rng: Random) -> Iterator[list[Any]]:
    """What has cofactors, up to matrices of rank n - 1."""
    yield from conditioned((3, 3))(rng)
    yield from ([size * np.array([[1.0, 2, 3], [2, 1, 0], [3, 3, 3]])] for size in SIZES)


def definite_extremes(rng: Random) -> Iterator[list[Any]]:
    for values in spectra(3):
        q = rotation(rng, 3)
        yield [q * values @ q.T]
    yield from ([size * np.eye(3)] for size in SIZES)


def apart_extremes(shape: tuple[int, int], signs: Any = 1) -> Callable[[Random], Iterator[list[Any]]]:
    """Matrices of every size whose values stay apart, dense and diagonal."""

    def extremes(rng: Random) -> Iterator[list[Any]]:
        for size in SIZES:
            for closest in (1.0, 1e-3, 1e-6):
                values = size * signs * np.array([2 + closest, 2, 1.0])[: min(shape)]
                square = shape[0] == shape[1] and np.ndim(signs)
                left = rotation(rng, shape[0])[:, : min(shape)]
                right = left.T if square else rotation(rng, shape[1])[: min(shape)]
                yield [left * values @ right]
            diagonal = np.zeros(shape)
            np.fill_diagonal(diagonal, size * signs * np.array([3.0, 2, 1])[: min(shape)])
            yield [diagonal]

    return extremes


def systems(rng: Random) -> Iterator[list[Any]]:
    """Equations of every condition, with solutions and right sides of different sizes."""
    for k, (a,) in enumerate(conditioned((3, 3))(rng)):
        yield [a, SIZES[k % len(SIZES)] ** 0.5 * rng.uniform(-2, 2, (3, 2))]


def any_gaps(rng: Random) -> Iterator[list[Any]]:
    """Different numbers of every magnitude, and integers."""
    sizes = np.array([0.0, *10.0 ** np.linspace(-300, 100, 17), 1, 1 + 2.0**-52, 1 - 2.0**-53, 2])
    numbers = np.unique([sizes, -sizes])
    for _ in range(20):
        yield [np.stack([rng.choice(numbers, 4, replace=False) for _ in range(2)])]
        yield [rng.uniform(-1000, 1000, (2, 4))]
        yield [rng.permuted(np.arange(8.0)).reshape(2, 4)]


SQUARE: list[Shapes] = [[(0, 0)], [(0, 3, 3)], [(2, 0, 0)]]
OBLONG: list[Shapes] = [[(0, 3)], [(4, 0)], [(0, 4, 3)]]
OF_SQUARES = ("inv", "cofactor", "det", "logabsdet", "sign_of_det", "cholesky", "eigvalsh", "eigenvectors")
OF_OBLONGS = ("svdvals", "left_singular_vectors", "right_singular_vectors", "pinv")
SYMMETRIC: dict[str, Sample] = {
    "cholesky": positive_definite, "eigvalsh": indefinite, "eigenvectors": indefinite,
}  # fmt: skip

SHAPES: dict[str, Shapes] = {
    **{key: [(3, 3)] for key in OF_SQUARES},
    **{key: [(4, 3)] for key in OF_OBLONGS},
    "right_singular_vectors": [(3, 4)],
    "solve": [(3, 3), (3, 2)],
    "make_diagonal": [(2, 3)],
    "inverse_gaps": [(2, 4)],
    "diagonal": [(3, 4, 5)],
    "trace": [(3, 4, 5)],
    "fill_diagonal_like": [(5, 3), (3, 4, 5)],
    "tril": [(2, 3, 4)],
    "triu": [(2, 3, 4)],
}
SAMPLES: dict[str, Sample] = {
    **dict.fromkeys((*OF_SQUARES, *OF_OBLONGS), general),
    **SYMMETRIC,
    "solve": system,
    "inverse_gaps": separated,
}
EXTREMES: dict[str, Callable[[Random], Iterator[list[Any]]]] = {
    **dict.fromkeys(("inv", "det", "logabsdet", "sign_of_det"), conditioned((3, 3))),
    "cofactor": nearly_singular,
    "cholesky": definite_extremes,
    "solve": systems,
    "eigvalsh": apart_extremes((3, 3), np.array([1, -1, 1])),
    "eigenvectors": apart_extremes((3, 3), np.array([1, -1, 1])),
    "svdvals": conditioned((4, 3)),
    "left_singular_vectors": apart_extremes((4, 3)),
    "right_singular_vectors": apart_extremes((3, 4)),
    "pinv": apart_extremes((4, 3)),
    "inverse_gaps": any_gaps,
}
EMPTY: dict[str, list[Shapes]] = {
    **dict.fromkeys(OF_SQUARES, SQUARE),
    **dict.fromkeys(OF_OBLONGS, OBLONG),
    "solve": [[(0, 0), (0,)], [(0, 0), (0, 2)], [(3, 3), (3, 0)], [(0, 3, 3), (0, 3, 2)]],
    "make_diagonal": [[(0,)], [(0, 3)]],
    "inverse_gaps": [[(0,)], [(0, 3)]],
    "fill_diagonal_like": [[(5, 0), (0, 4, 5)], [(0, 3), (3, 4, 0)]],
}
