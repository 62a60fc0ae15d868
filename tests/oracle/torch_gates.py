"""Every gate in PyTorch, written from its definition. PyTorch's own function where it has one; none of zanjir's rules.

Where PyTorch has no such function, it is composed by hand: moves of elements by the positions that NumPy gives,
and functions of one triangle by making the matrix symmetric first, since PyTorch's gradients are of symmetric matrices.
Parameters have the names that the table gives them.
"""

# ruff: noqa: A006, PLW0108 - parameters are passed by the table's names, which PyTorch's functions do not have

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional, grad

__all__ = ["GATES"]

Array = Any  # a torch.Tensor
Axis = int | tuple[int, ...] | None


def axes_of(x: Array, axis: Axis) -> tuple[int, ...]:
    """The axes that are meant, counted from the front."""
    chosen = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(k % x.ndim for k in chosen)


def moved(x: Array, positions: Any) -> Array:
    """The elements of x at positions in the order of its elements."""
    return x.reshape(-1)[torch.tensor(np.array(positions))]


def gathered(g: Array, positions: Any, like: Array) -> Array:
    """Zeros of a shape, to which each element of g is added at its position: the adjoint of ``moved``."""
    places = torch.tensor(np.array(positions)).reshape(-1)
    return torch.zeros(like.numel(), dtype=g.dtype).index_add(0, places, g.reshape(-1)).reshape(like.shape)


def positions_of(x: Array) -> Any:
    """The positions of an array's elements."""
    return np.arange(x.numel()).reshape(tuple(x.shape))


# Elements


def sinc(x: Array, order: int) -> Array:
    """The derivative of some order of sin(pi x) / (pi x), a mean of cosines, by Gauss and Legendre's rule."""
    nodes, weights = (torch.as_tensor(part) for part in np.polynomial.legendre.leggauss(40))
    t = (nodes + 1) / 2 * math.pi
    return (weights / 2 * t**order * torch.cos(t * x[..., None] + order * math.pi / 2)).sum(-1)


def elu(x: Array, alpha: float) -> Array:
    return torch.where(x > 0, x, alpha * torch.expm1(torch.minimum(x, torch.zeros(()))))


def real(f: Callable[..., Array]) -> Callable[..., Array]:
    """Let a function of numbers see truth values as numbers."""
    return lambda *xs, **params: f(*(x.double() if x.dtype is torch.bool else x for x in xs), **params)


ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "add": real(torch.add),
    "subtract": real(torch.subtract),
    "multiply": real(torch.multiply),
    "divide": real(torch.divide),
    "negative": torch.negative,
    "power": torch.pow,
    "square": torch.square,
    "reciprocal": torch.reciprocal,
    "remainder": lambda x, y: x - y * torch.floor(x / y).detach(),
    "floor_divide": lambda x, y: torch.floor(x / y),
    "hypot": torch.hypot,
    "arctan2": torch.arctan2,
    "logaddexp": torch.logaddexp,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "fmax": torch.fmax,
    "fmin": torch.fmin,
    "where": torch.where,
    "clip": lambda x, low, high: torch.clip(x, low, high),
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "equal": torch.eq,
    "not_equal": torch.ne,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_not": torch.logical_not,
    "isnan": torch.isnan,
    "isfinite": torch.isfinite,
    "heaviside": lambda x, half: torch.where(x == 0, half, (x > 0).double()),
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "log2": torch.log2,
    "log10": torch.log10,
    "sqrt": torch.sqrt,
    "cbrt": lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3),
    "sign": torch.sign,
    "absolute": torch.abs,
    "relu": torch.relu,
    "leaky_relu": lambda x, slope: functional.leaky_relu(x, slope),
    "elu": elu,
    "sech2": lambda x: 1 / torch.cosh(x) ** 2,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros(())),
    "erf": torch.erf,
    "normal_cdf": torch.special.ndtr,
    "gelu": functional.gelu,
    "silu": functional.silu,
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "arcsin": torch.arcsin,
    "arccos": torch.arccos,
    "arctan": torch.arctan,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "arcsinh": torch.arcsinh,
    "arccosh": torch.arccosh,
    "arctanh": torch.arctanh,
    "sinc": sinc,
    "deg2rad": torch.deg2rad,
    "rad2deg": torch.rad2deg,
    "floor": torch.floor,
    "ceil": torch.ceil,
    "rint": torch.round,
    "trunc": torch.trunc,
    "nan_to_num": torch.nan_to_num,
    "sigmoid_cross_entropy": lambda z, y: torch.logaddexp(z, torch.zeros(())) - y * z,
}


