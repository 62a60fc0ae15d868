"""From a graph to the plain data that every view reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np

from zanjir.errors import GraphError, ShapeError, ZanjirError
from zanjir.graph.expression import Expression, expression, literal, operand, plain
from zanjir.graph.gradient import gradient
from zanjir.graph.order import topological_order
from zanjir.graph.simplify import is_literal
from zanjir.graph.tensor import Tensor
from zanjir.views.diagram import Diagram, Edge, Node
from zanjir.views.summary import Summary, one_line

__all__ = ["diagram"]

LONGEST_SYMBOL = 18
HOLE = "·"
PLACES = 0x1F000  # signs of no alphabet, which stand for operands while a formula is put together
# Code whose operands go without saying: between two, in brackets, before a method, after a sign.
FORMS = (
    rf"{HOLE} (\S+) {HOLE}", rf"(\w+)\({HOLE}(?:, {HOLE})*\)", rf"{HOLE}\.(\w+)\(\)", rf"{HOLE}\.(\w+)",
    rf"([^\w\s(]){HOLE}",
)  # fmt: skip
SIGNS = {"**": "^", "*": "×", "-": "−", ">=": "≥", "<=": "≤"}


def diagram(
    outputs: Tensor | Sequence[Tensor],
    gradients: bool | Mapping[Tensor, Any] | None = None,
    *,
    values: bool = True,
) -> Diagram:
    """Return a graph as a diagram: it prints as a table, and is written as text, JSON, DOT, SVG, TikZ or HTML.

    Parameters
    ----------
    outputs : Tensor or sequence of tensors
        The nodes that the graph leads to.
    gradients : bool or mapping of Tensor to tensor or array, optional
        Whether to show the derivatives of the output with respect to every node, or those that are known
        already. By default they are computed if there is one output and it is a single real number.
    values : bool
        Whether to show values; without them the numbers of the formula alone are shown, and no gradients.

    Returns
    -------
    Diagram
        With methods ``text``, ``json``, ``dot``, ``svg``, ``tikz``, ``html`` and ``save``.

    Raises
    ------
    GraphError
        If an output is no tensor, or gradients of several outputs are asked for.
    ShapeError
        If gradients of an output that is not a single number are asked for.

    Examples
    --------
    >>> x, y = Tensor(3.0, "x"), Tensor(-4.0, "y")
    >>> diagram(((x + y) * x).named("f"))
    graph of f: 4 nodes, 2 gates, 4 wires
    node  gate      formula  shape  value  d f / d node
    ----  --------  -------  -----  -----  ------------
    x                        ()     3      2
    y                        ()     -4     3
    t1    add       x + y    ()     -1     3
    f     multiply  t1 · x   ()     -3     1
    """
    heads = checked(outputs)
    order = topological_order(heads)
    derivatives, notes = derivatives_for(heads, order, gradients if values else False)
    labels = labels_for(order)
    places = {id(node): i for i, node in enumerate(order)}
    nodes = tuple(described(node, labels, derivatives, values=values) for node in order)
    edges = tuple(Edge(places[id(x)], places[id(node)], k) for node in order for k, x in enumerate(node.inputs))
    source = labels[id(heads[0])] if derivatives else None
    return Diagram(nodes, edges, tuple(places[id(node)] for node in heads), source, notes)


def checked(outputs: Any) -> tuple[Tensor, ...]:
    """Return the outputs as a tuple, or say which is no tensor."""
    heads = (outputs,) if isinstance(outputs, Tensor) else tuple(outputs) if isinstance(outputs, Iterable) else ()
    wrong = [head for head in heads if not isinstance(head, Tensor)] if heads else [outputs]
    if wrong:
        raise GraphError(f"diagram takes tensors; got {type(wrong[0]).__name__}. Build one with zanjir.tensor(...).")
    return heads


def derivatives_for(
    heads: tuple[Tensor, ...], order: list[Tensor], asked: bool | Mapping[Tensor, Any] | None
) -> tuple[dict[int, Any], tuple[str, ...]]:
    """Return the derivatives to show, by the ``id`` of their node, and a note if there can be none."""
    if isinstance(asked, Mapping):
        return {id(x): d.value if isinstance(d, Tensor) else d for x, d in asked.items()}, ()
    if asked is False:
        return {}, ()
    if asked and len(heads) > 1:
        raise GraphError(f"gradients are those of one number; got {len(heads)} outputs. Give one, or gradients=False.")
    try:
        return all_derivatives(heads, order), ()
    except (ZanjirError, ArithmeticError) as error:
        if asked:
            raise
        return {}, (f"No gradients: {error}",)


def all_derivatives(heads: tuple[Tensor, ...], order: list[Tensor]) -> dict[int, Any]:
    """Return the derivative of the only output with respect to every node that holds real numbers, in one pass."""
    if len(heads) != 1:
        raise GraphError("there are several outputs, and gradients are those of one number.")
    loss = heads[0]
    if loss.shape != ():
        raise ShapeError(f"{loss.label} has shape {loss.shape}, and gradients are those of a single number.")
    if not is_real(loss):
        raise GraphError(f"{loss.label} holds {loss.dtype} data, and gradients are those of a real number.")
    wrt = [node for node in order if is_real(node) and not is_literal(node)]
    with np.errstate(all="ignore"):  # what is not finite is shown
        return {id(x): d.value for x, d in zip(wrt, gradient(loss, wrt), strict=True)}


def is_real(node: Tensor) -> bool:
    """Whether a node holds real numbers; a Python integer is one, an array of integers holds labels or counts."""
    return node.dtype.kind == "f" or type(node.value) is int


def labels_for(order: Sequence[Tensor]) -> dict[int, str]:
    """Return what each node is called; a second node of the same name is told apart by a number."""
    names = {one_line(node.name) for node in order if node.name}
    taken: set[str] = set()
    counters = {"t": count(1), "c": count(1)}  # results and arrays without a name, as in a printed program
    labels: dict[int, str] = {}
    for node in order:
        if is_literal(node):
            labels[id(node)] = literal(node.value)
        elif node.name:
            labels[id(node)] = distinct(one_line(node.name), taken, names)
        else:
            stem = "t" if node.gate else "c"
            labels[id(node)] = next(label for i in counters[stem] if (label := f"{stem}{i}") not in names)
        taken.add(labels[id(node)])
    return labels


def distinct(name: str, taken: Collection[str], names: Collection[str]) -> str:
    """Return a name, or the first of name#2, name#3, ... that is no other node's."""
    if name not in taken:
        return name
    return next(label for i in count(2) if (label := f"{name}#{i}") not in taken and label not in names)


