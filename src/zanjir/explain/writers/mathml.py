"""Lines of code as MathML, which browsers set without any library; names and numbers may point at their origin."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from html import escape, unescape
from typing import Any

from zanjir.explain.blocks import GREEK
from zanjir.graph.gate import TABLE

__all__ = ["Formula", "mathml", "matrix_mathml", "name_mathml", "number_mathml"]

NAME = r"([^\W\d]\w*(?:\[[\d, ]+\])?)"
DERIVATIVE = re.compile(rf"\bd{NAME}/d{NAME}")
COMMA = "<mo>,</mo>"
NEW = re.compile(r"(?<=[\w)\]]) new\b")
MINUS = '<mo form="prefix">−</mo>'
# Said of each sign, because a line may begin with one.
SIGNS: dict[type[ast.operator], str] = {
    ast.Add: '<mo form="infix">+</mo>', ast.Sub: '<mo form="infix">−</mo>', ast.Mult: '<mo form="infix">·</mo>',
    ast.MatMult: '<mspace width="0.25em"></mspace>',
}  # fmt: skip
ENTRYWISE = '<mo form="infix">⊙</mo>'
COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: "&gt;", ast.GtE: "≥", ast.Lt: "&lt;", ast.LtE: "≤", ast.Eq: "=", ast.NotEq: "≠",
}  # fmt: skip
FUNCTIONS = {"sigmoid": "σ", "maximum": "max", "minimum": "min", "log": "ln"}
# How tightly an operator binds: what binds less stands in brackets.
COMPARISON, SUM, PRODUCT, NEGATIVE, POWER, ATOM = range(6)


def mathml(code: str) -> str:
    """Return an expression in NumPy's notation as MathML, without the outer element.

    A quotient of names that begin with d, such as ``dL/dw``, is a derivative, also as a factor.

    Parameters
    ----------
    code : str
        Names, numbers, ``+ - * / ** @``, brackets, indices and function calls; anything else is shown as it stands.

    Examples
    --------
    >>> mathml("w1 * 2")
    '<mrow><msub><mi>w</mi><mn>1</mn></msub><mo form="infix">·</mo><mn>2</mn></mrow>'
    >>> mathml("dL/dz * dz/dw").count("<mfrac><mrow><mi>∂</mi>")
    2
    """
    pieces = Formula(code).pieces()
    return pieces[0] if len(pieces) == 1 else f"<mrow>{''.join(pieces)}</mrow>"


class Formula:
    """An expression that is to be set.

    Parameters
    ----------
    code : str
        In NumPy's notation.
    names : str
        The same expression with names: a number of ``code`` has the span of the name in its place.
    links : mapping of str to str
        The opening tags of the spans around names that have some.
    numeral : function
        How the digits of a number are shown.
    arrays : collection of str
        Names of arrays, whose products entry by entry have a sign that no other product has.

    Examples
    --------
    >>> Formula("2 * 3", "x * 3", {"x": '<span title="x = 2">'}).pieces()[0].partition("<mo")[0]
    '<mrow><mn><span title="x = 2"><math><mn>2</mn></math></span></mn>'
    """

    def __init__(
        self, code: str, names: str = "", links: Mapping[str, str] | None = None,
        numeral: Callable[[str], str] = str, arrays: Collection[str] = (),
    ) -> None:  # fmt: skip
        self.code, self.links, self.numeral, self.arrays = code, links or {}, numeral, arrays
        # A dot between Persian numerals would be one more zero.
        self.times = SIGNS[ast.Mult] if numeral("0") == "0" else SIGNS[ast.Mult].replace("·", "×")
        self.tree, named = parsed(code), parsed(names)
        self.origins = dict(self.origins_of(named, self.tree)) if named and self.tree else {}

    def origins_of(self, named: ast.expr, numbers: ast.expr) -> Iterator[tuple[int, str]]:
        """Yield the names that stand for numbers, going through both expressions side by side."""
        pairs: list[tuple[ast.AST, ast.AST]] = [(named, numbers)]
        while pairs:
            name, number = pairs.pop()
            spelled = spelling(name)
            if spelled in self.links and spelled != spelling(number):
                yield id(number), spelled
            elif type(name) is type(number):
                pairs += zip(ast.iter_child_nodes(name), ast.iter_child_nodes(number), strict=False)

    @property
    def is_numeric(self) -> bool:
        """Whether the expression has no names."""
        return self.tree is not None and not any(isinstance(node, ast.Name) for node in ast.walk(self.tree))

    def pieces(self) -> list[str]:
        """Return the expression, a long sum in its terms, between which a line may end."""
        return self.made(lambda tree: [f"{sign}{self.term(node, sign)}" for sign, node in summands(tree)])

    def products(self, n_terms: int, first: Callable[[int, str], str], second: Callable[[int, str], str]) -> list[str]:
        """Return a sum of products of two factors in its terms, with each factor as two functions set it.

        Parameters
        ----------
        n_terms : int
            How many products there should be; of anything else, the terms are set as they are.
        first, second : function
            From the index of a term and the factor to what is shown.
        """

        def set_products(tree: ast.expr) -> list[str]:
            found, terms = [], summands(tree)
            for k, (sign, node) in enumerate(terms):
                if len(terms) != n_terms or not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
                    return self.pieces()
                sides = (first(k, self.bracketed(node.left, ATOM)), second(k, self.bracketed(node.right, ATOM)))
                found.append(f"{sign}<mrow>{self.times.join(sides)}</mrow>")
            return found

        return self.made(set_products)

    def made(self, build: Callable[[ast.expr], list[str]]) -> list[str]:
        """Return what is built of the expression; one that is none, or too deep, stands as it is."""
        try:
            return build(self.tree) if self.tree else [f"<mtext>{escape(self.code)}</mtext>"]
        except RecursionError:
            return [f"<mtext>{escape(self.code)}</mtext>"]

    def term(self, node: ast.expr, sign: str) -> str:
        """Return a term of a sum, in brackets where it would be misread after its sign."""
        return self.bracketed(node, PRODUCT if sign else SUM, after=sign)

    def bracketed(self, node: ast.expr, level: int, after: str = "") -> str:
        """Return a part, in brackets if it binds less tightly than its place asks for, or has a sign after a sign."""
        text, own = self.built(node)
        return in_brackets(text) if own < level or (after and isinstance(node, ast.UnaryOp)) else text

    def built(self, node: ast.expr) -> tuple[str, int]:
        """Return a part of the expression, and how tightly it binds."""
        name = self.origins.get(id(node)) or spelling(node)
        if name not in self.links:
            return self.bare(node)
        # Not mtext, which counts as a space and would take the room beside the signs.
        text, level = Formula("", numeral=self.numeral).bare(node)
        return f"<mn>{self.links[name]}<math>{text}</math></span></mn>", level

    def bare(self, node: ast.expr) -> tuple[str, int]:
        """Return a part of the expression that is no link itself; what has no form of its own stands as it is."""
        builder = BUILDERS.get(type(node))
        found = builder(self, node) if builder else None
        return found or (f"<mtext>{escape(ast.unparse(node).replace('.new', ' new'))}</mtext>", ATOM)

    def constant(self, node: ast.Constant) -> tuple[str, int] | None:
        """Return a number."""
        return (number_mathml(repr(node.value), self.numeral), ATOM) if is_number(node.value) else None

    def name(self, node: ast.Name) -> tuple[str, int]:
        """Return a name."""
        return name_mathml(node.id), ATOM

    def negated(self, node: ast.UnaryOp) -> tuple[str, int] | None:
        """Return a part with a sign."""
        if not isinstance(node.op, ast.USub):
            return None
        return f"<mrow>{MINUS}{self.bracketed(node.operand, NEGATIVE, after=MINUS)}</mrow>", NEGATIVE

    def binary(self, node: ast.BinOp) -> tuple[str, int] | None:
        """Return two operands and what stands between them."""
        match node.op, self.sign(node):
            case ast.Add() | ast.Sub(), _:
                return f"<mrow>{''.join(sign + self.term(term, sign) for sign, term in summands(node))}</mrow>", SUM
            case ast.Div(), _:
                return f"<mfrac>{self.built(node.left)[0]}{self.built(node.right)[0]}</mfrac>", ATOM
            case ast.Pow(), _:
                base = self.bracketed(node.left, ATOM)
                base = in_brackets(base) if is_quotient(node.left) else base
                return f"<msup>{base}{self.built(node.right)[0]}</msup>", POWER
            case _, str(sign):
                sides = (
                    self.bracketed(node.left, PRODUCT, after=sign),
                    self.bracketed(node.right, NEGATIVE, after=sign),
                )
                return f"<mrow>{sign.join(sides)}</mrow>", PRODUCT
        return None

    def compared(self, node: ast.Compare) -> tuple[str, int] | None:
        """Return two sides and the sign that compares them."""
        compared = COMPARED.get(type(node.ops[0]))
        if compared is None or len(node.ops) > 1:
            return None
        sign = f'<mo form="infix">{compared}</mo>'
        return f"<mrow>{sign.join(self.bracketed(x, SUM) for x in (node.left, *node.comparators))}</mrow>", COMPARISON

    def attribute(self, node: ast.Attribute) -> tuple[str, int] | None:
        """Return what an update has made of something, or a transpose; of other attributes, a function of the array."""
        if node.attr == "new":
            return f"<msup>{self.built(node.value)[0]}<mtext>new</mtext></msup>", ATOM
        if node.attr != "T":
            return self.called(ast.Call(ast.Name(node.attr), [node.value], []))
        return f'<msup>{self.bracketed(node.value, ATOM)}<mi mathvariant="normal">⊤</mi></msup>', POWER

    def entry(self, node: ast.Subscript) -> tuple[str, int] | None:
        """Return an array with an index."""
        index = in_brackets(f"<mtext>{escape(ast.unparse(node.slice).strip('()'))}</mtext>", "[]")
        return f"<mrow>{self.bracketed(node.value, ATOM)}{index}</mrow>", ATOM

    def shape(self, node: ast.Tuple) -> tuple[str, int] | None:
        """Return a shape, which stands for the array that has it."""
        lengths = [self.built(length)[0] for length in node.elts]
        return in_brackets(COMMA.join([*lengths, ""] if len(lengths) == 1 else lengths)), ATOM

    def sign(self, node: ast.BinOp) -> str | None:
        """Return the sign of a product: of arrays entry by entry, of arrays as matrices, or of numbers."""
        if not isinstance(node.op, ast.Mult):
            return SIGNS.get(type(node.op))
        return ENTRYWISE if self.is_array(node.left) and self.is_array(node.right) else self.times

    def is_array(self, node: ast.AST) -> bool:
        """Whether a part of the expression is an array: a shape stands for one, and what is added up is none."""
        match node:
            case ast.Tuple():
                return bool(node.elts)
            case ast.Call(func=ast.Name(id="d")):
                return spelling(node) in self.arrays
            case ast.Call(func=ast.Attribute(), args=[], keywords=[]) | ast.Attribute(attr="size"):
                return False
            case ast.Call(func=ast.Attribute(value=value)) | ast.Subscript(value=value):
                return self.is_array(value)
            case ast.Call():
                return spelling(node) in self.arrays or any(map(self.is_array, node.args))
        return spelling(node) in self.arrays or any(map(self.is_array, ast.iter_child_nodes(node)))

    def called(self, node: ast.Call) -> tuple[str, int] | None:
        """Return a function, or a method, with its arguments; a derivative, a power of e, a root, a size."""
        match node.func:
            case ast.Name(id=name):
                arguments = node.args
            case ast.Attribute(value=value, attr=name):
                arguments = [value, *node.args]
            case _:
                return None
        if name == "d":
            above, below = (f"<mrow><mi>∂</mi>{Formula('').bare(part)[0]}</mrow>" for part in arguments)
            return f"<mfrac>{above}{below}</mfrac>", ATOM
        inside = [self.built(argument)[0] for argument in arguments]
        if name in UNLIKE_CODE:
            form, level = UNLIKE_CODE[name]
            return form.format(*inside), level
        settings = [f"<mtext>{escape(f'{item.arg}={ast.unparse(item.value)}')}</mtext>" for item in node.keywords]
        if name == "broadcast_like":  # a number stands for the array of it
            return self.built(node.args[0])
        listed = in_brackets(COMMA.join([*inside, *settings]))
        is_gate = name in FUNCTIONS or name in TABLE  # whose name has no index
        function = f"<mi>{FUNCTIONS.get(name, name)}</mi>" if is_gate else name_mathml(name)
        return f"<mrow>{function}{listed}</mrow>", ATOM


# Functions that a formula has a form for: a power of e, a root, a size.
UNLIKE_CODE = {
    "exp": ("<msup><mi>e</mi>{0}</msup>", POWER), "sqrt": ("<msqrt>{0}</msqrt>", ATOM),
    "abs": ("<mrow><mo>|</mo>{0}<mo>|</mo></mrow>", ATOM),
}  # fmt: skip
BUILDERS: dict[type[ast.expr], Callable[[Formula, Any], tuple[str, int] | None]] = {
    ast.Constant: Formula.constant, ast.Name: Formula.name, ast.UnaryOp: Formula.negated, ast.BinOp: Formula.binary,
    ast.Compare: Formula.compared, ast.Attribute: Formula.attribute, ast.Subscript: Formula.entry,
    ast.Tuple: Formula.shape,     ast.Call: Formula.called,
}  # fmt: skip


def is_number(value: object) -> bool:
    """Whether a constant is a number."""
    return isinstance(value, bool | int | float)


def is_quotient(node: ast.expr) -> bool:
    """Whether a part is set with a fraction bar, which an exponent would seem to belong to half of."""
    is_derivative = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "d"
    return is_derivative or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))


def parsed(code: str) -> ast.expr | None:
    """Return an expression as Python reads it, with derivatives as calls of d; None if it is none."""
    try:
        return ast.parse(DERIVATIVE.sub(r"d(\1, \2)", NEW.sub(".new", re.sub(r"\bnp\.", "", code))), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def spelling(node: ast.AST) -> str:
    """Return the name for which a part of an expression stands: ``w``, ``W[0, 1]``, ``dL/dw`` or ``m(w)``."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr="new"):
            return f"{spelling(value)} new"
        case ast.Subscript(value=ast.Name(id=name), slice=index):
            return f"{name}[{ast.unparse(index).strip('()')}]"
        case ast.Call(func=ast.Name(id="d"), args=[upper, lower]):
            return f"d{spelling(upper)}/d{spelling(lower)}"
        case ast.Call(func=ast.Name(id=name), args=[ast.Name() | ast.Subscript() as argument]):
            return f"{name}({spelling(argument)})"
    return ""


