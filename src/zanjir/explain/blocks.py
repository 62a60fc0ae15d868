"""A graph in blocks: each named number with the expression that gives it from other named numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from types import MappingProxyType
from typing import Any

from zanjir.errors import GraphError
from zanjir.explain.arithmetic import FULL, Arithmetic, Number
from zanjir.explain.steps import Written
from zanjir.graph import Tensor, gradient
from zanjir.graph.expression import Expression, expression, operand
from zanjir.graph.gate import TABLE, Precedence
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import apply, is_number

__all__ = [
    "Block", "blocks_of", "check_apart", "check_named", "escaped", "fraction_latex", "free_names", "latex_name",
    "target_latex",
]  # fmt: skip

LONGEST_LINE = 1_000_000  # characters
GREEK = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "kappa", "lambda", "mu", "nu", "xi", "rho",
    "sigma", "tau", "phi", "chi", "psi",
}  # fmt: skip
# Signs that mean something in a formula, as they stand in one.
SPECIAL = {
    "\\": r"\backslash ", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\hat{\ }", "~": r"\sim ",
}  # fmt: skip

ENTRYWISE = r"{0} \odot {1}"
ENTRY = re.compile(r"(.+?)(\[[\d, ]+\])")  # of an array, by its index
NEGATIVE = re.compile(r"(?<=\(|,)( ?)\((-[\d.e+/-]+)\)(?=[),])")  # with a bracket or a comma at either side


@dataclass(frozen=True)
class Block:
    """A named number, and the expression that gives it.

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
    def derivatives(self) -> dict[str, Tensor]:
        """The derivative with respect to each leaf: the gates' own rules, run on this expression."""
        return gradient(self.copy, self.leaves)

    @property
    def values(self) -> dict[str, Any]:
        """The values of the leaves in the graph."""
        return {name: leaf.value for name, leaf in self.leaves.items()}

    def at(self, numbers: Mapping[str, Number]) -> dict[Tensor, Number]:
        """Return the numbers that the leaves stand for."""
        return {leaf: numbers[name] for name, leaf in self.leaves.items()}

    def value(self, by: Arithmetic, numbers: Mapping[str, Number]) -> Number:
        """Return the number that the expression gives."""
        return by.kept(by.run([self.copy], self.at(numbers), self.name)[0])

    def slopes(self, by: Arithmetic, numbers: Mapping[str, Number]) -> dict[str, Number]:
        """Return the local derivatives; one that is a given number, as that of w * x is, stays as it is.

        Where a rule reads what the gate gave, as that of sigmoid does, it reads the number that was found.
        """
        at = {**self.at(numbers), self.copy: numbers[self.name]}
        found = by.run(list(self.derivatives.values()), at, f"d{self.name}")
        return {
            name: by.kept(value) if slope.gate else value
            for (name, slope), value in zip(self.derivatives.items(), found, strict=True)
        }

    def written(self, by: Arithmetic, numbers: Mapping[str, Number]) -> Written:
        """Return the expression, with names and with numbers."""
        return written(self.copy, by, numbers)

    def written_slope(self, name: str, by: Arithmetic, numbers: Mapping[str, Number]) -> Written:
        """Return the local derivative with respect to a leaf; in it, the block's name stands for what it gave."""
        return written(self.derivatives[name], by, numbers, {id(self.copy): self.name})


def blocks_of(outputs: Sequence[Tensor], names: Mapping[int, str] | None = None, by: Arithmetic = FULL) -> list[Block]:
    """Return the blocks of a graph, in an order in which each rests on those before it.

    Parameters
    ----------
    outputs : sequence of Tensor of shape ()
        Named numbers, made of named numbers and numbers of the formulas.
    names : mapping of int to str, optional
        The names by the nodes' ``id``; by default those that they have.
    by : Arithmetic
        What keeps the numbers of the formulas in the form that it needs.
    """
    order = topological_order(outputs)
    if names is None:
        names = {id(node): node.name for node in order if node.name}
    return [cut(node, names, by) for node in order if node.gate is not None and id(node) in names]


def cut(node: Tensor, names: Mapping[int, str], by: Arithmetic) -> Block:
    """Return a node's expression on leaves of its own: it ends where another name begins."""
    leaves: dict[str, Tensor] = {}
    copies: dict[int, Tensor] = {}

    def copy_of(x: Tensor, reader: Tensor) -> Tensor:
        if id(x) in names:
            return leaves.setdefault(names[id(x)], Tensor(x.value, names[id(x)]))
        if x.gate is not None:
            return copies[id(x)]
        # The rule of a power reads whether its exponent is a number of the formula.
        return x if reader.gate is TABLE["power"] else by.constant(x)

    for x in (*topological_order(node.inputs, stop=names.keys()), node):
        if x.gate is not None:
            copies[id(x)] = apply(x.gate, *(copy_of(y, x) for y in x.inputs), **x.params)
    return Block(names[id(node)], node, copies[id(node)], leaves)


