"""Gates that move numbers without changing them.

Where a result's size depends on the batch, the gate takes the array whose shape is meant (``like``) and never
a literal shape, so that the printed program is right for any batch size.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.domains import REAL
from zanjir.graph.gate import Gate, gate
from zanjir.graph.tensor import Array, Tensor, is_number


def broadcast_to_like(x: Array, like: Array) -> Array:
    """Repeat x to the shape of another array; a Python number takes its dtype too."""
    return np.broadcast_to(np.asarray(x, getattr(x, "dtype", np.asarray(like).dtype)), np.shape(like))


def reshape_to_like(x: Array, like: Array) -> Array:
    """Give x the shape of another array of the same size."""
    return np.reshape(x, np.shape(like))


def fold_repeat_of(g: Array, like: Array, *, repeats: int, axis: int) -> Array:
    """The sum of the copies that np.repeat made of each element."""
    axis %= like.ndim
    sizes = (*like.shape[: axis + 1], repeats, *like.shape[axis + 1 :])
    return g.reshape(sizes).sum(axis=axis + 1)


def fold_tile_of(g: Array, like: Array, *, reps: tuple[int, ...]) -> Array:
    """The sum of the copies that np.tile made of each element."""
    shape = (1,) * (len(reps) - np.ndim(like)) + np.shape(like)
    reps = (1,) * (len(shape) - len(reps)) + tuple(reps)
    sizes = [size for pair in zip(reps, shape, strict=True) for size in pair]
    return g.reshape(sizes).sum(axis=tuple(range(0, len(sizes), 2))).reshape(np.shape(like))


def shaped_as(flow: Tensor, x: Tensor) -> Tensor:
    """Give a flow the shape of an input with as many elements; either may be a Python number, which has no shape."""
    if is_number(x.value):
        return flow.sum() if flow.ndim else flow
    return reshape_like(flow, x) if flow.ndim else broadcast_like(flow, x)


def opposite(shift: Any) -> Any:
    """The shift that undoes another."""
    return tuple(-k for k in shift) if np.ndim(shift) else -shift


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
    lambda g, y, x, like: shaped_as(g, x),
    None,
    code="{0}.reshape({1}.shape)", latex="{0}", view=True, domain=(REAL, REAL),
)  # fmt: skip

reshape = gate(
    "reshape", "(*)->(*)", lambda x, *, shape: np.reshape(x, shape),
    lambda g, y, x, *, shape: shaped_as(g, x),
    code="{0}.reshape({shape})", latex="{0}", numpy=np.reshape, view=True, domain=(REAL,),
    params={"shape": -1}, examples=({}, {"shape": (4, 3)}, {"shape": (2, -1)}),
)  # fmt: skip

expand_dims = gate(
    "expand_dims", "(*)->(*)", lambda x, *, axis: np.expand_dims(x, axis),
    lambda g, y, x, *, axis: shaped_as(g, x),
    code="np.expand_dims({0}, {axis})", latex="{0}", numpy=np.expand_dims, view=True, domain=(REAL,),
    params={"axis": -1}, examples=({}, {"axis": 0}, {"axis": 1}),
)  # fmt: skip

squeeze: Gate = gate(
    "squeeze", "(*)->(*)", lambda x, *, axis: np.squeeze(x, axis),
    lambda g, y, x, *, axis: shaped_as(g, x),
    code="np.squeeze({0}{,params})", latex="{0}", numpy=np.squeeze, view=True, domain=(REAL,), params={"axis": None},
)  # fmt: skip

ravel: Gate = gate(
    "ravel", "(*)->(*)", np.ravel,
    lambda g, y, x: shaped_as(g, x),
    code="{0}.ravel()", latex=r"\operatorname{{vec}}({0})", numpy=np.ravel, view=True, domain=(REAL,),
)  # fmt: skip

broadcast_to = gate(
    "broadcast_to", "(*)->(*)", lambda x, *, shape: np.broadcast_to(x, shape),
    lambda g, y, x, *, shape: g,
    code="np.broadcast_to({0}, {shape})", latex="{0}", numpy=np.broadcast_to, view=True, domain=(REAL,),
    params={"shape": (2, 3, 4)}, source="the gradient undoes the broadcasting, as for every gate",
)  # fmt: skip

swapaxes: Gate = gate(
    "swapaxes", "(*)->(*)", lambda x, *, axis1, axis2: np.swapaxes(x, axis1, axis2),
    lambda g, y, x, *, axis1, axis2: swapaxes(g, axis1=axis1, axis2=axis2),
    code=lambda axis1, axis2: (
        "{0}.mT" if (axis1, axis2) in ((-1, -2), (-2, -1)) else f"np.swapaxes({{0}}, {axis1}, {axis2})"
    ),
    latex=r"{0}^\top", numpy=np.swapaxes, view=True, domain=(REAL,), params={"axis1": 0, "axis2": 1},
    examples=({}, {"axis1": -1, "axis2": -2}),
)  # fmt: skip

moveaxis: Gate = gate(
    "moveaxis", "(*)->(*)", lambda x, *, source, destination: np.moveaxis(x, source, destination),
    lambda g, y, x, *, source, destination: moveaxis(g, source=destination, destination=source),
    code="np.moveaxis({0}, {source}, {destination})", latex="{0}", numpy=np.moveaxis, view=True, domain=(REAL,),
    params={"source": 0, "destination": 1}, examples=({}, {"source": (0, 1), "destination": (1, 0)}),
)  # fmt: skip

flip: Gate = gate(
    "flip", "(*)->(*)", lambda x, *, axis: np.flip(x, axis),
    lambda g, y, x, *, axis: flip(g, axis=axis),
    code="np.flip({0}{,params})", latex=r"\operatorname{{flip}}({0})", numpy=np.flip, view=True, domain=(REAL,),
    params={"axis": None}, examples=({}, {"axis": 0}, {"axis": (0, -1)}),
)  # fmt: skip

roll: Gate = gate(
    "roll", "(*)->(*)", lambda x, *, shift, axis: np.roll(x, shift, axis),
    lambda g, y, x, *, shift, axis: roll(g, shift=opposite(shift), axis=axis),
    code="np.roll({0}, {shift}, {axis})", latex=r"\operatorname{{roll}}({0})", numpy=np.roll, domain=(REAL,),
    params={"shift": 1, "axis": None}, examples=({}, {"axis": 0}, {"shift": (1, -2), "axis": (0, 1)}),
)  # fmt: skip

repeat: Gate = gate(
    "repeat", "(*)->(*)", lambda x, *, repeats, axis: np.repeat(x, repeats, axis),
    lambda g, y, x, *, repeats, axis: fold_repeat(g, x, repeats=repeats, axis=axis),
    code="np.repeat({0}, {repeats}, {axis})", latex=r"\operatorname{{repeat}}({0})", domain=(REAL,),
    params={"repeats": 2, "axis": 0}, examples=({}, {"repeats": 3, "axis": -1}),
)  # fmt: skip

fold_repeat: Gate = gate(
    "fold_repeat", "(*),(*)->(*)", fold_repeat_of,
    lambda g, y, x, like, *, repeats, axis: repeat(g, repeats=repeats, axis=axis),
    None,
    code="fold_repeat({0}, {1}, repeats={repeats}, axis={axis})", latex=r"\sum {0}", domain=(REAL, REAL),
    params={"repeats": 2, "axis": 0}, source="relative to the sum of the absolute terms",
)  # fmt: skip

tile: Gate = gate(
    "tile", "(*)->(*)", lambda x, *, reps: np.tile(x, reps),
    lambda g, y, x, *, reps: fold_tile(g, x, reps=reps),
    code="np.tile({0}, {reps})", latex=r"\operatorname{{tile}}({0})", domain=(REAL,),
    params={"reps": (2, 3)}, examples=({}, {"reps": (2,)}, {"reps": (2, 1, 3)}),
)  # fmt: skip

fold_tile: Gate = gate(
    "fold_tile", "(*),(*)->(*)", fold_tile_of,
    lambda g, y, x, like, *, reps: tile(g, reps=reps),
    None,
    code="fold_tile({0}, {1}, reps={reps})", latex=r"\sum {0}", domain=(REAL, REAL),
    params={"reps": (2, 3)}, source="relative to the sum of the absolute terms",
)  # fmt: skip

copy = gate(
    "copy", "(*)->(*)", np.array,
    lambda g, y, x: g,
    code="np.copy({0})", latex="{0}", numpy=np.copy, domain=(REAL,), source="the gradients of all copies add up",
)  # fmt: skip

astype: Gate = gate(
    "astype", "(*)->(*)", lambda x, *, dtype: np.asarray(x).astype(dtype),
    lambda g, y, x, *, dtype: astype(g, dtype=x.dtype.name) if y.dtype.kind == "f" else zeros_like(x),
    code="{0}.astype({dtype!r})", latex="{0}", domain=(REAL,), params={"dtype": "float64"},
    source="to integers or truth values, the derivative is 0, as that of every rounding",
)  # fmt: skip

__all__ = [
    "astype", "broadcast_like", "broadcast_to", "copy", "expand_dims", "flip", "fold_repeat", "fold_tile", "moveaxis",
    "ravel", "repeat", "reshape", "reshape_like", "roll", "squeeze", "swapaxes", "tile", "zeros_like",
]  # fmt: skip
