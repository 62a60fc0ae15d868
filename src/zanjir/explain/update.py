"""An update rule on single numbers, in lines: what it keeps, what it corrects, and the step that it takes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from zanjir.explain.arithmetic import Arithmetic, Number
from zanjir.explain.blocks import Block, blocks_of
from zanjir.graph import Tensor
from zanjir.graph.gate import TABLE
from zanjir.graph.order import topological_order
from zanjir.optim import Optimizer

__all__ = ["Update"]


@dataclass(frozen=True)
class Update:
    """How a rule changes one number.

    Parameters
    ----------
    name : str
        The number.
    derivative : str
        The target of the derivative of the loss with respect to it.
    rule : Optimizer
        The update rule.
    taken : collection of str
        The names of the problem; those that the rule has of its own are changed until they are none of them.
    by : Arithmetic
        How the numbers are computed.
    shape : tuple of int
        Of an array that is changed as a whole; ``()`` of a number.
    """

    name: str
    derivative: str
    rule: Optimizer
    taken: Collection[str]
    by: Arithmetic
    shape: tuple[int, ...] = ()

    def own(self, name: str) -> str:
        """Return a name of the rule's own as the solution has it: ``eta``, or ``eta_rule`` where that is taken.

        Examples
        --------
        >>> from zanjir.explain.arithmetic import FULL
        >>> from zanjir.optim import SGD
        >>> Update("eta", "dL/deta", SGD(0.1), ["eta", "x"], FULL).own("eta")
        'eta_rule'
        """
        while name in self.taken:
            name = f"{name}_rule"
        return name

    def of(self, part: str) -> str:
        """Return the name of what the rule has for this number alone: ``v(w5)``."""
        return self.own(f"{part}({self.name})")

    @property
    def rate(self) -> str:
        """The name of the learning rate."""
        return self.own("eta")

    @property
    def count(self) -> str:
        """The name of the number of the step, from 1."""
        return self.own("t")

    @property
    def new(self) -> str:
        """The name of the changed number."""
        return f"{self.name} new"

    @property
    def state(self) -> dict[str, str]:
        """The names of what the rule keeps, and of what it will keep after the step."""
        return {self.of(part): f"{self.of(part)} new" for part in self.rule.state_names}

    def start(self) -> dict[str, Number]:
        """Return what the rule reads before its first step: its settings, and what it keeps, which is 0."""
        given = self.by.given
        zero: Any = np.zeros(self.shape) if self.shape else given(0.0)
        return {self.rate: given(self.rule.learning_rate), self.count: given(1.0), **dict.fromkeys(self.state, zero)}

    @cached_property
    def blocks(self) -> list[Block]:
        """The rule as lines, in the order of computing."""
        rate, t = Tensor(1.0, self.rate), Tensor(1.0, self.count)
        W, dW, *held = (
            Tensor(np.ones(self.shape) if self.shape else 1.0, name)
            for name in (self.name, self.derivative, *self.state)
        )
        state = dict(zip(self.rule.state_names, held, strict=True))
        made = self.rule.update(W, dW, rate, t, **state)
        outputs = [*(made[part] for part in state), made["W"]]
        named = [node for node in topological_order(outputs) if node.name]
        names = {id(node): (self.of(node.name or "") if node.gate else node.name or "") for node in named}
        names |= self.parts(made["W"], W)
        names |= zip(map(id, outputs), [*self.state.values(), self.new], strict=True)
        return blocks_of(outputs, names, self.by)

    def parts(self, whole: Tensor, W: Tensor) -> dict[int, str]:
        """Return names for what a rule subtracts, and for what it subtracts from if that is not the number itself.

        The difference of plain gradient descent is one line, as it stands in every book.
        """
        if not self.rule.state_names or whole.gate is not TABLE["subtract"]:
            return {}
        kept, step = whole.inputs
        return {id(step): self.of("step")} | ({} if kept is W else {id(kept): self.of("shrunk")})

    def run(self, numbers: dict[str, Number]) -> None:
        """Compute the lines on top of the numbers that are there, which they join."""
        for block in self.blocks:
            numbers[block.name] = block.value(self.by, numbers)

    def settings(self) -> list[str]:
        """Return what the lines read of the rule's own."""
        read = {name for block in self.blocks for name in block.leaves}
        return [name for name in self.start() if name in read]
