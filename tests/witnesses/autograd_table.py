"""HIPS autograd's table of NumPy functions (version 1.9), by name, and calls of each in the forms that it supports.

A call takes NumPy, or something with NumPy's names, and arrays from ``SAMPLES`` by their names; it is differentiated
with respect to all of them. Autograd itself is not needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from witnesses.autograd_samples import SAMPLES

__all__ = [
    "BEYOND_AUTOGRAD", "DIFFERENTIABLE", "EMPTY_LIKE", "HELPERS", "SYMMETRIC",
    "WITHOUT_DERIVATIVE", "WITHOUT_GATE", "WRAPPED", "Call",
]  # fmt: skip

Call = Callable[..., Any]


def words(text: str) -> list[str]:
    """Names that stand one after the other."""
    return text.split()


# Autograd's own primitives, which are no functions of NumPy: of its vector spaces, containers and adjoints.
HELPERS = frozenset(
    words(
        "sparse_add add mut_add inner_prod covector scalar_mul container_take container_untake sequence_extend_right "
        "sequence_extend_left make_sequence _make_dict dot_adjoint_0 dot_adjoint_1 tensordot_adjoint_0 "
        "tensordot_adjoint_1 make_diagonal untake truncate_pad array_from_args _array_from_scalar_or_array "
        "concatenate_args"
    )
)
# What autograd writes in its own primitives, so that its table has no row for it.
WRAPPED = frozenset(words("add array concatenate stack vstack hstack column_stack append select r_ c_"))


def unary(name: str, argument: str = "x") -> list[Call]:
    """Call a function of one array."""
    forms: dict[str, Call] = {
        "x": lambda n, x: getattr(n, name)(x),
        "small": lambda n, small: getattr(n, name)(small),
        "positive": lambda n, positive: getattr(n, name)(positive),
        "above_one": lambda n, above_one: getattr(n, name)(above_one),
    }
    return [forms[argument]]


def binary(name: str) -> list[Call]:
    """Call a function of two arrays that broadcast: a row, a column, a number, a stack, and NumPy's own numbers."""

    def f(n: Any) -> Any:
        return getattr(n, name)

    return [
        lambda n, x, y: f(n)(x, y),
        lambda n, x, row: f(n)(x, row),
        lambda n, column, row: f(n)(column, row),
        lambda n, c, x: f(n)(c, x),
        lambda n, t, x: f(n)(t, x),
        lambda n, x: f(n)(x, 0.6),
        lambda n, x: f(n)(0.6, x),
    ]


def reduction(name: str) -> list[Call]:
    """Call a reduction over all, one and several axes."""

    def f(n: Any) -> Any:
        return getattr(n, name)

    return [
        lambda n, x: f(n)(x),
        lambda n, x: f(n)(x, axis=0),
        lambda n, x: f(n)(x, -1),
        lambda n, x: f(n)(x, axis=1, keepdims=True),
        lambda n, t: f(n)(t, axis=(0, 2)),
        lambda n, t: f(n)(t, axis=(0, -1), keepdims=True),
        lambda n, t: f(n)(t, keepdims=True),
        lambda n, c: f(n)(c),
    ]


def spread(name: str) -> list[Call]:
    """Call a reduction that divides by N - ddof."""

    def f(n: Any) -> Any:
        return getattr(n, name)

    return [
        *reduction(name)[:-1],
        lambda n, x: f(n)(x, axis=0, ddof=1),
        lambda n, t: f(n)(t, axis=(0, 2), ddof=2, keepdims=True),
    ]


