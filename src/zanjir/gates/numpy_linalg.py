"""NumPy's functions of matrices that are more than one gate, or that take their arguments in another form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from zanjir.errors import GraphError, ParameterError, ShapeError
from zanjir.gates.elementwise import absolute, sign
from zanjir.gates.linalg import euclidean_norm, inv, logabsdet, p_norm, sign_of_det
from zanjir.gates.linear import matmul
from zanjir.gates.matrices import diagonal, make_diagonal, trace
from zanjir.gates.reduce import Axis
from zanjir.gates.shape import expand_dims, moveaxis, reshape, zeros_like
from zanjir.gates.spectrum import eigenvectors, eigvalsh, left_singular_vectors, right_singular_vectors, svdvals
from zanjir.graph.protocol import answers
from zanjir.graph.tensor import Tensor

__all__: list[str] = []


class EighResult(NamedTuple):
    """Eigenvalues in ascending order, and the eigenvectors as columns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class SlogdetResult(NamedTuple):
    """Sign of a determinant, and the logarithm of its absolute value."""

    sign: Tensor
    logabsdet: Tensor


class SVDResult(NamedTuple):
    """Left singular vectors as columns, singular values in descending order, right singular vectors as rows."""

    U: Tensor
    S: Tensor
    Vh: Tensor


@answers(np.linalg.slogdet)
def slogdet(a: Tensor) -> SlogdetResult:
    """Sign and logarithm of the absolute value of the determinant; the sign has no derivative."""
    return SlogdetResult(sign_of_det(a), logabsdet(a))


@answers(np.linalg.eigh)
def eigh(a: Tensor, UPLO: str = "L") -> EighResult:
    """Eigenvalues and eigenvectors of a symmetric matrix, of which one triangle is read."""
    return EighResult(eigvalsh(a, UPLO=UPLO), eigenvectors(a, UPLO=UPLO))


@answers(np.linalg.svd)
def svd(a: Tensor, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Singular value decomposition; thin, or of square matrices, for which both are the same.

    Raises
    ------
    GraphError
        If vectors without a derivative are asked for.
    """
    if hermitian:
        raise GraphError("np.linalg.svd(hermitian=True) is not recorded in the graph; use np.linalg.eigh.")
    if not compute_uv:
        return svdvals(a)
    if full_matrices and a.shape[-1:] != a.shape[-2:-1]:
        raise GraphError(
            f"np.linalg.svd: {a.label} has shape {a.shape}, and the vectors that full_matrices=True adds are "
            "arbitrary: they have no derivative. Pass full_matrices=False."
        )
    return SVDResult(left_singular_vectors(a), svdvals(a), right_singular_vectors(a))


@answers(np.linalg.diagonal)
def matrix_diagonal(x: Tensor, *, offset: int = 0) -> Tensor:
    """Diagonal of each matrix of a stack."""
    return diagonal(x, offset=offset, axis1=-2, axis2=-1)


@answers(np.linalg.trace)
def matrix_trace(x: Tensor, *, offset: int = 0) -> Tensor:
    """Trace of each matrix of a stack."""
    return trace(x, offset=offset, axis1=-2, axis2=-1)


@answers(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Tensor) -> Tensor:
    """Transpose of each matrix of a stack."""
    return x.mT


@answers(np.linalg.matmul)
def matrix_product(x1: Any, x2: Any) -> Tensor:
    """Matrix product."""
    return matmul(x1, x2)


@answers(np.linalg.outer)
def outer_product(x1: Any, x2: Any) -> Any:
    """Product of each element of one vector with each of another."""
    return np.outer(x1, x2)


@answers(np.linalg.cross)
def cross_product(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Cross product of vectors with three components."""
    return np.cross(x1, x2, axis=axis)


@answers(np.linalg.tensordot)
def tensor_product(x1: Any, x2: Any, *, axes: Any = 2) -> Any:
    """Sum of products over axes of both."""
    return np.tensordot(x1, x2, axes=axes)


@answers(np.linalg.vecdot)
def vector_products(x1: Any, x2: Any, *, axis: int = -1) -> Any:
    """Inner product of the vectors that lie along an axis."""
    if axis != -1:  # counted in each of them, before they broadcast
        x1, x2 = np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1)
    return np.sum(np.multiply(x1, x2), axis=-1)


@answers(np.diag)
def diag(v: Tensor, k: int = 0) -> Tensor:
    """Diagonal of a matrix, or the matrix with a vector on a diagonal.

    Raises
    ------
    ShapeError
        If the tensor is neither.
    """
    if v.ndim not in (1, 2):
        raise ShapeError(f"diag: {v.label} has shape {v.shape}, expected 1 or 2 axes. Use np.diagonal for stacks.")
    return make_diagonal(v, offset=k) if v.ndim == 1 else diagonal(v, offset=k)


@answers(np.diagflat)
def diagflat(v: Tensor, k: int = 0) -> Tensor:
    """Return the matrix with all elements of an array on a diagonal."""
    return make_diagonal(reshape(v), offset=k)