# Reductions and scans


def reduced(f: Callable[..., Array]) -> Callable[..., Array]:
    """A function with PyTorch's ``dim`` and ``keepdim``."""
    return real(lambda x, axis=None, keepdims=False: f(x, dim=axes_of(x, axis), keepdim=keepdims))


def product(x: Array, axis: Axis, keepdims: bool) -> Array:
    for k in sorted(axes_of(x, axis), reverse=True):
        x = torch.prod(x, dim=k, keepdim=keepdims)
    return x


def along(f: Callable[..., Array]) -> Callable[..., Array]:
    """A function along one axis, or along all elements in a row."""
    return lambda x, axis: f(x.reshape(-1), 0) if axis is None else f(x, axis)


def shifted(x: Array, axis: int, first: float) -> Array:
    before = torch.full_like(x.narrow(axis, 0, 1), first)
    return torch.cat([before, x.narrow(axis, 0, x.shape[axis] - 1)], axis)


def recurrence(g: Array, a: Array, axis: int) -> Array:
    rows = [g.select(axis, 0)]
    for k in range(1, g.shape[axis]):
        rows.append(g.select(axis, k) + a.select(axis, k) * rows[-1])
    return torch.stack(rows, axis)


def deviation(x: Array, axis: Axis, epsilon: float) -> Array:
    return torch.sqrt(torch.var(x, dim=axes_of(x, axis), correction=0, keepdim=True) + epsilon)


def standardize(x: Array, axis: Axis, epsilon: float) -> Array:
    return (x - torch.mean(x, dim=axes_of(x, axis), keepdim=True)) / deviation(x, axis, epsilon)


def spread(f: Callable[..., Array]) -> Callable[..., Array]:
    return lambda x, axis, ddof, keepdims: f(x, dim=axes_of(x, axis), correction=ddof, keepdim=keepdims)


REDUCTIONS: dict[str, Callable[..., Array]] = {
    "sum": reduced(torch.sum),
    "mean": reduced(torch.mean),
    "max": reduced(torch.amax),
    "min": reduced(torch.amin),
    "prod": product,
    "var": spread(torch.var),
    "std": spread(torch.std),
    "count": lambda x, axis: torch.tensor(math.prod(x.shape[k] for k in axes_of(x, axis))),
    "argmax": lambda x, axis, keepdims: torch.argmax(x, dim=axis, keepdim=keepdims),
    "argmin": lambda x, axis, keepdims: torch.argmin(x, dim=axis, keepdim=keepdims),
    "argsort": lambda x, axis: torch.argsort(x, dim=axis, stable=True),
    "softmax": lambda x, axis: torch.softmax(x, axis),
    "log_softmax": lambda x, axis: torch.log_softmax(x, axis),
    "logsumexp": lambda x, axis, keepdims: torch.logsumexp(x, axis, keepdim=keepdims),
    "deviation": deviation,
    "standardize": standardize,
    "cumsum": along(torch.cumsum),
    "cumprod": along(torch.cumprod),
    "sort": along(lambda x, axis: torch.sort(x, dim=axis).values),
    "shift": shifted,
    "recurrence": recurrence,
    "euclidean_norm": reduced(torch.linalg.vector_norm),
    "p_norm": lambda x, ord, axis, keepdims: torch.linalg.vector_norm(x, ord, dim=axes_of(x, axis), keepdim=keepdims),
}


# Shapes


def chosen(x: Array, *arrays: Array, key: tuple[Any, ...]) -> Any:
    """The positions that x[key] takes."""
    given = iter(arrays)
    parts = tuple(next(given).numpy() if isinstance(part, str) else part for part in key)
    return positions_of(x)[parts]


def padded(x: Array, pad_width: Any, value: float) -> Array:
    return functional.pad(x, [n for pair in reversed(pad_width) for n in pair], value=value)


def section(g: Array, *parts: Array, i: int, axis: int) -> Array:
    return torch.split(g, [part.shape[axis] for part in parts], axis)[i]


def section_put(g: Array, *parts: Array, i: int, axis: int) -> Array:
    return torch.cat([g if k == i else torch.zeros_like(part) for k, part in enumerate(parts)], axis)


def diagonal_positions(like: Array, offset: int, axis1: int, axis2: int) -> Any:
    return np.diagonal(positions_of(like), offset, axis1, axis2)


