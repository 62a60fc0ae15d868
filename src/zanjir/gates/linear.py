"""Matrix products, sums over indices, and the transpose."""

from __future__ import annotations

import numpy as np

from zanjir.gates.domains import REAL
from zanjir.gates.shape import broadcast_like, expand_dims, ravel, shaped_as
from zanjir.graph.gate import Gate, Precedence, gate
from zanjir.graph.tensor import Array, Tensor

__all__ = ["einsum", "matmul", "outer", "transpose"]


def turned(x: Tensor) -> Tensor:
    """The transpose of a matrix, or of each matrix of a stack."""
    return x.T if x.ndim == 2 else x.mT


def flow_to_left(g: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """G y^T, where a vector on the right gives one number per row, and one on the left is a single row."""
    if y.ndim == 1:
        return expand_dims(g, axis=-1) * y
    if x.ndim == 1:
        return (y @ expand_dims(g, axis=-1)).squeeze(-1)
    return g @ turned(y)


def flow_to_right(g: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """x^T g, where a vector on the left is a single row, and one on the right a single column."""
    if x.ndim == 1 and y.ndim == 1:
        return g * x
    if x.ndim == 1:
        return expand_dims(x, axis=-1) * expand_dims(g, axis=-2)
    if y.ndim == 1:
        return (turned(x) @ expand_dims(g, axis=-1)).squeeze(-1)
    return turned(x) @ g


def back(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
    """The order of axes that undoes another."""
    return None if axes is None else tuple(int(k) for k in np.argsort([a % len(axes) for a in axes]))


def einsum_of(*inputs: Array, subscripts: str) -> Array:
    """Sums of products over named indices."""
    return np.einsum(subscripts, *inputs, optimize=True)


def flow_to_operand(i: int, g: Tensor, z: Tensor, *inputs: Tensor, subscripts: str) -> Tensor:
    """Sum the other operands and g over what this one lacks; repeat along what only this one has."""
    operands, result = subscripts.split("->")
    letters = operands.split(",")
    others = [k for k in range(len(inputs)) if k != i]
    elsewhere = {*result, *"".join(letters[k] for k in others)}
    found = "".join(letter for letter in letters[i] if letter in elsewhere)
    form = f"{','.join([result, *(letters[k] for k in others)])}->{found}"
    flow = einsum(g, *(inputs[k] for k in others), subscripts=form)
    alone = tuple(axis for axis, letter in enumerate(letters[i]) if letter not in elsewhere)
    return broadcast_like(expand_dims(flow, axis=alone), inputs[i]) if alone else flow


matmul = gate(
    "matmul", "(*,n?,k),(*,k,m?)->(*,n?,m?)", np.matmul,
    lambda g, z, x, y: flow_to_left(g, x, y),
    lambda g, z, x, y: flow_to_right(g, x, y),
    code="{0} @ {1}", latex=r"{0} \, {1}", precedence=Precedence.MULTIPLY, numpy=np.matmul, domain=(REAL, REAL),
    source="relative to the sum of |x| |y|: k roundings",
)  # fmt: skip

transpose: Gate = gate(
    "transpose", "(*)->(*)", lambda x, *, axes: np.transpose(x, axes),
    lambda g, y, x, *, axes: transpose(g, axes=back(axes)),
    code=lambda axes: "{0}.T" if axes is None else f"np.transpose({{0}}, {axes})",
    latex=r"{0}^\top", numpy=np.transpose, view=True, domain=(REAL,), params={"axes": None},
    examples=({}, {"axes": (1, 0)}),
)  # fmt: skip

outer = gate(
    "outer", "(*),(*)->(*)", np.outer,
    lambda g, z, x, y: shaped_as(g @ ravel(y), x),
    lambda g, z, x, y: shaped_as(ravel(x) @ g, y),
    code="np.outer({0}, {1})", latex=r"({0} \otimes {1})", numpy=np.outer, domain=(REAL, REAL),
)  # fmt: skip

einsum: Gate = gate(
    "einsum", "(*)...->(*)", einsum_of, flow_to_operand,
    code="np.einsum({subscripts!r}, {inputs}, optimize=True)", latex=r"\sum {inputs}", domain=(REAL,),
    params={"subscripts": "ij,jk->ik"},
    examples=({}, {"subscripts": "ij,jk->"}, {"subscripts": "ij,jk->jki"}, {"subscripts": "ij,jk->k"}),
    source="relative to the same sum of absolute products",
)  # fmt: skip
