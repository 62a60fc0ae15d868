"""Losses as single gates: stable values and the short derivatives of the slides.

Each row also holds its composition from simpler gates; that the two agree is a test, and a lesson.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.compare import heaviside
from zanjir.gates.domains import LABEL, SCORE
from zanjir.gates.elementwise import sigmoid, softplus
from zanjir.gates.index import one_hot, pick
from zanjir.gates.reduce import logsumexp, softmax
from zanjir.gates.shape import expand_dims
from zanjir.graph.gate import Interval, Kink, gate
from zanjir.graph.tensor import Array, Tensor


def softmax_cross_entropy_of(s: Array, y: Array) -> Array:
    """-log(softmax(s)[y]) for each row; log1p keeps losses far below 1e-16."""
    rows = np.arange(len(s))
    largest = s.argmax(axis=1)
    top = s[rows, largest]
    others = np.exp(s - top[:, None])
    others[rows, largest] = 0
    return np.log1p(others.sum(axis=1)) + (top - s[rows, y])


def sigmoid_cross_entropy_of(z: Array, y: Array) -> Array:
    """-y log(p) - (1 - y) log(1 - p) with p = 1 / (1 + exp(-z)): a sum of terms >= 0, so nothing cancels."""
    z = np.asarray(z, np.result_type(z, y))  # a Python number takes the dtype of its partner
    tail = np.log1p(np.exp(-np.abs(z)))
    return (1 - y) * (np.maximum(z, 0) + tail) + y * (np.maximum(-z, 0) + tail)


def hinge_margins_of(s: Array, y: Array, *, delta: float = 1) -> Array:
    """max(0, s_j - s_y + delta) for each class j but the right one, where it is 0."""
    rows = np.arange(len(s))
    margins = np.maximum(0, s - s[rows, y][:, None] + delta)
    margins[rows, y] = 0
    return margins


def hinge_flow(g: Tensor, margins: Tensor, s: Tensor, y: Tensor, *, delta: float) -> Tensor:
    """Each violated margin pushes its class up by g, and the right class down by the sum."""
    pushed = g * heaviside(margins, 0)
    return pushed - one_hot(y, s) * pushed.sum(axis=1, keepdims=True)


def composed_hinge_margins(s: Any, y: Any, *, delta: float) -> Tensor:
    """The margins from simpler gates."""
    return np.maximum(0, s - expand_dims(pick(s, y), axis=1) + delta) * (1 - one_hot(y, s))


softmax_cross_entropy = gate(
    "softmax_cross_entropy", "(n,c),(n)->(n)", softmax_cross_entropy_of,
    lambda g, z, s, y: expand_dims(g, axis=1) * (softmax(s) - one_hot(y, s)),
    None,
    code="softmax_cross_entropy({0}, {1})", latex=r"-\ln \operatorname{{softmax}}({0})_{{{1}}}",
    composition=lambda s, y: logsumexp(s) - pick(s, y), domain=(SCORE, LABEL), relative_error=6e-14,
    source="L_i = -ln p_y, natural logarithm; dL_i/ds_k = p_k - 1{k = y}; "
    "off by the rounding of s_k - max s, half an ulp of 600",
)  # fmt: skip

sigmoid_cross_entropy = gate(
    "sigmoid_cross_entropy", "(),()->()", sigmoid_cross_entropy_of,
    lambda g, loss, z, y: g * (sigmoid(z) - y),
    lambda g, loss, z, y: -(g * z),
    code="sigmoid_cross_entropy({0}, {1})", latex=r"(\ln(1 + e^{{{0}}}) - {1} \cdot {0})",
    composition=lambda z, y: softplus(z) - y * z, domain=(SCORE, Interval(0, 1)), relative_error=8e-16,
    source="binary cross-entropy of a sigmoid, from its score; dL/dz = sigma(z) - y",
)  # fmt: skip

hinge_margins = gate(
    "hinge_margins", "(n,c),(n)->(n,c)", hinge_margins_of, hinge_flow, None,
    code="hinge_margins({0}, {1}{,params})", latex=r"\max(0, {0}_j - {0}_{{{1}}} + \Delta)",
    params={"delta": 1}, examples=({}, {"delta": 10}), composition=composed_hinge_margins, domain=(SCORE, LABEL),
    kinks=(Kink((0.0,), (0.0,), "a margin of exactly 0 counts as not violated"),),
    source="multi-class SVM, sum over j != y",
)  # fmt: skip

__all__ = ["hinge_margins", "sigmoid_cross_entropy", "softmax_cross_entropy"]
