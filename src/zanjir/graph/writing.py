"""Saying where a node stands: its code, and the lines that lead to it, short enough for an error message."""

from __future__ import annotations

from collections.abc import Sequence

from zanjir.graph.expression import Expression, expression, operand
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import Tensor, is_number

__all__ = ["Lines", "written"]

# What is longer than this gets a name of its own; a shared part would else be written again and again.
LONGEST = 60


class Lines:
    """The code of a graph as lines: named nodes, and parts too long to be written inside others.

    Parameters
    ----------
    outputs : sequence of tensors
        What to write.

    Examples
    --------
    >>> import numpy as np
    >>> z = Tensor([1.0], "z"); a = np.tanh(z).named("a"); y = np.exp(a - 1)
    >>> lines = Lines([y])
    >>> lines.code(y), lines.before(y)
    ('np.exp(a - 1)', ['a = np.tanh(z)'])
    """

    def __init__(self, outputs: Sequence[Tensor]) -> None:
        self.order = topological_order(outputs)
        self.names: dict[int, str] = {}
        self.texts: dict[int, Expression] = {}
        self.codes: dict[int, str] = {}
        for node in self.order:
            self.write(node)

    def write(self, node: Tensor) -> None:
        """Write one node from the texts of its inputs."""
        if node.gate is None:
            if node.name or not is_number(node.value):
                self.texts[id(node)] = self.named(node, "c")
            return
        text = expression(node, [self.texts.get(id(x)) or operand(x, node) for x in node.inputs])
        self.codes[id(node)] = text.code
        self.texts[id(node)] = self.named(node, "t") if node.name or len(text.code) > LONGEST else text

    def named(self, node: Tensor, stem: str) -> Expression:
        """Give a node its own name, or a numbered one."""
        count = sum(name.startswith(stem) and name[1:].isdigit() for name in self.names.values())
        self.names[id(node)] = name = node.name or f"{stem}{count + 1}"
        return Expression(name, name)

    def text(self, node: Tensor) -> str:
        """Return how a node is written inside others: its name, or its code."""
        return self.texts[id(node)].code if id(node) in self.texts else repr(node.value)

    def code(self, node: Tensor) -> str:
        """Return what a node computes; of a leaf, its name."""
        return self.codes.get(id(node)) or self.text(node)

    def line(self, node: Tensor) -> str:
        """Return what a node computes, with its name if it has one."""
        named = id(node) in self.names and id(node) in self.codes
        return f"{self.names[id(node)]} = {self.code(node)}" if named else self.code(node)

    def before(self, node: Tensor, longest: int = 3) -> list[str]:
        """Return the last few lines on which a node rests, in order."""
        rests_on = topological_order(node.inputs)
        return [self.line(x) for x in rests_on if id(x) in self.names and id(x) in self.codes][-longest:]


def written(node: Tensor, *, inside: bool = False) -> str:
    """Return a node's name or code; with ``inside``, what it computes even if it has a name.

    Examples
    --------
    >>> a = Tensor(1.0, "a"); b = (a * 2).named("b")
    >>> written(b), written(b, inside=True)
    ('b', 'b = a * 2')
    """
    lines = Lines([node])
    return lines.line(node) if inside else lines.text(node)
