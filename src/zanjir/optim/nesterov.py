"""Nesterov's accelerated gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zanjir.graph import Array, Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.optim.optimizer import Optimizer, State

__all__ = ["Nesterov"]


@dataclass(frozen=True)
class Nesterov(Optimizer):
    """v <- momentum v + dW; W <- W - learning_rate (dW + momentum v).

    The form: W is the look-ahead point, at which the gradient is taken, as in PyTorch. The iterate of the
    original form, w, is recovered by `iterate`; with a constant learning rate the two forms are one run.

    References
    ----------
    Nesterov (1983); Sutskever et al. (2013), On the importance of initialization and momentum in deep learning.
    """

    momentum: float = hyperparameter(0.9, at_least=0, below=1)

    state_names: ClassVar[tuple[str, ...]] = ("v",)

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new look-ahead point W and velocity v."""
        v = self.momentum * state["v"] + dW
        return {"v": v, "W": W - learning_rate * (dW + self.momentum * v)}

    def iterate(self, W: Array, v: Array, learning_rate: float) -> Array:
        """Return w, from which the look-ahead point W = w - learning_rate momentum v was taken."""
        return W + learning_rate * self.momentum * v
