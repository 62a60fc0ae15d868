"""NumPy functions that are no row of their own: how each is written in gates, with NumPy's own arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zanjir.errors import GraphError, ShapeError
from zanjir.gates.arithmetic import clip, maximum, minimum, where
from zanjir.gates.compare import heaviside
from zanjir.gates.elementwise import absolute, exp2, log2
from zanjir.gates.index import concatenate, pad, stack
from zanjir.gates.numpy_logic import check_places, numbers
from zanjir.gates.reduce import max_, min_
from zanjir.gates.rounding import rint
from zanjir.gates.scan import argsort, sort, take_along_axis
from zanjir.gates.shape import copy, expand_dims, flip, moveaxis, ravel, repeat, reshape, roll, tile, zeros_like
from zanjir.gates.trigonometric import deg2rad, rad2deg, sinc
from zanjir.graph.protocol import answers
from zanjir.graph.tensor import Tensor, as_tensor

__all__: list[str] = []

Axis = int | tuple[int, ...] | None


def axis_of(axis: int, ndim: int) -> int:
    """Return an axis counted from the front."""
    if not -ndim <= axis < ndim:
        raise ShapeError(f"axis {axis} does not exist in {ndim} axes; expected {-ndim} to {ndim - 1}.")
    return axis % ndim


def everything(axis: int, ndim: int) -> tuple[slice, ...]:
    """Return the index that takes all along the axes before one."""
    return (slice(None),) * axis_of(axis, ndim)


# Elementwise


@answers(np.fabs)
def _fabs(x: Any) -> Tensor:
    return absolute(x)


@answers(np.positive, np.conjugate, np.real)
def _same(val: Any) -> Tensor:
    return copy(val)


@answers(np.real_if_close)
def _real_if_close(a: Any, tol: float = 100) -> Tensor:
    return copy(a)


@answers(np.imag)
def _imag(val: Any) -> Tensor:
    return zeros_like(val)


@answers(np.angle)
def _angle(z: Any, deg: bool = False) -> Tensor:
    half_turn = 180.0 if deg else np.pi
    return half_turn * heaviside(-as_tensor(z), 0.0)


@answers(np.radians)
def _radians(x: Any) -> Tensor:
    return deg2rad(x)


@answers(np.degrees)
def _degrees(x: Any) -> Tensor:
    return rad2deg(x)


@answers(np.sinc)
def _sinc(x: Any) -> Tensor:
    return sinc(x)


@answers(np.logaddexp2)
def _logaddexp2(x1: Any, x2: Any) -> Tensor:
    larger, smaller = np.maximum(x1, x2), np.minimum(x1, x2)
    return larger + log2(1 + exp2(smaller - larger))


@answers(np.round, np.around)
def _round(a: Any, decimals: int = 0) -> Tensor:
    if decimals == 0:
        return rint(a)
    scale = 10.0 ** abs(decimals)
    return rint(as_tensor(a) * scale) / scale if decimals > 0 else rint(as_tensor(a) / scale) * scale


@answers(np.clip)
def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Tensor:  # noqa: A002
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if all(isinstance(bound, int | float) for bound in (low, high)):
        return clip(a, low=low, high=high)
    limited = as_tensor(a) if low is None else maximum(a, low)
    return limited if high is None else minimum(limited, high)


@answers(np.select)
def _select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Tensor:
    chosen = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        chosen = where(condition, choice, chosen)
    return as_tensor(chosen)


# Sums, order


@answers(np.amax)
def _amax(a: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return max_(a, axis=axis, keepdims=keepdims)


@answers(np.amin)
def _amin(a: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return min_(a, axis=axis, keepdims=keepdims)


@answers(np.sort)
def _sort(a: Any, axis: int | None = -1, kind: str | None = None) -> Tensor:
    return sort(a, axis=axis)


@answers(np.argsort)
def _argsort(a: Any, axis: int | None = -1, kind: str | None = None) -> Tensor:
    return argsort(ravel(a), axis=0) if axis is None else argsort(a, axis=axis)


@answers(np.partition)
def _partition(a: Any, kth: Any, axis: int | None = -1) -> Tensor:
    a, axis = (ravel(a), 0) if axis is None else (as_tensor(a), axis)
    check_places("partition", a, kth, axis)
    return sort(a, axis=axis)


@answers(np.take_along_axis)
def _take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Tensor:
    if axis is None:
        arr, axis = ravel(arr), 0
    return take_along_axis(arr, indices, axis=axis)


@answers(np.diff)
def _diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    a = as_tensor(a)
    before = everything(axis, a.ndim)
    for _ in range(n):
        a = a[(*before, slice(1, None))] - a[(*before, slice(None, -1))]
    return a


@answers(np.gradient)
def _gradient(f: Any, *varargs: float, axis: Axis = None) -> Any:
    f = as_tensor(f)
    axes = tuple(range(f.ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    steps = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if len(steps) != len(axes) or not all(np.ndim(step) == 0 for step in steps):
        raise GraphError(f"np.gradient: got {len(varargs)} spacings for {len(axes)} axes; expected a number for each.")
    slopes = [slope_along(f, k, step) for k, step in zip(axes, steps, strict=True)]
    return slopes[0] if len(slopes) == 1 else slopes


def slope_along(f: Tensor, axis: int, step: float) -> Tensor:
    """Central differences along an axis, one-sided at both ends."""
    before = everything(axis, f.ndim)
    if f.shape[axis] < 2:
        raise ShapeError(f"np.gradient: {f.label} has shape {f.shape}, expected at least 2 elements along axis {axis}.")

    def part(start: int | None, stop: int | None) -> Tensor:
        return f[(*before, slice(start, stop))]

    inner = (part(2, None) - part(None, -2)) / (2 * step)
    ends = (part(1, 2) - part(0, 1)) / step, (part(-1, None) - part(-2, -1)) / step
    return concatenate(ends[0], inner, ends[1], axis=axis)


@answers(np.linspace)
def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, axis: int = 0) -> Tensor:
    start, stop = as_tensor(start), as_tensor(stop)
    t = np.linspace(0.0, 1.0, num, endpoint)
    dtype = np.result_type(start.value, stop.value, 1.0)
    share = t.astype(dtype).reshape(num, *(1,) * max(start.ndim, stop.ndim))
    line = start * (1 - share) + stop * share
    return moveaxis(line, source=0, destination=axis) if axis else line


# Shapes


@answers(np.ravel)
def _ravel(a: Any, order: str = "C") -> Tensor:
    return ravel(column_by_column(a, order))


@answers(np.reshape)
def _reshape(a: Any, /, shape: Any = None, order: str = "C", *, newshape: Any = None) -> Tensor:
    shape = shape if newshape is None else newshape
    if order == "C":
        return reshape(a, shape=shape)
    sizes = tuple(shape) if np.ndim(shape) else (shape,)
    return reshape(column_by_column(a, order), shape=sizes[::-1]).T


def column_by_column(a: Any, order: str) -> Tensor:
    """Turn an array so that its elements, read row by row, come in the order that is asked for."""
    if order not in ("C", "F"):
        raise GraphError(f"order={order!r} depends on how memory is laid out; expected 'C' (rows) or 'F' (columns).")
    return as_tensor(a) if order == "C" else as_tensor(a).T


@answers(np.repeat)
def _repeat(a: Any, repeats: Any, axis: int | None = None) -> Tensor:
    a = as_tensor(a)
    if axis is None:
        a, axis = ravel(a), 0
    if np.ndim(repeats) == 0:
        return repeat(a, repeats=int(repeats), axis=axis)
    chosen = np.repeat(np.arange(a.shape[axis]), repeats)
    return a[(*everything(axis, a.ndim), chosen)]


@answers(np.tile)
def _tile(A: Any, reps: Any) -> Tensor:
    return tile(A, reps=tuple(reps) if np.ndim(reps) else (int(reps),))


@answers(np.pad)
def _pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Tensor:
    array = as_tensor(array)
    if mode != "constant" or np.ndim(constant_values):
        raise GraphError(
            f"np.pad(mode={mode!r}) is not recorded in the graph; expected mode='constant' with one value. "
            "For other borders, index the tensor with an array of positions."
        )
    widths = np.broadcast_to(np.asarray(pad_width, dtype=int), (array.ndim, 2))
    return pad(array, pad_width=tuple((int(a), int(b)) for a, b in widths), value=constant_values)


@answers(np.take)
def _take(a: Any, indices: Any, axis: int | None = None) -> Tensor:
    a = as_tensor(a)
    if axis is None:
        a, axis = ravel(a), 0
    chosen = indices if isinstance(indices, Tensor | int) else np.asarray(indices)
    return a[(*everything(axis, a.ndim), chosen)]


@answers(np.fliplr)
def _fliplr(m: Any) -> Tensor:
    return flip(m, axis=1)


@answers(np.flipud)
def _flipud(m: Any) -> Tensor:
    return flip(m, axis=0)


@answers(np.rot90)
def _rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    m = as_tensor(m)
    for _ in range(k % 4):
        m = flip(m.swapaxes(*axes), axis=axes[0])
    return m


@answers(np.rollaxis)
def _rollaxis(a: Any, axis: int, start: int = 0) -> Tensor:
    a = as_tensor(a)
    axis, start = axis_of(axis, a.ndim), start + a.ndim if start < 0 else start
    return moveaxis(a, source=axis, destination=start - 1 if axis < start else start)


@answers(np.fft.fftshift)
def _fftshift(x: Any, axes: Axis = None) -> Tensor:
    return rolled_by_half(as_tensor(x), axes, 1)


@answers(np.fft.ifftshift)
def _ifftshift(x: Any, axes: Axis = None) -> Tensor:
    return rolled_by_half(as_tensor(x), axes, -1)


def rolled_by_half(x: Tensor, axes: Axis, sign: int) -> Tensor:
    """Roll each axis by half its length, forward or back."""
    chosen = tuple(range(x.ndim)) if axes is None else axes if isinstance(axes, tuple) else (axes,)
    return roll(x, shift=tuple(sign * (x.shape[k] // 2) for k in chosen), axis=chosen)


@answers(np.atleast_1d)
def _atleast_1d(*arys: Any) -> Any:
    return each([x if x.ndim else reshape(x, shape=(1,)) for x in map(as_tensor, arys)])


@answers(np.atleast_2d)
def _atleast_2d(*arys: Any) -> Any:
    return each([x if x.ndim >= 2 else expand_dims(_atleast_1d(x), axis=0) for x in map(as_tensor, arys)])


@answers(np.atleast_3d)
def _atleast_3d(*arys: Any) -> Any:
    return each([x if x.ndim >= 3 else expand_dims(_atleast_2d(x), axis=-1) for x in map(as_tensor, arys)])


def each(results: list[Tensor]) -> Any:
    """Return one result as it is, several as a tuple."""
    return results[0] if len(results) == 1 else tuple(results)


# Joining and splitting


@answers(np.concatenate)
def _concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Tensor:
    parts = [as_tensor(x) for x in arrays]
    return concatenate(*map(ravel, parts), axis=0) if axis is None else concatenate(*parts, axis=axis)


@answers(np.stack)
def _stack(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    return stack(*arrays, axis=axis)


@answers(np.vstack)
def _vstack(tup: Sequence[Any]) -> Tensor:
    return concatenate(*map(_atleast_2d, tup), axis=0)


@answers(np.hstack)
def _hstack(tup: Sequence[Any]) -> Tensor:
    parts = [_atleast_1d(x) for x in tup]
    return concatenate(*parts, axis=0 if parts[0].ndim == 1 else 1)


@answers(np.dstack)
def _dstack(tup: Sequence[Any]) -> Tensor:
    return concatenate(*map(_atleast_3d, tup), axis=2)


@answers(np.column_stack)
def _column_stack(tup: Sequence[Any]) -> Tensor:
    parts = [x if x.ndim >= 2 else expand_dims(_atleast_1d(x), axis=-1) for x in map(as_tensor, tup)]
    return concatenate(*parts, axis=1)


@answers(np.append)
def _append(arr: Any, values: Any, axis: int | None = None) -> Tensor:
    return _concatenate([arr, values], axis)


@answers(np.array_split)
def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    ary = as_tensor(ary)
    ends = np.array_split(np.arange(ary.shape[axis]), numbers(indices_or_sections))
    before = everything(axis, ary.ndim)
    return [ary[(*before, slice(int(part[0]), int(part[-1]) + 1) if part.size else slice(0, 0))] for part in ends]


@answers(np.split)
def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    ary = as_tensor(ary)
    if not isinstance(indices_or_sections, int | np.integer):
        return _array_split(ary, indices_or_sections, axis)
    parts = int(indices_or_sections)
    if parts < 1 or ary.shape[axis_of(axis, ary.ndim)] % parts:
        raise ShapeError(
            f"split: {ary.label} has {ary.shape[axis]} elements along axis {axis}, which do not make "
            f"{parts} equal parts; use np.array_split, or give the positions."
        )
    if axis_of(axis, ary.ndim) == 0 and ary.size:
        # A batch is parted whatever its size; the bounds of slices would be those of this one.
        return list(reshape(ary, shape=(parts, -1, *ary.shape[1:])))
    return _array_split(ary, parts, axis)


@answers(np.hsplit)
def _hsplit(ary: Any, indices_or_sections: Any) -> list[Tensor]:
    return _split(ary, indices_or_sections, 0 if as_tensor(ary).ndim == 1 else 1)


@answers(np.vsplit)
def _vsplit(ary: Any, indices_or_sections: Any) -> list[Tensor]:
    return _split(ary, indices_or_sections, 0)


@answers(np.dsplit)
def _dsplit(ary: Any, indices_or_sections: Any) -> list[Tensor]:
    return _split(ary, indices_or_sections, 2)
