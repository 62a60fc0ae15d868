"""Activations: any gate of one input by name, or any function written in NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zanjir.errors import ShapeError, choose
from zanjir.gates import relu, sigmoid, tanh
from zanjir.graph import Gate, Tensor
from zanjir.nn.layer import Layer

__all__ = ["ACTIVATIONS", "Activation"]

ACTIVATIONS: dict[str, Gate | None] = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid, "identity": None}


@dataclass(frozen=True)
class Activation(Layer):
    """One function of every net input.

    Parameters
    ----------
    name : str or callable
        ``"relu"``, ``"tanh"``, ``"sigmoid"``, ``"identity"``, or a function of a tensor, written in NumPy, that keeps
        its shape.

    Raises
    ------
    ParameterError, ShapeError
        If the name is unknown, or the function gives another shape.

    Examples
    --------
    >>> Activation("relu")(Tensor([-1.0, 2.0]), {}).value
    array([0., 2.])
    >>> import numpy as np
    >>> Activation(lambda z: z * np.tanh(np.log1p(np.exp(z))))(Tensor([[0.0, 1.0]]), {}).value.round(6)
    array([[0.      , 0.865098]])
    """

    name: str | Callable[[Tensor], Tensor] = "relu"

    def __post_init__(self) -> None:
        if not callable(self.name):
            choose("activation", self.name, ACTIVATIONS)

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the activation of a batch."""
        if callable(self.name):
            return own(self.name, x)
        row = ACTIVATIONS[self.name]
        return row(x) if row else x


def own(function: Callable[[Any], Any], x: Tensor) -> Tensor:
    """Return what a user's function makes of a tensor, if it is a tensor of the same shape."""
    y = function(x)
    if not isinstance(y, Tensor) or y.shape != x.shape:
        what = f"shape {y.shape}" if isinstance(y, Tensor) else type(y).__name__
        raise ShapeError(
            f"the activation {getattr(function, '__name__', function)} makes {what} of a tensor of shape {x.shape}; "
            "expected a tensor of the same shape."
        )
    return y
