"""A graph in blocks: each named number with the expression that gives it from other named numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from zanjir.explain.steps import Written
from zanjir.graph import Tensor, gradient
from zanjir.graph.expression import Expression, expression, literal, operand
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import apply, is_number

__all__ = ["Block", "blocks_of", "escaped", "latex_name", "rounded", "target_latex"]

DIGITS = 6
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "rho",
    "sigma", "tau", "phi", "chi", "psi",
}  # fmt: skip
# Signs that mean something in a formula, as they stand in one.
SPECIAL = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\hat{\ }", "~": r"\sim ",
}  # fmt: skip

ENTRY = re.compile(r"(.+?)(\[[\d, ]+\])")  # of an array, by its index


@dataclass(frozen=True)
class Block:
    """A named number, and what it is computed from.

    Parameters
    ----------
    name : str
        Its name.
    node : Tensor
        The node in the graph.
    copy : Tensor
        The same expression on leaves of its own.
    leaves : dict of str to Tensor
        Those leaves, by name.
    """

    name: str
    node: Tensor
    copy: Tensor
    leaves: Mapping[str, Tensor]

    @property
    def rule(self) -> str:
        """The name of the last gate."""
        return self.node.gate.name if self.node.gate else "given"

    @cached_property
    def written(self) -> Written:
        """The expression."""
        return written(self.copy)

    @cached_property
    def locals(self) -> dict[str, tuple[Written, float]]:
        """The derivative with respect to each leaf: the gates' own rules, run on this expression.

        Where a rule reads what the gate gave, as that of sigmoid does, the block's own name stands for it.
        """
        found = gradient(self.copy, self.leaves)
        whole = {id(self.copy): Tensor(self.copy.value, self.name)}
        return {name: (written(derivative, whole), float(derivative.value)) for name, derivative in found.items()}


def blocks_of(loss: Tensor) -> list[Block]:
    """Return the blocks of a graph, in an order in which each rests on those before it.

    Parameters
    ----------
    loss : Tensor of shape ()
        A named number, made of named numbers and numbers of the formulas.
    """
    return [cut(node) for node in topological_order([loss]) if node.gate is not None and node.name]


def cut(node: Tensor) -> Block:
    """Return a node's expression on leaves of its own: it ends where another name begins."""
    leaves: dict[str, Tensor] = {}
    copies: dict[int, Tensor] = {}

    def copy_of(x: Tensor) -> Tensor:
        if x.name:
            return leaves.setdefault(x.name, Tensor(x.value, x.name))
        return copies.get(id(x), x)

    named = {id(x) for x in topological_order(node.inputs) if x.name}
    for x in (*topological_order(node.inputs, stop=named), node):
        if x.gate is not None:
            copies[id(x)] = apply(x.gate, *map(copy_of, x.inputs), **x.params)
    return Block(node.name or "", node, copies[id(node)], leaves)


def written(node: Tensor, whole: Mapping[int, Tensor] = MappingProxyType({})) -> Written:
    """Return an expression with its names, and with their values; ``whole`` are nodes that have a name, by id."""
    symbolic = text(node, lambda leaf: Expression(leaf.name or "", latex_name(leaf.name or "")), whole)
    if node.gate is None or id(node) in whole:
        alone = value_of(node, rounded)
        if not node.name and id(node) not in whole:  # a number of the formula, which is written as it is
            symbolic = expression(node, [])
        return Written(symbolic.code, alone.code, symbolic.latex, alone.latex)
    substituted = text(node, value_of, whole)
    return Written(symbolic.code, substituted.code, symbolic.latex, substituted.latex)


def text(node: Tensor, leaf_text: Callable[[Tensor], Expression], whole: Mapping[int, Tensor]) -> Expression:
    """Return the text of an expression, with a text for each named leaf."""
    texts: dict[int, Expression] = {key: leaf_text(leaf) for key, leaf in whole.items()}
    for x in topological_order([node], stop=whole):
        if x.gate is None:
            if x.name:
                texts[id(x)] = leaf_text(x)
            continue
        parts = [texts.get(id(y)) or operand(y, x) for y in x.inputs]
        texts[id(x)] = (of_numbers(x.gate.name, parts) if not x.shape else None) or expression(x, parts)
    return texts.get(id(node)) or value_of(node)


