"""Central differences: what they say of a derivative, and those of many numbers of a graph at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.explain.arithmetic import rounded
from zanjir.explain.steps import Written
from zanjir.graph import Tensor
from zanjir.graph.order import topological_order

__all__ = ["STEP", "WITHIN", "Difference", "shifted"]

# Central differences in float64 are off by the step squared and by rounding over the step.
STEP = 1e-5
# How well they agree with derivatives, relative to these; of tiny derivatives rounding leaves less. And how much more
# the slopes of both sides differ at a kink.
WITHIN, KINK = 1e-6, 1e-2
# A node has one number per shift; so many shifts at a time keep those of a large graph small.
AT_ONCE = 128


@dataclass(frozen=True)
class Difference:
    """A central difference of a loss.

    Parameters
    ----------
    above, here, below : float
        The loss where a number is larger by a step, as it is, and smaller by a step.
    step : float
        The step.

    Examples
    --------
    >>> square = Difference(3.1**2, 3.0**2, 2.9**2, 0.1)
    >>> round(square.slope, 6), square.agrees(6.0), square.agrees(5.9)
    (6.0, True, False)
    """

    above: float
    here: float
    below: float
    step: float

    @property
    def slope(self) -> float:
        """The derivative that it tells."""
        return (self.above - self.below) / (2 * self.step)

    @property
    def at_kink(self) -> bool:
        """Whether the slopes of both sides differ by more than the second derivative times the step."""
        return abs(self.above - 2 * self.here + self.below) / self.step > KINK * max(1.0, abs(self.slope))

    def error(self, derivative: float) -> float:
        """Return how far a derivative is from it, relative to the larger one."""
        return abs(self.slope - derivative) / max(abs(self.slope), abs(derivative), 1e-8)

    def agrees(self, derivative: float) -> bool:
        """Whether a derivative is within what differences allow."""
        near = abs(self.slope - derivative) <= WITHIN * max(1.0, abs(self.here))
        return near or self.error(derivative) <= WITHIN

    def written(self, name: str, along: str = "") -> Written:
        """Return it as a line; ``along`` is what the step stands before, if it is a direction's."""
        moves = (f"{name} {sign} {rounded(self.step)}{along}" for sign in "+-")
        divisor = rounded(2 * self.step)
        symbolic = f"({' - '.join(f'loss({move})' for move in moves)}) / {divisor}"
        return Written(symbolic, f"({self.above!r} - {self.below!r}) / {divisor}", "", "")


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
