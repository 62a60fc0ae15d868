"""A data set: inputs, targets, and what is needed to show them, checked once when it is made.

Whoever receives a `Dataset` may rely on it: rows and targets agree in number, every number is finite, and
every label names a class. Nothing is repaired silently: what does not fit is refused with place and value.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zanjir.errors import DataError, ParameterError, ShapeError

if TYPE_CHECKING:
    from zanjir.data.table_preparation import TablePreparation

__all__ = ["Array", "Dataset"]

Array = NDArray[Any]

INPUT_TYPES = ("float32", "float64", "uint8")


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Inputs with their targets, and how to read both.

    Parameters
    ----------
    name : str
        What errors and titles call the data set.
    X : float32, float64 or uint8 array of shape (N, D)
        One sample per row, in the data's own units.
    y : array of shape (N,) or (N, K)
        Classification: labels in [0, C), kept as int64, shape (N,). Regression: targets as floats.
    classes : tuple of C str, optional
        Names of the classes; empty for regression.
    image_shape : tuple of int, optional
        Shape in which a row is a picture, such as (28, 28); its product is D.
    scale : float
        Divide X by this to bring it to about [0, 1]: 255 for bytes, 16 for the digits, 1 for the toys.
    test : Dataset, optional
        The test set that came with the files.
    columns : TablePreparation, optional
        How X was made from the columns of a table.

    Raises
    ------
    ShapeError
        If X is not 2-D, y does not have one entry per row, or ``image_shape`` does not hold D numbers.
    DataError
        If there are no samples, a number is NaN or infinite, a label is not a whole number in [0, C), or
        ``test`` has other features or classes.
    ParameterError
        If ``scale`` is not a positive number, or two classes have the same name.

    Notes
    -----
    Arrays are not copied, and two data sets are equal only if they are the same object.

    Examples
    --------
    >>> Dataset("and", X=[[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]], y=[0, 0, 1], classes=("no", "yes"))
    Dataset('and': 3 samples, 2 features float64, 2 classes)
    >>> Dataset("and", X=[[0.0, 0.0], [0.0, 1.0]], y=[0, 2], classes=("no", "yes"))
    Traceback (most recent call last):
        ...
    zanjir.errors.DataError: and: y[1] is 2; expected labels in [0, 2), one for each of the 2 classes.
    """

    name: str
    X: Array
    y: Array
    classes: tuple[str, ...] = ()
    image_shape: tuple[int, ...] | None = None
    scale: float = 1.0
    test: Dataset | None = None
    columns: TablePreparation | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "X", _inputs(self.name, self.X))
        targets = _labels(self) if self.classes else _targets(self)
        object.__setattr__(self, "y", targets)
        _check_reading(self)
        _check_test(self)

    @property
    def n_samples(self) -> int:
        """Number N of samples."""
        return len(self.X)

    @property
    def n_features(self) -> int:
        """Number D of features of a sample."""
        return int(self.X.shape[1])

    @property
    def images(self) -> Array:
        """The rows of X as pictures: a view of shape (N, H, W), or (N, H, W, C) in color.

        Raises
        ------
        ShapeError
            If the rows are no pictures.
        """
        if self.image_shape is None:
            raise ShapeError(f"{self.name}: the rows of X are no pictures: there is no image_shape; use X itself.")
        return self.X.reshape(-1, *self.image_shape)

    @property
    def is_classification(self) -> bool:
        """Whether y holds labels of classes rather than numbers to predict."""
        return bool(self.classes)

    def take(self, indices: ArrayLike) -> Dataset:
        """Return the data set of the rows at ``indices``, in that order, with the same test set.

        Parameters
        ----------
        indices : int array of shape (M,), M >= 1
            Rows to take, each in [0, N); a row may be taken more than once.

        Raises
        ------
        ParameterError
            If ``indices`` is not a 1-D array of whole numbers in [0, N).
        DataError
            If ``indices`` is empty.

        Examples
        --------
        >>> Dataset("squares", X=[[1.0], [2.0], [3.0]], y=[1.0, 4.0, 9.0]).take([2, 0]).y
        array([9., 1.])
        """
        rows = _rows(self, indices)
        return dataclasses.replace(self, X=self.X[rows], y=self.y[rows])

    def __repr__(self) -> str:
        task = f"{len(self.classes)} classes" if self.is_classification else "regression"
        test = f", {self.test.n_samples} test samples" if self.test else ""
        sizes = f"{self.n_samples} samples, {self.n_features} features {self.X.dtype}"
        return f"Dataset({self.name!r}: {sizes}, {task}{test})"


