"""The loss over two parameters, and the ways that update rules take down it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zanjir.errors import NonFiniteError, ParameterError, choose
from zanjir.graph import Array, Tensor, gradient
from zanjir.optim import Optimizer
from zanjir.plots.style import BLUE, MARKERS, VERMILION, strokes, tidy

__all__ = ["SURFACES", "Surface", "contour", "descent_path", "step_sizes", "surface"]

N_LEVELS, N_POINTS = 18, 241
SMALLEST = 1e-6  # of the first loss: what lies below is the bottom


@dataclass(frozen=True)
class Surface:
    """A loss of two parameters, with the part of the plane to look at.

    Parameters
    ----------
    loss : function
        From w1 and w2, tensors or arrays, to the loss; written in NumPy.
    start : pair of float
        Where the descent begins.
    low, high : pair of float
        Corners of what is shown.
    formula : str
        The loss in LaTeX.
    learning_rates : mapping of str to float
        Rates at which update rules go down this loss in about a hundred steps.
    """

    loss: Callable[[Any, Any], Any]
    start: tuple[float, float]
    low: tuple[float, float]
    high: tuple[float, float]
    formula: str
    learning_rates: Mapping[str, float]


def descent_path(
    loss: Callable[[Any, Any], Any], start: Any, rule: Optimizer, *, n_steps: int = 40
) -> tuple[Array, Array]:
    """Return the points that an update rule visits, and the loss at each.

    Parameters
    ----------
    loss : function
        From w1 and w2 to the loss, in NumPy.
    start : pair of float
        The first point.
    rule : Optimizer
        The update rule, with its learning rate.
    n_steps : int
        Number of steps.

    Returns
    -------
    points : array of shape (n_steps + 1, 2)
        Fewer rows if the descent leaves the finite numbers: the last is the last finite one.
    losses : array with one number per point

    Raises
    ------
    ParameterError, NonFiniteError
        If there is no step, or the loss is not finite at the start.

    Examples
    --------
    >>> from zanjir.optim import SGD
    >>> points, losses = descent_path(lambda w1, w2: w1**2 + w2**2, (1.0, 0.0), SGD(0.1), n_steps=2)
    >>> points.round(2), losses.round(4)
    (array([[1.  , 0.  ],
           [0.8 , 0.  ],
           [0.64, 0.  ]]), array([1.    , 0.64  , 0.4096]))
    """
    if not isinstance(n_steps, int) or n_steps < 1:
        raise ParameterError(f"n_steps must be a whole number of at least 1; got {n_steps!r}.")
    W, state = np.array(start, np.float64), {name: np.zeros(2) for name in rule.state_names}
    rate = Tensor(np.float64(rule.learning_rate))
    points, losses = [W], []
    with np.errstate(over="ignore", invalid="ignore"):  # a step size that is too large is something to see
        for t in range(1, n_steps + 2):
            w = Tensor(points[-1], "W")
            value = loss(w[0], w[1])
            losses.append(float(value.value))
            if t > n_steps or not np.isfinite(losses[-1]):
                break
            given = {name: Tensor(vector) for name, vector in state.items()}
            new = rule.update(w, gradient(value, w), rate, Tensor(np.float64(t)), **given)
            state = {name: np.asarray(new[name].value) for name in state}
            points.append(np.asarray(new["W"].value))
    finite = np.isfinite(losses) & np.isfinite(points[: len(losses)]).all(axis=1)
    if not finite[0]:
        raise NonFiniteError(f"the loss is {losses[0]} at the start {tuple(start)}, expected a finite number.")
    end = len(finite) if finite.all() else int(finite.argmin())
    return np.array(points[:end]), np.array(losses[:end])


def contour(
    over: Surface, rules: Mapping[str, Optimizer], *, n_steps: int = 40
) -> tuple[Figure, dict[str, tuple[Array, Array]]]:
    """Return a figure of the loss as contour lines with the steps of update rules, and the steps by name.

    Parameters
    ----------
    over : Surface
        The loss and the part of the plane to look at.
    rules : mapping of str to Optimizer
        Update rules by name, all from the same start.
    n_steps : int
        Steps of each.

    Raises
    ------
    ParameterError, NonFiniteError
        If there is no step, or the loss is not finite at the start.
    """
    paths = {name: descent_path(over.loss, over.start, rule, n_steps=n_steps) for name, rule in rules.items()}
    figure = Figure(figsize=(9.6, 4.2), layout="constrained")
    plane, curves = figure.subplots(1, 2, width_ratios=(1.25, 1))
    draw_levels(plane, over)
    for k, ((name, (points, losses)), stroke) in enumerate(zip(paths.items(), strokes(len(paths)), strict=True)):
        plane.plot(*points.T, linewidth=1.6, marker=MARKERS[k % len(MARKERS)], markersize=3.5, **stroke)
        curves.plot(losses, linewidth=1.8, label=f"{name}, rate {rules[name].learning_rate:g}", **stroke)
    plane.plot(*over.start, "*", color="black", markersize=13, zorder=5)
    plane.annotate("start", over.start, (7, 6), textcoords="offset points")
    plane.set(xlabel="$w_1$", ylabel="$w_2$")
    plane.set_title(f"$L = {over.formula}$", fontsize=11)
    tidy(curves, "step", "loss $L$")
    curves.set_yscale("log")
    first = next(iter(paths.values()))[1][0] if paths else 1.0
    curves.set_ylim(bottom=max(SMALLEST * first, curves.get_ylim()[0]))
    curves.legend(frameon=False, fontsize=8, loc="lower left")
    return figure, paths


def draw_levels(axes: Axes, over: Surface) -> None:
    """Draw the lines on which the loss is the same; they lie closer where it is low."""
    w1, w2 = (np.linspace(over.low[k], over.high[k], N_POINTS) for k in (0, 1))
    loss = over.loss(*np.meshgrid(w1, w2))
    levels = np.quantile(loss, np.linspace(0, 1, N_LEVELS) ** 1.5)
    axes.contourf(w1, w2, loss, levels=np.unique(levels), cmap="Greys", alpha=0.25)
    axes.contour(w1, w2, loss, levels=np.unique(levels), colors="#a6a6a6", linewidths=0.5)
    axes.set(xlim=(over.low[0], over.high[0]), ylim=(over.low[1], over.high[1]))


def step_sizes(
    learning_rates: tuple[float, ...] = (0.01, 0.1, 1.1), *, start: float = 1.0, n_steps: int = 20
) -> tuple[Figure, dict[float, Array]]:
    """Return a figure of gradient descent on w² at several learning rates, and the points that each visits.

    Parameters
    ----------
    learning_rates : tuple of float
        One panel each, such as too small, reasonable and too large.
    start : float
        The first w.
    n_steps : int
        Number of steps.

    Raises
    ------
    ParameterError
        If a rate is not above 0, or there is no step.
    """
    from zanjir.optim import SGD
    from zanjir.plots.style import panels

    paths = {
        rate: descent_path(lambda w1, w2: w1**2 + 0 * w2, (start, 0.0), SGD(rate), n_steps=n_steps)[0][:, 0]
        for rate in learning_rates
    }
    figure, all_axes = panels(len(paths), 3, 3.2, 3.0)
    for axes, (rate, w) in zip(all_axes, paths.items(), strict=True):
        reach = 1.15 * np.abs(w).max()
        line = np.linspace(-reach, reach, N_POINTS)
        axes.plot(line, line**2, color="#8c8c8c", linewidth=1.2)
        axes.plot(w, w**2, "o-", color=BLUE, markersize=4, linewidth=1)
        axes.plot(w[0], w[0] ** 2, "*", color=VERMILION, markersize=13)
        axes.set_title(f"learning rate {rate:g}\n$w = {w[-1]:.5g}$ after {len(w) - 1} steps", fontsize=10)
        tidy(axes, "$w$", "loss $w^2$")
    return figure, paths


def surface(name: str) -> Surface:
    """Return a loss by name: ``"ravine"``, ``"rosenbrock"`` or ``"himmelblau"``."""
    return choose("surface", name, SURFACES)


SURFACES: dict[str, Surface] = {
    "ravine": Surface(
        lambda w1, w2: (w1**2 + 20 * w2**2) / 2,
        (-4.0, 1.6), (-5.0, -2.2), (5.0, 2.2), r"\frac{1}{2}(w_1^2 + 20\, w_2^2)",
        {"sgd": 0.08, "momentum": 0.01, "nesterov": 0.015, "adagrad": 1.0, "adadelta": 30.0, "rmsprop": 0.15,
         "adam": 0.3, "adamw": 0.3},
    ),
    "rosenbrock": Surface(
        lambda w1, w2: (1 - w1) ** 2 + 10 * (w2 - w1**2) ** 2,
        (-1.2, 1.6), (-2.0, -0.8), (2.0, 2.8), r"(1 - w_1)^2 + 10\,(w_2 - w_1^2)^2",
        {"sgd": 0.01, "momentum": 0.003, "nesterov": 0.003, "adagrad": 0.4, "adadelta": 20.0, "rmsprop": 0.05,
         "adam": 0.15, "adamw": 0.15},
    ),
    "himmelblau": Surface(
        lambda w1, w2: (w1**2 + w2 - 11) ** 2 + (w1 + w2**2 - 7) ** 2,
        (-0.5, -0.8), (-5.5, -5.5), (5.5, 5.5), r"(w_1^2 + w_2 - 11)^2 + (w_1 + w_2^2 - 7)^2",
        {"sgd": 0.01, "momentum": 0.005, "nesterov": 0.005, "adagrad": 0.8, "adadelta": 30.0, "rmsprop": 0.1,
         "adam": 0.3, "adamw": 0.3},
    ),
}  # fmt: skip
