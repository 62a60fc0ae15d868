"""The normal distribution and the error function in LLVM's text, exact in the tails too."""

from __future__ import annotations

import math
from dataclasses import dataclass

from zanjir.native.mathematics import at_most, copysign, falling, polynomial
from zanjir.native.values import Value, select

__all__ = ["TAILS", "Tail", "erf", "normal_cdf", "upper_tail"]

# Below this, erf is its power series; above, 1 minus the tail loses no digits.
NEAR_ORIGIN = 0.6


@dataclass(frozen=True)
class Tail:
    """How the share Q(x) of a normal distribution above x >= 0 is computed in a format.

    (x + center) exp(x^2 / 2) Q(x) is almost constant: it is a polynomial in t = (x - center) / (x + center), whose
    coefficients are those of its Chebyshev interpolation, up to ``last``, beyond which Q is 0. ``series`` ends that
    of erf, at that power of x^2.
    """

    center: float
    last: float
    series: int
    coefficients: tuple[float, ...]


TAILS = {
    # The interpolation errs by less than 2e-9 and 2e-17; the series of erf leaves 0.36^8 / (8! 17) = 4e-10 and
    # 0.36^14 / (14! 29) = 2.4e-19 of it.
    "float": Tail(
        center=4.0, last=15.0, series=7,
        coefficients=(
            0.7552851306230107, -0.6078966590908522, 0.3871373679985599, -0.18652128140252128,
            0.06039753308782922, -0.00754526826571505, -0.003489317276115056, 0.001645219297359636,
            0.00017105461158686258, -0.0002317986783423407, -5.1556593298561416e-05,
        ),
    ),
    "double": Tail(
        center=5.0, last=39.0, series=13,
        coefficients=(
            0.769193049750063, -0.6653825028900567, 0.4953056159699764, -0.31353315667130455,
            0.1650203661703847, -0.06911863870631016, 0.020795066799883178, -0.0029933767705085422,
            -0.0007978693984660701, 0.0005448990647731298, -5.937572800991586e-05, -4.97628142705858e-05,
            1.6681213742042063e-05, 3.9809021578680414e-06, -2.76926709599743e-06, -3.366153681012471e-07,
            4.331410356862585e-07, 4.2274993740065346e-08, -6.594221662477223e-08, -9.31356099432606e-09,
            7.66307180076004e-09, 1.753048401408232e-09, -1.5877468827473365e-10,
        ),
    ),
}  # fmt: skip


def upper_tail(x: Value) -> Value:
    """Return the share of a standard normal distribution above x, for x >= 0.

    The square in exp(-x^2 / 2) is rounded; what it lost is known from fma.
    """
    limits = TAILS[x.kind.element]
    x = at_most(x, limits.last)
    half = x * 0.5
    square = half * x
    below, above = x - limits.center, x + limits.center
    inverse = 1 / above
    rough = below * inverse
    t = (-rough).fma(above, below).fma(inverse, rough)  # one step of Newton's: the quotient without a second division
    return falling(-square, -half.fma(x, -square)).times(inverse * polynomial(t, *limits.coefficients))


def from_zero(x: Value, slope: float, rate: float) -> Value:
    """Return the integral of slope exp(-rate t^2) from 0 to x, by its power series."""
    powers = range(TAILS[x.kind.element].series + 1)
    return x * polynomial(x * x, *(slope * (-rate) ** n / (math.factorial(n) * (2 * n + 1)) for n in powers))


def normal_cdf(x: Value) -> Value:
    """Return the share of a standard normal distribution below x.

    Examples
    --------
    >>> from zanjir.native.values import Code, Kind
    >>> x = Value(Code(), Kind("float", 16), "%x")
    >>> str(normal_cdf(x).kind)
    '<16 x float>'
    """
    size = x.abs()
    rest = upper_tail(size)
    near = from_zero(x, 1 / math.sqrt(2 * math.pi), 0.5) + 0.5
    return select(size < NEAR_ORIGIN * math.sqrt(2), near, select(x < 0, rest, 1 - rest))


def erf(x: Value) -> Value:
    """Return 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    References
    ----------
    Abramowitz and Stegun, Handbook of mathematical functions, 7.1.5.
    """
    size = x.abs()
    near = from_zero(size, 2 / math.sqrt(math.pi), 1)
    return copysign(select(size < NEAR_ORIGIN, near, 1 - 2 * upper_tail(size * math.sqrt(2))), x)
