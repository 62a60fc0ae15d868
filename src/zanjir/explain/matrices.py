"""The worked solution of a graph of arrays by whole matrices: one line for each named array, with its shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zanjir.errors import GraphError, NonFiniteError, ShapeError
from zanjir.explain.arithmetic import FULL
from zanjir.explain.blocks import Block, blocks_of, check_apart, check_named, free_names, written
from zanjir.explain.differences import STEP, Difference
from zanjir.explain.steps import Path, Step, Written
from zanjir.explain.update import Update
from zanjir.graph import Tensor
from zanjir.graph.gradient import pulled_back
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.tensor import apply
from zanjir.optim import Optimizer

__all__ = ["by_matrices", "check_number", "in_float64", "leaves_of"]

# Characters of a line of shapes: in a longer one nobody finds which shape belongs to which name.
LONGEST_SHAPES = 120
SEED = 0


def by_matrices(
    loss: Tensor,
    parameters: Sequence[str] = (),
    *,
    optimizer: Optimizer | None = None,
    title: str = "solution",
    symbol: str = "L",
) -> Step:
    """Return the tree of steps that explains a graph of arrays, with one step for each named array.

    A derivative is checked along one direction drawn from a fixed seed: its product with the direction is the slope
    of the loss there, which a central difference finds without the chain rule.

    Parameters
    ----------
    loss : Tensor of shape ()
        A named number, made of named arrays.
    parameters : sequence of str
        Which leaves the update changes; derivatives are found of these, or of all leaves of floats if there are none.
    optimizer : Optimizer, optional
        The update rule, from its first step.
    title, symbol : str
        What the whole is called, and the loss in ``dL/dW``.

    Raises
    ------
    GraphError
        If the loss has no name, two arrays have the same, or a parameter is no leaf of floats.
    ShapeError
        If the loss is not a single number.
    NonFiniteError
        If a number is not finite.

    Examples
    --------
    >>> X, W = Tensor([[1.0, 2.0]], "X"), Tensor([[3.0], [4.0]], "W")
    >>> Z = (X @ W).named("Z")
    >>> tree = by_matrices((Z ** 2).sum().named("loss"), ["W"])
    >>> for step in tree.every("forward", "backward"):
    ...     print(step.target, step.written.symbolic if step.written else "", step.shape)
    Z X @ W (1, 1)
    dL/dloss  ()
    dL/dZ dL/dloss * (2 * Z) (1, 1)
    dL/dW X.T @ dL/dZ (2, 1)
    """
    with np.errstate(all="ignore"):  # what is not finite is refused by name
        work = Matrices(loss, symbol, parameters)
        steps = [*work.given(), *work.forward(), *work.backward()]
        check_finite(steps)
        steps += work.checks()
        if optimizer is not None:
            updates = [step for name in parameters for step in work.updated(name, optimizer)]
            steps += {step.target: step for step in updates}.values()  # eta stands there once
    check_finite(steps)
    return Step("solution", "solution", title, float(loss.value), children=tuple(steps))


class Matrices:
    """The state of one solution: blocks, and the derivatives found so far."""

    def __init__(self, loss: Tensor, symbol: str, parameters: Sequence[str]) -> None:
        check_number(loss)
        given = leaves_of(loss, parameters)
        self.loss = loss = with_named_arrays(loss)
        self.symbol = symbol
        nodes = topological_order([loss])
        self.names = [node.name for node in nodes if node.name]
        self.leaves = leaves_of(loss, parameters)
        self.wrt = list(parameters) or [name for name, leaf in given.items() if leaf.dtype.kind == "f"]
        self.blocks = blocks_of([loss])
        needed = {id(self.leaves[name]) for name in self.wrt}
        for node in nodes:
            if any(id(x) in needed for x in node.inputs):
                needed.add(id(node))
        self.needed = {node.name for node in nodes if id(node) in needed}
        self.derivatives: dict[str, Any] = {}

    def of(self, name: str) -> str:
        """Return the target of a derivative."""
        return f"d{self.symbol}/d{name}"

    def given(self) -> list[Step]:
        """Return what is given."""
        return [Step("given", "given", name, full(leaf)) for name, leaf in self.leaves.items()]

    def forward(self) -> list[Step]:
        """Return how every array follows from others."""
        *before, last = self.blocks
        return [*(stepped("forward", block.rule, block) for block in before), stepped("loss", last.rule, last)]

    def backward(self) -> list[Step]:
        """Return the derivative of the loss with respect to every array, from the loss to the leaves."""
        self.derivatives[self.loss.name or ""] = 1.0
        first = Step("backward", "chain rule", self.of(self.loss.name or ""), 1.0)
        later = [block.name for block in self.blocks[-2::-1] if block.name in self.needed]
        return [first, *(self.derivative(name) for name in [*later, *self.wrt])]

    def derivative(self, name: str) -> Step:
        """Return one derivative: what the rules of all blocks that read the array make of upstream, added up."""
        paths = [self.path(block, name) for block in self.blocks if name in block.leaves and block.name in self.needed]
        value = np.sum([path.product for path in paths], axis=0)
        self.derivatives[name] = value = value if np.ndim(value) else float(value)
        inputs = tuple(path.upstream for path in paths)
        return Step("backward", "chain rule", self.of(name), value, added(paths), inputs, tuple(paths))

    def path(self, block: Block, name: str) -> Path:
        """Return the path through one block: its gates' own rules, run on what flows into it."""
        flowing = self.derivatives[block.name]
        upstream = Tensor(flowing, self.of(block.name))
        (found,) = pulled_back(block.copy, upstream, [block.leaves[name]])
        values = {**block.values, block.name: block.copy.value, self.of(block.name): flowing}
        lines = readable(written(found, FULL, values, {id(block.copy): block.name}))
        return Path(block.name, self.of(block.name), flowing, lines, None, full(found))

    def checks(self) -> list[Step]:
        """Return, for every derivative, what a central difference along a direction says."""
        nodes: Mapping[str, Tensor] = {block.name: block.node for block in self.blocks[-2::-1]}
        nodes = {**nodes, **{name: self.leaves[name] for name in self.wrt}}
        return [self.check(name, node) for name, node in nodes.items() if name in self.derivatives]

    def check(self, name: str, node: Tensor) -> Step:
        """Return the check of one derivative."""
        at = np.asarray(node.value, np.float64)
        direction = np.random.default_rng(SEED).standard_normal(at.shape)
        direction = direction / max(float(np.linalg.norm(direction)), 1e-300)
        value = float(np.sum(self.derivatives[name] * direction))
        step = STEP * max(1.0, float(np.max(np.abs(at), initial=0.0)))
        above, below = (float(evaluate([self.loss], {node: at + s * direction})[id(self.loss)]) for s in (step, -step))
        found = Difference(above, float(self.loss.value), below, step)
        if not np.isfinite(found.slope):  # beside this array the formula has no value
            return Step("check", "central difference", f"{self.of(name)} . d", value, None, (self.of(name),))
        ok = found.agrees(value)
        return Step(
            "check", "central difference", f"{self.of(name)} . d", value, found.written(name, " * d"), (self.of(name),),
            numeric=found.slope, error=found.error(value), ok=None if found.at_kink and not ok else ok,
        )  # fmt: skip

    def updated(self, name: str, optimizer: Optimizer) -> list[Step]:
        """Return the steps that change one parameter: what the rule reads, then its lines."""
        leaf = self.leaves[name]
        update = Update(name, self.of(name), optimizer, self.names, FULL, leaf.shape)
        values: dict[str, Any] = {**update.start(), name: full(leaf), self.of(name): self.derivatives[name]}
        update.run(values)
        rule = type(optimizer).__name__
        found = [
            Step("update", rule, block.name, values[block.name], block.written(FULL, values), tuple(block.leaves))
            for block in update.blocks
        ]
        return [*(Step("update", "given", part, values[part]) for part in update.settings()), *found]


