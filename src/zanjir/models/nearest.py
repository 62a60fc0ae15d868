"""The nearest samples, exactly: a tree or a screen leaves a few over, whose distances are computed in full.

Distances are sums, in float64, of the squares or magnitudes of differences, as ``((x - y) ** 2).sum()`` has them;
samples are ordered by these sums, and by their number where the sums are equal. Trees, screens, blocks and threads
decide how fast this is found and not what is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from zanjir.graph import Array
from zanjir.models.screens import FLOAT64, PairwiseScreen, ProductScreen, Screen
from zanjir.program.threads import one_blas_thread

__all__ = ["METRICS", "Nearest"]

METRICS = {"euclidean": "euclidean", "l2": "euclidean", "manhattan": "manhattan", "l1": "manhattan"}

QUERIES, SAMPLES = 256, 2048  # of a block: the scores of one are read again while they are in the cache
GROUP = 32  # scores of which only the largest is looked at first
FEATURES_OF_A_TREE = 8  # with more of them, most boxes are near to a query
PAIRS = 2**17  # numbers of the pairs that are computed in full at a time

Found = tuple[Array, Array, Array]


class Look(Protocol):
    """What leaves few samples over."""

    def __call__(self, Q: Array, k: int) -> Found:
        """Return which queries are settled, and the queries and samples of all pairs that are left over."""


@dataclass(frozen=True)
class Nearest:
    """Samples prepared for a search.

    Parameters
    ----------
    X : float32 or float64 array of shape (N, D)
        The samples; C-contiguous.
    metric : {"euclidean", "manhattan"}
        Distances by squares or by magnitudes.
    look : Look
        What excludes most samples, at first.

    Examples
    --------
    >>> found = Nearest.of(np.array([[0.0], [1.0], [3.0]]), "euclidean").find(np.array([[2.0], [0.1]]), 2)
    >>> [numbers.tolist() for numbers in found]
    [[[1.0, 1.0], [0.1, 0.9]], [[1, 2], [0, 1]]]
    """

    X: Array
    metric: str
    look: Look

    @classmethod
    def of(cls, X: Array, metric: str) -> Nearest:
        """Prepare samples (N, D) for a search."""
        X = np.ascontiguousarray(X)
        if X.shape[1] <= FEATURES_OF_A_TREE:
            return cls(X, metric, Tree.of(X, metric))
        screen = ProductScreen.of(X, np.float32) if metric == "euclidean" else PairwiseScreen.of(X)
        return cls(X, metric, Screened(screen))

    def find(self, Q: Array, k: int, *, threads: int = 1, memory: int = 2**28) -> tuple[Array, Array]:
        """Return the distances and numbers of the k nearest samples of each query.

        Parameters
        ----------
        Q : array of shape (M, D)
            The queries.
        k : int
            How many, at most N.
        threads : int
            How many work at the same time; the result is the same, to the bit.
        memory : int
            Bytes that may be used for the work, about.

        Returns
        -------
        tuple of arrays of shape (M, k)
            Float64 distances from the smallest, and the samples' numbers.
        """
        Q = np.ascontiguousarray(Q)
        sums, indices, left = np.empty((len(Q), k)), np.empty((len(Q), k), np.int64), np.arange(len(Q))

        def looked(queries: Array, look: Look) -> Array:
            """Fill in what a look settles, and return the queries that are left."""
            settled, rows, columns = look(Q[queries], k)
            if len(rows):
                found = self.ranked(Q[queries], rows, columns, k, settled)
                sums[queries[settled]], indices[queries[settled]] = found
            return queries[~settled]

        def computed(query: int) -> None:
            sums[query], indices[query] = self.searched(Q[query], k, memory // threads)

        with one_blas_thread(), ThreadPoolExecutor(threads) as pool:
            for look in self.looks():
                blocks = self.blocks(left, k, threads, memory)
                left = np.concatenate(list(pool.map(lambda queries, look=look: looked(queries, look), blocks)))
                if not len(left):
                    break
            list(pool.map(computed, left))
        return (np.sqrt(sums) if self.metric == "euclidean" else sums), indices

    def blocks(self, queries: Array, k: int, threads: int, memory: int) -> list[Array]:
        """Share queries among threads, in equal blocks that fit the memory."""
        # Of each query there are its row, its scores, and the pairs that are left over with their sums and order.
        each = (self.X.shape[1] + 2 * min(SAMPLES, len(self.X)) + 5 * most(k)) * 8
        size = min(QUERIES, max(1, memory // (threads * each)))
        count = threads * -(-len(queries) // (threads * size))
        return np.array_split(queries, min(count, len(queries)))

    def looks(self) -> Iterator[Look]:
        """Return what leaves few samples over; the second, which takes time to prepare, only if it is asked for."""
        yield self.look
        if self.metric == "euclidean":
            yield Screened(ProductScreen.of(self.X, np.float64))
        elif isinstance(self.look, Tree):
            yield Screened(PairwiseScreen.of(self.X))

    def sums(self, Q: Array, X: Array) -> Array:
        """Return the sums of pairs of rows in full."""
        with np.errstate(over="ignore"):  # what is too far away for float64 is infinitely far
            difference = np.subtract(Q, X, dtype=np.float64)
            terms = np.square if self.metric == "euclidean" else np.abs
            terms(difference, out=difference)
            return np.asarray(difference.sum(axis=1))

    def ranked(self, Q: Array, rows: Array, columns: Array, k: int, settled: Array) -> tuple[Array, Array]:
        """Return the sums and numbers of the k nearest candidates of each settled query."""
        step = max(1, PAIRS // self.X.shape[1])
        parts = [slice(start, start + step) for start in range(0, len(rows), step)]
        sums = np.concatenate([self.sums(Q[rows[part]], self.X[columns[part]]) for part in parts])
        order = np.lexsort((columns, sums, rows))
        starts = np.searchsorted(rows[order], np.flatnonzero(settled))
        best = order[starts[:, None] + np.arange(k)]
        return sums[best], columns[best]

    def searched(self, q: Array, k: int, memory: int) -> tuple[Array, Array]:
        """Return the sums and numbers of the nearest samples of one query, all computed in full."""
        step = max(1, min(memory // 16, PAIRS) // self.X.shape[1])
        best, numbers = np.empty(0), np.empty(0, np.int64)
        for start in range(0, len(self.X), step):
            part = self.X[start : start + step]
            best = np.concatenate([best, self.sums(q, part)])
            numbers = np.concatenate([numbers, np.arange(start, start + len(part))])
            near = np.flatnonzero(best <= np.partition(best, k - 1)[k - 1]) if len(best) > k else np.arange(len(best))
            nearest = near[np.argsort(best[near], kind="stable")[:k]]  # stable: of equal sums the earlier is first
            best, numbers = best[nearest], numbers[nearest]
        return best, numbers


@dataclass(frozen=True)
class Tree:
    """A tree of boxes, which is quick where there are few features.

    It finds a few more samples than are asked for: if the last of them is farther away than rounding could make it,
    none is missing.
    """

    tree: Any
    order: int

    @classmethod
    def of(cls, X: Array, metric: str) -> Tree:
        """Prepare samples (N, D)."""
        from scipy.spatial import KDTree

        return cls(KDTree(np.asarray(X, np.float64)), 2 if metric == "euclidean" else 1)

    def __call__(self, Q: Array, k: int) -> Found:
        """Return which queries are settled, and the queries and samples of all pairs that are left over."""
        k_more = min(k + 3, self.tree.n)
        distances, columns = self.tree.query(np.asarray(Q, np.float64), np.arange(1, k_more + 1), p=self.order)
        rounding = 1 + 5 * (Q.shape[1] + 2) * FLOAT64
        last = distances[:, -1]
        settled = np.isfinite(last) & ((last > distances[:, k - 1] * rounding) | (k_more == self.tree.n))
        rows = np.repeat(np.flatnonzero(settled), k_more)
        return settled, rows, columns[settled].ravel()


@dataclass(frozen=True)
class Screened:
    """All samples, screened."""

    screen: Screen | None

    def __call__(self, Q: Array, k: int) -> Found:
        """Return which queries are settled, and the queries and samples of all pairs that are left over."""
        if self.screen is None:
            return np.zeros(len(Q), bool), *np.empty((2, 0), np.int64)
        return candidates(self.screen, Q, k)


def candidates(screen: Screen, Q: Array, k: int) -> Found:
    """Return which queries a screen settles, and the queries and samples of all pairs that it leaves over.

    A query for which too many samples are left over is not settled.
    """
    queries, n = screen.queries(Q), len(screen.slack)
    settled, top = queries.known.copy(), np.full((len(Q), k), -np.inf, queries.rows.dtype)
    rows, columns = np.empty((2, 0), np.int64)
    ceilings = np.empty(0, queries.rows.dtype)
    for start in range(0, n, SAMPLES):
        samples = slice(start, min(start + SAMPLES, n))
        scores = screen.scores(queries, samples)
        groups = Groups(samples.stop - start, k)
        largest = groups.largest(scores)
        top = np.partition(np.concatenate([top, largest], axis=1), -k, axis=1)[:, -k:]
        floors = np.where(settled, screen.floors(queries, top[:, 0]), np.inf)
        i, j, ceiling = groups.reaching(scores, largest, screen.slack[samples], floors)
        rows, columns = np.concatenate([rows, i]), np.concatenate([columns, j + start])
        ceilings = np.concatenate([ceilings, ceiling])
        reached = ceilings >= floors[rows]
        settled &= np.bincount(rows[reached], minlength=len(Q)) <= most(k)
        kept = reached & settled[rows]
        rows, columns, ceilings = rows[kept], columns[kept], ceilings[kept]
    return settled, rows, columns


def most(k: int) -> int:
    """Return how many samples a screen may leave over for a query."""
    return 8 * k + 64


class Groups:
    """The columns of a block of scores in groups, of each of which only the largest is looked at first.

    The largest of different groups belong to different samples, so that the k-th of them bounds the k-th of all.
    The group of column c is c, c + number, c + 2 number, ...; the columns that are left over are groups of one.
    """

    def __init__(self, n: int, k: int) -> None:
        self.size = min(GROUP, max(1, n // (8 * k)))
        self.number = n // self.size
        self.whole = self.number * self.size

    def largest(self, values: Array) -> Array:
        """Return the largest of each group along the last axis."""
        *outer, _ = values.shape
        grouped = values[..., : self.whole].reshape(*outer, self.size, self.number).max(axis=-2)
        return np.concatenate([grouped, values[..., self.whole :]], axis=-1)

    def reaching(self, scores: Array, largest: Array, slack: Array, floors: Array) -> tuple[Array, Array, Array]:
        """Return the pairs whose scores, at best, reach the floors, and these best scores."""
        i, group = np.nonzero(largest + self.largest(slack) >= floors[:, None])
        alone = group >= self.number
        members = group[~alone, None] + self.number * np.arange(self.size)
        rows = np.concatenate([np.repeat(i[~alone], self.size), i[alone]])
        columns = np.concatenate([members.ravel(), group[alone] - self.number + self.whole])
        ceilings = scores[rows, columns] + slack[columns]
        reached = ceilings >= floors[rows]
        return rows[reached], columns[reached], ceilings[reached]
