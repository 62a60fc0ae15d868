"""Gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

from zanjir.graph import Tensor
from zanjir.optim.optimizer import Optimizer, State

__all__ = ["SGD"]


@dataclass(frozen=True)
class SGD(Optimizer):
    """W <- W - learning_rate * dW: batch, stochastic or mini-batch descent, by the size of the batch."""

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return W - learning_rate * dW."""
        return {"W": W - learning_rate * dW}
