"""A trained model on a sample: how its scores and its loss come about, and what each parameter has to do with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.data import Table
from zanjir.errors import ShapeError
from zanjir.explain.levels import explained
from zanjir.explain.steps import Step
from zanjir.graph import Tensor
from zanjir.graph.order import topological_order
from zanjir.optim import Optimizer
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
    optimizer: Optimizer | None = None,
    title: str = "one sample",
) -> Step:
    """Return the tree of steps that explains what a trained model makes of one sample, or of a few.

    Numbers are computed in float64 from the trained parameters. The loss is that of this sample, or the mean of
    these, with the penalty of the training; nothing is dropped, and normalizations are those of predictions.

    Parameters
    ----------
    model : Model
        A trained model: what `zanjir.load_model` returns, or the ``model_`` of an estimator.
    x : array_like of shape (D,) or (N, D), or Table
        The raw inputs of the sample, or of several; for a model of a table, a table.
    y : int or float, or array_like of shape (N,)
        Its label in [0, C), or its number; or one for each sample.
    level : str, optional
        ``"matrices"``, ``"scalars"`` or ``"gates"``; by default single numbers if that makes at most some 60 steps.
    focus : str, optional
        One number, such as ``"W2[1, 3]"``, ``"h[4]"`` or ``"dL/dscores[2]"``: only what depends on it is explained.
        Of several samples, the first index of what is not a parameter is the sample's: ``"h[0, 4]"``.
    optimizer : Optimizer, optional
        An update rule, whose first step is explained too.
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
    one = np.ndim(x) == 1 and not isinstance(x, Table)
    prepared = model.prepared(np.asarray(x)[None] if one else x)
    given = np.asarray([y]) if len(prepared) == 1 and (one or np.ndim(y) == 0) else np.asarray(y)
    if len(prepared) < 1 or np.shape(given)[:1] != (len(prepared),):
        raise ShapeError(
            f"x has {len(prepared)} samples and y has shape {np.shape(y)}; expected one y for each, at least one."
        )
    targets = encoded(model.problem, model.learned_targets(given), len(model.classes))
    inputs = Tensor(np.asarray(prepared, np.float64), "X")
    target = Tensor(targets if targets.dtype.kind in "iu" else np.asarray(targets, np.float64), "y")
    parameters = {name: Tensor(np.asarray(value, np.float64), name) for name, value in model.parameters.items()}
    loss = loss_of(model, inputs, target, parameters)
    named = [node for node in topological_order([loss]) if node.name and node.name not in parameters]
    samples = {node.name for node in named if node.name and node.ndim} if len(prepared) == 1 else set()
    learned = [] if focus else [name for name in parameters if name not in model.problem.measured]
    return explained(loss, learned, level=level, focus=focus, optimizer=optimizer, samples=samples, title=title)


def loss_of(model: Model, inputs: Tensor, target: Tensor, parameters: dict[str, Tensor]) -> Tensor:
    """Return the graph of the loss of one sample, or of the mean loss of several."""
    problem = replace(model.problem, dtype=np.float64)
    scores = problem.network(inputs, parameters)
    losses = problem.loss.function(scores, target)
    loss = losses.sum() if len(inputs.value) == 1 else losses.named("losses").mean()
    if problem.penalty is None:
        return loss.named("loss")
    weights = [parameter for name, parameter in parameters.items() if name.startswith("W")]
    return (loss.named("data_loss") + problem.penalty(weights).named("penalty")).named("loss")
