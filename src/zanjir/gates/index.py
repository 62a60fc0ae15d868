"""Indexing by label: the entry of each row that its label names, and the reverse, one-hot rows."""

from __future__ import annotations

import numpy as np

from zanjir.gates.arithmetic import REAL
from zanjir.gates.shape import expand_dims
from zanjir.graph.gate import Interval, gate
from zanjir.graph.tensor import Array

LABEL = Interval(0, np.inf, integers=True)


def one_hot_of(y: Array, like: Array) -> Array:
    """Rows of zeros with a one at each row's label, in the shape and dtype of another array."""
    rows = np.zeros_like(like)
    rows[np.arange(len(y)), y] = 1
    return rows


one_hot = gate(
    "one_hot", "(n),(n,c)->(n,c)", one_hot_of, None, None,
    code="one_hot({0}, {1})", latex="[k = {0}]", domain=(LABEL, REAL),
    buffered="{out}.fill(0); {out}[np.arange(len({0})), {0}] = 1",
)  # fmt: skip

pick = gate(
    "pick", "(n,c),(n)->(n)", lambda x, y: x[np.arange(len(y)), y],
    lambda g, z, x, y: expand_dims(g, axis=1) * one_hot(y, x),
    None,
    code="{0}[np.arange(len({1})), {1}]", latex="{{{0}}}_{{{1}}}", domain=(REAL, LABEL),
)  # fmt: skip

__all__ = ["one_hot", "pick"]