def written(
    node: Tensor, by: Arithmetic, numbers: Mapping[str, Number], whole: Mapping[int, str] = MappingProxyType({})
) -> Written:
    """Return an expression with its names, and with numbers for them; ``whole`` are nodes that have a name, by id."""
    symbolic = text(node, name_text, whole)
    name = whole.get(id(node), None if node.gate else node.name)
    if name or node.gate is None:
        substituted = by.alone(numbers[name] if name else by.given(node.value))
    else:
        substituted = text(node, lambda name: by.text(numbers[name]), whole)
    return Written(symbolic.code, bare(substituted.code), symbolic.latex, bare(substituted.latex))


def name_text(name: str) -> Expression:
    """Return a name as it stands in a line; a derivative looks like a quotient, so its square needs brackets."""
    return Expression(name, read_latex(name), Precedence.NEGATE if "/" in name else Precedence.ATOM)


def text(node: Tensor, of_name: Callable[[str], Expression], whole: Mapping[int, str]) -> Expression:
    """Return the text of an expression, with a text for each name."""
    texts: dict[int, Expression] = {key: of_name(name) for key, name in whole.items()}
    order = topological_order([node], stop=whole)
    alike = spread(order)
    for x in order:
        if x.name and x.gate is None:
            texts[id(x)] = of_name(x.name)
        elif x.gate is None:
            if not is_number(x.value) and not x.shape:  # kept so that no rewriting touches it
                texts[id(x)] = expression(Tensor(float(x.value)), [])
        else:
            parts = [texts.get(id(y)) or operand(y, x) for y in x.inputs]
            as_number = not x.shape or id(x) in alike
            texts[id(x)] = (of_numbers(x.gate.name, parts) if as_number else None) or expression(entrywise(x), parts)
            check_length(texts[id(x)])
    return texts.get(id(node)) or expression(node, [])


def bare(formula: str) -> str:
    """Return a formula in which a negative number between brackets, or in a list, has no other brackets.

    Examples
    --------
    >>> bare("max(0, (-1.5)) * (-2)"), bare("exp((-0.3))")
    ('max(0, -1.5) * (-2)', 'exp(-0.3)')
    """
    return NEGATIVE.sub(r"\1\2", formula)


def spread(order: Sequence[Tensor]) -> set[int]:
    """Return the arrays made of one number that stand beside an array of their shape, by id.

    There the number itself can stand: NumPy spreads it.
    """
    found: dict[int, Tensor] = {}
    for x in order:
        if x.gate is not None and x.shape:
            is_number_spread = x.gate is TABLE["broadcast_like"] and not x.inputs[0].shape
            if is_number_spread or (x.gate.elementwise and all(not y.shape or id(y) in found for y in x.inputs)):
                found[id(x)] = x
    while True:
        kept = {key: x for key, x in found.items() if x is not order[-1] and fits_everywhere(x, order, found)}
        if len(kept) == len(found):
            return set(kept)
        found = kept


def fits_everywhere(x: Tensor, order: Sequence[Tensor], found: Mapping[int, Tensor]) -> bool:
    """Whether all that reads an array made of one number gives the same from the number."""
    readers = [reader for reader in order if any(y is x for y in reader.inputs)]
    return all(
        reader.gate is not None
        and reader.gate.elementwise
        and (id(reader) in found or any(y.shape == reader.shape and id(y) not in found for y in reader.inputs))
        for reader in readers
    )


def entrywise(node: Tensor) -> Tensor:
    """Return a node as it is written: a product of arrays, entry by entry, has a sign that no other product has."""
    if node.gate is not TABLE["multiply"] or not all(x.shape for x in node.inputs):
        return node
    return Tensor(node.value, gate=replace(node.gate, latex=ENTRYWISE), inputs=node.inputs)


def check_length(line: Expression) -> None:
    """Refuse a line that nobody reads, before the next one is several times as long."""
    if len(line.code) > LONGEST_LINE:
        raise GraphError(
            f"a line of more than {LONGEST_LINE:,} characters cannot be read; give names to arrays in between, as in "
            "(X @ W).named('Z')."
        )


