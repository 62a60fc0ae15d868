"""The elementwise gates of the table in LLVM's text: one entry per gate, with the meaning of its ``forward``.

Inputs have one common kind (a condition may have lanes of ``i1``); comparisons and logic give lanes of ``i1``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from zanjir.native import mathematics as of
from zanjir.native.mathematics import FORMATS, at_least, at_most, copysign, lanewise
from zanjir.native.normal import erf, normal_cdf
from zanjir.native.values import Number, Value, select

__all__ = ["ELEMENTWISE", "NoNativeForm"]

# Where |pi x| is below this plus the order, the derivative of sinc is its series; beyond, a recursion loses nothing.
NEAR_ORIGIN = 3
SERIES_TERMS = 60


class NoNativeForm(Exception):  # noqa: N818 - an answer, not an error: the gate runs in NumPy
    """A gate has no native form for lanes of this kind or these parameters."""


def numbers(x: Value) -> Value:
    """Return truth values as small integers, which compare and order as numbers."""
    return x.convert(x.kind.of("i8")) if x.kind.element == "i1" else x


def floats(function: Callable[..., Value]) -> Callable[..., Value]:
    """Wrap the form of a gate that works on floating-point lanes only."""

    def checked(*values: Value, **params: float) -> Value:
        if not all(value.kind.is_float for value in values):
            raise NoNativeForm(f"lanes of {values[-1].kind}")
        return function(*values, **params)

    return checked


def comparison(method: Callable[[Value, Number], Value]) -> Callable[..., Value]:
    """Return the form of a comparison, which takes truth values too."""
    return lambda x, y: method(numbers(x), numbers(y))


def truth(x: Value) -> Value:
    """Whether lanes differ from 0."""
    return x.convert(x.kind.of("i1"))


# Choice


def larger(x: Value, y: Value) -> Value:
    """Return the larger of two numbers; NaN if either is."""
    chosen = select(x > y, x, y)
    return select(x.is_nan(), x, chosen) if x.kind.is_float else chosen


def smaller(x: Value, y: Value) -> Value:
    """Return the smaller of two numbers; NaN if either is."""
    chosen = select(x < y, x, y)
    return select(x.is_nan(), x, chosen) if x.kind.is_float else chosen


def larger_number(x: Value, y: Value) -> Value:
    """Return the larger of two numbers, or the one that is a number."""
    chosen = select(x > y, x, y)
    return select(y.is_nan(), x, chosen) if x.kind.is_float else chosen


def smaller_number(x: Value, y: Value) -> Value:
    """Return the smaller of two numbers, or the one that is a number."""
    chosen = select(x < y, x, y)
    return select(y.is_nan(), x, chosen) if x.kind.is_float else chosen


def clip(x: Value, *, low: float = -1, high: float = 1) -> Value:
    """Return x between two bounds."""
    if not x.kind.is_float and not all(isinstance(bound, int) for bound in (low, high)):
        raise NoNativeForm(f"lanes of {x.kind} between {low} and {high}")
    return at_most(at_least(x, low), high)


def sign(x: Value) -> Value:
    """Return -1, 0 or 1; NaN stays."""
    zero = select(x.equals(0), 0, x) if x.kind.is_float else x.beside(0)
    return select(x > 0, 1, select(x < 0, -1, zero))


def absolute(x: Value) -> Value:
    """Return |x|."""
    return x.abs() if x.kind.is_float else select(x < 0, -x, x)


def heaviside(x: Value, at_zero: Value) -> Value:
    """Return 0 below zero, 1 above, the second input at zero; NaN stays."""
    return select(x > 0, 1, select(x < 0, 0, select(x.equals(0), at_zero, x)))


def leaky_relu(x: Value, *, slope: float = 0.01) -> Value:
    """Return x where it is positive, slope * x elsewhere."""
    return select(x > 0, x, x * slope)


def elu(x: Value, *, alpha: float = 1) -> Value:
    """Return x where it is positive, alpha * (exp(x) - 1) elsewhere."""
    return select(x > 0, x, of.expm1(at_most(x, 0)) * alpha)


# Rounding and remainders


def rounding(name: str) -> Callable[[Value], Value]:
    """Return the form of a gate that rounds to whole numbers, which integers are already."""
    return lambda x: x.unary(f"llvm.{name}") if x.kind.is_float else x


def nan_to_num(x: Value) -> Value:
    """Return 0 for NaN, and the largest numbers for the infinities."""
    limits = FORMATS[x.kind.element]
    largest = (2 - 2.0**-limits.mantissa) * 2.0**limits.bias
    return select(x.is_nan(), 0, at_most(at_least(x, -largest), largest))


def divided(x: Value, y: Value) -> tuple[Value, Value]:
    """Return the rest of a division with the sign of x, and whether it must change to the sign of y."""
    rest = lanewise("fmod", x, y)
    return rest, rest.differs(0) & ((rest < 0) ^ (y < 0))


def remainder(x: Value, y: Value) -> Value:
    """Return x - y floor(x / y), with the sign of y."""
    rest, turned = divided(x, y)
    return select(rest.equals(0), copysign(rest, y), select(turned, rest + y, rest))


def floor_divide(x: Value, y: Value) -> Value:
    """Return floor(x / y) from the exact rest of the division, where the quotient alone could round up."""
    rest, turned = divided(x, y)
    quotient = (x - rest) / y
    quotient = select(turned, quotient - 1, quotient)
    whole = quotient.unary("llvm.floor")
    whole = select((quotient - whole) > 0.5, whole + 1, whole)
    whole = select(quotient.equals(0), copysign(quotient.beside(0), x / y), whole)
    return select(y.equals(0), x / y, whole)


# Functions of two numbers


def logaddexp(x: Value, y: Value) -> Value:
    """Return log(exp(x) + exp(y)); equal inputs, infinite ones too, have no difference."""
    apart = larger(x, y) + of.tail(x - y)
    return select(x.equals(y), x + math.log(2), apart)


def sigmoid_cross_entropy(z: Value, y: Value) -> Value:
    """Return -y log(p) - (1 - y) log(1 - p) with p = sigmoid(z)."""
    tail = of.tail(z)
    return (1 - y) * (at_least(z, 0) + tail) + y * (at_least(-z, 0) + tail)


def sinc(x: Value, *, order: int = 0) -> Value:
    """Return a derivative of sin(pi x) / (pi x), computed in double as the gate does."""
    t = x.convert(x.kind.of("double")) * math.pi
    if order == 0:
        t = select(t.equals(0), 1e-20, t)
        return (t.unary("llvm.sin") / t).convert(x.kind)
    value = select(t.abs() < order + NEAR_ORIGIN, sinc_series(t, order), sinc_recursion(t, order))
    return (value * math.pi**order).convert(x.kind)


def sinc_series(t: Value, order: int) -> Value:
    """Return the derivative of sin(t) / t from its power series: terms t^(k - order) with k even."""
    powers = range(order, order + SERIES_TERMS)
    signs = (1, 0, -1, 0)
    return of.polynomial(t, *(signs[k % 4] / (k + 1) / math.factorial(k - order) for k in powers))


def sinc_recursion(t: Value, order: int) -> Value:
    """Return the derivative of sin(t) / t = f from t f^(n) + n f^(n - 1) = sin^(n)(t)."""
    value = t.unary("llvm.sin") / t
    for n in range(1, order + 1):
        value = ((t + n * math.pi / 2).unary("llvm.sin") - n * value) / t
    return value


# Every function of the mathematical library that is called once per lane.
LANEWISE = {
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "cbrt": "cbrt",
    "cosh": "cosh",
    "hypot": "hypot",
    "log10": "log10",
    "sinh": "sinh",
    "tan": "tan",
}

FLOATING: dict[str, Callable[..., Value]] = {
    **{name: partial(lanewise, function) for name, function in LANEWISE.items()},
    "cos": lambda x: x.unary("llvm.cos"),
    "deg2rad": lambda x: x * (math.pi / 180),
    "divide": lambda x, y: x / y,
    "elu": elu,
    "erf": erf,
    "exp": of.exp,
    "exp2": of.exp2,
    "expm1": of.expm1,
    "floor_divide": floor_divide,
    "gelu": lambda x: x * normal_cdf(x),
    "heaviside": heaviside,
    "leaky_relu": leaky_relu,
    "log": of.log,
    "log1p": of.log1p,
    "log2": of.log2,
    "logaddexp": logaddexp,
    "nan_to_num": nan_to_num,
    "normal_cdf": normal_cdf,
    "power": of.power,
    "rad2deg": lambda x: x * (180 / math.pi),
    "reciprocal": lambda x: 1 / x,
    "remainder": remainder,
    "sech2": of.sech2,
    "sigmoid": of.sigmoid,
    "sigmoid_cross_entropy": sigmoid_cross_entropy,
    "silu": lambda x: x * of.sigmoid(x),
    "sin": lambda x: x.unary("llvm.sin"),
    "sinc": sinc,
    "softplus": of.softplus,
    "sqrt": of.sqrt,
    "tanh": of.tanh,
}

ELEMENTWISE: dict[str, Callable[..., Value]] = {
    **{name: floats(function) for name, function in FLOATING.items()},
    "absolute": absolute,
    "add": Value.__add__,
    "ceil": rounding("ceil"),
    "clip": clip,
    "equal": comparison(Value.equals),
    "floor": rounding("floor"),
    "fmax": larger_number,
    "fmin": smaller_number,
    "greater": comparison(Value.__gt__),
    "greater_equal": comparison(Value.__ge__),
    "isfinite": lambda x: absolute(x) < math.inf if x.kind.is_float else x.code.constant(x.kind.of("i1"), True),
    "isnan": lambda x: x.is_nan() if x.kind.is_float else x.code.constant(x.kind.of("i1"), False),
    "less": comparison(Value.__lt__),
    "less_equal": comparison(Value.__le__),
    "logical_and": lambda x, y: truth(x) & truth(y),
    "logical_not": lambda x: truth(x) ^ True,
    "logical_or": lambda x, y: truth(x) | truth(y),
    "maximum": larger,
    "minimum": smaller,
    "multiply": Value.__mul__,
    "negative": Value.__neg__,
    "not_equal": comparison(Value.differs),
    "relu": lambda x: at_least(x, 0),
    "rint": rounding("rint"),
    "sign": sign,
    "square": lambda x: x * x,
    "subtract": Value.__sub__,
    "trunc": rounding("trunc"),
    "where": lambda condition, x, y: select(truth(condition), x, y),
}
