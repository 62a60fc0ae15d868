"""Inputs for every gate of the table, derived from its row: shapes from the signature, numbers from the domain."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

import zanjir.gates  # noqa: F401 - fills the table
from witnesses import linalg_samples
from zanjir.graph import TABLE, Gate, Interval

Case = tuple[Gate, Mapping[str, Any]]
Shapes = list[tuple[int, ...]]

# No two letters of one signature share a size, so that a transposed rule cannot fit by accident. A key has k = 2.
SIZES = {"n": 4, "k": 2, "m": 5, "c": 3}
ANY_SHAPE = (3, 4)
# Magnitudes of a wide domain, for values; they reach down to almost the smallest normal number, 2.2e-308.
MAGNITUDES = [0.0, *(10.0 ** np.linspace(-300, 100, 17)), *(2.0 ** np.arange(-60, 12, 6)), 1 + 2.0**-52, 1 - 2.0**-53]

# What a row's signature and domain cannot say stands here under the row's name; all three are optional.
# SHAPES: the shape of each input. SAMPLES: inputs of moderate size and of given shapes, whose numbers belong
# together, such as a matrix that is positive definite. EXTREMES: inputs that cover the whole domain, for values;
# without it they are drawn by SAMPLES. EMPTY: shapes without elements that the row must take.
SHAPES: dict[str, Shapes] = {
    "matmul": [(4, 2), (2, 5)],
    "einsum": [(4, 2), (2, 5)],
    "outer": [(2, 2), (3,)],
    "broadcast_to": [(3, 1)],
    "squeeze": [(3, 1, 4, 1)],
    "fold_repeat": [(6, 4), (3, 4)],
    "fold_tile": [(6, 12), (3, 4)],
    "index": [(3, 4, 2), (2, 3)],
    "put_like": [(3, 2, 2), (3, 4), (2, 2)],
    "concatenate": [(3, 4), (3, 4), (3, 4)],
    "section": [(9, 4), (3, 4), (4, 4), (2, 4)],
    "section_put": [(4, 4), (3, 4), (4, 4), (2, 4)],
    "stack": [(3, 4), (3, 4), (3, 4)],
    **linalg_samples.SHAPES,
    # Images: all examples of a row give the same shape, and a window of 2 x 3 tells its axes apart.
    "conv2d": [(2, 4, 5, 2), (2, 3, 2, 3)],
    "conv2d_transpose": [(2, 3, 3, 3), (2, 3, 2, 3), (2, 4, 5, 2)],
    "conv2d_weights": [(2, 4, 5, 2), (2, 3, 3, 3), (2, 3, 2, 3)],
    "max_pool2d": [(1, 4, 3, 2)],
    "max_unpool2d": [(2, 2, 1, 2), (2, 4, 3, 2)],
    "max_pick2d": [(2, 4, 3, 2), (2, 4, 3, 2)],
    "average_pool2d": [(2, 4, 3, 2)],
    "average_unpool2d": [(2, 2, 1, 2), (2, 4, 3, 2)],
}
SAMPLES: dict[str, Callable[[np.random.Generator, Shapes], list[Any]]] = {**linalg_samples.SAMPLES}
EXTREMES: dict[str, Callable[[np.random.Generator], Iterator[list[Any]]]] = {**linalg_samples.EXTREMES}
EMPTY: dict[str, list[Shapes]] = {
    "matmul": [[(0, 2), (2, 5)], [(4, 0), (0, 5)], [(4, 2), (2, 0)]],
    "conv2d": [[(0, 4, 5, 2), (2, 3, 2, 3)], [(2, 4, 5, 0), (2, 3, 0, 3)], [(2, 4, 5, 2), (2, 3, 2, 0)]],
    "conv2d_transpose": [
        [(0, 3, 3, 3), (2, 3, 2, 3), (0, 4, 5, 2)],
        [(2, 3, 3, 3), (2, 3, 0, 3), (2, 4, 5, 0)],
        [(2, 3, 3, 0), (2, 3, 2, 0), (2, 4, 5, 2)],
    ],
    "conv2d_weights": [
        [(0, 4, 5, 2), (0, 3, 3, 3), (2, 3, 2, 3)],
        [(2, 4, 5, 0), (2, 3, 3, 3), (2, 3, 0, 3)],
        [(2, 4, 5, 2), (2, 3, 3, 0), (2, 3, 2, 0)],
    ],
    "einsum": [[(0, 2), (2, 5)], [(4, 0), (0, 5)], [(4, 2), (2, 0)]],
    "broadcast_to": [[(0, 4)]],
    **linalg_samples.EMPTY,
}
EMPTY_PARAMS: dict[str, Mapping[str, Any]] = {"broadcast_to": {"shape": (2, 0, 4)}}
DRAWS = 40


def factors(n_inputs: int) -> Callable[[np.random.Generator], Iterator[list[Any]]]:
    """Factors of many sizes and both signs, zeros among them, no product of which overflows or underflows."""

    def draw(rng: np.random.Generator) -> Iterator[list[Any]]:
        for zeros in (0.0, 0.2):
            for _ in range(20):
                size = 10 ** rng.uniform(-8, 8, (n_inputs, *ANY_SHAPE)) * rng.choice([-1, 1], (n_inputs, *ANY_SHAPE))
                yield list(np.where(rng.random(size.shape) < zeros, 0.0, size))

    return draw


EXTREMES |= {"prod": factors(1), "cumprod": factors(1), "recurrence": factors(2)}


def cases(rows: list[Gate] | None = None) -> list[Case]:
    """Every row of the table (or of a list) with each of its examples of parameters."""
    rows = list(TABLE.values()) if rows is None else rows
    return [(row, params) for row in rows for params in row.examples]


def case_id(value: Any) -> str | None:
    """Name a test after its gate and parameters."""
    if isinstance(value, Gate):
        return value.name
    return ",".join(f"{k}={v}" for k, v in value.items()).replace(" ", "") if isinstance(value, Mapping) else None


def rows_that(condition: Any) -> list[Gate]:
    """Return the rows of the table for which a condition holds."""
    return [row for row in TABLE.values() if condition(row)]


def differentiable(row: Gate) -> bool:
    """Whether any input has a rule."""
    return any(row.vjp)


def random_of(name: str, seed: int = 0) -> np.random.Generator:
    """Return the random numbers of one test, the same on every run."""
    return np.random.default_rng([zlib.crc32(name.encode()), seed])


def shapes(row: Gate) -> Shapes:
    """One shape per input, as the signature says; elementwise gates and ``(*)`` take any."""
    return SHAPES.get(row.name) or [
        tuple(SIZES.get(letter, 3) for letter in letters) if letters and "*" not in letters else ANY_SHAPE
        for letters in row.core_shapes
    ]


def highest(interval: Interval) -> float:
    """The upper end; a label without one is below the number of classes."""
    return SIZES["c"] - 1 if np.isinf(interval.high) else interval.high


def moderate(interval: Interval, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Numbers well inside a domain and of size about 1, where differences tell most."""
    if interval.integers:
        return rng.integers(int(interval.low), int(highest(interval)) + 1, shape)
    low, high = max(interval.low, -2.0), min(interval.high, 2.0)
    margin = 0.1 * (high - low)
    return rng.uniform(low + margin, high - margin, shape)


