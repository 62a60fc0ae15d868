"""Small made-up data sets in the plane and on the line, on which every idea of the lectures can be seen.

Each is a function of ``n_samples``, ``noise`` and ``seed``: the same arguments give the same bits. The labels
of a classification set go round (0, 1, 0, 1, ...), so that the classes differ by one sample at most and any
piece of the set is balanced; where the place decides the label, they are as the places fall.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import SupportsFloat, SupportsIndex

import numpy as np

from zanjir.data._checks import amount, whole
from zanjir.data.dataset import Array, Dataset

__all__ = [
    "TOYS",
    "checkerboard",
    "circles",
    "gaussians",
    "line",
    "moons",
    "regression_gaussian",
    "regression_plane",
    "spirals",
    "xor",
]

N_SAMPLES = 500
PLAYGROUND_RADIUS = 6.0  # the playground's plane is [-6, 6] x [-6, 6]
# the playground's six bumps: x, y, sign
PLAYGROUND_BUMPS = np.array(
    [(-4, 2.5, 1), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)], dtype=np.float64
)


def line(
    n_samples: int = N_SAMPLES,
    *,
    noise: float = 0.1,
    seed: int = 0,
    slope: float = 2.0,
    intercept: float = 1.0,
) -> Dataset:
    """Return points about a line: regression with one feature, the smallest problem there is.

    Parameters
    ----------
    n_samples : int
        Number N of points.
    noise : float
        Standard deviation of what is added to y.
    seed : int
        The same seed gives the same bits.
    slope, intercept : float
        y = slope * x + intercept, with x uniform in [-1, 1].

    Returns
    -------
    Dataset
        X of shape (N, 1), y of shape (N,).

    Raises
    ------
    ParameterError
        If ``n_samples`` < 1, or ``noise`` or ``seed`` is negative.

    Examples
    --------
    >>> data = line(3, noise=0.0, slope=3.0, intercept=0.5)
    >>> bool(np.allclose(data.y, 3.0 * data.X[:, 0] + 0.5))
    True
    """
    n, rng = _start(n_samples, noise, seed)
    x = rng.uniform(-1, 1, n)
    return Dataset("line", x[:, None], slope * x + intercept + noise * rng.standard_normal(n))


def moons(n_samples: int = N_SAMPLES, *, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Return two half circles that reach into each other: two classes that no line separates.

    Parameters
    ----------
    n_samples : int
        Number N of points, half of them in each moon.
    noise : float
        Standard deviation of what is added to each coordinate; the moons have radius 1.
    seed : int
        The same seed gives the same bits.

    Returns
    -------
    Dataset
        X of shape (N, 2) about [-1, 2] x [-0.5, 1], classes "upper" and "lower".

    Raises
    ------
    ParameterError
        If ``n_samples`` < 2, or ``noise`` or ``seed`` is negative.

    Examples
    --------
    >>> moons(4).y
    array([0, 1, 0, 1])
    """
    n, rng = _start(n_samples, noise, seed, n_classes=2)
    y, angle = np.arange(n) % 2, rng.uniform(0, np.pi, n)
    upper = _polar(1.0, angle)
    places = np.where(y[:, None] == 0, upper, np.array([1.0, 0.5]) - upper)
    return Dataset("moons", _moved(places, noise, rng), y, ("upper", "lower"))


def circles(n_samples: int = N_SAMPLES, *, noise: float = 0.05, seed: int = 0) -> Dataset:
    """Return a circle of radius 1 and one of radius 0.5 inside: separable by x² + y².

    Parameters
    ----------
    n_samples : int
        Number N of points, half of them on each circle.
    noise : float
        Standard deviation of what is added to each coordinate.
    seed : int
        The same seed gives the same bits.

    Returns
    -------
    Dataset
        X of shape (N, 2), classes "outer" and "inner".

    Raises
    ------
    ParameterError
        If ``n_samples`` < 2, or ``noise`` or ``seed`` is negative.

    Examples
    --------
    >>> data = circles(2, noise=0.0)
    >>> np.hypot(*data.X.T).round(12)
    array([1. , 0.5])
    """
    n, rng = _start(n_samples, noise, seed, n_classes=2)
    y = np.arange(n) % 2
    places = _polar(np.array([1.0, 0.5])[y], rng.uniform(0, 2 * np.pi, n))
    return Dataset("circles", _moved(places, noise, rng), y, ("outer", "inner"))


