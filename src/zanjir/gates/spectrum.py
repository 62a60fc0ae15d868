"""Eigenvalues of symmetric matrices, singular values, their vectors, and the pseudo-inverse.

Vectors are what LAPACK returns: each may as well have the other sign, on which no honest loss depends. Their
derivatives exist where the values are distinct, and grow without bound as these come together; where two are
equal, the derivative of the vectors is infinite or NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.linalg import MATRIX, ROTATION_ERROR, folded
from zanjir.gates.linear import turned
from zanjir.gates.matrices import inverse_gaps
from zanjir.gates.shape import expand_dims
from zanjir.graph.gate import Gate, gate
from zanjir.graph.tensor import Tensor


def eigenvalues_flow(g: Tensor, w: Tensor, a: Tensor, *, UPLO: str) -> Tensor:
    """V diag(g) V.T, from dw_i = v_i.T dA v_i."""
    v = eigenvectors(a, UPLO=UPLO)
    return folded((v * expand_dims(g, axis=-2)) @ turned(v), UPLO in "uU")


def eigenvectors_flow(g: Tensor, v: Tensor, a: Tensor, *, UPLO: str) -> Tensor:
    """V (F * V.T g) V.T with F_ij = 1 / (w_j - w_i)."""
    rotation = inverse_gaps(eigvalsh(a, UPLO=UPLO)) * (turned(v) @ g)
    return folded(v @ rotation @ turned(v), UPLO in "uU")


def left_flow(g: Tensor, u: Tensor, a: Tensor) -> Tensor:
    """(U (F * (M - M.T)) + (g - U M) / s^2) U.T A with M = U.T g, F_ij = 1 / (s_j^2 - s_i^2); U.T A is S V.T."""
    squares, inner = np.square(svdvals(a)), turned(u) @ g
    within = u @ (inverse_gaps(squares) * (inner - turned(inner)))
    leaving = (g - u @ inner) / expand_dims(squares, axis=-2)
    return (within + leaving) @ (turned(u) @ a)


def right_flow(g: Tensor, vh: Tensor, a: Tensor) -> Tensor:
    """A V ((F * (M - M.T)) V.T + (g - M.T V.T) / s^2) with M = V.T g.T; A V is U S."""
    squares, inner = np.square(svdvals(a)), vh @ turned(g)
    within = (inverse_gaps(squares) * (inner - turned(inner))) @ vh
    leaving = (g - turned(inner) @ vh) / expand_dims(squares, axis=-1)
    return (a @ turned(vh)) @ (within + leaving)


def pinv_flow(g: Tensor, p: Tensor, a: Tensor, *, rcond: float | None) -> Tensor:
    """-P.T g P.T + (I - A P) g.T P P.T + P.T P g.T (I - P A), for matrices of constant rank."""
    rows, columns = turned(g) @ p @ turned(p), turned(p) @ p @ turned(g)
    return rows - a @ (p @ rows) + columns - columns @ p @ a - turned(p) @ g @ turned(p)


TRIANGLE: tuple[dict[str, Any], ...] = ({}, {"UPLO": "U"})

eigvalsh: Gate = gate(
    "eigvalsh", "(*,n,n)->(*,n)", lambda a, *, UPLO: np.linalg.eigvalsh(a, UPLO), eigenvalues_flow,
    code="np.linalg.eigvalsh({0}{,params})", latex=r"\lambda({0})", numpy=np.linalg.eigvalsh, domain=(MATRIX,),
    params={"UPLO": "L"}, examples=TRIANGLE, relative_error=ROTATION_ERROR,
    source="Giles (2008), 3.1. A function of the triangle that NumPy reads, as cholesky; where eigenvalues are equal, "
    "the derivative in LAPACK's basis; relative to the largest |w|",
)  # fmt: skip

eigenvectors: Gate = gate(
    "eigenvectors", "(*,n,n)->(*,n,n)", lambda a, *, UPLO: np.linalg.eigh(a, UPLO)[1], eigenvectors_flow,
    code="np.linalg.eigh({0}{,params})[1]", latex=r"\operatorname{{eig}}({0})", domain=(MATRIX,),
    params={"UPLO": "L"}, examples=TRIANGLE, relative_error=ROTATION_ERROR,
    source="Giles (2008), 3.1. A function of the triangle that NumPy reads, as cholesky; "
    "relative to the largest |w| over the distance to the next eigenvalue",
)  # fmt: skip

svdvals: Gate = gate(
    "svdvals", "(*,n,m)->(*,k)", lambda a: np.linalg.svd(a, compute_uv=False),
    lambda g, s, a: (left_singular_vectors(a) * expand_dims(g, axis=-2)) @ right_singular_vectors(a),
    code="np.linalg.svd({0}, compute_uv=False)", latex=r"\sigma({0})", numpy=np.linalg.svdvals, domain=(MATRIX,),
    relative_error=ROTATION_ERROR,
    source="Giles (2008), 3.2: ds_i = u_i.T dA v_i; relative to the largest; at s_i = 0 the slope of LAPACK's vectors",
)  # fmt: skip

left_singular_vectors: Gate = gate(
    "left_singular_vectors", "(*,n,m)->(*,n,k)", lambda a: np.linalg.svd(a, full_matrices=False)[0], left_flow,
    code="np.linalg.svd({0}, full_matrices=False)[0]", latex="U({0})", domain=(MATRIX,),
    relative_error=ROTATION_ERROR,
    source="Townsend (2016), Differentiating the singular value decomposition; full rank, distinct values; "
    "relative to the largest s over the distance to the next, or to 0",
)  # fmt: skip

right_singular_vectors: Gate = gate(
    "right_singular_vectors", "(*,n,m)->(*,k,m)", lambda a: np.linalg.svd(a, full_matrices=False)[2], right_flow,
    code="np.linalg.svd({0}, full_matrices=False)[2]", latex=r"V({0})^\top", domain=(MATRIX,),
    relative_error=ROTATION_ERROR,
    source="Townsend (2016), Differentiating the singular value decomposition; full rank, distinct values; "
    "relative to the largest s over the distance to the next, or to 0",
)  # fmt: skip

pinv = gate(
    "pinv", "(*,n,m)->(*,m,n)", lambda a, *, rcond: np.linalg.pinv(a, rcond), pinv_flow,
    code="np.linalg.pinv({0}{,params})", latex="{{({0})}}^{{+}}", numpy=np.linalg.pinv, domain=(MATRIX,),
    params={"rcond": None}, examples=({}, {"rcond": 0.01}), relative_error=ROTATION_ERROR,
    source="Golub and Pereyra (1973), The differentiation of pseudo-inverses, where the rank stays the same; "
    "relative to kappa of what rcond keeps",
)  # fmt: skip

__all__ = ["eigenvectors", "eigvalsh", "left_singular_vectors", "pinv", "right_singular_vectors", "svdvals"]
