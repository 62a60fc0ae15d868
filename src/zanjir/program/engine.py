"""The numpy engine: it runs a step program on preallocated buffers, over the flat parameter vector.

The statements that run are the gates of the printed program, each writing into a buffer instead of a new
array; ``batch(n).statements`` shows them.
"""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from zanjir.errors import GraphError
from zanjir.graph.order import evaluate
from zanjir.graph.tensor import Array, Tensor, is_number
from zanjir.program.function import Function, constants
from zanjir.program.lowering import Lowered, lower
from zanjir.program.printing import compiled, helpers_text
from zanjir.program.record import Feed, Record
from zanjir.program.step import TRACED_ROWS, Problem, StepProgram, trace_forward

__all__ = ["Batch", "NumpyEngine", "Scorer"]

# A full batch, the last partial one, and the rows of a validation set seldom need more sizes at once.
SIZES_KEPT = 4
# More samples at once are no faster, and images need much room.
MOST_ROWS, MOST_BYTES = 1024, 2**25
# Every compiled text has a file name of its own, so that a traceback shows the right lines.
NUMBER = itertools.count()


@dataclass(frozen=True)
class Batch:
    """The places of one batch size: fill ``given``, and read what a step left in ``results``."""

    given: Mapping[str, Array]
    results: Mapping[str, Array]
    run: Callable[[], None]
    statements: str

    @property
    def X(self) -> Array:
        """The place of the inputs."""
        return self.given["X"]

    @property
    def y(self) -> Array:
        """The place of the targets."""
        return self.given["y"]

    def load(self, feed: Feed, indices: Array) -> None:
        """Gather the samples of a batch."""
        for name, column in feed.columns.items():
            # Indices come from the batch order and are in range; "clip" lets NumPy write into the buffer directly.
            np.take(column, indices, axis=0, out=self.given[name], mode="clip")


class Uncopied:
    """An engine: what it runs works on its own arrays, which a copy would not share with the copy of its program."""

    def __reduce__(self) -> NoReturn:
        raise GraphError(
            f"{type(self).__name__} cannot be copied or pickled, as what it runs works on arrays of its own; make a "
            "new one of its program and W, or save a checkpoint of the training and resume from it."
        )


class NumpyEngine(Uncopied):
    """Runs the steps of one training.

    Parameters
    ----------
    program : StepProgram
        What to run.
    W : array of shape (P,)
        The flat parameter vector at the start; it is copied.
    seed : int
        Fixes what dropout draws.

    Attributes
    ----------
    W, dW : array of shape (P,)
        The parameter vector, updated in place by each step, and the last gradient.
    state : dict of str to array of shape (P,)
        The optimizer's vectors.
    """

    name = "numpy"
    description = "numpy engine"
    fallbacks: tuple[str, ...] = ()

    def __init__(self, program: StepProgram, W: Array, seed: int = 0) -> None:
        self.program = program
        self.W = np.array(W, program.problem.dtype)
        self.dW = np.zeros_like(self.W)
        self.state = {name: np.zeros_like(self.W) for name in program.optimizer.state_names}
        self.key = np.array([seed, 0])
        self.batches: OrderedDict[int, Batch] = OrderedDict()
        self.run_update = self.bind_update()

    def batch(self, n: int) -> Batch:
        """Return the places for batches of ``n`` samples; they are made once per size."""
        if n not in self.batches:
            self.batches[n] = self.bind(n)
            if len(self.batches) > SIZES_KEPT:
                self.batches.popitem(last=False)
        self.batches.move_to_end(n)
        return self.batches[n]

    def step(self, batch: Batch, learning_rate: float, t: int) -> None:
        """Perform step ``t`` (from 1) on a loaded batch: forward, backward, update."""
        self.key[1] = t
        batch.run()
        self.run_update(learning_rate, t)

    def run(self, feed: Feed, order: Array, batch_size: int, learning_rates: Array, t: int) -> Record:
        """Perform the steps that follow step ``t``, on consecutive batches of the samples in ``order``.

        Parameters
        ----------
        feed : Feed
            All samples.
        order : array of int64
            Indices of samples; each step takes the next ``batch_size`` of them, the last one what is left.
        learning_rates : array of shape (steps,)
            One for each step.
        t : int
            Number of the last step that was done before; 0 at the start.

        Returns
        -------
        Record
            One entry per step. It ends with the first step whose loss is not finite, after which none is done.
        """
        feed.check(self.program.problem)
        record = Record.of(len(learning_rates))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the loss is looked at after each step
            for k, learning_rate in enumerate(learning_rates.tolist()):
                indices = order[k * batch_size : (k + 1) * batch_size]
                batch = self.batch(len(indices))
                batch.load(feed, indices)
                self.step(batch, learning_rate, t + k + 1)
                record.note(k, batch.results, None if feed.labels is None else feed.labels[indices])
                if not math.isfinite(record.loss[k]):
                    return record.first(k + 1)
        return record

    def bind(self, n: int) -> Batch:
        """Lower forward and backward for one batch size and bind them to arrays."""
        program, layout = self.program, self.program.problem.layout
        values = program.problem.batch(n)
        derivatives = {f"d{name}": view for name, view in layout.views(self.dW).items()}
        given = {**values, **layout.views(self.W), "key": self.key}
        given |= constants(program.forward.inputs, given)
        inputs = {name: node for name, node in program.forward.inputs.items() if name in given}
        functions = [program.forward, program.backward]
        results, run, text = bind(functions, inputs, given, program.forward.outputs, derivatives)
        return Batch(values, results, run, text)

    def bind_update(self) -> Callable[[float, int], None]:
        """Lower the update and bind it to the flat vectors."""
        update = self.program.update
        arrays = {"W": self.W, "dW": self.dW, **self.state}
        targets = {name: arrays[name] for name in update.outputs}
        return bind([update], update.inputs, arrays, {}, targets)[1]


