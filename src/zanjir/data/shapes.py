"""What a tensor is: its axes, its shape, its dtype, and how the axes of data are read. No memory is taken.

References
----------
.. [1] Chollet (2021), Deep Learning with Python, 2nd ed., sections 2.2.1 to 2.2.11: the kinds of data and their axes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zanjir.data._checks import byte_count, whole
from zanjir.errors import DataError, ShapeError, choose

__all__ = ["AXES", "SHAPES", "TensorShape", "describe"]

AXES: Mapping[str, tuple[str, ...]] = {
    "vectors": ("samples", "features"),
    "sequences": ("samples", "steps", "features"),
    "gray images": ("samples", "height", "width"),
    "images": ("samples", "height", "width", "channels"),
    "channels-first images": ("samples", "channels", "height", "width"),
    "videos": ("samples", "frames", "height", "width", "channels"),
    "channels-first videos": ("samples", "frames", "channels", "height", "width"),
}
COLORS = (1, 3, 4)  # channels that a picture can have: gray, red-green-blue, and these with transparency
DTYPES = {name: np.dtype(name) for name in ("float32", "float64", "uint8", "int64", "int32", "float16", "bool")}
RANKS = ("a scalar", "a vector", "a matrix")


@dataclass(frozen=True)
class TensorShape:
    """The three attributes of a tensor (number of axes, shape and dtype), and how its axes are read.

    Parameters
    ----------
    shape : tuple of int
        Size of each axis; of data, the first counts the samples.
    dtype : dtype
        Type of the numbers.
    kind : str, optional
        A name in `AXES`, if it is known which data these are.
    about : str
        What it is an example of.

    Examples
    --------
    >>> clips = SHAPES["clips"]
    >>> clips.ndim, clips.axes
    (5, ('samples', 'frames', 'height', 'width', 'channels'))
    >>> clips.size, clips.bytes_as("float32") / 2**20  # numbers, MiB
    (106168320, 405.0)
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any] = DTYPES["float32"]
    kind: str | None = None
    about: str = ""

    @property
    def ndim(self) -> int:
        """Number of axes, also called rank."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Number of bytes that the elements take."""
        return self.bytes_as(self.dtype)

    def bytes_as(self, dtype: Any) -> int:
        """Return the number of bytes that the elements would take in another dtype."""
        return self.size * _dtype(dtype).itemsize

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes, if the kind is known."""
        return AXES[self.kind] if self.kind else ()

    @property
    def sample(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return self.shape[1:]

    @property
    def readings(self) -> tuple[str, ...]:
        """The kinds of data that these axes may be: the known one, or all that fit."""
        if self.kind:
            return (self.kind,)
        kinds = [kind for kind, axes in AXES.items() if len(axes) == self.ndim]
        colored = [kind for kind in kinds if _channels(self.shape, kind) in COLORS]
        return tuple(colored or kinds)

    def __str__(self) -> str:
        title = f"{self.about}: " if self.about else ""
        plural = "axis" if self.ndim == 1 else "axes"
        numbers = "1 number" if self.size == 1 else f"{self.size:,} numbers"
        first = f"{title}{_rank(self.ndim)} with {self.ndim} {plural}, shape {self.shape}, dtype {self.dtype}"
        return f"{first}: {numbers}, {byte_count(self.nbytes)}.{self._read()}"

    def _read(self) -> str:
        """Return what the axes mean, in words."""
        if self.ndim == 1:
            return (
                f" It is a 1-D tensor and a {self.shape[0]}-dimensional vector: a tensor's dimensions are its axes, "
                "a vector's are its entries."
            )
        readings = [f"{kind} ({_pairs(AXES[kind], self.shape)})" for kind in self.readings]
        return f" As data: {' or '.join(readings)}." if readings else ""


def describe(tensor: Any, *, kind: str | None = None, dtype: Any = None) -> TensorShape:
    """Return the number of axes, shape, dtype and size of a tensor; printed, it says what they mean.

    Parameters
    ----------
    tensor : array, number or nested list; tuple of int; str
        A tensor; or the shape of one, as a tuple; or the name of an example in `SHAPES`. A tensor is neither copied
        nor read, and for a shape none is made.
    kind : str, optional
        A name in `AXES`, to say which data these are.
    dtype : dtype, optional
        Counts bytes in this dtype: by default that of the tensor, and float32 for a shape.

    Raises
    ------
    ShapeError
        If a kind of data with another number of axes is asked for, or lists are of different lengths.
    ParameterError
        If a name or dtype is unknown, or a size is negative.
    DataError
        If there are texts or objects instead of numbers.

    Examples
    --------
    >>> print(describe(np.array([12, 3, 6, 14])))
    a vector with 1 axis, shape (4,), dtype int64: 4 numbers, 32 bytes. It is a 1-D tensor and a 4-dimensional \
