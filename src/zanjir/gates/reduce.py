"""Sums, means and their smooth relatives, over one axis or over all."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zanjir.gates.arithmetic import nonzero
from zanjir.gates.compare import heaviside
from zanjir.gates.domains import REAL
from zanjir.gates.shape import broadcast_like, expand_dims
from zanjir.graph.gate import Gate, Interval, Kink, gate
from zanjir.graph.tensor import Array, Tensor

Axis = int | tuple[int, ...] | None

OVER_AXES: tuple[dict[str, Any], ...] = (
    {}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": -1}, {"axis": (0, 1)},
)  # fmt: skip


def kept(reduced: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """Put a reduced axis back with size 1, so that the result broadcasts against what was reduced."""
    return reduced if keepdims or axis is None else expand_dims(reduced, axis=axis)


def size_along(x: Array, *, axis: Axis) -> int:
    """Number of elements along an axis, along several, or of all."""
    if axis is None:
        return int(np.size(x))
    return math.prod(x.shape[k] for k in (axis if isinstance(axis, tuple) else (axis,)))


def size_code(axis: Axis) -> str:
    """The same, as NumPy code."""
    if axis is None:
        return "{0}.size"
    sizes = [f"{{0}}.shape[{k}]" for k in (axis if isinstance(axis, tuple) else (axis,))]
    return sizes[0] if len(sizes) == 1 else f"({' * '.join(sizes)})"


def deviation(x: Tensor, axis: Axis) -> Tensor:
    """The distance of each element from the mean."""
    return x - np.mean(x, axis=axis, keepdims=True)


def flow_to_extremes(g: Tensor, x: Tensor, below: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """Divide a flow evenly among the elements that are ``below`` no other: where the difference is not negative."""
    winners = heaviside(below, 1)
    return kept(g, axis, keepdims) * winners / np.sum(winners, axis=axis, keepdims=True)


def logsumexp_of(x: Array, *, axis: int = -1, keepdims: bool = False) -> Array:
    """log(sum(exp(x))), without overflow."""
    top = x.max(axis=axis, keepdims=True)
    total = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis)


def softmax_of(x: Array, *, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)), without overflow."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def log_softmax_of(x: Array, *, axis: int = -1) -> Array:
    """log(softmax(x)), without overflow; log1p keeps what is far below 1e-16."""
    top = x.max(axis=axis, keepdims=True)
    first = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis % x.ndim))
    others = np.where(first == x.argmax(axis=axis, keepdims=True), 0, np.exp(x - top))
    return (x - top) - np.log1p(others.sum(axis=axis, keepdims=True))


count = gate(
    "count", "(*)->()", size_along, None,
    code=size_code, latex="N", domain=(REAL,), params={"axis": None}, examples=({}, {"axis": 0}, {"axis": (0, 1)}),
)  # fmt: skip

sum_ = gate(
    "sum", "(*)->(*)", lambda x, *, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
    lambda g, y, x, *, axis, keepdims: broadcast_like(kept(g, axis, keepdims), x),
    code="{0}.sum({params})", latex=r"\sum {0}", numpy=np.sum, domain=(REAL,),
    buffered="np.add.reduce({0}, axis={axis}, keepdims={keepdims}, out={out})",
    params={"axis": None, "keepdims": False}, examples=OVER_AXES,
)  # fmt: skip

mean = gate(
    "mean", "(*)->(*)", lambda x, *, axis, keepdims: np.asarray(x).mean(axis=axis, keepdims=keepdims),
    lambda g, y, x, *, axis, keepdims: broadcast_like(kept(g, axis, keepdims) / count(x, axis=axis), x),
    code="{0}.mean({params})", latex=r"\frac{{1}}{{N}} \sum {0}", numpy=np.mean, domain=(REAL,),
    buffered="np.add.reduce({0}, axis={axis}, keepdims={keepdims}, out={out}); "
    "np.divide({out}, {0}.size // {out}.size, out={out})",
    params={"axis": None, "keepdims": False}, examples=OVER_AXES,
)  # fmt: skip

softmax = gate(
    "softmax", "(*)->(*)", softmax_of,
    lambda g, p, x, *, axis: p * (g - np.sum(g * p, axis=axis, keepdims=True)),
    buffered="np.subtract({0}, np.maximum.reduce({0}, axis={axis}, keepdims=True), out={out}); "
    "np.exp({out}, out={out}); np.divide({out}, np.add.reduce({out}, axis={axis}, keepdims=True), out={out})",
    code="softmax({0}{,params})", latex=r"\operatorname{{softmax}}({0})", domain=(Interval(-1000, 1000),),
    composition=lambda x, *, axis: np.exp(x - logsumexp(x, axis=axis, keepdims=True)),
    params={"axis": -1}, examples=({}, {"axis": 0}), relative_error=1.2e-13,
    source="p_k = e^{s_k} / sum_j e^{s_j}; off by the rounding of the exponent s_k - max s, half an ulp of 2000",
)  # fmt: skip

logsumexp: Gate = gate(
    "logsumexp", "(*)->(*)", logsumexp_of,
    lambda g, y, x, *, axis, keepdims: kept(g, axis, keepdims) * np.exp(x - kept(y, axis, keepdims)),
    code="logsumexp({0}{,params})", latex=r"\ln \sum e^{{{0}}}", domain=(Interval(-1e4, 1e4),),
    composition=lambda x, *, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
    params={"axis": -1, "keepdims": False}, examples=({}, {"axis": 0}, {"axis": 1, "keepdims": True}),
    source="relative to max |x| or 1, whichever is larger",
)  # fmt: skip

log_softmax = gate(
    "log_softmax", "(*)->(*)", log_softmax_of,
    lambda g, y, x, *, axis: g - np.sum(g, axis=axis, keepdims=True) * np.exp(y),
    code="log_softmax({0}{,params})", latex=r"\ln \operatorname{{softmax}}({0})", domain=(Interval(-1000, 1000),),
    composition=lambda x, *, axis: x - logsumexp(x, axis=axis, keepdims=True),
    params={"axis": -1}, examples=({}, {"axis": 0}), relative_error=2.5e-13,
    source="s_k - ln sum_j e^{s_j}; off by the rounding of s_k - max s, half an ulp of 2000, relative to 1 or more",
)  # fmt: skip

max_: Gate = gate(
    "max", "(*)->(*)", lambda x, *, axis, keepdims: np.asarray(x).max(axis=axis, keepdims=keepdims),
    lambda g, y, x, *, axis, keepdims: flow_to_extremes(g, x, x - kept(y, axis, keepdims), axis, keepdims),
    code="{0}.max({params})", latex=r"\max({0})", numpy=np.max, domain=(REAL,),
    params={"axis": None, "keepdims": False}, examples=OVER_AXES,
    kinks=(Kink((2.0,), (1.0,), "among equal largest elements, g is divided evenly"),),
)  # fmt: skip

min_: Gate = gate(
    "min", "(*)->(*)", lambda x, *, axis, keepdims: np.asarray(x).min(axis=axis, keepdims=keepdims),
    lambda g, y, x, *, axis, keepdims: flow_to_extremes(g, x, kept(y, axis, keepdims) - x, axis, keepdims),
    code="{0}.min({params})", latex=r"\min({0})", numpy=np.min, domain=(REAL,),
    params={"axis": None, "keepdims": False}, examples=OVER_AXES,
    kinks=(Kink((2.0,), (1.0,), "among equal smallest elements, g is divided evenly"),),
)  # fmt: skip

var: Gate = gate(
    "var", "(*)->(*)", lambda x, *, axis, ddof, keepdims: np.asarray(x).var(axis=axis, ddof=ddof, keepdims=keepdims),
    lambda g, y, x, *, axis, ddof, keepdims: (
        kept(g, axis, keepdims) * (2 * deviation(x, axis)) / (count(x, axis=axis) - ddof)
    ),
    code="{0}.var({params})", latex=r"\operatorname{{var}}({0})", numpy=np.var, domain=(REAL,),
    params={"axis": None, "ddof": 0, "keepdims": False}, examples=({}, {"axis": 0, "ddof": 1}, *OVER_AXES[2:]),
    relative_error=1e-15,
    source="the mean squared distance from the mean, with N - ddof in place of N; relative to the mean square",
)  # fmt: skip

std: Gate = gate(
    "std", "(*)->(*)", lambda x, *, axis, ddof, keepdims: np.asarray(x).std(axis=axis, ddof=ddof, keepdims=keepdims),
    lambda g, y, x, *, axis, ddof, keepdims: (
        kept(g / nonzero(y), axis, keepdims) * deviation(x, axis) / (count(x, axis=axis) - ddof)
    ),
    code="{0}.std({params})", latex=r"\sqrt{{\operatorname{{var}}({0})}}", numpy=np.std, domain=(REAL,),
    params={"axis": None, "ddof": 0, "keepdims": False}, examples=({}, {"axis": 0, "ddof": 1}, *OVER_AXES[2:]),
    kinks=(Kink((2.0,), (0.0,), "where all elements are equal, the slopes are 0"),),
    source="relative to the root mean square",
)  # fmt: skip

argmax = gate(
    "argmax", "(*)->(*)", lambda x, *, axis, keepdims: np.asarray(x).argmax(axis=axis, keepdims=keepdims), None,
    code="{0}.argmax({params})", latex=r"\operatorname{{argmax}}({0})", numpy=np.argmax, domain=(REAL,),
    params={"axis": None, "keepdims": False}, examples=({}, {"axis": 0}, {"axis": 1, "keepdims": True}),
    source="a position has no derivative; of equal elements the first",
)  # fmt: skip

argmin = gate(
    "argmin", "(*)->(*)", lambda x, *, axis, keepdims: np.asarray(x).argmin(axis=axis, keepdims=keepdims), None,
    code="{0}.argmin({params})", latex=r"\operatorname{{argmin}}({0})", numpy=np.argmin, domain=(REAL,),
    params={"axis": None, "keepdims": False}, examples=({}, {"axis": 0}, {"axis": 1, "keepdims": True}),
    source="a position has no derivative; of equal elements the first",
)  # fmt: skip

__all__ = [
    "argmax", "argmin", "count", "log_softmax", "logsumexp", "max_", "mean", "min_", "softmax", "std", "sum_", "var",
]  # fmt: skip
