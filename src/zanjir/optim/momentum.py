"""Gradient descent with momentum (the heavy ball)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zanjir.graph import Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.optim.optimizer import Optimizer, State

__all__ = ["Momentum"]


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v <- momentum v + dW; W <- W - learning_rate v.

    References
    ----------
    Polyak (1964), Some methods of speeding up the convergence of iteration methods.
    """

    momentum: float = hyperparameter(0.9, at_least=0, below=1)

    state_names: ClassVar[tuple[str, ...]] = ("v",)

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new W and velocity v."""
        v = self.momentum * state["v"] + dW
        return {"v": v, "W": W - learning_rate * v}
