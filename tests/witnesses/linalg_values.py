"""What the gates of linear algebra compute, from definitions that share nothing with LAPACK or the table.

Determinants are Leibniz' sums over permutations, inverses and solutions follow Cramer's rule, Cholesky factors
the recurrence of the textbook. Eigenvalues and singular values are mpmath's, to 50 digits: no finite formula
gives them. An eigenvector is known up to its sign only, and the witness takes the sign that LAPACK took.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import mpmath
import numpy as np

from witnesses.witness import Numbers, Witness, each, over_axis

# LAPACK reads a complex matrix as Hermitian, and absolute values have no complex continuation: the complex step
# cannot judge these rows. Differences of the 50-digit witness do (tests/gates/test_linalg.py).
NOT_ANALYTIC = frozenset({
    "cholesky", "cofactor", "eigenvectors", "eigvalsh", "left_singular_vectors", "logabsdet", "p_norm",
    "pinv", "right_singular_vectors", "svdvals",
})  # fmt: skip
# Roots of polynomials, of which SymPy writes no formula; the 50-digit witness is differentiated instead.
WITHOUT_FORMULA = frozenset({
    "eigenvectors", "eigvalsh", "left_singular_vectors", "right_singular_vectors", "svdvals",
})  # fmt: skip


def leibniz(a: Numbers) -> Any:
    """Sum over all permutations of the products with their signs."""
    total = 0
    for p in itertools.permutations(range(len(a))):
        inversions = sum(p[i] > p[j] for i, j in itertools.combinations(range(len(a)), 2))
        total += (-1) ** inversions * math.prod([a[i, j] for i, j in enumerate(p)], start=1)
    return total


def cofactors(a: Numbers) -> Numbers:
    """(-1)^(i+j) times the determinant without row i and column j."""

    def rest(k: int) -> list[int]:
        return [i for i in range(len(a)) if i != k]

    return each(lambda i, j: (-1) ** (i + j) * leibniz(a[rest(i)][:, rest(j)]), a.shape)


def inverse(_m: ModuleType, a: Numbers) -> Numbers:
    return cofactors(a).T / leibniz(a)


def cramer(_m: ModuleType, a: Numbers, b: Numbers) -> Numbers:
    """Determinants with column i replaced by the right side, over the determinant."""

    def solution(i: int, j: int) -> Any:
        replaced = a.copy()
        replaced[:, i] = b[:, j]
        return leibniz(replaced) / leibniz(a)

    return each(solution, b.shape)


def product(a: Numbers, b: Numbers) -> Numbers:
    return each(lambda i, j: sum(a[i, k] * b[k, j] for k in range(len(b))), (a.shape[0], b.shape[1]))


def pseudo_inverse(m: ModuleType, a: Numbers, rcond: Any) -> Numbers:
    """inv(A.T A) A.T: of full column rank, with no singular value that rcond drops."""
    return product(inverse(m, product(a.T, a)), a.T)


def mirrored(a: Numbers, upper: bool) -> Numbers:
    """The symmetric matrix that one triangle stands for."""
    return each(lambda i, j: a[(min(i, j), max(i, j)) if upper else (max(i, j), min(i, j))], a.shape)


def cholesky(m: ModuleType, a: Numbers, upper: bool) -> Numbers:
    """L_ij = (a_ij - sum of L_ik L_jk over k < j) / L_jj, and a root on the diagonal."""
    symmetric, factor = mirrored(a, upper), np.full(a.shape, m.Integer(0) if hasattr(m, "Integer") else m.mpf(0))
    for i in range(len(a)):
        for j in range(i + 1):
            rest = symmetric[i, j] - sum(factor[i, k] * factor[j, k] for k in range(j))
            factor[i, j] = m.sqrt(rest) if i == j else rest / factor[j, j]
    return factor.T if upper else factor


def logabsdet(m: ModuleType, a: Numbers) -> Numbers:
    return np.asarray(m.log(leibniz(a) ** 2) / 2, dtype=object)


def sign_of_det(_m: ModuleType, a: Numbers) -> Numbers:
    return np.asarray(int(leibniz(a) > 0) - int(leibniz(a) < 0), dtype=object)


def euclidean(m: ModuleType, x: Numbers, axis: Any, keepdims: bool) -> Numbers:
    return over_axis(lambda line: m.sqrt(sum(v * v for v in line)), x, axis, keepdims)


def p_norm(_m: ModuleType, x: Numbers, ord: Any, axis: Any, keepdims: bool) -> Numbers:  # noqa: A002 - NumPy's name
    return over_axis(lambda line: sum(abs(v) ** ord for v in line) ** (1 / type(abs(line[0]))(ord)), x, axis, keepdims)


def scaled(a: Numbers) -> tuple[Any, Any]:
    """A matrix divided by its largest entry, for mpmath: its iterations stop at absolute errors."""
    size = max(abs(v) for v in a.flat)
    return size, mpmath.matrix((a / size).tolist())


def array_of(matrix: Any) -> Numbers:
    return each(lambda i, j: matrix[i, j], (matrix.rows, matrix.cols))


def eigen(a: Numbers, UPLO: str) -> tuple[Numbers, Numbers]:
    """Eigenvalues in ascending order, and eigenvectors as columns."""
    size, matrix = scaled(mirrored(a, UPLO == "U"))
    w, q = mpmath.eigsy(matrix)
    order = sorted(range(len(a)), key=lambda i: w[i])
    return np.array([size * w[i] for i in order], dtype=object), array_of(q)[:, order]


def singular(a: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Left vectors as columns, singular values in descending order, right vectors as rows."""
    size, matrix = scaled(a)
    wide = a.shape[0] < a.shape[1]
    u, s, vh = mpmath.svd_r(matrix.T if wide else matrix)
    left, right = array_of(u), array_of(vh)
    values = np.array([size * v for v in s], dtype=object)
    return (right.T, values, left.T) if wide else (left, values, right)


