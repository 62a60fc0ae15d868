"""The worked solution of a graph of numbers: forward, backward by the chain rule, update, and the check of all."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from zanjir.errors import GraphError, NonFiniteError, ShapeError
from zanjir.explain.arithmetic import FULL, Arithmetic, Number, arithmetic
from zanjir.explain.blocks import Block, blocks_of, check_apart, check_named, is_scalar, latex_name
from zanjir.explain.differences import STEP, Difference, shifted
from zanjir.explain.steps import Path, Step, Written
from zanjir.explain.update import Update
from zanjir.graph import Tensor
from zanjir.graph.gate import Precedence
from zanjir.graph.order import topological_order
from zanjir.optim import Optimizer

__all__ = ["solution"]


def solution(
    loss: Tensor,
    parameters: Sequence[str] = (),
    *,
    given: Sequence[str] = (),
    wrt: Sequence[str] | None = None,
    unread: Sequence[Tensor] = (),
    optimizer: Optimizer | None = None,
    title: str = "solution",
    symbol: str = "L",
    mode: str = "full",
    digits: int | None = None,
    rounding: str = "half-up",
    places: str = "significant",
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
    unread : sequence of Tensor of shape ()
        Given numbers that the loss does not read: their derivative is 0.
    optimizer : Optimizer, optional
        The update rule, from its first step.
    title, symbol : str
        What the whole is called, and the loss in ``dL/dw``.
    mode : str
        ``"full"`` precision; ``"hand"``, where every number that is found is rounded and the rounded one used from
        there on, while given numbers stay as they are; or ``"exact"``, in fractions.
    digits, rounding, places : int, str, str
        By hand: how numbers are rounded, as `zanjir.explain.arithmetic.arithmetic` has it.

    Raises
    ------
    GraphError, ShapeError
        If the loss has no name, a node is not a single number, a parameter is no leaf of it, or a number has no
        exact value.
    ParameterError
        If the mode is unknown, or the rounding.
    NonFiniteError
        If a derivative is not finite, as that of sqrt(x) at 0.

    Examples
    --------
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> z = (w * x).named("z")
    >>> tree = solution(((z - 1) ** 2).named("loss"), ["w"])
    >>> [(step.target, step.value) for step in tree.children if step.kind == "backward"]
    [('dL/dloss', 1.0), ('dL/dz', 10.0), ('dL/dw', 20.0), ('dL/dx', 30.0)]
    >>> solution(((w - 2 * x) / 3).named("f"), mode="exact").children[2].exact
    '-1/3'
    >>> tree.children[6].paths[0].local.symbolic, tree.children[6].written.substituted
    ('x', '10 * 2')
    """
    by = arithmetic(mode, digits, rounding, places)
    with np.errstate(all="ignore"):  # what is not finite is refused by name
        work = Work(loss, symbol, given, wrt, by, unread)
        steps = work.steps(parameters, optimizer)
        if by.rounds:
            steps = beside(steps, Work(loss, symbol, given, wrt, FULL, unread).steps(parameters, optimizer))
    wrong = next((step for step in steps if step.value is not None and not math.isfinite(step.value)), None)
    if wrong is not None:
        raise NonFiniteError(f"{wrong.target} is {wrong.value}, expected a finite number; change what is given.")
    value = float(work.numbers[loss.name or ""])
    return Step("solution", "solution", title, value, children=tuple(steps), mode=by.mode)


