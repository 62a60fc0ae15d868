"""Progress on stderr: a bar in a terminal, one line per epoch elsewhere."""

from __future__ import annotations

import math
import sys
import time
from types import TracebackType
from typing import Self

from zanjir.graph import Array
from zanjir.training import Callback, Epoch, Steps, Trainer

__all__ = ["EpochLines", "ProgressBar", "progress"]

REFRESHES_PER_SECOND = 10
SECONDS_BETWEEN_LINES = 1.0
# What came before so many values has a weight below 1 %.
REMEMBERED = 100


class ProgressBar(Callback):
    """One bar over all steps, with loss, accuracy, speed and time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=Console(stderr=True),
            auto_refresh=False,
        )
        self.task = self.bar.add_task("", total=1, epoch="", facts="")
        self.shown = -math.inf
        self.started = time.perf_counter()
        self.first_t = 0
        self.loss = self.accuracy = math.nan
        self.validation = ""

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def on_train_begin(self, trainer: Trainer) -> None:
        """Start the clock."""
        self.bar.update(self.task, total=trainer.n_steps, completed=trainer.t)
        self.started, self.first_t = time.perf_counter(), trainer.t

    def on_stretch_end(self, trainer: Trainer, steps: Steps) -> None:
        """Move the bar, at most ten times a second."""
        self.loss = running(self.loss, steps.column("loss"))
        self.accuracy = running(self.accuracy, steps.column("accuracy"))
        now = time.perf_counter()
        if now - self.shown >= 1 / REFRESHES_PER_SECOND or trainer.finished:
            self.shown = now
            self.show(trainer, steps[-1].epoch, now)

    def on_epoch_end(self, trainer: Trainer, epoch: Epoch) -> None:
        """Remember the validation data's score."""
        self.validation = validation_text(epoch)

    def show(self, trainer: Trainer, epoch: int, now: float) -> None:
        """Redraw the bar."""
        samples = (trainer.t - self.first_t) * len(trainer.samples.X) / trainer.steps_per_epoch
        speed = samples / max(now - self.started, 1e-9)
        facts = f"loss {self.loss:.4f}{score_text('accuracy', self.accuracy)}{self.validation}, {speed:,.0f} samples/s"
        self.bar.update(
            self.task,
            completed=trainer.t,
            epoch=f"{epoch}/{trainer.plan.epochs}",
            facts=facts,
            refresh=True,
        )


class EpochLines(Callback):
    """A plain line per epoch, at most one a second: for log files and pipes."""

    def __init__(self) -> None:
        self.shown = -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Have nothing to put away."""

    def on_epoch_end(self, trainer: Trainer, epoch: Epoch) -> None:
        """Print the line."""
        now = time.perf_counter()
        if now - self.shown < SECONDS_BETWEEN_LINES and not trainer.finished:
            return
        self.shown = now
        speed = trainer.t / max(trainer.seconds, 1e-9)
        left = (trainer.n_steps - trainer.t) / speed
        print_line(
            f"epoch {epoch.epoch}/{trainer.plan.epochs}: loss {epoch.loss:.4f}{score_text('accuracy', epoch.accuracy)}"
            f"{validation_text(epoch)}, {speed:,.0f} steps/s, {left:.0f} s left"
        )


def progress(*, quiet: bool) -> ProgressBar | EpochLines | None:
    """Return what shows the progress of a training here; nothing when quiet."""
    if quiet:
        return None
    return ProgressBar() if sys.stderr.isatty() else EpochLines()


def running(mean: float, values: Array) -> float:
    """Return a running mean that forgets: the last twenty values weigh most."""
    for value in values[-REMEMBERED:].tolist():
        mean = value if math.isnan(mean) else mean + (value - mean) / 20
    return mean


def score_text(name: str, value: float) -> str:
    """Return a score as a share of 1, or nothing where there is none."""
    return "" if math.isnan(value) else f", {name} {value:.3f}"


def validation_text(epoch: Epoch) -> str:
    """Return the validation data's score, or nothing where there is none."""
    return score_text("validation", epoch.validation_accuracy) + score_text("validation R²", epoch.validation_r2)


def print_line(text: str) -> None:
    """Write a line to stderr at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