def with_signs_of(known: Any, columns: Numbers) -> Numbers:
    """Columns whose inner products with known ones are positive."""
    inner = [sum(float(v) * k for v, k in zip(columns[:, j], known[:, j], strict=True)) for j in range(len(known.T))]
    return columns * np.sign(inner).astype(int)


def eigenvectors(_m: ModuleType, a: Numbers, UPLO: str) -> Numbers:
    return with_signs_of(np.linalg.eigh(a.astype(float), UPLO)[1], eigen(a, UPLO)[1])


def left_vectors(_m: ModuleType, a: Numbers) -> Numbers:
    return with_signs_of(np.linalg.svd(a.astype(float), full_matrices=False)[0], singular(a)[0])


def right_vectors(_m: ModuleType, a: Numbers) -> Numbers:
    return with_signs_of(np.linalg.svd(a.astype(float), full_matrices=False)[2].T, singular(a)[2].T).T


def kappa(a: Numbers) -> Any:
    """Largest over smallest singular value."""
    values = singular(a)[1]
    return values[0] / values[-1]


def largest(x: Numbers) -> Any:
    return max(abs(v) for v in x.flat)


def distances(values: Numbers) -> Numbers:
    """The distance of each number from the nearest other."""
    return np.array([min(abs(v - w) for j, w in enumerate(values) if j != i) for i, v in enumerate(values)])


def over_distance(_m: ModuleType, a: Numbers, UPLO: str) -> Numbers:
    """A vector turns by the error of the matrix over the distance to the next eigenvalue."""
    values = eigen(a, UPLO)[0]
    return largest(values) / distances(values)


def singular_over_distance(a: Numbers) -> Numbers:
    """The same for singular values, with 0 as one more."""
    values = singular(a)[1]
    return largest(values) / distances(np.append(values, 0))[:-1]


def diagonal(_m: ModuleType, x: Numbers, offset: int, axis1: int, axis2: int) -> Numbers:
    """x at positions (i, i + offset) of two axes; the other axes come first."""
    axes = axis1 % x.ndim, axis2 % x.ndim
    others = [k for k in range(x.ndim) if k not in axes]
    start = max(-offset, 0), max(offset, 0)
    length = min(x.shape[axis] - s for axis, s in zip(axes, start, strict=True))

    def element(*index: int) -> Any:
        *outer, i = index
        place = dict(zip(others, outer, strict=True)) | {axes[0]: i + start[0], axes[1]: i + start[1]}
        return x[tuple(place[k] for k in range(x.ndim))]

    return each(element, (*(x.shape[k] for k in others), length))


