"""The errors of zanjir: one clear sentence each, with the value seen, what was expected and what to do.

::

    ZanjirError
    ├── ShapeError        sizes that do not fit together
    ├── ParameterError    an option or hyperparameter outside its range, or an unknown name
    ├── DataError         a data set, label or file whose contents cannot be used
    ├── GraphError        an operation the graph cannot record or differentiate
    └── NonFiniteError    a number became infinite or not-a-number
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TypeVar

__all__ = [
    "DataError",
    "GraphError",
    "NonFiniteError",
    "ParameterError",
    "ShapeError",
    "ZanjirError",
    "choose",
    "listed",
]

Value = TypeVar("Value")


class ZanjirError(ValueError):
    """Base of every error that zanjir raises for a user's input."""


class ShapeError(ZanjirError):
    """Sizes that do not fit together."""


class ParameterError(ZanjirError):
    """An option or hyperparameter outside its range, or an unknown name."""


class DataError(ZanjirError):
    """A data set, label or file whose contents cannot be used."""


class GraphError(ZanjirError, TypeError):
    """An operation that the graph cannot record or differentiate."""


class NonFiniteError(ZanjirError, ArithmeticError):
    """A number became infinite or not-a-number."""


def choose(what: str, name: str, options: dict[str, Value]) -> Value:
    """Return ``options[name]``, or say which names exist and which is nearest.

    Raises
    ------
    ParameterError
        If ``name`` is not one of the options.

    Examples
    --------
    >>> choose("activation", "relu", {"relu": 1, "tanh": 2})
    1
    >>> choose("activation", "rulu", {"relu": 1, "tanh": 2})
    Traceback (most recent call last):
        ...
    zanjir.errors.ParameterError: unknown activation 'rulu'; expected relu or tanh. Did you mean 'relu'?
    """
    if name in options:
        return options[name]
    near = difflib.get_close_matches(str(name).lower(), options, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ParameterError(f"unknown {what} {name!r}; expected {listed(options)}.{hint}")


def listed(names: Iterable[str]) -> str:
    """Return names as a phrase: ``a, b or c``."""
    *first, last = names or ("nothing",)
    return f"{', '.join(first)} or {last}" if first else last
