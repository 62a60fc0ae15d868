"""Rounding, which has no derivative, and the replacement of what is not finite."""

from __future__ import annotations

import numpy as np

from zanjir.gates.domains import REAL
from zanjir.graph.gate import gate

__all__ = ["ceil", "floor", "nan_to_num", "rint", "trunc"]

NO_DERIVATIVE = "no derivative: 0 between the steps, none at them"

floor = gate(
    "floor", "()->()", np.floor, None,
    code="np.floor({0})", latex=r"\lfloor {0} \rfloor", numpy=np.floor, domain=(REAL,), source=NO_DERIVATIVE,
)  # fmt: skip

ceil = gate(
    "ceil", "()->()", np.ceil, None,
    code="np.ceil({0})", latex=r"\lceil {0} \rceil", numpy=np.ceil, domain=(REAL,), source=NO_DERIVATIVE,
)  # fmt: skip

rint = gate(
    "rint", "()->()", np.rint, None,
    code="np.rint({0})", latex=r"\operatorname{{round}}({0})", numpy=np.rint, domain=(REAL,),
    source=f"halves go to the even neighbor; {NO_DERIVATIVE}",
)  # fmt: skip

trunc = gate(
    "trunc", "()->()", np.trunc, None,
    code="np.trunc({0})", latex=r"\operatorname{{trunc}}({0})", numpy=np.trunc, domain=(REAL,), source=NO_DERIVATIVE,
)  # fmt: skip

nan_to_num = gate(
    "nan_to_num", "()->()", np.nan_to_num,
    lambda g, y, x: g * np.isfinite(x),
    code="np.nan_to_num({0})", latex="{0}", numpy=np.nan_to_num, domain=(REAL,),
    source="0 for not-a-number, the largest floats for the infinities, where the slope is 0",
)  # fmt: skip