def fill_diagonal_like(m: ModuleType, d: Numbers, like: Numbers, **place: int) -> Numbers:
    """Each number of d at the position from which the diagonal takes it, and 0 elsewhere."""
    positions = diagonal(m, each(lambda *i: i, like.shape), **place)
    known = {position: d[i] for i, position in np.ndenumerate(positions)}
    return each(lambda *i: known.get(i, 0), like.shape)


def make_diagonal(_m: ModuleType, d: Numbers, offset: int) -> Numbers:
    size = d.shape[-1] + abs(offset)
    return each(lambda b, i, j: d[b, min(i, j)] if j - i == offset else 0, (len(d), size, size))


def trace(m: ModuleType, x: Numbers, **place: int) -> Numbers:
    return over_axis(sum, diagonal(m, x, **place), -1, keepdims=False)


def inverse_gaps(_m: ModuleType, w: Numbers) -> Numbers:
    n = w.shape[-1]
    return each(lambda b, i, j: 0 if i == j else 1 / (w[b, j] - w[b, i]), (len(w), n, n))


def relative_to_kappa(value: Callable[..., Numbers]) -> Callable[..., Any]:
    """An error of inputs in the last digit changes a result by up to the condition number."""
    return lambda m, a, *rest, **params: kappa(a) * largest(np.asarray(value(m, a, *rest, **params)))


def determinant(_m: ModuleType, a: Numbers) -> Numbers:
    return np.asarray(leibniz(a), dtype=object)


def determinant_scale(m: ModuleType, a: Numbers) -> Any:
    """The condition number, or the logarithm by whose exponential NumPy multiplies the pivots."""
    det = abs(leibniz(a))
    return max(kappa(a), abs(m.log(det))) * det


def second_condition(_m: ModuleType, a: Numbers) -> Any:
    """Cofactors are products of all singular values but one: the smallest may vanish, the next may not."""
    values = singular(a)[1]
    return values[0] / values[-2] * largest(cofactors(a))


def solution_scale(m: ModuleType, a: Numbers, b: Numbers) -> Numbers:
    """The condition number times the largest entry of each column of the solution."""
    return kappa(a) * over_axis(max, abs(cramer(m, a, b)), 0, keepdims=True)


LINALG: dict[str, Witness] = {
    "tril": Witness(lambda _, x, k: each(lambda b, i, j: x[b, i, j] if j - i <= k else 0, x.shape)),
    "triu": Witness(lambda _, x, k: each(lambda b, i, j: x[b, i, j] if j - i >= k else 0, x.shape)),
    "diagonal": Witness(diagonal),
    "fill_diagonal_like": Witness(fill_diagonal_like),
    "make_diagonal": Witness(make_diagonal),
    "trace": Witness(trace, lambda m, x, **place: trace(m, abs(x), **place)),
    "inverse_gaps": Witness(inverse_gaps),
    "inv": Witness(inverse, relative_to_kappa(inverse)),
    "cofactor": Witness(lambda _, a: cofactors(a), second_condition),
    "det": Witness(determinant, determinant_scale),
    "logabsdet": Witness(logabsdet, lambda m, a: max(kappa(a), abs(logabsdet(m, a).item()))),
    "sign_of_det": Witness(sign_of_det),
    "solve": Witness(cramer, solution_scale),
    "cholesky": Witness(cholesky, relative_to_kappa(cholesky)),
    "euclidean_norm": Witness(euclidean),
    "p_norm": Witness(p_norm),
    "eigvalsh": Witness(lambda _, a, UPLO: eigen(a, UPLO)[0], lambda _, a, UPLO: largest(eigen(a, UPLO)[0])),
    "eigenvectors": Witness(eigenvectors, over_distance),
    "svdvals": Witness(lambda _, a: singular(a)[1], lambda _, a: largest(singular(a)[1])),
    "left_singular_vectors": Witness(left_vectors, lambda _, a: singular_over_distance(a)),
    "right_singular_vectors": Witness(right_vectors, lambda _, a: singular_over_distance(a)[:, None]),
    "pinv": Witness(pseudo_inverse, relative_to_kappa(pseudo_inverse)),
}
