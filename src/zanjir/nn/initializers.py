"""First values of the weights. Biases start at zero.

Weights have the shape (..., inputs, outputs): two sizes in a linear layer, (height, width, channels in, channels out)
in a convolution, where each pixel of a window is an input of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from zanjir.graph import Array

__all__ = ["INITIALIZERS", "Initializer", "glorot", "he", "small", "zeros"]

Initializer: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Array]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Return how many numbers an output is made of, and how many an input goes into.

    Examples
    --------
    >>> fans((784, 10)), fans((3, 3, 8, 16))
    ((784, 10), (72, 144))
    """
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def small(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """0.001 times standard normal numbers, as in the notes.

    Examples
    --------
    >>> bool(abs(small(np.random.default_rng(0), (100, 100)).std() / 0.001 - 1) < 0.05)
    True
    """
    return 0.001 * rng.standard_normal(shape)


def glorot(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Uniform on +-sqrt(6 / (fan_in + fan_out)): keeps the variance of tanh and sigmoid layers.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
    """
    limit = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def he(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Normal with standard deviation sqrt(2 / fan_in): keeps the variance of relu layers.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers.
    """
    return math.sqrt(2 / fans(shape)[0]) * rng.standard_normal(shape)


def zeros(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Zeros: for linear models alone, as the units of a hidden layer would stay equal.

    Examples
    --------
    >>> zeros(np.random.default_rng(0), (2, 1)).tolist()
    [[0.0], [0.0]]
    """
    return np.zeros(shape)


INITIALIZERS: dict[str, Initializer] = {"small": small, "glorot": glorot, "he": he, "zeros": zeros}