def of_numbers(gate: str, parts: Sequence[Expression]) -> Expression | None:
    """Return what a gate about shapes is between single numbers; nothing for all other gates."""
    if gate == "zeros_like":
        return Expression("0", "0")
    return parts[0] if gate in {"broadcast_like", "copy"} else None


def latex_name(name: str) -> str:
    r"""Return a name as a formula: letters before digits or an underscore, then an index; dL/dw as a derivative.

    Examples
    --------
    >>> latex_name("net_h1"), latex_name("w5"), latex_name("loss")
    ('\\mathrm{net}_{h1}', 'w_{5}', '\\mathrm{loss}')
    >>> latex_name("dL/dw5"), latex_name("eta"), latex_name("50%"), latex_name("وزن1")
    ('\\frac{\\partial L}{\\partial w_{5}}', '\\eta', '\\mathrm{50\\%}', '\\text{وزن}_{1}')
    >>> latex_name("dL/dW1[0, 2]"), latex_name("rest(z[1])"), latex_name("m_hat(w5)")
    ('\\frac{\\partial L}{\\partial W_{1}[0, 2]}', '\\mathrm{rest}(z[1])', '\\hat{m}(w_{5})')
    """
    upper, slash, lower = name.partition("/d")
    if slash and len(upper) > 1 and upper[0] == "d":
        return rf"\frac{{\partial {latex_name(upper[1:])}}}{{\partial {latex_name(lower)}}}"
    if entry := ENTRY.fullmatch(name):
        return f"{latex_name(entry[1])}{entry[2]}"
    function, bracket, of = name.partition("(")  # what a rule keeps for a number: v(w5)
    if bracket and of.endswith(")"):
        return f"{latex_name(function)}({latex_name(of[:-1])})"
    stem, _, index = name.partition("_")
    if index == "hat":
        return rf"\hat{{{latex_name(stem)}}}"
    if not index:
        stem = name.rstrip("0123456789") or name
        index = name[len(stem) :]
    base = rf"\{stem}" if stem in GREEK else escaped(stem) if len(stem) == 1 else rf"\mathrm{{{escaped(stem)}}}"
    base = base if stem.isascii() else rf"\text{{{escaped(stem)}}}"  # fonts of formulas have no other letters
    if index == "hat":
        return rf"\hat{{{base}}}"
    index = ",".join(escaped(part) if part.isascii() else rf"\text{{{escaped(part)}}}" for part in index.split("_"))
    return f"{base}_{{{index}}}" if index else base


def read_latex(name: str) -> str:
    """Return what an expression reads as a formula: a name, or what an update has made of one."""
    return target_latex(name) if name.endswith(" new") else latex_name(name)


def fraction_latex(exact: str) -> str:
    r"""Return a fraction as a formula.

    Examples
    --------
    >>> fraction_latex("-1/3"), fraction_latex("7")
    ('-\\frac{1}{3}', '7')
    """
    top, bar, bottom = exact.lstrip("-").partition("/")
    return rf"{exact[: -len(top + bar + bottom)]}\frac{{{top}}}{{{bottom}}}" if bar else exact


def escaped(text: str) -> str:
    """Return part of a name without signs that mean something in a formula."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)


def check_named(loss: Tensor) -> None:
    """Refuse to explain what has no name or no gate."""
    if not loss.name or loss.gate is None:
        raise GraphError("the number to explain has no name or is given; name it: loss.named('loss').")


def check_apart(nodes: Sequence[Tensor], what: str) -> None:
    """Refuse one name for two numbers, or two arrays."""
    names = Counter(node.name for node in nodes if node.name)
    if twice := [name for name, n in names.items() if n > 1]:
        raise GraphError(f"the name {min(twice)!r} stands for two {what}; give each a name of its own.")


def free_names(letter: str, nodes: Sequence[Tensor]) -> Iterator[str]:
    """Yield a letter with 1, 2, ... after it, without the names that nodes have.

    Examples
    --------
    >>> names = free_names("s", [Tensor(1.0, "s1")])
    >>> next(names), next(names)
    ('s2', 's3')
    """
    taken = {node.name for node in nodes}
    return (name for k in count(1) if (name := f"{letter}{k}") not in taken)


def is_scalar(node: Tensor) -> bool:
    """Whether a node is a single number."""
    return is_number(node.value) or node.shape == ()


def target_latex(target: str) -> str:
    """Return what is found as a formula."""
    base, _, new = target.partition(" ")
    spaced = escaped(new).replace(" ", r"\ ")
    return rf"{latex_name(base)}^{{\mathrm{{{spaced}}}}}" if new else latex_name(base)
