"""Decision boundaries: which class a model gives to every point of the plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from zanjir.errors import DataError, ParameterError, ShapeError
from zanjir.graph import Array
from zanjir.plots.style import GRAY, colors, legend_below, markers, panels

__all__ = ["Grid", "boundaries", "boundary", "decision_grid"]

AIR = 0.12  # around the samples, as a share of their range
FAINT, STRONG = 0.12, 0.5  # how much of its color a point gets where the model is in doubt, and where it is sure
LIKE_SIZES = 3.0  # features whose ranges differ less are drawn in one scale
RIM = 0.6  # points
TITLE, LEGEND = 0.75, 0.7  # inches
MOST_POINTS = 2000  # along a side: 4 million points are predicted
INNER_LINES: dict[str, Any] = {"colors": GRAY, "linewidths": 0.7, "linestyles": "dashed"}


@dataclass(frozen=True)
class Grid:
    """What a model answers on a grid of points in the plane.

    Parameters
    ----------
    x, y : array of shape (width,), (height,)
        First and second feature of the points, each the middle of a pixel.
    classes : array of shape (C,)
        The classes, in order.
    labels : int array of shape (height, width)
        Number of the class that is predicted at each point, in [0, C).
    scores : array of shape (height, width, C), optional
        Probability or score of each class, if the model has them.
    probabilities : bool
        Whether the scores are probabilities.
    """

    x: Array
    y: Array
    classes: Array
    labels: Array
    scores: Array | None = None
    probabilities: bool = False

    @property
    def counts(self) -> Array:
        """Number of points that are given to each class."""
        return np.bincount(self.labels.ravel(), minlength=len(self.classes))

    @property
    def margins(self) -> Array:
        """How far each class is ahead of the best other one: above 0 where it is predicted.

        Scores make smooth boundaries; without them, or where the model does not choose the highest, the labels
        speak.
        """
        n = len(self.classes)
        if self.scores is None or not np.array_equal(self.scores.argmax(axis=2), self.labels):
            return np.asarray((self.labels[..., np.newaxis] == np.arange(n)) - 0.5)
        others = np.stack([np.delete(self.scores, k, axis=2).max(axis=2) for k in range(n)], axis=2)
        return np.asarray(self.scores - others)


def decision_grid(model: Any, X: Any, y: Any, *, resolution: int = 300) -> Grid:
    """Return what a model answers on a grid that covers the samples.

    Parameters
    ----------
    model : object
        Anything with ``predict``; ``predict_proba`` or ``decision_function`` are used where there is one.
    X : array of shape (N, 2)
        Samples in the plane.
    y : array of shape (N,)
        Their classes: names or whole numbers.
    resolution : int
        Points along each side, from 2 to 2,000.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the samples are not in the plane, have no classes, or the model cannot predict.

    Examples
    --------
    >>> class Right:
    ...     def predict(self, X):
    ...         return (X[:, 0] > 0).astype(int)
    >>> decision_grid(Right(), [[-1.0, 0.0], [1.0, 1.0]], [0, 1], resolution=10).counts
    array([50, 50])
    """
    X, y = _samples(X, y)
    _check(model, resolution)
    x1, x2 = (_centers(X[:, k], resolution) for k in (0, 1))
    points = np.stack([part.ravel() for part in np.meshgrid(x1, x2)], axis=1).astype(X.dtype, copy=False)
    predicted = np.asarray(model.predict(points))
    classes = np.unique(np.concatenate([y, predicted]))
    shape = (resolution, resolution)
    scores, probabilities = _scores(model, points, len(classes))
    return Grid(
        x1,
        x2,
        classes,
        np.searchsorted(classes, predicted).reshape(shape),
        None if scores is None else scores.reshape(*shape, -1),
        probabilities,
    )


def boundary(model: Any, X: Any, y: Any, *, name: str = "", **how: Any) -> tuple[Figure, Grid]:
    """Return a figure of one model's decision boundaries with the samples, and the grid it shows; see `boundaries`."""
    figure, grids = boundaries({name: model}, X, y, **how)
    return figure, grids[name]


