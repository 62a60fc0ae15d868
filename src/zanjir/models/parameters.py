"""Parameters of estimators that nothing below looks at before it computes with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from zanjir.errors import ParameterError
from zanjir.training import Callback

__all__ = ["check_parameters", "sizes_of", "whole"]


def check_parameters(estimator: Any) -> None:
    """Refuse a tolerance or callbacks of an estimator that cannot be used.

    Raises
    ------
    ParameterError
        If ``tol`` is no number of at least 0, or one of the ``callbacks`` is no callback of ours.
    """
    tol = estimator.tol
    if isinstance(tol, bool) or not isinstance(tol, int | float | np.number) or not tol >= 0:
        raise ParameterError(f"tol is {tol!r}, expected a number of at least 0.")
    wrong = [thing for thing in estimator.callbacks or () if not isinstance(thing, Callback)]
    if wrong:
        raise ParameterError(
            f"callbacks holds {wrong[0]!r}, expected objects of zanjir.training.Callback; scikit-learn's own are "
            "set with set_callbacks."
        )


def whole(name: str, value: Any, also: str = "") -> int:
    """Return a parameter that is a whole number of at least 1; ``also`` says what else it may be.

    Examples
    --------
    >>> whole("max_iter", 0)
    Traceback (most recent call last):
        ...
    zanjir.errors.ParameterError: max_iter is 0, expected a whole number of at least 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ParameterError(f"{name} is {value!r}, expected {also}a whole number of at least 1.")
    return int(value)


def sizes_of(hidden: Any) -> Sequence[int]:
    """Return the hidden sizes; one number means one layer.

    Examples
    --------
    >>> sizes_of(20), sizes_of((20, 10)), sizes_of(())
    ([20], [20, 10], [])
    """
    sizes = list(hidden) if isinstance(hidden, Iterable) else [hidden]
    if any(not isinstance(size, int | np.integer) or size < 1 for size in sizes):
        raise ParameterError(f"hidden_layer_sizes is {hidden!r}, expected whole numbers of at least 1, such as (100,).")
    return [int(size) for size in sizes]
