"""A graph at given sizes as operations on memory: what is computed, and where each operand lies.

A gate that only looks at its input otherwise (a transpose, a broadcast) computes nothing: its result is a place
in the memory of another node. Python numbers are no memory at all; they are read from a table of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zanjir.graph.gate import TABLE
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.tensor import Array, Tensor, is_number

__all__ = ["Operation", "Operations", "Place", "address", "in_memory_of_their_own", "natural", "operations"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array lies: in the memory of a root, from an offset, with strides; both count elements.

    Parameters
    ----------
    root
        The ``id`` of the node whose result was written to memory of its own, or of a leaf.
    """

    root: int
    offset: int
    strides: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def is_whole(self) -> bool:
        """Whether the elements lie side by side, in order, from the start of the root."""
        return self.offset == 0 and self.strides == natural(self.shape)

    def along(self, space: tuple[int, ...]) -> tuple[int, ...]:
        """Return the strides with which a loop over a space walks this array, by NumPy's broadcasting.

        Examples
        --------
        >>> Place(0, 0, (1,), (5,), np.dtype("f4")).along((3, 5))
        (0, 1)
        """
        missing = len(space) - len(self.shape)
        strides = (0,) * missing + self.strides
        sizes = (1,) * missing + self.shape
        return tuple(0 if size == 1 else stride for size, stride in zip(sizes, strides, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One gate that computes something, with the shape and type of its result."""

    node: Tensor
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def key(self) -> int:
        """What names the result."""
        return id(self.node)

    @property
    def gate(self) -> str:
        """The name of the gate."""
        assert self.node.gate is not None  # noqa: S101 - a leaf is no operation
        return self.node.gate.name


@dataclass
class Operations:
    """A graph as operations in order, with the arrays, the places and the numbers that they read."""

    order: list[Operation] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    numbers: dict[int, Any] = field(default_factory=dict)
    leaves: dict[int, Array] = field(default_factory=dict)

    def add(self, node: Tensor, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Place:
        """Add the operation of a gate, and return the memory of its result."""
        self.order.append(Operation(node, shape, dtype))
        self.places[id(node)] = place = whole(id(node), shape, dtype)
        return place


def operations(outputs: Mapping[str, Tensor], leaves: Mapping[Tensor, Any]) -> Operations:
    """Return what computes outputs.

    Parameters
    ----------
    outputs
        Nodes, by name.
    leaves
        The array or number of every leaf, at the sizes of the run.
    """
    with np.errstate(all="ignore"):  # shapes are wanted here, not the numbers of a made-up batch
        values = evaluate(outputs.values(), leaves)
    found = Operations()
    stand_ins: dict[int, Array] = {}
    for node in topological_order(outputs.values()):
        value = values[id(node)]
        if is_number(value):
            found.numbers[id(node)] = value
            continue
        array = np.asarray(value)
        if node.gate is None:
            found.places[id(node)] = whole(id(node), array.shape, array.dtype)
            found.leaves[id(node)] = array
        elif not (node.gate.view and looks(found, stand_ins, node, values)):
            found.add(node, array.shape, array.dtype)
        if id(node) not in stand_ins:
            stand_ins[id(node)] = np.empty(array.shape, array.dtype)
    return found


def looks(found: Operations, stand_ins: dict[int, Array], node: Tensor, values: Mapping[int, Any]) -> bool:
    """Find the place of a view within its first input; False if that is a Python number, which has no memory.

    Where the input's elements do not lie so that they can be looked at in this way, they are copied first.
    """
    x = node.inputs[0]
    if id(x) not in stand_ins or node.gate is None:
        return False
    others = [values[id(y)] for y in node.inputs[1:]]
    first, base = stand_ins[id(x)], found.places[id(x)]
    view = np.asarray(node.gate.forward(first, *others, **node.params))
    if not shares(view, first):
        base = found.add(TABLE["copy"](x), base.shape, base.dtype)
        first = np.empty(base.shape, base.dtype)
        view = np.asarray(node.gate.forward(first, *others, **node.params))
        if not shares(view, first):
            found.order.pop()
            return False
    offset = (address(view) - address(first)) // first.itemsize
    strides = tuple(stride // first.itemsize for stride in view.strides)
    found.places[id(node)] = Place(base.root, base.offset + offset, strides, view.shape, view.dtype)
    stand_ins[id(node)] = view
    return True


def in_memory_of_their_own(outputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return outputs of which no two share memory with each other or with a leaf: such ones are copied."""
    seen: set[int] = set()
    own = {}
    for name, node in outputs.items():
        shared = node.gate is None or node.gate.view or id(node) in seen
        own[name] = TABLE["copy"](node) if shared else node
        seen.add(id(node))
    return own


def shares(view: Array, base: Array) -> bool:
    """Whether a view lies in the memory of an array; an empty one lies anywhere."""
    return view.dtype == base.dtype and (view.size == 0 or bool(np.may_share_memory(view, base)))


def address(array: Array) -> int:
    """Return where an array begins."""
    return int(array.__array_interface__["data"][0])


def whole(root: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Place:
    """Return the place of an array in memory of its own."""
    return Place(root, 0, natural(shape), shape, dtype)


def natural(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of an array whose elements lie side by side, the last axis fastest.

    Examples
    --------
    >>> natural((2, 3, 4))
    (12, 4, 1)
    """
    strides = [1]
    for size in reversed(shape[1:]):
        strides.append(strides[-1] * max(size, 1))
    return tuple(reversed(strides))[: len(shape)] if shape else ()