vector: a tensor's dimensions are its axes, a vector's are its entries.
    >>> print(describe((128, 256, 256, 3)))
    a 4-D tensor with 4 axes, shape (128, 256, 256, 3), dtype float32: 25,165,824 numbers, 96.0 MiB. As data: images \
(samples 128, height 256, width 256, channels 3).
    >>> print(describe("tweets", dtype="uint8"))
    1,000,000 tweets of 280 characters over an alphabet of 128, one-hot: a 3-D tensor with 3 axes, shape (1000000, \
280, 128), dtype uint8: 35,840,000,000 numbers, 33.4 GiB. As data: sequences (samples 1000000, steps 280, features 128).
    """
    found = _found(tensor)
    if dtype is not None:
        found = replace(found, dtype=_dtype(dtype))
    if kind is None:
        return found
    axes = choose("kind of data", kind, dict(AXES))
    if len(axes) != found.ndim:
        raise ShapeError(f"shape {found.shape} has {found.ndim} axes; {kind} have {len(axes)}: {', '.join(axes)}.")
    return replace(found, kind=kind)


def _found(tensor: Any) -> TensorShape:
    """Return the shape of a tensor, of a shape, or of an example."""
    if isinstance(tensor, str):
        return choose("example", tensor, dict(SHAPES))
    if isinstance(tensor, tuple):
        return TensorShape(tuple(whole("the size of an axis", size, 0) for size in tensor))
    if not (hasattr(tensor, "shape") and hasattr(tensor, "dtype")):
        tensor = _array(tensor)
    if tensor.dtype.kind not in "biuf":
        raise DataError(
            f"a tensor holds real numbers; got dtype {tensor.dtype}; turn texts into numbers with one_hot_text or "
            "count_words."
        )
    return TensorShape(tuple(tensor.shape), tensor.dtype)


def _array(values: Any) -> Any:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"this is no tensor: {error}; expected nested lists of equal lengths.") from error


def _dtype(dtype: Any) -> np.dtype[Any]:
    """Return a dtype of real numbers, or say which there are."""
    try:
        found: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        return choose("dtype", str(dtype), DTYPES)
    return found if found.kind in "biuf" else choose("dtype of real numbers", str(dtype), DTYPES)


def _rank(ndim: int) -> str:
    return RANKS[ndim] if ndim < len(RANKS) else f"a {ndim}-D tensor"


def _pairs(axes: tuple[str, ...], shape: tuple[int, ...]) -> str:
    return ", ".join(f"{axis} {size}" for axis, size in zip(axes, shape, strict=True))


def _channels(shape: tuple[int, ...], kind: str) -> int | None:
    return shape[AXES[kind].index("channels")] if "channels" in AXES[kind] else None


def _example(kind: str, shape: tuple[int, ...], about: str, dtype: str = "float32") -> TensorShape:
    return TensorShape(shape, DTYPES[dtype], kind, about)


SHAPES: Mapping[str, TensorShape] = {
    "people": _example("vectors", (100_000, 3), "100,000 people, each with age, postcode and income"),
    "documents": _example("vectors", (500, 20_000), "500 documents, counts over a vocabulary of 20,000 words"),
    "trading days": _example(
        "sequences", (250, 390, 3), "250 trading days of 390 minutes: price, and highest and lowest of the last minute"
    ),
    "tweets": _example(
        "sequences", (1_000_000, 280, 128), "1,000,000 tweets of 280 characters over an alphabet of 128, one-hot"
    ),
    "mnist": _example("gray images", (60_000, 28, 28), "MNIST's training images", "uint8"),
    "images": _example("images", (128, 256, 256, 3), "128 color images of 256 x 256, channels last"),
    "channels-first images": _example(
        "channels-first images", (128, 3, 256, 256), "128 color images of 256 x 256, channels first"
    ),
    "clips": _example("videos", (4, 240, 144, 256, 3), "4 clips of 60 s at 4 frames per second, 144 x 256 in color"),
    "channels-first clips": _example(
        "channels-first videos", (4, 240, 3, 144, 256), "4 clips of 60 s at 4 frames per second, channels first"
    ),
}
