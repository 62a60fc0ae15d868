"""Parts of matrices: triangles and diagonals, for single matrices and for stacks of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.domains import REAL
from zanjir.gates.shape import broadcast_like, expand_dims
from zanjir.graph.gate import Gate, gate
from zanjir.graph.tensor import Array, Tensor

PLACE = {"offset": 0, "axis1": 0, "axis2": 1}
PLACES: tuple[dict[str, Any], ...] = (
    {}, {"offset": 1}, {"offset": -1, "axis1": 1, "axis2": 0}, {"axis1": -3, "axis2": -2},
)  # fmt: skip
BANDS: tuple[dict[str, Any], ...] = ({}, {"k": 1}, {"k": -1})


def filled_diagonal(d: Array, like: Array, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Zeros of another array's shape, with d on the diagonal of two of its axes."""
    filled = np.zeros_like(like, dtype=d.dtype)
    matrices = np.moveaxis(filled, (axis1, axis2), (-2, -1))
    i = np.arange(d.shape[-1])
    matrices[..., i + max(-offset, 0), i + max(offset, 0)] = d
    return filled


def diagonal_matrix(d: Array, *, offset: int = 0) -> Array:
    """Square matrices of zeros with d on a diagonal."""
    i = np.arange(d.shape[-1])
    size = d.shape[-1] + abs(offset)
    matrices = np.zeros((*d.shape[:-1], size, size), d.dtype)
    matrices[..., i + max(-offset, 0), i + max(offset, 0)] = d
    return matrices


def reciprocal_gaps(w: Array) -> Array:
    """1 / (w_j - w_i) in row i and column j, and 0 on the diagonal."""
    gaps = w[..., None, :] - w[..., :, None]
    return 1 / np.where(np.eye(w.shape[-1], dtype=bool), np.inf, gaps)


def banded(name: str, k: int) -> str:
    """Write a triangle that ends at the k-th diagonal."""
    return rf"\operatorname{{{{{name}}}}}{f'_{{{{{k}}}}}' if k else ''}({{0}})"


def over_matrices(g: Tensor) -> Tensor:
    """Give a number per matrix two more axes, so that it broadcasts against the matrices."""
    return expand_dims(expand_dims(g, axis=-1), axis=-1) if g.ndim else g


def trace_flow(g: Tensor, y: Tensor, x: Tensor, **place: int) -> Tensor:
    """Each element of the diagonal gets the whole of g."""
    along = expand_dims(g, axis=-1) if g.ndim else g
    return fill_diagonal_like(broadcast_like(along, diagonal(x, **place)), x, **place)


tril: Gate = gate(
    "tril", "(*,n,m)->(*,n,m)", lambda x, *, k: np.tril(x, k),
    lambda g, y, x, *, k: tril(g, k=k),
    code="np.tril({0}{,params})", latex=lambda k: banded("tril", k), numpy=np.tril, domain=(REAL,),
    params={"k": 0}, examples=BANDS, source="the lower triangle, up to the k-th diagonal above the main one",
)  # fmt: skip

triu: Gate = gate(
    "triu", "(*,n,m)->(*,n,m)", lambda x, *, k: np.triu(x, k),
    lambda g, y, x, *, k: triu(g, k=k),
    code="np.triu({0}{,params})", latex=lambda k: banded("triu", k), numpy=np.triu, domain=(REAL,),
    params={"k": 0}, examples=BANDS, source="the upper triangle, from the k-th diagonal above the main one",
)  # fmt: skip

diagonal: Gate = gate(
    "diagonal", "(*)->(*)", lambda x, *, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    lambda g, y, x, **place: fill_diagonal_like(g, x, **place),
    code="np.diagonal({0}{,params})", latex=r"\operatorname{{diag}}({0})", numpy=np.diagonal, view=True,
    domain=(REAL,), params=PLACE, examples=PLACES,
)  # fmt: skip

fill_diagonal_like: Gate = gate(
    "fill_diagonal_like", "(*),(*)->(*)", filled_diagonal,
    lambda g, y, d, like, **place: diagonal(g, **place),
    None,
    code="fill_diagonal_like({0}, {1}{,params})", latex=r"\operatorname{{diag}}({0})", domain=(REAL, REAL),
    params=PLACE, examples=PLACES, source="the transpose of taking the diagonal",
)  # fmt: skip

make_diagonal = gate(
    "make_diagonal", "(*,n)->(*,m,m)", diagonal_matrix,
    lambda g, y, d, *, offset: diagonal(g, offset=offset, axis1=-2, axis2=-1),
    code="make_diagonal({0}{,params})", latex=r"\operatorname{{diag}}({0})", domain=(REAL,),
    params={"offset": 0}, examples=({}, {"offset": 2}, {"offset": -1}), source="np.diag of a vector, for stacks",
)  # fmt: skip

trace = gate(
    "trace", "(*)->(*)", lambda x, *, offset, axis1, axis2: np.trace(x, offset, axis1, axis2),
    trace_flow,
    code="np.trace({0}{,params})", latex=r"\operatorname{{tr}}({0})", numpy=np.trace, domain=(REAL,),
    params=PLACE, examples=PLACES, source="relative to the sum of the absolute values on the diagonal",
)  # fmt: skip

inverse_gaps = gate(
    "inverse_gaps", "(*,n)->(*,n,n)", reciprocal_gaps,
    lambda g, y, w: np.sum(g * y**2, axis=-1) - np.sum(g * y**2, axis=-2),
    code="inverse_gaps({0})", latex=r"\frac{{1}}{{\Delta {0}}}", domain=(REAL,),
    source="0 on the diagonal, infinite between equal numbers: 0 there would make wrong gradients look right",
)  # fmt: skip

__all__ = [
    "diagonal",
    "fill_diagonal_like",
    "inverse_gaps",
    "make_diagonal",
    "over_matrices",
    "trace",
    "tril",
    "triu",
]
