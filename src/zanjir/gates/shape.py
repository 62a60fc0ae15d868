"""Gates that move numbers without changing them.

Where a result's size depends on the batch, the gate takes the array whose shape is meant (``like``) and never
a literal shape, so that the printed program is right for any batch size.
"""

from __future__ import annotations

import numpy as np

from zanjir.gates.arithmetic import REAL
from zanjir.graph.gate import Gate, gate
from zanjir.graph.tensor import Array


def broadcast_to_like(x: Array, like: Array) -> Array:
    """Repeat x to the shape of another array; a Python number takes its dtype too."""
    return np.broadcast_to(np.asarray(x, getattr(x, "dtype", np.asarray(like).dtype)), np.shape(like))


def reshape_to_like(x: Array, like: Array) -> Array:
    """Give x the shape of another array of the same size."""
    return x.reshape(like.shape)


zeros_like = gate(
    "zeros_like", "(*)->(*)", np.zeros_like, None,
    code="np.zeros_like({0})", latex="0", numpy=np.zeros_like, domain=(REAL,),
)  # fmt: skip

broadcast_like = gate(
    "broadcast_like", "(*),(*)->(*)", broadcast_to_like,
    lambda g, y, x, like: g,
    None,
    code="broadcast_like({0}, {1})", latex="{0}", view=True, domain=(REAL, REAL),
    source="the gradient undoes the broadcasting, as for every gate",
)  # fmt: skip

reshape_like: Gate = gate(
    "reshape_like", "(*),(*)->(*)", reshape_to_like,
    lambda g, y, x, like: reshape_like(g, x),
    None,
    code="{0}.reshape({1}.shape)", latex="{0}", view=True, domain=(REAL, REAL),
)  # fmt: skip

reshape = gate(
    "reshape", "(*)->(*)", lambda x, *, shape: np.reshape(x, shape),
    lambda g, y, x, *, shape: reshape_like(g, x),
    code="{0}.reshape({shape})", latex="{0}", numpy=np.reshape, view=True, domain=(REAL,),
    params={"shape": -1}, examples=({}, {"shape": (4, 3)}, {"shape": (2, -1)}),
)  # fmt: skip

expand_dims = gate(
    "expand_dims", "(*)->(*)", lambda x, *, axis: np.expand_dims(x, axis),
    lambda g, y, x, *, axis: reshape_like(g, x),
    code="np.expand_dims({0}, {axis})", latex="{0}", numpy=np.expand_dims, view=True, domain=(REAL,),
    params={"axis": -1}, examples=({}, {"axis": 0}, {"axis": 1}),
)  # fmt: skip

__all__ = ["broadcast_like", "expand_dims", "reshape", "reshape_like", "zeros_like"]
