"""The challenges of image classification, made on purpose: pictures shifted, lit, covered, noisy and cluttered.

Every function takes pictures as rows, and returns as many in the same dtype; the same seed gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from zanjir.data._checks import amount, array_of, real, whole
from zanjir.data.dataset import Array, Dataset
from zanjir.errors import DataError, ParameterError, ShapeError, choose

__all__ = [
    "CHALLENGES",
    "add_noise",
    "brighten",
    "challenge",
    "challenge_accuracy",
    "clutter",
    "occlude",
    "shift",
]

Shape = tuple[int, ...]


def shift(X: ArrayLike, image_shape: Shape, strength: float, *, seed: int = 0, highest: float = 1.0) -> Array:
    """Return pictures moved by whole pixels, at most ``strength`` of their size in each direction.

    Parameters
    ----------
    X : array of shape (N, D)
        One picture per row; black is 0.
    image_shape : tuple of int
        (height, width), or (height, width, channels); their product is D.
    strength : float in [0, 1]
        Share of height and of width; each picture has its own direction and distance.
    seed : int
        The same seed gives the same bits.
    highest : float
        The value of white: no number may be above it.

    Returns
    -------
    array of shape (N, D)
        What has moved out is lost; what has moved in is black.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the rows are no such pictures, or a number is outside its range.

    Examples
    --------
    >>> shift(np.array([[0.1, 0.2, 0.3, 0.4]]), (2, 2), 0.5, seed=0)
    array([[0. , 0. , 0.1, 0.2]])
    """
    images, rng = _started(X, image_shape, strength, seed, highest)
    n, height, width, _ = images.shape
    reach = np.array([_rounded(strength * height), _rounded(strength * width)])
    moves = rng.integers(-reach, reach + 1, (n, 2))
    rows = np.arange(height) - moves[:, :1]
    columns = np.arange(width) - moves[:, 1:]
    sample = np.arange(n)[:, np.newaxis, np.newaxis]
    moved = images[sample, (rows % height)[:, :, np.newaxis], (columns % width)[:, np.newaxis, :]]
    seen = ((rows >= 0) & (rows < height))[:, :, np.newaxis] & ((columns >= 0) & (columns < width))[:, np.newaxis, :]
    return _finished(np.where(seen[..., np.newaxis], moved, 0), X, highest)


def brighten(X: ArrayLike, image_shape: Shape, strength: float, *, seed: int = 0, highest: float = 1.0) -> Array:
    """Return pictures in other light: a number between -strength and strength of white is added to each.

    Parameters
    ----------
    X : array of shape (N, D)
        One picture per row.
    image_shape : tuple of int
        (height, width), or (height, width, channels); their product is D.
    strength : float in [0, 1]
        The largest change, as a share of white.
    seed : int
        The same seed gives the same bits.
    highest : float
        The value of white: 1, 16 for the digits, 255 for bytes. Nothing gets brighter than white or darker than 0.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the rows are no such pictures, or a number is outside its range.

    Examples
    --------
    >>> brighten(np.array([[0.0, 0.25, 0.5, 1.0]]), (2, 2), 0.5, seed=0).round(3)
    array([[0.137, 0.387, 0.637, 1.   ]])
    """
    images, rng = _started(X, image_shape, strength, seed, highest)
    added = strength * highest * rng.uniform(-1, 1, (len(images), 1, 1, 1))
    return _finished(images + added, X, highest)


def occlude(X: ArrayLike, image_shape: Shape, strength: float, *, seed: int = 0, highest: float = 1.0) -> Array:
    """Return pictures with a gray rectangle before them, somewhere, that covers about ``strength`` of the area.

    Parameters
    ----------
    X : array of shape (N, D)
        One picture per row.
    image_shape : tuple of int
        (height, width), or (height, width, channels); their product is D.
    strength : float in [0, 1]
        Share of the area; the rectangle has the form of the picture, in whole pixels.
    seed : int
        The same seed gives the same bits.
    highest : float
        The value of white; the rectangle is half as bright.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the rows are no such pictures, or a number is outside its range.

    References
    ----------
    DeVries and Taylor (2017), Improved regularization of convolutional neural networks with cutout.

    Examples
    --------
    >>> occlude(np.ones((1, 4)), (2, 2), 0.25, seed=0)
    array([[1. , 1. , 1. , 0.5]])
    """
    images, rng = _started(X, image_shape, strength, seed, highest)
    n, height, width, _ = images.shape
    size = np.array([_rounded(math.sqrt(strength) * height), _rounded(math.sqrt(strength) * width)])
    corner = rng.integers(0, np.array([height, width]) - size + 1, (n, 2))
    in_rows, in_columns = (
        (np.arange(side) >= corner[:, k : k + 1]) & (np.arange(side) < corner[:, k : k + 1] + size[k])
        for k, side in enumerate((height, width))
    )
    covered = in_rows[:, :, np.newaxis] & in_columns[:, np.newaxis, :]
    return _finished(np.where(covered[..., np.newaxis], highest / 2, images), X, highest)


def add_noise(X: ArrayLike, image_shape: Shape, strength: float, *, seed: int = 0, highest: float = 1.0) -> Array:
    """Return pictures with normal noise on every pixel, of standard deviation ``strength`` times white.

    Parameters
    ----------
    X : array of shape (N, D)
        One picture per row.
    image_shape : tuple of int
        (height, width), or (height, width, channels); their product is D.
    strength : float in [0, 1]
        Standard deviation, as a share of white.
    seed : int
        The same seed gives the same bits.
    highest : float
        The value of white. Nothing gets brighter than white or darker than 0.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the rows are no such pictures, or a number is outside its range.

    Examples
    --------
    >>> add_noise(np.full((1, 4), 0.5), (2, 2), 0.1, seed=0).round(3)
    array([[0.513, 0.487, 0.564, 0.51 ]])
    """
    images, rng = _started(X, image_shape, strength, seed, highest)
    return _finished(images + strength * highest * rng.standard_normal(images.shape), X, highest)


def clutter(X: ArrayLike, image_shape: Shape, strength: float, *, seed: int = 0, highest: float = 1.0) -> Array:
    """Return pictures before a background of random gray levels, up to ``strength`` times white.

    Parameters
    ----------
    X : array of shape (N, D)
        One picture per row, bright on black: the background shows where it is brighter.
    image_shape : tuple of int
        (height, width), or (height, width, channels); their product is D.
    strength : float in [0, 1]
        The brightest background, as a share of white.
    seed : int
        The same seed gives the same bits.
    highest : float
        The value of white.

    Raises
    ------
    ShapeError, DataError, ParameterError
        If the rows are no such pictures, or a number is outside its range.

    Examples
    --------
    >>> clutter(np.array([[0.0, 0.0, 1.0, 1.0]]), (2, 2), 0.5, seed=0).round(3)
    array([[0.318, 0.135, 1.   , 1.   ]])
    """
    images, rng = _started(X, image_shape, strength, seed, highest)
    return _finished(np.maximum(images, strength * highest * rng.random(images.shape)), X, highest)


CHALLENGES: Mapping[str, tuple[Callable[..., Array], float]] = {
    "shift": (shift, 0.125),
    "brightness": (brighten, 0.5),
    "occlusion": (occlude, 0.15),
    "noise": (add_noise, 0.25),
    "clutter": (clutter, 0.5),
}
"""The challenges by name, each with a strength at which a person still reads the digits."""


def challenge(dataset: Dataset, name: str, strength: float | None = None, *, seed: int = 0) -> Dataset:
    """Return a data set whose pictures have been made harder; its labels stay.

    Parameters
    ----------
    dataset : Dataset
        Pictures; its ``scale`` is taken for white.
    name : str
        A name in `CHALLENGES`.
    strength : float in [0, 1], optional
        How hard; the challenge's own strength if not given.
    seed : int
        The same seed gives the same bits.

    Raises
    ------
    ParameterError
        If there is no such challenge, or a number is outside its range.
    ShapeError
        If the rows are no pictures.

    Examples
    --------
    >>> from zanjir.data import load
    >>> challenge(load("digits"), "shift")
    Dataset('digits, shift 0.125': 1797 samples, 64 features float32, 10 classes)
    """
    apply, own = choose("challenge", name, dict(CHALLENGES))
    strength = own if strength is None else strength
    if dataset.image_shape is None:
        raise ShapeError(f"{dataset.name}: the rows of X are no pictures; choose data that are, such as digits.")
    X = apply(dataset.X, dataset.image_shape, strength, seed=seed, highest=dataset.scale)
    return replace(dataset, name=f"{dataset.name}, {name} {strength:g}", X=X, test=None)


def challenge_accuracy(
    predict: Callable[[Array], Any],
    dataset: Dataset,
    strengths: Mapping[str, float | None] | None = None,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Return the accuracy of a classifier on pictures as they are, under ``"none"``, and in each challenge.

    Parameters
    ----------
    predict : function
        From rows in the data's own units to labels in [0, C), as the data number them.
    dataset : Dataset
        Pictures that the classifier has not learned from.
    strengths : mapping of str to float or None, optional
        Challenges with their strengths, None for a challenge's own; all challenges if not given.
    seed : int
        The same seed gives the same pictures.

    Raises
    ------
    ParameterError, ShapeError, DataError
        If there is no such challenge, or there are no pictures or no classes.

    Examples
    --------
    >>> two = Dataset("two", [[0.0, 1.0], [1.0, 0.0]], [0, 1], ("right", "left"), (1, 2))
    >>> challenge_accuracy(lambda X: (X[:, 0] > 0.5).astype(int), two, {"occlusion": 1.0})
    {'none': 1.0, 'occlusion': 0.5}
    """
    if not dataset.classes:
        raise DataError(f"{dataset.name} has numbers as targets, and accuracy needs classes; choose such data.")
    wanted = dict.fromkeys(CHALLENGES) if strengths is None else strengths
    harder = {name: challenge(dataset, name, strength, seed=seed) for name, strength in wanted.items()}
    return {name: float(np.mean(predict(data.X) == data.y)) for name, data in {"none": dataset, **harder}.items()}


