"""Arithmetic and choice. Broadcasting is undone by the gradient, so no rule mentions it."""

from __future__ import annotations

import operator

import numpy as np

from zanjir.gates.compare import heaviside
from zanjir.gates.domains import POSITIVE, REAL, TRUTH
from zanjir.graph.gate import TABLE, Gate, Interval, Kink, Precedence, gate
from zanjir.graph.simplify import is_literal
from zanjir.graph.tensor import Tensor


def nonzero(x: Tensor) -> Tensor:
    """Replace 0 by 1 in a denominator whose numerator is 0 too, so that the quotient is 0."""
    return TABLE["where"](x == 0, 1, x)


def one_less(x: Tensor, n: Tensor) -> Tensor:
    """x^(n - 1), as it stands in n x^(n - 1); where n is 0 the product is 0, even at x = 0."""
    if is_literal(n):
        return x if n.value == 0 else x ** (n - 1)
    return x ** (nonzero(n) - 1)


def log_or_0(x: Tensor, z: Tensor) -> Tensor:
    """Ln x, as it stands in z = x^n times ln x; where x is 0 the product is 0. In 2 ** n it has the dtype of n."""
    base = x if is_literal(x) and x.value != 0 else nonzero(x)
    return TABLE["log"](TABLE["broadcast_like"](base, z))


add = gate(
    "add", "(),()->()", operator.add,
    lambda g, z, x, y: g,
    lambda g, z, x, y: g,
    code="{0} + {1}", latex="{0} + {1}", precedence=Precedence.ADD, numpy=np.add,
    neutral=(0, 0), domain=(REAL, REAL),
)  # fmt: skip

subtract = gate(
    "subtract", "(),()->()", operator.sub,
    lambda g, z, x, y: g,
    lambda g, z, x, y: -g,
    code="{0} - {1}", latex="{0} - {1}", precedence=Precedence.ADD, numpy=np.subtract,
    neutral=(None, 0), domain=(REAL, REAL),
)  # fmt: skip

multiply = gate(
    "multiply", "(),()->()", operator.mul,
    lambda g, z, x, y: g * y,
    lambda g, z, x, y: g * x,
    code="{0} * {1}", latex=r"{0} \cdot {1}", precedence=Precedence.MULTIPLY, numpy=np.multiply,
    neutral=(1, 1), domain=(REAL, REAL),
)  # fmt: skip

divide = gate(
    "divide", "(),()->()", operator.truediv,
    lambda g, z, x, y: g / y,
    lambda g, z, x, y: -(g * z / y),
    code="{0} / {1}", latex=r"\frac{{{0}}}{{{1}}}", precedence=Precedence.MULTIPLY, numpy=np.divide,
    neutral=(None, 1), domain=(REAL, POSITIVE),
)  # fmt: skip

negative = gate(
    "negative", "()->()", operator.neg,
    lambda g, y, x: -g,
    code="-{0}", latex="-{0}", precedence=Precedence.NEGATE, numpy=np.negative, domain=(REAL,),
)  # fmt: skip

power = gate(
    "power", "(),()->()", operator.pow,
    lambda g, z, x, n: g * (n * one_less(x, n)),
    lambda g, z, x, n: g * (z * log_or_0(x, z)),
    code="{0} ** {1}", latex="{{{0}}}^{{{1}}}", precedence=Precedence.POWER, numpy=np.power,
    buffered="{out}[...] = {0} ** {1}", neutral=(None, 1),
    domain=(Interval(1e-30, 1e30), Interval(-8, 8)), source="d x^n/dn = x^n ln x, for x > 0; 0 at x = 0",
)  # fmt: skip

square = gate(
    "square", "()->()", np.square,
    lambda g, y, x: g * (2 * x),
    code="{0} ** 2", latex="{{{0}}}^{{2}}", precedence=Precedence.POWER, numpy=np.square, domain=(REAL,),
)  # fmt: skip

reciprocal = gate(
    "reciprocal", "()->()", np.reciprocal,
    lambda g, y, x: -(g * y**2),
    code="np.reciprocal({0})", latex=r"\frac{{1}}{{{0}}}", numpy=np.reciprocal, domain=(POSITIVE,),
)  # fmt: skip

remainder = gate(
    "remainder", "(),()->()", np.remainder,
    lambda g, z, x, y: g,
    lambda g, z, x, y: -(g * np.floor_divide(x, y)),
    code="np.remainder({0}, {1})", latex=r"({0} - {1} \lfloor \frac{{{0}}}{{{1}}} \rfloor)", numpy=np.remainder,
    domain=(Interval(-1e6, 1e6), Interval(1e-3, 1e3)),
    kinks=(Kink((2.0, 2.0), (1.0, -1.0), "at a multiple of y, the slope of the next piece"),),
    source="x - y floor(x / y), with the sign of y; relative to y",
)  # fmt: skip

floor_divide = gate(
    "floor_divide", "(),()->()", np.floor_divide, None, None,
    code="{0} // {1}", latex=r"\lfloor \frac{{{0}}}{{{1}}} \rfloor", precedence=Precedence.MULTIPLY,
    numpy=np.floor_divide, domain=(Interval(-1e6, 1e6), Interval(1e-3, 1e3)),
    source="no derivative: 0 between the steps, none at them",
)  # fmt: skip

