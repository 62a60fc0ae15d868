"""Adagrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zanjir.gates import sqrt
from zanjir.graph import Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.optim.optimizer import Optimizer, State

__all__ = ["Adagrad"]


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """G <- G + dW^2; W <- W - learning_rate dW / (sqrt(G) + epsilon).

    References
    ----------
    Duchi, Hazan and Singer (2011), Adaptive subgradient methods for online learning.
    """

    epsilon: float = hyperparameter(1e-10, above=0)

    state_names: ClassVar[tuple[str, ...]] = ("G",)

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new W and sum of squares G."""
        G = state["G"] + dW**2
        return {"G": G, "W": W - learning_rate * dW / (sqrt(G) + self.epsilon)}
