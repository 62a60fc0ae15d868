"""Gradient check of a trained model: every parameter of the loss it was trained with, on a few samples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.graph import Array, CheckReport, Tensor, check
from zanjir.program import Problem
from zanjir.training.model import Model, encoded

__all__ = ["check_model", "made_up", "training_notes"]


def check_model(model: Model, X: Any, y: Array, *, elements: int = 64, seed: int = 0) -> CheckReport:
    """Check the derivatives of a model's loss, penalty included, with respect to every parameter that is learned.

    The loss is that of training, in float64: what dropout draws is fixed by the seed, and a batch normalization
    takes the mean and variance of these samples.

    Parameters
    ----------
    X, y : arrays of shape (N, D) and (N,) or (N, K)
        Raw inputs with their labels (or numbers); a few samples are enough.
    elements : int
        How many elements of each parameter are checked one by one; random directions reach the others.
    seed : int
        Fixes the choice of elements and directions, and dropout.

    Raises
    ------
    ShapeError, DataError
        If inputs or targets do not fit the model.
    NonFiniteError
        If the loss is not finite.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> from zanjir.program import Problem
    >>> problem = Problem(mlp([3], 2, activation="tanh"), LOSSES["softmax"], in_features=2, n_outputs=2)
    >>> W = problem.layout.flatten(problem.network.init(np.random.default_rng(0), 2))
    >>> report = check_model(Model(problem, W, ("a", "b")), [[1.0, 2.0], [0.5, -1.0]], np.array([0, 1]))
    >>> [(parameter.name, str(parameter.verdict)) for parameter in report.parameters]
    [('W1', 'right'), ('b1', 'right'), ('W2', 'right'), ('b2', 'right')]
    """
    problem = replace(model.problem, dtype=np.float64)
    inputs = Tensor(model.prepared(X).astype(np.float64), "X")
    targets = Tensor(encoded(problem, model.learned_targets(y), len(model.classes)), "y")
    parameters = {name: Tensor(np.array(part, np.float64), name) for name, part in model.parameters.items()}
    key = Tensor(np.array([seed, 1]), "key") if problem.draws else None
    with np.errstate(all="ignore"):  # a loss that is not finite is refused by name
        loss = problem.objective(inputs, targets, parameters, key)["loss"]
    report = check(loss, problem.learned(parameters), samples=elements, seed=seed)
    return replace(report, notes=(*report.notes, *training_notes(problem, seed)))


def training_notes(problem: Problem, seed: int) -> tuple[str, ...]:
    """Return what a reader of a loss in training must know, where it differs from the loss in prediction."""
    dropout = f"dropout draws what it draws with seed {seed} at step 1."
    batch = "batch normalization takes the mean and variance of these samples, as in training."
    return (*([dropout] if problem.draws else []), *([batch] if problem.measured else []))


def made_up(model: Model, n: int, seed: int) -> tuple[Array, Array]:
    """Return raw inputs and targets that fit a model, where its data are not at hand.

    Prepared, the inputs are normal with mean 0 and standard deviation 1; labels are drawn from all classes alike.
    """
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, model.problem.in_features)) * model.preparation.scale + model.preparation.offset
    if model.classes:
        return X, rng.integers(0, len(model.classes), n)
    return X, rng.standard_normal((n, model.problem.n_outputs))
