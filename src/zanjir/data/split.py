"""Who goes where: training and test, and the batches of an epoch.

All randomness is a seed. The split draws one permutation of the samples and sends the first of each class to
the test part, so that no class is treated before another. The order of an epoch depends on the seed and the
number of the epoch alone, so that training can be resumed, or shared among workers, at any epoch.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zanjir.data._checks import real, whole
from zanjir.data.dataset import Array, Dataset
from zanjir.errors import DataError, ParameterError, ShapeError

__all__ = ["Indices", "batches", "split", "split_indices"]

Indices = NDArray[np.int64]


def split_indices(y: ArrayLike, test_share: float, *, seed: int, stratify: bool = True) -> tuple[Indices, Indices]:
    """Split the samples 0 to N - 1 at random into a training and a test part.

    Parameters
    ----------
    y : array of shape (N,)
        Labels; with ``stratify=False`` only their number matters.
    test_share : float
        Part of the samples, in (0, 1), that is kept for the test: round(N * test_share) of them.
    seed : int
        The same seed gives the same parts.
    stratify : bool
        Give each class its share of both parts, within one sample (largest remainders).

    Returns
    -------
    train, test : int arrays
        Indices in random order; each sample is in exactly one of them.

    Raises
    ------
    ParameterError
        If ``test_share`` is not in (0, 1) or leaves a part empty, or ``seed`` is negative.
    DataError
        If there are fewer than 2 samples; with ``stratify``, if a class has only one or a label is NaN.
    ShapeError
        If ``y`` is not an array of shape (N,).

    Notes
    -----
    A class of a few samples may fall into one part alone, where its share of the other is less than one.

    Examples
    --------
    >>> train, test = split_indices([0, 0, 0, 0, 1, 1, 1, 1], 0.25, seed=0)
    >>> len(train), sorted((test // 4).tolist())  # one of each class is kept for the test
    (6, [0, 1])
    """
    y = np.asarray(y)
    if y.ndim != 1 and (stratify or y.ndim == 0):
        raise ShapeError(f"y has shape {y.shape}; expected (N,), one label per sample.")
    n_test = _test_size(len(y), test_share)
    order = np.random.default_rng(whole("seed", seed, 0)).permutation(len(y))
    codes = _codes(y) if stratify else np.zeros(len(y), dtype=np.int64)
    quotas = _quotas(np.bincount(codes), n_test)
    is_test = _ranks(codes[order]) < quotas[codes[order]]
    return order[~is_test], order[is_test]


def split(dataset: Dataset, test_share: float, *, seed: int, stratify: bool = True) -> tuple[Dataset, Dataset]:
    """Split a data set at random into a training and a test part.

    Parameters
    ----------
    dataset : Dataset
        N samples. A test set that came with it stays with the training part.
    test_share : float
        Part of the samples, in (0, 1), that is kept for the test.
    seed : int
        The same seed gives the same parts.
    stratify : bool
        Give each class its share of both parts; regression has no classes and is split freely.

    Returns
    -------
    train, test : Dataset

    Raises
    ------
    ParameterError
        If ``test_share`` is not in (0, 1) or leaves a part empty, or ``seed`` is negative.
    DataError
        If there are fewer than 2 samples or, with ``stratify``, a class has only one.

    Examples
    --------
    >>> from zanjir.data import moons
    >>> train, test = split(moons(200), 0.25, seed=0)
    >>> train.n_samples, test.n_samples, int(test.y.sum())
    (150, 50, 25)
    """
    stratified = stratify and dataset.is_classification
    train, test = split_indices(dataset.y, test_share, seed=seed, stratify=stratified)
    return dataset.take(train), dataclasses.replace(dataset.take(test), test=None)


def batches(n_samples: int, batch_size: int, *, seed: int | None = None, epoch: int = 0) -> Iterator[Indices]:
    """Return the batches of one epoch, as indices of samples; every sample is in exactly one batch.

    Parameters
    ----------
    n_samples : int
        Number N of samples.
    batch_size : int
        Samples per batch; the last batch has what is left, and a size above N gives one batch.
    seed : int, optional
        Shuffles the samples, by the seed and the epoch alone; without it they come in order.
    epoch : int
        Number of the epoch, from 0.

    Raises
    ------
    ParameterError
        If ``n_samples`` or ``batch_size`` is not a whole number of at least 1, or ``seed`` or ``epoch`` is
        negative.

    Examples
    --------
    >>> [len(batch) for batch in batches(10, 4, seed=0)]
    [4, 4, 2]
    >>> next(batches(10, 4))
    array([0, 1, 2, 3])
    """
    # checked here and not in a generator, whose errors would appear only at the first batch
    n, size = whole("n_samples", n_samples, 1), whole("batch_size", batch_size, 1)
    order = _order(n, seed, whole("epoch", epoch, 0))
    return (order[start : start + size] for start in range(0, n, size))


def _order(n: int, seed: int | None, epoch: int) -> Indices:
    """Return the samples in the order of an epoch."""
    if seed is None:
        return np.arange(n, dtype=np.int64)
    return np.random.default_rng([whole("seed", seed, 0), epoch]).permutation(n)


def _test_size(n: int, share: float) -> int:
    """Return the number of test samples, or say which share would leave both parts something."""
    if n < 2:
        raise DataError(f"cannot split {n} samples; expected at least 2.")
    if not 0 < real(share) < 1:
        raise ParameterError(f"test_share must be between 0 and 1, both excluded; got {share!r}.")
    n_test = math.floor(n * share + 0.5)
    if not 0 < n_test < n:
        part = "test" if n_test == 0 else "training"
        raise ParameterError(
            f"test_share {share} of {n} samples leaves the {part} part empty; "
            f"expected a share from {1 / n:.3g} to {1 - 1 / n:.3g}."
        )
    return n_test


def _codes(y: Array) -> Indices:
    """Return the class of each sample, numbered from 0; refuse classes that cannot be in both parts."""
    if y.dtype.kind == "f" and np.isnan(y).any():
        raise DataError(f"y[{np.isnan(y).argmax()}] is nan; expected a label for each sample.")
    classes, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    if counts.min() < 2:
        lonely = classes[counts.argmin()]
        raise DataError(
            f"class {lonely} has a single sample, y[{np.argmax(y == lonely)}], and cannot be in both parts; "
            "expected at least 2 samples of each class; add samples, or use stratify=False."
        )
    return codes


def _quotas(counts: Array, n_test: int) -> Indices:
    """Share the test samples among classes in proportion, the rest by largest remainder, exactly."""
    # Python's integers: counts * n_test may pass 2**63
    products = [int(count) * n_test for count in counts]
    total = int(counts.sum())
    quotas = np.array([product // total for product in products], dtype=np.int64)
    remainders = [-(product % total) for product in products]
    quotas[np.argsort(remainders, kind="stable")[: n_test - int(quotas.sum())]] += 1
    return quotas


def _ranks(codes: Indices) -> Indices:
    """Return for each entry how many of its class come before it."""
    by_class = np.argsort(codes, kind="stable")
    counts = np.bincount(codes)
    ranks = np.empty(len(codes), dtype=np.int64)
    ranks[by_class] = np.arange(len(codes)) - np.repeat(np.cumsum(counts) - counts, counts)
    return ranks
