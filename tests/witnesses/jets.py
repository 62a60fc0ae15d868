"""A toy that differentiates numbers: value, slope and curvature along one variable. It shares nothing with zanjir.

A jet is ``f + f' t + f'' t^2 / 2``. Each entry of ``ORACLE`` is a function of plain numbers with its first and
second derivatives, by the textbook; the chain rule to second order does the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from math import cosh, exp, log, log1p, pi, sinh, sqrt, tanh

import numpy as np

NEAR = 1e-6


class NearKink(Exception):  # noqa: N818 - it asks for another example
    """The point lies so close to a kink that rounding decides the side."""


@dataclass(frozen=True)
class Jet:
    """A number that depends on one variable: its value, first and second derivative."""

    value: float
    slope: float = 0.0
    curvature: float = 0.0


def plus(x: Jet, y: Jet) -> Jet:
    return Jet(x.value + y.value, x.slope + y.slope, x.curvature + y.curvature)


def times(x: Jet, y: Jet) -> Jet:
    second = x.curvature * y.value + 2 * x.slope * y.slope + x.value * y.curvature
    return Jet(x.value * y.value, x.slope * y.value + x.value * y.slope, second)


def smooth(
    f: Callable[[float], float], df: Callable[[float], float], ddf: Callable[[float], float]
) -> Callable[[Jet], Jet]:
    def lifted(x: Jet) -> Jet:
        first, second = df(x.value), ddf(x.value)
        return Jet(f(x.value), first * x.slope, second * x.slope**2 + first * x.curvature)

    return lifted


def larger(x: Jet, y: Jet) -> Jet:
    if abs(x.value - y.value) < NEAR:
        raise NearKink
    return x if x.value > y.value else y


def minus(x: Jet) -> Jet:
    return times(Jet(-1.0), x)


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def softened(x: float) -> float:
    return max(x, 0.0) + log1p(exp(-abs(x)))


exp_of = smooth(exp, exp, exp)
log_of = smooth(log, lambda x: 1 / x, lambda x: -1 / x**2)
over = smooth(lambda x: 1 / x, lambda x: -1 / x**2, lambda x: 2 / x**3)
tanh_of = smooth(tanh, lambda x: 1 / cosh(x) ** 2, lambda x: -2 * tanh(x) / cosh(x) ** 2)
softplus_of = smooth(softened, logistic, lambda x: logistic(x) * logistic(-x))


def away_from(points: Callable[[float], float], f: Callable[..., Jet]) -> Callable[..., Jet]:
    """Refuse points that lie close to a special one."""

    def guarded(x: Jet, *others: Jet) -> Jet:
        if abs(x.value - points(x.value)) < NEAR:
            raise NearKink
        return f(x, *others)

    return guarded


def root(x: Jet) -> Jet:
    return smooth(sqrt, lambda v: 0.5 / sqrt(v), lambda v: -0.25 / (v * sqrt(v)))(x)


def length(x: Jet, y: Jet) -> Jet:
    squares = plus(times(x, x), times(y, y))
    if squares.value < NEAR:
        raise NearKink
    return root(squares)


def angle(y: Jet, x: Jet) -> Jet:
    """The angle of a point in the upper half plane: twice the arc tangent of y / (r + x)."""
    half = arctan_of(times(y, over(plus(length(x, y), x))))
    return times(Jet(2.0), half)


def remaining(x: Jet, y: Jet) -> Jet:
    ratio = x.value / y.value
    if abs(ratio - round(ratio)) < NEAR:
        raise NearKink
    return plus(x, times(Jet(-float(math.floor(ratio))), y))


def cosine_mean(x: float, order: int) -> float:
    """The derivative of sin(pi x) / (pi x), a mean of cosines, by Gauss and Legendre's rule."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    t = (nodes + 1) / 2
    return float(np.sum(weights / 2 * (pi * t) ** order * np.cos(pi * t * x + order * pi / 2)))


arctan_of = smooth(math.atan, lambda v: 1 / (1 + v * v), lambda v: -2 * v / (1 + v * v) ** 2)
density = 1 / sqrt(2 * pi)
below = smooth(
    lambda v: math.erfc(-v / sqrt(2)) / 2,
    lambda v: density * exp(-v * v / 2),
    lambda v: -v * density * exp(-v * v / 2),
)
sin_of = smooth(math.sin, math.cos, lambda v: -math.sin(v))
cos_of = smooth(math.cos, lambda v: -math.sin(v), lambda v: -math.cos(v))
sinh_of, cosh_of = smooth(sinh, cosh, sinh), smooth(cosh, sinh, cosh)
expm1_of = smooth(math.expm1, exp, exp)


