"""What a loss is given: scores, labels and targets, each checked, with what was probably meant."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.graph import Tensor
from zanjir.graph.tensor import as_tensor

__all__ = [
    "deviation_for",
    "distributions_for",
    "labels_for",
    "numbers_for",
    "probabilities_for",
    "scores_for",
    "targets_for",
]

# Rows of float32, of thousands of classes, sum to 1 within this; what was never normalized is further off.
SUM_TOLERANCE = 1e-4
# What an activation leaves of the real numbers; log_softmax is no mistake, because softmax takes no notice of it.
RANGES = {
    "relu": "which is never negative",
    "tanh": "which lies in (-1, 1)",
    "sigmoid": "which lies in (0, 1)",
    "softmax": "which lies in (0, 1)",
}


def scores_for(loss: str, scores: Any, applies: str | None = None) -> Tensor:
    """Return scores as a tensor; refuse an activation's result, of which no loss of scores can make sense.

    Parameters
    ----------
    loss : str
        Who asks.
    scores : Tensor or array
        What the last linear layer gives.
    applies : str, optional
        The activation that is part of the loss.

    Raises
    ------
    ParameterError
        If the scores are the result of an activation.
    """
    node = as_tensor(scores)
    activation = node.gate.name if node.gate else ""
    if activation and activation == applies:
        raise ParameterError(
            f"{loss} applies {applies} itself, and {node.label} {node.shape} is the result of {applies} already; "
            f"give it the scores, before {applies}."
        )
    if activation in RANGES:
        raise ParameterError(
            f"{loss} takes scores, any real numbers; {node.label} {node.shape} is the result of {activation}, "
            f"{RANGES[activation]}. End the network with its last linear layer."
        )
    return node


def labels_for(scores: Tensor, y: Any) -> Tensor:
    """Return labels as a tensor, or say which one does not fit the scores.

    Raises
    ------
    ShapeError, DataError
        If there is not one label per row of scores, or a label is no integer in [0, C).
    """
    labels = y if isinstance(y, Tensor) else Tensor(y, "y")
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ShapeError(
            f"{labels.label} is {labels.shape} and {scores.label} is {scores.shape}; "
            f"expected one label per row: (N,) and (N, C).{meant_as_labels(scores, labels)}"
        )
    n_classes = scores.shape[1]
    if labels.dtype.kind not in "iu":
        whole = labels.dtype.kind == "b" or np.array_equal(labels.value, np.trunc(labels.value))
        fix = f" Write {labels.label}.astype(int)." if whole else ""
        raise DataError(f"labels must be integers in [0, {n_classes}); got {labels.dtype} data.{fix}")
    wrong = np.flatnonzero((labels.value < 0) | (labels.value >= n_classes))
    if len(wrong):
        raise DataError(
            f"label {wrong[0]} is {labels.value[wrong[0]]}, expected an integer in [0, {n_classes})."
            f"{meant_as_classes(labels, n_classes)}"
        )
    return labels


def meant_as_labels(scores: Tensor, labels: Tensor) -> str:
    """Return what makes labels of an array with another shape, if something simple does."""
    if labels.ndim == 2 and labels.shape[:1] == scores.shape:
        return " The scores come first, then the labels."
    if labels.ndim == 2 and labels.shape == scores.shape:
        return f" One-hot rows become labels with np.argmax({labels.label}, axis=1)."
    if labels.shape == (*scores.shape[:1], 1):
        return f" A column becomes a vector with {labels.label}[:, 0]."
    if scores.ndim == 1 and not labels.ndim:
        return f" One sample is a batch of one: {scores.label}[None, :] and [{labels.label}]."
    return ""


def meant_as_classes(labels: Tensor, n_classes: int) -> str:
    """Return what makes classes of labels that are counted in another way."""
    low, high = int(labels.value.min()), int(labels.value.max())
    if (low, high) == (1, n_classes):
        return f" Classes are counted from 0: write {labels.label} - 1."
    if (low, high) == (-1, 1) and not (labels.value == 0).any():
        return f" For the classes -1 and 1 write ({labels.label} + 1) // 2."
    return f" The last layer has {n_classes} scores; these labels need {high + 1}." if high >= n_classes else ""


def targets_for(scores: Tensor, y: Any) -> Tensor:
    """Return targets as a tensor of exactly the scores' shape.

    Raises
    ------
    ShapeError
        If the shapes differ: nothing is broadcast silently.
    """
    targets = y if isinstance(y, Tensor) else Tensor(y, "y")
    if targets.shape != scores.shape or scores.ndim != 2:
        raise ShapeError(
            f"{targets.label} is {targets.shape} and {scores.label} is {scores.shape}; "
            f"expected the same shape (N, K).{meant_as_targets(scores, targets)}"
        )
    return targets


def meant_as_targets(scores: Tensor, targets: Tensor) -> str:
    """Return what makes targets of a vector, if something simple does."""
    if targets.ndim != 1 or scores.shape[:1] != targets.shape:
        return ""
    if scores.shape[1:] == (1,):
        return f" A vector becomes a column with {targets.label}[:, None]."
    if targets.dtype.kind in "iu" and scores.ndim == 2:
        return f" Labels become one-hot rows with np.eye({scores.shape[1]})[{targets.label}]."
    return " A vector of predictions is a column too: [:, None] of both." if scores.ndim == 1 else ""


def numbers_for(loss: str, scores: Tensor, y: Any) -> Tensor:
    """Return targets that are finite numbers.

    Raises
    ------
    ShapeError, DataError
        If the shapes differ, or a target is not finite.
    """
    targets = targets_for(scores, y)
    wrong = np.argwhere(~np.isfinite(targets.value))
    if len(wrong):
        place = tuple(map(int, wrong[0]))
        raise DataError(f"{loss}: target {place} is {targets.value[place]}, expected a finite number.")
    return targets


def deviation_for(scores: Tensor, sigma: Any) -> Tensor:
    """Return a standard deviation that fits the scores.

    Raises
    ------
    ParameterError, ShapeError
        If it is not a finite number above 0, or does not broadcast to the scores.
    """
    deviation = as_tensor(sigma)
    numbers = np.ravel(deviation.value)
    wrong = numbers[~(np.isfinite(numbers) & (numbers > 0))]
    if len(wrong):
        raise ParameterError(f"sigma is {wrong[0]}, expected a standard deviation: a finite number above 0.")
    if deviation.ndim > 2 or any(
        size not in {1, full} for size, full in zip(deviation.shape[::-1], scores.shape[::-1], strict=False)
    ):
        raise ShapeError(f"sigma is {deviation.shape}, expected a number, or a shape that fits {scores.shape}.")
    return deviation


def probabilities_for(scores: Tensor, y: Any) -> Tensor:
    """Return targets that are probabilities.

    Raises
    ------
    ShapeError, DataError
        If the shapes differ, or a target is outside [0, 1].
    """
    targets = targets_for(scores, y)
    wrong = np.argwhere(~((targets.value >= 0) & (targets.value <= 1)))
    if len(wrong):
        signs = np.isin(targets.value, (-1, 1)).all()
        fix = f" For the targets -1 and 1 write ({targets.label} + 1) / 2." if signs else ""
        raise DataError(
            f"binary cross-entropy: target {tuple(map(int, wrong[0]))} is {targets.value[tuple(wrong[0])]}, "
            f"expected a number in [0, 1].{fix}"
        )
    return targets


def distributions_for(targets: Tensor) -> Tensor:
    """Return targets whose rows are probabilities of the classes.

    Raises
    ------
    DataError
        If one is outside [0, 1], or a row does not sum to 1.
    """
    outside = np.argwhere(~((targets.value >= 0) & (targets.value <= 1)))
    if len(outside):
        place = tuple(map(int, outside[0]))
        raise DataError(
            f"softmax cross-entropy: target {place} is {targets.value[place]}, expected a probability in [0, 1]."
        )
    sums = targets.value.sum(axis=1)
    wrong = np.flatnonzero(abs(sums - 1) > SUM_TOLERANCE)
    if len(wrong):
        several = np.isin(targets.value, (0, 1)).all() and sums[wrong[0]] > 1
        fix = " Several classes at once are for binary_cross_entropy." if several else ""
        raise DataError(
            f"softmax cross-entropy: row {wrong[0]} of {targets.label} sums to {sums[wrong[0]]:g}, "
            f"expected probabilities of the classes, with the sum 1.{fix}"
        )
    return targets