def described(node: Tensor, labels: Mapping[int, str], derivatives: Mapping[int, Any], *, values: bool) -> Node:
    """Return one node as plain data."""
    formula, code = written(node, labels)
    number = is_literal(node)
    return Node(
        name=node.name,
        label=labels[id(node)],
        gate=node.gate.name if node.gate else None,
        params=dict(node.params),
        symbol=symbol(node),
        formula=formula,
        code=code,
        shape=node.shape,
        dtype=str(node.dtype),
        value=Summary.of(node.value) if values or number else None,
        gradient=Summary.of(derivatives[id(node)]) if id(node) in derivatives else None,
        is_number=number,
    )


def written(node: Tensor, labels: Mapping[int, str]) -> tuple[str, str]:
    """Return a gate's formula and code on the labels of its inputs.

    A label is put in last, so that no sign in it is taken for a part of the formula.
    """
    if node.gate is None:
        return "", ""
    texts = [operand(x, node) if is_literal(x) else Expression(chr(PLACES + k), chr(PLACES + k))
             for k, x in enumerate(node.inputs)]  # fmt: skip
    whole = expression(node, texts)
    names = {chr(PLACES + k): labels[id(x)] for k, x in enumerate(node.inputs)}
    formula, code = ("".join(names.get(c, c) for c in text) for text in (plain(whole.latex), whole.code))
    return one_line(formula), one_line(code)


def symbol(node: Tensor) -> str:
    """Return the operation in a few characters, read off its code: ``+``, ``exp``, ``1 / ·``."""
    if node.gate is None:
        return ""
    texts = [operand(x, node) if is_literal(x) else Expression(HOLE, HOLE) for x in node.inputs]
    code = expression(node, texts).code.replace("np.", "")
    alone = next((found[1] for form in FORMS if (found := re.fullmatch(form, code))), code)
    text = " ".join(SIGNS.get(part, part) for part in alone.split(" ")).replace(" ^ 2", "²")
    return one_line(text) if len(text) <= LONGEST_SYMBOL else node.gate.name