def _started(
    X: ArrayLike, image_shape: Shape, strength: float, seed: int, highest: float
) -> tuple[Array, np.random.Generator]:
    """Return the rows as pictures (N, H, W, channels) of floats, and the generator, if everything fits."""
    rows = array_of("X", X)
    shape = tuple(image_shape)
    if len(shape) not in {2, 3} or rows.ndim != 2 or rows.shape[1] != math.prod(shape):
        raise ShapeError(
            f"X is {rows.shape} and image_shape {shape}; expected (N, D) and (height, width) or "
            "(height, width, channels) whose product is D."
        )
    if not 0 <= real(strength) <= 1:
        raise ParameterError(f"strength must be a number in [0, 1]; got {strength!r}.")
    if not amount("highest", highest):
        raise ParameterError("highest must be above 0: it is the value of white; got 0.")
    outside = rows[~((rows >= 0) & (rows <= highest))]
    if len(outside):
        raise DataError(
            f"X holds {outside[0]:g}, expected numbers in [0, {highest:g}]; give the value of white: highest."
        )
    floats = rows if rows.dtype.kind == "f" else rows.astype(np.float64)
    return floats.reshape(-1, *shape, *(1,) * (3 - len(shape))), np.random.default_rng(whole("seed", seed, 0))


def _finished(images: Array, X: ArrayLike, highest: float) -> Array:
    """Return pictures as rows in the dtype that they had, nowhere darker than black or brighter than white."""
    rows = np.asarray(X)
    clipped = np.clip(images, 0, highest)
    whole_numbers = np.rint(clipped) if rows.dtype.kind in "biu" else clipped
    return whole_numbers.reshape(rows.shape).astype(rows.dtype)


def _rounded(number: float) -> int:
    """Return the nearest whole number, halves upwards: 0.125 of 28 pixels are 4."""
    return math.floor(number + 0.5)
