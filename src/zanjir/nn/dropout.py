"""Dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from zanjir.gates import uniform_like
from zanjir.graph import Tensor
from zanjir.hyperparameter import hyperparameter
from zanjir.nn.layer import Layer

__all__ = ["Dropout"]


@dataclass(frozen=True)
class Dropout(Layer):
    """While training, set each number to 0 with probability ``rate``, and divide the others by 1 - rate.

    Parameters
    ----------
    rate : float in [0, 1)
        The probability of being dropped (not of being kept).

    References
    ----------
    Srivastava et al. (2014), Dropout: a simple way to prevent neural networks from overfitting.

    Examples
    --------
    >>> ones = Tensor([[1.0] * 1000])
    >>> kept = Dropout(0.25)(ones, {}, key=Tensor([0, 1])).value
    >>> bool(abs((kept == 0).mean() - 0.25) < 0.05), Dropout(0.25)(ones, {}) is ones
    (True, True)
    """

    rate: float = hyperparameter(0.5, at_least=0, below=1)

    stem: ClassVar[str] = "dropped"

    def __call__(
        self, x: Tensor, parameters: Mapping[str, Tensor], key: Tensor | None = None, stream: int = 0
    ) -> Tensor:
        """Return the batch with some numbers dropped; unchanged without a key."""
        if key is None or self.rate == 0:
            return x
        keep = (uniform_like(key, x, stream=stream) >= self.rate).named("keep")
        return x * keep / (1 - self.rate)
