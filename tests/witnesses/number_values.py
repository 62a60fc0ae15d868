"""Witnesses of the elementwise gates beyond arithmetic, for numbers of mpmath."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import mpmath
import numpy as np

from witnesses.witness import Witness


def whole(x: Any) -> int:
    """The largest whole number that is not above x."""
    return int(mpmath.floor(x))


def truncated(_m: ModuleType, x: Any) -> int:
    return whole(x) if x >= 0 else -whole(-x)


def rounded(_m: ModuleType, x: Any) -> int:
    """The nearest whole number; halves go to the even one."""
    low = whole(x)
    rest = x - low
    if rest == mpmath.mpf(1) / 2:
        return low if low % 2 == 0 else low + 1
    return low if rest < mpmath.mpf(1) / 2 else low + 1


def smooth_logistic(m: ModuleType, x: Any) -> Any:
    return 1 / (1 + m.exp(-x))


def normal_cdf(m: ModuleType, x: Any) -> Any:
    return m.erfc(-x / m.sqrt(2)) / 2


def sinc(m: ModuleType, x: Any, order: int = 0) -> Any:
    """sin(pi x) / (pi x), differentiated numerically with more digits than are compared."""
    with mpmath.workdps(80):
        return m.diff(m.sincpi, x, order)


def root_of_squares(m: ModuleType, x: Any, y: Any) -> Any:
    return m.sqrt(x * x + y * y)


def cube_root(m: ModuleType, x: Any) -> Any:
    return m.cbrt(x) if x >= 0 else -m.cbrt(-x)


def larger_or_one(_m: ModuleType, x: Any, y: Any) -> Any:
    return np.vectorize(lambda a, b: max(1, abs(a), abs(b)), otypes=[object])(x, y)


NUMBERS = {
    "reciprocal": Witness(lambda _, x: 1 / x),
    "remainder": Witness(lambda _, x, y: x - y * whole(x / y), scale=lambda _m, _x, y: abs(y)),
    "floor_divide": Witness(lambda _, x, y: whole(x / y)),
    "hypot": Witness(root_of_squares),
    "arctan2": Witness(lambda m, y, x: m.atan2(y, x)),
    "logaddexp": Witness(lambda m, x, y: m.log(m.exp(x) + m.exp(y)), scale=larger_or_one),
    "fmax": Witness(lambda _, x, y: max(x, y)),
    "fmin": Witness(lambda _, x, y: min(x, y)),
    "where": Witness(lambda _, c, x, y: x if c else y),
    "clip": Witness(lambda _, x, low=-1, high=1: min(max(x, low), high)),
    "equal": Witness(lambda _, x, y: int(x == y)),
    "not_equal": Witness(lambda _, x, y: int(x != y)),
    "logical_and": Witness(lambda _, x, y: int(bool(x) and bool(y))),
    "logical_or": Witness(lambda _, x, y: int(bool(x) or bool(y))),
    "logical_not": Witness(lambda _, x: int(not x)),
    "isnan": Witness(lambda _, x: int(x != x)),  # noqa: PLR0124 - only not-a-number differs from itself
    "isfinite": Witness(lambda _, x: int(abs(x) < mpmath.inf)),
    "expm1": Witness(lambda m, x: m.expm1(x)),
    "exp2": Witness(lambda m, x: m.mpf(2) ** x),
    "log2": Witness(lambda m, x: m.log(x) / m.log(2)),
    "log10": Witness(lambda m, x: m.log(x) / m.log(10)),
    "cbrt": Witness(cube_root),
    "leaky_relu": Witness(lambda _, x, slope=0.01: x if x > 0 else mpmath.mpf(slope) * x),
    "elu": Witness(lambda m, x, alpha=1: x if x > 0 else mpmath.mpf(alpha) * m.expm1(x)),
    "erf": Witness(lambda m, x: m.erf(x)),
    "normal_cdf": Witness(normal_cdf),
    "gelu": Witness(lambda m, x: x * normal_cdf(m, x)),
    "silu": Witness(lambda m, x: x * smooth_logistic(m, x)),
    "sin": Witness(lambda m, x: m.sin(x)),
    "cos": Witness(lambda m, x: m.cos(x)),
    "tan": Witness(lambda m, x: m.tan(x)),
    "arcsin": Witness(lambda m, x: m.asin(x)),
    "arccos": Witness(lambda m, x: m.acos(x)),
    "arctan": Witness(lambda m, x: m.atan(x)),
    "sinh": Witness(lambda m, x: m.sinh(x)),
    "cosh": Witness(lambda m, x: m.cosh(x)),
    "arcsinh": Witness(lambda m, x: m.asinh(x)),
    "arccosh": Witness(lambda m, x: m.acosh(x)),
    "arctanh": Witness(lambda m, x: m.atanh(x)),
    "sinc": Witness(sinc, scale=lambda m, x, order: np.full(np.shape(x), m.pi**order / (order + 1))),
    "deg2rad": Witness(lambda m, x: x * m.pi / 180),
    "rad2deg": Witness(lambda m, x: x * 180 / m.pi),
    "floor": Witness(lambda _, x: whole(x)),
    "ceil": Witness(lambda _, x: -whole(-x)),
    "rint": Witness(rounded),
    "trunc": Witness(truncated),
    "nan_to_num": Witness(lambda _, x: x),
}
