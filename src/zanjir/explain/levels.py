"""How closely a graph is explained: by matrices, by single numbers, or gate by gate; whole or around one number."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from zanjir.errors import GraphError, ParameterError, choose
from zanjir.explain.chain_rule import solution
from zanjir.explain.entries import Index, entry_name, is_rest, single_numbers
from zanjir.explain.matrices import by_matrices, in_float64
from zanjir.explain.steps import Step
from zanjir.explain.summary import summarized
from zanjir.graph import Tensor, gradient
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import apply
from zanjir.optim import Optimizer

__all__ = ["LEVELS", "explained", "gate_by_gate", "place"]

LEVELS = ("summary", "matrices", "scalars", "gates")
# A sheet of more steps is not read.
READABLE = 60
PLACE = re.compile(r"\s*(?:d(?P<symbol>[^\W\d]\w*)/d)?(?P<name>[^\W\d]\w*)\s*(?:\[(?P<index>[\d\s,]*)\])?\s*")
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
        that makes at most some 60 steps, else matrices.
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
    loss, how = in_float64(loss), {"title": title, "symbol": symbol}
    if focus is not None:
        if level in {"summary", "matrices"}:
            raise ParameterError(f"{focus} is one number; expected level 'scalars' or 'gates' for it, not {level!r}.")
        return around(loss, focus, level or "scalars", samples, how)
    level = level or ("scalars" if n_steps(loss, parameters) <= READABLE else "matrices")
    if level in {"summary", "matrices"}:
        tree = by_matrices(loss, parameters, optimizer=optimizer, **how)
    else:
        numbers, leaves = single_numbers(loss, samples=samples)
        changed = entries_of(loss, parameters, samples)
        numbers = gate_by_gate(numbers) if level == "gates" else numbers
        tree = solution(numbers, changed, wrt=changed or leaves, optimizer=optimizer, title=title, symbol=symbol)
        agreeing(loss, tree, changed or leaves, samples, symbol)
    return summarized(tree) if level == "summary" else replace(tree, rule=level)


def n_steps(loss: Tensor, parameters: Sequence[str]) -> int:
    """Return about how many numbers single numbers would compute: each entry, its derivative, and the update."""
    named = [node for node in topological_order([loss]) if node.name and node.dtype.kind == "f"]
    made = sum(node.size for node in named if node.gate is not None)
    return 2 * made + sum((2 if node.name in parameters else 1) * node.size for node in named if node.gate is None)


def entries_of(loss: Tensor, parameters: Sequence[str], samples: Collection[str]) -> list[str]:
    """Return the names of all entries of some leaves.

    Raises
    ------
    GraphError
        If a parameter is no leaf.
    """
    leaves = {node.name: node for node in topological_order([loss]) if node.gate is None and node.name}
    if unknown := [name for name in parameters if name not in leaves]:
        raise GraphError(f"{unknown[0]!r} is no given array; expected some of {', '.join(leaves)}.")
    return [shown_name(name, index, samples) for name in parameters for index in np.ndindex(leaves[name].shape)]


def shown_name(name: str, index: Index, samples: Collection[str]) -> str:
    """Return the name of an entry; of the arrays of one sample, without the sample's index."""
    return entry_name(name, index[1:] if name in samples else index)


def around(loss: Tensor, focus: str, level: str, samples: Collection[str], how: dict[str, str]) -> Step:
    """Return the tree of what depends on one number."""
    name, index = place(focus)
    index = (0, *index) if name in samples else index
    numbers, leaves = single_numbers(loss, (name, index), samples=samples)
    numbers = gate_by_gate(numbers) if level == "gates" else numbers
    tree = solution(numbers, wrt=leaves, title=how["title"], symbol=how["symbol"])
    agreeing(loss, tree, [shown_name(name, index, samples)], samples, how["symbol"])
    return replace(tree, rule=level, children=tuple(map(with_reason, tree.children)))


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
    names = free_names({node.name for node in order if node.name})
    made: dict[int, Tensor] = {}
    for node in order:
        if node.gate is None:
            made[id(node)] = node
            continue
        again = apply(node.gate, *(made[id(x)] for x in node.inputs), **node.params)
        is_number_of_formula = not any(x.name for x in again.inputs)
        made[id(node)] = again if is_number_of_formula else again.named(node.name or next(names))
    return made[id(loss)]


def free_names(taken: Collection[str]) -> Iterator[str]:
    """Yield s1, s2, ... without names that are taken."""
    return (name for k in count(1) if (name := f"s{k}") not in taken)


def agreeing(loss: Tensor, tree: Step, entries: Sequence[str], samples: Collection[str], symbol: str) -> None:
    """Hold the derivatives of single numbers to those of the arrays.

    Raises
    ------
    GraphError
        If they differ: where several numbers are the largest, a gate of arrays divides what flows among them.
    """
    nodes = {node.name: node for node in topological_order([loss]) if node.name}
    places = [(entry, *place(entry)) for entry in entries]
    found = gradient(loss, {name: nodes[name] for _, name, _ in places})
    for entry, name, index in places:
        one: Any = tree.value_of(f"d{symbol}/d{entry}")
        whole = float(np.asarray(found[name].value)[(0, *index) if name in samples else index])
        if not math.isclose(one, whole, rel_tol=SAME, abs_tol=SAME * max(1.0, abs(float(loss.value)))):
            raise GraphError(
                f"{entry}: single numbers give d{symbol}/d{entry} = {one!r} and the arrays {whole!r}, as where several "
                "numbers are the largest; explain it by matrices."
            )
