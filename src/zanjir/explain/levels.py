"""How closely a graph is explained: by matrices, by single numbers, or gate by gate; whole or around one number."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.errors import GraphError, NonFiniteError, ParameterError, choose
from zanjir.explain.blocks import free_names
from zanjir.explain.chain_rule import solution
from zanjir.explain.entries import Index, check_size, entry_name, is_rest, single_numbers
from zanjir.explain.matrices import by_matrices, check_number, in_float64, leaves_of
from zanjir.explain.steps import Step, Table
from zanjir.explain.summary import summarized
from zanjir.graph import Tensor, gradient
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import apply
from zanjir.optim import Optimizer

__all__ = ["LEVELS", "explained", "gate_by_gate", "place"]

LEVELS = ("summary", "matrices", "scalars", "gates")
# A sheet of more steps is not read.
READABLE = 60
PLACE = re.compile(
    r"\s*(?:d(?P<symbol>[^\W\d]\w*)/d)?(?P<name>[^\s\[\]](?:[^\[\]]*[^\s\[\]])?)\s*(?:\[(?P<index>[\d\s,]*)\])?\s*"
)
# Both sides are float64; sums are added in another order.
SAME = 1e-9
LONGEST_INDEX = 12


def explained(
    loss: Tensor,
    parameters: Sequence[str] = (),
    *,
    level: str | None = None,
    focus: str | None = None,
    optimizer: Optimizer | None = None,
    samples: Collection[str] = (),
    title: str = "solution",
    symbol: str = "L",
) -> Step:
    """Return the tree of steps that explains a number made of arrays, at the level that is wanted.

    Parameters
    ----------
    loss : Tensor of shape ()
        A named number. Every named array on the way is explained.
    parameters : sequence of str
        Which leaves the update changes, and of which derivatives are found; all leaves if there are none.
    level : str, optional
        ``"summary"`` (a table of the parameters), ``"matrices"`` (a line for each array, with its shape),
        ``"scalars"`` (a line for each entry) or ``"gates"`` (a line for each gate). By default single numbers if
        that makes at most some 60 steps and can be done, else matrices.
    focus : str, optional
        One number, such as ``"W2[1, 3]"``: only what depends on it is explained, in single numbers.
    optimizer : Optimizer, optional
        The update rule, from its first step.
    samples : collection of str
        Arrays with a row for one sample, whose entries are named without its index.
    title, symbol : str
        What the whole is called, and the loss in ``dL/dW``.

    Returns
    -------
    Step
        The whole, whose rule is the level.

    Raises
    ------
    GraphError, ParameterError
        If the level or the number in focus is unknown, or the graph cannot be explained in that way.

    Examples
    --------
    >>> X, W = Tensor([[1.0, 2.0]], "X"), Tensor([[3.0, 5.0], [4.0, 6.0]], "W")
    >>> loss = ((X @ W).named("Z") ** 2).sum().named("loss")
    >>> [step.target for step in explained(loss, ["W"], level="matrices").every("backward")]
    ['dL/dloss', 'dL/dZ', 'dL/dW']
    >>> [step.target for step in explained(loss, focus="W[1, 0]").every("backward")]
    ['dL/dloss', 'dL/dZ[0, 0]', 'dL/dW[1, 0]']
    """
    if level is not None:
        choose("level", level, dict.fromkeys(LEVELS))
    check_number(loss)
    loss, how = in_float64(loss), {"title": title, "symbol": symbol}
    if focus is not None:
        if level in {"summary", "matrices"}:
            raise ParameterError(f"{focus} is one number; expected level 'scalars' or 'gates' for it, not {level!r}.")
        return around(loss, focus, level or "scalars", samples, how)
    if level in {"scalars", "gates"}:
        return by_numbers(loss, parameters, level, optimizer, samples, how)
    if level is None and n_steps(loss, parameters) <= READABLE:
        with suppress(GraphError, NonFiniteError):  # what single numbers cannot; matrices say what else is wrong
            return by_numbers(loss, parameters, "scalars", optimizer, samples, how)
    tree = by_matrices(loss, parameters, optimizer=optimizer, **how)
    check_targets(tree)
    return summarized(tree) if level == "summary" else replace(tree, rule="matrices")


def by_numbers(
    loss: Tensor, parameters: Sequence[str], level: str, optimizer: Optimizer | None, samples: Collection[str],
    how: Mapping[str, str],
) -> Step:  # fmt: skip
    """Return the tree of single numbers, or of single gates."""
    leaves = leaves_of(loss, parameters)
    floats = parameters or [name for name, leaf in leaves.items() if leaf.dtype.kind == "f"]
    check_size(sum(leaves[name].size for name in floats))
    places = [(name, index) for name in floats for index in np.ndindex(leaves[name].shape)]
    numbers, _ = single_numbers(loss, samples=samples)
    numbers = gate_by_gate(numbers) if level == "gates" else numbers
    wrt = [shown_name(name, index, samples) for name, index in places]
    unread = unread_of(numbers, loss, places, samples)
    tree = solution(
        numbers, wrt if parameters else (), wrt=wrt, unread=unread, optimizer=optimizer, title=how["title"],
        symbol=how["symbol"],
    )  # fmt: skip
    agreeing(loss, tree, places, samples, how["symbol"])
    check_targets(tree)
    return replace(tree, rule=level)


def unread_of(
    numbers: Tensor, loss: Tensor, places: Sequence[tuple[str, Index]], samples: Collection[str]
) -> list[Tensor]:
    """Return those entries that no number on the way to the loss reads, such as those that an index leaves out."""
    read = {node.name for node in topological_order([numbers])}
    nodes = {node.name: np.asarray(node.value) for node in topological_order([loss]) if node.name}
    entries = {shown_name(name, index, samples): float(nodes[name][index]) for name, index in places}
    return [Tensor(value, name) for name, value in entries.items() if name not in read]


def check_targets(tree: Step) -> None:
    """Refuse two numbers of one name, as where an array is called what another one is after the update."""
    names = Counter(step.target for step in tree.children if step.kind not in {"check", "summary"})
    if twice := [name for name, n in names.items() if n > 1]:
        raise GraphError(f"the name {twice[0]!r} stands for two numbers; give each a name of its own.")


def n_steps(loss: Tensor, parameters: Sequence[str]) -> int:
    """Return about how many numbers single numbers would compute: each entry, its derivative, and the update."""
    named = [node for node in topological_order([loss]) if node.name and node.dtype.kind == "f"]
    made = sum(node.size for node in named if node.gate is not None)
    return 2 * made + sum((2 if node.name in parameters else 1) * node.size for node in named if node.gate is None)


def shown_name(name: str, index: Index, samples: Collection[str]) -> str:
    """Return the name of an entry; of the arrays of one sample, without the sample's index."""
    return entry_name(name, index[1:] if name in samples else index)


