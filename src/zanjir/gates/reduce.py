"""Sums, means and their smooth relatives, over one axis or over all."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.arithmetic import REAL
from zanjir.gates.shape import broadcast_like, expand_dims
from zanjir.graph.gate import Gate, Interval, gate
from zanjir.graph.tensor import Array, Tensor

OVER_AXES: tuple[dict[str, Any], ...] = ({}, {"axis": 0}, {"axis": 1, "keepdims": True}, {"axis": -1})
OVER_AXIS: tuple[dict[str, Any], ...] = ({}, {"axis": 0}, {"axis": 1, "keepdims": True})


def kept(reduced: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    """Put a reduced axis back with size 1, so that the result broadcasts against what was reduced."""
    return reduced if keepdims or axis is None else expand_dims(reduced, axis=axis)


def size_along(x: Array, *, axis: int | None) -> int:
    """Number of elements along an axis, or of all."""
    return int(x.size if axis is None else x.shape[axis])


def logsumexp_of(x: Array, *, axis: int = -1, keepdims: bool = False) -> Array:
    """log(sum(exp(x))), without overflow."""
    top = x.max(axis=axis, keepdims=True)
    total = np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top
    return total if keepdims else total.squeeze(axis)


def softmax_of(x: Array, *, axis: int = -1) -> Array:
    """exp(x) / sum(exp(x)), without overflow."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


count = gate(
    "count", "(*)->()", size_along, None,
    code=lambda axis: "{0}.size" if axis is None else f"{{0}}.shape[{axis}]", latex="N", domain=(REAL,),
    params={"axis": None}, examples=OVER_AXES[:2],
)  # fmt: skip

sum_ = gate(
    "sum", "(*)->(*)", lambda x, *, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
    lambda g, y, x, *, axis, keepdims: broadcast_like(kept(g, axis, keepdims), x),
    code="{0}.sum({params})", latex=r"\sum {0}", numpy=np.sum, domain=(REAL,),
    buffered="np.add.reduce({0}, axis={axis}, keepdims={keepdims}, out={out})",
    params={"axis": None, "keepdims": False}, examples=OVER_AXES,
)  # fmt: skip

mean = gate(
    "mean", "(*)->(*)", lambda x, *, axis, keepdims: x.mean(axis=axis, keepdims=keepdims),
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

__all__ = ["count", "logsumexp", "mean", "softmax", "sum_"]
