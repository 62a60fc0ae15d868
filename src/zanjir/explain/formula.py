"""Formulas as text: read into the graph without running anything."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from zanjir.errors import DataError, ZanjirError, choose
from zanjir.gates import relu, sigmoid
from zanjir.graph import Tensor

__all__ = ["FUNCTIONS", "parsed"]

LONGEST = 4000
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul,
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "abs": np.abs, "cos": np.cos, "exp": np.exp, "log": np.log, "log1p": np.log1p, "max": np.maximum,
    "min": np.minimum, "relu": relu, "sigmoid": sigmoid, "sin": np.sin, "sqrt": np.sqrt,
    "tanh": np.tanh,
}  # fmt: skip
OF_ARRAYS: dict[str, Callable[..., Any]] = {"sum": np.sum}


def parsed(text: str, names: Mapping[str, Tensor]) -> Tensor:
    """Return a formula as a graph of the given numbers.

    Parameters
    ----------
    text : str
        Names, numbers, ``+ - * / ** @``, brackets and the functions of `FUNCTIONS`, as in Python.
    names : mapping of str to Tensor
        What may stand in it.

    Raises
    ------
    DataError, ParameterError
        If it is no such formula, or reads a name that is not there.

    Examples
    --------
    >>> float(parsed("sigmoid(w * 2) + 1", {"w": Tensor(0.0, "w")}).value)
    1.5
    """
    if len(text) > LONGEST:
        raise DataError(f"the formula has {len(text):,} characters; expected at most {LONGEST:,}. Name its parts.")
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"{text!r} is no formula ({error.__class__.__name__}); write it as in Python.") from error
    try:
        value = built(tree.body, names, text)
        return value if isinstance(value, Tensor) else Tensor(float(value))
    except (ArithmeticError, TypeError) as error:
        if isinstance(error, ZanjirError):
            raise
        raise DataError(f"{text!r} cannot be computed in real numbers: {error}.") from error


def built(node: ast.expr, names: Mapping[str, Tensor], text: str) -> Any:
    """Return a part of a formula: a tensor, or a number of the formula."""
    match node:
        case ast.Constant(value=bool() | complex()):
            pass
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return choose("name", name, dict(names))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -built(operand, names, text)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return built(operand, names, text)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return OPERATORS[type(op)](built(left, names, text), built(right, names, text))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            function = choose("function", name, {**FUNCTIONS, **OF_ARRAYS})
            return function(*(as_tensor(built(x, names, text)) for x in arguments))
    raise DataError(
        f"{ast.unparse(node)!r} in {text!r} is not understood; expected names, numbers, + - * / **, brackets and "
        f"{', '.join(FUNCTIONS)}."
    )


def as_tensor(value: Any) -> Tensor:
    """Return a number of the formula as a node."""
    return value if isinstance(value, Tensor) else Tensor(value)
