"""All parameters as one flat vector, with W1, b1, W2, ... as views of it: the notes' ``np.concatenate``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zanjir.errors import ShapeError
from zanjir.graph import Array

__all__ = ["Layout"]


@dataclass(frozen=True)
class Layout:
    """Where each parameter lies in the flat vector.

    Parameters
    ----------
    shapes : dict of str to tuple
        Name and shape of each parameter, in the order of the vector.

    Examples
    --------
    >>> layout = Layout({"W1": (784, 20), "b1": (20,), "W2": (20, 10), "b2": (10,)})
    >>> layout.offsets["W2"], layout.size
    ((15700, 15900), 15910)
    """

    shapes: Mapping[str, tuple[int, ...]]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    @property
    def offsets(self) -> dict[str, tuple[int, int]]:
        """First and past-the-last index of each parameter in the vector."""
        offsets, start = {}, 0
        for name, shape in self.shapes.items():
            offsets[name] = (start, start + math.prod(shape))
            start += math.prod(shape)
        return offsets

    def views(self, vector: Array) -> dict[str, Array]:
        """Return each parameter as a view of the vector: no copy, and a write shows in both.

        Raises
        ------
        ShapeError
            If the vector has another length.
        """
        if vector.shape != (self.size,):
            raise ShapeError(f"the parameter vector has shape {vector.shape}, expected ({self.size},): {self}.")
        return {name: vector[a:b].reshape(self.shapes[name]) for name, (a, b) in self.offsets.items()}

    def flatten(self, parameters: Mapping[str, Array]) -> Array:
        """Return a new vector with the parameters one after the other.

        Raises
        ------
        ShapeError
            If a parameter is missing, or has another shape.
        """
        for name, shape in self.shapes.items():
            given = np.shape(parameters[name]) if name in parameters else "missing"
            if given != shape:
                raise ShapeError(f"parameter {name} is {given}, expected shape {shape}: {self}.")
        return np.concatenate([np.ravel(parameters[name]) for name in self.shapes])

    def __str__(self) -> str:
        return ", ".join(f"{name} {shape}" for name, shape in self.shapes.items())
