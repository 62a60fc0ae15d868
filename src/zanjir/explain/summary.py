"""The shortest level of an explanation: what came out, and each parameter with its derivative and its new value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from zanjir.explain.steps import Step, Table

__all__ = ["summarized"]

HUGE = 1e150  # the square of a larger number is near the end of float64


def summarized(tree: Step) -> Step:
    """Return a solution as tables: of its parameters, and of the numbers that came out; its checks stay.

    Parameters
    ----------
    tree : Step
        A solution of single numbers or of arrays, of which the table shows the Euclidean lengths.

    Examples
    --------
    >>> from zanjir.explain import solution
    >>> from zanjir.graph import Tensor
    >>> from zanjir.optim import SGD
    >>> w, x = Tensor(3.0, "w"), Tensor(2.0, "x")
    >>> tree = solution(((w * x).named("z") ** 2).named("loss"), ["w"], optimizer=SGD(0.5))
    >>> results, parameters = summarized(tree).every("summary")
    >>> parameters.table.rows
    (('w', 3.0, 24.0, -9.0),)
    """
    values = {step.target: step.value for step in tree.children if step.kind not in {"check", "summary"}}
    given = [step for step in tree.every("given") if step.value is not None]
    derivatives = {step.wrt: step.value for step in tree.every("backward")}
    parameters = [step for step in given if f"{step.target} new" in values] or [
        step for step in given if step.target in derivatives
    ]
    made = [
        step for step in (results(tree), changes(parameters, derivatives, values)) if step.table and step.table.rows
    ]
    kept = (*tree.every("summary"), *tree.every("check"))
    return replace(tree, rule="summary", children=(*made, *kept))


def results(tree: Step) -> Step:
    """Return the table of the numbers that came out: the loss, and what it is after the update."""
    *_, last = tree.every("forward", "loss")
    after = [step for step in tree.every("update") if " after " in step.target]
    rows = tuple((step.target, step.value) for step in (last, *after))
    return Step("summary", "results", "results", table=Table(("result", "value"), rows))


def changes(parameters: list[Step], derivatives: dict[str, Any], values: dict[str, Any]) -> Step:
    """Return the table of the parameters."""
    of_arrays = any(step.shape for step in parameters)
    names = ("value", "derivative", "change" if of_arrays else "new")
    is_updated = any(f"{step.target} new" in values for step in parameters)
    columns = ("parameter", *(("shape",) if of_arrays else ()), *(names if is_updated else names[:-1]))
    rows = []
    for step in parameters:
        new = values.get(f"{step.target} new")
        change = None if new is None else new - step.value if of_arrays else new
        numbers = (length(value) for value in (step.value, derivatives.get(step.target), change))
        row = (step.target, *((str(step.shape),) if of_arrays else ()), *numbers)
        rows.append(row[: len(columns)])
    title = f"{'arrays' if of_arrays else 'parameters'}{'' if is_updated else '_kept'}"
    return Step("summary", "parameters", title, table=Table(columns, tuple(rows)))


def length(value: Any) -> float | None:
    """Return a number as it is, and the Euclidean length of an array; None if it was not computed."""
    if value is None or not np.ndim(value):
        return None if value is None else float(value)
    largest = float(np.max(np.abs(value), initial=0.0))
    scale = largest if not HUGE > largest > 1 / HUGE else 1.0
    return scale * float(np.linalg.norm(value / scale)) if scale else 0.0
