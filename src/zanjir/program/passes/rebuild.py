"""Building a graph again with some of its gates replaced: what every pass over a program does."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from zanjir.graph.order import topological_order
from zanjir.graph.tensor import Tensor, apply

__all__ = ["Replace", "alike", "rebuilt"]

Replace: TypeAlias = "Callable[[Tensor], Tensor | None]"


def rebuilt(outputs: Mapping[str, Tensor], replace: Replace) -> dict[str, Tensor]:
    """Return the same outputs with every gate offered to ``replace``, on inputs that are rebuilt already.

    Parameters
    ----------
    outputs : mapping of str to Tensor
        The results of a program.
    replace : function
        Takes a node of a gate, and returns the node to use in its place or None to keep it. The names of nodes
        are kept.

    Examples
    --------
    >>> x = Tensor([1.0, 2.0], "x")
    >>> rebuilt({"y": np.exp(-x)}, lambda node: node.inputs[0] if node.gate.name == "negative" else None)["y"].value
    array([2.71828183, 7.3890561 ])
    """
    new: dict[int, Tensor] = {}
    with np.errstate(all="ignore"):  # the numbers of a traced batch mean nothing
        for node in topological_order(outputs.values()):
            if node.gate is None:
                new[id(node)] = node
                continue
            inputs = tuple([new[id(x)] for x in node.inputs])
            same = all(map(operator.is_, inputs, node.inputs))
            found = node if same else apply(node.gate, *inputs, **node.params)
            if found is not node and node.name:
                found = found.named(node.name)
            better = replace(found)
            if better is not None and node.name and better.gate and not better.name:
                better = better.named(node.name)
            new[id(node)] = found if better is None else better
    return {name: new[id(node)] for name, node in outputs.items()}


def alike(x: Tensor, y: Tensor) -> bool:
    """Whether two nodes have the same shape and type, so that one may stand for the other."""
    return (
        x.shape == y.shape and x.dtype == y.dtype and isinstance(x.value, np.ndarray) == isinstance(y.value, np.ndarray)
    )