def empty_shapes(row: Gate) -> list[Shapes]:
    """Shapes without elements: no samples, or no features."""
    if row.name in EMPTY:
        return EMPTY[row.name]
    without_rows = [tuple(0 if k == 0 else s for k, s in enumerate(shape)) for shape in shapes(row)]
    without_columns = [(*shape[:-1], 0) if "*" in row.signature else shape for shape in shapes(row)]
    if "k" in row.signature:  # a key always has two numbers
        without_rows[0] = without_columns[0] = shapes(row)[0]
    return [without_rows, without_columns] if without_columns != shapes(row) else [without_rows]


def inputs_for(row: Gate, seed: int = 0, shape_of: Shapes | None = None) -> list[Any]:
    """Random inputs of moderate size for a gate."""
    rng = random_of(row.name, seed)
    if row.name in SAMPLES:
        return SAMPLES[row.name](rng, shape_of or shapes(row))
    sizes = shape_of or shapes(row)
    return [moderate(domain, shape, rng) for domain, shape in zip(domains(row, len(sizes)), sizes, strict=True)]


def domains(row: Gate, n: int) -> tuple[Interval, ...]:
    """The domain of each of n inputs; the last holds for all that may follow."""
    return row.domain[:n] + row.domain[-1:] * (n - len(row.domain))


def whole_domain(interval: Interval, rng: np.random.Generator) -> Any:
    """Numbers over a whole domain: both ends, both signs, near zero, near one, and some at random."""
    ends = [interval.low, highest(interval)]
    signed = [sign * size for sign in (1, -1) for size in MAGNITUDES]
    random = rng.uniform(max(ends[0], -1000.0), min(ends[1], 1000.0), 20)
    numbers = np.unique([x for x in (*ends, *signed, *random) if ends[0] <= x <= ends[1]])
    return numbers.astype(int) if interval.integers else numbers


def spread(interval: Interval, shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Numbers spread evenly over a domain, or over +-1000 where it is wider."""
    if interval.integers:
        return moderate(interval, shape, rng)
    return rng.uniform(max(interval.low, -1000.0), min(interval.high, 1000.0), shape)


def inputs_over_the_domain(row: Gate) -> Iterator[list[Any]]:
    """Inputs that cover the domain of a gate, ends included."""
    rng = random_of(row.name)
    if row.name in EXTREMES:
        yield from EXTREMES[row.name](rng)
        return
    if row.name in SAMPLES:
        yield from (SAMPLES[row.name](rng, shapes(row)) for _ in range(DRAWS))
        return
    sizes = shapes(row)
    numbers = [whole_domain(domain, rng) for domain in domains(row, len(sizes))]
    if row.elementwise:
        yield [grid.ravel() for grid in np.meshgrid(*numbers)]
        return
    for _ in range(20):
        yield [rng.choice(choice, shape) for choice, shape in zip(numbers, sizes, strict=True)]
        yield [spread(domain, shape, rng) for domain, shape in zip(domains(row, len(sizes)), sizes, strict=True)]
    for end in itertools.product((0, -1), repeat=len(sizes)):
        yield [np.full(shape, choice[e]) for e, choice, shape in zip(end, numbers, sizes, strict=True)]
    for first in (0, -1):  # the two ends side by side
        yield [
            np.resize(choice[[first, -1 - first]], int(np.prod(shape))).reshape(shape)
            for choice, shape in zip(numbers, sizes, strict=True)
        ]
