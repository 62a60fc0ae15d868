"""Adam, and AdamW with decoupled weight decay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zanjir.gates import sqrt
from zanjir.graph import Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.optim.optimizer import Optimizer, State

__all__ = ["Adam", "AdamW"]


@dataclass(frozen=True)
class Adam(Optimizer):
    """Running means m of the gradient and v of its square, both corrected for their start at zero.

    W <- W - learning_rate m_hat / (sqrt(v_hat) + epsilon): epsilon stands outside the root, after the correction.

    References
    ----------
    Kingma and Ba (2015), Adam: a method for stochastic optimization, algorithm 1.
    """

    learning_rate: float = hyperparameter(0.001, above=0)
    beta1: float = hyperparameter(0.9, at_least=0, below=1)
    beta2: float = hyperparameter(0.999, at_least=0, below=1)
    epsilon: float = hyperparameter(1e-8, above=0)

    state_names: ClassVar[tuple[str, ...]] = ("m", "v")

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new W and running means m, v."""
        beta1, beta2 = Tensor(self.beta1), Tensor(self.beta2)
        m = beta1 * state["m"] + (1 - beta1) * dW
        v = beta2 * state["v"] + (1 - beta2) * dW**2
        m_hat = (m / (1 - beta1**t)).named("m_hat")
        v_hat = (v / (1 - beta2**t)).named("v_hat")
        return {"m": m, "v": v, "W": W - learning_rate * m_hat / (sqrt(v_hat) + self.epsilon)}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam on weights that first shrink by learning_rate * weight_decay; biases shrink too, as in PyTorch.

    References
    ----------
    Loshchilov and Hutter (2019), Decoupled weight decay regularization, algorithm 2.
    """

    weight_decay: float = hyperparameter(0.01, at_least=0)

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new W and running means m, v."""
        shrunk = W * (1 - learning_rate * self.weight_decay)
        return super().update(shrunk, dW, learning_rate, t, **state)
