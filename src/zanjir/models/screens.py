r"""Screens: quick bounds on distances, by which all but a few samples are excluded as neighbors.

A screen gives each pair of a query and a sample a score, larger for nearer samples, with a bound on its error. So the
k nearest samples are among those whose score, at best, reaches the k-th largest score at worst. Which they are is
then found by computing the distances of these few in full: see `zanjir.models.nearest`.

The Euclidean screen is one product of matrices. With x and y measured from the mean of the samples,

.. math:: \tfrac{1}{2} \lVert x \rVert^2 - \tfrac{1}{2} \lVert x - y \rVert^2
   = x \cdot y - \tfrac{1}{2} \lVert y \rVert^2,

where a last column holds the second term. A sum of n rounded products, in any order, with or without fused
multiplication, errs by at most n u / (1 - n u) times the sum of their magnitudes [1]_, and

.. math:: |x| \cdot |y| + \tfrac{1}{2} \lVert y \rVert^2
   \le \tfrac{1}{2} \lVert x \rVert^2 + \lVert y \rVert^2

separates into a part of the query and a part of the sample.

References
----------
.. [1] Higham (2002), Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from zanjir.graph import Array

__all__ = ["PairwiseScreen", "ProductScreen", "Queries", "Screen"]

FLOAT64 = 2.0**-53
# Where numbers span more than this, squares leave the range of float64, and nothing is screened.
RANGE = (1e-100, 1e100)
# Beyond that many terms the bound is no bound in this precision.
MOST_ROUNDING = 0.01


@dataclass(frozen=True)
class Queries:
    """Queries as a screen reads them: their rows, and how far the floor of a score lies below it."""

    rows: Array
    slack: Array
    known: Array
    """Which of them the screen can say anything of."""


class Screen(Protocol):
    """What bounds the distances of samples."""

    @property
    def slack(self) -> Array:
        """How far the ceiling of each sample's score lies above it."""

    def queries(self, Q: Array) -> Queries:
        """Return queries in the screen's form."""

    def scores(self, queries: Queries, samples: slice) -> Array:
        """Return the score of each query (row) and sample (column), larger for nearer samples."""

    def floors(self, queries: Queries, least: Array) -> Array:
        """Return, for each query, what a ceiling must reach if the k-th largest score is ``least``."""


@dataclass(frozen=True)
class ProductScreen:
    """Euclidean distances by a product of matrices in float32 or float64.

    Parameters
    ----------
    center : array of shape (D,)
        The mean of the samples, which far data are moved by, so that nothing cancels.
    scale : float
        A power of two by which float32 does not overflow.
    varying : array of shape (V,)
        The features that are not the same in all samples. The others add the same to all distances of a query.
    rows : array of shape (N, V + 1)
        The samples, and minus half their squared norms, lowered by their part of the error.
    slack : array of shape (N,)
        Twice that part.
    """

    center: Array
    scale: float
    varying: Array
    rows: Array
    slack: Array

    @classmethod
    def of(cls, X: Array, dtype: Any) -> ProductScreen | None:
        """Prepare samples (N, D); None if their numbers are too large, too small or too many for it."""
        center, low, high = X.mean(axis=0, dtype=np.float64), X.min(axis=0), X.max(axis=0)
        reach = float(np.maximum(high - center, center - low).max())
        varying = np.flatnonzero(low < high)
        error = relative_error(len(varying) + 1, X.shape[1], dtype)
        if not RANGE[0] < reach < RANGE[1] or error > MOST_ROUNDING:
            return None
        scale = 2.0 ** -float(np.ceil(np.log2(reach)))
        rows, half = moved(X, center, scale, varying, dtype)
        rows[:, -1] = -(1 + 2 * error) * half
        return cls(center, scale, varying, rows, (4 * error * half).astype(dtype))

    def queries(self, Q: Array) -> Queries:
        """Return queries in the screen's form; of one that is too far away nothing is known."""
        dtype, n_terms = self.rows.dtype, self.rows.shape[1]
        with np.errstate(over="ignore"):
            rows, half = moved(Q, self.center, self.scale, self.varying, dtype)
        known = half < np.finfo(dtype).max ** 0.25
        rows[~known], half = 0, np.where(known, half, 0)
        rows[:, -1] = 1
        # Products below the smallest normal number may be lost altogether.
        lost = 8 * Q.shape[1] ** 1.5 * max(float(np.finfo(dtype).tiny), RANGE[0]) * (1 + np.sqrt(half))
        slack = 2 * (relative_error(n_terms, Q.shape[1], dtype) * half + lost)
        return Queries(rows, slack.astype(dtype), known)

    def scores(self, queries: Queries, samples: slice) -> Array:
        """Return x . y - |y|^2 / 2, less the sample's part of the error."""
        scores: Array = queries.rows @ self.rows[samples].T
        return scores

    def floors(self, queries: Queries, least: Array) -> Array:
        """Return the k-th largest score less the query's part of the error."""
        return least - queries.slack


@dataclass(frozen=True)
class PairwiseScreen:
    """Manhattan distances, pair by pair, which err by their own size only."""

    rows: Array

    @classmethod
    def of(cls, X: Array) -> PairwiseScreen:
        """Prepare samples (N, D)."""
        return cls(np.asarray(X, np.float64))

    @property
    def slack(self) -> Array:
        """Nothing: the error is a part of the distance."""
        return np.zeros(len(self.rows))

    def queries(self, Q: Array) -> Queries:
        """Return queries in float64."""
        rows = np.asarray(Q, np.float64)
        return Queries(rows, np.zeros(len(Q)), np.ones(len(Q), bool))

    def scores(self, queries: Queries, samples: slice) -> Array:
        """Return minus the distances."""
        from scipy.spatial.distance import cdist

        return -np.asarray(cdist(queries.rows, self.rows[samples], "cityblock"))

    def floors(self, queries: Queries, least: Array) -> Array:
        """Return a distance that is larger by what the sums of two computations can differ by."""
        further = 5 * (queries.rows.shape[1] + 2) * FLOAT64
        return np.asarray(least * (1 + further))


def relative_error(n_terms: int, n_features: int, dtype: Any) -> float:
    """Return a bound on the error of a score, relative to the magnitudes of its terms.

    It holds for the sum of products, for moving and rounding the numbers, for the comparisons with the score, and for
    what the full computation in float64 is wrong by.
    """
    u = float(np.finfo(dtype).eps) / 2
    if n_terms * u > MOST_ROUNDING:
        return np.inf
    products = n_terms * u / (1 - n_terms * u)
    return 1.02 * (products + 12 * u + 4 * (n_features + 3) * FLOAT64)


def moved(X: Array, center: Array, scale: float, varying: Array, dtype: Any) -> tuple[Array, Array]:
    """Return scale (X - center) of the varying features, with one more column, and half the squared norms of all."""
    rows, half = np.empty((len(X), len(varying) + 1), dtype), np.empty(len(X))
    step = max(1, 2**18 // X.shape[1])  # numbers at a time, in float64
    for start in range(0, len(X), step):
        part = (X[start : start + step] - center) * scale
        rows[start : start + step, :-1] = part[:, varying]
        half[start : start + step] = np.einsum("nd,nd->n", part, part) / 2
    return rows, half