def boundaries(
    models: Mapping[str, Any],
    X: Any,
    y: Any,
    *,
    titles: Mapping[str, str] | None = None,
    class_names: Sequence[str] | None = None,
    feature_names: tuple[str, str] = ("$x_1$", "$x_2$"),
    columns: int = 3,
    resolution: int = 300,
) -> tuple[Figure, dict[str, Grid]]:
    """Return a figure of the decision boundaries of several fitted models, and the grid that each panel shows.

    Every region has the color of its class, stronger where the model is surer of it; samples in the wrong region
    have a black rim. Dashed lines are where a binary score without probabilities is 1 or -1: an SVM's margin.

    Parameters
    ----------
    models : mapping of str to object
        Fitted models by name; each has ``predict``.
    X, y : array of shape (N, 2), array of shape (N,)
        Samples and their classes; the accuracy on them stands in the title.
    titles : mapping of str to str, optional
        What stands above a panel, where that is not the model's name.
    class_names : sequence of str, optional
        Names for the legend, in the order of the classes.
    feature_names : pair of str
        What stands at the axes, with units if there are any.
    columns : int
        Panels in a row.
    resolution : int
        Points along each side of a panel.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If there is no model, the samples are not in the plane or have no classes, or a model cannot predict.
    """
    if not models:
        raise ParameterError("there is no model to draw; expected at least one.")
    X, y = _samples(X, y)
    grids = {name: decision_grid(model, X, y, resolution=resolution) for name, model in models.items()}
    columns = min(columns, len(models))
    figure, all_axes = panels(len(models), columns, *panel_size(grids, columns), sharex=True, sharey=True)
    for axes, (name, model) in zip(all_axes, models.items(), strict=True):
        right = np.asarray(model.predict(X)) == y
        draw_regions(axes, grids[name])
        draw_samples(axes, X, y, right, class_names)
        accuracy = f"train accuracy {right.mean():.1%}"
        title = (titles or {}).get(name, name)
        axes.set_title(f"{title}\n{accuracy}" if title else accuracy, fontsize=10, parse_math=False)
    for k, axes in enumerate(all_axes):
        axes.set_xlabel(feature_names[0] if k + columns >= len(all_axes) else "")
        axes.set_ylabel(feature_names[1] if k % columns == 0 else "")
        axes.tick_params(labelbottom=k + columns >= len(all_axes))
    legend_below(figure, all_axes[0], 2 * columns + 1)
    return figure, grids


