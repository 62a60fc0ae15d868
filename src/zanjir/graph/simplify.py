"""Rewriting a graph into a shorter one with the same value: ``x * 1`` is ``x``, ``-(-x)`` is ``x``.

The rules that need to know an operation stand beside the gates (``zanjir.gates.rewrites``); the neutral
elements stand in the rows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias

from zanjir.graph.order import topological_order
from zanjir.graph.tensor import NUMBERS, Tensor, apply

__all__ = ["REWRITES", "Rewrite", "is_literal", "simplify"]

Rewrite: TypeAlias = Callable[[Tensor], "Tensor | None"]

REWRITES: dict[str, list[Rewrite]] = {}


def simplify(outputs: Sequence[Tensor], fixed: Collection[int] = ()) -> tuple[Tensor, ...]:
    """Return outputs of equal value and shape, with fewer gates.

    Nodes whose ``id`` is in ``fixed`` stay the very nodes they are, so that a gradient reads what its forward
    graph computes.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], "x")
    >>> simplify([-(-x) * 1])[0] is x
    True
    """
    short: dict[int, Tensor] = {}
    for node in topological_order(outputs, stop=fixed):
        short[id(node)] = shortened(node, tuple(short.get(id(x), x) for x in node.inputs), fixed)
    return tuple(short.get(id(node), node) for node in outputs)


def settled(output: Tensor, simple: dict[int, Tensor]) -> Tensor:
    """Simplify one output on top of nodes that are simple already, and count what it is made of among them.

    ``simple`` holds the nodes by ``id``; as it keeps them alive, no ``id`` is ever given to another node.
    """
    if id(output) in simple:
        return output
    if all(map(simple.__contains__, map(id, output.inputs))):  # a single gate, as most flows are
        new = shortened(output, output.inputs, simple)
        simple[id(new)] = new
        return new
    short: dict[int, Tensor] = {}
    for node in topological_order([output], stop=simple):
        new = shortened(node, tuple([short.get(id(x), x) for x in node.inputs]), simple)
        short[id(node)] = simple[id(new)] = new
    return short[id(output)]


def shortened(node: Tensor, inputs: tuple[Tensor, ...], fixed: Collection[int]) -> Tensor:
    """Rebuild one node on simplified inputs, and rewrite it until no rule applies."""
    if node.gate is None:
        return node
    unchanged = inputs is node.inputs or all(map(operator.is_, inputs, node.inputs))
    new = node if unchanged else apply(node.gate, *inputs, **node.params)
    while id(new) not in fixed and (shorter := rewritten(new)) is not None:
        new = shorter
    if node.name and new.gate and not new.name and id(new) not in fixed:
        new = new.named(node.name)
    return new


def rewritten(node: Tensor) -> Tensor | None:
    """Apply the first rule that fits, or return None. A rule never changes shape or dtype."""
    if node.gate is None:
        return None
    if type(node.value) in NUMBERS and all(map(is_literal, node.inputs)):
        return Tensor(node.value)
    rules: tuple[Rewrite, ...] = (without_neutral, *REWRITES.get(node.gate.name, ()))
    for rule in rules:
        shorter = rule(node)
        if shorter is not None and shorter.shape == node.shape and shorter.dtype == node.dtype:
            return shorter
    return None


def without_neutral(node: Tensor) -> Tensor | None:
    """Drop an input that changes nothing, such as the 1 of ``x * 1``."""
    if node.gate is None or not node.gate.neutral:
        return None
    for i, x in enumerate(node.inputs):
        if is_literal(x) and x.value == node.gate.neutral[i]:
            return node.inputs[1 - i]
    return None


def is_literal(node: Tensor) -> bool:
    """Whether a node is a number written into the formula: a Python number without a name."""
    return node.gate is None and node.name is None and type(node.value) in NUMBERS
