"""Learning rates over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from zanjir.errors import ParameterError, choose
from zanjir.graph import Array
from zanjir.optim import SCHEDULES, Schedule
from zanjir.plots.style import strokes, tidy

__all__ = ["learning_rates", "schedules"]


def learning_rates(schedule: Schedule, learning_rate: float, n_steps: int) -> Array:
    """Return the learning rate of each step.

    Examples
    --------
    >>> from zanjir.optim import Cosine
    >>> learning_rates(Cosine(), 0.1, 4).round(4)
    array([0.1   , 0.0854, 0.05  , 0.0146])
    """
    return np.array([learning_rate * schedule(t, n_steps) for t in range(1, n_steps + 1)])


def schedules(
    names: Sequence[str] = tuple(SCHEDULES), *, learning_rate: float = 0.1, n_steps: int = 1000, warmup: float = 0.0
) -> tuple[Figure, Mapping[str, Array]]:
    """Return a figure of the learning rate of schedules over time, and the rates by name.

    Parameters
    ----------
    names : sequence of str
        Schedules, all of them by default.
    learning_rate : float > 0
        The rate that a schedule multiplies.
    n_steps : int
        Steps of the training.
    warmup : float in [0, 1)
        Share of the steps over which the rate first rises.

    Raises
    ------
    ParameterError
        If a name is unknown, or a number is outside its range.
    """
    if not isinstance(n_steps, int) or n_steps < 1:
        raise ParameterError(f"n_steps must be a whole number of at least 1; got {n_steps!r}.")
    chosen = {name: replace(choose("schedule", name, SCHEDULES)(), warmup=warmup) for name in names}
    rates = {name: learning_rates(schedule, learning_rate, n_steps) for name, schedule in chosen.items()}
    figure = Figure(figsize=(5.6, 3.6), layout="constrained")
    axes = figure.subplots()
    t = np.arange(1, n_steps + 1)
    for (name, values), stroke in zip(rates.items(), strokes(len(rates)), strict=True):
        axes.plot(t, values, linewidth=1.8, label=name.replace("_", " "), **stroke)
    tidy(axes, "step $t$", "learning rate")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right center", frameon=False)
    return figure, rates
