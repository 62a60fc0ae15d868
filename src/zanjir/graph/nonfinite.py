"""Where a number stopped being finite: the first gate, the place, what stood there, and where that came from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zanjir.errors import GraphError, NonFiniteError
from zanjir.graph.gate import Gate, Interval
from zanjir.graph.gradient import gradient
from zanjir.graph.order import topological_order
from zanjir.graph.report import place
from zanjir.graph.tensor import Array, Tensor
from zanjir.graph.writing import Lines

__all__ = ["NonFinite", "check_finite", "find_nonfinite", "first_nonfinite"]

# The domains of the table leave out what is too large or too small to be tested; these are not bounds to a reader.
UNBOUNDED, ALMOST_ZERO = 1e29, 1e-29
LONGEST_NAME = 40


@dataclass(frozen=True)
class NonFinite:
    """The first number that is not finite.

    Parameters
    ----------
    gate : str or None
        The gate that made it from finite numbers; None if it was given, in a leaf.
    expression : str
        What the gate computes, or the leaf's name.
    index : tuple of int
        The first place in the result.
    value : float
        What stands there: inf, -inf or nan.
    count, size : int
        How many entries of the result are not finite, of how many.
    inputs : dict of str to float
        What the gate read at that place, for gates that work element by element: ``{"z[0, 3]": -0.25}``.
    ranges : dict of str to (float, float)
        Least and largest entry of each input.
    trouble : str
        Which input is outside the gate's domain, where and how; empty if no single input is to blame.
    lines : tuple of str
        The lines that lead to it.
    """

    gate: str | None
    expression: str
    index: tuple[int, ...]
    value: float
    count: int
    size: int
    inputs: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    trouble: str = ""
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.gate is None and not self.index:
            what = "a number of the formula" if self.expression == repr(self.value) else self.expression
            return f"{what} is {self.value}, expected a finite number."
        if self.gate is None:
            return (
                f"{self.expression}: {self.counted()}; the first is {at(self.expression, self.index)} = {self.value}."
            )
        if self.trouble:
            first = f"{self.trouble}, which gives {self.value} in {self.expression}."
        else:
            told = "; ".join([f"the first is {at('the result', self.index)} = {self.value}", *self.read()])
            first = f"{self.counted()} in {self.expression}; {told}."
        came = f" It came from: {'; '.join(self.lines)}." if self.lines else ""
        return f"{self.gate}: {first}{came}"

    def counted(self) -> str:
        """Say how many numbers are not finite."""
        return f"{self.count:,} of {self.size:,} values {'is' if self.count == 1 else 'are'} not finite"

    def read(self) -> list[str]:
        """Say what the gate read."""
        if self.inputs:
            return ["from " + " and ".join(f"{x} = {value:.6g}" for x, value in self.inputs.items())]
        return [f"{x} lies between {low:.6g} and {high:.6g}" for x, (low, high) in self.ranges.items()]


def at(name: str, index: tuple[int, ...]) -> str:
    """Write an element of a node; code that is no single name needs brackets."""
    if not index:
        return name
    atom = re.fullmatch(r"\w+|[\w.]+\([^()]*\)|the [\w ]+", name)
    return f"{name if atom else f'({name})'}{place(index, '[]')}"


def find_nonfinite(outputs: Tensor | Sequence[Tensor], wrt: Any = None) -> NonFinite | None:
    """Return where a graph first stops being finite; None if its results are finite.

    Only what makes a result infinite or not-a-number counts: exp(-inf) is 0 and harms nobody.

    Parameters
    ----------
    outputs : Tensor or sequence of tensors
        The results to look at.
    wrt : Tensor, sequence or mapping of tensors, optional
        Look at the derivatives of the (single) output too.

    Examples
    --------
    >>> z = Tensor([0.5, -0.25], "z")
    >>> with np.errstate(invalid="ignore"):
    ...     loss = np.log(z).sum()
    >>> print(find_nonfinite(loss))
    log: z has 1 of 2 values outside the domain x > 0; the first is z[1] = -0.25, which gives nan in np.log(z).
    """
    results = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    for result in results:
        if not isinstance(result, Tensor):
            raise GraphError(f"find_nonfinite takes tensors; got {type(result).__name__}.")
    found = first_nonfinite(results, {id(node): node.value for node in topological_order(results)})
    if found or wrt is None:
        return found
    with np.errstate(all="ignore"):
        derivatives = gradient(results[0], wrt)
    several = derivatives.values() if isinstance(derivatives, Mapping) else derivatives
    results = [derivatives] if isinstance(derivatives, Tensor) else list(several)
    return first_nonfinite(results, {id(node): node.value for node in topological_order(results)})


def check_finite(outputs: Tensor | Sequence[Tensor], wrt: Any = None) -> None:
    """Raise, naming the first gate, if a graph's value, or its derivatives, are not finite.

    Parameters are those of `find_nonfinite`.

    Raises
    ------
    NonFiniteError
        The message names gate, input, place and domain, and the lines that lead there.

    Examples
    --------
    >>> check_finite(np.exp(Tensor(1.0, "x")))
    """
    found = find_nonfinite(outputs, wrt)
    if found:
        raise NonFiniteError(str(found))


def first_nonfinite(outputs: Iterable[Tensor], values: Mapping[int, Any]) -> NonFinite | None:
    """Return the first node, among those that make an output non-finite, all of whose inputs are finite.

    Parameters
    ----------
    values : mapping of int to array
        The value of each node, by ``id(node)``.
    """
    bad: dict[int, Tensor] = {}
    waiting = [node for node in outputs if not finite(values[id(node)])]
    while waiting:
        node = waiting.pop()
        if id(node) not in bad:
            bad[id(node)] = node
            waiting += [x for x in node.inputs if not finite(values[id(x)])]
    for node in topological_order(bad.values()):
        if id(node) in bad and not any(id(x) in bad for x in node.inputs):
            return described(node, values)
    return None


def finite(value: Any) -> bool:
    """Whether all numbers are finite."""
    return bool(np.isfinite(value).all())


def described(node: Tensor, values: Mapping[int, Any]) -> NonFinite:
    """Describe the first entry of a node that is not finite."""
    value = np.asarray(values[id(node)])
    wrong = ~np.isfinite(value)
    index = tuple(map(int, np.argwhere(wrong)[0]))
    lines = Lines([node])
    counts = (index, float(value[index]), int(wrong.sum()), value.size)
    if node.gate is None:
        return NonFinite(None, lines.text(node), *counts)
    inputs = [(short(lines.text(x), x), np.asarray(values[id(x)])) for x in node.inputs]
    read = dict(entry(name, x, index) for name, x in inputs) if node.gate.elementwise else {}
    ranges = {name: (float(x.min()), float(x.max())) for name, x in inputs if x.size}
    trouble = outside(node.gate, inputs, wrong) if node.gate.elementwise else ""
    return NonFinite(node.gate.name, lines.line(node), *counts, read, ranges, trouble, tuple(lines.before(node)))


def short(text: str, x: Tensor) -> str:
    """Return a node's code, or in words what it is if the code is long."""
    return text if len(text) <= LONGEST_NAME else x.label


