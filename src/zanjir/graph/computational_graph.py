"""The computational graph of the lecture notes: forward on new numbers, backward from what forward remembered."""

from __future__ import annotations

import difflib
import graphlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from zanjir.errors import GraphError, ParameterError, choose
from zanjir.graph.gate import TABLE, Gate
from zanjir.graph.gate_object import GateObject, kept
from zanjir.graph.gradient import gradients
from zanjir.graph.order import topological_order
from zanjir.graph.shapes import check_number_of_inputs
from zanjir.graph.tensor import Tensor, apply

if TYPE_CHECKING:
    from zanjir.views import Diagram

__all__ = ["ComputationalGraph", "Node"]


@dataclass(frozen=True)
class Node:
    """A node by name: an input (neither gate nor value), a constant (a value), or a gate and its wires."""

    name: str
    gate: Gate | None = None
    inputs: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    value: Any = None

    @property
    def is_constant(self) -> bool:
        """Whether the node is a number of the formula."""
        return self.gate is None and self.value is not None


class ComputationalGraph:
    """A graph that is run forward on numbers by name, and then backward.

    Parameters
    ----------
    output : Tensor
        What the graph computes. Its numbers are not kept, its gates are.
    *inputs : Tensor
        The named tensors that ``forward`` takes; all named leaves of the output where none is given. What else
        the output reads is constant.

    Raises
    ------
    GraphError
        If an input has no name, two nodes have the same, or there is no input.

    Examples
    --------
    >>> x, y = Tensor(0.0, "x"), Tensor(0.0, "y")
    >>> graph = ComputationalGraph(((x + y) * x).named("f"))
    >>> graph.forward(x=2.0, y=3.0)["f"], graph.backward()
    (10.0, {'x': 7.0, 'y': 2.0})
    >>> [node.name for node in graph.nodes_topologically_sorted()]
    ['x', 'y', 'add_1', 'f']
    """

    def __init__(self, output: Tensor, *inputs: Tensor) -> None:
        for node in (output, *inputs):
            if not isinstance(node, Tensor):
                raise GraphError(
                    f"a graph is made of tensors; got {type(node).__name__}. "
                    "For a function use ComputationalGraph.from_function."
                )
        for number, x in enumerate(inputs, 1):
            if not x.name:
                raise GraphError(f"input number {number} has no name; forward takes inputs by name.")
        given = topological_order([output], stop={id(x) for x in inputs})
        leaves = inputs or tuple(node for node in given if node.gate is None and node.name)
        names = names_of([*leaves, *given], output)
        nodes = [Node(names[id(x)]) for x in leaves]
        nodes += [node_of(node, names) for node in given if id(node) not in {id(x) for x in leaves}]
        self._set(nodes, names[id(output)])

    @classmethod
    def from_function(cls, function: Callable[..., Any], **inputs: Any) -> ComputationalGraph:
        """Return the graph of a function of named arguments, traced at some numbers of the right shapes.

        Examples
        --------
        >>> graph = ComputationalGraph.from_function(lambda x, y: (x + y) * x, x=0.0, y=0.0)
        >>> graph.forward(x=2.0, y=3.0), graph.backward()
        ({'x': 2.0, 'y': 3.0, 'add_1': 5.0, 'multiply_1': 10.0}, {'x': 7.0, 'y': 2.0})
        """
        leaves = {name: Tensor(value, name) for name, value in inputs.items()}
        return cls(function(**leaves), *leaves.values())

    @classmethod
    def from_gates(
        cls, gates: Mapping[str, Sequence[Any]], output: str, inputs: Iterable[str] | None = None
    ) -> ComputationalGraph:
        """Return the graph of gates that are wired by name, in any order.

        Parameters
        ----------
        gates : mapping of str to (gate, *wires)
            What each node computes: a row of the table or its name, a gate object or its class; a wire is the
            name of a node or input, or a number.
        output : str
            The node that ``backward`` differentiates.
        inputs : names, optional
            What ``forward`` takes; where missing, every name that no gate defines.

        Raises
        ------
        GraphError
            If the gates form a cycle, a name is unknown or defined twice, or a gate has too many or few wires.

        Examples
        --------
        >>> graph = ComputationalGraph.from_gates({"f": ("multiply", "s", "x"), "s": ("add", "x", "y")}, "f")
        >>> graph.forward(x=2.0, y=3.0)["f"], graph.backward()
        (10.0, {'x': 7.0, 'y': 2.0})
        """
        nodes: dict[str, Node] = {}
        for name, (gate, *wires) in gates.items():
            row, params = row_of(gate)
            check_number_of_inputs(row, len(wires), f"{name}: {row.name}")
            constants = {f"{name}[{i}]": wire for i, wire in enumerate(wires) if not isinstance(wire, str)}
            nodes |= {constant: Node(constant, value=value) for constant, value in constants.items()}
            names = tuple(wire if isinstance(wire, str) else f"{name}[{i}]" for i, wire in enumerate(wires))
            nodes[name] = Node(name, row, names, params)
        nodes = inputs_of(nodes, inputs) | nodes
        graph = cls.__new__(cls)
        graph._set(in_order(nodes), known_name(output, nodes, "output"))
        return graph

    def _set(self, nodes: Sequence[Node], output: str) -> None:
        self._nodes = tuple(nodes)
        self._output = output
        self._inputs = tuple(node.name for node in nodes if node.gate is None and not node.is_constant)
        self._tensors: dict[str, Tensor] = {}
        if not self._inputs:
            raise GraphError('the graph has no inputs; name its leaves, for example zanjir.tensor(2.0, "x").')

    def nodes_topologically_sorted(self) -> tuple[Node, ...]:
        """Return inputs, constants and gates, every gate after all that it reads."""
        return self._nodes

    def forward(self, **inputs: Any) -> dict[str, Any]:
        """Run the graph on numbers, and remember every value for ``backward``.

        Parameters
        ----------
        **inputs : number or array_like
            Every input by name. Shapes may differ from those the graph was made with, such as in another batch size,
            if the gates fit together.

        Returns
        -------
        dict
            The value of every node but constants, by name. A gate without a name is called after its row.

        Raises
        ------
        ParameterError
            If an input is missing or unknown.
        ShapeError
            If shapes do not fit together.
        """
        self._check(inputs)
        tensors: dict[str, Tensor] = {}
        for node in self._nodes:
            if node.gate is not None:
                tensor = apply(node.gate, *(tensors[name] for name in node.inputs), **node.params).named(node.name)
            elif node.is_constant:
                tensor = Tensor(node.value)
            else:
                tensor = Tensor(kept(inputs[node.name]), node.name)
            tensors[node.name] = tensor
        self._tensors = tensors
        return {node.name: tensors[node.name].value for node in self._nodes if not node.is_constant}

    def backward(self) -> dict[str, Any]:
        """Return the derivative of the output by each input, at the numbers of the last forward pass.

        No gate of the graph is computed again; calling it twice gives the same.

        Raises
        ------
        GraphError
            If ``forward`` has not been called.
        ShapeError
            If the output is not a single number.
        """
        if not self._tensors:
            raise GraphError("backward reads what forward computed; call forward(...) with the inputs first.")
        wrt = tuple(self._tensors[name] for name in self._inputs)
        derivatives = gradients("backward", self._tensors[self._output], wrt)
        return {name: dx.value for name, dx in zip(self._inputs, derivatives, strict=True)}

    def _check(self, inputs: Mapping[str, Any]) -> None:
        for name in inputs:
            if name not in self._inputs:
                choose("input", name, dict.fromkeys(self._inputs))
        missing = [name for name in self._inputs if name not in inputs]
        if missing:
            raise ParameterError(f"forward needs {', '.join(self._inputs)}; {', '.join(missing)} missing.")

    def diagram(self) -> Diagram:
        """Return the graph with every value and derivative of the last forward pass, to print, draw or save.

        Raises
        ------
        GraphError
            If ``forward`` has not been called.
        """
        from zanjir.graph.diagram import diagram

        if not self._tensors:
            raise GraphError("a diagram shows what forward computed; call forward(...) with the inputs first.")
        return diagram(self._tensors[self._output])

    def _repr_html_(self) -> str | None:
        return self.diagram()._repr_html_() if self._tensors else None

    def __repr__(self) -> str:
        gates = sum(node.gate is not None for node in self._nodes)
        return f"ComputationalGraph({', '.join(self._inputs)} -> {self._output}, {gates} gates)"


