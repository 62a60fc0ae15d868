"""Activations: any gate of one input, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zanjir.errors import choose
from zanjir.gates import relu, sigmoid, tanh
from zanjir.graph import Gate, Tensor
from zanjir.nn.layer import Layer

__all__ = ["ACTIVATIONS", "Activation"]

ACTIVATIONS: dict[str, Gate | None] = {"relu": relu, "tanh": tanh, "sigmoid": sigmoid, "identity": None}


@dataclass(frozen=True)
class Activation(Layer):
    """One function of every net input: ``"relu"``, ``"tanh"``, ``"sigmoid"`` or ``"identity"``.

    Examples
    --------
    >>> Activation("relu")(Tensor([-1.0, 2.0]), {}).value
    array([0., 2.])
    """

    name: str = "relu"

    def __post_init__(self) -> None:
        choose("activation", self.name, ACTIVATIONS)

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the activation of a batch."""
        row = ACTIVATIONS[self.name]
        return row(x) if row else x
