"""What every layer has in common: a frozen description that turns tensors into tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zanjir.graph import Array, Tensor
from zanjir.hyperparameter import Checked

__all__ = ["Layer"]


@dataclass(frozen=True)
class Layer(Checked):
    """Base of the layers. A layer holds sizes and choices; its numbers live in the parameter vector."""

    def shapes(self, in_features: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters, by their names within the layer: W, b."""
        return {}

    def out_features(self, in_features: int) -> int:
        """Return how many features come out when ``in_features`` go in."""
        return in_features

    def init(self, rng: np.random.Generator, in_features: int) -> dict[str, Array]:
        """Return first values of the parameters."""
        return {}

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the output for a batch ``x`` of shape (N, in_features).

        ``key`` = (seed, step) and ``stream`` fix the random numbers of layers that draw some; without a key
        nothing is random, as in prediction.
        """
        raise TypeError(f"{type(self).__name__} describes no computation; use one of its subclasses.")