def bind(
    functions: list[Function],
    inputs: Mapping[str, Tensor],
    arrays: Mapping[str, Array],
    results: Mapping[str, Tensor],
    targets: Mapping[str, Array],
) -> tuple[dict[str, Array], Callable[..., None], str]:
    """Lower functions that share a graph, and bind them to arrays.

    Parameters
    ----------
    inputs, arrays
        The leaves by name, and the arrays that stand for them; numbers are arguments of each run.
    results
        Nodes whose values are wanted after each run; arrays are made for them.
    targets
        Arrays into which outputs of these names are written.

    Returns
    -------
    dict, function, str
        The arrays of the results, what performs one run, and its text.
    """
    nodes = [node for function in functions for node in function.nodes]
    outputs = {name: node for function in functions for name, node in function.outputs.items()}
    with np.errstate(all="ignore"):  # shapes are wanted here, not the numbers of a made-up batch
        values = evaluate(outputs.values(), {node: arrays[name] for name, node in inputs.items() if name in arrays})
    places = {name: np.empty_like(values[id(node)]) for name, node in results.items()}
    written = {name: outputs[name] for name in (*places, *targets)}
    lowered = lower(nodes, values, inputs, written)
    numbers = [name for name, node in inputs.items() if is_number(node.value)]
    buffers = {name: np.empty(form.shape, form.dtype, form.order) for name, form in lowered.buffers.items()}
    variables = {**arrays, **places, **targets, **buffers}
    text = run_text(lowered, numbers, list(variables))
    program = compiled("\n\n".join([*helpers_text(functions), text]), f"<zanjir numpy engine {next(NUMBER)}>")
    return places, program["bind"](**variables), text


def run_text(lowered: Lowered, numbers: list[str], places: list[str]) -> str:
    """Return the text of a function that binds places and returns the function that runs."""
    prepare = [f"    {line}" for line in lowered.prepare]
    body = [f"        {line}" for line in lowered.run] or ["        pass"]
    return "\n".join([
        f"def bind({', '.join(places)}):", *prepare,
        f"    def run({', '.join(numbers)}):", *body,
        "    return run",
    ])  # fmt: skip


class Scorer:
    """Runs prediction: the scores of any number of samples, and their losses.

    Parameters
    ----------
    problem : Problem
        The network and its loss.
    W : array of shape (P,)
        The flat parameter vector; it is read at each call, not copied.
    rows : int, optional
        How many samples are computed at once; by default 1,024, and fewer of those that need much room.
    """

    def __init__(self, problem: Problem, W: Array, rows: int | None = None) -> None:
        self.problem = problem
        self.W = W
        self.function = trace_forward(problem)
        self.rows = rows or rows_at_once(self.function)
        self.bound: dict[int, Batch] = {}

    def bind(self, n: int) -> Batch:
        """Lower the forward program for a number of samples and bind it to arrays."""
        values = self.problem.batch(n)
        arrays = {**values, **self.problem.layout.views(self.W)}
        arrays |= constants(self.function.inputs, arrays)
        results, run, text = bind([self.function], self.function.inputs, arrays, self.function.outputs, {})
        return Batch(values, results, run, text)

    def __call__(self, X: Array, y: Array | None = None) -> tuple[Array, Array]:
        """Return scores (N, C), and the loss of each sample (N,); without targets the losses mean nothing."""
        scores = np.empty((len(X), self.problem.n_outputs), self.problem.dtype)
        losses = np.empty(len(X), self.problem.dtype)
        for start in range(0, len(X), self.rows):
            part = slice(start, min(start + self.rows, len(X)))
            n = part.stop - part.start
            if n not in self.bound:
                # The last partial batch may differ from call to call: keep the full size and one other.
                self.bound = {size: batch for size, batch in self.bound.items() if size == self.rows}
                self.bound[n] = self.bind(n)
            batch = self.bound[n]
            batch.X[...] = X[part]
            if y is not None:
                batch.y[...] = y[part]
            batch.run()
            scores[part], losses[part] = batch.results["scores"], batch.results["losses"]
        return scores, losses


def rows_at_once(function: Function) -> int:
    """Return how many samples to compute at once, so that all their nodes together keep within a bound."""
    per_row = sum(np.asarray(node.value).nbytes for node in function.nodes) // TRACED_ROWS
    return min(MOST_ROWS, max(1, MOST_BYTES // per_row))
