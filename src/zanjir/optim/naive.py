"""One weight at a time: the search that needs no gradient, to see what a gradient saves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.errors import NonFiniteError, ParameterError
from zanjir.graph import Array

__all__ = ["NaiveSearch", "naive_search"]


@dataclass(frozen=True)
class NaiveSearch:
    """What a naive search found: the parameters, their loss, and how often the loss was computed."""

    W: Array
    loss: float
    evaluations: int


def naive_search(loss: Callable[[Array], Any], W: Any, *, step: float = 0.01, sweeps: int = 1) -> NaiveSearch:
    """Freeze all weights but one, try it a step higher and a step lower, keep the best; then the next weight.

    A sweep needs two forward passes per weight; gradient descent moves all weights after one forward and one
    backward pass.

    Parameters
    ----------
    loss : function
        From an array of W's shape to a number.
    W : array_like of any shape
        The weights to start from; they are not changed.
    step : float
        How far each weight is moved.
    sweeps : int
        How often each weight is visited.

    Returns
    -------
    NaiveSearch
        Its ``evaluations`` are 2 per weight and sweep, and one for the start.

    Raises
    ------
    ParameterError
        If step is not above 0, or sweeps is no whole number from 1.
    NonFiniteError
        If the loss is not finite at the start.

    Examples
    --------
    >>> found = naive_search(lambda W: np.sum(W**2), [0.3, -0.2], step=0.1, sweeps=3)
    >>> found.W.round(9) + 0.0, found.evaluations
    (array([0., 0.]), 13)
    """
    if not (isinstance(step, int | float) and 0 < step < np.inf):
        raise ParameterError(f"naive_search: step must be a number above 0; got {step!r}.")
    if not isinstance(sweeps, int) or isinstance(sweeps, bool) or sweeps < 1:
        raise ParameterError(f"naive_search: sweeps must be a whole number, at least 1; got {sweeps!r}.")
    best = np.array(W, np.float64)
    lowest = float(loss(best.copy()))
    if not np.isfinite(lowest):
        raise NonFiniteError(f"naive_search: the loss is {lowest} at the start, expected a finite number.")
    evaluations = 1
    for _ in range(sweeps):
        for index in np.ndindex(best.shape):
            here = best[index]
            for value in (here + step, here - step):
                tried = best.copy()
                tried[index] = value
                found = float(loss(tried.copy()))
                evaluations += 1
                if found < lowest:
                    best, lowest = tried, found
    return NaiveSearch(best, lowest, evaluations)
