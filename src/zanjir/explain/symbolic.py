"""Derivatives as formulas: the chain rule of a graph in the names of its numbers, checked at random points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.errors import ShapeError
from zanjir.explain.blocks import Block, blocks_of, check_apart, check_named, latex_name
from zanjir.explain.points import random_points
from zanjir.explain.steps import Path, Step, Written
from zanjir.graph import Tensor
from zanjir.graph.expression import Expression, expression, operand
from zanjir.graph.gradient import backward, pulled_back
from zanjir.graph.numerical import slope_of
from zanjir.graph.order import evaluate, topological_order

__all__ = ["formulas", "in_letters"]

# A slope found from values carries its own error; beyond it only rounding is left.
WITHIN, ROUNDING = 1e-8, 1e-15


def formulas(
    loss: Tensor,
    *,
    letters: Collection[str] = (),
    given: Sequence[str] = (),
    wrt: Sequence[str] | None = None,
    title: str = "formulas",
    symbol: str = "L",
) -> Step:
    """Return the tree of steps that gives every derivative as a formula.

    Each is what the rules of the gates make of the graph, written in its names. A derivative that one other reads is
    written out there; one that several read stands there by its own name, as the deltas of backpropagation do.

    Parameters
    ----------
    loss : Tensor of shape ()
        A named number, made of named numbers, vectors and matrices.
    letters : collection of str
        Leaves that stand for any number: if there are some, nothing is computed, and no step has a value.
    given : sequence of str, optional
        The order of the leaves; by default that in which the loss reads them.
    wrt : sequence of str, optional
        The leaves of which derivatives are wanted; by default all.
    title, symbol : str
        What the whole is called, and the loss in ``dL/dw``.

    Raises
    ------
    GraphError, ShapeError
        If the loss has no name, or is no single number.

    Examples
    --------
    >>> from zanjir.gates import sigmoid
    >>> w, x, v = Tensor(0.5, "w"), Tensor(2.0, "x"), Tensor(3.0, "v")
    >>> a = sigmoid((w * x).named("z")).named("a")
    >>> tree = formulas((v * a).named("f"), letters=["w", "x", "v"], symbol="f")
    >>> [f"{step.target} = {step.written.substituted}" for step in tree.every("backward")[1:]]
    ['df/da = v', 'df/dz = v * a * (1 - a)', 'df/dv = a', 'df/dw = df/dz * x', 'df/dx = df/dz * w']
    >>> {step.value for step in tree.every("backward")[1:]}
    {None}
    """
    return Formulas(loss, letters, given, wrt, symbol).tree(title)


def in_letters(node: Tensor, known: Mapping[int, Expression]) -> Expression:
    """Return the expression of a node in names, and in what is known by its ``id`` to be written otherwise.

    Products of products need no brackets, nor sums of sums: such gates have the same neutral number on both sides.

    Examples
    --------
    >>> x, y = Tensor(2.0, "x"), Tensor(3.0, "y")
    >>> in_letters(x * (y * (1 - y)), {}).code
    'x * y * (1 - y)'
    """
    texts = dict(known)
    order = topological_order([node], stop=known)
    for x in order:
        if x.gate is None and x.name:
            texts[id(x)] = Expression(x.name, latex_name(x.name))
        elif x.gate is not None:
            texts[id(x)] = expression(x, [operand_text(y, x, texts, known) for y in x.inputs])
    return texts.get(id(node)) or expression(node, [])


def operand_text(
    x: Tensor, reader: Tensor, texts: Mapping[int, Expression], known: Mapping[int, Expression]
) -> Expression:
    """Return the text of an input of a gate."""
    text = texts.get(id(x)) or operand(x, reader)
    neutral = reader.gate.neutral if reader.gate else ()
    if x.gate is reader.gate and id(x) not in known and len(set(neutral)) == 1:
        return replace(text, precedence=Expression("", "").precedence)
    return text


class Formulas:
    """The state of one tree of formulas: the derivatives as graphs, and which of them stand by a name."""

    def __init__(
        self, loss: Tensor, letters: Collection[str], given: Sequence[str], wrt: Sequence[str] | None, symbol: str
    ) -> None:
        check_named(loss)
        if loss.shape != ():
            raise ShapeError(f"{loss.name} has shape {loss.shape}; expected a single number to differentiate.")
        self.loss, self.symbol, self.letters = loss, symbol, letters
        order = topological_order([loss])
        self.named = {node.name: node for node in order if node.name}
        check_apart(order, "numbers")
        leaves = [name for name, node in self.named.items() if node.gate is None]
        self.leaves = [name for name in dict.fromkeys((*given, *leaves)) if name in leaves]
        self.blocks = blocks_of([loss])
        wanted = [name for name in self.leaves if wrt is None or name in wrt]
        self.names = [*(block.name for block in self.blocks[-2::-1]), *wanted]
        found = backward(loss, Tensor(1.0), order, {id(self.named[name]) for name in self.names})
        self.derivatives = {name: found[id(self.named[name])] for name in self.names}
        self.forward = {id(node): Expression(name, latex_name(name)) for name, node in self.named.items()}
        self.standing = self.by_name()

    def of(self, name: str) -> str:
        """Return the target of a derivative."""
        return f"d{self.symbol}/d{name}"

    def by_name(self) -> dict[int, Expression]:
        """Return the derivatives that stand by their names, by ``id``: those that several others read."""
        owners: dict[int, str] = {}
        for name, derivative in self.derivatives.items():
            if derivative.gate is not None and id(derivative) not in self.forward:
                owners.setdefault(id(derivative), name)
        readers: Counter[int] = Counter()
        for derivative in self.derivatives.values():
            inside = topological_order([derivative], stop=({*owners} - {id(derivative)}) | {*self.forward})
            readers.update({id(x) for node in inside for x in node.inputs if id(x) in owners})
            readers.update([id(derivative)])
        return {
            key: Expression(self.of(name), latex_name(self.of(name)))
            for key, name in owners.items()
            if readers[key] > 2  # itself and two others
        }

    def tree(self, title: str) -> Step:
        """Return all steps."""
        steps = [*self.given(), *self.values(), *self.chain(), *self.checks()]
        return Step("solution", "formulas", title, self.value(self.loss), children=tuple(steps))

    def value(self, node: Tensor) -> Any:
        """Return the value of a node; none if it rests on letters."""
        if self.letters:
            return None
        return node.value if node.shape else float(node.value)

    def given(self) -> list[Step]:
        """Return what is given, and the letters."""
        nodes = [self.named[name] for name in self.leaves]
        known = {node.name: node.value if node.shape else float(node.value) for node in nodes}
        return [Step("given", "given", name, None if name in self.letters else known[name]) for name in self.leaves]

    def values(self) -> list[Step]:
        """Return how every number follows from others."""
        last = "loss" if self.symbol == "L" else "forward"
        kinds = [*["forward"] * (len(self.blocks) - 1), last]
        return [
            Step(kind, block.rule, block.name, self.value(block.node), same(in_letters(block.copy, {})),
                 tuple(block.leaves))
            for kind, block in zip(kinds, self.blocks, strict=True)
        ]  # fmt: skip

    def chain(self) -> list[Step]:
        """Return every derivative, from the loss to the leaves."""
        first = Step("backward", "chain rule", self.of(self.loss.name or ""), 1.0)
        return [first, *map(self.derivative, self.names)]

    def derivative(self, name: str) -> Step:
        """Return one derivative: by the chain rule, and as a formula."""
        paths = tuple(self.path(block, name) for block in self.blocks if name in block.leaves)
        target, derivative = self.of(name), self.derivatives[name]
        known = self.forward | self.standing
        if target == known.get(id(derivative), Expression("", "")).code:  # it does not stand for itself
            del known[id(derivative)]
        formula = in_letters(derivative, known)
        ruled = self.ruled(name, paths)
        written = Written(ruled.code, formula.code, ruled.latex, formula.latex)
        inputs = tuple(path.upstream for path in paths)
        return Step("backward", "chain rule", target, self.value(derivative), written, inputs, paths)

    def path(self, block: Block, name: str) -> Path:
        """Return the path through one block; between arrays, what its gates' rules make of upstream."""
        leaf, upstream = block.leaves[name], self.of(block.name)
        scalar = leaf.shape == block.node.shape == ()
        g = Tensor(1.0) if scalar else Tensor(block.node.value, upstream)
        (flow,) = pulled_back(block.copy, g, [leaf])
        local = same(in_letters(flow, {id(block.copy): Expression(block.name, latex_name(block.name))}))
        above = Tensor(1.0) if block.node is self.loss else self.derivatives[block.name]
        local_value = float(flow.value) if scalar and not self.letters else None
        product = self.value(above * flow) if scalar else None
        return Path(block.name, upstream, self.value(above), local, local_value, product)

    def ruled(self, name: str, paths: Sequence[Path]) -> Expression:
        """Return the chain rule with names; between arrays, what the gates' rules make of upstream."""
        if any(self.named[x].shape for x in (name, *(path.through for path in paths))):
            locals_ = [path.local for path in paths]
            return Expression(" + ".join(x.symbolic for x in locals_), " + ".join(x.symbolic_latex for x in locals_))
        factors = [(path.upstream, f"d{path.through}/d{name}") for path in paths]
        code = " + ".join(f"{upstream} * {local}" for upstream, local in factors)
        latex = " + ".join(rf"{latex_name(upstream)} \cdot {latex_name(local)}" for upstream, local in factors)
        return Expression(code, latex)

    def checks(self) -> list[Step]:
        """Return, for every derivative, how far its formula is from the slopes of the loss at random points."""
        leaves = [self.named[name] for name in self.leaves]
        points = random_points(leaves, [self.loss, *self.derivatives.values()])
        return [self.check(name, points) for name in self.names]

    def check(self, name: str, points: Sequence[Mapping[Tensor, Any]]) -> Step:
        """Return the check of one formula."""
        target, node, derivative = self.of(name), self.named[name], self.derivatives[name]
        found = [self.distance(node, derivative, point) for point in points]
        error = max((far for far, _ in found), default=None)
        ok = all(near for _, near in found) if found else None
        return Step("check", "random points", target, inputs=(target,), error=error, ok=ok, points=len(points))

    def distance(self, node: Tensor, derivative: Tensor, point: Mapping[Tensor, Any]) -> tuple[float, bool]:
        """Return how far a formula is from the slopes at a point, and whether that is within their error."""
        values = evaluate([self.loss, derivative], point)
        at, formula = (np.asarray(values[id(x)], float) for x in (node, derivative))
        size = max(1.0, float(np.abs(values[id(self.loss)])))
        off, near = 0.0, True
        for index in np.ndindex(at.shape):

            def line(t: float, index: tuple[int, ...] = index) -> float:
                moved = at.copy()
                moved[index] += t
                with np.errstate(all="ignore"):  # a step may leave the domain; the next one is shorter
                    return float(evaluate([self.loss], {**point, node: moved})[id(self.loss)])

            slope = slope_of(line, max(1.0, abs(float(at[index]))), ROUNDING * size)
            far = abs(slope.value - float(formula[index]))
            off = max(off, far / max(1.0, abs(float(formula[index]))))
            near = near and far <= slope.error + WITHIN * max(1.0, abs(float(formula[index])))
        return off, near


def same(text: Expression) -> Written:
    """Return an expression that has no numbers to put in."""
    return Written(text.code, text.code, text.latex, text.latex)
