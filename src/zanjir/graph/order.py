"""Walking the graph: topological order without recursion, and running a graph again on other numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from zanjir.graph.tensor import Tensor, frozen

__all__ = ["evaluate", "topological_order"]


def topological_order(outputs: Iterable[Tensor], stop: Collection[int] = ()) -> list[Tensor]:
    """Return every node that the outputs depend on, inputs before the gates that use them.

    The order is depth first from the first output, and depends on the graph alone. Nodes whose ``id`` is in
    ``stop`` are taken as given: they and what lies behind them are left out.

    Examples
    --------
    >>> x = Tensor(2.0, "x"); y = x * x
    >>> [node.name or node.gate.name for node in topological_order([y + x])]
    ['x', 'multiply', 'add']
    """
    order: list[Tensor] = []
    seen: set[int] = set()
    stack: list[Tensor | None] = list(outputs)
    stack.reverse()
    while stack:
        node = stack.pop()
        if node is None:  # the mark above a node whose inputs are done
            order.append(stack.pop())  # type: ignore[arg-type]  # a mark stands on a node, never on a mark
        elif id(node) not in seen and id(node) not in stop:
            seen.add(id(node))
            if node.inputs:
                stack += (node, None, *node.inputs[::-1])
            else:
                order.append(node)
    return order


def evaluate(outputs: Iterable[Tensor], replaced: Mapping[Tensor, Any]) -> dict[int, Any]:
    """Run the graph again with other numbers at some nodes.

    Parameters
    ----------
    outputs : tensors
        What to compute.
    replaced : mapping of Tensor to array_like
        Nodes and the numbers to use for them.

    Returns
    -------
    dict
        The value of every node on the way, by ``id(node)``.
    """
    values = {id(node): frozen(value) for node, value in replaced.items()}
    for node in topological_order(outputs):
        if id(node) in values:
            continue
        if node.gate is None:
            values[id(node)] = node.value
        else:
            values[id(node)] = node.gate.forward(*[values[id(x)] for x in node.inputs], **node.params)
    return values
