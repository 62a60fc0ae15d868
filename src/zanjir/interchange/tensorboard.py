"""The course of a training as TensorBoard's event files."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

from zanjir.errors import DataError
from zanjir.files import reason
from zanjir.interchange.extras import needed
from zanjir.training import Callback, Epoch, Steps, Trainer

__all__ = ["TensorBoard"]

# TensorBoard draws what has one first word side by side.
EPOCH_TAGS = {
    "loss/train": "loss",
    "loss/validation": "validation_loss",
    "accuracy/train": "accuracy",
    "accuracy/validation": "validation_accuracy",
    "r2/validation": "validation_r2",
    "learning_rate": "learning_rate",
}
STEP_TAGS = {"steps/loss": "loss", "steps/accuracy": "accuracy", "steps/learning_rate": "learning_rate"}


class TensorBoard(Callback):
    """Writes what happens in a training into a folder that ``tensorboard --logdir`` shows, epoch by epoch.

    Scalars over the epochs: ``loss/train`` (means over the steps of an epoch, with the penalty), ``loss/validation``,
    ``accuracy/train``, ``accuracy/validation``, ``r2/validation`` and ``learning_rate``; those that a training does
    not have are left out. The file is complete up to the last epoch at any time, also after Ctrl-C or an error.

    Parameters
    ----------
    folder : path
        Where the event file goes; each training adds one of its own, and a resumed one goes on with the same curves.
    steps : bool
        Write ``steps/loss``, ``steps/accuracy`` and ``steps/learning_rate`` of every step too.

    Raises
    ------
    ZanjirError
        If the package ``tensorboard`` is missing (the extra ``tensorboard`` brings it).

    Examples
    --------
    >>> TensorBoard("runs/digits-1/events", steps=True)
    TensorBoard('runs/digits-1/events', steps=True)
    """

    def __init__(self, folder: str | Path, *, steps: bool = False) -> None:
        self.folder, self.steps = Path(folder), steps
        self.event: Any = needed("tensorboard.compat.proto.event_pb2", "tensorboard", "TensorBoard").Event
        self.writer: Any = None

    def __repr__(self) -> str:
        return f"TensorBoard({str(self.folder)!r}, steps={self.steps})"

    def on_train_begin(self, trainer: Trainer) -> None:
        """Open a new event file.

        Raises
        ------
        DataError
            If it cannot be made.
        """
        module = needed("tensorboard.summary.writer.event_file_writer", "tensorboard", "TensorBoard")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.writer = module.EventFileWriter(str(self.folder))
        except OSError as error:
            raise DataError(
                f"no events can be written to {self.folder}: {reason(error)}; choose another place."
            ) from error

    def on_stretch_end(self, trainer: Trainer, steps: Steps) -> None:
        """Write the steps, if they are wanted."""
        if not self.steps:
            return
        columns = {tag: steps.column(name).tolist() for tag, name in STEP_TAGS.items()}
        for k, t in enumerate(steps.column("t").tolist()):
            self.write(int(t), {tag: column[k] for tag, column in columns.items()})

    def on_epoch_end(self, trainer: Trainer, epoch: Epoch) -> None:
        """Write the epoch, so that it can be seen at once."""
        self.write(epoch.epoch, {tag: getattr(epoch, name) for tag, name in EPOCH_TAGS.items()})
        self.writer.flush()

    def on_train_end(self, trainer: Trainer) -> None:
        """Close the file; nothing to do where it was never opened."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def write(self, step: int, scalars: dict[str, float]) -> None:
        """Add one event with those scalars that were measured."""
        event = self.event(step=step, wall_time=time.time())
        for tag, value in scalars.items():
            if not math.isnan(value):
                event.summary.value.add(tag=tag, simple_value=value)
        if event.summary.value:
            self.writer.add_event(event)
