"""The linear layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zanjir.errors import ParameterError, ShapeError, choose
from zanjir.graph import Array, Tensor
from zanjir.graph.tensor import as_tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.nn.initializers import INITIALIZERS
from zanjir.nn.layer import Layer, Shape

__all__ = ["Linear"]


@dataclass(frozen=True)
class Linear(Layer):
    """x W + b: scores, or the net input of the next activation.

    Parameters
    ----------
    features : int
        How many numbers come out.
    initializer : str
        First values of W: ``"small"`` (the notes' 0.001 randn), ``"glorot"``, ``"he"`` or ``"zeros"``.

    Examples
    --------
    >>> Linear(512).shapes((784,))
    {'W': (784, 512), 'b': (512,)}
    """

    features: int = hyperparameter(1, at_least=1)
    initializer: str = "glorot"

    counts: ClassVar[bool] = True
    stem: ClassVar[str] = "z"

    @property
    def size_text(self) -> str:
        """How many features come out."""
        return str(self.features)

    def shapes(self, in_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of W and b."""
        if len(in_shape) != 1:
            fix = "put a Flatten before it" if in_shape else "one sample x is a batch of one, x[None, :]"
            raise ShapeError(f"Linear: a sample is {in_shape}, expected (D,); {fix}.")
        return {"W": (*in_shape, self.features), "b": (self.features,)}

    def out_shape(self, in_shape: Shape) -> Shape:
        """Return how many features come out."""
        return (self.features,)

    def init(self, rng: np.random.Generator, in_shape: Shape) -> dict[str, Array]:
        """Return first values: W by the initializer, b zero."""
        start = choose("initializer", self.initializer, INITIALIZERS)
        return {"W": start(rng, self.shapes(in_shape)["W"]), "b": np.zeros(self.features)}

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return x W + b for a batch of shape (N, in_features)."""
        W, b = weights_and_bias(x, parameters)
        return x @ W + b


def weights_and_bias(x: Tensor, parameters: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return W and b, if they fit each other and what comes in."""
    for name in "Wb":
        if name not in parameters:
            raise ParameterError(
                f"Linear: the layer after {x.label} {x.shape} has no {name}; "
                "expected W1, b1, W2, b2 and so on, one pair for each linear layer."
            )
    W, b = (as_tensor(parameters[name]) for name in "Wb")
    if x.ndim != 2 or W.ndim != 2 or x.shape[1] != W.shape[0]:
        raise ShapeError(
            f"Linear: {x.label} is {x.shape}, expected (N, {W.shape[0] if W.ndim else 'D'}) to fit {W.label} {W.shape}."
            f"{likely_fix(x, W)}"
        )
    if b.shape != W.shape[1:]:
        raise ShapeError(f"Linear: {b.label} is {b.shape}, expected {W.shape[1:]}, one number per column of {W.label}.")
    return W, b


def likely_fix(x: Tensor, W: Tensor) -> str:
    """Return what would make a product of x and W possible."""
    if x.ndim == 1:
        return f" One sample is a batch of one: {x.label}[None, :]."
    if x.ndim != 2 or W.ndim != 2:
        return ""
    if x.shape[1] == W.shape[1]:
        return f" Did you mean {W.label}.T?"
    return f" Or {W.label} should have shape ({x.shape[1]}, {W.shape[1]})."
