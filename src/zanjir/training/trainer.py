"""The loop: batch, stochastic and mini-batch descent are one loop with a batch size.

A `Trainer` is iterated; it yields after each step, so that a terminal, a notebook and a page can each watch
the same training, and stop it by stopping to iterate. Its `Trainer.stretches` yield after many steps at once, which
an engine performs without coming back to Python; no bit depends on where they are cut.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from zanjir.data import batches
from zanjir.errors import DataError, NonFiniteError, ParameterError, ShapeError
from zanjir.graph import Array
from zanjir.program import Feed, Problem, Record, Scorer, Statistics, trace_step
from zanjir.program.threads import one_blas_thread
from zanjir.training.engines import engine_for, settled
from zanjir.training.history import History
from zanjir.training.model import Metrics, encoded, measured
from zanjir.training.plan import Plan
from zanjir.training.postmortem import Snapshot, cause_of
from zanjir.training.steps import STEP_COLUMNS, Epoch, Step, Steps

__all__ = ["Samples", "Trainer"]

# A reader who waits for a bar to move, or for Ctrl-C, notices nothing shorter.
STRETCH_SECONDS = 0.1
MEANS = ("loss", "data_loss", "penalty", "accuracy")


@dataclass(frozen=True)
class Samples:
    """Prepared inputs (N, D) with their labels (N,), or numbers (N,) or (N, K), and weights (N,) >= 0 if any."""

    X: Array
    y: Array
    weights: Array | None = None

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or len(self.X) != len(self.y) or not len(self.X):
            raise ShapeError(
                f"samples: X is {self.X.shape} and y is {self.y.shape}; expected (N, D), one y per row, N >= 1."
            )
        if self.weights is not None:
            self.check_weights(np.asarray(self.weights))

    def check_weights(self, weights: Array) -> None:
        """Refuse weights of which no mean can be taken."""
        if weights.shape != self.X.shape[:1]:
            raise ShapeError(f"samples: weights are {weights.shape}, expected {self.X.shape[:1]}, one per sample.")
        wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        if len(wrong):
            raise DataError(f"samples: weights[{wrong[0]}] is {weights[wrong[0]]}, expected a finite number >= 0.")
        if not weights.any():
            raise DataError("samples: all weights are zero; expected at least one above 0.")


@dataclass(frozen=True)
class Beginning:
    """Where a stretch began: the number of steps before it, and what the engine held."""

    t: int
    held: Snapshot


class Trainer:
    """One training of one problem, from its first values to its last epoch.

    Parameters
    ----------
    problem : Problem
        What is to be learned.
    plan : Plan
        How; ``trainer.plan`` is the same plan, with the engine that was chosen where it leaves the choice.
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
        self.feed = self.feed_of(samples)
        first = problem.layout.flatten(problem.network.init(np.random.default_rng(plan.seed), problem.in_features))
        self.engine = engine_for(trace_step(problem, plan.optimizer, plan.clip), first, plan, len(samples.X))
        self.plan = settled(plan, self.engine)
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

    def feed_of(self, samples: Samples) -> Feed:
        """Return samples as an engine reads them."""
        targets = encoded(self.problem, samples.y, self.n_classes)
        with np.errstate(over="ignore"):  # a number too large for the dtype shows in the loss
            X = np.ascontiguousarray(samples.X, self.problem.dtype)
        labels = np.ascontiguousarray(samples.y, np.int64) if self.n_classes else None
        feed = Feed(X, np.ascontiguousarray(targets), labels, relative(samples.weights, self.problem.dtype))
        feed.check(self.problem)
        return feed

    @cached_property
    def steps_per_epoch(self) -> int:
        """Number of batches, with the last partial one."""
        return math.ceil(len(self.samples.X) / self.plan.batch_size)

    @cached_property
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
        with one_blas_thread():
            self.close_epoch()
            while not self.finished:
                yield from self.epoch()

    def epoch(self) -> Iterator[Step]:
        """Go on through the epoch that the training is in, step by step."""
        number, done = divmod(self.t, self.steps_per_epoch)
        order = self.order(number)
        begun = None
        for k in range(done, self.steps_per_epoch):
            now = Beginning(self.t, Snapshot.of(self.engine))
            begun = begun or now
            with self.explained(begun):
                with self.all_or_nothing(now):
                    step = self.step(number + 1, self.batches_of(order, k, k + 1))
                if end := self.epoch_end(step):
                    step = replace(step, epoch_end=end)
            yield step

    def stretches(self) -> Iterator[Steps]:
        """Train on, from where the training stands, and yield after many steps at once.

        A stretch is what the engine does in about a tenth of a second, or what is left of the epoch. In between,
        the training stands where a step-by-step one would, with the same bits. A stretch that an exception breaks
        off, such as Ctrl-C, is taken back.

        Yields
        ------
        Steps
            The new steps; their ``epoch_end`` is set if they end an epoch.

        Raises
        ------
        NonFiniteError
            As when iterating; the steps before the one that failed are in the history.
        """
        n = 1
        with one_blas_thread():
            self.close_epoch()
            while not self.finished:
                number = self.t // self.steps_per_epoch
                order, begun = self.order(number), None
                while self.t < (number + 1) * self.steps_per_epoch:
                    now = Beginning(self.t, Snapshot.of(self.engine))
                    # A step may leave numbers that only the loss of the next one shows: its cause lies further back.
                    begun = now if begun is None or now.held.finite else begun
                    start = self.seconds
                    with self.explained(begun):
                        steps = self.stretch(now, order, n)
                        n = self.pace(steps, self.seconds - start)
                        steps.epoch_end = self.epoch_end(steps[-1])
                    yield steps

    def stretch(self, now: Beginning, order: Array, n: int) -> Steps:
        """Perform up to ``n`` steps of the epoch with this order; take back what an exception breaks off."""
        number, k = divmod(self.t, self.steps_per_epoch)
        with self.all_or_nothing(now):
            return self.advance(number + 1, self.batches_of(order, k, min(k + n, self.steps_per_epoch)))

    @contextmanager
    def all_or_nothing(self, now: Beginning) -> Iterator[None]:
        """Take steps back that an exception breaks off before they are counted."""
        n_rows = len(self.history.steps)
        try:
            yield
        except NonFiniteError:
            raise
        except BaseException:
            if self.t == now.t:
                now.held.onto(self.engine)
                self.history.steps.cut(n_rows)
            raise

    def pace(self, steps: Steps, seconds: float) -> int:
        """Return how many steps the next stretch may have, by the time that the last one took."""
        # Counted in samples, for a last partial batch is no measure of the others.
        samples = float(steps.column("samples").sum()) * STRETCH_SECONDS / max(seconds, 1e-9)
        return max(1, int(samples / self.plan.batch_size))

    def order(self, epoch: int) -> Array:
        """Return the samples in the order of an epoch (from 0)."""
        n = len(self.samples.X)
        (order,) = batches(n, n, seed=self.plan.seed if self.plan.shuffle else None, epoch=epoch)
        return order

    def batches_of(self, order: Array, first: int, end: int) -> Array:
        """Return the samples of some consecutive batches."""
        return order[first * self.plan.batch_size : end * self.plan.batch_size]

    @contextmanager
    def explained(self, begun: Beginning) -> Iterator[None]:
        """Add its cause to an error about numbers that are not finite."""
        try:
            yield
        except NonFiniteError as error:
            cause = self.cause(begun)
            raise NonFiniteError(f"{error} {cause}" if cause else str(error)) from error

    def cause(self, begun: Beginning) -> str:
        """Name the gate at which the steps since a beginning stopped being finite."""
        number, done = divmod(begun.t, self.steps_per_epoch)
        order = self.order(number)
        noticed = min(self.t + 1, (number + 1) * self.steps_per_epoch)  # the step that failed is not counted yet
        steps = [
            (t, self.batches_of(order, k, k + 1), float(self.learning_rates([t])[0]))
            for k, t in enumerate(range(begun.t + 1, noticed + 1), done)
        ]
        return cause_of(self.engine.program, self.plan.seed, begun.held, steps, self.feed)

    def learning_rates(self, steps: Iterable[int]) -> Array:
        """Return the learning rates of steps (from 1)."""
        base, factor, n = self.plan.optimizer.learning_rate, self.plan.schedule, self.n_steps
        return np.array([base * factor(t, n) for t in steps])

    def step(self, epoch: int, indices: Array) -> Step:
        """Perform the next step, on the samples of the given indices."""
        return self.advance(epoch, indices)[0]

    def advance(self, epoch: int, order: Array) -> Steps:
        """Perform the next steps, on consecutive batches of an order, in one run of the engine."""
        start = time.perf_counter()
        n = math.ceil(len(order) / self.plan.batch_size)
        rates = self.learning_rates(range(self.t + 1, self.t + n + 1))
        record = self.engine.run(self.feed, order, self.plan.batch_size, rates, self.t)
        failed = not math.isfinite(record.loss[-1])
        good = record.first(len(record) - 1) if failed else record
        steps = self.write_down(epoch, good, rates, len(order))
        self.seconds += time.perf_counter() - start
        if failed:
            raise NonFiniteError(
                f"the loss is {record.loss[-1]} at step {self.t + 1} (epoch {epoch}) "
                f"with learning rate {rates[len(record) - 1]:g}; "
                "expected a finite number. Try a smaller learning rate, or clip the gradient."
            )
        return steps

    def write_down(self, epoch: int, record: Record, rates: Array, n_samples: int) -> Steps:
        """Add the record of steps, which took so many samples together if none failed, to the history."""
        n, size = len(record), self.plan.batch_size
        rows = self.history.steps.grow(n)
        samples = rows[:, STEP_COLUMNS.index("samples")]
        samples[:] = size
        if n:
            samples[-1] = min(size, n_samples - size * (n - 1))
        accuracy = record.right / samples if self.n_classes else math.nan
        t = np.arange(self.t + 1, self.t + n + 1)
        columns = epoch, t, record.loss, record.data_loss, record.penalty, accuracy, rates[:n]
        for k, column in enumerate(columns):
            rows[:, k] = column
        self.t += n
        return Steps.of(rows)

    def epoch_end(self, last: Step) -> Epoch | None:
        """Close the epoch if the last step ends one."""
        return None if self.t % self.steps_per_epoch else self.end_epoch(last)

    def close_epoch(self) -> None:
        """Close an epoch whose last step is done, if its end was broken off."""
        if self.t and len(self.history.epochs) < self.t // self.steps_per_epoch:
            self.epoch_end(self.history.steps[-1])

    def end_epoch(self, last: Step) -> Epoch:
        """Measure the validation data, record the epoch, and decide whether to stop."""
        start = time.perf_counter()
        if not np.isfinite(self.engine.W).all():
            raise NonFiniteError(
                f"the parameters are no finite numbers after step {last.t} (epoch {last.epoch}) "
                f"with learning rate {last.learning_rate:g}. Try a smaller learning rate, or clip the gradient."
            )
        means = self.history.steps[-self.steps_per_epoch :].means(MEANS)
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
        part = self.validation
        return measured(self.scorer, part.X, part.y, self.n_classes, part.weights)

    def measure(self) -> None:
        """Bring the parameters that are not learned, such as those of a batch normalization, up to this step.

        They are made anew from the weights and the training samples: whatever stands in their place between two
        readings, such as what a weight decay leaves there, never counts.
        """
        if not self.problem.measured or self.measured_at == self.t:
            return
        order = batches(len(self.samples.X), self.plan.batch_size, seed=self.plan.seed, epoch=0)
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
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


def relative(weights: Array | None, dtype: Any) -> Array | None:
    """Return weights whose mean is 1.

    It is the mean of all samples, not of a batch: a batch of heavy samples moves the parameters further than one of
    light samples.
    """
    return None if weights is None else np.ascontiguousarray(weights / np.mean(weights, dtype=np.float64), dtype)
