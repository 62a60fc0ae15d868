"""Activation functions with their derivatives, as curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from zanjir.errors import ParameterError, choose
from zanjir.graph import TABLE, Array, Gate, Tensor, gradient
from zanjir.graph.expression import Expression, expression
from zanjir.nn.activation import ACTIVATIONS
from zanjir.plots.style import BLUE, DASHES, VERMILION, legend_below, panels, tidy

__all__ = ["activation_curves", "activations"]

REACH = 5.0  # the net inputs that are shown: -5 ... 5
N_POINTS = 401
JUMP = 0.5  # between neighbors, which are 0.025 apart
LETTER = "s"
RELATIVES = ("leaky_relu", "elu", "gelu", "silu", "softplus")
# Matplotlib's own typesetter knows the long name alone, and fractions are small unless they are displayed.
MATHTEXT = {r"\le ": r"\leq ", r"\frac": r"\dfrac"}


def activation_curves(name: str, s: Array) -> tuple[Array, Array]:
    """Return an activation's values at net inputs, and its derivatives: the gradient of the graph.

    Parameters
    ----------
    name : str
        A name in `zanjir.nn.ACTIVATIONS`, or one of leaky_relu, elu, gelu, silu and softplus.
    s : array of shape (N,)
        Net inputs.

    Raises
    ------
    ParameterError
        If there is no such function.

    Examples
    --------
    >>> activation_curves("sigmoid", np.array([0.0]))
    (array([0.5]), array([0.25]))
    """
    row = choose("activation", name, functions())
    inputs = Tensor(np.asarray(s, np.float64), LETTER)
    out = row(inputs) if row else inputs
    return np.asarray(out.value), np.asarray(gradient(np.sum(out), inputs).value)


def activations(names: Sequence[str] = tuple(ACTIVATIONS)) -> Figure:
    """Return a figure of activation functions, each with its value and its derivative.

    Parameters
    ----------
    names : sequence of str
        As for `activation_curves`; by default the activations that networks take.

    Raises
    ------
    ParameterError
        If there is no such function, or none is asked for.
    """
    rows = {name: choose("activation", name, functions()) for name in names}
    if not rows:
        raise ParameterError("there is no activation to draw; expected at least one name.")
    figure, all_axes = panels(len(rows), 2 if len(rows) in {1, 2, 4} else 3, 3.3, 2.9)
    s = np.linspace(-REACH, REACH, N_POINTS)
    for axes, (name, row) in zip(all_axes, rows.items(), strict=True):
        value, derivative = activation_curves(name, s)
        axes.plot(s, value, color=BLUE, linestyle=DASHES[0], linewidth=2, label="value")
        axes.plot(s, broken(derivative), color=VERMILION, linestyle=DASHES[1], linewidth=1.6, label="derivative")
        axes.axhline(0, color="black", linewidth=0.6)
        axes.axvline(0, color="black", linewidth=0.6)
        tidy(axes, "net input $s$", "")
        axes.set_title(titled(name, row), fontsize=11)
    legend_below(figure, all_axes[0], 2)
    return figure


def broken(values: Array) -> Array:
    """Return values with a gap where they jump, so that no line pretends to join them."""
    jumps = np.append(False, np.abs(np.diff(values)) > JUMP)
    return np.where(jumps, np.nan, values)


def functions() -> dict[str, Gate | None]:
    """Return all activations: what networks take by name, and their relatives among the gates."""
    import zanjir.gates  # noqa: F401 - fills the table

    return {**ACTIVATIONS, **{name: TABLE[name] for name in RELATIVES}}


def titled(name: str, row: Gate | None) -> str:
    """Return a function's name above its formula."""
    s = Expression(LETTER, LETTER)
    formula = expression(row(Tensor([0.0], LETTER)), [s]).latex if row else s.latex
    for latex, set_here in MATHTEXT.items():
        formula = formula.replace(latex, set_here)
    return f"{name}\n${formula}$"
