"""How far a gate's inputs lie from a point where it jumps, bends or has an infinite slope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

__all__ = ["NEAR", "distance_to_kink"]

Array = Any

# Nearer than this, rounding may decide the side, or slopes of slopes are so large that they lose their digits.
NEAR = 1e-4
# Lengths below this have curvatures above 1e2.
SHORT = 0.1


def nearest(*arrays: Any) -> float:
    """The smallest absolute number."""
    return min((float(np.min(np.abs(x), initial=np.inf)) for x in arrays), default=np.inf)


def gap(x: Array, axis: Any = None) -> float:
    """The smallest distance of two elements, of all or of a line along an axis."""
    whole = axis is None or isinstance(axis, tuple)
    return nearest(np.diff(np.sort(x, axis=None if whole else axis), axis=-1 if whole else axis))


def from_whole(x: Array) -> float:
    """The distance to the next whole number."""
    return nearest(x - np.round(x))


def short(length: Array) -> float:
    """How near to 0 a length is, in units in which ``SHORT`` is near."""
    return nearest(length) * NEAR / SHORT


def length(x: Array, axis: Any) -> Array:
    return np.sqrt(np.sum(np.square(x), axis=axis))


def of_difference(x: Array, y: Array) -> float:
    return nearest(np.subtract(x, y, dtype=float))


Distance = Callable[..., float]
COMPARING = ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
DISTANCES: dict[str, Distance] = {
    **dict.fromkeys((*COMPARING, "maximum", "minimum", "fmax", "fmin"), of_difference),
    **dict.fromkeys(("absolute", "relu", "leaky_relu", "elu", "sign", "argwhere"), lambda x, **how: nearest(x)),
    "cbrt": short,
    "heaviside": lambda x, half: nearest(x),
    "hypot": lambda x, y: short(np.hypot(x, y)),
    "clip": lambda x, low, high: nearest(x - low, x - high),
    **dict.fromkeys(("floor", "ceil", "trunc"), from_whole),
    "rint": lambda x: from_whole(x - 0.5),
    **dict.fromkeys(("remainder", "floor_divide"), lambda x, y: from_whole(x / y)),
    **dict.fromkeys(("max", "min", "argmax", "argmin"), lambda x, axis, keepdims: gap(x, axis)),
    **dict.fromkeys(("sort", "argsort"), gap),
    "std": lambda x, axis, ddof, keepdims: short(np.std(x, axis=axis)),
    **dict.fromkeys(("deviation", "standardize"), lambda x, axis, epsilon: short(np.std(x, axis=axis))),
    "euclidean_norm": lambda x, axis, keepdims: short(length(x, axis)),
    "p_norm": lambda x, **how: short(x),
    "hinge_margins": lambda s, y, delta: nearest(s - s[np.arange(len(y)), y][:, None] + delta),
    "max_pool2d": lambda x, **how: gap(x),
    **dict.fromkeys(("max_unpool2d", "max_pick2d"), lambda g, x, **how: gap(x)),
}


def distance_to_kink(name: str, inputs: Sequence[Any], params: Mapping[str, Any]) -> float:
    """Return the distance, infinite for gates that are smooth."""
    return DISTANCES[name](*inputs, **params) if name in DISTANCES else np.inf
