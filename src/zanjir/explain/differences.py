"""Central differences of a number with respect to many others at once, for graphs of single numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from zanjir.graph import Tensor
from zanjir.graph.order import topological_order

__all__ = ["STEP", "WITHIN", "shifted"]

# Central differences in float64 are off by the step squared and by rounding over the step.
STEP = 1e-5
# How well they agree with derivatives, relative to these; of tiny derivatives rounding leaves less.
WITHIN = 1e-6
# A node has one number per shift; so many shifts at a time keep those of a large graph small.
AT_ONCE = 128


def shifted(loss: Tensor, nodes: Sequence[Tensor], steps: Sequence[float]) -> list[tuple[float, float]]:
    """Return, for each node, the loss where it is larger by a step, and where it is smaller.

    All moves are made at once: the graph runs on vectors with an entry for each, as far as it depends on the nodes.

    Parameters
    ----------
    loss : Tensor of shape ()
        What is computed from the nodes.
    nodes : sequence of Tensor of shape ()
        What to move: leaves, or numbers on the way, which then no longer depend on what is behind them.

    steps : sequence of float
        By how much to move each.

    Examples
    --------
    >>> w = Tensor(3.0, "w"); x = Tensor(2.0, "x")
    >>> [round((above - below) / 2e-5, 6) for above, below in shifted(w * x, [w, x], [1e-5, 1e-5])]
    [2.0, 3.0]
    """
    order = topological_order([loss])
    parts = [slice(k, k + AT_ONCE) for k in range(0, len(nodes), AT_ONCE)]
    return [found for part in parts for found in moved(order, nodes[part], steps[part])]


def moved(order: Sequence[Tensor], nodes: Sequence[Tensor], steps: Sequence[float]) -> Iterator[tuple[float, float]]:
    """Yield the last number of the graph above and below each node."""
    columns = {id(node): k for k, node in enumerate(nodes)}
    values: dict[int, Any] = {}  # of what changes
    for node in order:
        if any(id(x) in values for x in node.inputs):
            values[id(node)] = run(node, [values.get(id(x), x.value) for x in node.inputs])
        if (k := columns.get(id(node))) is not None:
            value = np.array(np.broadcast_to(values.get(id(node), float(node.value)), 2 * len(nodes)), dtype=float)
            value[2 * k : 2 * k + 2] = float(node.value) + steps[k], float(node.value) - steps[k]
            values[id(node)] = value
    last = values.get(id(order[-1]), np.full(2 * len(nodes), float(order[-1].value)))
    for above, below in zip(last[::2], last[1::2], strict=True):
        yield float(above), float(below)


def run(node: Tensor, inputs: Sequence[Any]) -> Any:
    """Return what a gate of numbers gives for vectors of them; a gate of arrays runs on one number after the other."""
    assert node.gate is not None  # noqa: S101 - asked for only of gates
    with np.errstate(all="ignore"):  # a move may leave the domain
        if node.gate.elementwise:
            return node.gate.forward(*inputs, **node.params)
        rows = zip(*np.broadcast_arrays(*inputs), strict=True)
        return np.array([node.gate.forward(*row, **node.params) for row in rows])
