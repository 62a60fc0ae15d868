"""Standardizing: numbers along an axis brought to mean 0 and standard deviation 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.reduce import count
from zanjir.graph.gate import Gate, Interval, gate
from zanjir.graph.tensor import Array, Tensor

# Squares of larger numbers leave the range of float32.
MODERATE = Interval(-1e6, 1e6)
AXES: tuple[dict[str, Any], ...] = ({}, {"axis": 0, "epsilon": 0.25})


def deviation_of(x: Array, *, axis: int = -1, epsilon: float = 1e-5) -> Array:
    """Sqrt(variance + epsilon) along an axis, which stays with size 1."""
    centered = x - x.mean(axis=axis, keepdims=True)
    return np.sqrt((centered * centered).mean(axis=axis, keepdims=True) + epsilon)


def standardize_of(x: Array, *, axis: int = -1, epsilon: float = 1e-5) -> Array:
    """(x - mean) / sqrt(variance + epsilon) along an axis."""
    centered = x - x.mean(axis=axis, keepdims=True)
    return centered / np.sqrt((centered * centered).mean(axis=axis, keepdims=True) + epsilon)


def standardize_flow(g: Tensor, y: Tensor, x: Tensor, *, axis: int, epsilon: float) -> Tensor:
    """What is left of g without its mean and without its part along y, in units of x."""
    along = y * np.mean(g * y, axis=axis, keepdims=True)
    return (g - np.mean(g, axis=axis, keepdims=True) - along) / deviation(x, axis=axis, epsilon=epsilon)


deviation = gate(
    "deviation", "(*)->(*)", deviation_of,
    lambda g, s, x, *, axis, epsilon: g * (x - np.mean(x, axis=axis, keepdims=True)) / (s * count(x, axis=axis)),
    code="deviation({0}{,params})", latex=r"\sqrt{{\operatorname{{var}}({0}) + \epsilon}}", domain=(MODERATE,),
    composition=lambda x, *, axis, epsilon: np.sqrt(
        np.mean((x - np.mean(x, axis=axis, keepdims=True)) ** 2, axis=axis, keepdims=True) + epsilon
    ),
    params={"axis": -1, "epsilon": 1e-5}, examples=AXES, relative_error=1e-15, source="variance: divided by N",
)  # fmt: skip

standardize: Gate = gate(
    "standardize", "(*)->(*)", standardize_of, standardize_flow,
    code="standardize({0}{,params})", latex=r"\operatorname{{standardize}}({0})", domain=(MODERATE,),
    composition=lambda x, *, axis, epsilon: (x - np.mean(x, axis=axis, keepdims=True))
    / deviation(x, axis=axis, epsilon=epsilon),
    params={"axis": -1, "epsilon": 1e-5}, examples=AXES, relative_error=1e-15,
    source="Ioffe and Szegedy (2015); off by the rounding of x - mean, relative to max |x| / sqrt(var + epsilon)",
)  # fmt: skip

__all__ = ["deviation", "standardize"]
