"""Functions of one number, stable over their whole domain."""

from __future__ import annotations

import numpy as np

from zanjir.gates.arithmetic import POSITIVE, REAL
from zanjir.graph.gate import Interval, Kink, gate
from zanjir.graph.tensor import Array


def sigmoid_of(x: Array) -> Array:
    """1 / (1 + exp(-x)), without overflow."""
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def softplus_of(x: Array) -> Array:
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


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

sqrt = gate(
    "sqrt", "()->()", np.sqrt,
    lambda g, y, x: g / (2 * y),
    code="np.sqrt({0})", latex=r"\sqrt{{{0}}}", numpy=np.sqrt, domain=(POSITIVE,),
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

__all__ = ["absolute", "exp", "log", "log1p", "relu", "sech2", "sigmoid", "sign", "softplus", "sqrt", "tanh"]
