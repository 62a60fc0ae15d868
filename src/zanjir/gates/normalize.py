"""Standardizing: numbers along an axis brought to mean 0 and standard deviation 1."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from zanjir.gates.reduce import count
from zanjir.graph.gate import Gate, Interval, gate
from zanjir.graph.tensor import Array, Tensor

# Squares of larger numbers leave the range of float32.
MODERATE = Interval(-1e6, 1e6)
AXES: tuple[dict[str, Any], ...] = ({}, {"axis": 0, "epsilon": 0.25}, {"axis": (0, 1)})
Axes: TypeAlias = "int | tuple[int, ...]"

# Means over several axes are taken one axis at a time: for channels that stand last, NumPy's sum over three axes at
# once takes fifteen times as long.


def deviation_of(x: Array, *, axis: int | tuple[int, ...] = -1, epsilon: float = 1e-5) -> Array:
    """Sqrt(variance + epsilon) along axes, which stay with size 1."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    mean = x
    for i in axes:
        mean = mean.mean(axis=i, keepdims=True)
    variance = (x - mean) * (x - mean)
    for i in axes:
        variance = variance.mean(axis=i, keepdims=True)
    return np.sqrt(variance + epsilon)


def standardize_of(x: Array, *, axis: int | tuple[int, ...] = -1, epsilon: float = 1e-5) -> Array:
    """(x - mean) / sqrt(variance + epsilon) along axes."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    mean = x
    for i in axes:
        mean = mean.mean(axis=i, keepdims=True)
    centered = x - mean
    variance = centered * centered
    for i in axes:
        variance = variance.mean(axis=i, keepdims=True)
    return centered / np.sqrt(variance + epsilon)


def mean_over(x: Any, axis: Axes) -> Any:
    """The mean along axes, which stay with size 1."""
    for i in axis if isinstance(axis, tuple) else (axis,):
        x = np.mean(x, axis=i, keepdims=True)
    return x


def count_over(x: Tensor, axis: Axes) -> Any:
    """How many numbers there are along axes."""
    return math.prod(count(x, axis=i) for i in (axis if isinstance(axis, tuple) else (axis,)))


def standardize_flow(g: Tensor, y: Tensor, x: Tensor, *, axis: Axes, epsilon: float) -> Tensor:
    """What is left of g without its mean and without its part along y, in units of x."""
    along = y * mean_over(g * y, axis)
    return (g - mean_over(g, axis) - along) / deviation(x, axis=axis, epsilon=epsilon)


def composed_deviation(x: Any, *, axis: Axes, epsilon: float) -> Tensor:
    """The deviation from simpler gates."""
    return np.sqrt(mean_over((x - mean_over(x, axis)) ** 2, axis) + epsilon)


deviation = gate(
    "deviation", "(*)->(*)", deviation_of,
    lambda g, s, x, *, axis, epsilon: g * (x - mean_over(x, axis)) / (s * count_over(x, axis)),
    code="deviation({0}{,params})", latex=r"\sqrt{{\operatorname{{var}}({0}) + \epsilon}}", domain=(MODERATE,),
    composition=composed_deviation, params={"axis": -1, "epsilon": 1e-5}, examples=AXES, relative_error=1e-15,
    source="variance: divided by N",
)  # fmt: skip

standardize: Gate = gate(
    "standardize", "(*)->(*)", standardize_of, standardize_flow,
    code="standardize({0}{,params})", latex=r"\operatorname{{standardize}}({0})", domain=(MODERATE,),
    composition=lambda x, *, axis, epsilon: (x - mean_over(x, axis)) / deviation(x, axis=axis, epsilon=epsilon),
    params={"axis": -1, "epsilon": 1e-5}, examples=AXES, relative_error=1e-15,
    source="Ioffe and Szegedy (2015); off by the rounding of x - mean, relative to max |x| / sqrt(var + epsilon)",
)  # fmt: skip

__all__ = ["deviation", "standardize"]
