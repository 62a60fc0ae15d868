"""Rules that shorten a gradient to the form of the slides; each keeps value (to the last bit or two) and shape."""

from __future__ import annotations

from collections.abc import Callable

from zanjir.gates.arithmetic import add, divide, multiply, negative, subtract
from zanjir.gates.linear import back, transpose
from zanjir.gates.reduce import sum_
from zanjir.gates.shape import broadcast_like, expand_dims, reshape_like, swapaxes
from zanjir.graph.gate import Gate
from zanjir.graph.simplify import REWRITES, Rewrite, is_literal
from zanjir.graph.tensor import Tensor, is_number

__all__: list[str] = []


def rewrites(*rows: Gate) -> Callable[[Rewrite], Rewrite]:
    """Register a rule for nodes of the given gates."""

    def register(rule: Rewrite) -> Rewrite:
        for row in rows:
            REWRITES.setdefault(row.name, []).append(rule)
        return rule

    return register


@rewrites(negative, transpose, swapaxes)
def undone(node: Tensor) -> Tensor | None:
    """-(-x), x.T.T and x.mT.mT are x; another order of axes is undone by its own inverse only."""
    inner = node.inputs[0]
    if inner.gate is not node.gate:
        return None
    axes = node.params.get("axes")
    undoing = node.params if axes is None else {"axes": back(axes)}
    return inner.inputs[0] if inner.params == undoing else None


@rewrites(broadcast_like, reshape_like)
def already_alike(node: Tensor) -> Tensor | None:
    """An array that has the shape of the other already; a Python number becomes an array first."""
    x = node.inputs[0]
    return x if x.shape == node.shape and is_number(x.value) == is_number(node.value) else None


@rewrites(multiply, divide)
def without_repetition(node: Tensor) -> Tensor | None:
    """Multiplying by one number, repeated, is multiplying by that number."""
    x, y = node.inputs
    single = repeated_number(x)
    if single is not None and y.shape == node.shape:
        return multiply(single, y) if node.gate is multiply else divide(single, y)
    single = repeated_number(y)
    if single is not None and x.shape == node.shape:
        return multiply(single, x) if node.gate is multiply else divide(x, single)
    return None


def repeated_number(node: Tensor) -> Tensor | None:
    """Return the single number that an array repeats, if its graph says so."""
    while node.gate in (expand_dims, reshape_like, broadcast_like):
        node = node.inputs[0]
        if node.shape == ():
            return node
    return None


@rewrites(multiply)
def divided_by_count(node: Tensor) -> Tensor | None:
    """(c / N) * x is c * x / N."""
    for ratio, x in (node.inputs, node.inputs[::-1]):
        if ratio.gate is divide and is_literal(ratio.inputs[0]):
            numerator = x if ratio.inputs[0].value == 1 else multiply(ratio.inputs[0], x)
            return divide(numerator, ratio.inputs[1])
    return None


@rewrites(multiply)
def gathered_numbers(node: Tensor) -> Tensor | None:
    """Numbers in front, as one: x * 2 is 2 * x, and 3 * (2 * x) is 6 * x."""
    x, y = node.inputs
    if is_literal(y) and not is_literal(x):
        return multiply(y, x)
    if is_literal(x) and y.gate is multiply and is_literal(y.inputs[0]):
        return multiply(x.value * y.inputs[0].value, y.inputs[1])
    return None


@rewrites(multiply)
def signed(node: Tensor) -> Tensor | None:
    """-1 * x is -x."""
    x, y = node.inputs
    is_minus_one = is_literal(x) and x.value == -1
    return negative(y) if is_minus_one and y.dtype.kind != "b" else None  # conditions have no sign


@rewrites(add)
def subtraction(node: Tensor) -> Tensor | None:
    """X + (-y) is x - y."""
    x, y = node.inputs
    return subtract(x, y.inputs[0]) if y.gate is negative else None


@rewrites(sum_)
def sum_of_nothing(node: Tensor) -> Tensor | None:
    """The sum of a single number is that number."""
    return node.inputs[0] if node.inputs[0].shape == () else None