def around(loss: Tensor, focus: str, level: str, samples: Collection[str], how: Mapping[str, str]) -> Step:
    """Return the tree of what depends on one number."""
    leaves_of(loss, ())  # refuses two arrays of one name
    name, index = place(focus)
    index = (0, *index) if name in samples else index
    numbers, varying = single_numbers(loss, (name, index), samples=samples)
    numbers = gate_by_gate(numbers) if level == "gates" else numbers
    unread = unread_of(numbers, loss, [(name, index)], samples)
    wrt = [*varying, *(str(leaf.name) for leaf in unread)]
    tree = solution(numbers, wrt=wrt, unread=unread, title=how["title"], symbol=how["symbol"])
    asked = shown_name(name, index, samples)
    agreeing(loss, tree, [(name, index)], samples, how["symbol"])
    steps = (*map(with_reason, as_read(tree)), answer(tree, asked, f"d{how['symbol']}/d{asked}"))
    return replace(tree, rule=level, children=steps)


def as_read(tree: Step) -> list[Step]:
    """Return the steps of a tree; what is given stands in the order in which it is read, not that of the whole."""
    read = [name for step in tree.every("forward", "loss") for name in step.inputs]
    places = {name: k for k, name in reversed([*enumerate(read)])}
    given = sorted(tree.every("given"), key=lambda step: places.get(step.target, len(read)))  # what none reads, last
    return [*given, *(step for step in tree.children if step.kind != "given")]


