"""Hyperparameters with their ranges as data, checked in one place with one sentence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any

from zanjir.errors import ParameterError

__all__ = ["Checked", "hyperparameter"]


def hyperparameter(
    default: float, *, above: float | None = None, at_least: float | None = None, below: float = math.inf
) -> Any:
    """Return a dataclass field whose value must lie in a range that is open at ``above`` and ``below``."""
    return field(default=default, metadata={"above": above, "at_least": at_least, "below": below})


@dataclass(frozen=True)
class Checked:
    """A frozen dataclass that refuses hyperparameters outside their ranges.

    Raises
    ------
    ParameterError
        If a number is outside its range, or not a number.
    """

    def __post_init__(self) -> None:
        for entry in fields(self):
            if "below" in entry.metadata:
                whole = entry.type in (int, "int")
                check(type(self).__name__, entry.name, getattr(self, entry.name), whole=whole, **entry.metadata)


def check(
    owner: str, name: str, value: Any, *, whole: bool, above: float | None, at_least: float | None, below: float
) -> None:
    """Raise unless a value is a number, or a whole number, in its range."""
    low = above if above is not None else at_least
    low = -math.inf if low is None else low
    is_real = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if is_real and (value > low if above is not None else value >= low) and value < below:
        return
    kind = "whole number" if whole else "number"
    bracket = "[" if at_least is not None else "("
    high = "infinity" if below == math.inf else f"{below:g}"
    raise ParameterError(f"{owner}: {name} must be a {kind} in {bracket}{low:g}, {high}); got {value!r}.")
