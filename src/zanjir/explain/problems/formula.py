"""Formulas as text: read into the graph without running anything."""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zanjir.errors import DataError, ZanjirError, choose
from zanjir.gates import absolute, maximum, minimum, square
from zanjir.graph import Gate, Tensor
from zanjir.graph.gate import TABLE, Precedence

__all__ = ["FUNCTIONS", "parsed", "value_at"]

# The derivative of a sum of one number has a bracket for each term, and Python reads 200 of them at most.
LONGEST, DEEPEST, OFTENEST = 4000, 150, 150
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.MatMult: operator.matmul,
}  # fmt: skip
SUMS = (ast.Add, ast.Sub)
COMPARISONS: dict[type[ast.cmpop], Gate] = {
    ast.Gt: TABLE["greater"], ast.GtE: TABLE["greater_equal"], ast.Lt: TABLE["less"], ast.LtE: TABLE["less_equal"],
    ast.Eq: TABLE["equal"], ast.NotEq: TABLE["not_equal"],
}  # fmt: skip
BOTH: dict[type[ast.boolop], Gate] = {ast.And: TABLE["logical_and"], ast.Or: TABLE["logical_or"]}
NOT = TABLE["logical_not"]
# Gates that a formula writes as conditions, that are about arrays, or about numbers that are not finite, which a
# problem does not have.
ELSEWHERE = {"logical_and", "logical_or", "logical_not", "isnan", "isfinite", "nan_to_num"}
FUNCTIONS: dict[str, Gate] = {
    name: row
    for name, row in TABLE.items()
    if row.elementwise and row.precedence == Precedence.ATOM and name not in ELSEWHERE
} | {"abs": absolute, "max": maximum, "min": minimum, "square": square}
OF_ARRAYS: dict[str, Callable[..., Any]] = {"sum": np.sum}


