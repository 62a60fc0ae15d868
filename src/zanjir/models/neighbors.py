"""The k nearest neighbors: a class by their votes, a number by their mean."""

from __future__ import annotations

import numbers
import os
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from zanjir.data._checks import whole
from zanjir.errors import DataError, ParameterError, choose
from zanjir.graph import Array
from zanjir.models.base import Estimator, checked_inputs, checked_samples, dense, encoded_labels, weights_of
from zanjir.models.nearest import METRICS, Nearest
from zanjir.program.threads import blas_threads

__all__ = ["KNeighborsClassifier", "KNeighborsRegressor"]

VOTES = {"uniform": "uniform", "distance": "distance"}
SUMMING = 1e-9  # what rounding may take from a sum of weights, such as fifty times 0.1


class Neighbors(Estimator):
    """What both estimators share: the samples, and the search."""

    takes_sparse = True

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        metric: str = "euclidean",
        weights: str = "uniform",
        memory: int = 2**28,
        n_jobs: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.weights = weights
        self.memory = memory
        self.n_jobs = n_jobs

    def remember(self, X: Array, targets: Array, sample_weight: Any) -> None:
        """Keep the samples that count, and prepare the search."""
        whole("n_neighbors", self.n_neighbors, 1)
        whole("memory", self.memory, 1)
        choose("weights", self.weights, VOTES)
        metric = choose("metric", self.metric, METRICS)
        weights = weights_of(len(X), sample_weight)
        self._numbers = np.arange(len(X)) if weights is None else np.flatnonzero(weights)
        self._weights: Array | None = None if weights is None else weights[self._numbers]
        self._targets = targets[self._numbers]
        self._search = Nearest.of(X[self._numbers], metric)
        self.n_samples_fit_ = len(self._numbers)

    def kneighbors(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return the nearest samples of each row, from the nearest; of equal distances the earlier sample first.

        Parameters
        ----------
        X : array of shape (M, D), optional
            The queries; by default the fitted samples, none of which is a neighbor of itself.
        n_neighbors : int, optional
            How many; by default the estimator's.
        return_distance : bool
            Whether to return the distances too.

        Returns
        -------
        distances, indices : arrays of shape (M, n_neighbors)
            Distances in float64, and the samples' numbers in the X of `fit`; samples of weight 0 are not there.

        Raises
        ------
        ParameterError
            If there are not so many samples.
        """
        check_is_fitted(self)
        k = whole("n_neighbors", self.n_neighbors if n_neighbors is None else n_neighbors, 1)
        distances, found = self.search(X, k) if X is not None else self.others(k)
        return (distances, self._numbers[found]) if return_distance else self._numbers[found]

    def search(self, X: Any, k: int, *, checked: bool = False) -> tuple[Array, Array]:
        """Return the distances and numbers of the k nearest samples among those that count."""
        if k > self.n_samples_fit_:
            raise ParameterError(f"n_neighbors is {k}, but there are {self.n_samples_fit_} samples; expected no more.")
        Q = X if checked else dense(checked_inputs(self, X))
        return self._search.find(Q, k, threads=threads_of(self.n_jobs), memory=self.memory)

    def others(self, k: int) -> tuple[Array, Array]:
        """Return the nearest samples of each sample, without itself."""
        if k >= self.n_samples_fit_:
            raise ParameterError(
                f"n_neighbors is {k}, but a sample has {self.n_samples_fit_ - 1} others; expected no more."
            )
        distances, found = self.search(self._search.X, k + 1, checked=True)
        itself = found == np.arange(len(found))[:, None]
        itself[:, -1] |= ~itself.any(axis=1)  # so many are in the same place that it is not among the first
        return distances[~itself].reshape(-1, k), found[~itself].reshape(-1, k)

    def votes(self, X: Any) -> tuple[Array, Array]:
        """Return the votes of each neighbor of each query, and the neighbors' numbers."""
        check_is_fitted(self)
        k = self.n_neighbors
        Q = dense(checked_inputs(self, X))
        weights = self._weights
        distances, found = self.search(Q, k if weights is None else enough(weights, k), checked=True)
        votes = np.ones_like(distances) if weights is None else filled(weights[found], k)
        return votes * nearness(distances) if self.weights == "distance" else votes, found


class KNeighborsClassifier(ClassifierMixin, Neighbors):  # type: ignore[misc] # scikit-learn ships no types
    """Classifier by the votes of the k nearest samples.

    The nearest samples are found exactly, as if all distances had been computed in float64, however far the data are
    from the origin; and on any number of threads the same. Of samples at equal distances the earlier one is nearer;
    of classes with equal votes the one that comes first in ``classes_`` wins.

    Parameters
    ----------
    n_neighbors : int
        Number k of neighbors that vote.
    metric : {"euclidean", "l2", "manhattan", "l1"}
        The root of the sum of squared differences, or the sum of their magnitudes.
    weights : {"uniform", "distance"}
        Whether all votes are equal, or inverse to the distance; if some distances are 0, only those count.
    memory : int
        Bytes that a prediction may use, about, beside its inputs and results.
    n_jobs : int, optional
        Number of threads, where -1 means all cores; by default as many as BLAS would use.

    Attributes
    ----------
    classes_ : array of shape (C,)
        The labels in order.
    n_samples_fit_ : int
        Number of samples whose weight is not 0.

    References
    ----------
    Cover and Hart (1967), Nearest neighbor pattern classification.

    Examples
    --------
    >>> model = KNeighborsClassifier(3).fit([[0.0], [1.0], [2.0], [9.0]], ["near", "near", "far", "far"])
    >>> model.predict([[1.5], [8.0]])
    array(['near', 'far'], dtype='<U4')
    >>> model.predict_proba([[1.5]]).round(3)
    array([[0.333, 0.667]])
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Remember the samples.

        Parameters
        ----------
        X : array of shape (N, D)
            One sample per row.
        y : array of shape (N,)
            Labels: numbers or strings.
        sample_weight : array of shape (N,), optional
            A sample of weight 2 is two samples, and takes two of the k places; one of weight 0 is not there.

        Raises
        ------
        ValueError
            If they cannot be used; of a parameter, a `ParameterError`, which is one too.
        """
        X, y = checked_samples(self, X, y)
        X = dense(X)
        self.classes_, labels = encoded_labels(y)
        self.remember(X, labels, sample_weight)
        return self

    def predict(self, X: Any) -> Array:
        """Return the label with the most votes for each row."""
        most = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[most])

    def predict_proba(self, X: Any) -> Array:
        """Return the share of each class in the votes: an array of shape (M, C) whose rows sum to 1."""
        votes, found = self.votes(X)
        n_classes = len(self.classes_)
        places = np.arange(len(votes))[:, None] * n_classes + self._targets[found]
        counted = np.bincount(places.ravel(), votes.ravel(), len(votes) * n_classes).reshape(-1, n_classes)
        return np.asarray(counted / counted.sum(axis=1, keepdims=True))


