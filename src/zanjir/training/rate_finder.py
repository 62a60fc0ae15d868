"""Which learning rate suits a training: a few steps with rates from small to large, and everything as it was."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from zanjir.errors import ParameterError
from zanjir.graph import Array
from zanjir.program.threads import one_blas_thread
from zanjir.training.postmortem import Snapshot
from zanjir.training.trainer import Trainer

__all__ = ["RateSearch", "find_learning_rate"]

# Losses of single batches jump about: they are averaged over about this many steps before they are compared.
SMOOTHING = 10
# The loss that ends the search, as a multiple of the smallest one seen.
TOO_HIGH = 4.0


@dataclass(frozen=True)
class RateSearch:
    """What a search for a learning rate found.

    Parameters
    ----------
    rates, losses : arrays of shape (steps,)
        The rate of each step, and the loss of its batch before it, smoothed over about ten steps.
    suggestion : float
        The rate at which the loss fell fastest, after the first ten steps.
    """

    rates: Array
    losses: Array
    suggestion: float


def find_learning_rate(
    trainer: Trainer, *, lowest: float = 1e-6, highest: float = 10.0, n_steps: int = 100
) -> RateSearch:
    """Take steps with learning rates that grow from ``lowest`` to ``highest``, and leave the trainer as it was.

    Parameters
    ----------
    trainer : Trainer
        Its parameters, optimizer and history are the same, bit by bit, when this returns.
    lowest, highest : float
        The first and the last rate; a loss four times the smallest ends the search earlier.
    n_steps : int
        How many steps to take.

    Raises
    ------
    ParameterError
        If the rates do not grow, there are fewer than 20 steps, or the first rate is already too high.

    References
    ----------
    Smith (2017), Cyclical learning rates for training neural networks, section 3.3.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> from zanjir.program import Problem
    >>> from zanjir.training import Plan, Samples
    >>> X = np.random.default_rng(0).standard_normal((64, 2))
    >>> samples = Samples(X, (X[:, 0] > 0).astype(int))
    >>> trainer = Trainer(Problem(mlp([], 2), LOSSES["softmax"], 2, 2), Plan(batch_size=16), samples, n_classes=2)
    >>> found = find_learning_rate(trainer)
    >>> 1e-3 < found.suggestion < 10, trainer.t
    (True, 0)
    """
    if not (0 < lowest < highest < math.inf and n_steps >= 2 * SMOOTHING):
        raise ParameterError(
            f"the rates go from {lowest!r} to {highest!r} in {n_steps!r} steps; expected 0 < lowest < highest and at "
            f"least {2 * SMOOTHING} steps."
        )
    rates = np.geomspace(lowest, highest, n_steps)
    before = Snapshot.of(trainer.engine)
    try:
        with one_blas_thread():
            losses = losses_at(trainer, rates)
    finally:
        before.onto(trainer.engine)
        trainer.measured_at = None
    if len(losses) < 2:
        raise ParameterError(
            f"the loss was no finite number, or rose to {TOO_HIGH:g} times its first value, after a step with the rate "
            f"{lowest:g}; expected a first rate that is too small. Choose a lower one, or scale the features down."
        )
    smooth = smoothed(losses)
    falling = np.gradient(smooth, np.log(rates[: len(smooth)]))
    # The first means are over a few batches, and jump as their losses do.
    settled = SMOOTHING if len(smooth) > 2 * SMOOTHING else 0
    return RateSearch(rates[: len(smooth)], smooth, float(rates[settled + int(falling[settled:].argmin())]))


def losses_at(trainer: Trainer, rates: Array) -> Array:
    """Return the losses of steps with these rates, up to one that is far too high."""
    losses: list[float] = []
    size, epoch = trainer.plan.batch_size, 0
    while len(losses) < len(rates):
        order = trainer.order(epoch)
        for start in range(0, len(order), size):
            k = len(losses)
            if k == len(rates):
                break
            record = trainer.engine.run(trainer.feed, order[start : start + size], size, rates[k : k + 1], k)
            losses.append(float(record.loss[-1]))
            if not losses[-1] <= TOO_HIGH * min(losses):
                return np.array(losses[:-1])
        epoch += 1
    return np.array(losses)


def smoothed(losses: Array) -> Array:
    """Return an exponential mean over the steps so far, corrected for its beginning."""
    means, mean = [], 0.0
    decay = 1 - 1 / SMOOTHING
    for k, loss in enumerate(losses.tolist(), start=1):
        mean = decay * mean + (1 - decay) * loss
        means.append(mean / (1 - decay**k))
    return np.array(means)
