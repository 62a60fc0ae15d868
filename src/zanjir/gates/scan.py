"""Sums and products that run along an axis, and sorting.

Products are differentiated without dividing by their factors, so a factor of zero does no harm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.domains import LABEL, REAL
from zanjir.gates.reduce import OVER_AXES, Axis, kept
from zanjir.gates.shape import flip, ravel, shaped_as
from zanjir.graph.gate import Gate, Interval, Kink, gate
from zanjir.graph.tensor import Array, Tensor

__all__ = [
    "argsort",
    "cumprod",
    "cumsum",
    "prod",
    "put_along_axis_like",
    "recurrence",
    "shift",
    "sort",
    "take_along_axis",
]


def shift_of(x: Array, *, axis: int = 0, first: float = 0) -> Array:
    """Each element's predecessor along an axis; the first one's is a number."""
    x = np.moveaxis(x, axis, 0)
    return np.moveaxis(np.concatenate([np.full_like(x[:1], first), x[:-1]]), 0, axis)


def recurrence_of(g: Array, a: Array, *, axis: int = 0) -> Array:
    """H with h_k = g_k + a_k h_(k-1) along an axis, and nothing before the first."""
    g, a = np.moveaxis(g, axis, 0), np.moveaxis(a, axis, 0)
    h = np.array(g, np.result_type(g, a))
    for k in range(1, len(h)):
        h[k] += a[k] * h[k - 1]
    return np.moveaxis(h, 0, axis)


def put_along_axis_of(g: Array, indices: Array, like: Array, *, axis: int = -1) -> Array:
    """Zeros of the shape of another array, to which each number of g is added at its position along an axis."""
    total = np.zeros(like.shape, g.dtype)
    places = list(np.ix_(*map(np.arange, g.shape)))
    places[axis] = indices
    np.add.at(total, tuple(places), g)
    return total


def along_one_axis(rule: Any) -> Any:
    """Let a rule see the elements in a row where the axis is None."""

    def wrapped(g: Tensor, y: Tensor, x: Tensor, *, axis: int | None, **params: Any) -> Tensor:
        if axis is not None:
            return rule(g, y, x, axis, **params)
        return shaped_as(rule(g, y, ravel(x), 0, **params), x)

    return wrapped


def backwards(x: Tensor, axis: int) -> Tensor:
    """Reverse an axis."""
    return flip(x, axis=axis)


def flow_to_factors(g: Tensor, y: Tensor, x: Tensor, axis: int) -> Tensor:
    """Running products: to x_j flows the product before j, times the sum over k >= j of g_k x_(j+1) ... x_k."""
    before = shift(y, axis=axis, first=1)
    factors = shift(backwards(x, axis), axis=axis)
    return before * backwards(recurrence(backwards(g, axis), factors, axis=axis), axis)


def product_of_others(x: Tensor, axis: Axis) -> Tensor:
    """The product of all elements along the axes but one, for each."""
    if axis is None:
        return shaped_as(product_of_others(ravel(x), 0), x)
    if isinstance(axis, tuple):
        *others, last = axis
        rest = prod(x, axis=tuple(others), keepdims=True)
        return (
            product_of_others(x, tuple(others)) * product_of_others(rest, last)
            if others
            else product_of_others(x, last)
        )
    before = shift(x.cumprod(axis), axis=axis, first=1)
    after = shift(backwards(x, axis).cumprod(axis), axis=axis, first=1)
    return before * backwards(after, axis)


shift: Gate = gate(
    "shift", "(*)->(*)", shift_of,
    lambda g, y, x, *, axis, first: backwards(shift(backwards(g, axis), axis=axis), axis),
    code="shift({0}{,params})", latex=r"\operatorname{{shift}}({0})", domain=(REAL,),
    params={"axis": 0, "first": 0}, examples=({}, {"axis": -1, "first": 1}),
)  # fmt: skip


def flow_to_terms(g: Tensor, a: Tensor, axis: int) -> Tensor:
    """The recurrence run backwards: what flows to g_k is f_k = (flow to h_k) + a_(k+1) f_(k+1)."""
    following = shift(backwards(a, axis), axis=axis)
    return backwards(recurrence(backwards(g, axis), following, axis=axis), axis)


recurrence: Gate = gate(
    "recurrence", "(*),(*)->(*)", recurrence_of,
    lambda g, h, x, a, *, axis: flow_to_terms(g, a, axis),
    lambda g, h, x, a, *, axis: shift(h, axis=axis) * flow_to_terms(g, a, axis),
    code="recurrence({0}, {1}{,params})", latex=r"\operatorname{{recurrence}}({0}, {1})", domain=(REAL, REAL),
    params={"axis": 0}, examples=({}, {"axis": 1}),
)  # fmt: skip

cumsum: Gate = gate(
    "cumsum", "(*)->(*)", lambda x, *, axis: np.cumsum(x, axis=axis),
    along_one_axis(lambda g, y, x, axis: backwards(backwards(g, axis).cumsum(axis), axis)),
    code="np.cumsum({0}{,params})", latex=r"\operatorname{{cumsum}}({0})", numpy=np.cumsum, domain=(REAL,),
    params={"axis": None}, examples=({}, {"axis": 0}, {"axis": -1}),
    source="relative to the sum of the absolute terms",
)  # fmt: skip

cumprod: Gate = gate(
    "cumprod", "(*)->(*)", lambda x, *, axis: np.cumprod(x, axis=axis),
    along_one_axis(flow_to_factors),
    code="np.cumprod({0}{,params})", latex=r"\operatorname{{cumprod}}({0})", numpy=np.cumprod,
    params={"axis": None}, examples=({}, {"axis": 0}, {"axis": -1}), domain=(Interval(-1e8, 1e8),),
    relative_error=2e-15, source="one rounding per factor; right at factors of 0 too",
)  # fmt: skip

prod: Gate = gate(
    "prod", "(*)->(*)", lambda x, *, axis, keepdims: np.asarray(x).prod(axis=axis, keepdims=keepdims),
    lambda g, y, x, *, axis, keepdims: kept(g, axis, keepdims) * product_of_others(x, axis),
    code="{0}.prod({params})", latex=r"\prod {0}", numpy=np.prod, domain=(Interval(-1e8, 1e8),),
    params={"axis": None, "keepdims": False}, examples=OVER_AXES, relative_error=2e-15,
    source="one rounding per factor; right at factors of 0 too",
)  # fmt: skip

argsort = gate(
    "argsort", "(*)->(*)", lambda x, *, axis: np.argsort(x, axis=axis, kind="stable"), None,
    code="np.argsort({0}, axis={axis}, kind='stable')", latex=r"\operatorname{{argsort}}({0})", domain=(REAL,),
    params={"axis": -1}, examples=({}, {"axis": 0}),
    source="positions have no derivative; equal elements keep their order",
)  # fmt: skip

take_along_axis: Gate = gate(
    "take_along_axis", "(*),(*)->(*)", lambda x, indices, *, axis: np.take_along_axis(x, indices, axis),
    lambda g, y, x, indices, *, axis: put_along_axis_like(g, indices, x, axis=axis),
    None,
    code="np.take_along_axis({0}, {1}, {axis})", latex="{{{0}}}_{{{1}}}", domain=(REAL, LABEL),
    params={"axis": -1}, examples=({}, {"axis": 0}),
)  # fmt: skip

put_along_axis_like: Gate = gate(
    "put_along_axis_like", "(*),(*),(*)->(*)", put_along_axis_of,
    lambda g, y, x, indices, like, *, axis: take_along_axis(g, indices, axis=axis),
    None,
    None,
    code="put_along_axis_like({0}, {1}, {2}{,params})", latex=r"\operatorname{{put}}({0}, {1})",
    domain=(REAL, LABEL, REAL), params={"axis": -1}, examples=({}, {"axis": 0}),
)  # fmt: skip

sort: Gate = gate(
    "sort", "(*)->(*)", lambda x, *, axis: np.sort(x, axis=axis),
    along_one_axis(lambda g, y, x, axis: put_along_axis_like(g, argsort(x, axis=axis), x, axis=axis)),
    code="np.sort({0}{,params})", latex=r"\operatorname{{sort}}({0})", domain=(REAL,),
    params={"axis": -1}, examples=({}, {"axis": 0}, {"axis": None}),
    kinks=(Kink((2.0,), (1.0,), "equal elements keep their order, and each its own g"),),
)  # fmt: skip
