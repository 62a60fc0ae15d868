"""Proofs: lines of equal formulas, each with its reason, and each tried at random points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zanjir.errors import DataError, ZanjirError, choose
from zanjir.explain.blocks import latex_name
from zanjir.explain.points import drawn, random_points
from zanjir.explain.problems.formula import parsed
from zanjir.explain.problems.toml_file import check_keys
from zanjir.explain.steps import Step
from zanjir.explain.symbolic import in_letters, same
from zanjir.explain.words import CATALOGS
from zanjir.graph import Tensor
from zanjir.graph.expression import Expression
from zanjir.graph.order import evaluate

__all__ = ["Line", "lines_of", "proved"]

MOST_LINES = 200
# Both sides are sums and products of a handful of numbers in float64, which cancel little at a random point.
WITHIN = 1e-12


@dataclass(frozen=True)
class Line:
    """A line of a proof: a name, and a formula that is equal to it.

    Parameters
    ----------
    name : str
        What stands on the left. A new name is defined by the line; of one that is known, the line is a claim.
    formula : str
        What stands on the right.
    note : dict of str to str
        Why it holds, by language; what stands between backticks is a formula.
    """

    name: str
    formula: str
    note: Mapping[str, str] = field(default_factory=dict)


def lines_of(entries: Any) -> tuple[Line, ...]:
    """Return the lines of ``[[proof]]`` in a problem file.

    Raises
    ------
    DataError, ParameterError
        If an entry is no line.

    Examples
    --------
    >>> lines_of([{"line": "f = x * 2", "note": {"en": "Twice."}}])
    (Line(name='f', formula='x * 2', note={'en': 'Twice.'}),)
    """
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError(f"proof is {entries!r}, expected [[proof]], one for each line.")
    if len(entries) > MOST_LINES:
        raise DataError(f"the proof has {len(entries):,} lines; expected at most {MOST_LINES}.")
    return tuple(line_of(f"line {k} of the proof", entry) for k, entry in enumerate(entries, start=1))


def line_of(where: str, entry: Mapping[str, Any]) -> Line:
    """Return one line of a proof."""
    check_keys(entry, ("line", "note"), where)
    name, sign, formula = str(entry.get("line", "")).partition("=")
    if not sign or not name.strip().isidentifier():
        raise DataError(f"{where}: line is {entry.get('line')!r}, expected a name, = and a formula: y = exp(z) / 2.")
    note = entry.get("note", {})
    if not isinstance(note, dict) or not all(isinstance(text, str) for text in note.values()):
        raise DataError(f'{where}: note is {note!r}, expected a text for each language: {{ en = "...", fa = "..." }}.')
    for language in note:
        choose(f"language in {where}", language, CATALOGS)
    return Line(name.strip(), formula.strip(), note)


def proved(lines: Sequence[Line], letters: Mapping[str, tuple[int, ...]], *, title: str = "proof") -> Step:
    """Return the tree of steps of a proof, with a check of each line that is a claim.

    Parameters
    ----------
    lines : sequence of Line
        In order; each reads the letters and the names defined above it.
    letters : mapping of str to tuple of int
        The letters, with the shape of each; a letter stands for any number, vector or matrix.
    title : str
        What the whole is called.

    Raises
    ------
    DataError
        If a line cannot be read, or its sides differ in shape.

    Examples
    --------
    >>> tree = proved([Line("f", "(a + b) ** 2"), Line("f", "a ** 2 + 2 * a * b + b ** 2")], {"a": (), "b": ()})
    >>> [(step.kind, step.rule, step.ok) for step in tree.children[2:]]
    [('proof', 'definition', None), ('proof', 'identity', None), ('check', 'random points', True)]
    """
    first = next(drawn(letters))
    leaves = {name: Tensor(value if letters[name] else float(value), name) for name, value in first.items()}
    names, defined = dict(leaves), dict[int, Expression]()
    steps, checks = [], []
    for k, line in enumerate(lines, start=1):
        node = side(f"line {k} of the proof", line, names)
        known = line.name in names
        rule = "identity" if known else "definition"
        steps.append(Step("proof", rule, line.name, written=same(in_letters(node, defined)), note=line.note))
        if known:
            checks.append(compared(line.name, names[line.name], node, [*leaves.values()]))
        else:
            names[line.name] = named = node.named(line.name)
            defined[id(named)] = Expression(line.name, latex_name(line.name))
    given = [Step("given", "given", name) for name in leaves]
    return Step("solution", "proof", title, children=(*given, *steps, *checks))


def side(where: str, line: Line, names: Mapping[str, Tensor]) -> Tensor:
    """Return the right side of a line as a graph."""
    try:
        with np.errstate(all="ignore"):  # the numbers only stand for letters
            node = parsed(line.formula, names)
    except ZanjirError as error:
        raise DataError(f"{where}: {error} A line reads the letters and what is defined above it.") from error
    if line.name in names and names[line.name].shape != node.shape:
        shapes = f"{names[line.name].shape} on the left and {node.shape} on the right"
        raise DataError(f"{where}: {line.name} has shape {shapes}; expected the same on both sides.")
    return node


def compared(name: str, left: Tensor, right: Tensor, leaves: Sequence[Tensor]) -> Step:
    """Return the check of a line at random points."""
    points = random_points(leaves, [left, right])
    found = [evaluate([left, right], point) for point in points]
    pairs = [(np.asarray(values[id(left)]), np.asarray(values[id(right)])) for values in found]
    error = max((float(np.max(np.abs(a - b) / np.maximum(1, np.abs(a)))) for a, b in pairs), default=None)
    ok = None if error is None else error <= WITHIN
    return Step("check", "random points", name, inputs=(name,), error=error, ok=ok, points=len(points))
