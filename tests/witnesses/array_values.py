"""Witnesses of the gates that move, gather, run along or reduce arrays, element by element from their definitions.

Like `gate_values`, for object arrays of mpmath or SymPy numbers; nothing is shared with the table.
"""

from __future__ import annotations

import itertools
import math
from types import ModuleType
from typing import Any

import numpy as np

from witnesses.witness import Numbers, Witness, each, in_order, over_axis


def lines(f: Any, x: Numbers, axis: int | None) -> Numbers:
    """Replace each line of numbers along an axis by a line of as many, f of it."""
    if axis is None:
        return in_order(f(list(x.flat)), (x.size,))
    moved = np.moveaxis(x, axis, -1)
    result = np.empty(moved.shape, dtype=object)
    for i in np.ndindex(moved.shape[:-1]):
        for k, value in enumerate(f(list(moved[i]))):
            result[(*i, k)] = value
    return np.moveaxis(result, -1, axis)


def running(f: Any) -> Any:
    return lambda line: list(itertools.accumulate(line, f))


def product(line: list[Any]) -> Any:
    result = 1
    for factor in line:
        result = result * factor
    return result


def largest(m: ModuleType, x: Numbers, axis: Any, keepdims: bool) -> Numbers:
    pick = (lambda line: m.Max(*line)) if hasattr(m, "Max") else max
    return over_axis(pick, x, axis, keepdims)


def smallest(m: ModuleType, x: Numbers, axis: Any, keepdims: bool) -> Numbers:
    pick = (lambda line: m.Min(*line)) if hasattr(m, "Min") else min
    return over_axis(pick, x, axis, keepdims)


def variance(_m: ModuleType, x: Numbers, axis: Any, ddof: int, keepdims: bool) -> Numbers:
    def of(line: list[Any]) -> Any:
        mean = sum(line) / len(line)
        return sum((v - mean) ** 2 for v in line) / (len(line) - ddof)

    return over_axis(of, x, axis, keepdims)


def mean_square(_m: ModuleType, x: Numbers, axis: Any, ddof: int, keepdims: bool) -> Numbers:
    """A variance may cancel: its error is relative to the mean square."""
    return over_axis(lambda line: sum(v * v for v in line) / (len(line) - ddof), x, axis, keepdims)


def roots(f: Any) -> Any:
    return lambda m, x, **params: np.vectorize(m.sqrt, otypes=[object])(f(m, x, **params))


def position(better: Any) -> Any:
    def of(line: list[Any]) -> int:
        best = 0
        for k, value in enumerate(line):
            if better(value, line[best]):
                best = k
        return best

    return lambda _m, x, axis, keepdims: over_axis(of, x, axis, keepdims)


def log_softmax(m: ModuleType, x: Numbers, axis: int) -> Numbers:
    """-ln(1 + sum of e^(s_j - s_k) over the others), which cancels nowhere."""

    def of(line: list[Any]) -> list[Any]:
        return [
            -log_of_one_plus(m, sum(m.exp(s - line[k]) for j, s in enumerate(line) if j != k)) for k in range(len(line))
        ]

    return lines(of, x, axis)


def log_of_one_plus(m: ModuleType, x: Any) -> Any:
    return m.log1p(x) if hasattr(m, "log1p") else m.log(1 + x)


def sizes_or_one(_m: ModuleType, x: Numbers, axis: int) -> Numbers:
    """The difference of a score and the logarithm: its error is relative to their size, which is 1 or more."""
    spread = over_axis(lambda line: max(line) - min(line), x, axis, keepdims=True)
    return np.broadcast_to(np.vectorize(lambda s: max(s, 1), otypes=[object])(spread), x.shape)


def stable_order(line: list[Any]) -> list[int]:
    return [k for _, k in sorted((value, k) for k, value in enumerate(line))]


def nonzero_places(_m: ModuleType, x: Numbers) -> Numbers:
    places = [i for i in np.ndindex(x.shape) if x[i] != 0]
    return each(lambda row, axis: places[row][axis], (len(places), x.ndim))


