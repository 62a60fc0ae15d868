"""Arithmetic, comparison and choice. Broadcasting is undone by the gradient, so no rule mentions it."""

from __future__ import annotations

import operator

import numpy as np

from zanjir.graph.gate import TABLE, Interval, Kink, Precedence, gate

REAL = Interval(-1e100, 1e100)
POSITIVE = Interval(1e-100, 1e100)

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
    lambda g, z, x, n: g * (n * x ** (n - 1)),
    lambda g, z, x, n: g * (z * np.log(TABLE["broadcast_like"](x, z))),  # so that 2 ** n keeps the dtype of n
    code="{0} ** {1}", latex="{{{0}}}^{{{1}}}", precedence=Precedence.POWER, numpy=np.power,
    buffered="{out}[...] = {0} ** {1}", neutral=(None, 1),
    domain=(Interval(1e-30, 1e30), Interval(-8, 8)), source="d x^n/dn = x^n ln x, for x > 0",
)  # fmt: skip

square = gate(
    "square", "()->()", np.square,
    lambda g, y, x: g * (2 * x),
    code="{0} ** 2", latex="{{{0}}}^{{2}}", precedence=Precedence.POWER, numpy=np.square, domain=(REAL,),
)  # fmt: skip

greater = gate(
    "greater", "(),()->()", operator.gt, None, None,
    code="{0} > {1}", latex="[{0} > {1}]", precedence=Precedence.COMPARE, numpy=np.greater, domain=(REAL, REAL),
    source="Iverson bracket: 1 where true, 0 where false",
)  # fmt: skip

greater_equal = gate(
    "greater_equal", "(),()->()", operator.ge, None, None,
    code="{0} >= {1}", latex=r"[{0} \ge {1}]", precedence=Precedence.COMPARE, numpy=np.greater_equal,
    domain=(REAL, REAL), source="Iverson bracket: 1 where true, 0 where false",
)  # fmt: skip

less = gate(
    "less", "(),()->()", operator.lt, None, None,
    code="{0} < {1}", latex="[{0} < {1}]", precedence=Precedence.COMPARE, numpy=np.less, domain=(REAL, REAL),
    source="Iverson bracket: 1 where true, 0 where false",
)  # fmt: skip

less_equal = gate(
    "less_equal", "(),()->()", operator.le, None, None,
    code="{0} <= {1}", latex=r"[{0} \le {1}]", precedence=Precedence.COMPARE, numpy=np.less_equal,
    domain=(REAL, REAL), source="Iverson bracket: 1 where true, 0 where false",
)  # fmt: skip

heaviside = gate(
    "heaviside", "(),()->()", np.heaviside, None, None,
    code="np.heaviside({0}, {1})", latex=r"\operatorname{{H}}({0})", numpy=np.heaviside,
    domain=(REAL, Interval(0, 1)), source="0 below zero, 1 above, the second input at zero",
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
