"""Learning curves: loss and accuracy over time, of one training or of several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, StrMethodFormatter

from zanjir.errors import ParameterError
from zanjir.graph import Array
from zanjir.plots.style import legend_below, panels, strokes
from zanjir.training import History

__all__ = ["learning_curve", "learning_curves", "smoothed"]

TRAINING, VALIDATION, FAINT = "#0b6e99", "#d1495b", "#b9d6e2"
PANELS = {
    "data_loss": "training loss",
    "validation_loss": "validation loss",
    "accuracy": "training accuracy",
    "validation_accuracy": "validation accuracy",
    "validation_r2": "validation R²",
}
LINE: dict[str, Any] = {"linewidth": 1.7, "markersize": 4}


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
    logarithmic_if_wide(axes, loss)
    finish(axes, "loss")


def learning_curves(histories: Mapping[str, History]) -> Figure:
    """Return a figure of several trainings: training loss, validation loss, and accuracy or R^2.

    Parameters
    ----------
    histories : mapping of str to History
        Records by the name that the legend gives them; each with at least one step.

    Raises
    ------
    ParameterError
        If there is none, or one holds no step.

    Examples
    --------
    >>> from zanjir.training import Epoch
    >>> nothing = (float("nan"),) * 4
    >>> record = History([], [Epoch(e, e, 1 / e, 1 / e, 0.0, *nothing, 0.1, 1.0) for e in (1, 2)])
    >>> [axes.get_ylabel() for axes in learning_curves({"run": record}).axes]
    ['training loss']
    """
    empty = [name for name, history in histories.items() if not history.epochs]
    if not histories or empty:
        raise ParameterError(f"{empty[0] if empty else 'the figure'} has no epoch to draw; expected at least one.")
    wanted = [panel for panel in PANELS if any(known(history, panel).any() for history in histories.values())]
    figure, all_axes = panels(len(wanted), 2 if len(wanted) == 4 else 3, 4.2, 3.0)
    for axes, quantity in zip(all_axes, wanted, strict=True):
        draw_quantity(axes, histories, quantity)
    legend_below(figure, all_axes[0], 2 * min(2, len(wanted)))
    return figure


def draw_quantity(axes: Axes, histories: Mapping[str, History], quantity: str) -> None:
    """Draw one quantity of all trainings that have it; those that have not keep their place in the legend."""
    drawn = []
    for (name, history), stroke in zip(histories.items(), strokes(len(histories)), strict=True):
        measured = known(history, quantity)
        values = history.column(quantity)[measured]
        axes.plot(history.column("epoch")[measured], values, marker=point(values), label=name, **LINE, **stroke)
        drawn.append(values)
    if quantity.endswith("loss"):
        logarithmic_if_wide(axes, np.concatenate(drawn))
    label(axes, PANELS[quantity])


def known(history: History, quantity: str) -> Array:
    """Return the epochs at which a quantity was measured."""
    return np.isfinite(history.column(quantity))


def point(values: Array) -> str:
    """Return the mark of a curve: a line of one point is not to be seen."""
    return "o" if len(values) == 1 else ""


def logarithmic_if_wide(axes: Axes, loss: Array) -> None:
    """Give losses of many sizes a logarithmic axis."""
    if (loss > 0).all() and loss.max() > 20 * loss.min():
        axes.set_yscale("log")
        # 0.01 is read and set sooner than a power of ten in a formula's type.
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


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
    """Label the axes of one panel, and say which line is which."""
    label(axes, quantity)
    axes.legend(frameon=False, fontsize=8)


def label(axes: Axes, quantity: str) -> None:
    """Label the axes of one panel."""
    axes.set_xlabel("epoch")
    axes.set_ylabel(quantity)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


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
