"""What the gates of images compute, written from their definitions, one number at a time."""

from __future__ import annotations

import itertools
from types import ModuleType
from typing import Any

import numpy as np

from witnesses.witness import Numbers, Witness

Place = tuple[int, int, int, int]


def number_at(x: Numbers, layout: str, place: Place) -> Any:
    """The number of (sample, height, width, channel) in an image batch; zero outside of the images."""
    index = tuple(dict(zip("NHWC", place, strict=True))[letter] for letter in layout)
    inside = all(0 <= i < size for i, size in zip(index, x.shape, strict=True))
    return x[index] if inside else 0


def sizes(shape: tuple[int, ...], layout: str) -> Place:
    """Samples, height, width and channels of an image batch."""
    n, h, w, c = (shape[layout.index(letter)] for letter in "NHWC")
    return n, h, w, c


def images(place_to_number: Any, size: Place, layout: str) -> Numbers:
    """Build an image batch from a function of (sample, height, width, channel)."""
    x = np.empty(tuple(dict(zip("NHWC", size, strict=True))[letter] for letter in layout), dtype=object)
    for place in itertools.product(*map(range, size)):
        x[tuple(dict(zip("NHWC", place, strict=True))[letter] for letter in layout)] = place_to_number(*place)
    return x


def steps(length: int, window: int, stride: int) -> int:
    """How many windows fit along an axis: count them."""
    return sum(1 for start in range(0, length, stride) if start + window <= length)


def conv2d(_m: ModuleType, x: Numbers, W: Numbers, stride: int, padding: int, layout: str) -> Numbers:
    n, h, w, _ = sizes(x.shape, layout)
    kh, kw, c, f = W.shape

    def inner_product(sample: int, i: int, j: int, k: int) -> Any:
        return sum(
            number_at(x, layout, (sample, i * stride + a - padding, j * stride + b - padding, q)) * W[a, b, q, k]
            for a, b, q in np.ndindex(kh, kw, c)
        )

    size = (n, steps(h + 2 * padding, kh, stride), steps(w + 2 * padding, kw, stride), f)
    return images(inner_product, size, layout)


def conv2d_transpose(
    _m: ModuleType, g: Numbers, W: Numbers, like: Numbers, stride: int, padding: int, layout: str
) -> Numbers:
    _, rows, columns, _ = sizes(g.shape, layout)
    kh, kw, _, f = W.shape

    def reached_by(sample: int, i: int, j: int, q: int) -> Any:
        """Every window (r, s) in which the pixel lies at (a, b) sends g times its weight."""
        total = 0
        for r, s, k in np.ndindex(rows, columns, f):
            a, b = i + padding - r * stride, j + padding - s * stride
            if 0 <= a < kh and 0 <= b < kw:
                total = total + number_at(g, layout, (sample, r, s, k)) * W[a, b, q, k]
        return total

    return images(reached_by, sizes(like.shape, layout), layout)


def conv2d_weights(
    _m: ModuleType, x: Numbers, g: Numbers, like: Numbers, stride: int, padding: int, layout: str
) -> Numbers:
    n, rows, columns, _ = sizes(g.shape, layout)
    result = np.empty(like.shape, dtype=object)
    for a, b, q, k in np.ndindex(like.shape):
        result[a, b, q, k] = sum(
            number_at(x, layout, (sample, r * stride + a - padding, s * stride + b - padding, q))
            * number_at(g, layout, (sample, r, s, k))
            for sample, r, s in np.ndindex(n, rows, columns)
        )
    return result


def window(x: Numbers, layout: str, place: Place, size: int, stride: int) -> list[tuple[Place, Any]]:
    """The places and numbers of one window of a pooling."""
    n, r, s, c = place
    places = [(n, r * stride + a, s * stride + b, c) for a, b in np.ndindex(size, size)]
    return [(at, number_at(x, layout, at)) for at in places]


def pooled_size(x: Numbers, size: int, stride: int, layout: str) -> Place:
    n, h, w, c = sizes(x.shape, layout)
    return n, steps(h, size, stride), steps(w, size, stride), c


def largest(m: ModuleType, numbers: list[Any]) -> Any:
    return m.Max(*numbers) if hasattr(m, "Max") else max(numbers)


def max_pool2d(m: ModuleType, x: Numbers, size: int, stride: int | None, layout: str) -> Numbers:
    step = stride or size
    return images(
        lambda *place: largest(m, [v for _, v in window(x, layout, place, size, step)]),
        pooled_size(x, size, step, layout),
        layout,
    )


def winners(x: Numbers, layout: str, place: Place, size: int, stride: int) -> list[Place]:
    """The places of the largest numbers of a window."""
    inside = window(x, layout, place, size, stride)
    top = max(v for _, v in inside)
    return [at for at, v in inside if v == top]


