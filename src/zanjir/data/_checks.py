"""The checks of arguments that several files of this room need."""

from __future__ import annotations

import math
import operator
from typing import Any, SupportsFloat, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zanjir.errors import DataError, ParameterError, ShapeError

Array = NDArray[Any]

MAX_BYTES = 2**32  # the largest array that is made on demand
UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


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


def array_of(what: str, values: ArrayLike) -> Array:
    """Return ``values`` as an array of real numbers."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"{what} is not an array: {error}; expected nested lists of equal lengths.") from error
    if array.dtype.kind not in "biuf":
        raise DataError(f"{what} has dtype {array.dtype}; expected real numbers.")
    return array


def floats_of(what: str, values: ArrayLike) -> Array:
    """Return ``values`` as float32 if they are, and as float64 otherwise, so that bytes do not wrap."""
    array = array_of(what, values)
    return array if array.dtype in {np.dtype("float32"), np.dtype("float64")} else array.astype(np.float64)


def byte_count(number: int) -> str:
    """Return a number of bytes as it is spoken of."""
    if number < 1024:
        return f"{number} bytes"
    power = min((number.bit_length() - 1) // 10, len(UNITS) - 1)
    return f"{number / 1024**power:.1f} {UNITS[power]}"


def affordable(what: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse an array that is larger than anybody means."""
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_BYTES:
        raise ParameterError(
            f"{what} would have the shape {shape}, {size:,} bytes in {dtype} ({byte_count(size)}); expected at most "
            f"{byte_count(MAX_BYTES)}; take fewer at a time."
        )
