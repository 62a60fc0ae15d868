"""Samples in another shape: rows of features as images, and images as rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from zanjir.errors import ParameterError, ShapeError
from zanjir.graph import Tensor
from zanjir.nn.layer import Layer, Shape

__all__ = ["Flatten", "Reshape"]


@dataclass(frozen=True)
class Reshape(Layer):
    """Give every sample a shape, such as (28, 28, 1) for rows of 784 pixels.

    Parameters
    ----------
    shape : sequence of int
        The shape of one sample; it holds as many numbers as came in.

    Examples
    --------
    >>> Reshape((2, 3, 1))(Tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]), {}).shape
    (1, 2, 3, 1)
    """

    shape: Sequence[int]

    stem: ClassVar[str] = "images"

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = tuple(self.shape) if isinstance(self.shape, Sequence) else (self.shape,)
        if not sizes or not all(type(size) is int and size >= 1 for size in sizes):
            raise ParameterError(f"Reshape: shape must hold whole numbers in [1, infinity); got {self.shape!r}.")
        object.__setattr__(self, "shape", sizes)

    def out_shape(self, in_shape: Shape) -> Shape:
        """Return the shape of a sample."""
        if math.prod(in_shape) != math.prod(self.shape):
            raise ShapeError(
                f"Reshape: a sample of shape {in_shape} has {math.prod(in_shape)} numbers, "
                f"and {tuple(self.shape)} holds {math.prod(self.shape)}."
            )
        return tuple(self.shape)

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the same numbers, (N, *shape)."""
        return x.reshape((-1, *self.out_shape(x.shape[1:])))


@dataclass(frozen=True)
class Flatten(Layer):
    """Every sample as a row of features, row by row.

    Examples
    --------
    >>> Flatten().out_shape((7, 7, 16))
    (784,)
    """

    stem: ClassVar[str] = "flat"

    def out_shape(self, in_shape: Shape) -> Shape:
        """Return the number of features."""
        return (math.prod(in_shape),)

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the same numbers, (N, D)."""
        return x.reshape((-1, *self.out_shape(x.shape[1:])))