def summands(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """Return the terms of a sum with their signs, the first without one; of anything else, itself."""
    found = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        found.append((SIGNS[type(node.op)], node.right))
        node = node.left
    return [("", node), *reversed(found)]


def in_brackets(text: str, brackets: str = "()") -> str:
    """Return a part in brackets that keep their size."""
    return f'<mrow><mo stretchy="false">{brackets[0]}</mo>{text}<mo stretchy="false">{brackets[1]}</mo></mrow>'


def name_mathml(name: str) -> str:
    """Return a name: what follows an underscore, or the digits at its end, is an index.

    Examples
    --------
    >>> name_mathml("net_h1")
    '<msub><mi>net</mi><mi>h1</mi></msub>'
    >>> name_mathml("eta")
    '<mi>η</mi>'
    """
    stem, bar, index = name.partition("_")
    if not bar:
        stem = name.rstrip("0123456789")
        index = name[len(stem) :]
    if not stem:
        stem, index = name, ""
    base = f"<mi>{unescape(f'&{stem};') if stem in GREEK else escape(stem)}</mi>"
    if index == "hat":
        return f'<mover>{base}<mo stretchy="false">^</mo></mover>'
    index = index.replace("_", ",")
    kind = "mn" if index.isdigit() else "mi"
    return f"<msub>{base}<{kind}>{escape(index)}</{kind}></msub>" if index else base


def number_mathml(shown: str, numeral: Callable[[str], str] = str) -> str:
    """Return a number as it is shown: with a minus sign, and a power of ten.

    Examples
    --------
    >>> number_mathml("-2")
    '<mrow><mo form="prefix">−</mo><mn>2</mn></mrow>'
    >>> number_mathml("1e-08").count("<mn>"), "<msup><mn>10</mn>" in number_mathml("1e-08")
    (3, True)
    """
    digits, _, power = shown.removeprefix("-").partition("e")
    text = f"<mn>{escape(numeral(digits))}</mn>"
    if power and power.lstrip("+-").isdigit():
        ten = f"<msup><mn>{numeral('10')}</mn>{number_mathml(str(int(power)), numeral)}</msup>"
        text = f"<mrow>{text}{SIGNS[ast.Mult].replace('·', '×')}{ten}</mrow>"
    return f"<mrow>{MINUS}{text}</mrow>" if shown.startswith("-") else text


def matrix_mathml(rows: list[list[str]], shape: str) -> str:
    """Return rows of what is shown as a matrix, with its shape beside it.

    Examples
    --------
    >>> matrix_mathml([["<mn>1</mn>", "<mn>2</mn>"]], "(2,)").count("<mtd>")
    2
    """
    lines = "".join(f"<mtr>{''.join(f'<mtd>{item}</mtd>' for item in row)}</mtr>" for row in rows)
    matrix = f"<mo>[</mo><mtable>{lines}</mtable><mo>]</mo>"
    return f'<mrow>{matrix}<mspace width="0.4em"></mspace><mtext>{escape(shape)}</mtext></mrow>'
