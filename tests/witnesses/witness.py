"""What a witness of a gate is, and how one is laid out as an array."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Numbers = Any  # an object array of mpmath or SymPy numbers


@dataclass(frozen=True)
class Witness:
    """The exact value of a gate, and what its error is relative to."""

    value: Callable[..., Any]
    scale: Callable[..., Any] | None = None


def over_axis(f: Callable[[list[Any]], Any], x: Numbers, axis: int | tuple[int, ...] | None, keepdims: bool) -> Numbers:
    """Replace each line of numbers along an axis by f of it."""
    if isinstance(axis, tuple):
        rest = [k for k in range(x.ndim) if k not in axis]
        merged = np.transpose(x, (*rest, *axis)).reshape(*(x.shape[k] for k in rest), -1)
        result = over_axis(f, merged, -1, keepdims=False)
        return np.expand_dims(result, axis) if keepdims else result
    if axis is None:
        return np.array(f(list(x.flat)), dtype=object).reshape((1,) * x.ndim if keepdims else ())
    lines = np.moveaxis(x, axis, -1)
    result = np.empty(lines.shape[:-1], dtype=object)
    for i in np.ndindex(result.shape):
        result[i] = f(list(lines[i]))
    return np.expand_dims(result, axis) if keepdims else result


def each(f: Callable[..., Any], shape: tuple[int, ...]) -> Numbers:
    """Build an array from a function of the index."""
    result = np.empty(shape, dtype=object)
    for i in np.ndindex(shape):
        result[i] = f(*i)
    return result


def in_order(numbers: list[Any], shape: tuple[int, ...]) -> Numbers:
    """Lay numbers out row by row."""
    rest = iter(numbers)
    return each(lambda *_: next(rest), shape)