hypot = gate(
    "hypot", "(),()->()", np.hypot,
    lambda g, z, x, y: g * (x / nonzero(z)),
    lambda g, z, x, y: g * (y / nonzero(z)),
    code="np.hypot({0}, {1})", latex=r"\sqrt{{{{{0}}}^{{2}} + {{{1}}}^{{2}}}}", numpy=np.hypot, domain=(REAL, REAL),
    kinks=(Kink((0.0, 0.0), (0.0, 0.0), "at the origin both slopes are 0"),),
)  # fmt: skip

arctan2 = gate(
    "arctan2", "(),()->()", np.arctan2,
    lambda g, z, y, x: g * (x / np.hypot(x, y) / np.hypot(x, y)),
    lambda g, z, y, x: -(g * (y / np.hypot(x, y) / np.hypot(x, y))),
    code="np.arctan2({0}, {1})", latex=r"\operatorname{{arctan2}}({0}, {1})", numpy=np.arctan2,
    domain=(POSITIVE, REAL), source="the angle of the point (x, y), with y first; divided twice so that no square "
    "overflows. It jumps by 2 pi where x < 0 and y = 0",
)  # fmt: skip

logaddexp = gate(
    "logaddexp", "(),()->()", np.logaddexp,
    lambda g, z, x, y: g * np.exp(x - z),
    lambda g, z, x, y: g * np.exp(y - z),
    code="np.logaddexp({0}, {1})", latex=r"\ln(e^{{{0}}} + e^{{{1}}})", numpy=np.logaddexp,
    domain=(Interval(-1e4, 1e4), Interval(-1e4, 1e4)), source="relative to max(|x|, |y|, 1)",
)  # fmt: skip

maximum = gate(
    "maximum", "(),()->()", np.maximum,
    lambda g, z, x, y: g * heaviside(x - y, 0.5),
    lambda g, z, x, y: g * heaviside(y - x, 0.5),
    code="np.maximum({0}, {1})", latex=r"\max({0}, {1})", numpy=np.maximum, domain=(REAL, REAL),
    kinks=(Kink((2.0, 2.0), (0.5, 0.5), "at x = y, half of g goes to each input"),),
)  # fmt: skip

minimum = gate(
    "minimum", "(),()->()", np.minimum,
    lambda g, z, x, y: g * heaviside(y - x, 0.5),
    lambda g, z, x, y: g * heaviside(x - y, 0.5),
    code="np.minimum({0}, {1})", latex=r"\min({0}, {1})", numpy=np.minimum, domain=(REAL, REAL),
    kinks=(Kink((2.0, 2.0), (0.5, 0.5), "at x = y, half of g goes to each input"),),
)  # fmt: skip

fmax = gate(
    "fmax", "(),()->()", np.fmax,
    lambda g, z, x, y: where(x == z, where(y == z, g / 2, g), 0),
    lambda g, z, x, y: where(y == z, where(x == z, g / 2, g), 0),
    code="np.fmax({0}, {1})", latex=r"\max({0}, {1})", numpy=np.fmax, domain=(REAL, REAL),
    kinks=(Kink((2.0, 2.0), (0.5, 0.5), "at x = y, half of g goes to each input"),),
    source="the larger of two numbers, or the one that is a number",
)  # fmt: skip

fmin = gate(
    "fmin", "(),()->()", np.fmin,
    lambda g, z, x, y: where(x == z, where(y == z, g / 2, g), 0),
    lambda g, z, x, y: where(y == z, where(x == z, g / 2, g), 0),
    code="np.fmin({0}, {1})", latex=r"\min({0}, {1})", numpy=np.fmin, domain=(REAL, REAL),
    kinks=(Kink((2.0, 2.0), (0.5, 0.5), "at x = y, half of g goes to each input"),),
    source="the smaller of two numbers, or the one that is a number",
)  # fmt: skip

where: Gate = gate(
    "where", "(),(),()->()", np.where,
    None,
    lambda g, z, c, x, y: where(c, g, 0),
    lambda g, z, c, x, y: where(c, 0, g),
    code="np.where({0}, {1}, {2})", latex=r"([{0}] \cdot {1} + (1 - [{0}]) \cdot {2})", numpy=np.where,
    domain=(TRUTH, REAL, REAL), source="the second input where the first is true, the third elsewhere",
)  # fmt: skip

clip = gate(
    "clip", "()->()", lambda x, *, low=-1, high=1: np.clip(x, low, high),
    lambda g, y, x, *, low, high: g * ((y > low) * (y < high)),
    code="np.clip({0}, {low}, {high})", latex=r"\min(\max({0}, {low}), {high})", domain=(REAL,),
    params={"low": -1, "high": 1}, examples=({}, {"low": -0.5, "high": 0.25}),
    kinks=(Kink((-1.0,), (0.0,), "at a bound the slope is 0"), Kink((1.0,), (0.0,), "at a bound the slope is 0")),
)  # fmt: skip

__all__ = [
    "add",
    "arctan2",
    "clip",
    "divide",
    "floor_divide",
    "fmax",
    "fmin",
    "hypot",
    "logaddexp",
    "maximum",
    "minimum",
    "multiply",
    "negative",
    "power",
    "reciprocal",
    "remainder",
    "square",
    "subtract",
    "where",
]