POINTWISE: dict[str, list[Call]] = {
    **{name: binary(name) for name in words("add multiply subtract maximum minimum fmax fmin logaddexp logaddexp2")},
    **{name: binary(name) for name in words("arctan2 hypot")},
    "divide": [
        lambda n, x, above_one: n.divide(x, above_one),
        lambda n, t, above_one: n.true_divide(t, above_one),
        lambda n, x, c: x / c,
        lambda n, column, row, above_one: (column * row) / above_one,
        lambda n, x: x / 0.6,
        lambda n, above_one: 0.6 / above_one,
    ],
    "remainder": [
        lambda n, x, positive: n.remainder(x, positive),
        lambda n, t, above_one: n.mod(t, above_one),
        lambda n, x, c: n.remainder(x, c),
        lambda n, x: x % 0.6,
        lambda n, x, above_one: n.remainder(x, -above_one),
    ],
    "power": [
        lambda n, above_one, y: n.power(above_one, y),
        lambda n, positive, row: positive**row,
        lambda n, x: x**3,
        lambda n, x: n.power(x, 2),
        lambda n, above_one: n.power(above_one, -2),
        lambda n, positive: positive**-0.5,
        lambda n, x: 2.0**x,
        lambda n, x: x**0,
    ],
    **{
        name: unary(name)
        for name in words(
            "negative absolute fabs reciprocal exp exp2 expm1 sin cos arctan sinh cosh tanh arcsinh "
            "rad2deg degrees deg2rad radians square sinc nan_to_num real_if_close real imag conjugate angle"
        )
    },
    **{name: unary(name, "positive") for name in words("log log2 log10 log1p sqrt")},
    **{name: unary(name, "small") for name in words("arcsin arccos arctanh tan")},
    "arccosh": unary("arccosh", "above_one"),
    "where": [
        lambda n, x, y: n.where(np.eye(3, 4) > 0, x, y),
        lambda n, x, row: n.where(x > 0, x, row),
        lambda n, column: n.where(np.eye(3, 4) > 0, column, 2.0),
    ],
    "clip": [
        lambda n, x: n.clip(x, -1.03, 0.57),
        lambda n, x: n.clip(x, np.full(4, -1.03), np.array([[0.57], [0.9], [1.2]])),
    ],
    "astype": [lambda n, x: n.astype(x, np.float64), lambda n, x: x.astype(float)],
}

