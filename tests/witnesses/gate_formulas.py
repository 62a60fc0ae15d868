r"""Derivatives by SymPy: from a row's own LaTeX where SymPy can read it, else from the witness of its value.

An elementwise row is read from ``row.latex``, filled in with ``x`` and ``y``. Two habits of SymPy's LaTeX
reader are worked around in ``READABLE``: it splits ``\tanh`` into ``\tan`` and ``h``, and it does not see where
a logarithm ends before a minus sign unless braces say so. Every other gate is differentiated from its explicit sums in
``gate_values``, with a SymPy symbol for each element.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from sympy.parsing.latex import parse_latex

from witnesses.gate_values import WITNESSES
from zanjir.graph import Gate

READABLE = (
    (r"\tanh(x)", r"{(\frac{e^{x} - e^{-x}}{e^{x} + e^{-x}})}"),
    (r"(\ln(1 + e^{x}) - ", r"({\ln(1 + e^{x})} - "),
)
X, Y = sympy.symbols("x y", real=True)
REAL = {sympy.Symbol("x"): X, sympy.Symbol("y"): Y, sympy.Symbol("e"): sympy.E}
DIGITS = 30


def formula(row: Gate) -> sympy.Expr:
    """Read the formula of an elementwise row, in x and y."""
    text = row.latex.format("x", "y", **row.params)
    for written, readable in READABLE:
        text = text.replace(written, readable)
    read = parse_latex(text, backend="lark")
    assert isinstance(read, sympy.Expr), f"SymPy finds several meanings in {text}: {read}"
    return read.subs(REAL)


def at_points(expression: sympy.Expr, inputs: Sequence[Any]) -> Any:
    """Evaluate a formula in x and y at arrays of points, with 30 digits."""

    def at_point(*point: float) -> float:
        exact = {s: sympy.Float(float(v), DIGITS) for s, v in zip((X, Y), point, strict=False)}
        return float(expression.subs(exact).evalf(DIGITS))

    return np.vectorize(at_point)(*inputs)


def slopes_by_formula(row: Gate, inputs: Sequence[Any], i: int) -> Any:
    """Differentiate the row's own formula by one input and evaluate it."""
    return at_points(formula(row).diff((X, Y)[i]), inputs)


def flow_by_symbols(row: Gate, inputs: Sequence[Any], params: Mapping[str, Any], i: int, g: Any) -> Any:
    """Differentiate sum(g * gate) by every element of one input, with a symbol for each, and evaluate it."""
    symbols = np.array([sympy.Symbol(f"x{k}", real=True) for k in range(np.size(inputs[i]))], dtype=object)
    arrays = [np.asarray(x).astype(object) for x in inputs]
    arrays[i] = symbols.reshape(np.shape(inputs[i]))
    outputs = np.asarray(WITNESSES[row.name].value(sympy, *arrays, **{**row.params, **params}))
    weighted = sum(weight * out for weight, out in zip(np.ravel(g), outputs.flat, strict=True))
    values = dict(zip(symbols, map(float, np.ravel(inputs[i])), strict=True))
    slopes = [float(sympy.diff(weighted, symbol).subs(values).evalf(DIGITS)) for symbol in symbols]
    return np.reshape(slopes, np.shape(inputs[i]))