def max_unpool2d(_m: ModuleType, g: Numbers, x: Numbers, size: int, stride: int | None, layout: str) -> Numbers:
    result = images(lambda *_: 0, sizes(x.shape, layout), layout)
    for place in itertools.product(*map(range, pooled_size(x, size, stride or size, layout))):
        won = winners(x, layout, place, size, stride or size)
        for at in won:
            index = tuple(dict(zip("NHWC", at, strict=True))[letter] for letter in layout)
            result[index] = result[index] + number_at(g, layout, place) / len(won)
    return result


def max_pick2d(_m: ModuleType, h: Numbers, x: Numbers, size: int, stride: int | None, layout: str) -> Numbers:
    def mean_of_winners(*place: int) -> Any:
        won = winners(x, layout, place, size, stride or size)
        return sum(number_at(h, layout, at) for at in won) / len(won)

    return images(mean_of_winners, pooled_size(x, size, stride or size, layout), layout)


def average_pool2d(_m: ModuleType, x: Numbers, size: int, stride: int | None, layout: str) -> Numbers:
    def mean(*place: int) -> Any:
        return sum(v for _, v in window(x, layout, place, size, stride or size)) / size**2

    return images(mean, pooled_size(x, size, stride or size, layout), layout)


def average_unpool2d(_m: ModuleType, g: Numbers, like: Numbers, size: int, stride: int | None, layout: str) -> Numbers:
    result = images(lambda *_: 0, sizes(like.shape, layout), layout)
    for place in itertools.product(*map(range, sizes(g.shape, layout))):
        for at, _ in window(like, layout, place, size, stride or size):
            index = tuple(dict(zip("NHWC", at, strict=True))[letter] for letter in layout)
            result[index] = result[index] + number_at(g, layout, place) / size**2
    return result


def of_sizes(value: Any) -> Any:
    """A sum of products may cancel: its error is relative to that of the absolute terms."""
    return lambda m, x, W, *like, **how: value(m, abs(x), abs(W), *like, **how)


def groups(x: Numbers, axis: int | tuple[int, ...]) -> list[list[tuple[int, ...]]]:
    """The places of the numbers that are standardized together: they differ along the axes only."""
    axes = {k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,))}
    found: dict[Any, list[tuple[int, ...]]] = {}
    for place in np.ndindex(x.shape):
        found.setdefault(tuple(0 if k in axes else i for k, i in enumerate(place)), []).append(place)
    return list(found.values())


def spread(m: ModuleType, numbers: list[Any], epsilon: float) -> Any:
    """The root of variance + epsilon; the variance is the mean over all pairs of half their squared difference."""
    pairs = sum((a - b) * (a - b) for a, b in itertools.combinations(numbers, 2))
    return m.sqrt(pairs / len(numbers) ** 2 + (m.mpf(epsilon) if hasattr(m, "mpf") else epsilon))


def deviation(m: ModuleType, x: Numbers, axis: int | tuple[int, ...], epsilon: float) -> Numbers:
    axes = {k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,))}
    result = np.empty(tuple(1 if k in axes else n for k, n in enumerate(x.shape)), dtype=object)
    for places in groups(x, axis):
        at = tuple(0 if k in axes else i for k, i in enumerate(places[0]))
        result[at] = spread(m, [x[place] for place in places], epsilon)
    return result


def standardize(m: ModuleType, x: Numbers, axis: int | tuple[int, ...], epsilon: float) -> Numbers:
    result = np.empty(x.shape, dtype=object)
    for places in groups(x, axis):
        numbers = [x[place] for place in places]
        scale = spread(m, numbers, epsilon)
        for place in places:
            result[place] = sum(x[place] - other for other in numbers) / len(numbers) / scale
    return result


def standardize_terms(m: ModuleType, x: Numbers, axis: int | tuple[int, ...], epsilon: float) -> Numbers:
    """The difference from the mean may cancel: its error is relative to the largest of its terms."""
    result = np.empty(x.shape, dtype=object)
    for places in groups(x, axis):
        numbers = [x[place] for place in places]
        for place in places:
            result[place] = max(map(abs, numbers)) / spread(m, numbers, epsilon)
    return result


IMAGES = {
    "conv2d": Witness(conv2d, scale=of_sizes(conv2d)),
    "conv2d_transpose": Witness(conv2d_transpose, scale=of_sizes(conv2d_transpose)),
    "conv2d_weights": Witness(conv2d_weights, scale=of_sizes(conv2d_weights)),
    "max_pool2d": Witness(max_pool2d),
    "max_unpool2d": Witness(max_unpool2d, scale=lambda m, g, x, **how: max_unpool2d(m, abs(g), x, **how)),
    "max_pick2d": Witness(max_pick2d, scale=lambda m, h, x, **how: max_pick2d(m, abs(h), x, **how)),
    "average_pool2d": Witness(average_pool2d, scale=lambda m, x, **how: average_pool2d(m, abs(x), **how)),
    "average_unpool2d": Witness(
        average_unpool2d, scale=lambda m, g, like, **how: average_unpool2d(m, abs(g), like, **how)
    ),
    "deviation": Witness(deviation),
    "standardize": Witness(standardize, scale=standardize_terms),
}
