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
    (r"\operatorname{arsinh}(x)", r"\ln(x + \sqrt{x^{2} + 1})"),
    (r"\operatorname{arcosh}(x)", r"\ln(x + \sqrt{x^{2} - 1})"),
    (r"\operatorname{artanh}(x)", r"\frac{\ln(\frac{1 + x}{1 - x})}{2}"),
    (r"\operatorname{arctan2}(x, y)", r"2 \cdot \arctan(\frac{x}{\sqrt{x^{2} + y^{2}} + y})"),
    (r"\operatorname{sinc}(x)", r"\frac{\sin(\pi \cdot x)}{\pi \cdot x}"),
    (r"\operatorname{erf}(x)", r"\frac{2}{\sqrt{\pi}} \cdot \int_{0}^{x} e^{-t^{2}} dt"),
    (r"\Phi(x)", r"(\frac{1}{2} + \frac{1}{\sqrt{2 \cdot \pi}} \cdot \int_{0}^{x} e^{-\frac{t^{2}}{2}} dt)"),
    (r"\sqrt[3]{x}", r"\frac{x}{\left|x\right|^{\frac{2}{3}}}"),
    (r"[x > 0]", r"\frac{1 + \frac{x}{\left|x\right|}}{2}"),
    (r"[x \le 0]", r"\frac{1 - \frac{x}{\left|x\right|}}{2}"),
    (r"\pi", "p"),
    (r"([x] \cdot y + (1 - [x]) \cdot z)", r"(x \cdot y + (1 - x) \cdot z)"),
)
X, Y, Z = sympy.symbols("x y z", real=True)
REAL = {sympy.Symbol(s.name): s for s in (X, Y, Z)} | {sympy.Symbol("e"): sympy.E, sympy.Symbol("p"): sympy.pi}
DIGITS = 30


def formula(row: Gate) -> sympy.Expr:
    """Read the formula of an elementwise row, in x and y."""
    text = row.latex.format("x", "y", "z", **row.params)
    for written, readable in READABLE:
        text = text.replace(written, readable)
    read = parse_latex(text, backend="lark")
    assert isinstance(read, sympy.Expr), f"SymPy finds several meanings in {text}: {read}"
    return read.subs(REAL).doit()


def at_points(expression: sympy.Expr, inputs: Sequence[Any]) -> Any:
    """Evaluate a formula in x and y at arrays of points, with 30 digits."""

    def at_point(*point: float) -> float:
        exact = {s: sympy.Float(float(v), DIGITS) for s, v in zip((X, Y, Z), point, strict=False)}
        return float(expression.subs(exact).evalf(DIGITS))

    return np.vectorize(at_point)(*inputs)


def slopes_by_formula(row: Gate, inputs: Sequence[Any], i: int) -> Any:
    """Differentiate the row's own formula by one input and evaluate it."""
    whole = formula(row)
    steps = {step: sympy.Dummy() for step in whole.atoms(sympy.floor)}  # constant between their jumps
    slope = whole.subs(steps).diff((X, Y, Z)[i])
    return at_points(slope.subs({dummy: step for step, dummy in steps.items()}), inputs)


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
