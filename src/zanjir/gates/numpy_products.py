"""NumPy's products of arrays: dot and its relatives, tensordot, kron, cross, and einsum in all its forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zanjir.errors import GraphError, ShapeError
from zanjir.gates.arithmetic import multiply
from zanjir.gates.functions import axis_of
from zanjir.gates.index import stack
from zanjir.gates.linear import einsum, matmul
from zanjir.gates.shape import expand_dims, moveaxis, ravel, reshape
from zanjir.graph.protocol import answers
from zanjir.graph.tensor import Tensor, as_tensor

__all__: list[str] = []

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def since_2_2(name: str) -> list[Any]:
    """Return a NumPy function where this NumPy has it: some came with NumPy 2.2."""
    return [getattr(np, name)] if hasattr(np, name) else []


@answers(np.dot)
def _dot(a: Any, b: Any) -> Tensor:
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    if b.ndim <= 2:
        return matmul(a, b)
    return _tensordot(a, b, ((-1,), (-2,)))


@answers(np.vdot)
def _vdot(a: Any, b: Any) -> Tensor:
    return matmul(ravel(a), ravel(b))


@answers(np.inner)
def _inner(a: Any, b: Any) -> Tensor:
    a, b = as_tensor(a), as_tensor(b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return matmul(a, b) if b.ndim == 1 else _tensordot(a, b, ((-1,), (-1,)))


@answers(np.vecdot)
def _vecdot(x1: Any, x2: Any) -> Tensor:
    return _einsum("...i,...i->...", x1, x2)


@answers(*since_2_2("matvec"))
def _matvec(x1: Any, x2: Any) -> Tensor:
    return _einsum("...ij,...j->...i", x1, x2)


@answers(*since_2_2("vecmat"))
def _vecmat(x1: Any, x2: Any) -> Tensor:
    return _einsum("...i,...ij->...j", x1, x2)


@answers(np.tensordot)
def _tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    a, b = as_tensor(a), as_tensor(b)
    if isinstance(axes, int):
        axes = (range(a.ndim - axes, a.ndim), range(axes))
    left, right = (tuple(part) if isinstance(part, Sequence | range) else (part,) for part in axes)
    if len(left) != len(right):
        raise ShapeError(f"tensordot: {len(left)} axes of {a.label} and {len(right)} of {b.label}; give as many.")
    first, second = list(LETTERS[: a.ndim]), list(LETTERS[a.ndim : a.ndim + b.ndim])
    for i, j in zip(left, right, strict=True):
        second[axis_of(j, b.ndim)] = first[axis_of(i, a.ndim)]
    shared = set(first) & set(second)
    result = "".join(letter for letter in (*first, *second) if letter not in shared)
    return einsum(a, b, subscripts=f"{''.join(first)},{''.join(second)}->{result}")


@answers(np.kron)
def _kron(a: Any, b: Any) -> Tensor:
    a, b = as_tensor(a), as_tensor(b)
    ndim = max(a.ndim, b.ndim)
    a, b = (expand_dims(x, axis=tuple(range(ndim - x.ndim))) for x in (a, b))
    apart = multiply(
        expand_dims(a, axis=tuple(range(1, 2 * ndim, 2))),
        expand_dims(b, axis=tuple(range(0, 2 * ndim, 2))),
    )
    first, *others = (m * n for m, n in zip(a.shape, b.shape, strict=True))
    return reshape(apart, shape=(-1 if all(others) else first, *others))  # -1, so that it is right for any batch


@answers(np.cross)
def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Tensor:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, source=axisa, destination=-1), moveaxis(b, source=axisb, destination=-1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(f"cross: vectors have {a.shape[-1]} and {b.shape[-1]} components, expected 3 and 3.")
    parts = [a[..., i] * b[..., j] - a[..., j] * b[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return stack(*parts, axis=axisc if parts[0].ndim else -1)


@answers(np.einsum)
def _einsum(*operands: Any, optimize: Any = True) -> Tensor:
    subscripts, *arrays = operands if isinstance(operands[0], str) else lettered(*operands)
    nodes = [as_tensor(x) for x in arrays]
    letters, result = spelled_out(subscripts.replace(" ", ""), nodes)
    for k, text in enumerate(letters):
        nodes[k], letters[k] = without_repetition(nodes[k], text)
    return einsum(*nodes, subscripts=f"{','.join(letters)}->{result}")


def lettered(*operands: Any) -> list[Any]:
    """Turn operands that each come with a list of axes, as in ``einsum(x, [0, 1], y, [1, 2])``, into letters first."""

    def letters(axes: Sequence[Any]) -> str:
        return "".join("..." if axis is Ellipsis else LETTERS[axis] for axis in axes)

    pairs, result = operands[: len(operands) // 2 * 2], operands[len(operands) // 2 * 2 :]
    if not all(isinstance(axes, list | tuple) for axes in (*pairs[1::2], *result)):
        raise GraphError("np.einsum: expected subscripts such as 'ij,jk->ik', or a list of axes after each operand.")
    subscripts = ",".join(map(letters, pairs[1::2])) + "".join(f"->{letters(axes)}" for axes in result)
    return [subscripts, *pairs[::2]]


def spelled_out(subscripts: str, nodes: Sequence[Tensor]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, with a letter for each axis that ``...`` stands for."""
    operands, arrow, result = subscripts.partition("->")
    letters = operands.split(",")
    if len(letters) != len(nodes):
        raise ShapeError(f"einsum: {subscripts!r} names {len(letters)} operands; got {len(nodes)}.")
    unused = [letter for letter in reversed(LETTERS) if letter not in subscripts]
    extra = [
        x.ndim - len(text.replace("...", "")) if "..." in text else 0 for x, text in zip(nodes, letters, strict=True)
    ]
    dots = "".join(unused[: max(extra)])
    letters = [text.replace("...", dots[len(dots) - n :]) for text, n in zip(letters, extra, strict=True)]
    if not arrow:
        named = "".join(letters)
        result = dots + "".join(sorted(letter for letter in set(named) - set(dots) if named.count(letter) == 1))
    for x, text in zip(nodes, letters, strict=True):
        if len(text) != x.ndim:
            raise ShapeError(f"einsum: {text!r} names {len(text)} axes, but {x.label} is {x.shape}.")
    return letters, result.replace("...", dots)


def without_repetition(x: Tensor, letters: str) -> tuple[Tensor, str]:
    """Take the diagonal along axes that share a letter."""
    for letter in letters:
        if letters.count(letter) > 1:
            first, second = letters.index(letter), letters.rindex(letter)
            rest = letters[:first] + letters[first + 1 : second] + letters[second + 1 :]
            return without_repetition(x.diagonal(0, first, second), rest + letter)
    return x, letters
