"""Writing a graph as expressions: NumPy code and formulas, with brackets where precedence asks for them.

The text of every node is put together from the texts of its inputs, in topological order and without
recursion. A node that has a name of its own is written by that name wherever it is read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from zanjir.graph.gate import Gate, Precedence
from zanjir.graph.tensor import Tensor, is_number

__all__ = ["Expression", "expression", "literal", "operand", "plain"]


@dataclass(frozen=True)
class Expression:
    """A node written out: as NumPy code and as LaTeX, with the loosest operator inside."""

    code: str
    latex: str
    precedence: Precedence = Precedence.ATOM

    def bracketed(self, loosest: int) -> Expression:
        """Return the expression as it stands beside an operator that binds at least this tightly."""
        if self.precedence >= loosest:
            return self
        return Expression(f"({self.code})", f"({self.latex})")


def literal(value: float) -> str:
    """Write a Python number so that reading it back gives the same bits; whole numbers without a point."""
    if not math.isfinite(value):
        return "np.nan" if math.isnan(value) else "np.inf" if value > 0 else "-np.inf"
    whole = value == int(value) and abs(value) < 1e15 and (value != 0 or math.copysign(1, value) > 0)
    return repr(int(value)) if whole else repr(value)


def leaf(node: Tensor) -> Expression:
    """Write a leaf without a name: a number of the formula."""
    return number(literal(node.value) if is_number(node.value) else repr(node.value))


def number(text: str) -> Expression:
    """Return a number as an expression; a sign in front binds like any other."""
    formula = text.replace("np.inf", r"\infty").replace("np.nan", r"\operatorname{NaN}")
    return Expression(text, formula, Precedence.NEGATE if text.startswith("-") else Precedence.ATOM)


def operand(x: Tensor, reader: Tensor) -> Expression:
    """Write a leaf without a name as an input of a gate: beside an array of integers, 2.0 keeps its point."""
    is_whole_float = type(x.value) is float and x.value.is_integer()
    beside_integers = any(not is_number(other.value) and other.dtype.kind in "iub" for other in reader.inputs)
    return number(repr(x.value)) if is_whole_float and beside_integers else leaf(x)


def expression(node: Tensor, inputs: list[Expression]) -> Expression:
    """Write one node from the texts of its inputs."""
    row = node.gate
    if row is None:
        return leaf(node)
    code = template(row, node.params)
    parts = [part.bracketed(needed(row, code, i)) for i, part in enumerate(inputs)]
    # A fraction bar, an exponent or an argument list is a bracket already in a formula.
    written = {"inputs": ", ".join(part.code for part in parts)} | node.params
    formula = {"inputs": ", ".join(part.latex for part in parts)} | node.params
    return Expression(
        code.format(*(part.code for part in parts), **written),
        formula_template(row, node.params).format(*(part.latex for part in parts), **formula),
        row.precedence,
    )


def needed(row: Gate, code: str, i: int) -> int:
    """Return how tightly the i-th operand must bind: attributes and indices read atoms only."""
    if re.search(rf"\{{{i}\}}[.\[]", code):
        return Precedence.ATOM
    if row.precedence == Precedence.ATOM:
        return Precedence.COMPARE
    leans_right = row.precedence in (Precedence.POWER, Precedence.COMPARE)
    same_level_is_fine = i == 0 and not leans_right
    return row.precedence + (0 if same_level_is_fine else 1)


def template(row: Gate, params: dict[str, Any]) -> str:
    """Return a row's code with its parameters written in, as far as they differ from the defaults."""
    if callable(row.code):
        return row.code(**params)
    given = ", ".join(f"{k}={v!r}" for k, v in params.items() if v != row.params.get(k))
    return row.code.replace("{,params}", f", {given}" if given else "").replace("{params}", given)


def formula_template(row: Gate, params: dict[str, Any]) -> str:
    """Return a row's LaTeX, for given parameters where it depends on them."""
    return row.latex(**params) if callable(row.latex) else row.latex


FORMS = (
    (r"\\operatorname\{([^{}]*)\}", r"\1"),
    (r"\\sqrt\{([^{}]*)\}", r"√(\1)"),
    (r"\\frac\{([^{}]*)\}\{(\w+ \+ [^{}]*)\}", r"\1 / (\2)"),
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"\1 / \2"),
    (r"\{([^{}\\]*)\}\^\{2\}", r"\1²"),
    (r"\^\{2\}", "²"),
    (r"\{([^{}\\]*)\}\^\{([^{}]*)\}", r"\1^\2"),
    (r"e\^\{([^{}]*)\}", r"exp(\1)"),
    (r"\^\\top", "ᵀ"),
)
WORDS = {
    r"\cdot": "·", r"\top": "ᵀ", r"\ln": "ln", r"\tanh": "tanh", r"\max": "max", r"\min": "min", r"\sum": "Σ",
    r"\Delta": "Δ", r"\epsilon": "ε", r"\infty": "∞", r"\left|": "|", r"\right|": "|", r"\ge": "≥", r"\le": "≤",
    r"\,": "", r"\{": "{", r"\}": "}", r"\lVert": "‖", r"\rVert": "‖", r"\lambda": "λ", r"\sigma": "σ",
}  # fmt: skip


def plain(latex: str) -> str:
    r"""Turn a formula into one line of ordinary characters, for a comment.

    Examples
    --------
    >>> plain(r"\max(0, X \, W_1 + b_1)"), plain(r"\frac{a}{N}"), plain("{h}^{2}")
    ('max(0, X W_1 + b_1)', 'a / N', 'h²')
    """
    text, before = latex, ""
    while text != before:  # innermost braces first
        before = text
        for pattern, form in FORMS:
            text = re.sub(pattern, form, text)
    for word, sign in WORDS.items():
        text = text.replace(word, sign)
    return re.sub(r" +", " ", text)
