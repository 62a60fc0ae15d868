"""Functions of one number, stable over their whole domain."""

from __future__ import annotations

import math

import numpy as np

from zanjir.gates.arithmetic import where
from zanjir.gates.domains import EXPONENT, POSITIVE, REAL
from zanjir.graph.gate import Interval, Kink, gate
from zanjir.graph.tensor import Array

LN_2, LN_10 = math.log(2), math.log(10)
# The density of a standard normal distribution at 0, and the slope of erf at 0.
DENSITY_AT_0, ERF_SLOPE_AT_0 = 1 / math.sqrt(2 * math.pi), 2 / math.sqrt(math.pi)


def sigmoid_of(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def softplus_of(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def leaky_relu_of(x: Array, *, slope: float = 0.01) -> Array:
    """X where it is positive, slope * x elsewhere."""
    return np.where(x > 0, x, slope * x)


def elu_of(x: Array, *, alpha: float = 1) -> Array:
    """X where it is positive, alpha * (exp(x) - 1) elsewhere."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def erf_of(x: Array) -> Array:
    """2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x."""
    from scipy.special import erf

    return erf(x)


def normal_cdf_of(x: Array) -> Array:
    """The share of a standard normal distribution that lies below x."""
    from scipy.special import ndtr

    return ndtr(x)


def gelu_of(x: Array) -> Array:
    """X times the share of a standard normal distribution that lies below x."""
    from scipy.special import ndtr

    return x * ndtr(x)


def silu_of(x: Array) -> Array:
    """X / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return x * (np.where(x < 0, e, 1) / (1 + e))


def sech2_of(x: Array) -> Array:
    """1 - tanh(x)^2 = 1 / cosh(x)^2, exact to the last digits where 1 - tanh(x)^2 cancels."""
    e = np.exp(-2 * np.abs(x))
    return 4 * e / (1 + e) ** 2


exp = gate(
    "exp", "()->()", np.exp,
    lambda g, y, x: g * y,
    code="np.exp({0})", latex="e^{{{0}}}", numpy=np.exp, domain=(Interval(-700, 700),),
)  # fmt: skip

log = gate(
    "log", "()->()", np.log,
    lambda g, y, x: g / x,
    code="np.log({0})", latex=r"\ln({0})", numpy=np.log, domain=(POSITIVE,),
    source="natural logarithm, everywhere in this house",
)  # fmt: skip

log1p = gate(
    "log1p", "()->()", np.log1p,
    lambda g, y, x: g / (1 + x),
    code="np.log1p({0})", latex=r"\ln(1 + {0})", numpy=np.log1p, domain=(Interval(-0.999, 1e100),),
)  # fmt: skip

expm1 = gate(
    "expm1", "()->()", np.expm1,
    lambda g, y, x: g * np.exp(x),
    code="np.expm1({0})", latex=r"(e^{{{0}}} - 1)", numpy=np.expm1, domain=(EXPONENT,),
)  # fmt: skip

exp2 = gate(
    "exp2", "()->()", np.exp2,
    lambda g, y, x: g * (LN_2 * y),
    code="np.exp2({0})", latex="{{2}}^{{{0}}}", numpy=np.exp2, domain=(Interval(-1000, 1000),),
)  # fmt: skip

log2 = gate(
    "log2", "()->()", np.log2,
    lambda g, y, x: g / (LN_2 * x),
    code="np.log2({0})", latex=r"\frac{{\ln({0})}}{{\ln(2)}}", numpy=np.log2, domain=(POSITIVE,),
)  # fmt: skip

log10 = gate(
    "log10", "()->()", np.log10,
    lambda g, y, x: g / (LN_10 * x),
    code="np.log10({0})", latex=r"\frac{{\ln({0})}}{{\ln(10)}}", numpy=np.log10, domain=(POSITIVE,),
)  # fmt: skip

sqrt = gate(
    "sqrt", "()->()", np.sqrt,
    lambda g, y, x: g / (2 * y),
    code="np.sqrt({0})", latex=r"\sqrt{{{0}}}", numpy=np.sqrt, domain=(POSITIVE,),
)  # fmt: skip

cbrt = gate(
    "cbrt", "()->()", np.cbrt,
    lambda g, y, x: g / (3 * y**2),
    code="np.cbrt({0})", latex=r"\sqrt[3]{{{0}}}", numpy=np.cbrt, domain=(REAL,),
    source="real for negative numbers too; the slope is infinite at 0",
)  # fmt: skip

sign = gate(
    "sign", "()->()", np.sign, None,
    code="np.sign({0})", latex=r"\operatorname{{sgn}}({0})", numpy=np.sign, domain=(REAL,),
)  # fmt: skip

absolute = gate(
    "absolute", "()->()", np.abs,
    lambda g, y, x: g * np.sign(x),
    code="np.abs({0})", latex=r"\left|{0}\right|", numpy=np.abs, domain=(REAL,),
    kinks=(Kink((0.0,), (0.0,), "at 0 the slope is 0"),),
)  # fmt: skip

relu = gate(
    "relu", "()->()", lambda x: np.maximum(0, x),
    lambda g, y, x: g * (y > 0),
    code="np.maximum(0, {0})", latex=r"\max(0, {0})", domain=(REAL,),
    buffered="np.maximum(0, {0}, out={out})", kinks=(Kink((0.0,), (0.0,), "relu'(0) = 0"),),
)  # fmt: skip

leaky_relu = gate(
    "leaky_relu", "()->()", leaky_relu_of,
    lambda g, y, x, *, slope: where(x > 0, g, slope * g),
    code="leaky_relu({0}{,params})", latex=r"\max({slope} \cdot {0}, {0})", domain=(REAL,),
    params={"slope": 0.01}, examples=({}, {"slope": 0.2}),
    kinks=(Kink((0.0,), (0.01,), "at 0 the slope is that of the negative side", {"slope": 0.01}),),
    source="Maas, Hannun, Ng (2013), Rectifier nonlinearities improve neural network acoustic models",
)  # fmt: skip

elu = gate(
    "elu", "()->()", elu_of,
    lambda g, y, x, *, alpha: where(x > 0, g, alpha * g * np.exp(np.minimum(x, 0))),
    code="elu({0}{,params})", latex=r"([{0} > 0] \cdot {0} + [{0} \le 0] \cdot {alpha} \cdot (e^{{{0}}} - 1))",
    params={"alpha": 1}, examples=({}, {"alpha": 0.5}), domain=(REAL,),
    kinks=(Kink((0.0,), (0.5,), "at 0 the slope is that of the negative side", {"alpha": 0.5}),),
    source="Clevert, Unterthiner, Hochreiter (2016), Fast and accurate deep network learning by ELUs",
)  # fmt: skip

sech2 = gate(
    "sech2", "()->()", sech2_of,
    lambda g, y, x: g * (-2 * np.tanh(x) * y),
    code="sech2({0})", latex=r"(1 - \tanh({0})^{{2}})", domain=(Interval(-350, 350),),
    relative_error=8e-16, source="sech(x)^2 = 4 e / (1 + e)^2 with e = exp(-2|x|)",
)  # fmt: skip

tanh = gate(
    "tanh", "()->()", np.tanh,
    lambda g, y, x: g * sech2(x),
    code="np.tanh({0})", latex=r"\tanh({0})", numpy=np.tanh, domain=(REAL,),
    source="tanh' = sech^2, which equals 1 - tanh^2 and does not cancel",
)  # fmt: skip

sigmoid = gate(
    "sigmoid", "()->()", sigmoid_of,
    lambda g, y, x: g * (y * (1 - y)),
    code="sigmoid({0})", latex=r"\frac{{1}}{{1 + e^{{-({0})}}}}", domain=(Interval(-700, 700),),
    relative_error=8e-16, source="sigma' = sigma (1 - sigma) as on the slides: off by 1e-16 at most, absolutely",
)  # fmt: skip

softplus = gate(
    "softplus", "()->()", softplus_of,
    lambda g, y, x: g * sigmoid(x),
    code="softplus({0})", latex=r"\ln(1 + e^{{{0}}})", domain=(Interval(-700, 700),), relative_error=8e-16,
)  # fmt: skip

erf = gate(
    "erf", "()->()", erf_of,
    lambda g, y, x: g * (ERF_SLOPE_AT_0 * np.exp(-(x**2))),
    code="erf({0})", latex=r"\operatorname{{erf}}({0})", domain=(Interval(-1e100, 1e100),), relative_error=8e-16,
    source="SciPy's erf; Abramowitz and Stegun, 7.1.1",
)  # fmt: skip

normal_cdf = gate(
    "normal_cdf", "()->()", normal_cdf_of,
    lambda g, y, x: g * (DENSITY_AT_0 * np.exp(-(x**2) / 2)),
    code="normal_cdf({0})", latex=r"\Phi({0})", domain=(Interval(-35, 1e100),), relative_error=2e-13,
    source="SciPy's ndtr; off by the rounding of x^2 / 2 <= 613 in an exponent",
)  # fmt: skip

gelu = gate(
    "gelu", "()->()", gelu_of,
    lambda g, y, x: g * (normal_cdf(x) + x * (DENSITY_AT_0 * np.exp(-(x**2) / 2))),
    code="gelu({0})", latex=r"({0} \cdot \Phi({0}))", domain=(Interval(-35, 1e100),), relative_error=2e-13,
    source="Hendrycks, Gimpel (2016), Gaussian error linear units; the exact form, with the normal distribution",
)  # fmt: skip

silu = gate(
    "silu", "()->()", silu_of,
    lambda g, y, x: g * (sigmoid(x) + y * sigmoid(-x)),
    code="silu({0})", latex=r"\frac{{{0}}}{{1 + e^{{-({0})}}}}", domain=(Interval(-700, 700),), relative_error=8e-16,
    source="x sigmoid(x), also called swish: Elfwing, Uchibe, Doya (2018)",
)  # fmt: skip

__all__ = [
    "absolute",
    "cbrt",
    "elu",
    "erf",
    "exp",
    "exp2",
    "expm1",
    "gelu",
    "leaky_relu",
    "log",
    "log1p",
    "log2",
    "log10",
    "normal_cdf",
    "relu",
    "sech2",
    "sigmoid",
    "sign",
    "silu",
    "softplus",
    "sqrt",
    "tanh",
]
