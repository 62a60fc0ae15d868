"""Algebra: the rules of the graph (``zanjir.graph.simplify``), and those that only a program needs.

The rules here keep every bit: they spare work without moving a rounding. Only a sum of sums is taken at once, which
adds in another order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from zanjir.gates.arithmetic import divide, multiply, power, reciprocal, square
from zanjir.gates.elementwise import sqrt
from zanjir.gates.reduce import sum_
from zanjir.gates.shape import astype, broadcast_like, expand_dims, ravel, reshape, reshape_like, squeeze
from zanjir.graph.gate import Gate
from zanjir.graph.simplify import is_literal, simplify
from zanjir.graph.tensor import Tensor
from zanjir.program.passes.rebuild import alike, rebuilt

__all__ = ["simplified"]

Rule: TypeAlias = "Callable[[Tensor], Tensor | None]"

# NumPy's own shortcuts for exponents.
POWERS = {2: square, 0.5: sqrt, -1: reciprocal}
RESHAPES = (reshape, reshape_like, ravel, expand_dims, squeeze)
# The reciprocal of a larger power of two, or of a smaller one, is no normal number of float32.
LARGEST_EXPONENT = 120
LARGE_TYPES = (np.float32, np.float64)


def simplified(outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the same outputs with fewer and cheaper gates.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], "x")
    >>> y = simplified({"y": (x * 1).reshape(2, 1).reshape(1, 2) / 8})["y"]
    >>> y.gate.name, y.inputs[1].value, y.inputs[0].inputs[0] is x
    ('multiply', 0.125, True)
    """
    short = dict(zip(outputs, simplify(list(outputs.values())), strict=True))
    return rebuilt(short, cheaper)


def cheaper(node: Tensor) -> Tensor | None:
    """Apply rules until none fits."""
    found = node
    while (new := first_fitting(found)) is not None:
        found = new
    return None if found is node else found


def first_fitting(node: Tensor) -> Tensor | None:
    """Return what the first rule that fits gives; shape and type stay."""
    for rule in RULES.get(node.gate, ()):
        new = rule(node)
        if new is not None and alike(new, node):
            return new
    return None


def special_power(node: Tensor) -> Tensor | None:
    """A square, a root or a reciprocal."""
    x, exponent = node.inputs
    known = POWERS.get(exponent.value) if is_literal(exponent) and node.dtype.kind == "f" else None
    return known(x) if known else None


def by_power_of_two(node: Tensor) -> Tensor | None:
    """Division by 8 is multiplication by 1/8, which has the same bits."""
    x, divisor = node.inputs
    if not is_literal(divisor) or node.dtype not in LARGE_TYPES:
        return None
    mantissa, exponent = math.frexp(divisor.value)
    return multiply(x, 1 / divisor.value) if abs(mantissa) == 0.5 and abs(exponent) <= LARGEST_EXPONENT else None


def reshaped_once(node: Tensor) -> Tensor | None:
    """Of two reshapes the last counts."""
    inner = node.inputs[0]
    if inner.gate not in RESHAPES or node.gate is None:
        return None
    return node.gate(inner.inputs[0], *node.inputs[1:], **node.params)


def undone_axis(node: Tensor) -> Tensor | None:
    """An axis of size 1 that is put in and taken out again."""
    inner = node.inputs[0]
    if inner.gate is expand_dims and inner.params["axis"] == node.params["axis"]:
        return inner.inputs[0]
    return None


def broadcast_once(node: Tensor) -> Tensor | None:
    """Of two repetitions the last counts."""
    inner = node.inputs[0]
    return broadcast_like(inner.inputs[0], node.inputs[1]) if inner.gate is broadcast_like else None


def summed_once(node: Tensor) -> Tensor | None:
    """The sum over some axes of a sum over others is a sum over all of them."""
    inner = node.inputs[0]
    if inner.gate is not sum_ or inner.params["keepdims"] != node.params["keepdims"]:
        return None
    x = inner.inputs[0]
    first = axes_of(inner.params["axis"], x.ndim)
    left = range(x.ndim) if node.params["keepdims"] else [k for k in range(x.ndim) if k not in first]
    second = [left[k] for k in axes_of(node.params["axis"], inner.ndim)]
    return sum_(x, axis=tuple(sorted({*first, *second})), keepdims=node.params["keepdims"])


def axes_of(axis: int | tuple[int, ...] | None, ndim: int) -> list[int]:
    """Return axes, counted from the front."""
    return list(range(ndim)) if axis is None else [k % ndim for k in ((axis,) if isinstance(axis, int) else axis)]


def same_type(node: Tensor) -> Tensor | None:
    """An array that has the type already."""
    return node.inputs[0]


RULES: dict[Gate | None, tuple[Rule, ...]] = {
    power: (special_power,),
    divide: (by_power_of_two,),
    reshape: (reshaped_once,),
    reshape_like: (reshaped_once,),
    ravel: (reshaped_once,),
    squeeze: (undone_axis,),
    broadcast_like: (broadcast_once,),
    astype: (same_type,),
    sum_: (summed_once,),
}
