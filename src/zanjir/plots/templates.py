"""Weights as pictures: a linear model's score is the inner product of the input with its class's template."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zanjir.errors import ShapeError
from zanjir.graph import Array
from zanjir.training import Model

__all__ = ["template", "template_weights", "templates"]

FEWEST_COLUMNS = 5  # ten classes stand in two rows, and hundreds of hidden units in a square


def template_weights(model: Model) -> Array:
    """Return the columns of W1 as pictures of shape (C, height, width), each in the shape of an input.

    Raises
    ------
    ShapeError
        If the model's inputs are no pictures of one channel, or its first layer sees only parts of them.
    """
    shape = model.image_shape
    if shape is None or len(shape) != 2:
        got = f"pictures of shape {shape}" if shape else "features that are no pictures"
        raise ShapeError(f"templates need inputs that are grey pictures (height, width); got {got}.")
    W = model.parameters["W1"]
    if W.ndim != 2 or len(W) != math.prod(shape):
        raise ShapeError(f"templates need a first layer that sees whole pictures; W1 is {W.shape}: train without conv.")
    return W.T.reshape(-1, *shape)


def templates(model: Model) -> Figure:
    """Return a figure of the columns of W1, each in the shape of an input picture; red adds, blue subtracts.

    Raises
    ------
    ShapeError
        If the model's inputs are no pictures of one channel, or its first layer sees only parts of them.
    """
    weights, names = template_weights(model), template_names(model)
    n = len(weights)
    columns = min(n, max(FEWEST_COLUMNS, math.ceil(math.sqrt(n))))
    rows = math.ceil(n / columns)
    figure = Figure(figsize=(1.5 * columns, 1.7 * rows), layout="constrained")
    for k, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.set_axis_off()
        if k < n:
            draw(axes, weights, k)
            axes.set_title(names[k], fontsize=10, parse_math=False)  # a name is no formula
    return figure


def template(model: Model, k: int) -> Figure:
    """Return a figure of one column of W1 alone, in the colors that it has among all of them.

    Raises
    ------
    ShapeError
        As for `templates`.
    """
    weights = template_weights(model)
    height, width = weights.shape[1:]
    figure = Figure(figsize=(2 * width / max(height, width), 2 * height / max(height, width)))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    draw(axes, weights, k)
    return figure


def template_names(model: Model) -> tuple[str, ...]:
    """Return what the columns of W1 are called: the classes of a linear model, else numbers."""
    n = model.parameters["W1"].shape[1]
    return model.classes if len(model.classes) == n else tuple(map(str, range(n)))


def draw(axes: Axes, weights: Array, k: int) -> None:
    """Draw one template; all of a model share one scale of colors, with zero in white."""
    largest = float(np.abs(weights).max()) or 1.0
    axes.imshow(weights[k], cmap="RdBu_r", vmin=-largest, vmax=largest)
