"""Callbacks: objects that are told what happens in a training, and may stop it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zanjir.training.history import Epoch, History, Step, Steps
from zanjir.training.trainer import Trainer

__all__ = ["Callback", "fit"]


class Callback:
    """Base of the callbacks: override what you want to hear. Returning True from a hook stops the training."""

    def on_train_begin(self, trainer: Trainer) -> None:
        """Hear that the first step is next."""

    def on_step_end(self, trainer: Trainer, step: Step) -> bool | None:
        """Hear of each step. A training whose callbacks leave this alone runs many steps at once."""

    def on_stretch_end(self, trainer: Trainer, steps: Steps) -> bool | None:
        """Hear of the steps since the last call: what is left of an epoch, or what took a tenth of a second."""

    def on_epoch_end(self, trainer: Trainer, epoch: Epoch) -> bool | None:
        """Hear of each epoch."""

    def on_train_end(self, trainer: Trainer) -> None:
        """Hear that no step follows; called also when an error or Ctrl-C ended the training."""


def fit(trainer: Trainer, callbacks: Sequence[Callback] = ()) -> History:
    """Train to the end, telling every callback what happens.

    Returns
    -------
    History
        The record of all steps and epochs.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> from zanjir.program import Problem
    >>> from zanjir.training import Plan, Samples
    >>> import numpy as np
    >>> class StopAt(Callback):
    ...     def on_epoch_end(self, trainer, epoch):
    ...         return epoch.epoch == 3
    >>> samples = Samples(np.eye(4), np.array([0, 1, 0, 1]))
    >>> trainer = Trainer(Problem(mlp([], 2), LOSSES["softmax"], 4, 2), Plan(epochs=50), samples, n_classes=2)
    >>> len(fit(trainer, [StopAt()]).epochs)
    3
    """
    for callback in callbacks:
        callback.on_train_begin(trainer)
    try:
        for steps in one_by_one(trainer) if each_step(callbacks) else trainer.stretches():
            if heard(trainer, steps, callbacks):
                break
    finally:
        for callback in callbacks:
            callback.on_train_end(trainer)
    return trainer.history


def each_step(callbacks: Sequence[Callback]) -> bool:
    """Whether one of the callbacks wants to hear of each step."""
    return any(getattr(callback.on_step_end, "__func__", None) is not Callback.on_step_end for callback in callbacks)


def one_by_one(trainer: Trainer) -> Iterator[Steps]:
    """Go step by step, as if each were a stretch."""
    for step in trainer:
        steps = Steps([step])
        steps.epoch_end = step.epoch_end
        yield steps


def heard(trainer: Trainer, steps: Steps, callbacks: Sequence[Callback]) -> bool:
    """Tell every callback about the new steps, and return whether one of them wants to stop."""
    answers = []
    if each_step(callbacks):
        answers += [callback.on_step_end(trainer, step) for step in steps for callback in callbacks]
    answers += [callback.on_stretch_end(trainer, steps) for callback in callbacks]
    if steps.epoch_end:
        answers += [callback.on_epoch_end(trainer, steps.epoch_end) for callback in callbacks]
    return any(answers)
