"""Gates for images written as windows, matrix products and sums over windows.

Images are brought to sample, height, width, channel by a transpose, which moves nothing; sizes but that of the
batch are those of the traced graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from zanjir.gates.arithmetic import divide, multiply
from zanjir.gates.compare import equal
from zanjir.gates.index import index, pad
from zanjir.gates.linear import matmul, transpose
from zanjir.gates.reduce import max_, sum_
from zanjir.gates.shape import astype, broadcast_like, copy, expand_dims, reshape, squeeze
from zanjir.graph.tensor import Tensor
from zanjir.program.passes.internal import fold_windows, windows

__all__ = ["IMAGES"]

CHANNELS_LAST = "NHWC"
IN_WINDOW = (3, 4)


def channels_last(x: Tensor, layout: str) -> Tensor:
    """Images of a layout as sample, height, width, channel."""
    return x if layout == CHANNELS_LAST else transpose(x, axes=tuple(map(layout.index, CHANNELS_LAST)))


def flat(x: Tensor, layout: str, sizes: tuple[int, ...]) -> Tensor:
    """Images as sample, height, width, channel in other sizes; numbers that do not lie in this order are copied."""
    moved = channels_last(x, layout)
    return reshape(moved if moved is x else copy(moved), shape=sizes)


def laid_out(x: Tensor, layout: str) -> Tensor:
    """Images as sample, height, width, channel brought to a layout."""
    return x if layout == CHANNELS_LAST else transpose(x, axes=tuple(map(CHANNELS_LAST.index, layout)))


def rows_of_windows(x: Tensor, W: Tensor, *, stride: int, padding: int, layout: str) -> tuple[Tensor, Tensor]:
    """The windows of padded images that weights of a shape see, and the same as one row per window."""
    height, width, channels, _ = W.shape
    x = channels_last(x, layout)
    if padding:
        x = pad(x, pad_width=((0, 0), (padding, padding), (padding, padding), (0, 0)))
    seen = windows(x, height=height, width=width, stride=stride)
    return seen, reshape(copy(seen), shape=(-1, height * width * channels))


def as_matrix(W: Tensor) -> Tensor:
    """Weights with one column per filter."""
    return reshape(W, shape=(math.prod(W.shape[:3]), W.shape[3]))


def conv2d_of(x: Tensor, W: Tensor, **how: Any) -> Tensor:
    """The rows of windows times the weights."""
    seen, rows = rows_of_windows(x, W, **how)
    out = reshape(matmul(rows, as_matrix(W)), shape=(-1, *seen.shape[1:3], W.shape[3]))
    return laid_out(out, how["layout"])


def conv2d_weights_of(x: Tensor, g: Tensor, like: Tensor, **how: Any) -> Tensor:
    """The rows of windows, transposed, times g."""
    _, rows = rows_of_windows(x, like, **how)
    flow = flat(g, how["layout"], (-1, like.shape[3]))
    return reshape(matmul(transpose(rows, axes=None), flow), shape=like.shape)


def conv2d_transpose_of(g: Tensor, W: Tensor, like: Tensor, *, stride: int, padding: int, layout: str) -> Tensor:
    """The numbers of g times the weights, transposed, folded into images without their padding."""
    height, width, channels, filters = W.shape
    rows, columns = channels_last(g, layout).shape[1:3]
    tall, wide = channels_last(like, layout).shape[1:3]
    terms = matmul(flat(g, layout, (-1, filters)), transpose(as_matrix(W), axes=None))
    terms = reshape(terms, shape=(-1, rows, columns, height, width, channels))
    x = fold_windows(terms, tall=tall + 2 * padding, wide=wide + 2 * padding, stride=stride)
    if padding:
        inside = (slice(padding, padding + tall), slice(padding, padding + wide))
        x = index(x, key=(slice(None), *inside, slice(None)))
    return laid_out(x, layout)


def pooled(x: Tensor, size: int, stride: int | None, layout: str) -> Tensor:
    """The windows of pooling."""
    return windows(channels_last(x, layout), height=size, width=size, stride=size if stride is None else stride)


def folded(terms: Tensor, like: Tensor, stride: int | None, layout: str) -> Tensor:
    """Windows of pooling folded into images of the sizes of others."""
    _, tall, wide, _ = channels_last(like, layout).shape
    step = terms.shape[3] if stride is None else stride
    return laid_out(fold_windows(terms, tall=tall, wide=wide, stride=step), layout)


def per_window(g: Tensor, layout: str) -> Tensor:
    """One number per window and channel, so that it broadcasts against the windows."""
    return expand_dims(channels_last(g, layout), axis=IN_WINDOW)


def largest_of(seen: Tensor) -> Tensor:
    """The largest element of each window."""
    return max_(seen, axis=IN_WINDOW, keepdims=True)


def winners(x: Tensor, size: int, stride: int | None, layout: str) -> tuple[Tensor, Tensor]:
    """1 where an element is the largest of its window, and how many are."""
    seen = pooled(x, size, stride, layout)
    largest = astype(equal(seen, largest_of(seen)), dtype=x.dtype.name)
    return largest, sum_(largest, axis=IN_WINDOW, keepdims=True)


def max_pool2d_of(x: Tensor, *, size: int, stride: int | None, layout: str) -> Tensor:
    """The largest element of each window."""
    return laid_out(squeeze(largest_of(pooled(x, size, stride, layout)), axis=IN_WINDOW), layout)


def max_unpool2d_of(g: Tensor, x: Tensor, *, size: int, stride: int | None, layout: str) -> Tensor:
    """The numbers of g shared among the largest elements of each window, and folded."""
    largest, ties = winners(x, size, stride, layout)
    return folded(multiply(divide(per_window(g, layout), ties), largest), x, stride, layout)


def max_pick2d_of(h: Tensor, x: Tensor, *, size: int, stride: int | None, layout: str) -> Tensor:
    """The mean of h over the largest elements of each window."""
    largest, ties = winners(x, size, stride, layout)
    chosen = sum_(multiply(pooled(h, size, stride, layout), largest), axis=IN_WINDOW, keepdims=True)
    return laid_out(sum_(divide(chosen, ties), axis=IN_WINDOW), layout)


def average_pool2d_of(x: Tensor, *, size: int, stride: int | None, layout: str) -> Tensor:
    """The sum of each window over its size."""
    return laid_out(divide(sum_(pooled(x, size, stride, layout), axis=IN_WINDOW), size**2), layout)


def average_unpool2d_of(g: Tensor, like: Tensor, *, size: int, stride: int | None, layout: str) -> Tensor:
    """The numbers of g over the size of a window, repeated in each window, and folded."""
    share = per_window(divide(g, size**2), layout)
    return folded(broadcast_like(share, pooled(like, size, stride, layout)), like, stride, layout)


IMAGES: dict[str, Callable[..., Tensor | None]] = {
    "conv2d": conv2d_of,
    "conv2d_transpose": conv2d_transpose_of,
    "conv2d_weights": conv2d_weights_of,
    "max_pool2d": max_pool2d_of,
    "max_unpool2d": max_unpool2d_of,
    "max_pick2d": max_pick2d_of,
    "average_pool2d": average_pool2d_of,
    "average_unpool2d": average_unpool2d_of,
}
