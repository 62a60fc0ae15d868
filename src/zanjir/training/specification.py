"""Descriptions as plain data: a frozen dataclass becomes a JSON object, and back through a closed list of types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from functools import partial
from inspect import signature
from typing import Any

import numpy as np

from zanjir.data.table_preparation import CategoryColumn, NumberColumn, TablePreparation, TableTarget
from zanjir.errors import ParameterError, ShapeError, choose
from zanjir.nn import (
    L1,
    L2,
    LOSSES,
    Activation,
    AveragePool2d,
    BatchNorm,
    Conv2d,
    Dropout,
    ElasticNet,
    Flatten,
    LayerNorm,
    Linear,
    Loss,
    MaxPool2d,
    Reshape,
    Sequential,
)
from zanjir.optim import OPTIMIZERS, SCHEDULES, ClipNorm
from zanjir.program import Problem
from zanjir.training.plan import Plan

__all__ = [
    "columns_from",
    "columns_specification",
    "described",
    "plan_from",
    "plan_specification",
    "problem_from",
    "rebuilt",
    "specification",
]

LAYERS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        Linear, Conv2d, Activation, Dropout, MaxPool2d, AveragePool2d, BatchNorm, LayerNorm, Reshape, Flatten,
    )
}  # fmt: skip
REGULARIZERS: dict[str, type[Any]] = {"L2": L2, "L1": L1, "ElasticNet": ElasticNet}
COLUMNS: dict[str, type[Any]] = {"NumberColumn": NumberColumn, "CategoryColumn": CategoryColumn}
DTYPES: dict[str, type[Any]] = {"float32": np.float32, "float64": np.float64}


def described(thing: Any) -> dict[str, Any]:
    """Return a frozen dataclass as its type's name and its fields.

    Examples
    --------
    >>> described(Activation("tanh"))
    {'type': 'Activation', 'name': 'tanh'}
    """
    facts = asdict(thing)
    for name, value in facts.items():
        if callable(value):
            raise ParameterError(
                f"{type(thing).__name__}: {name} is the function {getattr(value, '__name__', value)}, and a file holds "
                "no code; pickle the estimator, or save the parameters alone."
            )
    return {"type": type(thing).__name__, **facts}


def rebuilt(what: str, facts: Mapping[str, Any], types: dict[str, type[Any]]) -> Any:
    """Return the object that `described` described; only listed types and their own fields are accepted."""
    kind = choose(what, facts["type"], types)
    known = {entry.name for entry in fields(kind)}
    return kind(**{name: value for name, value in facts.items() if name in known})


def specification(problem: Problem) -> dict[str, Any]:
    """Return everything that defines a problem, as JSON data."""
    return {
        "layers": [described(layer) for layer in problem.network.layers],
        **loss_specification(problem.loss),
        "penalty": described(problem.penalty) if problem.penalty else None,
        "in_features": problem.in_features,
        "n_outputs": problem.n_outputs,
        "dtype": np.dtype(problem.dtype).name,
        **({"weighted": True} if problem.weighted else {}),
    }


def loss_specification(loss: Loss) -> dict[str, Any]:
    """Return the name of a loss, and the options it was given.

    Raises
    ------
    ParameterError
        If it is a function that no file can hold.
    """
    named = LOSSES.get(loss.name)
    if named == loss:
        return {"loss": loss.name}
    function = loss.function
    if named and isinstance(function, partial) and function.func == named.function and not function.args:
        return {"loss": loss.name, "loss_options": dict(function.keywords)}
    raise ParameterError(
        f"the loss {loss.name} is a function, and a file holds no code; pickle the estimator, or save the parameters "
        "alone."
    )


def loss_from(facts: Mapping[str, Any]) -> Loss:
    """Return the loss that a specification names."""
    loss = choose("loss", facts["loss"], LOSSES)
    options = {str(name): float(value) for name, value in facts.get("loss_options", {}).items()}
    unknown = options.keys() - set([*signature(loss.function).parameters][2:])
    if unknown:
        raise ParameterError(f"the loss {loss.name} has no option {min(unknown)}")
    return replace(loss, function=partial(loss.function, **options)) if options else loss


def problem_from(facts: Mapping[str, Any]) -> Problem:
    """Return the problem that a specification defines.

    Raises
    ------
    ShapeError, ParameterError
        If its parts do not fit together.
    """
    problem = Problem(
        network=Sequential(tuple(rebuilt("layer", layer, LAYERS) for layer in facts["layers"])),
        loss=loss_from(facts),
        in_features=int(facts["in_features"]),
        n_outputs=int(facts["n_outputs"]),
        penalty=rebuilt("penalty", facts["penalty"], REGULARIZERS) if facts["penalty"] else None,
        dtype=choose("dtype", facts["dtype"], DTYPES),
        weighted=bool(facts.get("weighted", False)),
    )
    if not all(isinstance(size, int) and size > 0 for shape in problem.layout.shapes.values() for size in shape):
        raise ShapeError(f"sizes must be whole numbers above 0; got {problem.layout}.")
    if problem.network.out_features(problem.in_features) != problem.n_outputs:
        raise ShapeError(f"the network does not give {problem.n_outputs} scores: {problem.layout}.")
    return problem


def columns_specification(columns: TablePreparation) -> dict[str, Any]:
    """Return everything that defines how a table is prepared, as JSON data."""
    return {"columns": [described(column) for column in columns.columns], "target": described(columns.target)}


def columns_from(facts: Mapping[str, Any]) -> TablePreparation:
    """Return the preparation of a table that a specification defines.

    Raises
    ------
    ParameterError
        If a column or the target cannot be what is said of it.
    """
    columns = tuple(rebuilt("column", column, COLUMNS) for column in facts["columns"])
    return TablePreparation(columns, rebuilt("target", facts["target"], {"TableTarget": TableTarget}))


def plan_specification(plan: Plan) -> dict[str, Any]:
    """Return everything that defines a plan, as JSON data; threads, on which no bit depends, are left to each run."""
    return {
        "optimizer": described(plan.optimizer),
        "schedule": described(plan.schedule),
        "clip": plan.clip.largest if plan.clip else None,
        "batch_size": plan.batch_size,
        "epochs": plan.epochs,
        "patience": plan.patience,
        "seed": plan.seed,
        "shuffle": plan.shuffle,
        "engine": plan.engine,
        "shards": plan.shards,
    }


def plan_from(facts: Mapping[str, Any]) -> Plan:
    """Return the plan that a specification defines."""
    return Plan(
        optimizer=rebuilt("optimizer", facts["optimizer"], {rule.__name__: rule for rule in OPTIMIZERS.values()}),
        schedule=rebuilt("schedule", facts["schedule"], {kind.__name__: kind for kind in SCHEDULES.values()}),
        clip=None if facts["clip"] is None else ClipNorm(facts["clip"]),
        batch_size=facts["batch_size"],
        epochs=facts["epochs"],
        patience=facts["patience"],
        seed=facts["seed"],
        shuffle=facts.get("shuffle", True),
        # What was saved before there was a choice was trained by the numpy engine.
        engine=facts.get("engine", "numpy"),
        shards=facts.get("shards"),
    )
