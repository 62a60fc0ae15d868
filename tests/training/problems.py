"""Small problems that the tests of the training room share."""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.nn import LOSSES, mlp
from zanjir.optim import SGD
from zanjir.program import NumpyEngine, Problem, StepProgram
from zanjir.training import Model, Plan, Samples, Trainer


def points(n: int = 20, d: int = 3, seed: int = 0, n_classes: int = 2) -> Samples:
    """Points whose class is where the sum of their coordinates falls among the others'."""
    X = np.random.default_rng(seed).standard_normal((n, d))
    rank = X.sum(axis=1).argsort().argsort()
    return Samples(X, rank * n_classes // n)


def numbers(n: int = 20, d: int = 3, k: int = 1, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return Samples(X, X @ rng.standard_normal((d, k)) + 0.1 * rng.standard_normal((n, k)))


def problem(hidden: Any = (), d: int = 3, k: int = 2, loss: str = "softmax", **facts: Any) -> Problem:
    network = mlp(hidden, k, dropout=facts.pop("dropout", 0), activation=facts.pop("activation", "relu"))
    return Problem(network, LOSSES[loss], d, k, **facts)


def plan(**facts: Any) -> Plan:
    return Plan(**{"optimizer": SGD(0.1), "batch_size": 6, "epochs": 3, **facts})


def trainer(hidden: Any = (), *, validation: Samples | None = None, dropout: float = 0, **facts: Any) -> Trainer:
    """A training of 20 points in batches of 6: four steps an epoch, the last of two samples."""
    return Trainer(
        problem(hidden, dropout=dropout, dtype=np.float64), plan(**facts), points(), n_classes=2, validation=validation
    )


def trained(hidden: Any = (), **facts: Any) -> Trainer:
    one = trainer(hidden, **facts)
    list(one)
    return one


def model(hidden: Any = (4,), d: int = 3, k: int = 3, loss: str = "softmax", **facts: Any) -> Model:
    """A model with random parameters."""
    given = {name: facts.pop(name) for name in ("penalty", "dtype", "dropout", "activation") if name in facts}
    made = problem(hidden, d, k, loss, **given)
    W = np.random.default_rng(1).standard_normal(made.layout.size).astype(made.dtype)
    return Model(made, W, **facts)


def same_bits(one: Any, two: Any) -> bool:
    return one.dtype == two.dtype and one.shape == two.shape and one.tobytes() == two.tobytes()


class Compiled(NumpyEngine):
    """Stands for the native engine: another name, shards and threads, and the same bits."""

    name = "native"
    description = "native engine, 2 shards on 1 thread"
    fallbacks = ("conv2d",)

    def __init__(self, program: StepProgram, W: Any, given: Plan) -> None:
        super().__init__(program, W, given.seed)
        self.shards, self.threads = given.shards or 2, given.threads or 1