def panel_size(grids: Mapping[str, Grid], columns: int) -> tuple[float, float]:
    """Return width and height of a panel in inches, so that its data fill it."""
    grid = next(iter(grids.values()))
    width, n_rows = 4.4 if columns == 1 else 3.1, -(-len(grids) // columns)
    tall = np.ptp(grid.y) / np.ptp(grid.x) if alike(grid) else 0.9
    return width, (width - 0.5) * tall + TITLE + LEGEND / n_rows


def alike(grid: Grid) -> bool:
    """Return whether both features have ranges of about the same size, and are drawn in one scale."""
    return bool(1 / LIKE_SIZES < np.ptp(grid.y) / np.ptp(grid.x) < LIKE_SIZES)


def draw_regions(axes: Axes, grid: Grid) -> None:
    """Fill each class's region with its color, and draw the lines between them."""
    n = len(grid.classes)
    half = [(values[1] - values[0]) / 2 for values in (grid.x, grid.y)]
    extent = (grid.x[0] - half[0], grid.x[-1] + half[0], grid.y[0] - half[1], grid.y[-1] + half[1])
    pixels = np.empty((*grid.labels.shape, 4))
    pixels[..., :3] = np.array([to_rgb(color) for color in colors(n)])[grid.labels]
    pixels[..., 3] = FAINT + (STRONG - FAINT) * _certainty(grid)
    axes.imshow(
        pixels, origin="lower", extent=extent, aspect="equal" if alike(grid) else "auto", interpolation="nearest"
    )
    present = np.flatnonzero(grid.counts)
    margins = grid.margins
    # Between two classes one line is enough; among more, each region has its own rim.
    for k in present[:-1] if len(present) == 2 else present if len(present) > 2 else ():
        axes.contour(grid.x, grid.y, margins[..., k], levels=[0], colors="black", linewidths=1.1)
    if n == 2 and grid.scores is not None and not grid.probabilities:
        axes.contour(grid.x, grid.y, grid.scores[..., 1], levels=[-1, 1], **INNER_LINES)


def draw_samples(axes: Axes, X: Array, y: Array, right: Array, class_names: Sequence[str] | None = None) -> None:
    """Draw the samples on top, each class with its own color and mark."""
    classes = np.unique(y)
    names = [str(c) for c in classes] if class_names is None else class_names
    size = float(np.clip(4000 / len(X), 6, 26))
    for k, (color, marker) in enumerate(zip(colors(len(classes)), markers(len(classes)), strict=True)):
        x1, x2 = X[y == classes[k]].T
        rims = ["white" if fits else "black" for fits in right[y == classes[k]]]
        label = f"class {names[k]}" if str(names[k]).isdigit() else str(names[k])
        axes.scatter(x1, x2, s=size, color=color, marker=marker, edgecolors=rims, linewidths=RIM, label=label, zorder=3)
    axes.scatter([], [], s=size, color="white", edgecolors="black", linewidths=RIM, label="misclassified")


def _certainty(grid: Grid) -> Array:
    """Return how sure the model is at each point, in [0, 1]: 0 where all classes are as probable."""
    if grid.scores is None or not grid.probabilities:
        return np.full(grid.labels.shape, 0.6)
    n = len(grid.classes)
    highest = np.take_along_axis(grid.scores, grid.labels[..., np.newaxis], axis=2)[..., 0]
    return np.clip((highest - 1 / n) / (1 - 1 / n), 0, 1)


def _scores(model: Any, points: Array, n_classes: int) -> tuple[Array | None, bool]:
    """Return the scores (M, C) of points, if the model has them, and whether they are probabilities."""
    for method in ("predict_proba", "decision_function"):
        found = getattr(model, method, None)
        values = None if found is None else found(points)
        if values is None:
            continue
        scores = np.asarray(values, np.float64)
        if scores.ndim == 1:  # one score, of the second class
            scores = np.stack([np.zeros_like(scores), scores], axis=1)
        if scores.shape == (len(points), n_classes) and n_classes > 1:
            return scores, method == "predict_proba"
    return None, False


def _samples(X: Any, y: Any) -> tuple[Array, Array]:
    """Return samples in the plane and their classes."""
    X, y = np.asarray(X), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or not len(X):
        raise ShapeError(f"X is {X.shape}, expected (N, 2): boundaries are drawn in the plane; choose two features.")
    if y.shape != X.shape[:1]:
        raise ShapeError(f"y is {y.shape} and X is {X.shape}; expected y of shape ({len(X)},), one class per sample.")
    if y.dtype.kind == "f" and not np.array_equal(y, np.floor(y)):
        raise DataError(f"y holds {y[y != np.floor(y)][0]:g}, expected classes: names or whole numbers.")
    return (X if X.dtype.kind == "f" else X.astype(np.float64)), y


def _check(model: Any, resolution: int) -> None:
    """Refuse what cannot predict, and grids that are empty or larger than anybody looks at."""
    if not hasattr(model, "predict"):
        raise ParameterError(f"{type(model).__name__} has no predict; expected a fitted model.")
    if not isinstance(resolution, int) or not 2 <= resolution <= MOST_POINTS:
        raise ParameterError(f"resolution must be a whole number from 2 to {MOST_POINTS:,}; got {resolution!r}.")


def _centers(values: Array, n: int) -> Array:
    """Return the middles of n pixels that cover some numbers, with air on both sides."""
    low, high = float(values.min()), float(values.max())
    air = AIR * (high - low) or 1.0
    edges = np.linspace(low - air, high + air, n + 1)
    return (edges[:-1] + edges[1:]) / 2
