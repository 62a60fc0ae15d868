"""Learning from samples as they come: the steps of an update rule, without an end."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from zanjir.errors import NonFiniteError
from zanjir.graph import Array
from zanjir.program import Engine, Feed, Problem, trace_step
from zanjir.program.threads import one_blas_thread
from zanjir.training import Plan, Samples
from zanjir.training.engines import engine_for
from zanjir.training.model import encoded

__all__ = ["Online"]


class Online:
    """An update rule that goes on from step to step, with samples that nobody keeps.

    Parameters
    ----------
    problem : Problem
        What is to be learned; ``weighted`` if the samples are.
    plan : Plan
        Rule, seed and engine.
    n_classes : int
        Number of classes; 0 for regression.
    W : array of shape (P,)
        The parameters to go on from.
    state : pair of dicts, optional
        What `Trainer.state` returned after a fit, to go on with the rule's vectors and its number of steps.
    """

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        n_classes: int,
        W: Array,
        state: tuple[dict[str, Array], dict[str, Any]] | None = None,
    ) -> None:
        self.problem, self.plan, self.n_classes = problem, plan, n_classes
        self.t = int(state[1]["t"]) if state else 0
        arrays = state[0] if state else {}
        self.held = {name.removeprefix("optimizer."): a for name, a in arrays.items() if name.startswith("optimizer.")}
        self.held["W"] = W

    @property
    def state(self) -> tuple[dict[str, Array], dict[str, Any]]:
        """The rule's vectors and its number of steps, as `Trainer.state` returns them."""
        return {f"optimizer.{name}": vector for name, vector in self.numbers().items()}, {"t": self.t}

    def __getstate__(self) -> dict[str, Any]:
        """Return what is to be pickled: the numbers, and not the engine, which is made anew."""
        kept = {name: value for name, value in vars(self).items() if name != "engine"}
        return {**kept, "held": self.numbers()}

    @cached_property
    def engine(self) -> Engine:
        """What runs the steps."""
        program = trace_step(self.problem, self.plan.optimizer, self.plan.clip)
        # How many samples will come is not known; compiling is for those who ask for it.
        plan = self.plan if self.plan.engine != "auto" else Plan(seed=self.plan.seed, engine="numpy")
        engine = engine_for(program, self.held["W"], plan, 1)
        for name, vector in engine.state.items():
            vector[...] = self.held.get(name, 0)
        return engine

    def numbers(self) -> Mapping[str, Array]:
        """Return parameters and the rule's vectors."""
        if "engine" not in vars(self):
            return self.held
        return {"W": self.W, **{name: vector.copy() for name, vector in self.engine.state.items()}}

    @property
    def W(self) -> Array:
        """The parameters."""
        return self.engine.W.copy()

    def steps(self, samples: Samples, weights: Array | None, batch_size: int) -> float | None:
        """Take one step for each batch of samples, in their order, and return the mean loss before the steps.

        Samples whose weights are all 0 change nothing, not even by the penalty: there is no step, and no loss.

        Raises
        ------
        NonFiniteError
            If the loss is no finite number; the parameters stay as they were before.
        """
        if weights is not None and not weights.any():
            return None
        n, before, t = len(samples.X), self.numbers(), self.t
        dtype = self.problem.dtype
        targets = np.ascontiguousarray(encoded(self.problem, samples.y, self.n_classes))
        weights = None if weights is None else np.ascontiguousarray(weights, dtype)
        feed = Feed(np.ascontiguousarray(samples.X, dtype), targets, None, weights)
        sizes = np.diff(np.append(np.arange(0, n, batch_size), n))
        rates = np.full(len(sizes), self.plan.optimizer.learning_rate)
        with one_blas_thread():
            record = self.engine.run(feed, np.arange(n), batch_size, rates, t)
        if not (np.isfinite(record.loss[-1]) and np.isfinite(self.engine.W).all()):
            self.go_back(before)
            raise NonFiniteError(
                f"the loss is {record.loss[-1]} at step {t + len(record)}; expected a finite number, and nothing was "
                "learned from these samples. Try a smaller learning rate, or scale the features down."
            )
        self.t += len(record)
        return float(np.average(record.loss, weights=sizes))

    def go_back(self, numbers: Mapping[str, Array]) -> None:
        """Put numbers back."""
        for name, vector in {"W": self.engine.W, **self.engine.state}.items():
            vector[...] = numbers[name]
