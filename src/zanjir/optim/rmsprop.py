"""RMSProp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zanjir.gates import sqrt
from zanjir.graph import Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.optim.optimizer import Optimizer, State

__all__ = ["RMSProp"]


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """v <- rho v + (1 - rho) dW^2; W <- W - learning_rate dW / (sqrt(v) + epsilon).

    References
    ----------
    Tieleman and Hinton (2012), Lecture 6.5: RMSProp.
    """

    learning_rate: float = hyperparameter(0.001, above=0)
    rho: float = hyperparameter(0.9, at_least=0, below=1)
    epsilon: float = hyperparameter(1e-8, above=0)

    state_names: ClassVar[tuple[str, ...]] = ("v",)

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new W and running mean of squares v."""
        rho = Tensor(self.rho)
        v = rho * state["v"] + (1 - rho) * dW**2
        return {"v": v, "W": W - learning_rate * dW / (sqrt(v) + self.epsilon)}
