"""Networks, losses, penalties, update rules and batches drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.gates import (
    arctan,
    clip,
    elu,
    exp,
    gelu,
    leaky_relu,
    log1p,
    maximum,
    minimum,
    normal_cdf,
    sigmoid,
    silu,
    sin,
    softmax,
    softplus,
    sqrt,
    tanh,
    where,
)  # fmt: skip
from zanjir.graph import Tensor
from zanjir.nn import ACTIVATIONS, L1, L2, LOSSES, ElasticNet, Layer, Sequential, convnet, mlp
from zanjir.optim import SGD, Adadelta, Adagrad, Adam, AdamW, ClipNorm, Momentum, Nesterov, RMSProp
from zanjir.program import Feed, Problem, StepProgram, trace_step

# Further functions of the net inputs, so that gates meet that no ready-made layer puts together.
FUNCTIONS = (
    lambda x: elu(x, alpha=0.7),
    lambda x: leaky_relu(x, slope=0.2),
    gelu,
    silu,
    softplus,
    lambda x: softmax(x, axis=1),
    lambda x: sin(x) * exp(-(x**2)),
    lambda x: sqrt(x**2 + 0.1) - arctan(x),
    lambda x: where(x > 0.1, x, tanh(x)),
    lambda x: maximum(x, 0.3 * x) + minimum(x, 1),
    lambda x: clip(x, low=-0.5, high=0.8),
    lambda x: log1p(abs(x)) * sigmoid(x),
    lambda x: x - x.mean(axis=1, keepdims=True) + x.max(axis=1, keepdims=True),
    lambda x: normal_cdf(x) / (1 + x**2),
    lambda x: np.concatenate([x[:, 1:], x[:, :1]], axis=1),
    lambda x: np.sort(x, axis=1),
    lambda x: np.cumsum(x, axis=1) / 3,
)


@dataclass(frozen=True)
class Between(Layer):
    """A layer without parameters that applies a function."""

    which: int = 0

    def __call__(self, x: Tensor, parameters: Any, key: Tensor | None = None, stream: int = 0) -> Tensor:
        return FUNCTIONS[self.which](x)


@dataclass(frozen=True)
class Case:
    """A training to run: its program, first parameters, samples, order, batch size and learning rates."""

    program: StepProgram
    W: Any
    feed: Feed
    order: Any
    batch_size: int
    rates: Any
    name: str


RULES = (SGD, Momentum, Nesterov, Adagrad, RMSProp, Adadelta, Adam, AdamW)
PENALTIES = (None, None, L2(0.01), L1(0.02), ElasticNet(0.01, beta=0.3))


def network(rng: np.random.Generator, outputs: int) -> tuple[Sequential, int]:
    """Draw a network, and return it with its number of inputs."""
    norm = str(rng.choice(["none", "none", "layer", "batch"]))
    dropout = float(rng.choice([0, 0, 0.3]))
    activation = str(rng.choice(list(ACTIVATIONS)))
    if rng.random() < 0.2:
        shape = (int(rng.integers(4, 8)), int(rng.integers(4, 8)), int(rng.integers(1, 3)))
        channels = [int(rng.integers(1, 5))]
        made = convnet(shape, channels, [5], outputs, activation=activation, norm=norm, dropout=dropout)
        return made, int(np.prod(shape))
    hidden = [int(rng.integers(1, 40)) for _ in range(rng.integers(0, 4))]
    made = mlp(hidden, outputs, activation=activation, norm=norm, dropout=dropout)
    if hidden and rng.random() < 0.7:
        layers = list(made.layers)
        layers.insert(int(rng.integers(1, len(layers))), Between(int(rng.integers(len(FUNCTIONS)))))
        made = Sequential(tuple(layers))
    return made, int(rng.integers(1, 50))


def case(seed: int, dtype: Any) -> Case:
    """Draw a training."""
    rng = np.random.default_rng(seed)
    loss = LOSSES[str(rng.choice(list(LOSSES)))]
    outputs = int(rng.integers(1 if loss.takes != "labels" else 2, 12))
    made, features = network(rng, outputs)
    problem = Problem(made, loss, features, outputs, PENALTIES[rng.integers(len(PENALTIES))], dtype)
    rule = RULES[rng.integers(len(RULES))]
    rule = rule(min(rule().learning_rate, 0.05)) if rule is not Adadelta else rule()
    program = trace_step(problem, rule, ClipNorm(0.5) if rng.random() < 0.3 else None)
    W = problem.layout.flatten(made.init(rng, features)) + 0.01 * rng.standard_normal(problem.layout.size)
    n, batch_size = int(rng.integers(20, 60)), int(rng.integers(2, 30))
    X = rng.standard_normal((n, features)).astype(dtype)
    labels = rng.integers(0, max(outputs, 2), n)
    y = {"labels": labels, "one_hot": rng.integers(0, 2, (n, outputs)).astype(dtype)}[loss.takes]
    order = rng.permutation(n)
    steps = -(-n // batch_size)
    name = f"{seed}: {problem}, {type(rule).__name__}, {program.clip}, batch {batch_size} of {n}"
    feed = Feed(X, y, labels if loss.takes == "labels" else None)
    return Case(program, W.astype(dtype), feed, order, batch_size, np.full(steps, rule.learning_rate), name)
