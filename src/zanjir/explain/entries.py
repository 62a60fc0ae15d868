"""A graph of arrays as a graph of single numbers: each entry of a named array becomes a number with a name."""

from __future__ import annotations

import heapq
import operator
import re
from collections import Counter
from collections.abc import Collection
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from zanjir.errors import GraphError
from zanjir.explain.traced import Traced, summands, value_of
from zanjir.graph import Tensor
from zanjir.graph.gate import TABLE, Gate
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.tensor import apply

__all__ = ["Index", "check_size", "entry_name", "is_rest", "single_numbers"]

Index: TypeAlias = tuple[int, ...]
Flags: TypeAlias = NDArray[np.bool_]

MOST_NUMBERS = 5000
# Of a long sum, the terms that do not change are added up beforehand, but for the largest few of what is asked for.
LONG, SHOWN = 12, 6
# Above this, e to the power of a score leaves float64.
LARGEST_EXPONENT = 700.0
REST = re.compile(r"rest(_\d+)?\(.+\)")


def single_numbers(
    loss: Tensor, focus: tuple[str, Index] | None = None, *, samples: Collection[str] = ()
) -> tuple[Tensor, list[str]]:
    """Return a graph of arrays as one of single numbers, and the names of those that vary.

    Parameters
    ----------
    loss : Tensor of shape ()
        A named number.
    focus : (str, tuple of int), optional
        An array by name and an index in it. What does not depend on this entry is then given, and of long sums only
        the terms that do, and a few others, are written out. By default every entry of every array is.
    samples : collection of str
        Arrays with a row for one sample, whose entries are named without its index.

    Returns
    -------
    Tensor, list of str
        The graph, and the leaves that may vary: the entry in focus, or all.

    Raises
    ------
    GraphError
        If there are too many numbers, or a gate cannot be written in single numbers.

    Examples
    --------
    >>> W, x = Tensor([[1.0, 2.0], [3.0, 4.0]], "W"), Tensor([5.0, 6.0], "x")
    >>> z = (x @ W).named("z")
    >>> f, varying = single_numbers((z ** 2).sum().named("f"), ("W", (0, 1)))
    >>> [node.name for node in topological_order([f]) if node.name]
    ['z[0]', 'x[0]', 'W[0, 1]', 'x[1]', 'W[1, 1]', 'z[1]', 'f']
    >>> varying
    ['W[0, 1]']
    """
    work = Entries(loss, focus, samples)
    try:
        work.make_named()
        made = work.varied(loss, ())
    except RecursionError as error:
        raise GraphError("the graph is too deep for single numbers; explain it by matrices.") from error
    read = {node.name for node in topological_order([made])}
    return made, [name for name in work.varying if name in read]


def check_size(n_numbers: int, focus: str = "") -> None:
    """Refuse more numbers than anybody reads."""
    if n_numbers > MOST_NUMBERS and focus:
        raise GraphError(f"{focus} acts through more than {MOST_NUMBERS:,} single numbers; explain by matrices.")
    if n_numbers > MOST_NUMBERS:
        raise GraphError(
            f"the graph has more than {MOST_NUMBERS:,} single numbers; focus on one, or explain by matrices."
        )


def entry_name(name: str, index: Index) -> str:
    """Return the name of an entry: ``W1[0, 2]``.

    Examples
    --------
    >>> entry_name("W1", (0, 2)), entry_name("loss", ())
    ('W1[0, 2]', 'loss')
    """
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def is_rest(name: str) -> bool:
    """Whether a number stands for those terms of a sum that are not written out.

    Examples
    --------
    >>> is_rest("rest(z[1])"), is_rest("rest_2(z[1])"), is_rest("z[1]")
    (True, True, False)
    """
    return REST.fullmatch(name) is not None


