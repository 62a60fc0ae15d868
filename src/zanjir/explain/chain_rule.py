"""The worked solution of a graph of numbers: forward, backward by the chain rule, update, and the check of all."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from zanjir.errors import GraphError, NonFiniteError, ShapeError
from zanjir.explain.blocks import Block, blocks_of, is_scalar, latex_name, rounded, signed
from zanjir.explain.steps import Path, Step, Written
from zanjir.graph import Tensor
from zanjir.graph.order import evaluate, topological_order
from zanjir.optim import Optimizer

__all__ = ["solution"]

# Central differences in float64 are off by the step squared and by rounding over the step.
STEP, WITHIN, KINK = 1e-5, 1e-6, 1e-2


def solution(
    loss: Tensor,
    parameters: Sequence[str] = (),
    *,
    given: Sequence[str] = (),
    wrt: Sequence[str] | None = None,
    optimizer: Optimizer | None = None,
    title: str = "solution",
    symbol: str = "L",
) -> Step:
    """Return the tree of steps that explains a number, its derivatives, and one step of an update rule.

    Parameters
    ----------
    loss : Tensor of shape ()
        A named number. Every named number on the way is a step of its own, by its name.
    parameters : sequence of str
        Which leaves the update changes; none for no update.
    given : sequence of str, optional
        The order of the leaves; by default that in which the loss reads them.
    wrt : sequence of str, optional
        The leaves of which derivatives are wanted; by default all.
    optimizer : Optimizer, optional
        The update rule, from its first step.
    title, symbol : str
        What the whole is called, and the loss in ``dL/dw``.

    Raises
    ------
    GraphError, ShapeError
        If the loss has no name, a node is not a single number, or a parameter is no leaf of it.
    NonFiniteError
        If a derivative is not finite, as that of sqrt(x) at 0.

    Examples
    --------
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> z = (w * x).named("z")
    >>> tree = solution(((z - 1) ** 2).named("loss"), ["w"])
    >>> [(step.target, step.value) for step in tree.children if step.kind == "backward"]
    [('dL/dloss', 1.0), ('dL/dz', 10.0), ('dL/dw', 20.0), ('dL/dx', 30.0)]
    >>> tree.children[6].paths[0].local.symbolic, tree.children[6].written.substituted
    ('x', '10 * 2')
    """
    with np.errstate(all="ignore"):  # what is not finite is refused by name
        work = Work(loss, symbol, given, wrt)
        steps = [*work.given(), *work.forward(), *work.backward(), *work.checks()]
        if optimizer is not None:
            steps += work.update(parameters, optimizer)
    wrong = next((step for step in steps if step.value is not None and not math.isfinite(step.value)), None)
    if wrong is not None:
        raise NonFiniteError(f"{wrong.target} is {wrong.value}, expected a finite number; change what is given.")
    return Step("solution", "solution", title, float(loss.value), children=tuple(steps))


class Work:
    """The state of one solution: blocks, and the derivatives found so far."""

    def __init__(self, loss: Tensor, symbol: str, given: Sequence[str], wrt: Sequence[str] | None) -> None:
        if not loss.name or loss.gate is None:
            raise GraphError("the number to explain has no name or is given; name it: loss.named('loss').")
        self.loss, self.symbol = loss, symbol
        self.nodes = topological_order([loss])
        for node in self.nodes:
            if not is_scalar(node):
                raise ShapeError(f"{node.label} has shape {node.shape}; expected single numbers, one name for each.")
        self.blocks = blocks_of(loss)
        leaves = {node.name: node for node in self.nodes if node.gate is None and node.name}
        self.leaves = {name: leaves[name] for name in (*given, *leaves) if name in leaves}
        self.wrt = [name for name in self.leaves if wrt is None or name in wrt]
        names = [node.name for node in self.nodes if node.name]
        if twice := {name for name in names if names.count(name) > 1}:
            raise GraphError(f"the name {min(twice)!r} stands for two numbers; give each a name of its own.")
        self.derivatives: dict[str, float] = {}

    def of(self, name: str) -> str:
        """Return the target of a derivative."""
        return f"d{self.symbol}/d{name}"

    def given(self) -> list[Step]:
        """Return what is given."""
        return [Step("given", "given", name, float(leaf.value)) for name, leaf in self.leaves.items()]

    def forward(self) -> list[Step]:
        """Return how every number follows from others."""
        *before, last = self.blocks
        kind = "loss" if self.symbol.partition("_")[0] == "L" else "forward"
        return [*(stepped("forward", block.rule, block) for block in before), stepped(kind, last.rule, last)]

    def backward(self) -> list[Step]:
        """Return the derivative of the loss with respect to every number, from the loss to the leaves."""
        self.derivatives[self.loss.name or ""] = 1.0
        first = Step("backward", "chain rule", self.of(self.loss.name or ""), 1.0)
        later = [block.name for block in self.blocks[-2::-1]]
        return [first, *(self.derivative(name) for name in [*later, *self.wrt])]

    def derivative(self, name: str) -> Step:
        """Return one derivative: over all blocks that read the number, upstream times local."""
        paths = [self.path(block, name) for block in self.blocks if name in block.leaves]
        value = float(np.sum([path.product for path in paths]))
        self.derivatives[name] = value
        inputs = tuple(path.upstream for path in paths)
        return Step("backward", "chain rule", self.of(name), value, self.added(name, paths), inputs, tuple(paths))

    def path(self, block: Block, name: str) -> Path:
        """Return the path through one block."""
        local, local_value = block.locals[name]
        upstream = self.derivatives[block.name]
        return Path(block.name, self.of(block.name), upstream, local, local_value, upstream * local_value)

    def added(self, name: str, paths: Sequence[Path]) -> Written:
        """Return the chain rule of a number, with names and with numbers."""
        d = latex_name(self.symbol)
        return Written(
            " + ".join(f"{path.upstream} * d{path.through}/d{name}" for path in paths),
            " + ".join(f"{signed(path.upstream_value)} * {signed(path.local_value)}" for path in paths),
            " + ".join(
                rf"\frac{{\partial {d}}}{{\partial {latex_name(path.through)}}} \cdot "
                rf"\frac{{\partial {latex_name(path.through)}}}{{\partial {latex_name(name)}}}"
                for path in paths
            ),
            " + ".join(rf"{signed(path.upstream_value)} \cdot {signed(path.local_value)}" for path in paths),
        )

    def checks(self) -> list[Step]:
        """Return, for every derivative, what central differences of the loss say."""
        nodes: Mapping[str, Tensor] = {block.name: block.node for block in self.blocks[-2::-1]}
        nodes = {**nodes, **{name: self.leaves[name] for name in self.wrt}}
        return [self.check(name, node) for name, node in nodes.items()]

    def check(self, name: str, node: Tensor) -> Step:
        """Return the check of one derivative; of a small number, such as a probability, also with a smaller step."""
        at = float(node.value)
        steps = [STEP * max(1.0, abs(at)), *([STEP * abs(at)] if 0 < abs(at) < 1 else [])]
        checks = [self.difference(name, node, step) for step in steps]
        return next((check for check in checks if check.ok), checks[0])

    def difference(self, name: str, node: Tensor, step: float) -> Step:
        """Return the check of one derivative by the difference of the loss a step above and below."""
        value, at = self.derivatives[name], float(node.value)
        with np.errstate(all="ignore"):  # a step may leave the domain
            above, below = (float(evaluate([self.loss], {node: at + s})[id(self.loss)]) for s in (step, -step))
        numeric = (above - below) / (2 * step)
        if not math.isfinite(numeric):  # beside this number the formula has no value
            return Step("check", "central difference", self.of(name), value, None, (self.of(name),))
        error = abs(numeric - value) / max(abs(numeric), abs(value), 1e-8)
        difference = Written(
            f"(loss({name} + {rounded(step)}) - loss({name} - {rounded(step)})) / {rounded(2 * step)}",
            f"({above!r} - {below!r}) / {rounded(2 * step)}", "", "",
        )  # fmt: skip
        here = float(self.loss.value)
        # Slopes of both sides differ by the second derivative times the step, unless there is a kink.
        kink = abs(above - 2 * here + below) / step > KINK * max(1.0, abs(numeric))
        ok = error <= WITHIN or abs(numeric - value) <= WITHIN * max(1.0, abs(here))
        return Step(
            "check", "central difference", self.of(name), value, difference, (self.of(name),), numeric=numeric,
            error=error, ok=None if kink else ok, children=(Step("check", "given", "h", step),),
        )  # fmt: skip

    def update(self, parameters: Sequence[str], optimizer: Optimizer) -> list[Step]:
        """Return one step of an update rule from the beginning, for each parameter."""
        if unknown := [name for name in parameters if name not in self.leaves]:
            raise GraphError(f"{unknown[0]!r} is no given number of the problem; it has {', '.join(self.leaves)}.")
        return [step for name in parameters for step in self.updated(name, optimizer)]

    def updated(self, name: str, optimizer: Optimizer) -> list[Step]:
        """Return the steps that change one parameter: the rule's vectors first, then the number itself."""
        state = {s: Tensor(0.0, f"{s}({name})") for s in optimizer.state_names}
        rate, t = Tensor(optimizer.learning_rate, "eta"), Tensor(1.0, "t")
        derivative = Tensor(self.derivatives[name], self.of(name))
        new = optimizer.update(Tensor(float(self.leaves[name].value), name), derivative, rate, t, **state)
        named = {key: node.named(f"{name} new" if key == "W" else f"{key}({name}) new") for key, node in new.items()}
        known = {name, derivative.name}
        return [self.changed(blocks_of(named[key]), type(optimizer).__name__, known) for key in (*state, "W")]

    @staticmethod
    def changed(blocks: Sequence[Block], rule: str, known: Collection[str | None]) -> Step:
        """Return the step of an update; in it, what it reads of the rule: its settings, state and named parts."""
        *parts, whole = blocks
        made = {block.name for block in parts}
        leaves = {name: leaf for block in blocks for name, leaf in block.leaves.items()}
        read = [
            Step("update", "given", name, float(leaf.value))
            for name, leaf in leaves.items()
            if name not in known and name not in made
        ]
        found = [stepped("update", block.rule, block) for block in parts]
        return replace(stepped("update", rule, whole), children=(*read, *found))


def stepped(kind: str, rule: str, block: Block) -> Step:
    """Return the step that finds a block's number."""
    return Step(kind, rule, block.name, float(block.node.value), block.written, tuple(block.leaves))
