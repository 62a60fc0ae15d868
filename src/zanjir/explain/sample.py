"""A trained model on one sample: how its scores and its loss come about, and what each parameter has to do with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.data import Table
from zanjir.explain.levels import explained
from zanjir.explain.steps import Step
from zanjir.graph import Tensor
from zanjir.graph.order import topological_order
from zanjir.training import Model
from zanjir.training.model import encoded

__all__ = ["explained_sample"]


def explained_sample(
    model: Model,
    x: Any,
    y: Any,
    *,
    level: str | None = None,
    focus: str | None = None,
    title: str = "one sample",
) -> Step:
    """Return the tree of steps that explains what a trained model makes of one sample.

    Numbers are computed in float64 from the trained parameters. The loss is that of this sample alone, with the
    penalty of the training; nothing is dropped, and normalizations are those of predictions.

    Parameters
    ----------
    model : Model
        A trained model: what `zanjir.load_model` returns, or the ``model_`` of an estimator.
    x : array_like of shape (D,), or Table
        The raw inputs of the sample; for a model of a table, a table with one row.
    y : int or float
        Its label in [0, C), or its number.
    level : str, optional
        ``"matrices"``, ``"scalars"`` or ``"gates"``; by default single numbers if that makes at most some 60 steps.
    focus : str, optional
        One number, such as ``"W2[1, 3]"``, ``"h[4]"`` or ``"dL/dscores[2]"``: only what depends on it is explained.
    title : str
        What the whole is called.

    Raises
    ------
    ShapeError, DataError
        If the sample does not fit the model.
    GraphError, ParameterError
        If there is no such number or level.

    Examples
    --------
    >>> from zanjir.nn import LOSSES, mlp
    >>> from zanjir.program import Problem
    >>> problem = Problem(mlp([2], 2), LOSSES["softmax"], in_features=3, n_outputs=2)
    >>> model = Model(problem, np.linspace(-1, 1, problem.layout.size), ("cat", "dog"))
    >>> tree = explained_sample(model, [1.0, 2.0, 3.0], 1, focus="W2[0, 1]")
    >>> [step.target for step in tree.every("backward")]
    ['dL/dloss', 'dL/dscores[1]', 'dL/dW2[0, 1]']
    """
    prepared = model.prepared(x if isinstance(x, Table) else np.asarray(x)[None])
    targets = encoded(model.problem, model.learned_targets(np.asarray([y])), len(model.classes))
    inputs = Tensor(np.asarray(prepared, np.float64), "X")
    target = Tensor(targets if targets.dtype.kind in "iu" else np.asarray(targets, np.float64), "y")
    parameters = {name: Tensor(np.asarray(value, np.float64), name) for name, value in model.parameters.items()}
    loss = loss_of(model, inputs, target, parameters)
    samples = {
        node.name for node in topological_order([loss]) if node.name and node.name not in parameters and node.ndim
    }
    learned = [name for name in parameters if name not in model.problem.measured]
    return explained(loss, [] if focus else learned, level=level, focus=focus, samples=samples, title=title)


def loss_of(model: Model, inputs: Tensor, target: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    """Return the graph of one sample's loss."""
    problem = replace(model.problem, dtype=np.float64)
    scores = problem.network(inputs, parameters)
    loss = problem.loss.function(scores, target).sum()
    if problem.penalty is None:
        return loss.named("loss")
    weights = [parameter for name, parameter in parameters.items() if name.startswith("W")]
    return (loss.named("data_loss") + problem.penalty(weights).named("penalty")).named("loss")
