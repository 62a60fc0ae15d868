"""Random numbers inside a program: a pure function of a key, so nobody's order of drawing matters."""

from __future__ import annotations

import numpy as np

from zanjir.gates.domains import REAL
from zanjir.graph.gate import Interval, gate
from zanjir.graph.tensor import Array


def uniform_of(key: Array, like: Array, *, stream: int) -> Array:
    """Uniform numbers in [0, 1) for (seed, step) = key and a stream, in the shape and dtype of another array."""
    seed, step = (int(k) for k in key)
    generator = np.random.Generator(np.random.Philox(key=[seed, stream], counter=[0, 0, step, 0]))
    return generator.random(like.shape, dtype=like.dtype)


uniform_like = gate(
    "uniform_like", "(k),(*)->(*)", uniform_of, None, None,
    code="uniform_like({0}, {1}, stream={stream})", latex=r"U", params={"stream": 0}, examples=({}, {"stream": 3}),
    domain=(Interval(0, 2**32, integers=True), REAL),
    source="Philox, a counter-based generator: Salmon et al. (2011), Parallel random numbers: as easy as 1, 2, 3",
)  # fmt: skip

__all__ = ["uniform_like"]
