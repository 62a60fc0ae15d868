"""How many threads BLAS may use: one while a program runs, however many run at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["blas_threads", "one_blas_thread"]

_LOCK = threading.Lock()
_HELD: list[Any] = []  # the limit, once for each of those who are within


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread: same seed, same bits, on any machine's number of cores.

    The first to enter saves the caller's setting, and the last to leave brings it back.
    """
    with _LOCK:
        _HELD.append(_HELD[0] if _HELD else _controller().limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _LOCK:
            limit = _HELD.pop()
            if not _HELD:
                limit.restore_original_limits()


def blas_threads() -> int:
    """Return how many threads BLAS may use now: its setting, the environment's, or that of a pool of processes."""
    with _LOCK:
        return max((pool["num_threads"] for pool in _controller().info() if pool["user_api"] == "blas"), default=1)
