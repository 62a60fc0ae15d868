"""What every layer has in common: a frozen description that turns tensors into tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np

from zanjir.graph import Array, Tensor
from zanjir.hyperparameter import Checked

__all__ = ["Layer", "Shape"]

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True)
class Layer(Checked):
    """Base of the layers. A layer holds sizes and choices; its numbers live in the parameter vector.

    ``in_shape`` is the shape of one sample: (D,) for features, (height, width, channels) for images.
    """

    counts: ClassVar[bool] = False
    """Whether the notes count the layer: it has weights W."""
    stem: ClassVar[str] = "h"
    """What the notes call its output."""
    measured: ClassVar[tuple[str, ...]] = ()
    """Names of the parameters that are no weights but statistics of the training data."""

    @property
    def size_text(self) -> str:
        """What stands for the layer among the sizes of a network, if it counts."""
        return type(self).__name__.lower()

    def shapes(self, in_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the parameters, by their names within the layer: W, b."""
        return {}

    def out_shape(self, in_shape: Shape) -> Shape:
        """Return the shape of what comes out for one sample."""
        return in_shape

    def init(self, rng: np.random.Generator, in_shape: Shape) -> dict[str, Array]:
        """Return first values of the parameters."""
        return {}

    def statistics(self, x: Tensor) -> dict[str, Tensor]:
        """Return those numbers of a batch whose counterparts for all training data are ``measured``."""
        return {}

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the output for a batch ``x`` of shape (N, *in_shape).

        ``key`` = (seed, step) and ``stream`` fix the random numbers of layers that draw some; without a key
        nothing is random, as in prediction. In training, ``parameters`` lack the measured ones: the batch's own
        statistics stand for them.
        """
        raise TypeError(f"{type(self).__name__} describes no computation; use one of its subclasses.")