def names_of(nodes: Iterable[Tensor], output: Tensor) -> dict[int, str]:
    """Return a name for each node: its own, or its gate's with a number."""
    nodes = list({id(node): node for node in nodes}.values())
    taken: dict[str, int] = {}
    for node in nodes:
        if node.name and taken.setdefault(node.name, id(node)) != id(node):
            raise GraphError(f"two nodes are named {node.name!r}; give each a name of its own.")
    names: dict[int, str] = {}
    numbers: dict[str, Iterator[int]] = defaultdict(lambda: count(1))
    for node in nodes:
        stem = node.gate.name if node.gate else "output" if node is output else "constant"
        names[id(node)] = node.name or next(
            name for number in numbers[stem] if (name := f"{stem}_{number}") not in taken
        )
    return names


def node_of(node: Tensor, names: Mapping[int, str]) -> Node:
    """Return a tensor as a node by name."""
    value = node.value if node.gate is None else None
    return Node(names[id(node)], node.gate, tuple(names[id(x)] for x in node.inputs), node.params, value)


def row_of(gate: Any) -> tuple[Gate, Mapping[str, Any]]:
    """Return the row and parameters behind a row, a name, a gate object or its class."""
    if isinstance(gate, GateObject):
        return gate.row, gate.params
    if isinstance(gate, type) and issubclass(gate, GateObject):
        return gate.row, {}
    return (gate, {}) if isinstance(gate, Gate) else (choose("gate", gate, TABLE), {})


def inputs_of(nodes: Mapping[str, Node], inputs: Iterable[str] | None) -> dict[str, Node]:
    """Return the inputs of a wired graph; raise if a wire leads to no node."""
    undefined = dict.fromkeys(wire for node in nodes.values() for wire in node.inputs if wire not in nodes)
    names = list(undefined if inputs is None else inputs)
    for name in names:
        if name in nodes:
            raise GraphError(f"{name} is both an input and a gate; give each a name of its own.")
    for wire in undefined:
        known_name(wire, {**nodes, **dict.fromkeys(names)}, "wire")
    return {name: Node(name) for name in names}


def known_name(name: str, nodes: Mapping[str, Any], what: str) -> str:
    """Return a name that some node has, or say which names are near."""
    if name in nodes:
        return name
    near = difflib.get_close_matches(name, nodes, n=3)
    raise GraphError(f"{what} {name!r} is the name of no node; {'near' if near else 'known'} names: "
                     f"{', '.join(near or nodes)}.")  # fmt: skip


def in_order(nodes: Mapping[str, Node]) -> list[Node]:
    """Return nodes so that each stands after its inputs; raise with the cycle if there is one."""
    try:
        order = list(graphlib.TopologicalSorter({name: node.inputs for name, node in nodes.items()}).static_order())
    except graphlib.CycleError as error:
        raise GraphError(f"the gates form a cycle: {' -> '.join(error.args[1])}; a graph runs forward only.") from None
    return [nodes[name] for name in order]
