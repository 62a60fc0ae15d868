"""The native engine: whole stretches of a training in machine code, on as many threads as are given."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from zanjir.graph.tensor import Array
from zanjir.native.batch import Context, Variant
from zanjir.native.blas import find
from zanjir.native.library import Library
from zanjir.native.loop import Job, Loop
from zanjir.native.memory import zeros
from zanjir.program import Feed, Problem, Record, StepProgram
from zanjir.program.engine import Uncopied

__all__ = ["NativeEngine", "as_read", "processors", "shards_for"]

# Batches of one size at most, and the last partial one, are kept ready; others are bound anew.
VARIANTS_KEPT = 4
# Shards are worth their sum from so many multiplications a step on.
WORK_FOR_SHARDS = 2_500_000
# A batch of so many rows is cut in two; larger ones into shards of some hundred rows, whose inputs are still in a
# second cache when the derivatives of the weights need them again.
LEAST_ROWS, ROWS_OF_SHARD, MOST_SHARDS = 16, 128, 64
# All gradients of the shards together hold so many numbers at most, where there are more than two.
MOST_PARTIAL_SUMS = 4_000_000


class NativeEngine(Uncopied):
    """Runs the steps of one training in machine code.

    Parameters
    ----------
    program : StepProgram
        What to run.
    W : array of shape (P,)
        The flat parameter vector at the start; it is copied.
    seed : int
        Fixes what dropout draws.
    shards : int, optional
        Into how many parts each batch is cut. The last bits depend on it; by default it follows from the size of
        batch and network alone.
    threads : int, optional
        How many threads share the work, which changes no bit; by default as many as help, up to the number of
        processors that this process may use.

    Attributes
    ----------
    W, dW : array of shape (P,)
        The parameter vector, updated in place by each step, and the last gradient.
    state : dict of str to array of shape (P,)
        The optimizer's vectors.
    """

    name = "native"

    def __init__(
        self,
        program: StepProgram,
        W: Array,
        seed: int = 0,
        *,
        shards: int | None = None,
        threads: int | None = None,
    ) -> None:
        dtype = program.problem.dtype
        vectors = {name: zeros(W.shape, dtype) for name in ("W", "dW", *program.optimizer.state_names)}
        vectors["W"][...] = W
        here, gradient = vectors.pop("W"), vectors.pop("dW")
        self.context = Context(program, here, gradient, vectors, np.zeros(3), seed, Library(find()))
        self.wanted_shards, self.wanted_threads = shards, threads
        self.variants: dict[int, Variant] = {}
        self.given: Feed | None = None
        self.feed: Feed
        self.job: Job | None = None
        self.key: tuple[Any, ...] = ()
        self.loop = Loop(dtype)

    @property
    def program(self) -> StepProgram:
        """What the engine runs."""
        return self.context.program

    @property
    def W(self) -> Array:
        """The flat parameter vector."""
        return self.context.W

    @property
    def dW(self) -> Array:
        """The last gradient."""
        return self.context.dW

    @property
    def state(self) -> dict[str, Array]:
        """The optimizer's vectors."""
        return self.context.state

    def variant(self, n: int) -> Variant:
        """Return a step for batches of ``n`` samples; it is made once per size."""
        if n not in self.variants:
            if len(self.variants) >= VARIANTS_KEPT:
                del self.variants[next(iter(self.variants))]
            self.variants[n] = Variant(self.context, n, self.shards_of(n))
        return self.variants[n]

    def shards_of(self, n: int) -> int:
        """Return into how many shards a batch of ``n`` samples is cut."""
        return min(self.wanted_shards or shards_for(n, self.W.size), n)

    def run(self, feed: Feed, order: Array, batch_size: int, learning_rates: Array, t: int) -> Record:
        """Perform the steps that follow step ``t``; see `zanjir.program.Engine`."""
        n_steps, left = len(learning_rates), len(order) % batch_size
        sizes = [min(batch_size, len(order))] + ([left] if left and len(order) > batch_size else [])
        variants = [self.variant(size) for size in sizes]
        if feed is not self.given:
            self.given, self.feed = feed, as_read(feed, self.program.problem)
        rates = np.ascontiguousarray(learning_rates, np.float64)
        for variant in variants:
            variant.set_steps(rates, t)
        threads = self.threads_of(max(len(variant.shards) for variant in variants))
        # Stretches of one length follow each other: what the loop reads stays where it is.
        places = [(id(variant), variant.numbers_at) for variant in variants]
        key = (id(self.feed), n_steps, batch_size, len(order), threads, *places)
        if self.job is None or key != self.key:
            which = np.zeros(n_steps, np.int64)
            which[-1] = len(variants) - 1
            indices = np.array(order, np.int64)
            self.job, self.key = Job(self.context, self.feed, indices, batch_size, variants, which, threads), key
        self.job.begin(order, t)
        return self.loop.run(self.job)

    @property
    def shards(self) -> int | None:
        """Into how many parts a batch is cut, where that was chosen; None where it follows from its size."""
        return self.wanted_shards

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """Names of the gates that run in NumPy, in the batches that were run so far or in one of two samples."""
        variants = list(self.variants.values()) or [self.variant(2)]
        return tuple(sorted(set().union(*(variant.fallbacks for variant in variants))))

    @property
    def description(self) -> str:
        """The engine in a phrase."""
        blas = self.context.library.chosen
        whole = self.context.split if self.wanted_shards != 1 else None
        reason = f"; one shard: {whole.rstrip('.')}" if isinstance(whole, str) else ""
        return f"native engine, large products by the BLAS of {blas.name} ({blas.version}){reason}"

    def threads_of(self, n_shards: int) -> int:
        """Return how many threads run."""
        return min(n_shards, self.wanted_threads or processors())


def shards_for(n: int, n_parameters: int) -> int:
    """Return into how many shards a batch is cut by default: a function of sizes alone, as the last bits follow it.

    Examples
    --------
    >>> shards_for(128, 407_050), shards_for(32, 2_410)
    (2, 1)
    """
    if n * n_parameters < WORK_FOR_SHARDS or n < LEAST_ROWS:
        return 1
    return max(2, min(n // ROWS_OF_SHARD, MOST_SHARDS, MOST_PARTIAL_SUMS // n_parameters))


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def as_read(feed: Feed, problem: Problem) -> Feed:
    """Return a feed in the types of a problem, one element after the other."""
    feed.check(problem)
    labels = None if feed.labels is None else np.ascontiguousarray(feed.labels, np.int64)
    y = np.ascontiguousarray(feed.y, problem.batch(1)["y"].dtype)
    weights = np.ascontiguousarray(feed.weights, problem.dtype) if problem.weighted else None
    return Feed(np.ascontiguousarray(feed.X, problem.dtype), y, labels, weights)
