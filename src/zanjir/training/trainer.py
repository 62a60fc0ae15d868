"""The loop: batch, stochastic and mini-batch descent are one loop with a batch size.

A `Trainer` is iterated; it yields after each step, so that a terminal, a notebook and a page can each watch
the same training, and stop it by stopping to iterate.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zanjir.data import batches
from zanjir.errors import DataError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph import Array
from zanjir.program import NumpyEngine, Problem, Scorer, Statistics, trace_step
from zanjir.training.history import Epoch, History, Step
from zanjir.training.model import Metrics, encoded, labels_from, measured
from zanjir.training.plan import Plan
from zanjir.training.postmortem import Snapshot, cause_of

__all__ = ["Samples", "Trainer"]


@dataclass(frozen=True)
class Samples:
    """Prepared inputs (N, D) with their labels (N,), or numbers (N,) or (N, K)."""

    X: Array
    y: Array

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or len(self.X) != len(self.y) or not len(self.X):
            raise ShapeError(
                f"samples: X is {self.X.shape} and y is {self.y.shape}; expected (N, D), one y per row, N >= 1."
            )


class Trainer:
    """One training of one problem, from its first values to its last epoch.

    Parameters
    ----------
    problem : Problem
        What is to be learned.
    plan : Plan
        How.
    samples : Samples
        Training data, prepared.
    n_classes : int
        Number of classes; 0 for regression.
    validation : Samples, optional
        Data that is measured after each epoch, and never learned from.

    Raises
    ------
    ShapeError, DataError
        If the samples do not fit the problem.
    ParameterError
        If the plan stops early and there are no validation data to tell when.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((64, 2))
    >>> problem = Problem(mlp([], 2), LOSSES["softmax"], in_features=2, n_outputs=2)
    >>> trainer = Trainer(problem, Plan(epochs=5), Samples(X, (X[:, 0] > 0).astype(int)), n_classes=2)
    >>> losses = [step.loss for step in trainer]
    >>> len(losses), losses[-1] < losses[0]
    (5, True)
    """

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        samples: Samples,
        *,
        n_classes: int,
        validation: Samples | None = None,
    ) -> None:
        self.problem, self.plan, self.n_classes = problem, plan, n_classes
        self.samples, self.validation = samples, validation
        self.check()
        self.targets = encoded(problem, samples.y, n_classes)
        first = problem.layout.flatten(problem.network.init(np.random.default_rng(plan.seed), problem.in_features))
        self.engine = NumpyEngine(trace_step(problem, plan.optimizer, plan.clip), first, plan.seed)
        self.scorer = Scorer(problem, self.engine.W)
        self.statistics = Statistics(problem, self.engine.W)
        self.measured_at: int | None = None
        self.history = History()
        self.t = 0
        self.seconds = 0.0
        self.best_loss = math.inf
        self.best_epoch = 0
        self.best_W: Array | None = None
        self.stopped_early = False

    def __repr__(self) -> str:
        samples = f"{len(self.samples.X):,} samples"
        return (
            f"Trainer({self.problem.sizes}, {self.problem.loss.name} loss, {samples}: step {self.t} of {self.n_steps})"
        )

    def check(self) -> None:
        """Refuse what would fail in the middle of the training."""
        for name, part in (("samples", self.samples), ("validation", self.validation)):
            if part and part.X.shape[1] != self.problem.in_features:
                raise ShapeError(f"{name}: X is {part.X.shape}, expected (N, {self.problem.in_features}).")
        if self.validation:
            encoded(self.problem, self.validation.y, self.n_classes)
        elif self.plan.patience is not None:
            raise ParameterError(f"patience is {self.plan.patience}, which needs validation data; got none.")

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches, with the last partial one."""
        return math.ceil(len(self.samples.X) / self.plan.batch_size)

    @property
    def n_steps(self) -> int:
        """Number of steps if nothing stops the training early."""
        return self.steps_per_epoch * self.plan.epochs

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.stopped_early or self.t >= self.n_steps

    @property
    def W(self) -> Array:
        """The flat parameter vector to keep: the best one under early stopping, else the last."""
        if self.best_W is not None:
            return self.best_W
        self.measure()
        return self.engine.W

    def __iter__(self) -> Iterator[Step]:
        """Train on, from where the training stands, and yield after each step.

        While this runs, BLAS uses one thread, so that the same seed gives the same bits on any machine's number
        of cores; the caller's setting comes back when the loop ends.

        Raises
        ------
        NonFiniteError
            If the loss is no finite number any more. The message names the step, and the first gate that made
            a number infinite or not-a-number in its forward, backward or update.
        """
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):
            while not self.finished:
                yield from self.epoch()

    def epoch(self) -> Iterator[Step]:
        """Go on through the epoch that the training is in."""
        number, done = divmod(self.t, self.steps_per_epoch)
        order = list(batches(len(self.samples.X), self.plan.batch_size, seed=self.plan.seed, epoch=number))
        begun = self.t, Snapshot.of(self.engine)
        for indices in order[done:]:
            start = time.perf_counter()
            try:
                step = self.step(number + 1, indices)
                self.history.steps.append(step)
                self.seconds += time.perf_counter() - start
                if self.t % self.steps_per_epoch == 0:
                    step = replace(step, epoch_end=self.end_epoch(step))
            except NonFiniteError as error:
                cause = self.cause(*begun, order[done:])
                raise NonFiniteError(f"{error} {cause}" if cause else str(error)) from error
            yield step

    def cause(self, t: int, start: Snapshot, order: list[Array]) -> str:
        """Name the gate at which the steps since a snapshot stopped being finite."""
        steps = [(t + k, indices, self.learning_rate(t + k)) for k, indices in enumerate(order, 1)]
        noticed = self.t + 1 - t  # the step that failed is not counted in t yet
        return cause_of(self.engine, start, steps[:noticed], self.samples.X, self.targets)

    def learning_rate(self, t: int) -> float:
        """Return the learning rate of step ``t`` (from 1)."""
        return self.plan.optimizer.learning_rate * self.plan.schedule(t, self.n_steps)

    def step(self, epoch: int, indices: Array) -> Step:
        """Perform the next step, on the samples of the given indices."""
        t = self.t + 1
        learning_rate = self.learning_rate(t)
        batch = self.engine.batch(len(indices))
        batch.load(self.samples.X, self.targets, indices)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the loss is looked at below
            self.engine.step(batch, learning_rate, t)
        loss = float(batch.results["loss"])
        if not math.isfinite(loss):
            raise NonFiniteError(
                f"the loss is {loss} at step {t} (epoch {epoch}) with learning rate {learning_rate:g}; "
                "expected a finite number. Try a smaller learning rate, or clip the gradient."
            )
        self.t = t
        penalty = float(batch.results.get("penalty", 0.0))
        data_loss = float(batch.results.get("data_loss", loss))
        accuracy = self.batch_accuracy(batch.results["scores"], indices)
        return Step(epoch, t, loss, data_loss, penalty, accuracy, learning_rate, len(indices))

    def batch_accuracy(self, scores: Array, indices: Array) -> float:
        """Return the share of right labels in a batch; NaN for regression."""
        if not self.n_classes:
            return math.nan
        return float(np.count_nonzero(labels_from(scores) == self.samples.y[indices])) / len(indices)

    def end_epoch(self, last: Step) -> Epoch:
        """Measure the validation data, record the epoch, and decide whether to stop."""
        start = time.perf_counter()
        if not np.isfinite(self.engine.W).all():
            raise NonFiniteError(
                f"the parameters are no finite numbers after step {last.t} (epoch {last.epoch}) "
                f"with learning rate {last.learning_rate:g}. Try a smaller learning rate, or clip the gradient."
            )
        steps = self.history.steps[-self.steps_per_epoch :]
        weights = np.array([step.samples for step in steps], float)
        means = {
            name: float(np.average([getattr(step, name) for step in steps], weights=weights))
            for name in ("loss", "data_loss", "penalty", "accuracy")
        }
        found = self.validate()
        self.seconds += time.perf_counter() - start
        record = Epoch(
            last.epoch, last.t, **means, validation_loss=found.loss,
            validation_accuracy=math.nan if found.accuracy is None else found.accuracy,
            validation_r2=math.nan if found.r2 is None else found.r2,
            learning_rate=last.learning_rate, seconds=self.seconds,
        )  # fmt: skip
        self.history.epochs.append(record)
        self.judge(record)
        return record

    def validate(self) -> Metrics:
        """Return the metrics of the validation data; NaN if there is none."""
        if self.validation is None:
            return Metrics(math.nan)
        self.measure()
        return measured(self.scorer, self.validation.X, self.validation.y, self.n_classes)

    def measure(self) -> None:
        """Bring the parameters that are not learned, such as those of a batch normalization, up to this step.

        They are made anew from the weights and the training samples: whatever stands in their place between two
        readings, such as what a weight decay leaves there, never counts.
        """
        if not self.problem.measured or self.measured_at == self.t:
            return
        from threadpoolctl import threadpool_limits

        order = batches(len(self.samples.X), self.plan.batch_size, seed=self.plan.seed, epoch=0)
        with threadpool_limits(limits=1, user_api="blas"), np.errstate(over="ignore", invalid="ignore"):
            self.statistics.measure(self.samples.X, order)
        self.measured_at = self.t

    def judge(self, epoch: Epoch) -> None:
        """Early stopping: remember the best parameters, and stop when they are too many epochs old."""
        if self.plan.patience is None or self.validation is None:
            return
        if epoch.validation_loss < self.best_loss:
            self.best_loss, self.best_epoch = epoch.validation_loss, epoch.epoch
            self.best_W = self.engine.W.copy()
        self.stopped_early = epoch.epoch - self.best_epoch >= self.plan.patience

    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """Return everything needed to go on later with the same bits: arrays, and JSON data."""
        arrays = {"training.W": self.engine.W.copy(), **self.history.arrays()}
        arrays |= {f"optimizer.{name}": vector.copy() for name, vector in self.engine.state.items()}
        if self.best_W is not None:
            arrays["training.best_W"] = self.best_W
        facts = {
            "t": self.t,
            "seconds": self.seconds,
            "best_loss": self.best_loss if self.best_W is not None else None,
            "best_epoch": self.best_epoch,
            "stopped_early": self.stopped_early,
        }
        return arrays, facts

    def restore(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Go back to a state that `state` returned.

        Raises
        ------
        DataError
            If it is the state of another training, or damaged.
        """
        try:
            self.take(arrays, facts)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise DataError(f"this state does not fit the training: {error}. Train again.") from error

    def take(self, arrays: dict[str, Array], facts: dict[str, Any]) -> None:
        """Take over a state."""
        self.engine.W[...] = arrays["training.W"]
        self.measured_at = None
        for name, vector in self.engine.state.items():
            vector[...] = arrays[f"optimizer.{name}"]
        self.history = History.from_arrays(arrays)
        self.t, self.seconds = int(facts["t"]), float(facts["seconds"])
        self.best_W = arrays.get("training.best_W")
        self.best_loss = math.inf if facts["best_loss"] is None else float(facts["best_loss"])
        self.best_epoch, self.stopped_early = int(facts["best_epoch"]), bool(facts["stopped_early"])
