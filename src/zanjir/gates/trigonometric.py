"""Circular and hyperbolic functions and their inverses; angles in radians."""

from __future__ import annotations

import math

import numpy as np

from zanjir.gates.domains import ANGLE, EXPONENT, REAL
from zanjir.graph.gate import Gate, Interval, gate
from zanjir.graph.tensor import Array

__all__ = [
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "cos",
    "cosh",
    "deg2rad",
    "rad2deg",
    "sin",
    "sinc",
    "sinh",
    "tan",
]


def sinc_of(x: Array, *, order: int = 0) -> Array:
    """The derivative of some order of sin(pi x) / (pi x), accurate near 0 too."""
    t = np.pi * np.asarray(x, np.result_type(np.asarray(x), np.float64))
    if order == 0:  # this quotient loses no digits near 0
        t = np.where(t == 0, 1e-20, t)
        return np.asarray(np.sin(t) / t, np.result_type(np.asarray(x), np.float16))
    terms = np.zeros_like(t)
    near = np.abs(t) < order + 3
    small, far = np.where(near, t, 0), np.where(near, 1, t)
    term, k = np.ones_like(small), 0
    while k < order + 60:  # the series of sin(t) / t, differentiated: terms t^(k - order) with k even
        sign = (0, 1, 0, -1)[(k + 1) % 4]
        if k >= order:
            factor = sign / (k + 1) / np.prod(np.arange(1, k - order + 1, dtype=float))
            terms = terms + factor * term
            term = term * small
        k += 1
    value = np.sin(far) / far
    for n in range(1, order + 1):
        value = (np.sin(far + n * np.pi / 2) - n * value) / far
    return np.asarray(np.pi**order * np.where(near, terms, value), np.result_type(np.asarray(x), np.float16))


sin: Gate = gate(
    "sin", "()->()", np.sin,
    lambda g, y, x: g * np.cos(x),
    code="np.sin({0})", latex=r"\sin({0})", numpy=np.sin, domain=(ANGLE,),
)  # fmt: skip

cos = gate(
    "cos", "()->()", np.cos,
    lambda g, y, x: -(g * np.sin(x)),
    code="np.cos({0})", latex=r"\cos({0})", numpy=np.cos, domain=(ANGLE,),
)  # fmt: skip

tan = gate(
    "tan", "()->()", np.tan,
    lambda g, y, x: g * (1 + y**2),
    code="np.tan({0})", latex=r"\tan({0})", numpy=np.tan, domain=(Interval(-1.5, 1.5),),
)  # fmt: skip

arcsin = gate(
    "arcsin", "()->()", np.arcsin,
    lambda g, y, x: g / np.sqrt((1 - x) * (1 + x)),
    code="np.arcsin({0})", latex=r"\arcsin({0})", numpy=np.arcsin, domain=(Interval(-1, 1),),
    source="(1 - x)(1 + x), unlike 1 - x^2, keeps its digits near 1; the slope is infinite at -1 and 1",
)  # fmt: skip

arccos = gate(
    "arccos", "()->()", np.arccos,
    lambda g, y, x: -(g / np.sqrt((1 - x) * (1 + x))),
    code="np.arccos({0})", latex=r"\arccos({0})", numpy=np.arccos, domain=(Interval(-1, 1),),
    source="the slope is infinite at -1 and 1",
)  # fmt: skip

arctan = gate(
    "arctan", "()->()", np.arctan,
    lambda g, y, x: g / (1 + x**2),
    code="np.arctan({0})", latex=r"\arctan({0})", numpy=np.arctan, domain=(REAL,),
)  # fmt: skip

sinh: Gate = gate(
    "sinh", "()->()", np.sinh,
    lambda g, y, x: g * np.cosh(x),
    code="np.sinh({0})", latex=r"\frac{{e^{{{0}}} - e^{{-({0})}}}}{{2}}", numpy=np.sinh, domain=(EXPONENT,),
)  # fmt: skip

cosh = gate(
    "cosh", "()->()", np.cosh,
    lambda g, y, x: g * np.sinh(x),
    code="np.cosh({0})", latex=r"\frac{{e^{{{0}}} + e^{{-({0})}}}}{{2}}", numpy=np.cosh, domain=(EXPONENT,),
)  # fmt: skip

arcsinh = gate(
    "arcsinh", "()->()", np.arcsinh,
    lambda g, y, x: g / np.hypot(1, x),
    code="np.arcsinh({0})", latex=r"\operatorname{{arsinh}}({0})", numpy=np.arcsinh, domain=(REAL,),
)  # fmt: skip

arccosh = gate(
    "arccosh", "()->()", np.arccosh,
    lambda g, y, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)),
    code="np.arccosh({0})", latex=r"\operatorname{{arcosh}}({0})", numpy=np.arccosh, domain=(Interval(1, 1e100),),
    source="the slope is infinite at 1",
)  # fmt: skip

arctanh = gate(
    "arctanh", "()->()", np.arctanh,
    lambda g, y, x: g / ((1 - x) * (1 + x)),
    code="np.arctanh({0})", latex=r"\operatorname{{artanh}}({0})", numpy=np.arctanh, domain=(Interval(-0.999, 0.999),),
)  # fmt: skip

sinc: Gate = gate(
    "sinc", "()->()", sinc_of,
    lambda g, y, x, *, order: g * sinc(x, order=order + 1),
    code="sinc({0}{,params})", latex=r"\operatorname{{sinc}}({0})", domain=(Interval(-100, 100),),
    params={"order": 0}, examples=({}, {"order": 1}, {"order": 2}),
    relative_error=1e-15,
    source="sin(pi x) / (pi x), 1 at 0; order is that of a derivative; relative to its largest value",
)  # fmt: skip

deg2rad = gate(
    "deg2rad", "()->()", np.deg2rad,
    lambda g, y, x: g * (math.pi / 180),
    code="np.deg2rad({0})", latex=r"\frac{{{0} \cdot \pi}}{{180}}", numpy=np.deg2rad, domain=(REAL,),
)  # fmt: skip

rad2deg = gate(
    "rad2deg", "()->()", np.rad2deg,
    lambda g, y, x: g * (180 / math.pi),
    code="np.rad2deg({0})", latex=r"\frac{{{0} \cdot 180}}{{\pi}}", numpy=np.rad2deg, domain=(REAL,),
)  # fmt: skip