def recurrence(_m: ModuleType, x: Numbers, a: Numbers, axis: int) -> Numbers:
    """h_k is the sum over j <= k of x_j a_(j+1) ... a_k."""
    x, a = np.moveaxis(x, axis, 0), np.moveaxis(a, axis, 0)

    def term(k: int, *rest: int) -> Any:
        return sum(x[(j, *rest)] * product([a[(i, *rest)] for i in range(j + 1, k + 1)]) for j in range(k + 1))

    return np.moveaxis(each(term, x.shape), 0, axis)


def taken_along(_m: ModuleType, x: Numbers, indices: Numbers, axis: int) -> Numbers:
    def source(*i: int) -> Any:
        place = list(i)
        place[axis] = int(indices[i])
        return x[tuple(place)]

    return each(source, indices.shape)


def put_along(_m: ModuleType, g: Numbers, indices: Numbers, like: Numbers, axis: int) -> Numbers:
    total = np.full(like.shape, 0, dtype=object)
    for i in np.ndindex(g.shape):
        place = list(i)
        place[axis] = int(indices[i])
        total[tuple(place)] = total[tuple(place)] + g[i]
    return total


def squeezed(_m: ModuleType, x: Numbers, axis: Any) -> Numbers:
    gone = range(x.ndim) if axis is None else [axis]
    shape = tuple(n for k, n in enumerate(x.shape) if n != 1 or k not in gone)
    return in_order(list(x.flat), shape)


def moved_axes(x: Numbers, order: list[int]) -> Numbers:
    """The array whose axis k is the axis order[k] of another."""

    def source(*i: int) -> Any:
        place = [0] * x.ndim
        for k, axis in enumerate(order):
            place[axis] = i[k]
        return x[tuple(place)]

    return each(source, tuple(x.shape[axis] for axis in order))