def check_number(loss: Tensor) -> None:
    """Refuse what is not a single number with a name, a gate and a slope."""
    if loss.shape != ():
        raise ShapeError(f"{loss.label} has shape {loss.shape}; expected a single number; take .mean() first.")
    check_named(loss)
    if loss.dtype.kind != "f":
        raise GraphError(f"{loss.name} is a number of {loss.dtype}, without derivatives; build it from floats.")


def check_finite(steps: Sequence[Step]) -> None:
    """Refuse steps with numbers that are not finite."""
    for step in steps:
        value: Any = step.value
        wrong = np.extract(~np.isfinite(value), value)
        if wrong.size:
            verb = "holds" if step.shape else "is"
            raise NonFiniteError(f"{step.target} {verb} {wrong[0]}, expected finite numbers; change what is given.")


def leaves_of(loss: Tensor, parameters: Sequence[str]) -> dict[str, Tensor]:
    """Return the named leaves of a graph.

    Raises
    ------
    GraphError
        If a parameter is none of them, or has no derivative; or if two arrays have one name.
    """
    nodes = topological_order([loss])
    check_apart(nodes, "arrays")
    leaves = {node.name: node for node in nodes if node.gate is None and node.name}
    for name in parameters:
        if name not in leaves:
            raise GraphError(f"{name!r} is no given array; expected some of {', '.join(leaves)}.")
        if leaves[name].dtype.kind != "f":
            kind = leaves[name].dtype
            raise GraphError(f"{name} holds {kind} numbers, without derivatives; expected an array of floats.")
    return leaves


