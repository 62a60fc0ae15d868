"""The geometry of a layer: rotations and affine maps of points, their composition and their determinant."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from zanjir.data._checks import floats_of, real
from zanjir.data.dataset import Array
from zanjir.errors import ParameterError, ShapeError

__all__ = ["AffineMap", "rotation"]


@dataclass(frozen=True, eq=False)
class AffineMap:
    """The map of a point x to matrix x + shift, applied to the rows of an array.

    On the slide a point is a column, and the matrix stands before it; in an array a point is a row, and the same map
    is ``X @ W + b`` with ``W`` the transposed matrix. A layer is such a map and a function of each number:
    ``np.maximum(0, AffineMap(W.T, b)(X))``.

    Parameters
    ----------
    matrix : array of shape (m, n)
        Maps n coordinates to m, as on the slide.
    shift : array of shape (m,), optional
        What is added; zeros if not given.

    Raises
    ------
    ShapeError
        If the matrix has not two axes, or the shift not one entry per row of it.

    Examples
    --------
    >>> turn = AffineMap(rotation(np.pi / 2))
    >>> turn([[1.0, 0.0], [2.0, 1.0]]).round(12) + 0.0
    array([[ 0.,  1.],
           [-1.,  2.]])
    >>> grow = AffineMap([[2.0, 0.0], [0.0, 2.0]], [1.0, 0.0])
    >>> (grow @ turn)([1.0, 0.0]).round(12)  # turn first, then grow
    array([1., 2.])
    >>> (grow @ turn).determinant  # areas become four times as large
    4.0
    """

    matrix: Array
    shift: Array = None  # type: ignore[assignment]  # zeros, whose number the matrix decides

    def __post_init__(self) -> None:
        matrix = floats_of("the matrix", self.matrix)
        if matrix.ndim != 2:
            raise ShapeError(f"the matrix has shape {matrix.shape}; expected 2 axes (m, n).")
        shift = floats_of("the shift", np.zeros(len(matrix), matrix.dtype) if self.shift is None else self.shift)
        if shift.shape != matrix.shape[:1]:
            raise ShapeError(
                f"the shift has shape {shift.shape} and the matrix {matrix.shape}; expected {matrix.shape[:1]}."
            )
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "shift", shift)

    def __call__(self, X: ArrayLike) -> Array:
        """Return the images of points, which are the rows of X: shape (..., n) becomes (..., m).

        Raises
        ------
        ShapeError
            If a row has not n entries.
        """
        points = floats_of("X", X)
        m, n = self.matrix.shape
        if points.ndim < 1 or points.shape[-1] != n:
            raise ShapeError(f"X has shape {points.shape}; expected rows of {n} coordinates, which become {m}.")
        return np.asarray(points @ self.matrix.T + self.shift)

    def __matmul__(self, first: AffineMap) -> AffineMap:
        """Return the map that does the other one first and then this one: again an affine map.

        Raises
        ------
        ParameterError
            If the other one is no map.
        ShapeError
            If it gives another number of coordinates than this one takes.
        """
        if not isinstance(first, AffineMap):
            raise ParameterError(
                f"@ puts a map after another, and {type(first).__name__} is none; call the map on points: map(X)."
            )
        if self.matrix.shape[1] != first.matrix.shape[0]:
            raise ShapeError(
                f"maps do not follow each other: the first gives {first.matrix.shape[0]} coordinates, the second "
                f"takes {self.matrix.shape[1]}; expected the same number."
            )
        return AffineMap(self.matrix @ first.matrix, self(first.shift))

    @property
    def determinant(self) -> float:
        """The factor on areas and volumes, negative if the map mirrors.

        Raises
        ------
        ShapeError
            If the map changes the number of coordinates.
        """
        m, n = self.matrix.shape
        if m != n:
            raise ShapeError(f"the matrix has shape {self.matrix.shape}; expected a square one for a determinant.")
        return float(np.linalg.det(self.matrix))


def rotation(angle: Any) -> Array:
    """Return the matrix that turns the plane counterclockwise: (1, 0) goes to (cos, sin).

    Parameters
    ----------
    angle : float
        In radians: a quarter turn is ``np.pi / 2``.

    Returns
    -------
    array of shape (2, 2)
        [[cos, -sin], [sin, cos]], to stand before a column, as `AffineMap` has it; its determinant is 1.

    Raises
    ------
    ParameterError
        If the angle is not a finite number.

    Examples
    --------
    >>> rotation(np.pi / 6).round(3)
    array([[ 0.866, -0.5  ],
           [ 0.5  ,  0.866]])
    """
    radians = real(angle)
    if not math.isfinite(radians):
        raise ParameterError(f"angle must be a finite number, in radians; got {angle!r}.")
    cosine, sine = math.cos(radians), math.sin(radians)
    return np.array([[cosine, -sine], [sine, cosine]])