SHAPES: dict[str, list[Call]] = {
    "reshape": [
        lambda n, x: n.reshape(x, (2, 6)),
        lambda n, x: n.reshape(x, -1),
        lambda n, x: n.reshape(x, (2, -1), order="F"),
        lambda n, t: n.reshape(t, (4, 6), order="F"),
        lambda n, x: x.reshape(4, 3),
    ],
    "roll": [
        lambda n, x: n.roll(x, 2),
        lambda n, x: n.roll(x, -1, axis=1),
        lambda n, x: n.roll(x, (1, 2), axis=(0, 1)),
    ],
    "array_split": [lambda n, v: n.array_split(v, 3), lambda n, x: n.array_split(x, [1, 3], axis=1)],
    "split": [lambda n, x: n.split(x, 3), lambda n, x: n.split(x, 2, axis=1), lambda n, x: n.split(x, [1, 2])],
    "vsplit": [lambda n, x: n.vsplit(x, 3)],
    "hsplit": [lambda n, x: n.hsplit(x, 2), lambda n, v: n.hsplit(v, [2])],
    "dsplit": [lambda n, t: n.dsplit(t, 2)],
    "ravel": [lambda n, x: n.ravel(x), lambda n, t: n.ravel(t, order="F"), lambda n, x: x.flatten()],
    "expand_dims": [lambda n, x: n.expand_dims(x, 1), lambda n, x: n.expand_dims(x, (0, -1))],
    "squeeze": [
        lambda n, q: n.squeeze(q),
        lambda n, q: n.squeeze(q, axis=2),
        lambda n, q: n.squeeze(q, axis=(0, -2)),
    ],
    "diag": [
        lambda n, v: n.diag(v),
        lambda n, v: n.diag(v, 2),
        lambda n, v: n.diag(v, k=-1),
        lambda n, A: n.diag(A),
        lambda n, A: n.diag(A, 1),
        lambda n, x: n.diag(x, -1),
    ],
    "flipud": [lambda n, x: n.flipud(x)],
    "fliplr": [lambda n, x: n.fliplr(x)],
    "rot90": [lambda n, x: n.rot90(x), lambda n, x: n.rot90(x, 3), lambda n, t: n.rot90(t, -2)],
    "trace": [
        lambda n, x: n.trace(x),
        lambda n, x: n.trace(x, offset=1),
        lambda n, x: n.trace(x, -1),
        lambda n, t: n.trace(t),
    ],
    "triu": [lambda n, x: n.triu(x), lambda n, x: n.triu(x, 1), lambda n, t: n.triu(t, k=-1)],
    "tril": [lambda n, x: n.tril(x), lambda n, x: n.tril(x, 1), lambda n, t: n.tril(t, k=-1)],
    "swapaxes": [lambda n, t: n.swapaxes(t, 0, 2), lambda n, t: n.swapaxes(t, -1, 1)],
    "moveaxis": [lambda n, t: n.moveaxis(t, 0, -1), lambda n, t: n.moveaxis(t, (0, 1), (-1, 0))],
    "rollaxis": [lambda n, t: n.rollaxis(t, 2), lambda n, t: n.rollaxis(t, 0, 3), lambda n, t: n.rollaxis(t, 1, 2)],
    "transpose": [
        lambda n, x: n.transpose(x),
        lambda n, t: n.transpose(t, (2, 0, 1)),
        lambda n, t: n.transpose(t, (-1, 0, 1)),
        lambda n, x: x.T,
    ],
    "broadcast_to": [lambda n, column: n.broadcast_to(column, (3, 4)), lambda n, q: n.broadcast_to(q, (2, 3, 2, 4))],
    "repeat": [
        lambda n, x: n.repeat(x, 2),
        lambda n, x: n.repeat(x, 3, axis=0),
        lambda n, column: n.repeat(column, 2, axis=1),
        lambda n, c: n.repeat(c, 4),
    ],
    "tile": [lambda n, v: n.tile(v, 2), lambda n, x: n.tile(x, (2, 3)), lambda n, x: n.tile(x, (2, 1))],
    "atleast_1d": [lambda n, c: n.atleast_1d(c), lambda n, x: n.atleast_1d(x)],
    "atleast_2d": [lambda n, v: n.atleast_2d(v), lambda n, t: n.atleast_2d(t)],
    "atleast_3d": [lambda n, v: n.atleast_3d(v), lambda n, x: n.atleast_3d(x)],
    "diagonal": [
        lambda n, A: n.diagonal(A),
        lambda n, As: n.diagonal(As, 0, -1, -2),
        lambda n, t: n.diagonal(t, offset=1, axis1=1, axis2=2),
    ],
    "pad": [
        lambda n, v: n.pad(v, 2, mode="constant"),
        lambda n, x: n.pad(x, (1, 2), mode="constant"),
        lambda n, x: n.pad(x, ((0, 1), (2, 0)), mode="constant", constant_values=3.0),
    ],
    "fft.fftshift": [lambda n, v: n.fft.fftshift(v), lambda n, t: n.fft.fftshift(t, axes=(0, 1))],
    "fft.ifftshift": [lambda n, v: n.fft.ifftshift(v), lambda n, t: n.fft.ifftshift(t, axes=(1,))],
    "__getitem__": [
        lambda n, x: x[1],
        lambda n, x: x[-1, 2],
        lambda n, x: x[1:, ::-2],
        lambda n, x: x[:, None, 1:3],
        lambda n, t: t[..., 1],
        lambda n, t: t[1, ..., ::2],
        lambda n, x: x[[0, 2, 0]],
        lambda n, x: x[np.array([0, 2, 0]), np.array([1, 1, 1])],
        lambda n, x: x[:, np.array([[3, 0], [0, 0]])],
        lambda n, x: x[x > 0],
        lambda n, x: x[np.array([True, False, True])],
        lambda n, t: t[:, np.array([0, 0]), 1:],
        lambda n, x: x[()],
    ],
    "concatenate": [
        lambda n, x, y: n.concatenate([x, y]),
        lambda n, x, column: n.concatenate((x, column, x), axis=-1),
        lambda n, v, w: n.concatenate([v, np.ones(2), w]),
    ],
    "stack": [lambda n, x, y: n.stack([x, y]), lambda n, x, y: n.stack([x, y, x], axis=-1)],
    "vstack": [lambda n, x, row: n.vstack([x, row])],
    "hstack": [lambda n, v, w: n.hstack([v, w]), lambda n, x, column: n.hstack([x, column])],
    "column_stack": [lambda n, v, w: n.column_stack([v, w]), lambda n, x, g: n.column_stack([x, g])],
    "append": [lambda n, x, v: n.append(x, v), lambda n, x, y: n.append(x, y, axis=1)],
    "select": [lambda n, x, y: n.select([np.eye(3, 4) > 0, np.tri(3, 4) > 0], [x, y], default=0.5)],
}

