"""Products of features, by which a linear model draws curves, and how many there are: too many, for pictures.

With n features there are C(n + d - 1, d) products of exactly d of them, C(n, d) of d different ones, and C(n + d, d)
of at most d, the empty product 1 among them [1]_.

References
----------
.. [1] Feller (1968), An Introduction to Probability Theory and Its Applications, vol. 1, section II.5.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike

from zanjir.data._checks import affordable, floats_of, whole
from zanjir.data.dataset import Array
from zanjir.errors import ParameterError, ShapeError, choose

__all__ = ["PolynomialFeatures"]

MAX_NAMES = 1_000_000


@dataclass(frozen=True)
class PolynomialFeatures:
    """The products of features up to a degree, in a fixed order; call it to expand data.

    Lower degrees come first; within a degree the order is that of a dictionary in which x1 is the first letter:
    1, x1, x2, x1^2, x1 x2, x2^2. It is scikit-learn's order.

    Parameters
    ----------
    n_features : int
        Number n of features, which are called x1 to xn.
    degree : int
        Number d of factors.
    terms : {"up to", "exactly", "cross"}
        Products of at most d factors, and 1; of exactly d factors; or of exactly d different ones.

    Raises
    ------
    ParameterError
        If a number is not whole or too small, or ``terms`` is unknown.

    Examples
    --------
    >>> quadratic = PolynomialFeatures(2, 2)
    >>> quadratic.names
    ('1', 'x1', 'x2', 'x1^2', 'x1 x2', 'x2^2')
    >>> quadratic([[2.0, 3.0]])
    array([[1., 2., 3., 4., 6., 9.]])
    >>> PolynomialFeatures(64, 2, "exactly").count, PolynomialFeatures(3072, 3, "exactly").count
    (2080, 4836557824)
    """

    n_features: int
    degree: int
    terms: str = "up to"

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_features", whole("n_features", self.n_features, 1))
        object.__setattr__(self, "degree", whole("degree", self.degree, 0))
        choose("choice of terms", self.terms, dict.fromkeys(("up to", "exactly", "cross")))

    @property
    def count(self) -> int:
        """Number of products, by formula: nothing is multiplied."""
        n, d = self.n_features, self.degree
        if self.terms == "up to":
            return math.comb(n + d, d)
        return math.comb(n, d) if self.terms == "cross" else math.comb(n + d - 1, d)

    @property
    def names(self) -> tuple[str, ...]:
        """The products in words, in order.

        Raises
        ------
        ParameterError
            If there are more than a million.
        """
        if self.count > MAX_NAMES:
            raise ParameterError(
                f"there are {self.count:,} products of degree {self.degree} of {self.n_features} features; expected at "
                f"most {MAX_NAMES:,} to name; use count for their number."
            )
        choices = combinations if self.terms == "cross" else combinations_with_replacement
        return tuple(_name(factors) for d in self._degrees for factors in choices(range(1, self.n_features + 1), d))

    def __call__(self, X: ArrayLike) -> Array:
        """Return the products of each row.

        Parameters
        ----------
        X : array of shape (N, n)
            One sample per row; whole numbers are computed with as float64, so that bytes do not wrap.

        Returns
        -------
        float32 or float64 array of shape (N, count)

        Raises
        ------
        ShapeError
            If X has not n columns.
        ParameterError
            If the result, or what it is made from, would take more than 4 GiB.
        """
        inputs = floats_of("X", X)
        if inputs.ndim != 2 or inputs.shape[1] != self.n_features:
            raise ShapeError(f"X has shape {inputs.shape}; expected (N, {self.n_features}), one sample per row.")
        affordable(f"the products of degree {self.degree}", (len(inputs), self.count), inputs.dtype)
        if self.terms == "cross":  # there are fewer of many factors than of half of them, on the way
            half = min(self.degree, self.n_features // 2)
            affordable(f"the products of degree {half}", (len(inputs), math.comb(self.n_features, half)), inputs.dtype)
        out = np.empty((len(inputs), self.count), inputs.dtype)
        place = 0
        for products in self._by_degree(inputs):
            out[:, place : place + products.shape[1]] = products
            place += products.shape[1]
        return out

    @property
    def _degrees(self) -> range:
        return range(self.degree + 1) if self.terms == "up to" else range(self.degree, self.degree + 1)

    def _by_degree(self, X: Array) -> Iterator[Array]:
        """Return the products of each degree that is wanted, each made from those of the degree below."""
        if 0 in self._degrees:
            yield np.ones((len(X), 1), X.dtype)
        products, first = X, np.arange(self.n_features)  # the features, and each product's first factor
        for d in range(1, self.degree + 1):
            if d > 1:
                products, first = self._multiplied(X, products, first)
            if d in self._degrees:
                yield products

    def _multiplied(self, X: Array, products: Array, first: Array) -> tuple[Array, Array]:
        """Put each feature before the products that do not begin with an earlier one."""
        columns = np.arange(self.n_features)
        starts = np.searchsorted(first, columns, side="right" if self.terms == "cross" else "left")
        blocks = [X[:, [j]] * products[:, start:] for j, start in enumerate(starts)]
        return np.concatenate(blocks, axis=1), np.repeat(columns, products.shape[1] - starts)


def _name(factors: tuple[int, ...]) -> str:
    """Return a product in words: x1^2 x3."""
    powers = (f"x{factor}" + (f"^{power}" if power > 1 else "") for factor, power in Counter(factors).items())
    return " ".join(powers) or "1"
