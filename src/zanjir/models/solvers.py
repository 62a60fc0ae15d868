"""How an estimator's parameters are found: by an update rule over batches, or by a minimizer over all samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zanjir.graph import Array
from zanjir.optim import Constant
from zanjir.program import Feed, Problem, Scorer
from zanjir.training import Callback, Epoch, Plan, Samples, Trainer, fit
from zanjir.training.minimizing import Minimum, minimize
from zanjir.training.model import Metrics, encoded, measured
from zanjir.training.trainer import relative

__all__ = ["Heard", "Solution", "Task", "by_minimizer", "by_updates"]

Heard = Callable[[Callable[[], Array], float], bool]
"""Told the parameters and the objective after each iteration; whether to stop."""


@dataclass(frozen=True)
class Task:
    """What is to be fitted: a problem on samples, watched on others."""

    problem: Problem
    train: Samples
    validation: Samples | None
    n_classes: int

    @property
    def feed(self) -> Feed:
        """All samples as the loss takes them."""
        X = np.ascontiguousarray(self.train.X, self.problem.dtype)
        weights = relative(self.train.weights, self.problem.dtype)
        return Feed(X, encoded(self.problem, self.train.y, self.n_classes), None, weights)


@dataclass(frozen=True)
class Solution:
    """What a solver found.

    Parameters
    ----------
    W : array of shape (P,)
        The parameters to keep.
    losses, validation : list of float, list of Metrics
        The objective after each iteration, and what was measured on the validation data.
    n_iter : int
        Iterations of this fit.
    converged : bool
        Whether it ended of itself.
    reason : str
        Why not, in a phrase.
    state : pair of dicts, optional
        What `Trainer.state` returned, to go on from.
    """

    W: Array
    losses: list[float]
    validation: list[Metrics]
    n_iter: int
    converged: bool
    reason: str = ""
    state: tuple[dict[str, Array], dict[str, Any]] | None = None


class NoProgress(Callback):
    """Ends a training whose loss did not fall by ``tol`` for a number of epochs, and counts its epochs."""

    def __init__(self, tol: float, epochs: int, heard: Heard) -> None:
        self.tol, self.epochs, self.heard = tol, epochs, heard
        self.best, self.waited, self.n_iter, self.ended = math.inf, 0, 0, False

    def on_epoch_end(self, trainer: Trainer, epoch: Epoch) -> bool:
        """Count an epoch, and return whether there is no progress any more."""
        self.n_iter += 1
        self.waited = 0 if epoch.loss <= self.best - self.tol else self.waited + 1
        self.best = min(self.best, epoch.loss)
        # To read the parameters may mean to measure the training data for a batch normalization.
        asked = self.heard(lambda: trainer.W, epoch.loss)
        self.ended = asked or (not ends_by_itself(trainer.plan) and self.waited >= self.epochs)
        return self.ended


def ends_by_itself(plan: Plan) -> bool:
    """Whether a plan has an end of its own: data to watch, or a learning rate that follows its last step."""
    return plan.patience is not None or is_scheduled(plan)


def is_scheduled(plan: Plan) -> bool:
    """Whether the learning rate follows the last step."""
    return not isinstance(plan.schedule, Constant)


def by_updates(
    task: Task,
    plan: Plan,
    *,
    tol: float,
    n_iter_no_change: int,
    heard: Heard,
    callbacks: Sequence[Callback] = (),
    start: Array | None = None,
    state: tuple[dict[str, Array], dict[str, Any]] | None = None,
) -> Solution:
    """Fit by an update rule over batches.

    Parameters
    ----------
    start : array of shape (P,), optional
        First parameters.
    state : optional
        What an earlier fit left: with the same number of samples the training goes on as if it had not been
        interrupted; otherwise from its parameters.
    """
    trainer = Trainer(task.problem, plan, task.train, n_classes=task.n_classes, validation=task.validation)
    if state is not None:
        trainer = resumed(trainer, task, plan, state)
    elif start is not None:
        trainer.engine.W[...] = start
    done = len(trainer.history.epochs)
    watch = NoProgress(tol, n_iter_no_change, heard)
    fit(trainer, [watch, *callbacks])
    epochs = trainer.history.epochs[done:]
    found = [Metrics(e.validation_loss, e.validation_accuracy, e.validation_r2) for e in epochs]
    # A training that did not reach its last step was stopped by a callback: somebody wanted that.
    converged = watch.ended or trainer.stopped_early or is_scheduled(plan) or not trainer.finished
    reason = f"the loss still fell by more than tol={tol:g} in {n_iter_no_change} epochs" if not converged else ""
    return Solution(
        trainer.W.copy(), [e.loss for e in epochs], found if task.validation else [], watch.n_iter, converged,
        reason, trainer.state(),
    )  # fmt: skip


def resumed(trainer: Trainer, task: Task, plan: Plan, state: tuple[dict[str, Array], dict[str, Any]]) -> Trainer:
    """Return a trainer that goes on from a state, for as many epochs as its plan has."""
    arrays, facts = state
    epochs, left = divmod(int(facts["t"]), trainer.steps_per_epoch)
    if left or epochs != len(arrays["history.epochs"]):
        trainer.engine.W[...] = arrays["training.W"]
        return trainer
    longer = replace(plan, epochs=plan.epochs + epochs)
    trainer = Trainer(task.problem, longer, task.train, n_classes=task.n_classes, validation=task.validation)
    trainer.restore(arrays, {**facts, "stopped_early": False})
    if plan.patience is None:
        trainer.best_W = None  # the best of an earlier fit is nothing that this one looks for
    elif trainer.best_W is not None and task.validation is not None:
        # Other samples may be watched now, by which the best parameters so far may be the worst.
        scorer, part = Scorer(task.problem, trainer.best_W), task.validation
        trainer.best_loss = measured(scorer, part.X, part.y, task.n_classes, part.weights).loss
    if facts["stopped_early"]:
        trainer.best_epoch = epochs  # to fit again is to ask for more
    return trainer


@dataclass
class Watched:
    """What happens after each iteration of a minimizer: the validation data are measured, and the best is kept."""

    task: Task
    patience: int | None
    heard: Heard
    found: list[Metrics] = field(default_factory=list)
    best: Array | None = None
    best_at: int = 0
    stopped: bool = False

    def __post_init__(self) -> None:
        self.W = np.zeros(self.task.problem.layout.size, self.task.problem.dtype)
        self.scorer = Scorer(self.task.problem, self.W)

    def __call__(self, W: Array, loss: float) -> bool:
        """Look at an iteration, and return whether to stop."""
        self.W[...] = W
        stop = self.heard(lambda: self.W, loss)
        part = self.task.validation
        if part is not None:
            found = measured(self.scorer, part.X, part.y, self.task.n_classes, part.weights)
            if not self.found or found.loss < self.found[self.best_at].loss:
                self.best, self.best_at = self.W.copy(), len(self.found)
            self.found.append(found)
            self.stopped = self.patience is not None and len(self.found) - 1 - self.best_at >= self.patience
        return stop or self.stopped


def by_minimizer(
    task: Task,
    method: str,
    W: Array,
    *,
    max_iter: int,
    tol: float,
    engine: str,
    patience: int | None,
    heard: Heard,
) -> Solution:
    """Fit by a minimizer of SciPy from first parameters on; see `zanjir.training.minimize`."""
    watched = Watched(task, patience, heard)
    found = minimize(
        task.problem, task.feed, W, method=method, max_iter=max_iter, tol=tol, engine=engine, callback=watched
    )
    kept = watched.best if patience is not None and watched.best is not None else found.W
    if not found.losses:  # it began at the minimum, or never left
        watched(found.W, found.loss)
    ended = found.converged or found.stopped or is_exhausted(found, max_iter, task.problem.dtype)
    reason = f"{method} stopped with a derivative of {found.slope:.2g}, above tol={tol:g} ({found.message.strip('.')})"
    losses = found.losses or [found.loss]
    return Solution(kept, losses, watched.found, found.n_iter, ended, "" if ended else reason)


def is_exhausted(found: Minimum, max_iter: int, dtype: Any) -> bool:
    """Whether a line search found nothing lower because numbers of this precision tell no more.

    A loss with kinks, such as the hinge, ends so at a derivative that is not small; one that was never lowered, or a
    derivative above the loss itself, is no end of anything.
    """
    small = 1.0 if found.losses else float(np.sqrt(np.finfo(dtype).eps))
    return found.n_iter < max_iter and found.slope <= small * max(1.0, abs(found.loss))