SUMS: dict[str, list[Call]] = {
    **{name: reduction(name) for name in words("sum mean prod max min amax amin")},
    **{name: spread(name) for name in words("var std")},
    "cumsum": [lambda n, x: n.cumsum(x), lambda n, x: n.cumsum(x, axis=0), lambda n, t: n.cumsum(t, axis=-1)],
    "diff": [
        lambda n, v: n.diff(v),
        lambda n, x: n.diff(x, axis=0),
        lambda n, x: n.diff(x, n=2),
        lambda n, x: n.diff(x, n=3, axis=1),
    ],
    "gradient": [
        lambda n, v: n.gradient(v),
        lambda n, small: n.gradient(small, axis=1),
        lambda n, v, w: n.gradient(v * w, axis=(0,)),
    ],
    "sort": [lambda n, v: n.sort(v), lambda n, x: n.sort(x), lambda n, x: n.sort(x, axis=0)],
    # What lies before and behind the place is in no order.
    "partition": [
        lambda n, v: n.partition(v, 2)[2],
        lambda n, v: n.sum(n.partition(v, 2)[3:] ** 2),
        lambda n, x: n.partition(x, (1, 2), axis=0)[1:],
    ],
    "linspace": [
        lambda n, c, d: n.linspace(c, d, 5),
        lambda n, c: n.linspace(c, 2.0, 4),
        lambda n, c, d: n.linspace(c, d, num=1),
    ],
}

PRODUCTS: dict[str, list[Call]] = {
    "inner": [
        lambda n, v, w: n.inner(v, w),
        lambda n, x, y: n.inner(x, y),
        lambda n, t, x: n.inner(t, x),
        lambda n, c, x: n.inner(c, x),
    ],
    "matmul": [
        lambda n, v, w: v @ w,
        lambda n, x, m: n.matmul(x, m),
        lambda n, row, m: n.matmul(row, m),
        lambda n, x, row: n.matmul(x, row),
        lambda n, t, s: n.matmul(t, s),
        lambda n, t, m: n.matmul(t, m),
        lambda n, x, s: n.matmul(x, s),
        lambda n, row, s: n.matmul(row, s),
        lambda n, t, row: n.matmul(t, row),
    ],
    "dot": [
        lambda n, v, w: n.dot(v, w),
        lambda n, x, m: n.dot(x, m),
        lambda n, x, row: n.dot(x, row),
        lambda n, row, m: n.dot(row, m),
        lambda n, t, m: n.dot(t, m),
        lambda n, t, s: n.dot(t, s),
        lambda n, row, s: n.dot(row, s),
        lambda n, c, x: n.dot(c, x),
        lambda n, x, c: n.dot(x, c),
    ],
    "tensordot": [
        lambda n, x, y: n.tensordot(x, y),
        lambda n, x, m: n.tensordot(x, m, 1),
        lambda n, v, w: n.tensordot(v, w, axes=0),
        lambda n, t, s: n.tensordot(t, s, axes=([0, 2], [0, 1])),
        lambda n, t, x: n.tensordot(t, x, axes=([1, 2], [0, 1])),
        lambda n, t, x: n.tensordot(t, x, axes=([-1, 1], [-1, 0])),
        lambda n, t, m: n.tensordot(t, m, axes=(2, 0)),
    ],
    "outer": [lambda n, v, w: n.outer(v, w), lambda n, x, v: n.outer(x, v)],
    "kron": [
        lambda n, e, m: n.kron(e, m),
        lambda n, v, w: n.kron(v, w),
        lambda n, v, e: n.kron(v, e),
        lambda n, c, e: n.kron(c, e),
        lambda n, t, e: n.kron(t, e),
    ],
    "cross": [
        lambda n, e, f: n.cross(e, f),
        lambda n, e, g: n.cross(e, g),
        lambda n, x, y: n.cross(x, y, axis=0),
        lambda n, e, s: n.cross(e, s[:, 0], axisa=-1, axisb=1, axisc=0),
    ],
    "einsum": [
        lambda n, x, m: n.einsum("ij,jk->ik", x, m),
        lambda n, x, m: n.einsum("ij,jk", x, m),
        lambda n, x, y: n.einsum("ij,ij->", x, y),
        lambda n, x, y: n.einsum("ij,ij->j", x, y),
        lambda n, A: n.einsum("ii", A),
        lambda n, A: n.einsum("ii->i", A),
        lambda n, A, x: n.einsum("ii,ij->j", A, x),
        lambda n, x: n.einsum("ij->ji", x),
        lambda n, x: n.einsum("ij->i", x),
        lambda n, x: n.einsum("ij->", x),
        lambda n, t, s: n.einsum("...ij,...jk->...ik", t, s),
        lambda n, t, m: n.einsum("...j,jk->...k", t, m),
        lambda n, t, x: n.einsum("...ij,ij->...", t, x),
        lambda n, x, t: n.einsum("ij,...ij->...ji", x, t),
        lambda n, t, column: n.einsum("i...,k...->ik...", t, column),
        lambda n, q, x: n.einsum("...j,...j->...", q, x),
        lambda n, v, w, x: n.einsum("a,b,ij->abi", v, w, x),
        lambda n, x, m: n.einsum(x, [0, 1], m, [1, 2], [0, 2]),
        lambda n, t, s: n.einsum(t, [Ellipsis, 0, 1], s, [Ellipsis, 1, 2], [Ellipsis, 0, 2]),
        lambda n, x, m: n.einsum(x, [0, 1], m, [1, 2]),
    ],
}