class Entries:
    """The entries of a graph's arrays, made once each, as they are read."""

    def __init__(self, loss: Tensor, focus: tuple[str, Index] | None, samples: Collection[str]) -> None:
        self.samples = samples
        self.order = topological_order([loss])
        self.made: dict[tuple[int, Index], Tensor] = {}
        self.traced: dict[int, NDArray[Any]] = {}
        self.composed: dict[int, Tensor] = {}
        self.rests: Counter[str] = Counter()
        self.block = loss.name or ""  # the named number whose expression is being made
        self.focus = self.found(focus) if focus else None
        self.flags = self.dependent()
        self.varying: list[str] = []

    def found(self, focus: tuple[str, Index]) -> tuple[Tensor, Index]:
        """Return the node and the index that are in focus.

        Raises
        ------
        GraphError
            If there is no such entry.
        """
        name, index = focus
        node = next((node for node in self.order if node.name == name), None)
        if node is None:
            names = ", ".join(node.name for node in self.order if node.name)
            raise GraphError(f"there is no {name!r} here; expected one of {names}.")
        if len(index) != node.ndim or any(not 0 <= i < size for i, size in zip(index, node.shape, strict=True)):
            shape = node.shape[1:] if name in self.samples else node.shape
            raise GraphError(f"{self.name(node, index)} is no entry: {name} has shape {shape}.")
        if node.dtype.kind != "f":
            raise GraphError(f"{name} holds {node.dtype} numbers, without derivatives; expected an array of floats.")
        return node, index

    def dependent(self) -> dict[int, Flags]:
        """Return which entries of each node vary with what is in focus: those that another number there changes."""
        base = {id(node): np.asarray(node.value) for node in self.order}
        if self.focus is None:
            return {key: np.ones(value.shape, bool) for key, value in base.items()}
        node, index = self.focus
        flags = {key: np.zeros(value.shape, bool) for key, value in base.items()}
        for other in (np.nan, float(np.asarray(node.value)[index]) + 0.5):
            array = np.array(node.value, np.float64)
            array[index] = other
            with np.errstate(all="ignore"):
                values = evaluate([self.order[-1]], {node: array})
            for key, value in values.items():
                new = np.asarray(value)
                flags[key] |= ~((new == base[key]) | (is_nan(new) & is_nan(base[key])))
        return flags

    def make_named(self) -> None:
        """Make the entries of named arrays, each after those that it reads, so that a deep graph nests no calls."""
        for node in self.order[:-1]:
            if node.gate is not None and node.name and node.dtype.kind == "f":
                for index in np.argwhere(self.flags[id(node)]).tolist():
                    self.entry(node, tuple(index))

    def name(self, node: Tensor, index: Index) -> str:
        """Return the name of an entry of a named node."""
        return entry_name(node.name or "", index[1:] if node.name in self.samples else index)

    def entry(self, node: Tensor, index: Index) -> Tensor:
        """Return an entry as a node of the graph of numbers."""
        key = (id(node), index)
        if key not in self.made:
            check_size(len(self.made), self.name(*self.focus) if self.focus else "")
            is_given = not self.varies(node, index) and (node.gate is None or bool(node.name))
            self.made[key] = self.constant(node, index) if is_given else self.varied(node, index)
        return self.made[key]

    def varies(self, node: Tensor, index: Index) -> bool:
        """Whether an entry depends on what is in focus."""
        return bool(self.flags[id(node)][index])

    def constant(self, node: Tensor, index: Index) -> Tensor:
        """Return an entry as a given number."""
        value = float(np.asarray(node.value)[index])
        return Tensor(value, self.name(node, index)) if node.name else Tensor(value)

    def varied(self, node: Tensor, index: Index) -> Tensor:
        """Return an entry with the expression that gives it."""
        if node.gate is None:
            leaf = self.constant(node, index)
            is_variable = leaf.name and node.dtype.kind == "f" and self.varies(node, index)
            self.varying += [leaf.name] if leaf.name and is_variable else []
            return leaf
        if not node.name:
            return self.expression(node, node.gate, index)
        reader, self.block = self.block, self.name(node, index)
        made = self.expression(node, node.gate, index)
        if made.name or made.gate is None:  # another name for the same number
            made = apply(TABLE["copy"], made)
        made, self.block = made.named(self.block), reader
        return made

    def expression(self, node: Tensor, gate: Gate, index: Index) -> Tensor:
        """Return what a gate gives at an index, from entries of its inputs."""
        if gate.name == "logsumexp":
            return self.log_of_sum(node, index)
        if gate.name == "astype" and node.dtype.kind == "f":  # numbers are explained in float64
            return self.entry(node.inputs[0], index)
        if gate.composition is not None:
            return self.entry(self.composition(node, gate), index)
        if gate.elementwise:
            return apply(gate, *(self.entry(x, within(x.shape, index)) for x in node.inputs), **node.params)
        return self.tensor(self.trace(node, gate, index))

    def composition(self, node: Tensor, gate: Gate) -> Tensor:
        """Return a fused gate written in simpler ones; its parts vary wherever they may."""
        if id(node) not in self.composed:
            assert gate.composition is not None  # noqa: S101 - asked for only then
            whole = gate.composition(*node.inputs, **node.params)
            self.composed[id(node)] = whole
            for part in topological_order([whole], stop=self.flags.keys()):
                self.flags[id(part)] = self.flags_of(part)
        return self.composed[id(node)]

    def flags_of(self, part: Tensor) -> Flags:
        """Return which entries of a part of a composition vary."""
        inputs = [x for x in part.inputs if x.gate is not None or x.name]
        if part.gate is None or not any(self.flags[id(x)].any() for x in inputs):
            return np.zeros(part.shape, bool)
        if not part.gate.elementwise:
            return np.ones(part.shape, bool)
        return np.asarray(np.any([np.broadcast_to(self.flags[id(x)], part.shape) for x in inputs], axis=0))

    def log_of_sum(self, node: Tensor, index: Index) -> Tensor:
        """Return the logarithm of a sum of powers of e; large scores are first made smaller by the same number."""
        (x,) = node.inputs
        axis = node.params["axis"] % x.ndim
        outer = tuple(i for k, i in enumerate(index) if not (node.params["keepdims"] and k == axis))
        members = [(*outer[:axis], k, *outer[axis:]) for k in range(x.shape[axis])]
        scores = [self.entry(x, member) for member in members]
        largest = max(float(score.value) for score in scores)
        shift = largest if abs(largest) > LARGEST_EXPONENT else 0.0
        terms = [np.exp(score - shift if shift else score) for score in scores]
        varying = [self.varies(x, member) for member in members]
        total = apply(TABLE["log"], self.added(terms, varying))
        return total + shift if shift else total

    def trace(self, node: Tensor, gate: Gate, index: Index) -> Any:
        """Return an entry of a gate's value as a number, from running the gate's forward function on numbers."""
        if gate.name == "matmul":  # one row and one column are enough
            first, second = node.inputs
            every = slice(None)
            row, column = (*index[: first.ndim - 1], every), (every, *index[len(index) - second.ndim + 1 :])
            if not first.shape[:-2] and not second.shape[:-2]:  # no stacks of matrices
                return self.numbers(first, row) @ self.numbers(second, column)
        if id(node) not in self.traced:
            try:
                found = gate.forward(*(self.numbers(x) for x in node.inputs), **node.params)
            except (TypeError, AttributeError, ValueError) as error:
                raise GraphError(
                    f"the gate {gate.name} cannot be written in single numbers; explain it by matrices."
                ) from error
            self.traced[id(node)] = np.asarray(found, object)
        return self.traced[id(node)][index]

    @staticmethod
    def numbers(node: Tensor, where: tuple[Any, ...] = ()) -> NDArray[Any]:
        """Return entries of a node as numbers; whole numbers and truth values, which are indices, as they are."""
        values = np.asarray(node.value)
        if values.dtype.kind != "f":
            return np.asarray(values[where])
        if not values.ndim:
            return np.array(Traced(float(values), "entry", (node, ())), object)
        positions = np.arange(values.size).reshape(values.shape)[where]
        indices = zip(*(axis.tolist() for axis in np.unravel_index(positions.ravel(), values.shape)), strict=True)
        found = zip(values[where].ravel().tolist(), indices, strict=True)
        numbers = np.empty(positions.size, object)
        numbers[:] = [Traced(value, "entry", (node, index)) for value, index in found]
        return numbers.reshape(positions.shape)

    def tensor(self, number: Any) -> Tensor:
        """Return a traced number as a node."""
        if not isinstance(number, Traced):
            return Tensor(float(number))
        if number.operation == "entry":
            return self.entry(*number.parts)
        if number.operation != "add":
            return apply(TABLE[number.operation], *(self.tensor(part) for part in number.parts))
        terms = summands(number)
        return self.added(terms, [self.reads_focus(term) for term in terms])

    def reads_focus(self, number: Any) -> bool:
        """Whether a traced number depends on what is in focus."""
        if not isinstance(number, Traced):
            return False
        if number.operation == "entry":
            return self.varies(*number.parts)
        return any(self.reads_focus(part) for part in number.parts)

    def name_of_rest(self) -> str:
        """Return a name for what is not written out of a sum: rest(z[1]), and if there are several, rest_2(z[1])."""
        self.rests[self.block] += 1
        number = self.rests[self.block]
        return f"rest{f'_{number}' if number > 1 else ''}({self.block})"

    def added(self, terms: list[Any], varying: list[bool]) -> Tensor:
        """Return a sum of nodes or traced numbers: its terms, and what is not written out as one given number."""
        asked_for = self.focus is not None and self.block == self.name(*self.focus)
        kept = kept_terms(terms, varying, SHOWN if asked_for else 0)
        made = [term if isinstance(term, Tensor) else self.tensor(term) for k, term in enumerate(terms) if kept[k]]
        if not all(kept):
            rest = float(np.sum([value_of(term) for k, term in enumerate(terms) if not kept[k]]))
            made.append(Tensor(rest, self.name_of_rest()))
        total: Tensor = reduce(operator.add, made)
        return total


def kept_terms(terms: list[Any], varying: list[bool], n_largest: int) -> list[bool]:
    """Return which terms of a sum are written out: all of a short one, else what varies and the largest few others."""
    if len(terms) <= LONG:
        return [True] * len(terms)
    others = (k for k, varies in enumerate(varying) if not varies)
    largest = {*heapq.nsmallest(n_largest, others, key=lambda k: -abs(value_of(terms[k])))}
    return [varies or k in largest for k, varies in enumerate(varying)]


def is_nan(values: NDArray[Any]) -> Flags:
    """Whether numbers, which may be whole ones, are not a number."""
    return np.asarray(values != values)  # noqa: PLR0124 - NaN alone differs from itself


def within(shape: tuple[int, ...], index: Index) -> Index:
    """Return where a broadcast input is read for an index of the result.

    Examples
    --------
    >>> within((1, 3), (5, 2)), within((), (5, 2)), within((3,), (5, 2))
    ((0, 2), (), (2,))
    """
    own = index[len(index) - len(shape) :] if shape else ()
    return tuple(0 if size == 1 else i for size, i in zip(shape, own, strict=True))
