"""Clipping the gradient by its norm."""

from __future__ import annotations

from dataclasses import dataclass

from zanjir.gates import maximum, sqrt
from zanjir.graph import Tensor
from zanjir.hyperparameter import Checked, hyperparameter

__all__ = ["ClipNorm"]


@dataclass(frozen=True)
class ClipNorm(Checked):
    """Shorten the gradient to a norm of at most ``largest``, keeping its direction.

    Examples
    --------
    >>> ClipNorm(1.0)(Tensor([3.0, 4.0])).value
    array([0.6, 0.8])

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks.
    """

    largest: float = hyperparameter(1.0, above=0)

    def __call__(self, dW: Tensor) -> Tensor:
        """Return the gradient, clipped. A gradient of exactly zero stays zero."""
        norm = sqrt((dW**2).sum()).named("norm")
        return dW * (self.largest / maximum(norm, self.largest))
