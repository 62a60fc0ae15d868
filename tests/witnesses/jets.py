"""A toy that differentiates numbers: value, slope and curvature along one variable. It shares nothing with zanjir.

A jet is ``f + f' t + f'' t^2 / 2``. Each entry of ``ORACLE`` is a function of plain numbers with its first and
second derivatives, by the textbook; the chain rule to second order does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import cosh, exp, log, log1p, sqrt, tanh

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

ORACLE: dict[str, Callable[..., Jet]] = {
    "add": plus,
    "subtract": lambda x, y: plus(x, minus(y)),
    "multiply": times,
    "divide": lambda x, y: times(x, over(y)),
    "negative": minus,
    "power": lambda x, n: exp_of(times(n, log_of(x))),
    "square": lambda x: times(x, x),
    "maximum": larger,
    "minimum": lambda x, y: minus(larger(minus(x), minus(y))),
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
