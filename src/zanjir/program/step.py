"""One training step of a network as a program: forward, backward and update, on the flat parameter vector."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.graph.gradient import gradient
from zanjir.graph.order import evaluate
from zanjir.graph.tensor import Array, Tensor
from zanjir.nn import Dropout, Layout, Loss, Regularizer, Reshape, Sequential
from zanjir.optim import SGD, ClipNorm, Optimizer
from zanjir.program.function import Function, merged, named_inputs
from zanjir.program.printing import forward_and_backward, function_text, graph_source, helpers_text, module_text

__all__ = ["Problem", "StepProgram", "source", "trace_forward", "trace_statistics", "trace_step", "updated"]

# Two rows are enough to tell the batch from a single row, and so to record every sum over it.
TRACED_ROWS = 2
INDENT = "    "


@dataclass(frozen=True, repr=False)
class Problem:
    """What is to be learned: a network, its loss and penalty, and the shapes of its data.

    Parameters
    ----------
    in_features : int
        D, for inputs of shape (N, D).
    n_outputs : int
        Number of scores.
    dtype : dtype
        float32 to train, float64 to explain and check.
    weighted : bool
        Whether each sample's loss counts as many times as its weight says.
    precise : bool
        Whether losses and penalty are summed in float64, for who compares objectives closely, as minimizers do.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> Problem(mlp([20], 3), LOSSES["softmax"], in_features=4, n_outputs=3)
    Problem(4-20-3, softmax loss, float32)
    """

    network: Sequential
    loss: Loss
    in_features: int
    n_outputs: int
    penalty: Regularizer | None = None
    dtype: Any = np.float32
    weighted: bool = False
    precise: bool = False

    def __repr__(self) -> str:
        penalty = f" + {self.penalty}" if self.penalty else ""
        return f"Problem({self.sizes}, {self.loss.name} loss{penalty}, {np.dtype(self.dtype)})"

    @property
    def sizes(self) -> str:
        """The sizes of the network: ``784-256-10``, or ``28x28x1-conv8-256-10``."""
        first, *_ = self.network.layers
        image = "x".join(map(str, first.shape)) if isinstance(first, Reshape) else str(self.in_features)
        return "-".join([image, *(layer.size_text for layer in self.network.layers if layer.counts)])

    @property
    def layout(self) -> Layout:
        """Where each parameter lies in the flat vector."""
        return self.network.layout(self.in_features)

    @property
    def measured(self) -> tuple[str, ...]:
        """Names of the parameters that are measured on the training data: no gradient reaches them."""
        return self.network.measured

    @property
    def draws(self) -> bool:
        """Whether training draws random numbers: it needs a key for them."""
        return any(isinstance(layer, Dropout) and layer.rate for layer in self.network.layers)

    @property
    def n_learned(self) -> int:
        """Number of parameters that are learned."""
        shapes = self.layout.shapes
        return self.layout.size - sum(math.prod(shapes[name]) for name in self.measured)

    def batch(self, n: int) -> dict[str, Array]:
        """Return arrays of the right shapes and types for a batch of ``n`` samples, filled with zeros."""
        targets = np.zeros(n, np.int64) if self.loss.takes == "labels" else np.zeros((n, self.n_outputs), self.dtype)
        batch = {"X": np.zeros((n, self.in_features), self.dtype), "y": targets}
        return {**batch, "weights": np.zeros(n, self.dtype)} if self.weighted else batch

    def parameters(self) -> dict[str, Tensor]:
        """Return parameters of the right shapes as named leaves."""
        return {name: Tensor(np.zeros(shape, self.dtype), name) for name, shape in self.layout.shapes.items()}

    def learned(self, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the parameters without the measured ones, as a network takes them in training."""
        return {name: parameter for name, parameter in parameters.items() if name not in self.measured}

    def objective(
        self,
        X: Tensor,
        y: Tensor,
        parameters: Mapping[str, Tensor],
        key: Tensor | None,
        weights: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Return loss, its two parts and the scores of a batch in training, as graphs."""
        scores = self.network(X, self.learned(parameters), key)
        losses = self.loss.function(scores, y).named("losses")
        if weights is not None:
            losses = (losses * weights).named("weighted")
        if self.precise:
            losses = losses.astype(np.float64).named("terms")
        data_loss = losses.mean().named("data_loss")
        if self.penalty is None:
            return {"loss": data_loss.named("loss"), "scores": scores}
        penalized = [parameter for name, parameter in parameters.items() if name.startswith("W")]
        if self.precise:
            penalized = [W.astype(np.float64) for W in penalized]
        penalty = self.penalty(penalized).named("penalty")
        return {
            "loss": (data_loss + penalty).named("loss"),
            "data_loss": data_loss,
            "penalty": penalty,
            "scores": scores,
        }


@dataclass(frozen=True)
class StepProgram:
    """The three functions of a training step, with the leaves that stand for batch, parameters and state.

    ``forward`` and ``backward`` share their nodes; ``update`` works on the flat vector ``W`` and ``dW``.
    """

    problem: Problem
    optimizer: Optimizer
    forward: Function
    backward: Function
    update: Function
    clip: ClipNorm | None = None

    def source(self) -> str:
        """Return the program as a module of NumPy that runs as it stands.

        ``step(X, y, W, ...)`` performs one step on the flat vector ``W``; the state vectors start at zero and
        ``t`` counts steps from 1. ``N`` in a comment is the batch size, which the program nowhere fixes.
        """
        functions = (self.forward, self.backward, self.update)
        described = shapes_for_any_batch(self)
        notes = (
            "Loss of a batch, and what backward reads.",
            "Derivatives of the loss.",
            "The optimizer's step.",
        )
        texts = [
            function_text(function, lambda node: described[id(node)], note)
            for function, note in zip(functions, notes, strict=True)
        ]
        return module_text([*helpers_text(functions), self.unflatten_text(), *texts, self.step_text()])

    def unflatten_text(self) -> str:
        """Return the text of the function that cuts the flat vector into parameters."""
        layout = self.problem.layout
        body = []
        for name, (a, b) in layout.offsets.items():
            shape = layout.shapes[name]
            cut = f"W[{a}:{b}]" + (f".reshape{shape}" if len(shape) > 1 else "")
            body.append(f"    {name} = {cut}")
        note = '    """Parameters as views of the flat vector."""'
        return "\n".join(["def unflatten(W):", note, *body, f"    return {', '.join(layout.shapes)}"])

    @property
    def aside(self) -> str:
        """What a reader of the step must know of parameters that it does not compute."""
        if not self.problem.measured:
            return ""
        names = ", ".join(self.problem.measured)
        said = f"For prediction, {names} are measured on the training data after the last step; no step computes them."
        return f"\n\n{textwrap.fill(said, 116, initial_indent=INDENT, subsequent_indent=INDENT)}\n{INDENT}"

    def step_text(self) -> str:
        """Return the text of the function that performs one step."""
        names = list(self.problem.layout.shapes)
        results = self.forward.results(self.forward.lines())
        axes = {name: len(shape) for name, shape in self.problem.layout.shapes.items()}
        flat = ", ".join(f"d{name}.ravel()" if axes[name] > 1 else f"d{name}" for name in names)
        state = [name for name in self.update.outputs if name != "W"]
        extra = [name for name in self.update.arguments if name not in ("W", "dW", *state)]
        batch = [name for name in self.forward.arguments if name not in names]
        return "\n".join([
            f"def step({', '.join([*batch, 'W', *state, *extra])}):",
            f'    """One step of training on the flat vector: the loss before it, and the new vectors.{self.aside}"""',
            f"    {', '.join(names)} = unflatten(W)",
            f"    {', '.join(results)} = forward({', '.join(self.forward.arguments)})",
            f"    {', '.join(f'd{name}' for name in names)} = backward({', '.join(self.backward.arguments)})",
            f"    dW = np.concatenate(({flat}))",
            f"    {', '.join(self.update.outputs)} = update({', '.join(self.update.arguments)})",
            f"    return {', '.join(['loss', *self.update.outputs])}",
        ])  # fmt: skip


def source(thing: Tensor | Problem, optimizer: Optimizer | None = None, clip: ClipNorm | None = None) -> str:
    """Return the program of a graph or of a training step, as text that runs.

    Parameters
    ----------
    thing : Tensor of shape (), or Problem
        A number: its graph and its derivatives with respect to every named leaf. A problem: forward, backward
        and the optimizer's update of its network.
    optimizer, clip
        The update rule of a problem (SGD if not given), and the bound on its gradient's norm.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> print(source(Problem(mlp([], 3), LOSSES["softmax"], in_features=4, n_outputs=3)).split("def ")[-2])
    update(W, dW, learning_rate):
        \"\"\"The optimizer's step.\"\"\"
        W = W - learning_rate * dW                                    # W - learning_rate · dW  (15,)
        return W
    <BLANKLINE>
    <BLANKLINE>
    <BLANKLINE>
    """
    if isinstance(thing, Tensor):
        return graph_source(thing)
    return trace_step(thing, optimizer, clip).source()


def trace_step(problem: Problem, optimizer: Optimizer | None = None, clip: ClipNorm | None = None) -> StepProgram:
    """Build the graph of one training step, and from it the program."""
    leaves = {name: Tensor(value, name) for name, value in problem.batch(TRACED_ROWS).items()}
    parameters = problem.parameters()
    key = Tensor(np.zeros(2, np.int64), "key") if problem.draws else None
    results = problem.objective(leaves["X"], leaves["y"], parameters, key, leaves.get("weights"))
    derivatives = gradient(results["loss"], parameters)
    forward, backward = forward_and_backward(results, {f"d{name}": d for name, d in derivatives.items()})
    optimizer = optimizer or SGD()
    return StepProgram(problem, optimizer, forward, backward, trace_update(problem, optimizer, clip), clip)


def trace_update(problem: Problem, optimizer: Optimizer, clip: ClipNorm | None) -> Function:
    """Build the program of the optimizer's step on the flat vector."""
    size = problem.layout.size
    vectors = {name: Tensor(np.zeros(size, problem.dtype), name) for name in ("W", "dW", *optimizer.state_names)}
    numbers = {"learning_rate": Tensor(optimizer.learning_rate, "learning_rate"), "t": Tensor(1, "t")}
    outputs = updated(optimizer, clip, {**vectors, **numbers})
    return Function("update", {**vectors, **numbers}, outputs)


def updated(optimizer: Optimizer, clip: ClipNorm | None, given: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the new ``W`` and state, by name.

    Parameters
    ----------
    given
        ``W``, ``dW``, ``learning_rate``, ``t`` and the optimizer's state vectors.
    """
    state = {name: given[name] for name in optimizer.state_names}
    with np.errstate(all="ignore"):  # shapes are wanted here, not the numbers of a made-up batch
        dW = clip(given["dW"]).named("clipped") if clip else given["dW"]
        new = optimizer.update(given["W"], dW, given["learning_rate"], given["t"], **state)
    (outputs,) = merged([{name: new[name] for name in ("W", *optimizer.state_names)}])
    return outputs


def trace_forward(problem: Problem) -> Function:
    """Build the program of prediction: scores and the loss of each sample, with nothing random."""
    batch = problem.batch(TRACED_ROWS)
    leaves = {name: Tensor(batch[name], name) for name in ("X", "y")}
    parameters = problem.parameters()
    scores = problem.network(leaves["X"], parameters)
    losses = problem.loss.function(scores, leaves["y"]).named("losses")
    (outputs,) = merged([{"scores": scores, "losses": losses}])
    return Function("forward", {**leaves, **parameters, **named_inputs(outputs.values())}, outputs)


def trace_statistics(problem: Problem) -> Function:
    """Build the program that computes, for a batch, the statistics that are ``measured`` on the training data."""
    X = Tensor(problem.batch(TRACED_ROWS)["X"], "X")
    parameters = problem.learned(problem.parameters())
    (outputs,) = merged([problem.network.statistics(X, parameters)])
    return Function("statistics", {"X": X, **parameters}, outputs)


def shapes_for_any_batch(program: StepProgram) -> dict[int, str]:
    """Describe the shape of every node, with N for the axes that follow the batch."""
    first, second = (shapes_for(program, TRACED_ROWS + extra) for extra in (0, 1))
    described = {}
    for key, shape in first.items():
        sizes = ["N" if a != b else str(a) for a, b in zip(shape, second[key], strict=True)]
        described[key] = f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"
    return described


def shapes_for(program: StepProgram, n: int) -> dict[int, tuple[int, ...]]:
    """Return the shape of every node for a batch of ``n`` samples."""
    outputs = [*program.forward.outputs.values(), *program.backward.outputs.values()]
    batch = program.problem.batch(n)
    leaves = {program.forward.inputs[name]: value for name, value in batch.items() if name in program.forward.inputs}
    values = evaluate(outputs, leaves)
    for node in program.update.nodes:
        values[id(node)] = node.value
    return {key: np.shape(value) for key, value in values.items()}
