"""The learning curve: loss and accuracy over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, StrMethodFormatter

from zanjir.graph import Array
from zanjir.training import History

__all__ = ["learning_curve", "smoothed"]

TRAINING, VALIDATION, FAINT = "#0b6e99", "#d1495b", "#b9d6e2"


def learning_curve(history: History) -> Figure:
    """Return a figure of the loss (per step, smoothed, and on validation data) and of accuracy or R^2.

    Parameters
    ----------
    history : History
        At least one step.

    Examples
    --------
    >>> from zanjir.training import Step
    >>> figure = learning_curve(History([Step(1, t, 1 / t, 1 / t, 0.0, 0.5, 0.1, 32) for t in range(1, 9)]))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss']
    """
    scored = np.isfinite(history.column("accuracy")) | np.isfinite(history.column("validation_r2"))
    n_panels = 2 if scored.any() else 1
    # Room for the longest number of an axis: to look for the least room takes longer than to draw the figure.
    width, height, left, right, bottom, top = 5.2 * n_panels, 3.6, 0.95, 0.15, 0.55, 0.15
    figure = Figure(figsize=(width, height))
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height, (left + right) / 4.1)
    panels = figure.subplots(1, n_panels, squeeze=False)[0]
    draw_loss(panels[0], history)
    if n_panels == 2:
        draw_score(panels[1], history)
    return figure


def draw_loss(axes: Axes, history: History) -> None:
    """Draw the loss of each step, its running mean, and the validation loss."""
    t, loss = history.column("t", "steps"), history.column("loss", "steps")
    epochs = t / max(1, steps_per_epoch(history))
    axes.plot(epochs, loss, color=FAINT, linewidth=0.8, label="each batch")
    axes.plot(epochs, smoothed(loss, max(1, len(loss) // 50)), color=TRAINING, linewidth=1.8, label="running mean")
    validation = history.column("validation_loss")
    if np.isfinite(validation).any():
        axes.plot(
            history.column("epoch"),
            validation,
            "o-",
            color=VALIDATION,
            markersize=3,
            label="validation (data loss)",
        )
    if (loss > 0).all() and loss.max() > 20 * loss.min():
        axes.set_yscale("log")
        # 0.01 is read and set sooner than a power of ten in a formula's type.
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
    finish(axes, "loss")


def draw_score(axes: Axes, history: History) -> None:
    """Draw accuracy, or R^2 for regression, at the end of each epoch."""
    epochs, accuracy = history.column("epoch"), history.column("accuracy")
    is_classification = bool(np.isfinite(accuracy).any())
    validation = history.column("validation_accuracy" if is_classification else "validation_r2")
    if is_classification:
        axes.plot(epochs, accuracy, "o-", color=TRAINING, markersize=3, label="training batches")
    if np.isfinite(validation).any():
        axes.plot(epochs, validation, "o-", color=VALIDATION, markersize=3, label="validation")
    finish(axes, "accuracy" if is_classification else "R²")


def finish(axes: Axes, quantity: str) -> None:
    """Label the axes of one panel."""
    axes.set_xlabel("epoch")
    axes.set_ylabel(quantity)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)


def steps_per_epoch(history: History) -> int:
    """Return how many steps an epoch had; all of them while the first is not over."""
    return history.epochs[0].t if history.epochs else len(history.steps)


def smoothed(values: Array, width: int) -> Array:
    """Return the mean of the last ``width`` values at each place; of fewer at the start.

    Examples
    --------
    >>> smoothed(np.array([1.0, 3.0, 5.0]), 2)
    array([1., 2., 4.])
    """
    total = np.concatenate([[0.0], np.cumsum(values)])
    end = np.arange(1, len(values) + 1)
    start = np.maximum(0, end - width)
    return np.asarray((total[end] - total[start]) / (end - start))