def expanded(x: Array, axis: Axis) -> Array:
    axes = axis if isinstance(axis, tuple) else (axis,)
    return x.reshape(np.expand_dims(positions_of(x), axes).shape)


SHAPES: dict[str, Callable[..., Array]] = {
    "zeros_like": torch.zeros_like,
    "broadcast_like": lambda x, like: torch.broadcast_to(x, like.shape),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, shape),
    "reshape_like": lambda x, like: x.reshape(like.shape),
    "reshape": lambda x, shape: x.reshape(shape),
    "expand_dims": expanded,
    "squeeze": lambda x, axis: x.squeeze() if axis is None else x.squeeze(axis),
    "ravel": torch.ravel,
    "swapaxes": lambda x, axis1, axis2: torch.swapaxes(x, axis1, axis2),
    "moveaxis": lambda x, source, destination: torch.movedim(x, source, destination),
    "transpose": lambda x, axes: x.permute(tuple(range(x.ndim))[::-1] if axes is None else axes),
    "flip": lambda x, axis: torch.flip(x, axes_of(x, axis)),
    "roll": lambda x, shift, axis: torch.roll(x, shift) if axis is None else torch.roll(x, shift, axis),
    "repeat": lambda x, repeats, axis: torch.repeat_interleave(x, repeats, axis),
    "fold_repeat": lambda g, like, repeats, axis: gathered(g, np.repeat(positions_of(like), repeats, axis), like),
    "tile": lambda x, reps: torch.tile(x, reps),
    "fold_tile": lambda g, like, reps: gathered(g, np.tile(positions_of(like), reps), like),
    "copy": torch.clone,
    "astype": lambda x, dtype: x.to(getattr(torch, dtype)),
    "argwhere": torch.argwhere,
    "one_hot": lambda y, like: functional.one_hot(y, like.shape[1]).double(),
    "pick": lambda x, y: x.gather(1, y[:, None])[:, 0],
    "index": lambda x, *arrays, key: moved(x, chosen(x, *arrays, key=key)),
    "put_like": lambda g, like, *arrays, key: gathered(g, chosen(like, *arrays, key=key), like),
    "concatenate": lambda *parts, axis: torch.cat(parts, axis),
    "section": section,
    "section_put": section_put,
    "stack": lambda *parts, axis: torch.stack(parts, axis),
    "pad": padded,
    "take_along_axis": lambda x, indices, axis: torch.take_along_dim(x, indices, axis),
    "put_along_axis_like": lambda g, indices, like, axis: torch.zeros_like(like).scatter_add(axis, indices, g),
    "diagonal": lambda x, offset, axis1, axis2: torch.diagonal(x, offset, axis1, axis2),
    "fill_diagonal_like": lambda d, like, **place: gathered(d, diagonal_positions(like, **place), like),
    "make_diagonal": lambda d, offset: torch.diag_embed(d, offset),
    "trace": lambda x, offset, axis1, axis2: torch.diagonal(x, offset, axis1, axis2).sum(-1),
    "tril": lambda x, k: torch.tril(x, k),
    "triu": lambda x, k: torch.triu(x, k),
}


# Products and linear algebra


def mirrored(a: Array, upper: bool) -> Array:
    """The symmetric matrix of which one triangle is read."""
    kept, strict = (torch.triu(a), torch.triu(a, 1)) if upper else (torch.tril(a), torch.tril(a, -1))
    return kept + strict.mT


def solved(a: Array, b: Array) -> Array:
    return torch.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else torch.linalg.solve(a, b)


def inverse_gaps(w: Array) -> Array:
    gaps = w[..., None, :] - w[..., :, None]
    same = torch.eye(w.shape[-1], dtype=torch.bool)
    return torch.where(same, 0, 1 / torch.where(same, 1, gaps))


LINEAR: dict[str, Callable[..., Array]] = {
    "matmul": torch.matmul,
    "outer": lambda x, y: torch.outer(x.reshape(-1), y.reshape(-1)),
    "einsum": lambda *xs, subscripts: torch.einsum(subscripts, *xs),
    "inv": torch.linalg.inv,
    "det": torch.linalg.det,
    "cofactor": lambda a: torch.linalg.det(a)[..., None, None] * torch.linalg.inv(a).mT,
    "logabsdet": lambda a: torch.linalg.slogdet(a)[1],
    "sign_of_det": lambda a: torch.linalg.slogdet(a)[0],
    "solve": solved,
    "cholesky": lambda a, upper: torch.linalg.cholesky(mirrored(a, upper), upper=upper),
    "eigvalsh": lambda a, UPLO: torch.linalg.eigvalsh(mirrored(a, UPLO == "U")),
    "eigenvectors": lambda a, UPLO: torch.linalg.eigh(mirrored(a, UPLO == "U")).eigenvectors,
    "svdvals": torch.linalg.svdvals,
    "left_singular_vectors": lambda a: torch.linalg.svd(a, full_matrices=False).U,
    "right_singular_vectors": lambda a: torch.linalg.svd(a, full_matrices=False).Vh,
    "pinv": lambda a, rcond: torch.linalg.pinv(a, rtol=rcond),
    "inverse_gaps": inverse_gaps,
}


