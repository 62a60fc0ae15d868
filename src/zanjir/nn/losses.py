"""Losses: one number per sample, from scores. Take ``.mean()`` for the usual objective.

Natural logarithm, no clipping, no factor 1/2 (the homework's 1/2 is written where it is used).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir import gates
from zanjir.errors import DataError, ShapeError
from zanjir.graph import Array, Tensor

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "hinge",
    "softmax_cross_entropy",
    "squared_error",
    "squared_hinge",
]


def softmax_cross_entropy(scores: Tensor, y: Any) -> Tensor:
    r"""Return -ln of the softmax probability of the right class.

    .. math:: L_i = -\ln \frac{e^{s_{y_i}}}{\sum_j e^{s_j}}, \qquad \partial L_i / \partial s_k = p_k - 1\{k = y_i\}

    Parameters
    ----------
    scores : Tensor of shape (N, C)
        Unnormalized log-probabilities.
    y : int array of shape (N,)
        Labels in [0, C).

    Returns
    -------
    Tensor of shape (N,)
        Loss of each sample, in nats.

    Raises
    ------
    ShapeError, DataError
        If there is not one label per row, or a label is not in [0, C).

    Examples
    --------
    >>> softmax_cross_entropy(Tensor([[3.2, 5.1, -1.7]]), [0]).value.round(6)
    array([2.040355])
    """
    return gates.softmax_cross_entropy(scores, labels_for(scores, y))


def hinge(scores: Tensor, y: Any, delta: float = 1) -> Tensor:
    r"""Return the multi-class SVM loss, summed over the wrong classes.

    .. math:: L_i = \sum_{j \ne y_i} \max(0, s_j - s_{y_i} + \Delta)

    Parameters and errors are those of `softmax_cross_entropy`; ``delta`` is the margin.

    Examples
    --------
    >>> hinge(Tensor([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]), [0, 1, 2]).value.round(6)
    array([ 2.9,  0. , 12.9])
    """
    return gates.hinge_margins(scores, labels_for(scores, y), delta=delta).named("margins").sum(axis=1)


def squared_hinge(scores: Tensor, y: Any, delta: float = 1) -> Tensor:
    """Return the multi-class SVM loss with each margin squared.

    Parameters and errors are those of `softmax_cross_entropy`; ``delta`` is the margin.

    Examples
    --------
    >>> squared_hinge(Tensor([[3.2, 5.1, -1.7]]), [0]).value.round(6)
    array([8.41])
    """
    return (gates.hinge_margins(scores, labels_for(scores, y), delta=delta).named("margins") ** 2).sum(axis=1)


def squared_error(scores: Tensor, y: Any) -> Tensor:
    """Return the squared distance to the target, ||y - f(x)||^2, without 1/2.

    Parameters
    ----------
    scores : Tensor of shape (N, K)
        Predictions.
    y : float array of shape (N, K)
        Targets, in the same unit.

    Raises
    ------
    ShapeError, DataError
        If the shapes differ (nothing is broadcast silently), or a target is not a finite number.

    Examples
    --------
    >>> squared_error(Tensor([[1.0, 2.0]]), [[0.0, 4.0]]).value
    array([5.])
    """
    targets = targets_for(scores, y)
    wrong = np.argwhere(~np.isfinite(targets.value))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise DataError(f"squared error: target {place} is {targets.value[place]}, expected a finite number.")
    return ((scores - targets) ** 2).sum(axis=1)


def binary_cross_entropy(scores: Tensor, y: Any) -> Tensor:
    """Return the cross-entropy of independent sigmoids, summed over the outputs; one output is binary logistic.

    Parameters
    ----------
    scores : Tensor of shape (N, K)
        Log-odds.
    y : float array of shape (N, K)
        Targets in [0, 1].

    Raises
    ------
    ShapeError, DataError
        If the shapes differ, or a target is outside [0, 1].

    Examples
    --------
    >>> binary_cross_entropy(Tensor([[0.0], [1000.0]]), [[1.0], [1.0]]).value.round(6)
    array([0.693147, 0.      ])
    """
    targets = targets_for(scores, y)
    wrong = np.argwhere(~((targets.value >= 0) & (targets.value <= 1)))
    if len(wrong):
        raise DataError(
            f"binary cross-entropy: target {tuple(map(int, wrong[0]))} is {targets.value[tuple(wrong[0])]}, "
            "expected a number in [0, 1]."
        )
    return gates.sigmoid_cross_entropy(scores, targets).sum(axis=1)


def labels_for(scores: Tensor, y: Any) -> Tensor:
    """Return labels as a tensor, or say which one does not fit the scores."""
    labels = y if isinstance(y, Tensor) else Tensor(y, "y")
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ShapeError(
            f"{labels.label} is {labels.shape} and {scores.label} is {scores.shape}; "
            "expected one label per row: (N,) and (N, C)."
        )
    n_classes = scores.shape[1]
    if labels.dtype.kind not in "iu":
        raise DataError(f"labels must be integers in [0, {n_classes}); got {labels.dtype} data.")
    wrong = np.flatnonzero((labels.value < 0) | (labels.value >= n_classes))
    if len(wrong):
        raise DataError(f"label {wrong[0]} is {labels.value[wrong[0]]}, expected an integer in [0, {n_classes}).")
    return labels


def targets_for(scores: Tensor, y: Any) -> Tensor:
    """Return targets as a tensor of exactly the scores' shape."""
    targets = y if isinstance(y, Tensor) else Tensor(y, "y")
    if targets.shape != scores.shape or scores.ndim != 2:
        raise ShapeError(
            f"{targets.label} is {targets.shape} and {scores.label} is {scores.shape}; "
            "expected the same shape (N, K). Reshape a column with y[:, None]."
        )
    return targets


@dataclass(frozen=True)
class Loss:
    """A loss by name, with what the training loop must know about it.

    Parameters
    ----------
    function
        (scores, targets) -> loss of each sample.
    takes
        ``"labels"``: integers (N,); ``"one_hot"``: a row of 0 and 1 per sample; ``"numbers"``: the values.
    probability
        The activation that turns scores into probabilities: ``"softmax"``, ``"sigmoid"``, or none.
    """

    name: str
    function: Callable[..., Tensor]
    takes: str
    probability: str | None = None

    def n_outputs(self, n_classes: int) -> int:
        """Return how many scores this loss needs for a number of classes."""
        return 1 if self.takes == "one_hot" and self.probability and n_classes == 2 else n_classes

    def encode(self, labels: Array, n_classes: int) -> Array:
        """Return labels as this loss takes them."""
        if self.takes != "one_hot":
            return labels
        if self.n_outputs(n_classes) == 1:
            return labels[:, None].astype(float)
        return np.eye(n_classes)[labels]


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("softmax", softmax_cross_entropy, "labels", "softmax"),
        Loss("hinge", hinge, "labels"),
        Loss("squared_hinge", squared_hinge, "labels"),
        Loss("squared_error", squared_error, "one_hot"),
        Loss("binary_cross_entropy", binary_cross_entropy, "one_hot", "sigmoid"),
    )
}