LINEAR_ALGEBRA: dict[str, list[Call]] = {
    "linalg.det": [lambda n, A: n.linalg.det(A), lambda n, As: n.linalg.det(As)],
    "linalg.slogdet": [lambda n, A: n.linalg.slogdet(A)[1], lambda n, As: n.linalg.slogdet(As)[1]],
    "linalg.inv": [lambda n, A: n.linalg.inv(A), lambda n, As: n.linalg.inv(As)],
    "linalg.pinv": [
        lambda n, A: n.linalg.pinv(A),
        lambda n, tall: n.linalg.pinv(tall),
        lambda n, As: n.linalg.pinv(As),
    ],
    "linalg.solve": [
        lambda n, A, g: n.linalg.solve(A, g),
        lambda n, A, B: n.linalg.solve(A, B),
        lambda n, As, e: n.linalg.solve(As, e[..., None]),
        lambda n, As, B: n.linalg.solve(As, B),
    ],
    "linalg.norm": [
        lambda n, v: n.linalg.norm(v),
        lambda n, x: n.linalg.norm(x),
        lambda n, v: n.linalg.norm(v, 3),
        lambda n, v: n.linalg.norm(v, ord=1.5),
        lambda n, x: n.linalg.norm(x, axis=0),
        lambda n, x: n.linalg.norm(x, 3, axis=-1),
        lambda n, x: n.linalg.norm(x, ord=2, axis=1),
        lambda n, x: n.linalg.norm(x, "fro"),
        lambda n, t: n.linalg.norm(t, axis=(0, 1)),
        lambda n, t: n.linalg.norm(t, "fro", axis=(1, 2)),
        lambda n, tall: n.linalg.norm(tall, "nuc"),
        lambda n, As: n.linalg.norm(As, "nuc", axis=(1, 2)),
    ],
    "linalg.eigh": [
        lambda n, S: n.linalg.eigh(S)[0],
        lambda n, S: n.linalg.eigh(S)[1],
        lambda n, Ss: n.linalg.eigh(Ss)[0],
        lambda n, S: n.linalg.eigh(S, "U")[1],
    ],
    "linalg.cholesky": [lambda n, S: n.linalg.cholesky(S), lambda n, Ss: n.linalg.cholesky(Ss)],
    "linalg.svd": [
        lambda n, A: n.linalg.svd(A, full_matrices=False)[0],
        lambda n, A: n.linalg.svd(A)[2],
        lambda n, tall: n.linalg.svd(tall, full_matrices=False)[1],
        lambda n, wide: n.linalg.svd(wide, full_matrices=False)[0],
        lambda n, wide: n.linalg.svd(wide, full_matrices=False)[2],
        lambda n, As: n.linalg.svd(As, compute_uv=False),
    ],
}

DIFFERENTIABLE: dict[str, list[Call]] = {**POINTWISE, **SHAPES, **SUMS, **PRODUCTS, **LINEAR_ALGEBRA}

