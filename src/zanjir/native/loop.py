"""The driver's loop called from Python: what it is to do as words, on threads that sleep between two runs."""

from __future__ import annotations

import ctypes
import math
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import nullcontext, suppress
from functools import cache
from typing import Any

import numpy as np

from zanjir.graph.tensor import Array
from zanjir.native.batch import Context, Variant, words
from zanjir.native.compiler import build, host
from zanjir.native.driver import ABANDONED, BARRIER, JOB, VARIANT, driver_text
from zanjir.native.operations import address
from zanjir.program import Feed, Record
from zanjir.program.threads import one_blas_thread

__all__ = ["Job", "Loop"]


class Loop:
    """The driver's loop, ready to be called on several threads.

    Parameters
    ----------
    dtype
        Of the numbers that are trained.
    """

    def __init__(self, dtype: Any) -> None:
        element = "double" if np.dtype(dtype) == np.float64 else "float"
        library = build(driver_text(element, host()))
        self.drive = library.function("drive", None, ctypes.c_void_p, ctypes.c_int64)
        self.pool: ThreadPoolExecutor | None = None
        self.pool_of = (0, 0)
        self.processors = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()

    def run(self, job: Job) -> Record:
        """Run the steps of a job, and return what they left.

        Raises
        ------
        BaseException
            What a gate raised that runs in NumPy; the first, if there were several.
        """
        with one_blas_thread() if job.calls_blas else nullcontext():
            others: list[Future[None]] = []
            try:
                if job.threads > 1:
                    pool, here = self.workers(job.threads), current_processor()
                    others.extend(pool.submit(self.work, job.address, i, here) for i in range(1, job.threads))
                self.drive(job.address, 0)
            except BaseException:
                job.abandon()  # those who wait for this thread would wait for ever
                raise
            finally:
                wait(others)
        for other in others:
            other.result()
        failures, job.context.failures[:] = list(job.context.failures), []
        if failures:
            raise failures[0]
        return job.results()

    def work(self, job: int, thread: int, taken: int) -> None:
        """Run the loop on a thread of the pool, on another processor than the first thread's.

        Systems often wake a thread beside the one that called it, and move it only milliseconds later.
        """
        if taken >= 0:
            free = self.processors - {taken}
            with suppress(OSError):  # a system that does not allow it places threads as it likes
                os.sched_setaffinity(0, free)
        self.drive(job, thread)

    def workers(self, threads: int) -> ThreadPoolExecutor:
        """Return the threads beside this one; they sleep between two runs, and are started when first used."""
        of = (os.getpid(), threads - 1)  # a forked process inherits the pool, but not its threads
        if self.pool is None or self.pool_of[0] != of[0] or self.pool_of[1] < of[1]:
            self.pool, self.pool_of = ThreadPoolExecutor(max(threads - 1, 1), "zanjir"), of
        return self.pool


class Job:
    """What the loop is to do: the words that it reads, and the arrays to which they point.

    Parameters
    ----------
    order : int64 array, optional
        Indices of the samples, batch after batch; without it each variant reads its samples in place.
    variants, which
        The sizes of batch, and for each step the number of its variant.
    """

    def __init__(
        self,
        context: Context,
        feed: Feed,
        order: Array | None,
        batch_size: int,
        variants: Sequence[Variant],
        which: Array,
        threads: int,
    ) -> None:
        self.context, self.threads, self.order = context, threads, order
        self.calls_blas = any(variant.calls_blas for variant in variants)
        tables = [variant.tables() for variant in variants]
        rows = [dict(zip(VARIANT, (len(s), address(s), len(p), address(p)), strict=True)) for s, p in tables]
        table = words(rows, VARIANT)
        self.record, self.right = np.empty((len(which), 3)), np.full(len(which), -1)
        self.barrier = np.zeros(BARRIER, np.int64)
        arrays = {"variant_of_step": which, "variants": table, "order": order, "weights": None, **feed.columns}
        arrays |= {"labels": feed.labels, "results": context.results, "record": self.record}
        arrays |= {"right": self.right, "barrier": self.barrier}
        values = {name: 0 if array is None else address(array) for name, array in arrays.items()}
        values |= {"steps": len(which), "threads": threads, "first_step": 0, "batch_size": batch_size}
        values |= {"samples": 0 if order is None else len(order)}
        sizes = {"X": "row_bytes", "y": "target_bytes", "weights": "weight_bytes"}
        values |= {size: bytes_of_row(arrays[name]) for name, size in sizes.items()}
        values |= {"classes": context.program.problem.n_outputs, "give_way": give_way()}
        self.words = words([values], JOB)
        self.kept = (arrays, tables, variants, feed)

    def begin(self, order: Array | None, t: int) -> None:
        """Set out on the steps after step ``t``, with the samples in another order."""
        if self.order is not None and order is not None:
            self.order[...] = order
        self.words[0, JOB.index("first_step")] = t + 1
        self.barrier[...] = 0
        self.record[:, 0] = np.nan

    def abandon(self) -> None:
        """Let every thread that waits at the barrier leave the loop."""
        self.barrier[ABANDONED] = 1

    @property
    def address(self) -> int:
        """Where the words begin."""
        return address(self.words)

    def results(self) -> Record:
        """Return what the steps left, up to the first whose loss is no finite number."""
        finite = np.isfinite(self.record[:, 0])
        done = len(finite) if finite.all() else int(np.argmin(finite)) + 1
        loss, data_loss, penalty = self.record[:done].T.copy()
        if "data_loss" not in self.context.measured:
            data_loss, penalty = loss, np.zeros_like(loss)
        return Record(loss, data_loss, penalty, self.right[:done].copy())


def bytes_of_row(array: Array | None) -> int:
    """Return the size of a row, 0 if there is no array; the stride of a single row may be anything."""
    return 0 if array is None else array.itemsize * math.prod(array.shape[1:])


def current_processor() -> int:
    """Return the number of the processor on which this thread runs; -1 where the system does not tell."""
    return int(of_this_process().sched_getcpu()) if sys.platform == "linux" else -1


@cache
def of_this_process() -> ctypes.CDLL:
    """Return the functions that this process has loaded."""
    return ctypes.CDLL(None)


@cache
def give_way() -> int:
    """Return the address of the system's function that lets other threads run; 0 if there is none."""
    if sys.platform == "win32":
        return ctypes.cast(ctypes.windll.kernel32.SwitchToThread, ctypes.c_void_p).value or 0
    return ctypes.cast(of_this_process().sched_yield, ctypes.c_void_p).value or 0