def swapped(_m: ModuleType, x: Numbers, axis1: int, axis2: int) -> Numbers:
    order = list(range(x.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return moved_axes(x, order)


def moved(_m: ModuleType, x: Numbers, source: Any, destination: Any) -> Numbers:
    pairs = list(zip(np.atleast_1d(source), np.atleast_1d(destination), strict=True))
    rest = [k for k in range(x.ndim) if k not in np.atleast_1d(source)]
    for axis, place in sorted(pairs, key=lambda pair: pair[1]):
        rest.insert(place, int(axis))
    return moved_axes(x, rest)


def permuted(_m: ModuleType, x: Numbers, axes: Any) -> Numbers:
    return moved_axes(x, list(axes) if axes else list(range(x.ndim))[::-1])


def flipped(_m: ModuleType, x: Numbers, axis: Any) -> Numbers:
    axes = range(x.ndim) if axis is None else [k % x.ndim for k in np.atleast_1d(axis)]
    return each(
        lambda *i: x[tuple(n - 1 - k if a in axes else k for a, (k, n) in enumerate(zip(i, x.shape, strict=True)))],
        x.shape,
    )


def rolled(_m: ModuleType, x: Numbers, shift: Any, axis: Any) -> Numbers:
    if axis is None:
        numbers = list(x.flat)
        return in_order([numbers[(k - shift) % len(numbers)] for k in range(len(numbers))], x.shape)
    by = dict(zip(np.atleast_1d(axis).tolist(), np.atleast_1d(shift).tolist(), strict=True))
    return each(lambda *i: x[tuple((k - by.get(a, 0)) % x.shape[a] for a, k in enumerate(i))], x.shape)


def repeated(_m: ModuleType, x: Numbers, repeats: int, axis: int) -> Numbers:
    axis %= x.ndim
    shape = tuple(n * repeats if a == axis else n for a, n in enumerate(x.shape))
    return each(lambda *i: x[tuple(k // repeats if a == axis else k for a, k in enumerate(i))], shape)


def repeats_folded(_m: ModuleType, g: Numbers, like: Numbers, repeats: int, axis: int) -> Numbers:
    def copies(*i: int) -> Any:
        return sum(g[tuple(k * repeats + r if a == axis else k for a, k in enumerate(i))] for r in range(repeats))

    return each(copies, like.shape)


def tiled(_m: ModuleType, x: Numbers, reps: tuple[int, ...]) -> Numbers:
    ndim = max(x.ndim, len(reps))
    sizes, times = (1,) * (ndim - x.ndim) + x.shape, (1,) * (ndim - len(reps)) + reps
    shape = tuple(n * r for n, r in zip(sizes, times, strict=True))
    return each(lambda *i: x[tuple(k % n for k, n in zip(i, sizes, strict=True))[ndim - x.ndim :]], shape)


def tiles_folded(m: ModuleType, g: Numbers, like: Numbers, reps: tuple[int, ...]) -> Numbers:
    total = np.full(like.shape, 0, dtype=object)
    for i in np.ndindex(g.shape):
        place = tuple(k % n for k, n in zip(i[len(i) - like.ndim :], like.shape, strict=True))
        total[place] = total[place] + g[i]
    return total


def broadcast(_m: ModuleType, x: Numbers, shape: tuple[int, ...]) -> Numbers:
    return each(
        lambda *i: x[tuple(k if n > 1 else 0 for k, n in zip(i[len(i) - x.ndim :], x.shape, strict=True))], shape
    )


def places(
    shape: tuple[int, ...], key: tuple[Any, ...], arrays: tuple[Numbers, ...]
) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
    """Where x[key] takes its numbers from, and the shape of the result: each number is labeled by its position."""
    labels = np.arange(math.prod(shape)).reshape(shape)
    given = iter([np.vectorize(int, otypes=[int])(a) for a in arrays])
    chosen = labels[tuple(next(given) if isinstance(part, str) else part for part in key)]
    return [tuple(int(k) for k in np.unravel_index(label, shape)) for label in chosen.flat], chosen.shape


def indexed(_m: ModuleType, x: Numbers, *arrays: Numbers, key: tuple[Any, ...]) -> Numbers:
    sources, shape = places(x.shape, key, arrays)
    return in_order([x[i] for i in sources], shape)


def put(_m: ModuleType, g: Numbers, like: Numbers, *arrays: Numbers, key: tuple[Any, ...]) -> Numbers:
    sources, _ = places(like.shape, key, arrays)
    total = np.full(like.shape, 0, dtype=object)
    for value, i in zip(g.flat, sources, strict=True):
        total[i] = total[i] + value
    return total


def joined(_m: ModuleType, *parts: Numbers, axis: int) -> Numbers:
    axis %= parts[0].ndim
    owner = [(p, k) for p, part in enumerate(parts) for k in range(part.shape[axis])]
    shape = tuple(len(owner) if a == axis else n for a, n in enumerate(parts[0].shape))

    def source(*i: int) -> Any:
        p, k = owner[i[axis]]
        return parts[p][(*i[:axis], k, *i[axis + 1 :])]

    return each(source, shape)


def cut(_m: ModuleType, g: Numbers, *parts: Numbers, i: int, axis: int) -> Numbers:
    start = sum(part.shape[axis] for part in parts[:i])
    return each(lambda *k: g[tuple(n + start if a == axis else n for a, n in enumerate(k))], parts[i].shape)


def filled(m: ModuleType, g: Numbers, *parts: Numbers, i: int, axis: int) -> Numbers:
    zeros = [g if k == i else np.full(part.shape, 0, dtype=object) for k, part in enumerate(parts)]
    return joined(m, *zeros, axis=axis)


def stacked(_m: ModuleType, *parts: Numbers, axis: int) -> Numbers:
    axis %= parts[0].ndim + 1
    shape = (*parts[0].shape[:axis], len(parts), *parts[0].shape[axis:])
    return each(lambda *i: parts[i[axis]][(*i[:axis], *i[axis + 1 :])], shape)


def padded(_m: ModuleType, x: Numbers, pad_width: Any, value: Any) -> Numbers:
    shape = tuple(n + before + after for n, (before, after) in zip(x.shape, pad_width, strict=True))

    def source(*i: int) -> Any:
        inner = tuple(k - before for k, (before, _) in zip(i, pad_width, strict=True))
        return x[inner] if all(0 <= k < n for k, n in zip(inner, x.shape, strict=True)) else value

    return each(source, shape)


def einsum(_m: ModuleType, *inputs: Numbers, subscripts: str) -> Numbers:
    operands, result = subscripts.split("->")
    letters = operands.split(",")
    size = {c: n for text, x in zip(letters, inputs, strict=True) for c, n in zip(text, x.shape, strict=True)}
    summed = sorted(set(size) - set(result))

    def entry(*i: int) -> Any:
        total = 0
        for rest in itertools.product(*(range(size[c]) for c in summed)):
            at = dict(zip((*result, *summed), (*i, *rest), strict=True))
            total = total + product([x[tuple(at[c] for c in text)] for text, x in zip(letters, inputs, strict=True)])
        return total

    return each(entry, tuple(size[c] for c in result))


def of_sizes(f: Any) -> Any:
    """A sum may cancel: its error is relative to the same sum of absolute terms."""
    return lambda m, *inputs, **params: f(m, *(abs(x) for x in inputs), **params)


def cumsum(_m: ModuleType, x: Numbers, axis: int | None) -> Numbers:
    return lines(running(lambda a, b: a + b), x, axis)


ARRAYS = {
    "max": Witness(largest),
    "min": Witness(smallest),
    "var": Witness(variance, scale=mean_square),
    "std": Witness(roots(variance), scale=roots(mean_square)),
    "argmax": Witness(position(lambda a, b: a > b)),
    "argmin": Witness(position(lambda a, b: a < b)),
    "log_softmax": Witness(log_softmax, scale=sizes_or_one),
    "shift": Witness(lambda _, x, axis, first: lines(lambda line: [first, *line[:-1]], x, axis)),
    "recurrence": Witness(recurrence, scale=of_sizes(recurrence)),
    "cumsum": Witness(cumsum, scale=of_sizes(cumsum)),
    "cumprod": Witness(lambda _, x, axis: lines(running(lambda a, b: a * b), x, axis)),
    "prod": Witness(lambda _, x, axis, keepdims: over_axis(product, x, axis, keepdims)),
    "argsort": Witness(lambda _, x, axis: lines(stable_order, x, axis)),
    "argwhere": Witness(nonzero_places),
    "sort": Witness(lambda _, x, axis: lines(sorted, x, axis)),
    "take_along_axis": Witness(taken_along),
    "put_along_axis_like": Witness(put_along, scale=lambda m, g, i, like, axis: put_along(m, abs(g), i, like, axis)),
    "squeeze": Witness(squeezed),
    "ravel": Witness(lambda _, x: in_order(list(x.flat), (x.size,))),
    "broadcast_to": Witness(broadcast),
    "swapaxes": Witness(swapped),
    "moveaxis": Witness(moved),
    "transpose": Witness(permuted),
    "flip": Witness(flipped),
    "roll": Witness(rolled),
    "repeat": Witness(repeated),
    "fold_repeat": Witness(repeats_folded, scale=of_sizes(repeats_folded)),
    "tile": Witness(tiled),
    "fold_tile": Witness(tiles_folded, scale=of_sizes(tiles_folded)),
    "copy": Witness(lambda _, x: x),
    "astype": Witness(lambda _, x, dtype: x),
    "index": Witness(indexed),
    "put_like": Witness(put, scale=lambda m, g, like, *arrays, key: put(m, abs(g), like, *arrays, key=key)),
    "concatenate": Witness(joined),
    "section": Witness(cut),
    "section_put": Witness(filled),
    "stack": Witness(stacked),
    "pad": Witness(padded),
    "outer": Witness(lambda _, x, y: each(lambda i, j: list(x.flat)[i] * list(y.flat)[j], (x.size, y.size))),
    "einsum": Witness(einsum, scale=of_sizes(einsum)),
}
