"""Linear algebra: inverse, determinant, systems of equations, Cholesky factors and norms.

Every gate works on stacks of matrices wherever NumPy's function does. A condition number is that of the matrix
in the 2-norm: an error "relative to kappa" is one that a change of the input's last digits explains.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.arithmetic import nonzero
from zanjir.gates.domains import REAL
from zanjir.gates.linear import turned
from zanjir.gates.matrices import over_matrices, tril, triu
from zanjir.gates.reduce import Axis, kept
from zanjir.gates.shape import expand_dims, reshape_like
from zanjir.graph.gate import Gate, Interval, Kink, gate
from zanjir.graph.tensor import Array, Tensor

# Products of the entries of small matrices, and of their reciprocals, stay finite here.
MATRIX = Interval(-1e50, 1e50)
# LAPACK's errors are modest multiples of the rounding error 1.1e-16, and differ between its builds. Measured on
# 3 x 3 matrices: 2.5e-16 for elimination (LU and Cholesky), 4.8e-15 for what iterates with rotations. Four times that.
ELIMINATION_ERROR, ROTATION_ERROR = 1e-15, 2e-14
NORMS: tuple[dict[str, Any], ...] = ({}, {"axis": 0}, {"axis": -1, "keepdims": True}, {"axis": (1, 0)})
NO_SLOPE = Kink((0.0,), (0.0,), "at 0 the subgradient is 0")


def cofactor_of(a: Array) -> Array:
    """The matrix of cofactors, det(a) times the inverse of a.T; it exists for singular matrices too."""
    u, s, vh = np.linalg.svd(a)
    others = np.where(np.eye(s.shape[-1], dtype=bool), 1, s[..., None, :]).prod(axis=-1)
    sign = np.sign(np.linalg.det(u @ vh))
    return (sign[..., None] * others)[..., None, :] * u @ vh


def norm_of(x: Array, *, axis: Axis = None, keepdims: bool = False) -> Array:
    """Root of the sum of squares; scaled by a power of two, which is exact, against overflow and underflow."""
    x = x * 1.0
    largest = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    scale = np.ldexp(np.ones_like(largest), np.frexp(largest)[1] - 1)
    total = scale * np.sqrt(np.square(x / scale).sum(axis=axis, keepdims=True))
    return total if keepdims else total.squeeze(axis)


def p_norm_of(x: Array, *, ord: float = 3, axis: Axis = None, keepdims: bool = False) -> Array:  # noqa: A002 - NumPy's
    """Root of degree ``ord`` of the sum of these powers of |x|, scaled by a power of two."""
    x = np.abs(x) * 1.0
    largest = np.max(x, axis=axis, keepdims=True, initial=0)
    scale = np.ldexp(np.ones_like(largest), np.frexp(largest)[1] - 1)
    total = scale * ((x / scale) ** ord).sum(axis=axis, keepdims=True) ** (1 / ord)
    return total if keepdims else total.squeeze(axis)


def folded(flow: Tensor, upper: bool) -> Tensor:
    """What flows to one triangle of a symmetric matrix: an element there stands for its mirror image too."""
    return triu(flow) + triu(turned(flow), k=1) if upper else tril(flow) + tril(turned(flow), k=-1)


def cofactor_flow(g: Tensor, c: Tensor, a: Tensor) -> Tensor:
    """From c = det(a) inv(a).T, with d det(a) = sum(c da)."""
    inverse = turned(inv(a))
    total = np.sum(np.sum(g * c, axis=-1, keepdims=True), axis=-2, keepdims=True)
    return total * inverse - c @ turned(g) @ inverse


def solved_back(g: Tensor, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Solve with the transpose; one vector beside a stack of matrices is a column for each of them."""
    if b.ndim == 1 and a.ndim > 2:
        return reshape_like(solve(turned(a), expand_dims(g, axis=-1)), g)
    return solve(turned(a), g)


