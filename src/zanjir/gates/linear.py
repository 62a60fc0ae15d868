"""Matrix products and the transpose."""

from __future__ import annotations

import numpy as np

from zanjir.gates.arithmetic import REAL
from zanjir.graph.gate import Precedence, gate

__all__ = ["matmul", "transpose"]

matmul = gate(
    "matmul", "(n,k),(k,m)->(n,m)", np.matmul,
    lambda g, z, x, y: g @ y.T,
    lambda g, z, x, y: x.T @ g,
    code="{0} @ {1}", latex=r"{0} \, {1}", precedence=Precedence.MULTIPLY, numpy=np.matmul, domain=(REAL, REAL),
    source="relative to the sum of |x| |y|: k roundings",
)  # fmt: skip

transpose = gate(
    "transpose", "(*)->(*)", np.transpose,
    lambda g, y, x: g.T,
    code="{0}.T", latex=r"{0}^\top", numpy=np.transpose, view=True, domain=(REAL,),
)  # fmt: skip
