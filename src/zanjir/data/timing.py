"""A loop in Python against one call of NumPy: the same numbers, and how many times as fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, SupportsIndex

import numpy as np

from zanjir.data._checks import whole
from zanjir.data.dataset import Array
from zanjir.errors import choose

__all__ = ["LoopTiming", "time_loop"]


@dataclass(frozen=True)
class LoopTiming:
    """How long an operation took in a loop and vectorized, and whether the results have the same bits.

    Parameters
    ----------
    operation : str
        What was computed.
    n : int
        Number of elements.
    loop, vectorized : float
        Seconds, the least of several runs.
    identical : bool
        Whether both gave the same bits.

    Examples
    --------
    >>> print(LoopTiming("add", 1_000_000, loop=0.4858, vectorized=0.0064, identical=True))
    add of 1,000,000 elements: 0.4858 s in a loop, 0.0064 s vectorized, 75.9 times as fast, identical results
    """

    operation: str
    n: int
    loop: float
    vectorized: float
    identical: bool

    @property
    def ratio(self) -> float:
        """How many times as fast the vectorized form is."""
        return self.loop / self.vectorized

    def __str__(self) -> str:
        same = "identical" if self.identical else "different"
        return (
            f"{self.operation} of {self.n:,} elements: {self.loop:.4f} s in a loop, {self.vectorized:.4f} s "
            f"vectorized, {self.ratio:.1f} times as fast, {same} results"
        )


def time_loop(operation: str = "add", n: SupportsIndex = 1_000_000, *, seed: int = 0) -> LoopTiming:
    """Time an element-wise operation as a loop over elements and as one call of NumPy.

    Parameters
    ----------
    operation : {"add", "multiply", "relu"}
        x + y, x * y or max(0, x), of standard normal numbers in float64.
    n : int
        Number of elements; a million takes a few tenths of a second.
    seed : int
        Fixes the numbers; the times are those of this machine.

    Raises
    ------
    ParameterError
        If the operation is unknown, or a number is too small.

    Examples
    --------
    >>> time_loop("relu", 1000).identical
    True
    """
    looped, vectorized = choose("operation", operation, OPERATIONS)
    size = whole("n", n, 1)
    x, y = np.random.default_rng(whole("seed", seed, 0)).standard_normal((2, size))
    slow, slow_seconds = _timed(looped, x, y, runs=2)
    fast, fast_seconds = _timed(vectorized, x, y, runs=5)
    return LoopTiming(operation, size, slow_seconds, fast_seconds, slow.tobytes() == fast.tobytes())


def _timed(compute: Callable[..., Array], x: Array, y: Array, runs: int) -> tuple[Array, float]:
    """Return the result and the least time of several runs: other programs can only add to it."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        result = compute(x, y)
        seconds.append(time.perf_counter() - start)
    return result, max(min(seconds), CLOCK)


def _loop_add(x: Array, y: Array) -> Array:
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = x[i] + y[i]
    return out


def _loop_multiply(x: Array, y: Array) -> Array:
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = x[i] * y[i]
    return out


def _loop_relu(x: Array, _y: Array) -> Array:
    out = np.empty_like(x)
    for i in range(len(x)):
        out[i] = max(0.0, x[i])
    return out


def _relu(x: Array, _y: Array) -> Any:
    return np.maximum(0.0, x)


CLOCK = 1e-9  # seconds: what the clock can tell apart, so that no time is zero
OPERATIONS: dict[str, tuple[Callable[..., Array], Callable[..., Array]]] = {
    "add": (_loop_add, np.add),
    "multiply": (_loop_multiply, np.multiply),
    "relu": (_loop_relu, _relu),
}
