"""Checking derivatives against central differences, along random directions, to first and second order.

A random direction through every element costs two evaluations, whatever the size, and a rule that is wrong
anywhere shows in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from zanjir.errors import ZanjirError
from zanjir.graph.gate import Gate
from zanjir.graph.gradient import gradient
from zanjir.graph.order import evaluate, topological_order
from zanjir.graph.tensor import Array, Tensor, apply

__all__ = ["GradientError", "check_gradient", "check_rule"]

# Central differences with step h = eps^(1/3) err by h^2 ~ 4e-11 (truncation) + eps/h ~ 4e-11 (round-off),
# times derivatives of moderate size: 1e-6 leaves four orders of room and still sees an error of 0.001 %.
RELATIVE_TOLERANCE = 1e-6
STEP = float(np.finfo(float).eps) ** (1 / 3)


class GradientError(ZanjirError):
    """A derivative that disagrees with central differences."""


def check_gradient(loss: Tensor, wrt: Sequence[Tensor], *, seed: int = 0) -> None:
    """Compare ``gradient(loss, wrt)`` with central differences of the graph itself.

    Parameters
    ----------
    loss : Tensor of shape ()
        The number to differentiate; its graph is run again at nearby points.
    wrt : sequence of float64 tensors
        What to differentiate with respect to.
    seed : int
        Fixes the random directions.

    Raises
    ------
    GradientError
        If they disagree; the message names the tensor and, if a rule is at fault, the gate and its input.

    Examples
    --------
    >>> w = Tensor([1.0, 2.0], "w")
    >>> check_gradient((w * w).sum(), [w])
    """
    rng = np.random.default_rng(seed)
    for w, dw in zip(wrt, derivatives(loss, wrt, seed), strict=True):
        direction = rng.standard_normal(w.shape)

        def moved(x: Array, w: Tensor = w) -> Any:
            return evaluate([loss], {w: x})[id(loss)]

        message = disagreement(moved, w.value, dw.value, direction)
        if message:
            check_every_rule(loss, seed)
            raise GradientError(f"the gradient of {loss.label} with respect to {w.label} is wrong: {message}")


def derivatives(loss: Tensor, wrt: Sequence[Tensor], seed: int) -> tuple[Tensor, ...]:
    """Return the gradient; where it fails because a rule does, name the rule."""
    try:
        return gradient(loss, wrt)
    except ValueError:
        if isinstance(loss, Tensor):
            check_every_rule(loss, seed)
        raise


def check_every_rule(loss: Tensor, seed: int) -> None:
    """Check each gate of a graph at the values it has there, and name the one at fault."""
    for node in topological_order([loss]):
        if node.gate is not None:
            check_rule(node.gate, [x.value for x in node.inputs], node.params, seed=seed)


def check_rule(
    row: Gate,
    inputs: Sequence[Any],
    params: Mapping[str, Any] | None = None,
    *,
    order: int = 1,
    seed: int = 0,
) -> None:
    """Check every rule of one gate at given inputs, to first or second order.

    Raises
    ------
    GradientError
        If a rule disagrees with central differences; the message names the gate and the input.
    """
    for i, rule in enumerate(row.rules(len(inputs))):
        if rule is not None:
            check_input(row, inputs, params or {}, i, order, np.random.default_rng([seed, i]))


def check_input(
    row: Gate, inputs: Sequence[Any], params: Mapping[str, Any], i: int, order: int, rng: np.random.Generator
) -> None:
    """Check one rule of one gate."""
    output_shape = np.shape(row.forward(*inputs, **{**row.params, **params}))
    x, output_weights = np.asarray(inputs[i], dtype=float), rng.standard_normal(output_shape)
    directions = [rng.standard_normal(x.shape) for _ in range(order)]

    def projected(value: Array, others: int) -> tuple[Tensor, Tensor]:
        """Return x, and the gate's output summed with weights and derived along the first directions."""
        node = Tensor(value)
        total = (apply(row, *inputs[:i], node, *inputs[i + 1 :], **params) * output_weights).sum()
        for direction in directions[:others]:
            total = (gradient(total, node) * direction).sum()
        return node, total

    for others, direction in enumerate(directions):
        node, total = projected(x, others)
        try:
            analytic = gradient(total, node).value
        except ValueError as error:  # ours, or NumPy's for shapes that do not fit
            raise GradientError(f"the rule of gate {row.name!r} for input {i} fails: {error}") from error
        message = disagreement(partial(value_of, projected, others), x, analytic, direction)
        if message:
            nth = ("first", "second")[others]
            raise GradientError(f"the rule of gate {row.name!r} for input {i} is wrong at {nth} order: {message}")


def value_of(projected: Callable[[Array, int], tuple[Tensor, Tensor]], others: int, x: Array) -> Any:
    """Return the number that a projection gives at x."""
    return projected(x, others)[1].value


def disagreement(function: Callable[[Array], Any], x: Array, analytic: Array, direction: Array) -> str:
    """Return how a derivative along a direction differs from central differences; empty if it does not."""
    if analytic.shape != x.shape:
        return f"its shape is {analytic.shape}, expected {x.shape}."
    numeric = float(function(x + STEP * direction) - function(x - STEP * direction)) / (2 * STEP)
    exact = float(np.sum(analytic * direction))
    # A projection that happens to cancel is judged by the size of what it adds up.
    size = max(abs(numeric), abs(exact), 1e-3 * float(np.linalg.norm(analytic * direction)), 1e-6)
    if abs(numeric - exact) <= RELATIVE_TOLERANCE * size:
        return ""
    return f"analytic {exact:.9g}, central difference {numeric:.9g}, step {STEP:.1e}."