def parsed(text: str, names: Mapping[str, Tensor]) -> Tensor:
    """Return a formula as a graph of the given numbers.

    Parameters
    ----------
    text : str
        Names, numbers, ``+ - * / ** @``, brackets and the functions of `FUNCTIONS`, as in Python, with or without
        the ``np.`` of a solution. A gate's settings follow its inputs, or stand by name, and are numbers:
        ``clip(x, 0, 1)``, ``elu(x, alpha=0.5)``. The first input of ``where`` may be a condition, of comparisons with
        ``and``, ``or`` and ``not``.
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
    >>> float(parsed("where(0 < w <= 1, w, clip(w, -1, 1))", {"w": Tensor(-7.0, "w")}).value)
    -1.0
    """
    if len(text) > LONGEST:
        raise DataError(f"the formula has {len(text):,} characters; expected at most {LONGEST:,}. Name its parts.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python only warns of what it may not read tomorrow
            tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise DataError(f"{text!r} is no formula ({error.__class__.__name__}); write it as in Python.") from error
    if depth_of(tree) > DEEPEST:
        raise DataError(f"the formula is more than {DEEPEST} operations deep. Name its parts.")
    read = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    if (most := read.most_common(1)) and most[0][1] > OFTENEST:
        raise DataError(
            f"the formula reads {most[0][0]} {most[0][1]:,} times; expected at most {OFTENEST}. Name its parts."
        )
    try:
        return as_tensor(Reader(text, names).built(tree.body))
    except (ArithmeticError, TypeError) as error:
        if isinstance(error, ZanjirError):
            raise
        raise DataError(f"{text!r} cannot be computed in real numbers: {error}.") from error


def value_at(text: str, numbers: Mapping[str, float]) -> float:
    """Return the value of a formula at some numbers, which may be no finite one.

    Raises
    ------
    DataError, ParameterError
        As for `parsed`.

    Examples
    --------
    >>> value_at("1 / x", {"x": 4.0}), value_at("exp(x)", {"x": 1e3})
    (0.25, inf)
    """
    with np.errstate(all="ignore"):
        return float(parsed(text, {name: Tensor(x, name) for name, x in numbers.items()}).value)


def depth_of(tree: ast.AST) -> int:
    """Return how deep a formula is nested, without recursion; the terms of a sum are all as deep."""
    depth, level = 0, [tree]
    while level:
        depth, level = depth + 1, [child for node in level for child in parts_of(node)]
    return depth


def parts_of(node: ast.AST) -> list[ast.AST]:
    """Return what a part of a formula is made of; of a sum, its terms."""
    if not isinstance(node, ast.BinOp):
        return [*ast.iter_child_nodes(node)]
    first, later = operands(node)
    return [first, *(term for _, term in later)]


def operands(node: ast.BinOp) -> tuple[ast.expr, list[tuple[ast.operator, ast.expr]]]:
    """Return the first operand, and the others with their operators; those of a sum are all its terms."""
    later = [(node.op, node.right)]
    first = node.left
    while isinstance(node.op, SUMS) and isinstance(first, ast.BinOp) and isinstance(first.op, SUMS):
        later.append((first.op, first.right))
        first = first.left
    return first, later[::-1]


class Reader:
    """The reading of one formula."""

    def __init__(self, text: str, names: Mapping[str, Tensor]) -> None:
        self.text, self.names = text, dict(names)

    def built(self, node: ast.expr, at_once: bool = False) -> Any:
        """Return a part of a formula: a tensor, or a number of the formula.

        Two numbers are combined in the graph, so that 1/3 stays a third; in an exponent at once, as its value is asked.
        """
        match node:
            case ast.Constant(value=bool() | complex()):
                pass
            case ast.Constant(value=int() | float() as value):
                return finite(float(value))
            case ast.Name(id=name):
                return choose("name", name, self.names)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                value = self.built(operand, at_once)
                return -value if isinstance(sign, ast.USub) else value
            case ast.BinOp(op=op) if type(op) in OPERATORS:
                return self.operated(node, at_once)
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in OF_ARRAYS:
                return OF_ARRAYS[name](as_tensor(self.built(argument)))
            case ast.Call(
                func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="np"), attr=name),
                args=arguments,
                keywords=settings,
            ):
                return self.called(name, arguments, settings)
        raise DataError(
            f"{ast.unparse(node)!r} in {self.text!r} is not understood; expected names, numbers, + - * / **, "
            "brackets, and functions such as exp, max and where."
        )

    def operated(self, node: ast.BinOp, at_once: bool) -> Any:
        """Return what operators make of their operands, from the first term of a sum on."""
        first, later = operands(node)
        found = self.built(first, at_once)
        for op, other in later:
            second = self.built(other, at_once or isinstance(op, ast.Pow))
            found = combined(OPERATORS[type(op)], found, second, at_once)
        return found

    def called(self, name: str, arguments: Sequence[ast.expr], settings: Sequence[ast.keyword]) -> Tensor:
        """Return a function of numbers, with its settings."""
        row = choose("function", name, FUNCTIONS)
        keys = [key for key in row.params if key != "order"]  # derivatives of sinc are no functions of a formula
        n_inputs = len(row.core_shapes)
        given = [*zip(keys, arguments[n_inputs:], strict=False), *((str(s.arg), s.value) for s in settings)]
        params = {key: self.setting(f"{key} of {name}", value) for key, value in given}
        known = params.keys() <= {*keys} and len(params) == len(given)
        if not known or not n_inputs <= len(arguments) <= n_inputs + len(keys):
            also = f", then {' and '.join(keys)}" if keys else ""
            plural = "s" if n_inputs > 1 else ""
            raise DataError(f"{name} in {self.text!r} is not understood; it takes {n_inputs} number{plural}{also}.")
        first, *others = arguments[:n_inputs]
        inputs = [self.condition(first) if name == "where" else self.built(first), *map(self.built, others)]
        return row(*map(as_tensor, inputs), **params)

    def setting(self, what: str, value: ast.expr) -> float:
        """Return a setting of a function, which is a number."""
        number = self.built(value, at_once=True)
        if isinstance(number, Tensor):
            raise DataError(f"{what} in {self.text!r} is {ast.unparse(value)!r}, expected a number.")
        return float(number)

    def condition(self, node: ast.expr) -> Any:
        """Return what is true or false."""
        match node:
            case ast.Compare(left=left, ops=signs, comparators=rest) if COMPARISONS.keys() >= {*map(type, signs)}:
                sides = [as_tensor(self.built(side)) for side in (left, *rest)]
                pairs = zip(signs, sides, sides[1:], strict=False)
                return joined(BOTH[ast.And], [COMPARISONS[type(sign)](x, y) for sign, x, y in pairs])
            case ast.BoolOp(op=op, values=values):
                return joined(BOTH[type(op)], [self.condition(value) for value in values])
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return NOT(self.condition(operand))
        return as_tensor(self.built(node))


def joined(row: Gate, conditions: Sequence[Tensor]) -> Tensor:
    """Return some conditions as one."""
    first, *others = conditions
    for other in others:
        first = row(first, other)
    return first


def combined(function: Callable[[Any, Any], Any], first: Any, second: Any, at_once: bool) -> Any:
    """Return what an operator makes of two parts; of two numbers a node, unless their value is asked at once."""
    found = function(first, second)
    if isinstance(found, Tensor):
        return found
    number = finite(found)
    return number if at_once else function(Tensor(first), second)


def as_tensor(value: Tensor | float) -> Tensor:
    """Return a number of the formula as a node."""
    return value if isinstance(value, Tensor) else Tensor(float(value))


def finite(value: complex) -> float:
    """Return a number of the formula, if it is one: no root of a negative number, and not infinite."""
    if isinstance(value, complex) or not math.isfinite(value):
        raise ArithmeticError(f"{value} is no finite number")
    return value
