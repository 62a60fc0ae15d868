"""Weights as pictures: a linear model's score is the inner product of the input with its class's template."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from zanjir.errors import ShapeError
from zanjir.training import Model

__all__ = ["templates"]


def templates(model: Model) -> Figure:
    """Return a figure of the columns of W1, each in the shape of an input picture; red adds, blue subtracts.

    Raises
    ------
    ShapeError
        If the model's inputs are no pictures of one channel.
    """
    if model.image_shape is None or len(model.image_shape) != 2:
        raise ShapeError(f"templates need inputs that are grey pictures (height, width); got {model.image_shape}.")
    W = model.parameters["W1"]
    n = W.shape[1]
    names = model.classes if len(model.classes) == n else tuple(map(str, range(n)))
    columns = min(n, 5)
    rows = math.ceil(n / columns)
    figure = Figure(figsize=(1.5 * columns, 1.7 * rows), layout="constrained")
    largest = float(np.abs(W).max()) or 1.0
    for k, axes in enumerate(figure.subplots(rows, columns, squeeze=False).flat):
        axes.set_axis_off()
        if k < n:
            axes.imshow(W[:, k].reshape(model.image_shape), cmap="RdBu_r", vmin=-largest, vmax=largest)
            axes.set_title(names[k], fontsize=10, parse_math=False)  # a name is no formula
    return figure