# Each with the reason, and a call that says so. NumPy asks a tensor to become an array without saying for which
# function, so that the sentences about np.array and np.full cannot name them.
COMPLEX, AS_ARRAY = "complex numbers", "turning .* into an array would cut the graph"
WITHOUT_GATE: dict[str, tuple[str, Call]] = {
    **{
        f"fft.{name}": (rf"^np\.fft\.{name} has no gate: its results are {COMPLEX}", call)
        for name, call in {
            "fft": lambda n, v: n.fft.fft(v),
            "ifft": lambda n, v: n.fft.ifft(v),
            "fft2": lambda n, x: n.fft.fft2(x),
            "ifft2": lambda n, x: n.fft.ifft2(x),
            "fftn": lambda n, x: n.fft.fftn(x),
            "ifftn": lambda n, x: n.fft.ifftn(x),
            "rfft": lambda n, v: n.fft.rfft(v),
            "irfft": lambda n, v: n.fft.irfft(v),
            "rfft2": lambda n, x: n.fft.rfft2(x),
            "irfft2": lambda n, x: n.fft.irfft2(x),
            "rfftn": lambda n, x: n.fft.rfftn(x),
            "irfftn": lambda n, x: n.fft.irfftn(x),
        }.items()
    },
    "linalg.eig": (rf"^np\.linalg\.eig has no gate: its results are {COMPLEX}", lambda n, A: n.linalg.eig(A)),
    "array": (AS_ARRAY, lambda n, c, d: n.array([c, d])),
    "full": (AS_ARRAY, lambda n, c: n.full((2, 3), c)),
    "r_": (AS_ARRAY, lambda n, v, w: n.r_[v, w]),
    "c_": (AS_ARRAY, lambda n, v, w: n.c_[v, w]),
}

WITHOUT_DERIVATIVE: dict[str, list[Call]] = {
    **{name: unary(name) for name in words("floor ceil rint fix trunc sign isfinite isinf isnan isneginf isposinf")},
    **{name: unary(name) for name in words("iscomplex isreal zeros_like ones_like logical_not")},
    **{name: unary(name) for name in words("ndim shape size iscomplexobj isscalar argwhere nonzero flatnonzero")},
    **{name: binary(name) for name in words("floor_divide logical_and logical_or logical_xor equal not_equal")},
    **{name: binary(name) for name in words("greater greater_equal less less_equal isclose allclose array_equiv")},
    **{
        name: [lambda n, x, name=name: getattr(n, name)(x), lambda n, x, name=name: getattr(n, name)(x, 1)]
        for name in ("round", "around")
    },
    **{
        name: [
            lambda n, x, name=name: getattr(n, name)(x > 0),
            lambda n, t, name=name: getattr(n, name)(t < 1.5, axis=(0, 1)),
            lambda n, x, name=name: getattr(n, name)(n.floor(x), axis=1, keepdims=True),
        ]
        for name in ("all", "any", "count_nonzero")
    },
    **{
        name: [lambda n, x, name=name: getattr(n, name)(x), lambda n, x, name=name: getattr(n, name)(x, axis=0)]
        for name in ("argmax", "argmin", "argsort")
    },
    "argpartition": [lambda n, v: n.argpartition(v, 2)[2], lambda n, x: n.argpartition(x, 1, axis=0)[1]],
    "searchsorted": [
        lambda n, x, v: n.searchsorted(np.array([-1.0, 0.0, 1.0]), x),
        lambda n, v, x: n.searchsorted(n.sort(v), x, side="right"),
        lambda n, v: n.searchsorted(n.sort(v), 0.3),
        lambda n, v, w: n.searchsorted(v, w, sorter=np.argsort(SAMPLES["v"])),
    ],
    "array_equal": [
        lambda n, x, y: n.array_equal(x, y),
        lambda n, x: n.array_equal(x, x),
        lambda n, x, row: n.array_equal(x, row),
    ],
    "full_like": [lambda n, x: n.full_like(x, 2.5)],
    "result_type": [lambda n, x: n.result_type(x, np.float32)],
}
# np.empty_like has no numbers to compare; why it has no gate stands here.
EMPTY_LIKE = r"^np\.empty_like has no gate: its numbers are whatever lies in memory"

# Autograd's gradient of these is symmetric; NumPy reads one triangle, and ours lies there.
SYMMETRIC = {"linalg.cholesky"}
# Calls that autograd itself cannot differentiate, by function and position.
BEYOND_AUTOGRAD: dict[str, set[int]] = {
    "where": {1, 2},
    "roll": {2},
    "hsplit": {1},
    "diag": {5},
    "transpose": {2},
    "repeat": {3},
    "diagonal": {0, 2},
    "sort": {1, 2},
    "partition": {2},
    "outer": {1},
    "cross": {1},
    "einsum": {4, 5, 6, 19},
    "linalg.solve": {3},
    "linalg.svd": {1},
}
