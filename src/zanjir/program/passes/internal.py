"""Gates that only compiled programs use. They stand in no table: nobody writes them, and nothing flows back.

Each says exactly what it computes, for any batch size; a compiled form must give the same numbers.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from zanjir.graph.gate import Gate
from zanjir.graph.tensor import Array

__all__ = ["column_index", "fold_windows", "uniform_rows", "windows"]

# Philox makes so many words of 64 bits of one counter.
PHILOX_WORDS = 4


def column_index_of(like: Array) -> Array:
    """The position 0 to C-1 of each element along the last axis, as int64, in the shape of another array."""
    return np.broadcast_to(np.arange(like.shape[-1], dtype=np.int64), like.shape)


def windows_of(x: Array, *, height: int, width: int, stride: int) -> Array:
    """All windows of images (n, tall, wide, c), as a view of shape (n, rows, columns, height, width, c).

    Element [n, i, j, k, m, c] is x[n, stride i + k, stride j + m, c]; windows that would stick out are left out.
    """
    views = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))[:, ::stride, ::stride]
    return views.transpose(0, 1, 2, 4, 5, 3)


def fold_windows_of(terms: Array, *, tall: int, wide: int, stride: int) -> Array:
    """Windows (n, rows, columns, height, width, c) added up where they lie in images (n, tall, wide, c).

    Element [n, i, j, k, m, c] is added to [n, stride i + k, stride j + m, c] of zeros, in the order of (k, m).
    """
    n, rows, columns, height, width, channels = terms.shape
    x = np.zeros((n, tall, wide, channels), terms.dtype)
    for k, m in np.ndindex(height, width):
        x[:, k : k + stride * rows : stride, m : m + stride * columns : stride] += terms[:, :, :, k, m]
    return x


def uniform_rows_of(key: Array, like: Array, first_row: Any, *, stream: int) -> Array:
    """The rows from ``first_row`` on of what ``uniform_like`` draws for a whole batch; ``like`` has the rows wanted.

    Row i of the batch begins at number i times the size of a row, whatever the size of the batch. Of the 64-bit
    words of the generator, each gives one number of float64, or two of float32, the lower half first.
    """
    seed, step = (int(k) for k in key)
    per_block = PHILOX_WORDS * (1 if like.dtype == np.float64 else 2)
    block, skipped = divmod(int(first_row) * math.prod(like.shape[1:]), per_block)
    generator = np.random.Generator(np.random.Philox(key=[seed, stream], counter=[block, 0, step, 0]))
    return generator.random(skipped + like.size, dtype=like.dtype)[skipped:].reshape(like.shape)


column_index = Gate(
    "column_index", "(*)->(*)", column_index_of, (None,), code="column_index({0})", latex="k",
)  # fmt: skip

windows = Gate(
    "windows", "(*)->(*)", windows_of, (None,), code="windows({0}, {params})",
    latex=r"\operatorname{{windows}}({0})", params={"height": 1, "width": 1, "stride": 1}, view=True,
)  # fmt: skip

fold_windows = Gate(
    "fold_windows", "(*)->(*)", fold_windows_of, (None,), code="fold_windows({0}, {params})",
    latex=r"\operatorname{{fold}}({0})", params={"tall": 1, "wide": 1, "stride": 1},
)  # fmt: skip

uniform_rows = Gate(
    "uniform_rows", "(k),(*),()->(*)", uniform_rows_of, (None, None, None),
    code="uniform_rows({0}, {1}, {2}, stream={stream})", latex="U", params={"stream": 0},
)  # fmt: skip
