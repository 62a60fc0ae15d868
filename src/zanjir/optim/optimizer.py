"""An optimizer is data: its hyperparameters, the names of its state, and an update rule written in gates.

The rule is recorded as a graph, so it is printed, explained and run by the engines like everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from zanjir.graph import Tensor
from zanjir.hyperparameter import Checked, hyperparameter

__all__ = ["Optimizer", "State"]

State: TypeAlias = dict[str, Tensor]


@dataclass(frozen=True)
class Optimizer(Checked):
    """Base of the update rules.

    Parameters
    ----------
    learning_rate : float > 0
        The step size; a schedule may multiply it.
    """

    learning_rate: float = hyperparameter(0.01, above=0)

    state_names: ClassVar[tuple[str, ...]] = ()

    def update(self, W: Tensor, dW: Tensor, learning_rate: Tensor, t: Tensor, **state: Tensor) -> State:
        """Return the new flat vector ``W`` and the new state, by name.

        Parameters
        ----------
        W, dW : Tensor of shape (P,)
            The flat parameter vector and the gradient.
        learning_rate, t : Tensor of shape ()
            The step size of this step, and the number of this step, from 1.
        state : Tensor of shape (P,)
            One vector per name in ``state_names``, all zero before the first step.
        """
        raise TypeError(f"{type(self).__name__} has no update rule; use SGD, Adam or another of its subclasses.")
