"""Losses: one number per sample, from scores. Take ``.mean()`` for the usual objective.

Natural logarithm, no clipping, no factor 1/2 (the homework's 1/2 is written where it is used).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir import gates
from zanjir.errors import ShapeError
from zanjir.graph import Array, Tensor
from zanjir.graph.tensor import as_tensor, is_number
from zanjir.nn.targets import deviation_for, distributions_for, labels_for, numbers_for, probabilities_for, scores_for

__all__ = [
    "LOSSES",
    "Loss",
    "binary_cross_entropy",
    "gaussian_negative_log_likelihood",
    "hinge",
    "own_loss",
    "softmax_cross_entropy",
    "squared_error",
    "squared_hinge",
]

LN_2_PI = math.log(2 * math.pi)


def softmax_cross_entropy(scores: Tensor, y: Any) -> Tensor:
    r"""Return -ln of the softmax probability of the right class; of soft targets, the cross-entropy with them.

    .. math:: L_i = -\ln \frac{e^{s_{y_i}}}{\sum_j e^{s_j}}, \qquad \partial L_i / \partial s_k = p_k - 1\{k = y_i\}

    .. math:: L_i = -\sum_k y_{ik} \ln p_{ik}, \qquad \partial L_i / \partial s_k = p_k - y_{ik}

    Parameters
    ----------
    scores : Tensor of shape (N, C)
        Unnormalized log-probabilities.
    y : int array of shape (N,), or array of shape (N, C)
        Labels in [0, C); or one-hot rows, or any probabilities of the classes, each row with the sum 1.

    Returns
    -------
    Tensor of shape (N,)
        Loss of each sample, in nats.

    Raises
    ------
    ShapeError, DataError
        If there is not one label per row, a label is not in [0, C), or a row of probabilities does not sum to 1.

    Examples
    --------
    >>> softmax_cross_entropy(Tensor([[3.2, 5.1, -1.7]]), [0]).value.round(6)
    array([2.040355])
    >>> softmax_cross_entropy(Tensor([[3.2, 5.1, -1.7]]), [[0.5, 0.5, 0.0]]).value.round(6)
    array([1.090355])
    """
    scores = scores_for("softmax_cross_entropy", scores, applies="softmax")
    targets = y if isinstance(y, Tensor) else Tensor(y, "y")
    if targets.ndim == 2 and targets.shape == scores.shape:
        # The logarithm comes from the scores, so that 0 ln p is 0 where p is too small to be told from 0.
        return (distributions_for(targets) * -gates.log_softmax(scores)).sum(axis=1)
    return gates.softmax_cross_entropy(scores, labels_for(scores, targets))


def hinge(scores: Tensor, y: Any, delta: float = 1, *, every_class: bool = False) -> Tensor:
    r"""Return the multi-class SVM loss, summed over the wrong classes.

    .. math:: L_i = \sum_{j \ne y_i} \max(0, s_j - s_{y_i} + \Delta)

    Parameters
    ----------
    scores, y
        As for `softmax_cross_entropy`; so are the errors.
    delta : float
        The margin.
    every_class : bool
        Sum over the right class too, which adds ``delta`` to each loss and changes no derivative.

    Notes
    -----
    The mean over the C - 1 wrong classes is ``hinge(scores, y) / (C - 1)``: another scale, the same minimizer.

    Examples
    --------
    >>> scores = Tensor([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
    >>> hinge(scores, [0, 1, 2]).value.round(6)
    array([ 2.9,  0. , 12.9])
    """
    return margins_of("hinge", scores, y, delta, every_class).sum(axis=1)


def squared_hinge(scores: Tensor, y: Any, delta: float = 1, *, every_class: bool = False) -> Tensor:
    """Return the multi-class SVM loss with each margin squared.

    Parameters and errors are those of `hinge`.

    Examples
    --------
    >>> squared_hinge(Tensor([[3.2, 5.1, -1.7]]), [0]).value.round(6)
    array([8.41])
    """
    return (margins_of("squared_hinge", scores, y, delta, every_class) ** 2).sum(axis=1)


def margins_of(loss: str, scores: Any, y: Any, delta: float, every_class: bool) -> Tensor:
    """Return max(0, s_j - s_y + delta) for each class, and 0 for the right one unless it counts too."""
    scores = scores_for(loss, scores)
    labels = labels_for(scores, y)
    if every_class:
        right = gates.expand_dims(gates.pick(scores, labels), axis=1)
        return gates.relu(scores - right + delta).named("margins")
    return gates.hinge_margins(scores, labels, delta=delta).named("margins")


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
    scores = as_tensor(scores)
    return ((scores - numbers_for("squared error", scores, y)) ** 2).sum(axis=1)


def gaussian_negative_log_likelihood(scores: Tensor, y: Any, sigma: Any = 1.0) -> Tensor:
    r"""Return -ln of the density of the target, when it is normally distributed around the prediction.

    .. math:: L_i = \sum_k \frac{(y_{ik} - f_k(x_i))^2}{2 \sigma^2} + \ln \sigma + \frac{\ln 2\pi}{2}

    For a fixed sigma this is the squared error times a constant plus a constant, so both have the same minimizer.

    Parameters
    ----------
    scores, y
        As for `squared_error`; so are the errors.
    sigma : float or Tensor that broadcasts to (N, K)
        Standard deviation of the targets around f(x), in their unit; a tensor can be learned.

    Returns
    -------
    Tensor of shape (N,)
        Loss of each sample, in nats.

    Raises
    ------
    ParameterError, ShapeError
        If a sigma is not a finite number above 0, or does not broadcast to the scores.

    Examples
    --------
    >>> gaussian_negative_log_likelihood(Tensor([[1.0]]), [[1.0]]).value.round(6)
    array([0.918939])
    """
    scores, deviation = as_tensor(scores), deviation_for(scores, sigma)
    errors = (scores - numbers_for("Gaussian likelihood", scores, y)) / deviation
    log_deviation = math.log(sigma) if is_number(sigma) else np.log(deviation)
    return (errors**2 / 2 + log_deviation + LN_2_PI / 2).sum(axis=1)


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
    scores = scores_for("binary_cross_entropy", scores, applies="sigmoid")
    return gates.sigmoid_cross_entropy(scores, probabilities_for(scores, y)).sum(axis=1)


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

    @property
    def activation(self) -> str:
        """The activation of the last layer that this loss goes with, and applies itself where it needs it.

        Linear outputs go with the squared error, sigmoid with the binary cross-entropy, softmax with the
        cross-entropy, and plain scores with the hinge losses.
        """
        return self.probability or "identity"

    def prediction(self, scores: Tensor) -> Tensor:
        """Return what the last layer's activation makes of the scores.

        Examples
        --------
        >>> LOSSES["softmax"].prediction(Tensor([[0.0, 0.0]])).value
        array([[0.5, 0.5]])
        """
        if self.probability == "softmax":
            return gates.softmax(scores, axis=1)
        return gates.sigmoid(scores) if self.probability else scores

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


@dataclass(frozen=True)
class OwnLoss:
    """A user's function (scores, targets) -> losses, which says so if it gives something else."""

    function: Callable[[Any, Any], Any]

    def __call__(self, scores: Tensor, y: Any) -> Tensor:
        """Return the loss of each sample."""
        losses = self.function(scores, y)
        if not isinstance(losses, Tensor) or losses.shape != scores.shape[:1]:
            what = f"shape {losses.shape}" if isinstance(losses, Tensor) else type(losses).__name__
            raise ShapeError(
                f"the loss {name_of(self.function)} makes {what} of scores of shape {scores.shape}; expected one "
                f"number per sample, {scores.shape[:1]}. Sum over the outputs; the mean over the samples is ours."
            )
        return losses


def own_loss(function: Callable[[Any, Any], Any], takes: str) -> Loss:
    """Return a user's function, written in NumPy, as a loss.

    Parameters
    ----------
    function
        (scores, targets) -> loss of each sample.
    takes : str
        ``"labels"``, ``"one_hot"`` or ``"numbers"``, as for `Loss`.

    Examples
    --------
    >>> loss = own_loss(lambda scores, y: abs(scores - y).sum(axis=1), "numbers")
    >>> loss.function(Tensor([[1.0, 2.0]]), np.array([[0.0, 4.0]])).value
    array([3.])
    """
    return Loss(name_of(function), OwnLoss(function), takes)


def name_of(function: Callable[..., Any]) -> str:
    """Return what a function is called."""
    return str(getattr(function, "__name__", type(function).__name__))
