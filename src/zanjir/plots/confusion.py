"""The confusion matrix: which class is taken for which."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zanjir.graph import Array

__all__ = ["confusion", "confusion_counts"]


def confusion_counts(y: Array, predicted: Array, n_classes: int) -> Array:
    """Return how often class i (row) was taken for class j (column).

    Examples
    --------
    >>> confusion_counts(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (y, predicted), 1)
    return counts


def confusion(counts: Array, classes: Sequence[str]) -> Figure:
    """Return a figure of confusion counts; shading is the share within each true class.

    Parameters
    ----------
    counts : int array of shape (C, C)
        True class in rows, predicted class in columns.
    classes : sequence of str
        Names of the classes.
    """
    n = len(classes)
    share = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = max(3.0, 0.45 * n + 1.4)
    figure = Figure(figsize=(side, side), layout="constrained")
    axes = figure.subplots()
    # Mistakes are rare: the square root lets a share of 1 % be seen beside one of 100 %.
    axes.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)
    for i, j in np.argwhere(counts):
        axes.text(
            j,
            i,
            str(counts[i, j]),
            ha="center",
            va="center",
            fontsize=8,
            color="white" if share[i, j] > 0.35 else "black",
            in_layout=False,  # it lies inside the axes
        )
    rotation = 45 if max(map(len, classes)) > 3 else 0
    axes.set_xticks(range(n), classes, rotation=rotation, ha="center", parse_math=False)  # a name is no formula
    axes.set_yticks(range(n), classes, parse_math=False)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    right = int(np.trace(counts))
    axes.set_title(f"{right} of {counts.sum()} right ({right / max(1, counts.sum()):.2%})", fontsize=10)
    return figure