# Losses and images


def hinge_margins(s: Array, y: Array, delta: float) -> Array:
    right = s.gather(1, y[:, None])
    return torch.relu(s - right + delta) * (1 - functional.one_hot(y, s.shape[1]))


def channels_first(x: Array, layout: str) -> Array:
    return x.permute([layout.index(axis) for axis in "NCHW"])


def laid_out(x: Array, layout: str) -> Array:
    return x.permute(["NCHW".index(axis) for axis in layout])


def kernels(W: Array) -> Array:
    """(height, width, in, out) as PyTorch has it: (out, in, height, width)."""
    return W.permute(3, 2, 0, 1)


def convolved(x: Array, W: Array, stride: int, padding: int, layout: str) -> Array:
    out = functional.conv2d(channels_first(x, layout), kernels(W), stride=stride, padding=padding)
    return laid_out(out, layout)


def convolved_back(g: Array, W: Array, like: Array, stride: int, padding: int, layout: str) -> Array:
    size = channels_first(like, layout).shape
    x = grad.conv2d_input(size, kernels(W), channels_first(g, layout), stride=stride, padding=padding)
    return laid_out(x, layout)


def convolved_weights(x: Array, g: Array, like: Array, stride: int, padding: int, layout: str) -> Array:
    images, flow = channels_first(x, layout), channels_first(g, layout)
    W = grad.conv2d_weight(images, kernels(like).shape, flow, stride=stride, padding=padding)
    return W.permute(2, 3, 1, 0)


def largest_positions(x: Array, size: int, stride: int | None) -> Array:
    """Where the largest number of each window lies, in each plane."""
    return functional.max_pool2d(x, size, stride, return_indices=True)[1].flatten(2)


def pooled(f: Callable[..., Array]) -> Callable[..., Array]:
    def of(x: Array, size: int, stride: int | None, layout: str) -> Array:
        return laid_out(f(channels_first(x, layout), size, stride), layout)

    return of


def unpooled(g: Array, x: Array, size: int, stride: int | None, layout: str) -> Array:
    planes, flow = channels_first(x, layout), channels_first(g, layout).flatten(2)
    put = torch.zeros_like(planes).flatten(2).scatter_add(2, largest_positions(planes, size, stride), flow)
    return laid_out(put.reshape(planes.shape), layout)


def picked(h: Array, x: Array, size: int, stride: int | None, layout: str) -> Array:
    planes, change = channels_first(x, layout), channels_first(h, layout)
    found = change.flatten(2).gather(2, largest_positions(planes, size, stride))
    return laid_out(found.reshape(functional.max_pool2d(planes, size, stride).shape), layout)


def spread_back(g: Array, like: Array, size: int, stride: int | None, layout: str) -> Array:
    flow, planes = channels_first(g, layout), channels_first(like, layout)
    window = torch.full((flow.shape[1], 1, size, size), 1 / size**2, dtype=g.dtype)
    out = functional.conv_transpose2d(flow, window, stride=stride or size, groups=flow.shape[1])
    missing = [n for k in (3, 2) for n in (0, planes.shape[k] - out.shape[k])]
    return laid_out(functional.pad(out, missing), layout)


NETWORKS: dict[str, Callable[..., Array]] = {
    "softmax_cross_entropy": lambda s, y: functional.cross_entropy(s, y, reduction="none"),
    "hinge_margins": hinge_margins,
    "conv2d": convolved,
    "conv2d_transpose": convolved_back,
    "conv2d_weights": convolved_weights,
    "max_pool2d": pooled(functional.max_pool2d),
    "max_unpool2d": unpooled,
    "max_pick2d": picked,
    "average_pool2d": pooled(functional.avg_pool2d),
    "average_unpool2d": spread_back,
}

GATES: dict[str, Callable[..., Array]] = {**ELEMENTWISE, **REDUCTIONS, **SHAPES, **LINEAR, **NETWORKS}
