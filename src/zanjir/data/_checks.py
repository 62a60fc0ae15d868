"""The checks of arguments that several files of this room need."""

from __future__ import annotations

import math
import operator
from typing import SupportsFloat, SupportsIndex

import numpy as np

from zanjir.errors import ParameterError


def whole(what: str, value: SupportsIndex, least: int) -> int:
    """Return ``value`` as an int if it is a whole number of at least ``least``."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1  # reported below, like a number that is too small
    if isinstance(value, (bool, np.bool_)) or number < least:
        raise ParameterError(f"{what} must be a whole number of at least {least}; got {value!r}.")
    return number


def amount(what: str, value: SupportsFloat) -> float:
    """Return ``value`` as a float if it is finite and not negative."""
    number = real(value)
    if not 0 <= number < math.inf:
        raise ParameterError(f"{what} must be a finite number of at least 0; got {value!r}.")
    return number


def real(value: SupportsFloat) -> float:
    """Return ``value`` as a float, or not-a-number, which fails every comparison, if it is no number."""
    if isinstance(value, str):
        return math.nan
    try:
        return float(value)
    except TypeError:
        return math.nan
