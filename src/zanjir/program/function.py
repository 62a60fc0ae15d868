"""A graph as a straight-line function: which nodes have a line of their own, and under which name."""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from zanjir.graph.expression import Expression, expression, operand, plain
from zanjir.graph.gate import TABLE, Gate
from zanjir.graph.order import topological_order
from zanjir.graph.tensor import Array, Tensor, is_number

__all__ = ["Function", "Line", "constants", "free", "merged", "named_inputs", "needs_definition", "word"]

LONGEST_EXPRESSION = 72
RESERVED = frozenset({"np", "len", "forward", "backward", "update", "step", "unflatten", *keyword.kwlist})


@dataclass(frozen=True)
class Line:
    """One statement ``name = code``, with its formula and the node it computes."""

    name: str
    node: Tensor
    code: str
    formula: str


@dataclass(frozen=True)
class Function:
    """Straight-line code for outputs of a graph.

    Parameters
    ----------
    name
        Name of the printed function.
    inputs
        Nodes that are arguments, by name.
    outputs
        Nodes to return, by name.
    reads
        Nodes computed by earlier functions, by name; those that are needed become arguments too.
    keep
        Nodes that a later function reads, and which therefore get a line of their own.
    """

    name: str
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    reads: Mapping[str, Tensor] = field(default_factory=dict)
    keep: Collection[Tensor] = ()

    @property
    def nodes(self) -> list[Tensor]:
        """What the function computes, in order: the gates that no argument stands for."""
        given = {id(node) for node in (*self.inputs.values(), *self.reads.values())}
        return [node for node in topological_order(self.outputs.values(), stop=given) if node.gate is not None]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arguments: inputs and earlier results that are really read."""
        nodes = self.nodes
        read = {id(x) for node in nodes for x in node.inputs} | {id(node) for node in self.outputs.values()}
        given = {**self.inputs, **self.reads}
        return tuple(name for name, node in given.items() if id(node) in read)

    def lines(self) -> list[Line]:
        """Write every node that has a line of its own.

        A result takes over the name of the argument it replaces (``W = W - ...``), unless a later line still
        reads the argument.
        """
        rebound = {name for name, node in self.outputs.items() if self.inputs.get(name, node) is not node}
        while True:
            lines, read_too_late = self.written(rebound)
            if not read_too_late:
                return lines
            rebound -= read_too_late

    def written(self, rebound: Collection[str]) -> tuple[list[Line], set[str]]:
        """Write the lines, and find the arguments that are read after their name was taken over."""
        nodes = self.nodes
        names = self.line_names(nodes, rebound)
        given = {**self.inputs, **self.reads}
        texts = {id(node): Expression(name, name) for name, node in given.items()}
        reads = {id(node): {name} for name, node in given.items()}
        lines: list[Line] = []
        too_late: set[str] = set()

        def write(node: Tensor) -> None:
            """Give a node a line of its own."""
            name = names.setdefault(id(node), unused("t", {*names.values(), *given}))
            too_late.update(reads[id(node)] & {line.name for line in lines} & set(rebound))
            lines.append(Line(name, node, texts[id(node)].code, plain(texts[id(node)].latex)))
            texts[id(node)], reads[id(node)] = Expression(name, name), set()

        for node in nodes:
            while len(composed(node, texts).code) > LONGEST_EXPRESSION:
                compound = [x for x in node.inputs if id(x) in texts and not texts[id(x)].code.isidentifier()]
                if not compound:
                    break
                # The longest operand moves to a line of its own.
                write(max(compound, key=lambda x: len(texts[id(x)].code)))
            texts[id(node)] = composed(node, texts)
            reads[id(node)] = set().union(*(reads.get(id(x), ()) for x in node.inputs))
            if id(node) in names:
                write(node)
        # An argument that is also a result must still be there at the end.
        passed_through = set().union(*(reads.get(id(node), ()) for node in self.outputs.values()))
        return lines, too_late | (passed_through & {line.name for line in lines} & set(rebound))

    def results(self, lines: Iterable[Line]) -> list[str]:
        """Return the names to return: those of the lines, or of the arguments passed through."""
        given = {**self.inputs, **self.reads}
        names = {id(node): name for name, node in given.items()} | {id(line.node): line.name for line in lines}
        return [names[id(node)] for node in self.outputs.values()]

    def line_names(self, nodes: list[Tensor], rebound: Collection[str] = ()) -> dict[int, str]:
        """Name the nodes that get a line: named, returned, kept for later, or read more than once."""
        uses = Counter(id(x) for node in nodes for x in node.inputs)
        returned = {id(node): name for name, node in self.outputs.items()}
        kept = {id(node) for node in self.keep}
        taken = {*self.inputs, *self.reads} - set(rebound) | reserved()
        promised = set(returned.values())
        names: dict[int, str] = {}
        for node in nodes:
            shared = uses[id(node)] > 1 and not is_cheap(node)
            if node.name or id(node) in returned or id(node) in kept or shared:
                wish = returned.get(id(node)) or node.name
                refused = taken if id(node) in returned else taken | promised
                name = free(wish, refused) if wish else unused("t", refused)
                if name != wish and wish in self.inputs and id(node) in returned:
                    name = free(f"{wish}_new", taken)
                names[id(node)] = name
                taken.add(name)
        return names


def composed(node: Tensor, texts: Mapping[int, Expression]) -> Expression:
    """Write a node from the texts of its inputs; an input without a text is a number."""
    return expression(node, [texts.get(id(x)) or operand(x, node) for x in node.inputs])


def is_cheap(node: Tensor) -> bool:
    """Whether writing a node twice costs nothing: a view of a named node, or a number."""
    if is_number(node.value):
        return True
    return node.gate is not None and node.gate.view and bool(node.inputs[0].name)


def unused(stem: str, taken: Collection[str], first: int = 1) -> str:
    """Return the first of stem1, stem2, ... that is free."""
    return next(name for i in range(first, first + len(taken) + 1) if (name := f"{stem}{i}") not in taken)


def free(wish: str, taken: Collection[str]) -> str:
    """Return a wished name as Python can read it, with a number from 2 if it is taken."""
    name = word(wish)
    return unused(name, taken, first=2) if name in taken else name


def word(name: str) -> str:
    """Return a name with everything replaced that no Python name may hold.

    Examples
    --------
    >>> word("dL/dx"), word("2nd")
    ('dL_dx', '_2nd')
    """
    letters = re.sub(r"\W", "_", name)
    return letters if letters.isidentifier() else f"_{letters}"


def needs_definition(row: Gate) -> bool:
    """Whether the row's code calls a function of the row's own name, which the program must define."""
    return isinstance(row.code, str) and row.code.startswith(f"{row.name}(")


def reserved() -> set[str]:
    """Return the names that a program uses itself, among them the functions of gates that it defines."""
    return {*RESERVED, *(row.name for row in TABLE.values() if needs_definition(row))}


def named_inputs(outputs: Iterable[Tensor]) -> dict[str, Tensor]:
    """Return the leaves of a graph that are not numbers of the formula, by name, in order of use."""
    inputs: dict[str, Tensor] = {}
    for node in topological_order(outputs):
        if node.gate is None and (node.name or not is_number(node.value)):
            taken = {*inputs, *reserved()}
            inputs[free(node.name, taken) if node.name else unused("c", taken)] = node
    return inputs


def constants(inputs: Mapping[str, Tensor], known: Collection[str]) -> dict[str, Array]:
    """Return the values of the inputs that are arrays of the formula itself: nobody else knows them."""
    return {name: node.value for name, node in inputs.items() if name not in known and not is_number(node.value)}


def merged(groups: Iterable[Mapping[str, Tensor]]) -> list[dict[str, Tensor]]:
    """Return the same outputs with equal nodes made one: same gate, same inputs, same parameters.

    The name of any of the equal nodes is kept.
    """
    groups = [dict(group) for group in groups]
    order = topological_order([node for group in groups for node in group.values()])
    numbers: dict[object, int] = {}
    number_of: dict[int, int] = {}
    members: dict[int, list[Tensor]] = {}
    for node in order:
        number = numbers.setdefault(identity(node, number_of), len(numbers))
        number_of[id(node)] = number
        members.setdefault(number, []).append(node)
    one: dict[int, Tensor] = {}
    for number, nodes in members.items():
        best = next((node for node in nodes if node.name), nodes[0])
        inputs = tuple(one[number_of[id(x)]] for x in best.inputs)
        same = all(new is old for new, old in zip(inputs, best.inputs, strict=True))
        one[number] = best if same else Tensor(best.value, best.name, gate=best.gate, inputs=inputs, params=best.params)
    return [{name: one[number_of[id(node)]] for name, node in group.items()} for group in groups]


def identity(node: Tensor, number_of: Mapping[int, int]) -> object:
    """Return a key that two nodes share exactly when they compute the same thing."""
    if node.gate is None:
        unnamed_number = node.name is None and is_number(node.value)
        return (type(node.value), node.value) if unnamed_number else id(node)
    settings = tuple(sorted((name, repr(value)) for name, value in node.params.items()))
    return (node.gate.name, tuple(number_of[id(x)] for x in node.inputs), settings)
