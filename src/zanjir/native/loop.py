"""The driver's loop called from Python: what it is to do as words, on threads that sleep between two runs."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from zanjir.graph.tensor import Array
from zanjir.native.batch import Context, Variant, address, words
from zanjir.native.compiler import build, host
from zanjir.native.driver import JOB, VARIANT, driver_text
from zanjir.program import Feed, Record

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
        self.n_workers = 0
        self.processors = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
        self.controller = ThreadpoolController()

    def run(self, job: Job) -> Record:
        """Run the steps of a job, and return what they left."""
        one_thread = self.controller.limit(limits=1, user_api="blas") if job.calls_blas else nullcontext()
        with one_thread:
            here = current_processor()
            others = [self.workers(job.threads).submit(self.work, job.address, i, here) for i in range(1, job.threads)]
            self.drive(job.address, 0)
            for other in others:
                other.result()
        return job.results()

    def work(self, job: int, thread: int, taken: int) -> None:
        """Run the loop on a thread of the pool, on another processor than the first thread's.

        Systems often wake a thread beside the one that called it, and move it only milliseconds later.
        """
        if taken >= 0:
            free = self.processors - {taken}
            if free:
                os.sched_setaffinity(0, free)
        self.drive(job, thread)

    def workers(self, threads: int) -> ThreadPoolExecutor:
        """Return the threads beside this one; they sleep between two runs."""
        if self.pool is None or self.n_workers < threads - 1:
            self.pool, self.n_workers = ThreadPoolExecutor(threads - 1, "zanjir"), threads - 1
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
        barrier = np.zeros(32, np.int64)
        arrays = {"variant_of_step": which, "variants": table, "order": order, "X": feed.X, "y": feed.y}
        arrays |= {"labels": feed.labels, "results": context.results, "record": self.record}
        arrays |= {"right": self.right, "barrier": barrier}
        values = {name: 0 if array is None else address(array) for name, array in arrays.items()}
        values |= {"steps": len(which), "threads": threads, "first_step": 0, "batch_size": batch_size}
        values |= {"samples": 0 if order is None else len(order)}
        values |= {"row_bytes": feed.X.strides[0], "target_bytes": feed.y.strides[0]}
        values |= {"classes": context.program.problem.n_outputs, "give_way": give_way()}
        self.words = words([values], JOB)
        self.kept = (arrays, tables, variants)

    def begin(self, order: Array | None, t: int) -> None:
        """Set out on the steps after step ``t``, with the samples in another order."""
        if self.order is not None and order is not None:
            self.order[...] = order
        self.words[0, JOB.index("first_step")] = t + 1
        self.record[:, 0] = np.nan

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


def current_processor() -> int:
    """Return the number of the processor on which this thread runs; -1 where the system does not tell."""
    return int(ctypes.CDLL(None).sched_getcpu()) if sys.platform == "linux" else -1


@cache
def give_way() -> int:
    """Return the address of the system's function that lets other threads run; 0 if there is none."""
    if sys.platform == "win32":
        return ctypes.cast(ctypes.windll.kernel32.SwitchToThread, ctypes.c_void_p).value or 0
    return ctypes.cast(ctypes.CDLL(None).sched_yield, ctypes.c_void_p).value or 0