class KNeighborsRegressor(RegressorMixin, Neighbors):  # type: ignore[misc] # scikit-learn ships no types
    """Regressor by the mean of the k nearest samples.

    The nearest samples are found as by `KNeighborsClassifier`.

    Parameters
    ----------
    n_neighbors : int
        Number k of neighbors.
    metric : {"euclidean", "l2", "manhattan", "l1"}
        The root of the sum of squared differences, or the sum of their magnitudes.
    weights : {"uniform", "distance"}
        Whether all neighbors count alike, or inverse to the distance; if some distances are 0, only those count.
    memory : int
        Bytes that a prediction may use, about, beside its inputs and results.
    n_jobs : int, optional
        Number of threads, where -1 means all cores; by default as many as BLAS would use.

    Attributes
    ----------
    n_samples_fit_ : int
        Number of samples whose weight is not 0.

    Examples
    --------
    >>> model = KNeighborsRegressor(2).fit([[0.0], [1.0], [2.0], [9.0]], [0.0, 1.0, 4.0, 81.0])
    >>> model.predict([[1.6]])
    array([2.5])
    """

    def __sklearn_tags__(self) -> Any:
        """Return what scikit-learn asks of an estimator."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Remember the samples.

        Parameters
        ----------
        X : array of shape (N, D)
            One sample per row.
        y : array of shape (N,) or (N, K)
            Numbers.
        sample_weight : array of shape (N,), optional
            A sample of weight 2 is two samples, and takes two of the k places; one of weight 0 is not there.

        Raises
        ------
        ValueError
            If they cannot be used; of a parameter, a `ParameterError`, which is one too.
        """
        X, y = checked_samples(self, X, y, y_numeric=True, multi_output=True)
        X = dense(X)
        self.remember(X, np.asarray(y, np.float64), sample_weight)
        return self

    def predict(self, X: Any) -> Array:
        """Return the mean of the neighbors of each row: an array of shape (M,) or (M, K)."""
        votes, found = self.votes(X)
        votes /= votes.sum(axis=1, keepdims=True)
        mean: Array = np.einsum("mk,mk...->m...", votes, self._targets[found])
        return mean


def enough(weights: Array, k: int) -> int:
    """Return how many samples fill k places, however small the weights of the nearest are."""
    total = np.sort(weights).cumsum()
    if total[-1] < k * (1 - SUMMING):
        raise DataError(
            f"the weights of all samples sum to {total[-1]:g}, which does not fill n_neighbors={k} places; expected "
            "weights that count samples, about 1 on average."
        )
    return min(int(np.searchsorted(total, k)) + 1, len(total))


def filled(weights: Array, k: int) -> Array:
    """Return what each neighbor (M, m) fills of k places, the nearest first.

    Examples
    --------
    >>> filled(np.array([[2.0, 0.5, 3.0, 1.0]]), 4)
    array([[2. , 0.5, 1.5, 0. ]])
    """
    before = np.cumsum(weights, axis=1) - weights
    return np.asarray(np.clip(k - before, 0, weights))


def nearness(distances: Array) -> Array:
    """Return votes (M, k) inverse to the distances, in units of the first; if that is 0, only its equals vote.

    Examples
    --------
    >>> nearness(np.array([[1.0, 2.0, 4.0], [0.0, 0.0, 3.0]]))
    array([[1.  , 0.5 , 0.25],
           [1.  , 1.  , 0.  ]])
    """
    first = distances[:, :1]
    votes = np.asarray(distances == first, np.float64)
    np.divide(first, distances, out=votes, where=distances > first)
    return votes


def threads_of(n_jobs: int | None) -> int:
    """Return a number of threads, where -1 means all cores, -2 all but one, and None what BLAS would use.

    Raises
    ------
    ParameterError
        If it is 0, or no whole number.
    """
    if n_jobs is None:
        return blas_threads()
    if isinstance(n_jobs, numbers.Integral) and n_jobs < 0:
        return max(1, (os.cpu_count() or 1) + 1 + int(n_jobs))
    return whole("n_jobs", n_jobs, 1)
