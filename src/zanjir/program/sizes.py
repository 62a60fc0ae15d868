"""Sizes that follow the batch: each axis of each node as a n + b, where n is the number of samples."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from zanjir.errors import GraphError, ZanjirError
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.tensor import Tensor

__all__ = ["Shape", "Size", "shapes"]

# With so many samples more than were traced, a size that fits three batches is that of all.
MORE = (1, 3)


@dataclass(frozen=True)
class Size:
    """The size of an axis: ``each`` for every sample, and ``fixed`` besides.

    Examples
    --------
    >>> str(Size(0, 10)), str(Size(1)), str(Size(3, -2))
    ('10', 'N', '3 N - 2')
    """

    each: int
    fixed: int = 0

    def __str__(self) -> str:
        if not self.each:
            return str(self.fixed)
        times = "N" if self.each == 1 else f"{self.each} N"
        return times if not self.fixed else f"{times} {'+' if self.fixed > 0 else '-'} {abs(self.fixed)}"


Shape: TypeAlias = tuple[Size, ...]


def shapes(outputs: Iterable[Tensor], batch: Collection[Tensor]) -> dict[int, Shape]:
    """Return the shape of every node for any number of samples, by ``id(node)``.

    Parameters
    ----------
    outputs : tensors
        The results of a program.
    batch : tensors
        Its leaves that hold one row per sample.

    Raises
    ------
    GraphError
        If the program does not run with another number of samples, or a size does not grow evenly with it.

    Examples
    --------
    >>> X = Tensor(np.zeros((2, 3)), "X")
    >>> Y = X.reshape(-1)
    >>> [str(size) for size in shapes([Y], [X])[id(Y)]]
    ['3 N']
    """
    outputs = list(outputs)
    n = len(next(iter(batch)).value)
    traced = {id(node): node.shape for node in topological_order(outputs)}
    second, third = (shapes_with(outputs, batch, n + more) for more in MORE)
    found = {}
    for key, sizes in traced.items():
        each = [b - a for a, b in zip(sizes, second[key], strict=True)]
        found[key] = tuple(Size(k, size - k * n) for k, size in zip(each, sizes, strict=True))
        expected = tuple(size.each * (n + MORE[1]) + size.fixed for size in found[key])
        if expected != third[key]:
            raise GraphError(
                f"a size of the program does not follow the batch evenly: a node has shapes {sizes}, {second[key]} and "
                f"{third[key]} with {n}, {n + MORE[0]} and {n + MORE[1]} samples."
            )
    return found


def shapes_with(outputs: list[Tensor], batch: Collection[Tensor], n: int) -> dict[int, tuple[int, ...]]:
    """Return the shape of every node for a batch of n samples, filled with zeros."""
    given = {leaf: np.zeros((n, *leaf.shape[1:]), leaf.dtype) for leaf in batch}
    try:
        with np.errstate(all="ignore"):  # shapes are wanted here, not the numbers of a made-up batch
            values = evaluate(outputs, given)
    except (ZanjirError, ValueError, IndexError) as error:
        raise GraphError(f"the program does not run with {n} samples: {error}") from error
    return {key: np.shape(value) for key, value in values.items()}
