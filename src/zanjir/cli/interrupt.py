"""Ctrl-C between two stretches of steps: the first asks the training to stop, the second stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from zanjir.training import Callback, Steps, Trainer

__all__ = ["StopOnRequest", "interruptible"]


class StopOnRequest(Callback):
    """Stops the training after the stretch during which it was asked to."""

    def __init__(self) -> None:
        self.requested = False

    def on_stretch_end(self, trainer: Trainer, steps: Steps) -> bool:
        """Say whether to stop."""
        return self.requested


@contextmanager
def interruptible() -> Iterator[StopOnRequest]:
    """Catch Ctrl-C, and a polite kill, while a training runs."""
    request = StopOnRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may catch signals
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if request.requested:
            raise KeyboardInterrupt
        request.requested = True

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