def _inputs(name: str, X: ArrayLike) -> Array:
    """Return X as a finite array of shape (N, D) with N and D at least 1."""
    X = _array(name, "X", X)
    if X.ndim != 2:
        raise ShapeError(f"{name}: X has shape {X.shape}; expected (N, D), one sample per row.")
    if not X.size:
        raise DataError(f"{name}: X has shape {X.shape}; expected at least one sample and one feature.")
    if X.dtype not in INPUT_TYPES:
        raise DataError(f"{name}: X has dtype {X.dtype}; expected float32, float64 or uint8; use X.astype(np.float32).")
    _check_finite(name, "X", X)
    return X


def _labels(data: Dataset) -> Array:
    """Return y as int64 labels in [0, C), one per row of X."""
    name, count = data.name, len(data.classes)
    y = _array(name, "y", data.y)
    _check_rows(data, y, "(N,)", y.ndim == 1)
    if y.dtype.kind not in "biuf":
        raise DataError(f"{name}: y has dtype {y.dtype}; expected labels as whole numbers in [0, {count}).")
    _check_finite(name, "y", y)
    wrong = np.flatnonzero((y < 0) | (y >= count) | (y != np.floor(y)))
    if wrong.size:
        seen = f"{name}: y[{wrong[0]}] is {y[wrong[0]]}"
        raise DataError(f"{seen}; expected labels in [0, {count}), one for each of the {count} classes.")
    return y.astype(np.int64, copy=False)


def _targets(data: Dataset) -> Array:
    """Return y as finite float32 or float64 targets, one per row of X."""
    y = _array(data.name, "y", data.y)
    _check_rows(data, y, "(N,) or (N, K)", y.ndim in {1, 2} and y.size > 0)
    if y.dtype.kind not in "biuf":
        raise DataError(f"{data.name}: y has dtype {y.dtype}; expected numbers, or give the names of classes.")
    _check_finite(data.name, "y", y)
    return y if y.dtype in {np.dtype("float32"), np.dtype("float64")} else y.astype(np.float64)


def _array(name: str, what: str, values: ArrayLike) -> Array:
    """Return ``values`` as an array, or say that its rows differ in length."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ShapeError(f"{name}: {what} is not an array: {error}") from error


def _check_rows(data: Dataset, y: Array, expected: str, fits: bool) -> None:
    if not fits or len(y) != len(data.X):
        raise ShapeError(
            f"{data.name}: y has shape {y.shape} and X {data.X.shape}; "
            f"expected y of shape {expected} with N = {len(data.X)}, one entry per row of X."
        )


def _check_finite(name: str, what: str, values: Array) -> None:
    """Refuse NaN and infinity, naming how many there are and where the first one is."""
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    wrong = np.argwhere(~np.isfinite(values))
    place = ", ".join(str(index) for index in wrong[0])
    raise DataError(
        f"{name}: {what} has {len(wrong)} of {values.size} entries that are NaN or infinite; the first is "
        f"{what}[{place}] = {values[tuple(wrong[0])]}; remove those samples or fill the gaps."
    )


def _check_reading(data: Dataset) -> None:
    """Refuse names, shapes and scales by which the rows could not be shown."""
    if len(set(data.classes)) != len(data.classes):
        raise ParameterError(f"{data.name}: classes must have different names; got {data.classes}.")
    if data.image_shape is not None and math.prod(data.image_shape) != data.n_features:
        raise ShapeError(
            f"{data.name}: image_shape {data.image_shape} holds {math.prod(data.image_shape)} numbers, "
            f"but a row of X has {data.n_features}; expected the same number."
        )
    if not 0 < data.scale < math.inf:
        raise ParameterError(f"{data.name}: scale must be a positive number; got {data.scale}.")


def _check_test(data: Dataset) -> None:
    """Refuse a test set that a model of this data set could not read."""
    test = data.test
    if test is None:
        return
    if test.n_features != data.n_features:
        raise DataError(
            f"{data.name}: the test set has {test.n_features} features and the data set {data.n_features}; "
            "expected the same number."
        )
    if test.classes != data.classes:
        raise DataError(
            f"{data.name}: the test set has the classes {test.classes} and the data set {data.classes}; "
            "expected the same classes."
        )


def _rows(data: Dataset, indices: ArrayLike) -> Array:
    """Return ``indices`` as a 1-D int array of rows of ``data``."""
    rows = np.asarray(indices)
    if rows.ndim != 1 or (rows.size and rows.dtype.kind not in "iu"):
        raise ParameterError(
            f"{data.name}: indices have shape {rows.shape} and dtype {rows.dtype}; "
            "expected a 1-D array of whole numbers; turn a mask into one with np.flatnonzero(mask)."
        )
    wrong = np.flatnonzero((rows < 0) | (rows >= data.n_samples))
    if wrong.size:
        seen = f"{data.name}: indices[{wrong[0]}] is {rows[wrong[0]]}"
        raise ParameterError(f"{seen}; expected rows in [0, {data.n_samples}).")
    return rows.astype(np.int64, copy=False)