def with_named_arrays(loss: Tensor) -> Tensor:
    """Return the same graph with a name for every array of a formula, c1, c2, ...: a line has no room for numbers."""
    names = free_names("c", topological_order([loss]))
    return with_leaves(loss, lambda leaf: leaf if leaf.name or not leaf.shape else leaf.named(next(names)))


def in_float64(loss: Tensor) -> Tensor:
    """Return the same graph computed in float64, which explains what float32 has trained.

    Examples
    --------
    >>> w = Tensor(np.array([0.1, 0.2], np.float32), "w")
    >>> in_float64((w * 3).sum().named("loss")).dtype
    dtype('float64')
    """

    def wide(leaf: Tensor) -> Tensor:
        is_narrow = leaf.dtype.kind == "f" and leaf.dtype != np.float64
        return Tensor(np.asarray(leaf.value, np.float64)[()], leaf.name) if is_narrow else leaf

    return with_leaves(loss, wide)


def with_leaves(loss: Tensor, leaf_for: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the same graph on other leaves; what rests on none of them stays the same node."""
    made: dict[int, Tensor] = {}
    for node in topological_order([loss]):
        if node.gate is None:
            made[id(node)] = leaf_for(node)
        elif all(made[id(x)] is x for x in node.inputs):
            made[id(node)] = node
        else:
            again = apply(node.gate, *(made[id(x)] for x in node.inputs), **node.params)
            made[id(node)] = again.named(node.name) if node.name else again
    return made[id(loss)]


def full(node: Tensor) -> float | NDArray[Any]:
    """Return a node's value in float64: a number, or an array; labels and conditions stay what they are."""
    if not node.shape:
        return float(node.value)
    return np.asarray(node.value, np.float64 if node.dtype.kind == "f" else None)


def stepped(kind: str, rule: str, block: Block) -> Step:
    """Return the step that finds a block's array."""
    lines = readable(block.written(FULL, block.values))
    return Step(kind, rule, block.name, full(block.node), lines, tuple(block.leaves))


def readable(lines: Written) -> Written:
    """Return an expression without the shapes, if they make too long a line."""
    if len(lines.substituted) <= LONGEST_SHAPES:
        return lines
    return replace(lines, substituted="", substituted_latex="")


def added(paths: Sequence[Path]) -> Written:
    """Return the sum of what comes on all paths."""
    sides = zip(*((p.local.symbolic, p.local.substituted, p.local.symbolic_latex, p.local.substituted_latex)
                  for p in paths), strict=True)  # fmt: skip
    whole = Written(*(" + ".join(filter(None, side)) for side in sides))
    return (
        whole if all(path.local.substituted for path in paths) else replace(whole, substituted="", substituted_latex="")
    )
