"""Gates for batches of images: convolution, and pooling by the largest or the mean number of a window.

``layout`` names the axes of an image batch, in any order: ``"NHWC"`` (channels last, as in the notes) is sample,
height, width, channel, and ``"NCHW"`` is channels first. Weights are (height, width, channels in, channels out) in
every layout. Windows that would stick out at the end of an image are left out.

Each forward function is printed into programs as it stands, so none of them calls another.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.domains import REAL
from zanjir.graph.gate import Gate, Kink, gate
from zanjir.graph.tensor import Array

CONVOLVED: dict[str, Any] = {"stride": 1, "padding": 0, "layout": "NHWC"}
POOLED: dict[str, Any] = {"size": 2, "stride": None, "layout": "NHWC"}
CONVOLUTIONS: tuple[dict[str, Any], ...] = ({}, {"stride": 2, "padding": 1})
POOLINGS: tuple[dict[str, Any], ...] = ({}, {"size": 3, "stride": 1})


def conv2d_of(x: Array, W: Array, *, stride: int = 1, padding: int = 0, layout: str = "NHWC") -> Array:
    """The inner product of W with every window of every image; zeros stand around the image."""
    height, width, _, filters = W.shape
    x = np.einsum(f"{layout.lower()}->nhwc", x)
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))[:, ::stride, ::stride]
    n, rows, columns, channels = windows.shape[:4]
    windows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(n * rows * columns, height * width * channels)
    out = (windows @ W.reshape(height * width * W.shape[2], filters)).reshape(n, rows, columns, filters)
    return np.ascontiguousarray(np.einsum(f"nhwc->{layout.lower()}", out))


def conv2d_transpose_of(
    g: Array, W: Array, like: Array, *, stride: int = 1, padding: int = 0, layout: str = "NHWC"
) -> Array:
    """Each number of g times W, added up where its window lies in images of the shape of another array."""
    height, width, channels, filters = W.shape
    g = np.einsum(f"{layout.lower()}->nhwc", g)
    n, rows, columns, _ = g.shape
    _, tall, wide, _ = np.einsum(f"{layout.lower()}->nhwc", like).shape
    terms = g.reshape(n * rows * columns, g.shape[3]) @ W.reshape(height * width * channels, filters).T
    terms = terms.reshape(n, rows, columns, height, width, channels)
    x = np.zeros((n, tall + 2 * padding, wide + 2 * padding, channels), terms.dtype)
    for i, j in np.ndindex(height, width):
        x[:, i : i + stride * rows : stride, j : j + stride * columns : stride] += terms[:, :, :, i, j]
    x = x[:, padding : padding + tall, padding : padding + wide]
    return np.ascontiguousarray(np.einsum(f"nhwc->{layout.lower()}", x))


def conv2d_weights_of(
    x: Array, g: Array, like: Array, *, stride: int = 1, padding: int = 0, layout: str = "NHWC"
) -> Array:
    """The windows of x weighted with the numbers of g, added up, for weights of the shape of another array."""
    height, width = like.shape[:2]
    x = np.einsum(f"{layout.lower()}->nhwc", x)
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    g = np.einsum(f"{layout.lower()}->nhwc", g)
    windows = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(1, 2))[:, ::stride, ::stride]
    n, rows, columns, channels = windows.shape[:4]
    windows = windows.transpose(0, 1, 2, 4, 5, 3).reshape(n * rows * columns, height * width * channels)
    return (windows.T @ g.reshape(n * rows * columns, g.shape[3])).reshape(like.shape)


def max_pool2d_of(x: Array, *, size: int = 2, stride: int | None = None, layout: str = "NHWC") -> Array:
    """The largest number of every window of size x size; windows lie side by side unless a stride is given."""
    stride = size if stride is None else stride
    x = np.einsum(f"{layout.lower()}->nhwc", x)
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    top = windows[..., 0, 0].copy()
    for i, j in np.ndindex(size, size):
        np.maximum(top, windows[..., i, j], out=top)
    return np.ascontiguousarray(np.einsum(f"nhwc->{layout.lower()}", top))


def max_unpool2d_of(g: Array, x: Array, *, size: int = 2, stride: int | None = None, layout: str = "NHWC") -> Array:
    """Each number of g put where its window of x is largest; equal ones share it evenly."""
    stride = size if stride is None else stride
    x = np.einsum(f"{layout.lower()}->nhwc", x)
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    top = windows[..., 0, 0].copy()
    for i, j in np.ndindex(size, size):
        np.maximum(top, windows[..., i, j], out=top)
    ties = sum((windows[..., i, j] == top).astype(x.dtype) for i, j in np.ndindex(size, size))
    share = np.einsum(f"{layout.lower()}->nhwc", g) / ties
    flow = np.zeros(x.shape, share.dtype)
    rows, columns = top.shape[1:3]
    for i, j in np.ndindex(size, size):
        place = flow[:, i : i + stride * rows : stride, j : j + stride * columns : stride]
        place += share * (windows[..., i, j] == top)
    return np.ascontiguousarray(np.einsum(f"nhwc->{layout.lower()}", flow))


def max_pick2d_of(h: Array, x: Array, *, size: int = 2, stride: int | None = None, layout: str = "NHWC") -> Array:
    """The number of h where each window of x is largest; the mean of those where equal ones are."""
    stride = size if stride is None else stride
    x, h = np.einsum(f"{layout.lower()}->nhwc", x), np.einsum(f"{layout.lower()}->nhwc", h)
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    picked = np.lib.stride_tricks.sliding_window_view(h, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    top = windows[..., 0, 0].copy()
    for i, j in np.ndindex(size, size):
        np.maximum(top, windows[..., i, j], out=top)
    ties = sum((windows[..., i, j] == top).astype(x.dtype) for i, j in np.ndindex(size, size))
    total = sum(picked[..., i, j] * (windows[..., i, j] == top) for i, j in np.ndindex(size, size))
    return np.ascontiguousarray(np.einsum(f"nhwc->{layout.lower()}", total / ties))


def average_pool2d_of(x: Array, *, size: int = 2, stride: int | None = None, layout: str = "NHWC") -> Array:
    """The mean of every window of size x size; windows lie side by side unless a stride is given."""
    stride = size if stride is None else stride
    x = np.einsum(f"{layout.lower()}->nhwc", x)
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    total = sum(windows[..., i, j] for i, j in np.ndindex(size, size))
    return np.ascontiguousarray(np.einsum(f"nhwc->{layout.lower()}", total / size**2))


def average_unpool2d_of(
    g: Array, like: Array, *, size: int = 2, stride: int | None = None, layout: str = "NHWC"
) -> Array:
    """Each number of g spread evenly over its window, in images of the shape of another array."""
    stride = size if stride is None else stride
    share = np.einsum(f"{layout.lower()}->nhwc", g) / size**2
    flow = np.zeros(np.einsum(f"{layout.lower()}->nhwc", like).shape, share.dtype)
    rows, columns = share.shape[1:3]
    for i, j in np.ndindex(size, size):
        flow[:, i : i + stride * rows : stride, j : j + stride * columns : stride] += share
    return np.ascontiguousarray(np.einsum(f"nhwc->{layout.lower()}", flow))


conv2d: Gate = gate(
    "conv2d", "(*),(*)->(*)", conv2d_of,
    lambda g, z, x, W, **how: conv2d_transpose(g, W, x, **how),
    lambda g, z, x, W, **how: conv2d_weights(x, g, W, **how),
    code="conv2d({0}, {1}{,params})", latex=r"\operatorname{{conv}}({0}, {1})", domain=(REAL, REAL),
    params=CONVOLVED, examples=CONVOLUTIONS, relative_error=1e-15,
    source="cross-correlation, as in every network; relative to the sum of |x| |W|: one rounding per term",
)  # fmt: skip

conv2d_transpose: Gate = gate(
    "conv2d_transpose", "(*),(*),(*)->(*)", conv2d_transpose_of,
    lambda h, x, g, W, like, **how: conv2d(h, W, **how),
    lambda h, x, g, W, like, **how: conv2d_weights(h, g, W, **how),
    None,
    code="conv2d_transpose({0}, {1}, {2}{,params})", latex=r"\operatorname{{conv}}^\top({0}, {1})",
    domain=(REAL, REAL, REAL), params=CONVOLVED, examples=CONVOLUTIONS, relative_error=1e-15,
    source="the adjoint of conv2d in its images: dx of <conv2d(x, W), g>; relative to the sum of |g| |W|",
)  # fmt: skip

conv2d_weights: Gate = gate(
    "conv2d_weights", "(*),(*),(*)->(*)", conv2d_weights_of,
    lambda h, W, x, g, like, **how: conv2d_transpose(g, h, x, **how),
    lambda h, W, x, g, like, **how: conv2d(x, h, **how),
    None,
    code="conv2d_weights({0}, {1}, {2}{,params})", latex=r"\operatorname{{windows}}({0})^\top {1}",
    domain=(REAL, REAL, REAL), params=CONVOLVED, examples=CONVOLUTIONS, relative_error=1e-15,
    source="the adjoint of conv2d in its weights: dW of <conv2d(x, W), g>; relative to the sum of |x| |g|",
)  # fmt: skip

max_pool2d: Gate = gate(
    "max_pool2d", "(*)->(*)", max_pool2d_of,
    lambda g, y, x, **how: max_unpool2d(g, x, **how),
    code="max_pool2d({0}{,params})", latex=r"\max_{{window}} {0}", domain=(REAL,), params=POOLED, examples=POOLINGS,
    kinks=(Kink((0.0,), (0.5,), "where the two largest numbers of a window differ by 0, half of g goes to each"),),
)  # fmt: skip

max_unpool2d: Gate = gate(
    "max_unpool2d", "(*),(*)->(*)", max_unpool2d_of,
    lambda h, y, g, x, **how: max_pick2d(h, x, **how),
    None,
    code="max_unpool2d({0}, {1}{,params})", latex=r"\operatorname{{unpool}}({0}, {1})", domain=(REAL, REAL),
    params=POOLED, examples=POOLINGS, source="the adjoint of max_pool2d; relative to the sum of |g| at a place",
)  # fmt: skip

max_pick2d: Gate = gate(
    "max_pick2d", "(*),(*)->(*)", max_pick2d_of,
    lambda g, y, h, x, **how: max_unpool2d(g, x, **how),
    None,
    code="max_pick2d({0}, {1}{,params})", latex=r"{0}_{{\operatorname{{argmax}} {1}}}", domain=(REAL, REAL),
    params=POOLED, examples=POOLINGS, source="the change of max_pool2d when x moves along h",
)  # fmt: skip

average_pool2d: Gate = gate(
    "average_pool2d", "(*)->(*)", average_pool2d_of,
    lambda g, y, x, **how: average_unpool2d(g, x, **how),
    code="average_pool2d({0}{,params})", latex=r"\operatorname{{mean}}_{{window}} {0}", domain=(REAL,),
    params=POOLED, examples=POOLINGS, relative_error=1e-15, source="relative to the mean of |x|",
)  # fmt: skip

average_unpool2d: Gate = gate(
    "average_unpool2d", "(*),(*)->(*)", average_unpool2d_of,
    lambda h, y, g, like, **how: average_pool2d(h, **how),
    None,
    code="average_unpool2d({0}, {1}{,params})", latex=r"\operatorname{{spread}}({0})", domain=(REAL, REAL),
    params=POOLED, examples=POOLINGS, relative_error=1e-15,
    source="the adjoint of average_pool2d; relative to the sum of |g| at a place",
)  # fmt: skip

__all__ = [
    "average_pool2d",
    "average_unpool2d",
    "conv2d",
    "conv2d_transpose",
    "conv2d_weights",
    "max_pick2d",
    "max_pool2d",
    "max_unpool2d",
]
