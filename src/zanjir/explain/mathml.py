"""Lines of code as MathML, which browsers set without any library."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from html import escape
from typing import Any

__all__ = ["mathml", "name_mathml"]

DERIVATIVE = re.compile(r"\bd([^\W\d]\w*)/d([^\W\d]\w*)")
SIGNS = {ast.Add: "+", ast.Sub: "−", ast.Mult: "·", ast.MatMult: "\u2062"}  # the last one is not seen
# How tightly an operator binds: what binds less stands in brackets.
LEVELS = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.MatMult: 2, ast.Div: 5, ast.Pow: 4}
NEGATIVE, ATOM = 3, 5


NEW = re.compile(r"(?<=[\w)\]]) new\b")


def mathml(code: str) -> str:
    """Return an expression in NumPy's notation as MathML, without the outer element.

    A quotient of names that begin with d, such as ``dL/dw``, is a derivative, also as a factor.

    Parameters
    ----------
    code : str
        Names, numbers, ``+ - * / **``, brackets and function calls; anything else is shown as it stands.

    Examples
    --------
    >>> mathml("w1 * 2")
    '<mrow><msub><mi>w</mi><mn>1</mn></msub><mo>·</mo><mn>2</mn></mrow>'
    >>> mathml("dL/dz * dz/dw").count("<mfrac><mrow><mi>∂</mi>")
    2
    """
    try:
        return built(
            ast.parse(DERIVATIVE.sub(r"d(\1, \2)", NEW.sub(".new", code.replace("np.", ""))), mode="eval").body
        )[0]
    except (SyntaxError, ValueError, RecursionError):
        return f"<mtext>{escape(code)}</mtext>"


def built(node: ast.expr) -> tuple[str, int]:
    """Return a part of an expression, and how tightly it binds."""
    builder = BUILDERS.get(type(node))
    found = builder(node) if builder else None
    return found or (f"<mtext>{escape(ast.unparse(node).replace('.new', ' new'))}</mtext>", ATOM)


def constant(node: ast.Constant) -> tuple[str, int]:
    """Return a number."""
    return f"<mn>{escape(repr(node.value))}</mn>", ATOM


def named(node: ast.Name) -> tuple[str, int]:
    """Return a name."""
    return name_mathml(node.id), ATOM


def negated(node: ast.UnaryOp) -> tuple[str, int] | None:
    """Return a number with a sign."""
    if not isinstance(node.op, ast.USub):
        return None
    return f"<mrow><mo>−</mo>{bracketed(node.operand, NEGATIVE)}</mrow>", NEGATIVE


def binary(node: ast.BinOp) -> tuple[str, int] | None:
    """Return two operands and what stands between them."""
    left, right = node.left, node.right
    if isinstance(node.op, ast.Div):
        return f"<mfrac>{built(left)[0]}{built(right)[0]}</mfrac>", ATOM
    if isinstance(node.op, ast.Pow):
        base = bracketed(left, ATOM)
        base = in_brackets(base) if base.startswith("<mfrac>") else base
        return f"<msup>{base}{built(right)[0]}</msup>", LEVELS[ast.Pow]
    level = LEVELS.get(type(node.op))
    if level is None:
        return None
    sign = f"<mo>{SIGNS[type(node.op)]}</mo>"
    second = in_brackets(built(right)[0]) if isinstance(right, ast.UnaryOp) else bracketed(right, level + 1)
    return f"<mrow>{bracketed(left, level)}{sign}{second}</mrow>", level


def called(node: ast.Call) -> tuple[str, int] | None:
    """Return a function with its arguments; a power of e, and a root."""
    if not isinstance(node.func, ast.Name):
        return None
    name, inside = node.func.id, [built(argument)[0] for argument in node.args]
    if name == "d":
        upper, lower = (f"<mrow><mi>∂</mi>{part}</mrow>" for part in inside)
        return f"<mfrac>{upper}{lower}</mfrac>", ATOM
    if name == "exp":
        return f"<msup><mi>e</mi>{inside[0]}</msup>", LEVELS[ast.Pow]
    if name == "sqrt":
        return f"<msqrt>{inside[0]}</msqrt>", ATOM
    arguments = in_brackets("<mo>,</mo>".join(inside))
    function = f"<mi>{escape(FUNCTIONS[name])}</mi>" if name in FUNCTIONS else name_mathml(name)
    return f"<mrow>{function}{arguments}</mrow>", ATOM


def marked(node: ast.Attribute) -> tuple[str, int] | None:
    """Return what an update has made of something, or a transposed matrix."""
    if node.attr == "new":
        return f"<msup>{built(node.value)[0]}<mtext>new</mtext></msup>", ATOM
    return (f"<msup>{bracketed(node.value, ATOM)}<mo>⊤</mo></msup>", LEVELS[ast.Pow]) if node.attr == "T" else None


BUILDERS: dict[type[ast.expr], Callable[[Any], tuple[str, int] | None]] = {
    ast.Constant: constant, ast.Name: named, ast.UnaryOp: negated, ast.BinOp: binary, ast.Call: called,
    ast.Attribute: marked,
}  # fmt: skip
FUNCTIONS = {"sigmoid": "σ", "maximum": "max", "minimum": "min", "log": "ln"}


def bracketed(node: ast.expr, level: int) -> str:
    """Return a part, in brackets if it binds less tightly than its place asks for."""
    text, own = built(node)
    return text if own >= level else in_brackets(text)


def in_brackets(text: str) -> str:
    """Return a part in brackets that keep their size."""
    return f'<mrow><mo stretchy="false">(</mo>{text}<mo stretchy="false">)</mo></mrow>'


def name_mathml(name: str) -> str:
    """Return a name: what follows an underscore, or the digits at its end, is an index.

    Examples
    --------
    >>> name_mathml("net_h1")
    '<msub><mi>net</mi><mi>h1</mi></msub>'
    """
    stem, bar, index = name.partition("_")
    if not bar:
        stem = name.rstrip("0123456789")
        index = name[len(stem) :]
    if not stem or not index:
        return f"<mi>{escape(name)}</mi>"
    if index == "hat":
        return f'<mover><mi>{escape(stem)}</mi><mo stretchy="false">^</mo></mover>'
    kind = "mn" if index.isdigit() else "mi"
    index = index.replace("_", ",")
    return f"<msub><mi>{escape(stem)}</mi><{kind}>{escape(index)}</{kind}></msub>"