def answer(tree: Step, name: str, derivative: str) -> Step:
    """Return the table of what is asked for: a number, and the derivative with respect to it."""
    row = (name, tree.value_of(name), tree.value_of(derivative))
    return Step("summary", "table", "answer", table=Table(("result", "value", derivative), (row,)))


def with_reason(step: Step) -> Step:
    """Return a step; one that stands for the rest of a sum says so."""
    return replace(step, rule="rest", reason="rest") if step.kind == "given" and is_rest(step.target) else step


def place(text: str) -> tuple[str, Index]:
    """Return the array and the index that a number's name tells; of a derivative, that after which it is taken.

    Raises
    ------
    ParameterError
        If it tells none.

    Examples
    --------
    >>> place("W2[1,3]"), place("dL/dh[0]"), place("loss")
    (('W2', (1, 3)), ('h', (0,)), ('loss', ()))
    """
    found = PLACE.fullmatch(text)
    if found is None:
        raise ParameterError(f"{text!r} names no number; expected an array and an index, such as W2[1, 3].")
    parts = [part.strip() for part in (found["index"] or "").split(",") if part.strip()]
    if any(len(part) > LONGEST_INDEX or not part.isdecimal() for part in parts):
        raise ParameterError(f"{text!r} has no such index; expected whole numbers from 0, such as W2[1, 3].")
    return found["name"], tuple(map(int, parts))


def gate_by_gate(loss: Tensor) -> Tensor:
    """Return the same graph of single numbers with a name for every gate: s1, s2, ...

    Examples
    --------
    >>> w, x, b = Tensor(2.0, "w"), Tensor(3.0, "x"), Tensor(1.0, "b")
    >>> f = gate_by_gate((w * x + b).named("f"))
    >>> [node.name for node in topological_order([f])]
    ['w', 'x', 's1', 'b', 'f']
    """
    order = topological_order([loss])
    names = free_names("s", order)
    made: dict[int, Tensor] = {}
    for node in order:
        if node.gate is None:
            made[id(node)] = node
            continue
        again = apply(node.gate, *(made[id(x)] for x in node.inputs), **node.params)
        is_number_of_formula = not node.name and not any(x.name for x in again.inputs)
        made[id(node)] = again if is_number_of_formula else again.named(node.name or next(names))
    return made[id(loss)]


def agreeing(
    loss: Tensor, tree: Step, places: Sequence[tuple[str, Index]], samples: Collection[str], symbol: str
) -> None:
    """Hold the derivatives of single numbers to those of the arrays.

    Raises
    ------
    GraphError
        If they differ: where several numbers are the largest, a gate of arrays divides what flows among them.
    """
    nodes = {node.name: node for node in topological_order([loss]) if node.name}
    found = gradient(loss, {name: nodes[name] for name, _ in places})
    derivatives = {step.target: step.value for step in tree.every("backward")}
    for name, index in places:
        entry = shown_name(name, index, samples)
        one: Any = derivatives[f"d{symbol}/d{entry}"]
        whole = float(np.asarray(found[name].value)[index])
        if not math.isclose(one, whole, rel_tol=SAME, abs_tol=SAME * max(1.0, abs(float(loss.value)))):
            raise GraphError(
                f"{entry}: single numbers give d{symbol}/d{entry} = {one!r} and the arrays {whole!r}, as where several "
                "numbers are the largest; explain it by matrices."
            )