def scaled(factor: float) -> Callable[[Jet], Jet]:
    return lambda x: times(Jet(factor), x)


def swish(x: Jet) -> Jet:
    return times(x, over(plus(Jet(1.0), exp_of(minus(x)))))


def softmax_of_two(x: Jet, y: Jet) -> Jet:
    return plus(y, softplus_of(plus(x, minus(y))))


def smaller(x: Jet, y: Jet) -> Jet:
    return minus(larger(minus(x), minus(y)))


ORACLE: dict[str, Callable[..., Jet]] = {
    "add": plus,
    "subtract": lambda x, y: plus(x, minus(y)),
    "multiply": times,
    "divide": lambda x, y: times(x, over(y)),
    "negative": minus,
    "power": lambda x, n: exp_of(times(n, log_of(x))),
    "square": lambda x: times(x, x),
    "reciprocal": over,
    "remainder": remaining,
    "hypot": length,
    "arctan2": angle,
    "logaddexp": softmax_of_two,
    "maximum": larger,
    "minimum": smaller,
    "fmax": larger,
    "fmin": smaller,
    "where": lambda c, x, y: x if c.value else y,
    "clip": lambda x: smaller(larger(x, Jet(-1.0)), Jet(1.0)),
    "nan_to_num": lambda x: x,
    "expm1": expm1_of,
    "exp2": lambda x: exp_of(times(Jet(log(2)), x)),
    "log2": lambda x: times(Jet(1 / log(2)), log_of(x)),
    "log10": lambda x: times(Jet(1 / log(10)), log_of(x)),
    "cbrt": away_from(
        lambda _: 0.0,
        smooth(np.cbrt, lambda v: np.cbrt(v) / (3 * v), lambda v: -2 * np.cbrt(v) / (9 * v * v)),
    ),
    "leaky_relu": lambda x: larger(x, times(Jet(0.01), x)),
    "elu": away_from(lambda _: 0.0, lambda x: x if x.value > 0 else expm1_of(x)),
    "erf": smooth(math.erf, lambda v: 2 / sqrt(pi) * exp(-v * v), lambda v: -4 * v / sqrt(pi) * exp(-v * v)),
    "normal_cdf": below,
    "gelu": lambda x: times(x, below(x)),
    "silu": swish,
    "sin": sin_of,
    "cos": cos_of,
    "tan": lambda x: times(sin_of(x), over(cos_of(x))),
    "arcsin": smooth(math.asin, lambda v: 1 / sqrt(1 - v * v), lambda v: v / (1 - v * v) ** 1.5),
    "arccos": smooth(math.acos, lambda v: -1 / sqrt(1 - v * v), lambda v: -v / (1 - v * v) ** 1.5),
    "arctan": arctan_of,
    "sinh": sinh_of,
    "cosh": cosh_of,
    "arcsinh": smooth(math.asinh, lambda v: 1 / sqrt(1 + v * v), lambda v: -v / (1 + v * v) ** 1.5),
    "arccosh": smooth(math.acosh, lambda v: 1 / sqrt(v * v - 1), lambda v: -v / (v * v - 1) ** 1.5),
    "arctanh": smooth(math.atanh, lambda v: 1 / (1 - v * v), lambda v: 2 * v / (1 - v * v) ** 2),
    "sinc": smooth(lambda v: cosine_mean(v, 0), lambda v: cosine_mean(v, 1), lambda v: cosine_mean(v, 2)),
    "deg2rad": scaled(pi / 180),
    "rad2deg": scaled(180 / pi),
    "exp": exp_of,
    "log": log_of,
    "log1p": lambda x: log_of(plus(Jet(1.0), x)),
    "sqrt": smooth(sqrt, lambda x: 0.5 / sqrt(x), lambda x: -0.25 / (x * sqrt(x))),
    "absolute": lambda x: larger(x, minus(x)),
    "relu": lambda x: larger(x, Jet(0.0)),
    "sech2": lambda x: plus(Jet(1.0), minus(times(tanh_of(x), tanh_of(x)))),
    "tanh": tanh_of,
    "sigmoid": lambda x: over(plus(Jet(1.0), exp_of(minus(x)))),
    "softplus": softplus_of,
    "sigmoid_cross_entropy": lambda z, y: plus(softplus_of(z), minus(times(z, y))),
}
