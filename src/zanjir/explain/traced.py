"""One number of an array that remembers how it was computed, so that a gate's own forward function can be traced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zanjir.graph import Tensor
from zanjir.graph.gate import TABLE

__all__ = ["Traced", "summands", "value_of"]


class Traced:
    """A number with the operation that gave it; arrays of them pass through what NumPy does to objects.

    Parameters
    ----------
    value : float
        The number.
    operation : str
        The gate that gave it, or ``"entry"`` for a number of an input.
    parts : tuple
        Numbers and floats from which it was computed; of an entry, whatever tells where it stands.

    Examples
    --------
    >>> x, y = Traced(2.0, "entry", ("x",)), Traced(3.0, "entry", ("y",))
    >>> z = x * y + 1
    >>> z.value, z.operation, z.parts[0].operation
    (7.0, 'add', 'multiply')
    """

    __slots__ = ("operation", "parts", "value")

    def __init__(self, value: float, operation: str, parts: tuple[Any, ...]) -> None:
        self.value, self.operation, self.parts = value, operation, parts

    def __getattr__(self, name: str) -> Callable[..., Traced]:
        """Return an elementwise gate as the method that NumPy calls on objects, such as ``exp``."""
        gate = TABLE.get(name)
        if gate is None or not gate.elementwise:
            raise AttributeError(name)
        return lambda *others: computed(name, self, *others)

    @property
    def real(self) -> Traced:
        """The number itself, which NumPy asks for in a variance."""
        return self

    def conjugate(self) -> Traced:
        """Return the number itself."""
        return self

    def __add__(self, other: Any) -> Traced:
        return self if is_zero(other) else computed("add", self, other)

    def __radd__(self, other: Any) -> Traced:
        return self if is_zero(other) else computed("add", other, self)

    def __sub__(self, other: Any) -> Traced:
        return computed("subtract", self, other)

    def __rsub__(self, other: Any) -> Traced:
        return computed("subtract", other, self)

    def __mul__(self, other: Any) -> Traced:
        return computed("multiply", self, other)

    def __rmul__(self, other: Any) -> Traced:
        return computed("multiply", other, self)

    def __truediv__(self, other: Any) -> Traced:
        return computed("divide", self, other)

    def __rtruediv__(self, other: Any) -> Traced:
        return computed("divide", other, self)

    def __neg__(self) -> Traced:
        return computed("negative", self)

    def __lt__(self, other: Any) -> bool:
        return self.value < value_of(other)

    def __le__(self, other: Any) -> bool:
        return self.value <= value_of(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > value_of(other)

    def __ge__(self, other: Any) -> bool:
        return self.value >= value_of(other)


def computed(name: str, *parts: Any) -> Traced:
    """Return what a gate gives for numbers."""
    value = TABLE[name].forward(*map(value_of, parts), **TABLE[name].params)
    return Traced(float(value), name, parts)


def value_of(x: Any) -> float:
    """Return the value of a traced number, of a node, or of a plain number."""
    return float(x.value if isinstance(x, Traced | Tensor) else x)


def is_zero(x: Any) -> bool:
    """Whether something is a plain 0, with which NumPy begins sums."""
    return not isinstance(x, Traced) and float(x) == 0


def summands(number: Any) -> list[Any]:
    """Return the terms of a sum, from left to right, and of anything else itself.

    Examples
    --------
    >>> x = Traced(2.0, "entry", ("x",))
    >>> [value_of(term) for term in summands((x * 3 + 1) + (x + 4))]
    [6.0, 1.0, 2.0, 4.0]
    """
    terms: list[Any] = []
    stack = [number]
    while stack:
        term = stack.pop()
        if isinstance(term, Traced) and term.operation == "add":
            stack += reversed(term.parts)
        else:
            terms.append(term)
    return terms