def solve_flow(g: Tensor, x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """From a x = b: da x + a dx = 0."""
    flow = solved_back(g, x, a, b)
    if b.ndim == 1:
        return -(expand_dims(flow, axis=-1) * expand_dims(x, axis=-2))
    return -(flow @ turned(x))


def cholesky_flow(g: Tensor, factor: Tensor, a: Tensor, *, upper: bool) -> Tensor:
    """inv(L).T Phi(L.T g) inv(L), or its transpose; Phi takes the lower triangle and half of the diagonal."""
    lower, g = (turned(factor), turned(g)) if upper else (factor, g)
    inner = turned(lower) @ g
    halved = (tril(inner) + tril(inner, k=-1)) / 2
    left = solve(turned(lower), halved)
    return folded(solve(turned(lower), turned(left)), upper)


def p_norm_flow(g: Tensor, y: Tensor, x: Tensor, *, ord: float, axis: Axis, keepdims: bool) -> Tensor:  # noqa: A002
    """Each element's share of the norm, to the power ord - 1, with its sign."""
    shares = np.abs(x) / nonzero(kept(y, axis, keepdims))
    return kept(g, axis, keepdims) * (np.sign(x) * shares ** (ord - 1))


inv: Gate = gate(
    "inv", "(*,n,n)->(*,n,n)", np.linalg.inv,
    lambda g, y, a: -(turned(y) @ g @ turned(y)),
    code="np.linalg.inv({0})", latex="{{({0})}}^{{-1}}", numpy=np.linalg.inv, domain=(MATRIX,),
    relative_error=ELIMINATION_ERROR,
    source="relative to kappa times the largest entry of the inverse; Giles (2008), 2.2.3: dC = -C dA C",
)  # fmt: skip

cofactor = gate(
    "cofactor", "(*,n,n)->(*,n,n)", cofactor_of, cofactor_flow,
    code="cofactor({0})", latex=r"\operatorname{{cof}}({0})", domain=(MATRIX,), relative_error=ROTATION_ERROR,
    source="by singular values, so that singular matrices have cofactors; its derivative needs the inverse; "
    "relative to the largest cofactor times s_1 / s_(n-1)",
)  # fmt: skip

det = gate(
    "det", "(*,n,n)->(*)", np.linalg.det,
    lambda g, y, a: over_matrices(g) * cofactor(a),
    code="np.linalg.det({0})", latex=r"\operatorname{{det}}({0})", numpy=np.linalg.det, domain=(MATRIX,),
    relative_error=ELIMINATION_ERROR,
    source="Jacobi: d det(A) = sum of cof(A) dA, for singular matrices too (Giles 2008, 2.2.4, for the others); "
    "relative to kappa or, where larger, to ln|det A|, of which NumPy takes the exponential",
)  # fmt: skip

logabsdet = gate(
    "logabsdet", "(*,n,n)->(*)", lambda a: np.linalg.slogdet(a)[1],
    lambda g, y, a: over_matrices(g) * turned(inv(a)),
    code="np.linalg.slogdet({0})[1]", latex=r"\ln |\operatorname{{det}}({0})|", domain=(MATRIX,),
    relative_error=ELIMINATION_ERROR,
    source="Giles (2008), 2.2.4: d ln|det A| = tr(inv(A) dA); relative to kappa or, where larger, to itself",
)  # fmt: skip

sign_of_det = gate(
    "sign_of_det", "(*,n,n)->(*)", lambda a: np.linalg.slogdet(a)[0], None,
    code="np.linalg.slogdet({0})[0]", latex=r"\operatorname{{sgn}} \operatorname{{det}}({0})", domain=(MATRIX,),
)  # fmt: skip

solve: Gate = gate(
    "solve", "(*,n,n),(*,n,m?)->(*,n,m?)", np.linalg.solve, solve_flow, solved_back,
    code="np.linalg.solve({0}, {1})", latex=r"{{({0})}}^{{-1}} \, {1}", numpy=np.linalg.solve,
    domain=(MATRIX, MATRIX), relative_error=ELIMINATION_ERROR,
    source="b of one axis is a vector, as in NumPy 2; relative to kappa times the largest entry of a column; "
    "Giles (2008), 2.3.1",
)  # fmt: skip

cholesky = gate(
    "cholesky", "(*,n,n)->(*,n,n)", lambda a, *, upper: np.linalg.cholesky(a, upper=upper), cholesky_flow,
    code="np.linalg.cholesky({0}{,params})", latex=r"\operatorname{{chol}}({0})", numpy=np.linalg.cholesky,
    domain=(MATRIX,), params={"upper": False}, examples=({}, {"upper": True}), relative_error=ELIMINATION_ERROR,
    source="Murray (2016), Differentiation of the Cholesky decomposition; relative to kappa. A function of the "
    "triangle that NumPy reads: the gradient lies there, and an element counts for its mirror image too",
)  # fmt: skip

euclidean_norm = gate(
    "euclidean_norm", "(*)->(*)", norm_of,
    lambda g, y, x, *, axis, keepdims: kept(g, axis, keepdims) * (x / nonzero(kept(y, axis, keepdims))),
    code="euclidean_norm({0}{,params})", latex=r"\lVert {0} \rVert", domain=(REAL,), kinks=(NO_SLOPE,),
    params={"axis": None, "keepdims": False}, examples=NORMS, source="Euclid's, and Frobenius' for matrices",
)  # fmt: skip

p_norm = gate(
    "p_norm", "(*)->(*)", p_norm_of, p_norm_flow,
    code="p_norm({0}{,params})", latex=r"\lVert {0} \rVert_{{{ord}}}", domain=(REAL,), kinks=(NO_SLOPE,),
    params={"ord": 3, "axis": None, "keepdims": False}, examples=({}, {"ord": 1.5, "axis": 0}, {"axis": (1, 0)}),
    source="(sum of |x|^p)^(1/p); for vectors that are not 0, dy/dx_i = sgn(x_i) (|x_i| / y)^(p - 1)",
)  # fmt: skip

__all__ = ["cholesky", "cofactor", "det", "euclidean_norm", "inv", "logabsdet", "p_norm", "sign_of_det", "solve"]