class Work:
    """The state of one solution: blocks, and the numbers found for them."""

    def __init__(
        self, loss: Tensor, symbol: str, given: Sequence[str], wrt: Sequence[str] | None, by: Arithmetic = FULL,
        unread: Sequence[Tensor] = (),
    ) -> None:  # fmt: skip
        check_named(loss)
        self.loss, self.symbol, self.by = loss, symbol, by
        nodes = [*topological_order([loss]), *unread]
        for node in nodes:
            if not is_scalar(node):
                raise ShapeError(f"{node.label} has shape {node.shape}; expected single numbers, one name for each.")
        check_apart(nodes, "numbers")
        self.names = {node.name for node in nodes if node.name}
        leaves = {node.name: node for node in nodes if node.gate is None and node.name}
        self.leaves = {name: leaves[name] for name in (*given, *leaves) if name in leaves}
        self.wrt = [name for name in self.leaves if wrt is None or name in wrt]
        self.blocks = blocks_of([loss], by=by)
        self.readers: dict[str, list[Block]] = {}
        for block in self.blocks:
            for name in block.leaves:
                self.readers.setdefault(name, []).append(block)
        self.solve({name: by.given(float(leaf.value)) for name, leaf in self.leaves.items()})

    def solve(self, given: Mapping[str, Number]) -> None:
        """Find every number and every derivative, from those that are given."""
        self.numbers = dict(given)
        for block in self.blocks:
            self.numbers[block.name] = block.value(self.by, self.numbers)
        self.slopes = {block.name: block.slopes(self.by, self.numbers) for block in self.blocks}
        self.derivatives = {self.blocks[-1].name: self.by.given(1.0)}
        for name in self.behind:
            products = [self.product(block, name) for block in self.readers.get(name, ())]
            self.derivatives[name] = self.by.added(products) if products else self.by.given(0.0)

    @property
    def behind(self) -> list[str]:
        """The numbers that have a derivative by the chain rule, from the loss to the leaves."""
        return [*(block.name for block in self.blocks[-2::-1]), *self.wrt]

    def product(self, block: Block, name: str) -> Number:
        """Return upstream times local, for a number that a block reads."""
        return self.by.kept(self.derivatives[block.name] * self.slopes[block.name][name])

    def of(self, name: str) -> str:
        """Return the target of a derivative."""
        return f"d{self.symbol}/d{name}"

    def steps(self, parameters: Sequence[str], optimizer: Optimizer | None) -> list[Step]:
        """Return all steps of the solution."""
        steps = [*self.given(), *self.forward(), *self.backward(), *self.checks()]
        return steps if optimizer is None else [*steps, *self.update(parameters, optimizer)]

    def given(self) -> list[Step]:
        """Return what is given."""
        return [self.known("given", name, self.numbers) for name in self.leaves]

    def known(self, kind: str, name: str, numbers: Mapping[str, Number]) -> Step:
        """Return the step of a number that is not computed."""
        return Step(kind, "given", name, float(numbers[name]), exact=self.by.exact(numbers[name]))

    def forward(self) -> list[Step]:
        """Return how every number follows from others."""
        *before, last = self.blocks
        kind = "loss" if self.symbol.partition("_")[0] == "L" else "forward"
        steps = [self.found("forward", block.rule, block, self.numbers) for block in before]
        return [*steps, self.found(kind, last.rule, last, self.numbers)]

    def found(self, kind: str, rule: str, block: Block, numbers: Mapping[str, Number]) -> Step:
        """Return the step that finds a block's number."""
        value, lines = numbers[block.name], block.written(self.by, numbers)
        return Step(kind, rule, block.name, float(value), lines, tuple(block.leaves), exact=self.by.exact(value))

    def backward(self) -> list[Step]:
        """Return the derivative of the loss with respect to every number, from the loss to the leaves."""
        one = self.by.exact(self.by.given(1.0))
        first = Step("backward", "chain rule", self.of(self.blocks[-1].name), 1.0, exact=one)
        return [first, *(self.derivative(name) for name in self.behind)]

    def derivative(self, name: str) -> Step:
        """Return one derivative: over all blocks that read the number, upstream times local."""
        paths = tuple(self.path(block, name) for block in self.readers.get(name, ()))
        value, inputs = self.derivatives[name], tuple(path.upstream for path in paths)
        return Step(
            "backward", "chain rule", self.of(name), float(value), self.added(name) if paths else None, inputs, paths,
            exact=self.by.exact(value), reason="" if paths else "unread",
        )  # fmt: skip

    def path(self, block: Block, name: str) -> Path:
        """Return the path through one block."""
        local, product = self.slopes[block.name][name], self.product(block, name)
        written = block.written_slope(name, self.by, self.numbers)
        return Path(
            block.name, self.of(block.name), float(self.derivatives[block.name]), written, float(local),
            float(product), self.by.exact(local), self.by.exact(product),
        )  # fmt: skip

    def added(self, name: str) -> Written:
        """Return the chain rule of a number, with names and with numbers."""
        d, through = latex_name(self.symbol), [block.name for block in self.readers[name]]
        factors = [(self.by.text(self.derivatives[block]), self.by.text(self.slopes[block][name])) for block in through]
        return Written(
            " + ".join(f"{self.of(block)} * d{block}/d{name}" for block in through),
            " + ".join(f"{upstream.code} * {local.bracketed(Precedence.NEGATE).code}" for upstream, local in factors),
            " + ".join(
                rf"\frac{{\partial {d}}}{{\partial {latex_name(block)}}} \cdot "
                rf"\frac{{\partial {latex_name(block)}}}{{\partial {latex_name(name)}}}"
                for block in through
            ),
            " + ".join(rf"{upstream.latex} \cdot {local.latex}" for upstream, local in factors),
        )

    def checks(self) -> list[Step]:
        """Return, for every derivative, what central differences of the loss say.

        Where they say nothing good of a small number, such as a probability, a smaller step is tried.
        """
        at = {block.name: float(block.node.value) for block in self.blocks}
        at |= {name: float(leaf.value) for name, leaf in self.leaves.items()}
        checks = self.compared({name: STEP * max(1.0, abs(at[name])) for name in self.behind})
        small = [name for name, check in checks.items() if not check.ok and 0 < abs(at[name]) < 1]
        again = self.compared({name: STEP * abs(at[name]) for name in small})
        return list((checks | {name: check for name, check in again.items() if check.ok}).values())

    def compared(self, steps: Mapping[str, float]) -> dict[str, Step]:
        """Return the checks of derivatives by differences with some steps."""
        nodes = {block.name: block.node for block in self.blocks} | self.leaves
        moves = shifted(self.loss, [nodes[name] for name in steps], list(steps.values()))
        return {name: self.check(name, step, *move) for (name, step), move in zip(steps.items(), moves, strict=True)}

    def check(self, name: str, step: float, above: float, below: float) -> Step:
        """Return the check of one derivative."""
        target, value = self.of(name), float(self.derivatives[name])
        found = Difference(above, float(self.loss.value), below, step)
        if not math.isfinite(found.slope):  # beside this number the formula has no value
            return Step("check", "central difference", target, value, None, (target,))
        return Step(
            "check", "central difference", target, value, found.written(name), (target,), numeric=found.slope,
            error=found.error(value), ok=None if found.at_kink else found.agrees(value),
            children=(Step("check", "given", "h", step),),
        )  # fmt: skip

    def update(self, parameters: Sequence[str], optimizer: Optimizer) -> list[Step]:
        """Return one step of an update rule from the beginning, for each parameter: what it reads, then its lines."""
        steps: dict[str, Step] = {}  # eta stands there once
        for update in self.updates(parameters, optimizer):
            numbers = self.numbers | update.start()
            numbers[update.derivative] = self.derivatives[update.name]
            update.run(numbers)
            rule = type(optimizer).__name__
            steps |= {name: self.known("update", name, numbers) for name in update.settings()}
            steps |= {block.name: self.found("update", rule, block, numbers) for block in update.blocks}
        return list(steps.values())

    def updates(self, parameters: Sequence[str], optimizer: Optimizer) -> list[Update]:
        """Return the rule for each parameter."""
        if unknown := [name for name in parameters if name not in self.leaves]:
            raise GraphError(f"{unknown[0]!r} is no given number of the problem; it has {', '.join(self.leaves)}.")
        return [Update(name, self.of(name), optimizer, self.names, self.by) for name in parameters]

    def after(self, parameters: Sequence[str], optimizer: Optimizer, n_steps: int) -> Number:
        """Return the loss after some steps of the rule."""
        updates = self.updates(parameters, optimizer)
        states = [update.start() for update in updates]
        for t in range(1, n_steps + 1):
            new = {}
            for update, state in zip(updates, states, strict=True):
                numbers = self.numbers | state | {update.count: self.by.given(float(t))}
                numbers[update.derivative] = self.derivatives[update.name]
                update.run(numbers)
                new[update.name] = numbers[update.new]
                state |= {held: numbers[later] for held, later in update.state.items()}
            self.solve({name: new.get(name, self.numbers[name]) for name in self.leaves})
        return self.numbers[self.blocks[-1].name]


def beside(steps: Sequence[Step], unrounded: Sequence[Step]) -> list[Step]:
    """Return steps by hand, each with the value that full precision gives.

    Checks are those of full precision: differences say whether the rules are right, and nothing about rounding.
    """
    return [
        full if hand.kind == "check" else replace(hand, unrounded=full.value)
        for hand, full in zip(steps, unrounded, strict=True)
    ]
