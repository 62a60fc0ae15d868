"""Adadelta."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zanjir.gates import sqrt
from zanjir.graph import Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.optim.optimizer import Optimizer, State

__all__ = ["Adadelta"]


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """Steps in the unit of the weights: the ratio of two running root mean squares; learning_rate 1 is the paper's.

    References
    ----------
    Zeiler (2012), ADADELTA: an adaptive learning rate method.
    """

    learning_rate: float = hyperparameter(1.0, above=0)
    rho: float = hyperparameter(0.95, at_least=0, below=1)
    epsilon: float = hyperparameter(1e-6, above=0)

    state_names: ClassVar[tuple[str, ...]] = ("v", "u")

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new W and running means of squares: v of gradients, u of steps."""
        rho = Tensor(self.rho)
        v = rho * state["v"] + (1 - rho) * dW**2
        delta = (sqrt(state["u"] + self.epsilon) / sqrt(v + self.epsilon) * dW).named("delta")
        u = rho * state["u"] + (1 - rho) * delta**2
        return {"v": v, "u": u, "W": W - learning_rate * delta}