def of_numbers(gate: str, parts: Sequence[Expression]) -> Expression | None:
    """Return what a gate about shapes is between single numbers; nothing for all other gates."""
    if gate == "zeros_like":
        return Expression("0", "0")
    return parts[0] if gate == "broadcast_like" else None


def signed(value: float) -> str:
    """Return a number, in brackets if it is negative."""
    return f"({rounded(value)})" if value < 0 else rounded(value)


def value_of(node: Tensor, shown: Callable[[float], str] = signed) -> Expression:
    """Return a node's number as it stands in a line; of an array its shape."""
    if node.shape:
        sizes = ", ".join(map(str, node.shape))
        return Expression(f"({sizes},)" if node.ndim == 1 else f"({sizes})", shape_latex(node.shape))
    text = shown(float(node.value))
    return Expression(text, text)


def shape_latex(shape: tuple[int, ...]) -> str:
    r"""Return a shape as a formula.

    Examples
    --------
    >>> shape_latex((2, 3))
    '(2 \\times 3)'
    """
    sizes = r" \times ".join(map(str, shape))
    return f"({sizes})"


def rounded(value: float, digits: int = DIGITS) -> str:
    """Return a number with some significant digits.

    Examples
    --------
    >>> rounded(0.10), rounded(1 / 3), rounded(-2.0)
    ('0.1', '0.333333', '-2')
    """
    return literal(float(f"{value:.{digits}g}"))


def latex_name(name: str) -> str:
    r"""Return a name as a formula: letters before digits or an underscore, then an index; dL/dw as a derivative.

    Examples
    --------
    >>> latex_name("net_h1"), latex_name("w5"), latex_name("loss")
    ('\\mathrm{net}_{h1}', 'w_{5}', '\\mathrm{loss}')
    >>> latex_name("dL/dw5"), latex_name("eta"), latex_name("50%"), latex_name("وزن1")
    ('\\frac{\\partial L}{\\partial w_{5}}', '\\eta', '\\mathrm{50\\%}', '\\text{وزن}_{1}')
    >>> latex_name("dL/dW1[0, 2]"), latex_name("rest(z[1])")
    ('\\frac{\\partial L}{\\partial W_{1}[0, 2]}', '\\mathrm{rest}(z[1])')
    """
    upper, slash, lower = name.partition("/d")
    if slash and len(upper) > 1 and upper[0] == "d":
        return rf"\frac{{\partial {latex_name(upper[1:])}}}{{\partial {latex_name(lower)}}}"
    if entry := ENTRY.fullmatch(name):
        return f"{latex_name(entry[1])}{entry[2]}"
    if name.startswith("rest(") and name.endswith(")"):
        return rf"\mathrm{{rest}}({latex_name(name[5:-1])})"
    stem, bar, index = name.partition("_")
    if not bar:
        stem = name.rstrip("0123456789") or name
        index = name[len(stem) :]
    base = rf"\{stem}" if stem in GREEK else escaped(stem) if len(stem) == 1 else rf"\mathrm{{{escaped(stem)}}}"
    base = base if stem.isascii() else rf"\text{{{escaped(stem)}}}"  # fonts of formulas have no other letters
    index = ",".join(escaped(part) if part.isascii() else rf"\text{{{escaped(part)}}}" for part in index.split("_"))
    return f"{base}_{{{index}}}" if index else base


def escaped(text: str) -> str:
    """Return part of a name without signs that mean something in a formula."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)


def is_scalar(node: Tensor) -> bool:
    """Whether a node is a single number."""
    return is_number(node.value) or node.shape == ()


def target_latex(target: str) -> str:
    """Return what is found as a formula."""
    base, _, new = target.partition(" ")
    spaced = escaped(new).replace(" ", r"\ ")
    return rf"{latex_name(base)}^{{\mathrm{{{spaced}}}}}" if new else latex_name(base)
