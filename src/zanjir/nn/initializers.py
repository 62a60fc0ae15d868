"""First values of the weights. Biases start at zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from zanjir.graph import Array

__all__ = ["INITIALIZERS", "Initializer", "glorot", "he", "small"]

Initializer: TypeAlias = Callable[[np.random.Generator, tuple[int, int]], Array]


def small(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """0.001 times standard normal numbers, as in the notes.

    Examples
    --------
    >>> bool(abs(small(np.random.default_rng(0), (100, 100)).std() / 0.001 - 1) < 0.05)
    True
    """
    return 0.001 * rng.standard_normal(shape)


def glorot(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Uniform on +-sqrt(6 / (fan_in + fan_out)): keeps the variance of tanh and sigmoid layers.

    References
    ----------
    Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward neural networks.
    """
    limit = math.sqrt(6 / sum(shape))
    return rng.uniform(-limit, limit, shape)


def he(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Normal with standard deviation sqrt(2 / fan_in): keeps the variance of relu layers.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers.
    """
    return math.sqrt(2 / shape[0]) * rng.standard_normal(shape)


INITIALIZERS: dict[str, Initializer] = {"small": small, "glorot": glorot, "he": he}