def entry(name: str, x: Array, index: tuple[int, ...]) -> tuple[str, float]:
    """Return what a gate that works element by element reads at one place of its result, with its own index."""
    own = tuple(0 if size == 1 else i for i, size in zip(index[len(index) - x.ndim :], x.shape, strict=True))
    return at(name, own), float(x[own])


def outside(row: Gate, inputs: Sequence[tuple[str, Array]], wrong: Array) -> str:
    """Describe the one input that lies outside its domain wherever the result is not finite."""
    for (name, x), interval in zip(inputs, row.domain, strict=False):
        beyond = outside_of(interval, x)
        if not np.broadcast_to(beyond, wrong.shape)[wrong].all():
            continue
        # A repeated input is counted where it stands, any other where it does harm.
        harm = wrong if x.shape == wrong.shape else beyond
        first = entry(name, x, tuple(map(int, np.argwhere(harm)[0])))
        # The table says x > 0 of a divisor too, where only 0 itself does harm.
        how = "equal to 0" if not x[harm].any() else f"outside the domain {domain_text(interval)}"
        return f"{name} has {harm.sum():,} of {x.size:,} values {how}; the first is {first[0]} = {first[1]:.6g}"
    return ""


def outside_of(interval: Interval, x: Array) -> Array:
    """Return which entries lie outside a domain; bounds of what is tested do not count."""
    below = (x < interval.low) & (interval.low > -UNBOUNDED)
    return np.asarray(below | ((x > interval.high) & (interval.high < UNBOUNDED)))


def domain_text(interval: Interval) -> str:
    """Write a domain for a reader.

    Examples
    --------
    >>> domain_text(Interval(1e-100, 1e100)), domain_text(Interval(-700, 700)), domain_text(Interval(-1, 1e100))
    ('x > 0', '-700 <= x <= 700', 'x >= -1')
    """
    low = "" if interval.low < -UNBOUNDED else "0" if 0 < interval.low < ALMOST_ZERO else f"{interval.low:g}"
    high = "" if interval.high > UNBOUNDED else f"{interval.high:g}"
    if low == "0" and not high and interval.low > 0:
        return "x > 0"
    if low and high:
        return f"{low} <= x <= {high}"
    return f"x >= {low}" if low else f"x <= {high}"
