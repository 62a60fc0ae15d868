"""How NumPy's functions find their gate: NEP 13 (ufuncs), NEP 18 (other functions) and indexing by label."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zanjir.errors import GraphError
from zanjir.graph.gate import TABLE, Gate
from zanjir.graph.tensor import Tensor, apply

__all__ = ["call_function", "call_ufunc", "index"]

NO_OUT = "a tensor never changes, so out= and in-place updates do not exist here; write a = a + b for a += b"


def call_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
    """Answer ``np.exp(t)`` and the operators, which NumPy's mixin turns into ufuncs."""
    if kwargs.get("out") is not None:
        raise GraphError(f"{ufunc.__name__}: {NO_OUT}.")
    if method != "__call__":
        raise GraphError(
            f"np.{ufunc.__name__}.{method} is not recorded in the graph; use a NumPy function such as np.sum."
        )
    if kwargs:
        raise GraphError(f"np.{ufunc.__name__}({', '.join(kwargs)}=...) is not recorded in the graph; leave it out.")
    return apply(find(ufunc), *inputs)


def call_function(function: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
    """Answer ``np.sum(t, axis=1)`` and the like, with NumPy's own argument names."""
    row = find(function)
    given = inspect.signature(function).bind(*args, **kwargs).arguments
    n_inputs = len(row.vjp)
    inputs = list(given.values())[:n_inputs]
    params = dict(list(given.items())[n_inputs:])
    if params.pop("out", None) is not None:
        raise GraphError(f"{row.name}: {NO_OUT}.")
    refused = [name for name in params if name not in row.params]
    if refused:
        known = ", ".join(row.params) or "no parameters"
        raise GraphError(f"np.{row.name}({refused[0]}=...) is not recorded in the graph; expected {known}.")
    return apply(row, *inputs, **params)


def find(function: Callable[..., Any]) -> Gate:
    """Return the gate that a NumPy function means."""
    for row in TABLE.values():
        if row.numpy is function:
            return row
    name = function.__name__
    near = difflib.get_close_matches(name, TABLE, n=3, cutoff=0.5) or sorted(TABLE)
    raise GraphError(f"np.{name} has no gate; near names: {', '.join(near)}. Use .value for numbers without a graph.")


def index(node: Tensor, key: Any) -> Tensor:
    """Answer ``scores[np.arange(N), y]``: for each row, the entry at that row's label."""
    rows, labels = key if isinstance(key, tuple) and len(key) == 2 else (None, None)
    if not (isinstance(rows, np.ndarray) and np.array_equal(rows, np.arange(len(node)))):
        raise GraphError(f"{node.label}[...] records indexing by label only: write {node.label}[np.arange(N), y].")
    return apply(TABLE["pick"], node, labels)
