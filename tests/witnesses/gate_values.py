"""What every gate of the table computes, written from its definition for exact or 50-digit numbers.

``WITNESSES`` has one entry per gate. ``value(m, *inputs, **params)`` computes with ``m``, which is ``mpmath``
(for values) or ``sympy`` (for derivatives of the gates that are not elementwise). An elementwise gate takes
numbers; any other takes arrays of numbers as NumPy object arrays. ``scale`` is what the relative error of the
row is relative to; without it, the value itself. Nothing here is shared with the table.
"""

from __future__ import annotations

import itertools
import math
from types import ModuleType
from typing import Any

import numpy as np

from witnesses.array_values import ARRAYS
from witnesses.image_values import IMAGES
from witnesses.linalg_values import LINALG
from witnesses.number_values import NUMBERS
from witnesses.witness import Numbers, Witness, each, in_order, over_axis


def log_of_one_plus(m: ModuleType, x: Any) -> Any:
    return m.log1p(x) if hasattr(m, "log1p") else m.log(1 + x)


def positive_part(m: ModuleType, x: Any) -> Any:
    return m.Max(0, x) if hasattr(m, "Max") else max(x, 0)


def heaviside(_m: ModuleType, x: Any, at_zero: Any) -> Any:
    return at_zero if x == 0 else int(x > 0)


def softplus(m: ModuleType, x: Any) -> Any:
    return log_of_one_plus(m, m.exp(x))


def sigmoid_cross_entropy(m: ModuleType, z: Any, y: Any) -> Any:
    """-y ln p - (1 - y) ln(1 - p), with p = 1 / (1 + exp(-z)) and 1 - p = 1 / (1 + exp(z))."""
    return y * softplus(m, -z) + (1 - y) * softplus(m, z)


def total(_m: ModuleType, x: Numbers, axis: int | None, keepdims: bool) -> Numbers:
    return over_axis(sum, x, axis, keepdims)


def average(_m: ModuleType, x: Numbers, axis: int | None, keepdims: bool) -> Numbers:
    return over_axis(lambda line: sum(line) / len(line), x, axis, keepdims)


def sum_of_sizes(_m: ModuleType, x: Numbers, axis: int | None, keepdims: bool) -> Numbers:
    """A sum may cancel: its error is relative to the sum of the absolute terms."""
    return over_axis(sum, abs(x), axis, keepdims)


def mean_of_sizes(_m: ModuleType, x: Numbers, axis: int | None, keepdims: bool) -> Numbers:
    """A mean may cancel: its error is relative to the mean of the absolute terms."""
    return over_axis(lambda line: sum(line) / len(line), abs(x), axis, keepdims)


def logsumexp(m: ModuleType, x: Numbers, axis: int, keepdims: bool) -> Numbers:
    return over_axis(lambda line: m.log(sum(m.exp(s) for s in line)), x, axis, keepdims)


def largest_or_one(_m: ModuleType, x: Numbers, axis: int, keepdims: bool) -> Numbers:
    """The logarithm may cancel against the largest input: the error is relative to that, or to 1."""
    return over_axis(lambda line: max(1, *line), abs(x), axis, keepdims)


def softmax(m: ModuleType, x: Numbers, axis: int) -> Numbers:
    e = np.vectorize(m.exp, otypes=[object])(x)
    return e / over_axis(sum, e, axis, keepdims=True)


def matmul(_m: ModuleType, x: Numbers, y: Numbers) -> Numbers:
    inner = range(x.shape[1])
    return each(lambda i, j: sum(x[i, k] * y[k, j] for k in inner), (x.shape[0], y.shape[1]))


def matmul_of_sizes(m: ModuleType, x: Numbers, y: Numbers) -> Numbers:
    """A product of matrices may cancel: its error is relative to the product of the absolute values."""
    return matmul(m, abs(x), abs(y))


def broadcast_like(_m: ModuleType, x: Numbers, like: Numbers) -> Numbers:
    def source(*index: int) -> Any:
        own = index[len(index) - x.ndim :]
        return x[tuple(0 if size == 1 else i for i, size in zip(own, x.shape, strict=True))]

    return each(source, like.shape)


def reshape(_m: ModuleType, x: Numbers, shape: Any) -> Numbers:
    sizes = list(shape) if isinstance(shape, tuple) else [shape]
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.size // -math.prod(sizes)
    return in_order(list(x.flat), tuple(sizes))


def expand_dims(_m: ModuleType, x: Numbers, axis: int) -> Numbers:
    sizes = list(x.shape)
    sizes.insert(axis if axis >= 0 else len(sizes) + 1 + axis, 1)
    return in_order(list(x.flat), tuple(sizes))


def one_hot(_m: ModuleType, y: Numbers, like: Numbers) -> Numbers:
    return each(lambda i, j: int(j == y[i]), like.shape)


def pick(_m: ModuleType, x: Numbers, y: Numbers) -> Numbers:
    return each(lambda i: x[i, int(y[i])], (len(y),))