def xor(n_samples: int = N_SAMPLES, *, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Return a square in which opposite quarters are one class: the problem that one neuron cannot solve.

    Parameters
    ----------
    n_samples : int
        Number N of points, uniform in [-1, 1] x [-1, 1].
    noise : float
        Standard deviation of what is added to each coordinate after the label is decided.
    seed : int
        The same seed gives the same bits.

    Returns
    -------
    Dataset
        X of shape (N, 2), class 0 "same sign" and class 1 "different signs".

    Raises
    ------
    ParameterError
        If ``n_samples`` < 2, or ``noise`` or ``seed`` is negative.

    Examples
    --------
    >>> data = xor(100)
    >>> bool(np.all((data.X[:, 0] * data.X[:, 1] < 0) == data.y))
    True
    """
    n, rng = _start(n_samples, noise, seed, n_classes=2)
    places = rng.uniform(-1, 1, (n, 2))
    y = (places[:, 0] < 0) != (places[:, 1] < 0)
    return Dataset("xor", _moved(places, noise, rng), y, ("same sign", "different signs"))


def gaussians(
    n_samples: int = N_SAMPLES,
    *,
    noise: float = 0.25,
    seed: int = 0,
    n_classes: int = 2,
    n_features: int = 2,
) -> Dataset:
    """Return one round cloud per class, with the centers evenly on a circle of radius 1.

    Parameters
    ----------
    n_samples : int
        Number N of points, shared evenly among the classes.
    noise : float
        Standard deviation of each cloud in each coordinate.
    seed : int
        The same seed gives the same bits.
    n_classes : int
        Number C of clouds.
    n_features : int
        Number D >= 2 of coordinates; those after the second are noise alone.

    Returns
    -------
    Dataset
        X of shape (N, D), classes "0", "1", ...

    Raises
    ------
    ParameterError
        If ``n_classes`` or ``n_features`` < 2, ``n_samples`` < C, or ``noise`` or ``seed`` is negative.

    Examples
    --------
    >>> gaussians(6, n_classes=3, n_features=4)
    Dataset('gaussians': 6 samples, 4 features float64, 3 classes)
    """
    count, width = whole("n_classes", n_classes, 2), whole("n_features", n_features, 2)
    n, rng = _start(n_samples, noise, seed, count)
    y = np.arange(n) % count
    places = np.zeros((n, width))
    places[:, :2] = _polar(1.0, 2 * np.pi * y / count)
    return Dataset("gaussians", _moved(places, noise, rng), y, _numbers(count))


def spirals(n_samples: int = N_SAMPLES, *, noise: float = 0.02, seed: int = 0, n_classes: int = 2) -> Dataset:
    """Return spiral arms of 1.75 turns, one per class: the playground's hardest set.

    Parameters
    ----------
    n_samples : int
        Number N of points, shared evenly among the arms.
    noise : float
        Standard deviation of what is added to each coordinate; the arms end at radius 1.
    seed : int
        The same seed gives the same bits.
    n_classes : int
        Number C of arms.

    Returns
    -------
    Dataset
        X of shape (N, 2), classes "0", "1", ...

    Raises
    ------
    ParameterError
        If ``n_classes`` < 2, ``n_samples`` < C, or ``noise`` or ``seed`` is negative.

    Examples
    --------
    >>> spirals(7, n_classes=3).y
    array([0, 1, 2, 0, 1, 2, 0])
    """
    count = whole("n_classes", n_classes, 2)
    n, rng = _start(n_samples, noise, seed, count)
    y, radius = np.arange(n) % count, rng.uniform(0, 1, n)
    places = _polar(radius, 2 * np.pi * (1.75 * radius + y / count))
    return Dataset("spirals", _moved(places, noise, rng), y, _numbers(count))


def checkerboard(n_samples: int = N_SAMPLES, *, noise: float = 0.0, seed: int = 0, squares: int = 4) -> Dataset:
    """Return a checkerboard of two classes: as many pieces of boundary as you ask for.

    Parameters
    ----------
    n_samples : int
        Number N of points, uniform in [-1, 1] x [-1, 1].
    noise : float
        Standard deviation of what is added to each coordinate after the label is decided.
    seed : int
        The same seed gives the same bits.
    squares : int
        Number of squares along a side; 2 is `xor`.

    Returns
    -------
    Dataset
        X of shape (N, 2), classes "white" and "black".

    Raises
    ------
    ParameterError
        If ``squares`` or ``n_samples`` < 2, or ``noise`` or ``seed`` is negative.

    Examples
    --------
    >>> bool(np.all(checkerboard(100, squares=2).y == xor(100).y))
    True
    """
    side = whole("squares", squares, 2)
    n, rng = _start(n_samples, noise, seed, n_classes=2)
    places = rng.uniform(-1, 1, (n, 2))
    y = np.floor((places + 1) * side / 2).sum(axis=1) % 2
    return Dataset("checkerboard", _moved(places, noise, rng), y, ("white", "black"))


def regression_plane(n_samples: int = N_SAMPLES, *, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Return the TensorFlow playground's plane: y = (x1 + x2) / 10.

    Parameters
    ----------
    n_samples : int
        Number N of points, uniform in [-6, 6] x [-6, 6].
    noise : float
        As in the playground: y is read at a place up to 6 * ``noise`` away in each coordinate.
    seed : int
        The same seed gives the same bits.

    Returns
    -------
    Dataset
        X of shape (N, 2), y of shape (N,) in [-1.2, 1.2] if there is no noise.

    Raises
    ------
    ParameterError
        If ``n_samples`` < 1, or ``noise`` or ``seed`` is negative.

    References
    ----------
    .. [1] Smilkov, Carter, Sculley, Viégas, Wattenberg (2017), Direct-manipulation visualization of deep
       networks, arXiv:1708.03788; its function ``regressPlane``.

    Examples
    --------
    >>> data = regression_plane(10)
    >>> bool(np.allclose(data.y, data.X.sum(axis=1) / 10))
    True
    """
    X, places = _playground(n_samples, noise, seed)
    return Dataset("regression_plane", X, places.sum(axis=1) / 10)


def regression_gaussian(n_samples: int = N_SAMPLES, *, noise: float = 0.0, seed: int = 0) -> Dataset:
    """Return the TensorFlow playground's six bumps: y falls from 1 or -1 at a center to 0 at distance 2.

    Parameters
    ----------
    n_samples : int
        Number N of points, uniform in [-6, 6] x [-6, 6].
    noise : float
        As in the playground: y is read at a place up to 6 * ``noise`` away in each coordinate.
    seed : int
        The same seed gives the same bits.

    Returns
    -------
    Dataset
        X of shape (N, 2), y of shape (N,) in [-1, 1].

    Raises
    ------
    ParameterError
        If ``n_samples`` < 1, or ``noise`` or ``seed`` is negative.

    References
    ----------
    .. [1] Smilkov, Carter, Sculley, Viégas, Wattenberg (2017), Direct-manipulation visualization of deep
       networks, arXiv:1708.03788; its function ``regressGaussian``.

    Examples
    --------
    >>> float(np.abs(regression_gaussian(1000).y).max()) > 0.9
    True
    """
    X, places = _playground(n_samples, noise, seed)
    distance = np.linalg.norm(places[:, None, :] - PLAYGROUND_BUMPS[:, :2], axis=2)
    heights = PLAYGROUND_BUMPS[:, 2] * np.clip(1 - distance / 2, 0, 1)
    highest = np.abs(heights).argmax(axis=1)  # two bumps can overlap: the one that is larger counts
    return Dataset("regression_gaussian", X, heights[np.arange(len(X)), highest])


TOYS: dict[str, Callable[..., Dataset]] = {
    "line": line,
    "moons": moons,
    "circles": circles,
    "xor": xor,
    "gaussians": gaussians,
    "spirals": spirals,
    "checkerboard": checkerboard,
    "regression_plane": regression_plane,
    "regression_gaussian": regression_gaussian,
}


def _start(
    n_samples: SupportsIndex, noise: SupportsFloat, seed: SupportsIndex, n_classes: int = 1
) -> tuple[int, np.random.Generator]:
    """Check what all toys are given; return the number of samples and the generator."""
    amount("noise", noise)
    n = whole("n_samples", n_samples, n_classes)
    return n, np.random.default_rng(whole("seed", seed, 0))


def _polar(radius: float | Array, angle: Array) -> Array:
    """Return the points at a radius and an angle, in radians: shape (N, 2)."""
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _numbers(count: int) -> tuple[str, ...]:
    return tuple(str(label) for label in range(count))


def _moved(places: Array, noise: float, rng: np.random.Generator) -> Array:
    """Return the places after normal noise has moved them."""
    return places + noise * rng.standard_normal(places.shape)


def _playground(n_samples: int, noise: float, seed: int) -> tuple[Array, Array]:
    """Return the places of the playground's regression sets, and the places at which y is read."""
    n, rng = _start(n_samples, noise, seed)
    X = rng.uniform(-PLAYGROUND_RADIUS, PLAYGROUND_RADIUS, (n, 2))
    return X, X + noise * rng.uniform(-PLAYGROUND_RADIUS, PLAYGROUND_RADIUS, (n, 2))
