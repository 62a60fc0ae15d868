"""Numbers of 30 digits that carry their derivatives, and formulas read with functions of their own.

Only definitions of functions stand behind them (``gate_values``): slopes are mpmath's differences with more digits than
are compared. Nothing is shared with the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import mpmath

from witnesses.gate_values import WITNESSES

__all__ = ["DIGITS", "FUNCTIONS", "Dual", "every_slope", "local_slopes", "value_of"]

DIGITS = 30
Slopes = Mapping[str, Any]


@dataclass(frozen=True)
class Dual:
    """A value, and its derivatives by what they are taken with respect to."""

    value: Any
    slopes: Slopes = field(default_factory=dict)

    def __add__(self, other: Any) -> Dual:
        return lifted(lambda x, y: x + y, lambda x, y: (1, 1))(self, other)

    def __sub__(self, other: Any) -> Dual:
        return lifted(lambda x, y: x - y, lambda x, y: (1, -1))(self, other)

    def __mul__(self, other: Any) -> Dual:
        return lifted(lambda x, y: x * y, lambda x, y: (y, x))(self, other)

    def __truediv__(self, other: Any) -> Dual:
        return lifted(lambda x, y: x / y, lambda x, y: (1 / y, -x / y**2))(self, other)

    def __pow__(self, other: Any) -> Dual:
        return lifted(lambda x, n: x**n)(self, other)

    def __neg__(self) -> Dual:
        return self * -1

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other: Any) -> Dual:
        return Dual(other) - self

    def __rtruediv__(self, other: Any) -> Dual:
        return Dual(other) / self

    def __rpow__(self, other: Any) -> Dual:
        return Dual(other) ** self

    def __gt__(self, other: Any) -> bool:
        return bool(value_of(self) > value_of(other))

    def __lt__(self, other: Any) -> bool:
        return bool(value_of(self) < value_of(other))

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __le__(self, other: Any) -> bool:
        return not self > other

    def __bool__(self) -> bool:
        return bool(self.value)


def value_of(x: Any) -> Any:
    return x.value if isinstance(x, Dual) else x


def lifted(f: Callable[..., Any], slopes: Callable[..., tuple[Any, ...]] | None = None) -> Callable[..., Any]:
    """Let a function take duals; its slopes are differences, unless they are given."""

    def of_duals(*inputs: Any, **settings: Any) -> Dual:
        values = [value_of(x) for x in inputs]
        moving = [k for k, x in enumerate(inputs) if isinstance(x, Dual) and x.slopes]
        known = slopes(*values) if slopes else {k: slope_of(f, k, values, settings) for k in moving}
        found: dict[str, Any] = {}
        for k in moving:
            for name, slope in inputs[k].slopes.items():
                found[name] = found.get(name, 0) + known[k] * slope
        return Dual(f(*values, **settings), found)

    return of_duals


def slope_of(f: Callable[..., Any], k: int, values: list[Any], settings: Mapping[str, Any]) -> Any:
    """The derivative of a function with respect to one of its inputs."""
    return mpmath.diff(lambda x: f(*values[:k], x, *values[k + 1 :], **settings), values[k])


def gate(name: str) -> Callable[..., Any]:
    return lifted(lambda *inputs, **settings: WITNESSES[name].value(mpmath, *inputs, **settings))


ALIASES = {"abs": "absolute", "max": "maximum", "min": "minimum", "square": "square"}
FUNCTIONS = {name: gate(name) for name in WITNESSES} | {name: gate(of) for name, of in ALIASES.items()}


def read(formula: str, names: Mapping[str, Any]) -> Dual:
    """A formula, as Python reads it."""
    return eval(formula, dict(FUNCTIONS), dict(names))  # noqa: S307 - written by the tests


def every_slope(given: Mapping[str, Any], formulas: Mapping[str, str], of: Iterable[str]) -> dict[str, Dual]:
    """Every number of a problem, with its derivatives with respect to the chosen ones that stand before it."""
    chosen = set(of)
    numbers = {name: seeded(name, Dual(mpmath.mpf(value)), chosen) for name, value in given.items()}
    for name, formula in formulas.items():
        numbers[name] = seeded(name, read(formula, numbers), chosen)
    return numbers


def seeded(name: str, number: Dual, chosen: set[str]) -> Dual:
    """A number that may move by itself."""
    return Dual(number.value, {**number.slopes, name: mpmath.mpf(1)} if name in chosen else number.slopes)


def local_slopes(formula: str, numbers: Mapping[str, Dual]) -> Slopes:
    """The derivatives of one formula with respect to the names in it."""
    return read(formula, {name: Dual(x.value, {name: mpmath.mpf(1)}) for name, x in numbers.items()}).slopes
