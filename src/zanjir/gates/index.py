"""Indexing: by label, by slices, integers and arrays; and putting together what indexing takes apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.gates.domains import LABEL, REAL
from zanjir.gates.shape import expand_dims
from zanjir.graph.gate import Gate, gate
from zanjir.graph.tensor import Array

__all__ = ["argwhere", "concatenate", "index", "one_hot", "pad", "pick", "put_like", "section", "section_put", "stack"]


def one_hot_of(y: Array, like: Array) -> Array:
    """Rows of zeros with a one at each row's label, in the shape and dtype of another array."""
    rows = np.zeros_like(like)
    rows[np.arange(len(y)), y] = 1
    return rows


def index_of(x: Array, *arrays: Array, key: tuple[Any, ...]) -> Array:
    """x[key], where each "array" in the key stands for the next of the arrays."""
    given = iter(arrays)
    return x[tuple(next(given) if isinstance(part, str) else part for part in key)]


def put_like_of(g: Array, like: Array, *arrays: Array, key: tuple[Any, ...]) -> Array:
    """Zeros of another array's shape, with each number of g added where x[key] took it; Python's take its dtype."""
    given = iter(arrays)
    place = tuple(next(given) if isinstance(part, str) else part for part in key)
    total = np.zeros(like.shape, getattr(g, "dtype", like.dtype))
    if arrays:
        np.add.at(total, place, g)
    else:
        total[place] = g
    return total


def index_code(key: tuple[Any, ...]) -> str:
    """x[key] as it is written."""
    arrays = iter(range(1, len(key) + 1))
    parts = [f"{{{next(arrays)}}}" if isinstance(part, str) else part_code(part) for part in key]
    return f"{{0}}[{', '.join(parts) or '()'}]"


def part_code(part: Any) -> str:
    """One part of an index as it is written: ``1:3``, ``...``, ``None`` or a number."""
    if isinstance(part, slice):
        start, stop, step = ("" if end is None else str(end) for end in (part.start, part.stop, part.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    return "..." if part is Ellipsis else str(part)


def section_of(g: Array, *parts: Array, i: int, axis: int) -> Array:
    """The section of a concatenation that came from part i."""
    start = sum(part.shape[axis] for part in parts[:i])
    return g.take(range(start, start + parts[i].shape[axis]), axis)


def section_put_of(g: Array, *parts: Array, i: int, axis: int) -> Array:
    """A concatenation of zeros, but for the section of part i."""
    return np.concatenate([g if k == i else np.zeros_like(part) for k, part in enumerate(parts)], axis)


def along(axis: int, ndim: int, part: Any) -> tuple[Any, ...]:
    """The index that takes a part along one axis and everything along the others."""
    return (*(slice(None),) * (axis % ndim), part)


def unpadded(pad_width: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    """The index of what lies inside the padding."""
    return tuple(slice(before, -after or None) for before, after in pad_width)


argwhere = gate(
    "argwhere", "(*)->(n,d)", np.argwhere, None,
    code="np.argwhere({0})", latex=r"\{{i : {0}_i \ne 0\}}", numpy=np.argwhere, domain=(REAL,),
    source="positions have no derivative; how many there are depends on the numbers",
)  # fmt: skip

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

index: Gate = gate(
    "index", "(*),(*)...->(*)", index_of,
    lambda g, z, x, *arrays, key: put_like(g, x, *arrays, key=key),
    None,
    code=index_code, latex=index_code, view=True, domain=(REAL, LABEL), params={"key": ("array",)},
    examples=({}, {"key": (slice(None), "array")}, {"key": (None, "array", 1)}),
)  # fmt: skip

put_like: Gate = gate(
    "put_like", "(*),(*),(*)...->(*)", put_like_of,
    lambda g, z, x, like, *arrays, key: index(g, *arrays, key=key),
    None,
    None,
    code="put_like({inputs}, key={key})", latex=r"\operatorname{{put}}({0})", domain=(REAL, REAL, LABEL),
    params={"key": (slice(None), "array")}, source="relative to the sum of the absolute terms",
)  # fmt: skip

concatenate: Gate = gate(
    "concatenate", "(*)...->(*)", lambda *parts, axis: np.concatenate(parts, axis),
    lambda i, g, z, *parts, axis: section(g, *parts, i=i, axis=axis),
    code="np.concatenate([{inputs}], axis={axis})", latex=r"[{inputs}]", domain=(REAL,),
    params={"axis": 0}, examples=({}, {"axis": -1}),
)  # fmt: skip

section: Gate = gate(
    "section", "(*),(*)...->(*)", section_of,
    lambda g, z, x, *parts, i, axis: section_put(g, *parts, i=i, axis=axis),
    None,
    code="section({inputs}, i={i}, axis={axis})", latex=r"{0}_{{({i})}}", domain=(REAL, REAL),
    params={"i": 1, "axis": 0}, source="what a concatenation does with one of its parts, the other way round",
)  # fmt: skip

section_put: Gate = gate(
    "section_put", "(*),(*)...->(*)", section_put_of,
    lambda g, z, x, *parts, i, axis: section(g, *parts, i=i, axis=axis),
    None,
    code="section_put({inputs}, i={i}, axis={axis})", latex=r"[0, {0}, 0]", domain=(REAL, REAL),
    params={"i": 1, "axis": 0}, source="what a concatenation does with one of its parts",
)  # fmt: skip

stack: Gate = gate(
    "stack", "(*)...->(*)", lambda *parts, axis: np.stack(parts, axis),
    lambda i, g, z, *parts, axis: index(g, key=along(axis, z.ndim, i)),
    code="np.stack([{inputs}], axis={axis})", latex=r"[{inputs}]", domain=(REAL,),
    params={"axis": 0}, examples=({}, {"axis": -1}),
)  # fmt: skip

pad: Gate = gate(
    "pad", "(*)->(*)", lambda x, *, pad_width, value: np.pad(x, pad_width, constant_values=value),
    lambda g, y, x, *, pad_width, value: index(g, key=unpadded(pad_width)),
    code="np.pad({0}, {pad_width}, constant_values={value})", latex=r"\operatorname{{pad}}({0})", domain=(REAL,),
    params={"pad_width": ((1, 2), (0, 1)), "value": 0}, examples=({}, {"value": 3}),
)  # fmt: skip
