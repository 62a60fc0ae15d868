"""Penalties on the weights. Biases are not penalized, and there is no factor 1/2: the gradient of L2 is 2 alpha W."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zanjir.errors import ParameterError, choose
from zanjir.graph import Tensor
from zanjir.hyperparameter import Checked, hyperparameter

__all__ = ["L1", "L2", "PENALTIES", "ElasticNet", "Regularizer", "regularizer"]


@dataclass(frozen=True)
class Regularizer(Checked):
    """Base of the penalties: ``alpha`` times a sum over all weights."""

    alpha: float = hyperparameter(0.0001, at_least=0)

    def of(self, W: Tensor) -> Tensor:
        """Return the penalty of one weight matrix, without alpha."""
        raise TypeError(f"{type(self).__name__} is no penalty; use L2, L1 or ElasticNet.")

    @property
    def formula(self) -> str:
        """The sum that alpha multiplies."""
        raise TypeError(f"{type(self).__name__} is no penalty; use L2, L1 or ElasticNet.")

    @property
    def text(self) -> str:
        """The penalty as a formula."""
        return f"{self.alpha:g} * {self.formula}"

    def __call__(self, weights: Sequence[Tensor]) -> Tensor:
        """Return alpha times the sum over the weight matrices: a single number."""
        first, *others = weights
        total = self.of(first)
        for W in others:
            total = total + self.of(W)
        return self.alpha * total


@dataclass(frozen=True)
class L2(Regularizer):
    """alpha * sum(W^2).

    Examples
    --------
    >>> float(L2(0.5)([Tensor([1.0, 2.0])]).value)
    2.5
    """

    @property
    def formula(self) -> str:
        """sum(W^2)."""
        return "sum(W^2)"

    def of(self, W: Tensor) -> Tensor:
        """Return sum(W^2)."""
        return (W**2).sum()


@dataclass(frozen=True)
class L1(Regularizer):
    """alpha * sum(|W|), with slope 0 at W = 0.

    Examples
    --------
    >>> float(L1(0.5)([Tensor([1.0, -2.0])]).value)
    1.5
    """

    @property
    def formula(self) -> str:
        """sum(|W|)."""
        return "sum(|W|)"

    def of(self, W: Tensor) -> Tensor:
        """Return sum(|W|)."""
        return abs(W).sum()


@dataclass(frozen=True)
class ElasticNet(Regularizer):
    """alpha * sum(beta W^2 + |W|), as in the notes.

    Examples
    --------
    >>> float(ElasticNet(1.0, beta=0.5)([Tensor([1.0, -2.0])]).value)
    5.5
    """

    beta: float = hyperparameter(0.5, at_least=0)

    @property
    def formula(self) -> str:
        """sum(beta W^2 + |W|)."""
        return f"sum({self.beta:g} * W^2 + |W|)"

    def of(self, W: Tensor) -> Tensor:
        """Return sum(beta W^2 + |W|)."""
        return self.beta * (W**2).sum() + abs(W).sum()


PENALTIES: dict[str, type[Regularizer] | None] = {"none": None, "l2": L2, "l1": L1, "elastic_net": ElasticNet}


def regularizer(name: str, alpha: float) -> Regularizer | None:
    """Return a penalty by name; none if it is ``"none"`` or ``alpha`` is 0.

    Raises
    ------
    ParameterError
        If the name is unknown or alpha is negative.
    """
    penalty = choose("penalty", name, PENALTIES)
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or alpha < 0:
        raise ParameterError(f"alpha must be a number in [0, infinity); got {alpha!r}.")
    return penalty(alpha) if penalty and alpha else None