@answers(np.linalg.matrix_power)
def matrix_power(a: Tensor, n: int) -> Tensor:
    """Power of a square matrix, by repeated squaring; negative powers are those of the inverse.

    Raises
    ------
    ParameterError
        If the exponent is no whole number.
    """
    if not isinstance(n, int | np.integer):
        raise ParameterError(f"matrix_power: the exponent is {n!r}, expected a whole number.")
    if n < 0:
        return matrix_power(inv(a), -n)
    if n == 0:
        return make_diagonal(zeros_like(matrix_diagonal(a)) + 1)
    if n == 1:
        return a
    half = matrix_power(a, n // 2)
    return half @ half @ a if n % 2 else half @ half


@answers(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Tensor:
    """Product of several matrices in the order that takes the fewest multiplications."""
    shapes = [np.shape(x) for x in arrays]
    rows, columns = [shape[0] for shape in shapes], [shape[-1] for shape in shapes]
    if len(shapes[0]) == 1:  # a vector is a row in front and a column at the end
        rows[0] = 1
    if len(shapes[-1]) == 1:
        columns[-1] = 1

    @cache
    def plan(i: int, j: int) -> tuple[int, int]:
        """Return the cost of the product of factors i to j, and where to divide it."""
        if i == j:
            return 0, i
        return min((plan(i, k)[0] + plan(k + 1, j)[0] + rows[i] * columns[k] * columns[j], k) for k in range(i, j))

    def product(i: int, j: int) -> Any:
        k = plan(i, j)[1]
        return arrays[i] if i == j else matmul(product(i, k), product(k + 1, j))

    return product(0, len(arrays) - 1)


@answers(np.linalg.norm)
def any_norm(x: Tensor, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Tensor:  # noqa: A002 - NumPy's
    """Norm of vectors or matrices, whichever the axes say.

    Raises
    ------
    ShapeError
        If the axes say neither.
    """
    if ord is None:
        return euclidean_norm(x, axis=axis, keepdims=keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if len(axes) == 1:
        return vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    if len(axes) == 2:
        return matrix_norm_over(x, (axes[0], axes[1]), ord, keepdims)
    raise ShapeError(f"norm: {x.label} has shape {x.shape}; give one axis for vectors or two for matrices.")


@answers(np.linalg.vector_norm)
def vector_norm(x: Tensor, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Tensor:  # noqa: A002
    """Norm over one axis, several, or all, as if they were one vector.

    Raises
    ------
    ParameterError
        If the degree is no number.
    """
    if isinstance(ord, str) or not np.isreal(ord):
        raise ParameterError(f"norm: ord is {ord!r}, expected a number, inf or -inf for vectors.")
    over: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
    if ord == 2:
        return euclidean_norm(x, **over)
    if math.isinf(ord):
        return np.max(absolute(x), **over) if ord > 0 else np.min(absolute(x), **over)
    if ord == 0:
        return np.sum(sign(absolute(x)), **over)
    return np.sum(absolute(x), **over) if ord == 1 else p_norm(x, ord=ord, **over)


@answers(np.linalg.matrix_norm)
def matrix_norm(x: Tensor, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:  # noqa: A002 - NumPy's name
    """Norm of each matrix of a stack."""
    return matrix_norm_over(x, (-2, -1), ord, keepdims)


def matrix_norm_over(x: Tensor, axes: tuple[int, int], ord: Any, keepdims: bool) -> Tensor:  # noqa: A002
    """Norm of the matrices that lie in two axes.

    Raises
    ------
    ParameterError
        If no such norm of matrices exists.
    """
    if ord in ("fro", "f", None):
        return euclidean_norm(x, axis=axes, keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        return spectral_norm(x, axes, ord, keepdims)
    if ord not in (1, -1, np.inf, -np.inf):
        raise ParameterError(f"norm: ord is {ord!r}, expected 'fro', 'nuc', 1, -1, 2, -2, inf or -inf for matrices.")
    sums = np.sum(absolute(x), axis=axes[0 if abs(ord) == 1 else 1], keepdims=True)
    return np.max(sums, axis=axes, keepdims=keepdims) if ord > 0 else np.min(sums, axis=axes, keepdims=keepdims)


def spectral_norm(x: Tensor, axes: tuple[int, int], ord: Any, keepdims: bool) -> Tensor:  # noqa: A002 - NumPy's name
    """Sum, largest or smallest of the singular values; where the largest are equal, each counts for its share."""
    last = tuple(axis % x.ndim for axis in axes) == (x.ndim - 2, x.ndim - 1)
    values = svdvals(x if last else moveaxis(x, source=axes, destination=(-2, -1)))
    reduced = np.sum(values, axis=-1) if ord == "nuc" else (np.max if ord == 2 else np.min)(values, axis=-1)
    return expand_dims(reduced, axis=axes) if keepdims else reduced


@answers(np.linalg.cond)
def cond(x: Tensor, p: Any = None) -> Tensor:
    """Condition number: largest over smallest singular value, or the norms of a matrix and of its inverse."""
    if p in (None, 2, -2):
        values = svdvals(x)
        ratio: Tensor = np.max(values, axis=-1) / np.min(values, axis=-1)
        return 1 / ratio if p == -2 else ratio
    return matrix_norm(x, ord=p) * matrix_norm(inv(x), ord=p)
