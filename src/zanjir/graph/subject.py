"""What is checked: values, analytic derivatives, and a way to run the function again at other values."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zanjir.errors import GraphError
from zanjir.graph.gate import Gate
from zanjir.graph.gradient import gradient
from zanjir.graph.numerical import COMPLEX_STEP
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import Array, Tensor, is_number

__all__ = ["Subject", "dependents", "differentiated", "in_float64", "subject_of"]

HALF_A_UNIT = float(np.finfo(np.float64).eps) / 2
# Central differences at this step, against the complex step of one gate: 1e-4 tells a conjugate, an absolute
# value or a lost imaginary part from rounding.
COMPLEX_CHECK_STEP, COMPLEX_CHECK = 1e-6, 1e-4


@dataclass(frozen=True)
class Subject:
    """Something to check.

    Parameters
    ----------
    loss : float
        The value at the point.
    values, analytic : dict of str to float64 array
        The parameters, and the derivatives to check.
    run : function
        (name, array) -> the value with one parameter replaced; complex in, complex out.
    takes_complex : collection of str
        The parameters for which every operation on the way takes complex numbers.
    resolution : float
        The least noise that the values can have.
    """

    loss: float
    values: Mapping[str, Array]
    analytic: Mapping[str, Array]
    run: Callable[[str, Array], Any]
    resolution: float
    takes_complex: Collection[str] = field(default=())

    @property
    def largest(self) -> float:
        """The largest derivative of all."""
        finite = [np.abs(d[np.isfinite(d)]) for d in self.analytic.values()]
        return max((float(d.max()) for d in finite if d.size), default=0.0)


def in_float64(
    loss: Tensor, wrt: Sequence[Tensor], replaced: Mapping[Tensor, Array] | None = None
) -> tuple[Tensor, list[Tensor], list[str]]:
    """Return the same graph on float64 leaves, and what was cast.

    Parameters
    ----------
    wrt : sequence of tensors
        They are cast even where they hold whole numbers; other leaves of whole numbers stay, as labels must.
    replaced : mapping of Tensor to array
        Nodes that become leaves with other numbers.
    """
    wanted, given = {id(w) for w in wrt}, {id(node): value for node, value in (replaced or {}).items()}
    new: dict[int, Tensor] = {}
    notes: list[str] = []
    for node in topological_order([loss, *wrt]):
        if id(node) in given or (node.gate is None and must_be_cast(node, id(node) in wanted)):
            new[id(node)] = Tensor(np.array(given.get(id(node), node.value), np.float64), node.name)
            if id(node) not in given and not is_number(node.value):
                notes.append(f"{node.label} holds {node.dtype} numbers; it was cast to float64 for the check.")
        elif node.gate is None or all(new[id(x)] is x for x in node.inputs):
            new[id(node)] = node
        else:
            inputs = tuple(new[id(x)] for x in node.inputs)
            value = forward(node.gate, [x.value for x in inputs], node.params, wrt)
            new[id(node)] = Tensor(value, node.name, gate=node.gate, inputs=inputs, params=node.params)
    return new[id(loss)], [new[id(w)] for w in wrt], notes


def forward(row: Gate, inputs: Sequence[Any], params: Mapping[str, Any], wrt: Sequence[Tensor]) -> Any:
    """Run a gate on moved numbers, or say which tensor cannot be moved: labels are no numbers."""
    try:
        return row.forward(*inputs, **params)
    except (IndexError, TypeError) as error:
        suspects = [w.label for w in wrt if w.dtype.kind != "f"] or [w.label for w in wrt]
        raise GraphError(
            f"{suspects[0]} cannot be moved: {row.name} takes whole numbers there ({error}). "
            "Check only what holds real numbers."
        ) from error


def must_be_cast(leaf: Tensor, wanted: bool) -> bool:
    """Whether a leaf must become float64: what is differentiated, and every array of shorter floats."""
    if wanted:
        return is_number(leaf.value) or leaf.dtype != np.float64
    return not is_number(leaf.value) and leaf.dtype.kind == "f" and leaf.dtype != np.float64


def differentiated(loss: Tensor, wrt: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], float]:
    """Return the derivatives, and the noise of rounding in the loss, to first order.

    Each value on the way is off by half a unit in its last place, which its own derivative carries to the loss.
    """
    on_way = [node for w in wrt for node in dependents(loss, w) if node.gate is not None and node.dtype.kind == "f"]
    others = list({id(node): node for node in on_way if node is not loss}.values())
    found = gradient(loss, [*wrt, *others])
    carried = [node.value * d.value for node, d in zip(others, found[len(wrt) :], strict=True)]
    total = sum(float(np.sum(np.square(part))) for part in carried if np.isfinite(part).all())
    return found[: len(wrt)], HALF_A_UNIT * max(abs(float(loss.value)), total**0.5)


def subject_of(loss: Tensor, wrt: Mapping[str, Tensor], analytic: Mapping[str, Array], resolution: float) -> Subject:
    """Return a graph as something to check."""
    runs = {name: Rerun(loss, w) for name, w in wrt.items()}
    return Subject(
        float(loss.value),
        {name: np.array(w.value, np.float64) for name, w in wrt.items()},
        analytic,
        lambda name, x: runs[name](x),
        resolution,
        {name for name, run in runs.items() if run.takes_complex},
    )


def dependents(loss: Tensor, leaf: Tensor) -> list[Tensor]:
    """Return the nodes on the way from one node to the loss, in order, without that node."""
    reached = {id(leaf)}
    way = []
    for node in topological_order([loss]):
        if id(node) not in reached and any(id(x) in reached for x in node.inputs):
            reached.add(id(node))
            way.append(node)
    return way


class Rerun:
    """Runs the part of a graph that depends on one node again."""

    def __init__(self, loss: Tensor, leaf: Tensor) -> None:
        self.loss, self.leaf = loss, leaf
        self.way = dependents(loss, leaf)
        self.values = {id(x): x.value for node in self.way for x in (node, *node.inputs)} | {id(loss): loss.value}
        self.complex_way = complex_way(leaf, self.way)

    @property
    def takes_complex(self) -> bool:
        """Whether every gate on the way is without kinks and right on complex numbers."""
        return self.complex_way is not None

    def __call__(self, x: Array) -> Any:
        """Return the loss with other numbers at the leaf."""
        way = self.complex_way if np.iscomplexobj(x) and self.complex_way is not None else self.way
        values = {**self.values, id(self.leaf): x}
        for node in way:
            if node.gate is not None:
                inputs = [values[id(x)] for x in node.inputs]
                values[id(node)] = forward(node.gate, inputs, node.params, [self.leaf])
        return values[id(self.loss)]


def complex_way(leaf: Tensor, way: Sequence[Tensor]) -> list[Tensor] | None:
    """Return the gates on a way that carry an imaginary part as a derivative; None if one of them does not.

    What small steps leave as it is, such as what dropout drew, carries nothing and is no obstacle.
    """
    reached = {id(leaf)}
    carrying = []
    for node in way:
        if node.gate is None or not any(id(x) in reached for x in node.inputs):
            continue
        moves = Moves(node, node.gate, reached)
        if moves.nothing:
            continue
        if node.gate.kinks or not moves.imaginary_part_is_derivative:
            return None
        reached.add(id(node))
        carrying.append(node)
    return carrying


class Moves:
    """One gate, moved a little at its values along a random direction through the inputs that are reached."""

    def __init__(self, node: Tensor, row: Gate, reached: Collection[int]) -> None:
        rng = np.random.default_rng(0)
        self.node, self.row = node, row
        self.inputs = [np.asarray(x.value) for x in node.inputs]
        self.ways = [
            rng.standard_normal(x.shape) * np.maximum(np.abs(x), 1e-3) if id(part) in reached else None
            for x, part in zip(self.inputs, node.inputs, strict=True)
        ]
        self.up, self.down = self.at(COMPLEX_CHECK_STEP), self.at(-COMPLEX_CHECK_STEP)

    def at(self, t: complex) -> Any:
        """Return the gate's result, moved; None if the gate does not take such numbers."""
        moved = [x if way is None else x + t * way for x, way in zip(self.inputs, self.ways, strict=True)]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", np.exceptions.ComplexWarning)
                return self.row.forward(*moved, **self.node.params)
        except (TypeError, ValueError, IndexError, AttributeError, np.exceptions.ComplexWarning):
            return None

    @property
    def nothing(self) -> bool:
        """Whether small steps change nothing at all."""
        return all(moved is not None and np.array_equal(moved, self.node.value) for moved in (self.up, self.down))

    @property
    def imaginary_part_is_derivative(self) -> bool:
        """Whether the imaginary part agrees with central differences."""
        out = self.at(complex(0, COMPLEX_STEP))
        if out is None or self.up is None or self.down is None or not np.iscomplexobj(out):
            return False
        central = (self.up - self.down) / (2 * COMPLEX_CHECK_STEP)
        off = np.abs(np.imag(out) / COMPLEX_STEP - central)
        return bool(np.all(off <= COMPLEX_CHECK * (np.abs(central).max(initial=0) + COMPLEX_CHECK)))