def softmax_cross_entropy(m: ModuleType, s: Numbers, y: Numbers) -> Numbers:
    """-ln p_y = ln(1 + sum over j != y of exp(s_j - s_y))."""

    def loss(i: int) -> Any:
        right = int(y[i])
        return log_of_one_plus(m, sum(m.exp(s[i, j] - s[i, right]) for j in range(s.shape[1]) if j != right))

    return each(loss, (len(y),))


def hinge_margins(m: ModuleType, s: Numbers, y: Numbers, delta: Any) -> Numbers:
    def margin(i: int, j: int) -> Any:
        right = int(y[i])
        return 0 if j == right else positive_part(m, s[i, j] - s[i, right] + delta)

    return each(margin, s.shape)


def hinge_terms(_m: ModuleType, s: Numbers, y: Numbers, delta: Any) -> Numbers:
    """A margin may cancel: its error is relative to the sum of its absolute terms."""
    return each(lambda i, j: abs(s[i, j]) + abs(s[i, int(y[i])]) + delta, s.shape)


WORD = 2**64 - 1


def philox(counter: list[int], key: tuple[int, int]) -> list[int]:
    """Philox-4x64-10, from Salmon et al. (2011), figure 2 and table 2."""
    for round_number in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * counter[0], 2**64)
        high1, low1 = divmod(0xCA5A826395121157 * counter[2], 2**64)
        key0 = key[0] + round_number * 0x9E3779B97F4A7C15 & WORD
        key1 = key[1] + round_number * 0xBB67AE8584CAA73B & WORD
        counter = [high1 ^ counter[1] ^ key0, low1, high0 ^ counter[3] ^ key1, low0]
    return counter


def uniform_like(_m: ModuleType, key: Numbers, like: Numbers, stream: int) -> Numbers:
    """53 bits of each word, as a fraction; blocks of four words are counted from 1."""
    seed, step = (int(k) for k in key)
    blocks = (philox([block, 0, step, 0], (seed, stream)) for block in itertools.count(1))
    words = itertools.chain.from_iterable(blocks)
    return each(lambda *_: (next(words) >> 11) / 2**53, like.shape)


WITNESSES = {
    "add": Witness(lambda _, x, y: x + y),
    "subtract": Witness(lambda _, x, y: x - y),
    "multiply": Witness(lambda _, x, y: x * y),
    "divide": Witness(lambda _, x, y: x / y),
    "negative": Witness(lambda _, x: -x),
    "power": Witness(lambda _, x, n: x**n),
    "square": Witness(lambda _, x: x * x),
    "greater": Witness(lambda _, x, y: int(x > y)),
    "greater_equal": Witness(lambda _, x, y: int(x >= y)),
    "less": Witness(lambda _, x, y: int(x < y)),
    "less_equal": Witness(lambda _, x, y: int(x <= y)),
    "heaviside": Witness(heaviside),
    "maximum": Witness(lambda _, x, y: max(x, y)),
    "minimum": Witness(lambda _, x, y: min(x, y)),
    "exp": Witness(lambda m, x: m.exp(x)),
    "log": Witness(lambda m, x: m.log(x)),
    "log1p": Witness(log_of_one_plus),
    "sqrt": Witness(lambda m, x: m.sqrt(x)),
    "sign": Witness(lambda _, x: int(x > 0) - int(x < 0)),
    "absolute": Witness(lambda _, x: abs(x)),
    "relu": Witness(positive_part),
    "sech2": Witness(lambda m, x: 1 / m.cosh(x) ** 2),
    "tanh": Witness(lambda m, x: m.tanh(x)),
    "sigmoid": Witness(lambda m, x: 1 / (1 + m.exp(-x))),
    "softplus": Witness(softplus),
    "sigmoid_cross_entropy": Witness(sigmoid_cross_entropy),
    "matmul": Witness(matmul, scale=matmul_of_sizes),
    "zeros_like": Witness(lambda _, x: each(lambda *_i: 0, x.shape)),
    "broadcast_like": Witness(broadcast_like),
    "reshape_like": Witness(lambda _, x, like: in_order(list(x.flat), like.shape)),
    "reshape": Witness(reshape),
    "expand_dims": Witness(expand_dims),
    "count": Witness(lambda _, x, axis: over_axis(len, x, axis, keepdims=False).flat[0]),
    "sum": Witness(total, scale=sum_of_sizes),
    "mean": Witness(average, scale=mean_of_sizes),
    "softmax": Witness(softmax),
    "logsumexp": Witness(logsumexp, scale=largest_or_one),
    "one_hot": Witness(one_hot),
    "pick": Witness(pick),
    "softmax_cross_entropy": Witness(softmax_cross_entropy),
    "hinge_margins": Witness(hinge_margins, scale=hinge_terms),
    "uniform_like": Witness(uniform_like),
    **NUMBERS,
    **ARRAYS,
    **LINALG,
    **IMAGES,
}
