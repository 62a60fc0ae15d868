"""Comparison and logic: truth values, which have no derivative."""

from __future__ import annotations

import operator

import numpy as np

from zanjir.gates.domains import REAL, TRUTH
from zanjir.graph.gate import Interval, Precedence, gate

BRACKET = "Iverson bracket: 1 where true, 0 where false"

greater = gate(
    "greater", "(),()->()", operator.gt, None, None,
    code="{0} > {1}", latex="[{0} > {1}]", precedence=Precedence.COMPARE, numpy=np.greater, domain=(REAL, REAL),
    source=BRACKET,
)  # fmt: skip

greater_equal = gate(
    "greater_equal", "(),()->()", operator.ge, None, None,
    code="{0} >= {1}", latex=r"[{0} \ge {1}]", precedence=Precedence.COMPARE, numpy=np.greater_equal,
    domain=(REAL, REAL), source=BRACKET,
)  # fmt: skip

less = gate(
    "less", "(),()->()", operator.lt, None, None,
    code="{0} < {1}", latex="[{0} < {1}]", precedence=Precedence.COMPARE, numpy=np.less, domain=(REAL, REAL),
    source=BRACKET,
)  # fmt: skip

less_equal = gate(
    "less_equal", "(),()->()", operator.le, None, None,
    code="{0} <= {1}", latex=r"[{0} \le {1}]", precedence=Precedence.COMPARE, numpy=np.less_equal,
    domain=(REAL, REAL), source=BRACKET,
)  # fmt: skip

equal = gate(
    "equal", "(),()->()", operator.eq, None, None,
    code="{0} == {1}", latex="[{0} = {1}]", precedence=Precedence.COMPARE, numpy=np.equal, domain=(REAL, REAL),
    source=BRACKET,
)  # fmt: skip

not_equal = gate(
    "not_equal", "(),()->()", operator.ne, None, None,
    code="{0} != {1}", latex=r"[{0} \ne {1}]", precedence=Precedence.COMPARE, numpy=np.not_equal,
    domain=(REAL, REAL), source=BRACKET,
)  # fmt: skip

logical_and = gate(
    "logical_and", "(),()->()", np.logical_and, None, None,
    code="np.logical_and({0}, {1})", latex=r"[{0} \land {1}]", numpy=np.logical_and, domain=(TRUTH, TRUTH),
)  # fmt: skip

logical_or = gate(
    "logical_or", "(),()->()", np.logical_or, None, None,
    code="np.logical_or({0}, {1})", latex=r"[{0} \lor {1}]", numpy=np.logical_or, domain=(TRUTH, TRUTH),
)  # fmt: skip

logical_not = gate(
    "logical_not", "()->()", np.logical_not, None,
    code="np.logical_not({0})", latex=r"[\lnot {0}]", numpy=np.logical_not, domain=(TRUTH,),
)  # fmt: skip

isnan = gate(
    "isnan", "()->()", np.isnan, None,
    code="np.isnan({0})", latex=r"[{0} \ne {0}]", numpy=np.isnan, domain=(REAL,), source="1 where not a number",
)  # fmt: skip

isfinite = gate(
    "isfinite", "()->()", np.isfinite, None,
    code="np.isfinite({0})", latex=r"[\left|{0}\right| < \infty]", numpy=np.isfinite, domain=(REAL,),
    source="1 where neither infinite nor not-a-number",
)  # fmt: skip

heaviside = gate(
    "heaviside", "(),()->()", np.heaviside, None, None,
    code="np.heaviside({0}, {1})", latex=r"\operatorname{{H}}({0})", numpy=np.heaviside,
    domain=(REAL, Interval(0, 1)), source="0 below zero, 1 above, the second input at zero",
)  # fmt: skip

__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "heaviside",
    "isfinite",
    "isnan",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "not_equal",
]
