"""A gate as the lecture notes write it: an object that remembers its inputs between forward and backward.

The graph of tensors needs none of this; it is a reading of the same row for those who build networks by hand.
The classes themselves, one per row, stand in ``zanjir.gates.objects``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from zanjir.errors import GraphError, ShapeError
from zanjir.graph.expression import Expression, expression, plain
from zanjir.graph.gate import Gate
from zanjir.graph.gradient import pulled_back
from zanjir.graph.order import topological_order
from zanjir.graph.shapes import check_number_of_inputs, check_parameters
from zanjir.graph.tensor import Tensor, apply

__all__ = ["GateObject", "class_name", "documentation", "kept"]


class GateObject:
    """What the gate objects of all rows share.

    Parameters
    ----------
    **params
        The row's parameters, such as ``axis``; the others keep their defaults.

    Raises
    ------
    ParameterError
        If the row has no such parameter.
    """

    row: ClassVar[Gate]
    params: Mapping[str, Any]

    def __init__(self, **params: Any) -> None:
        check_parameters(self.row, params, type(self).__name__)
        self.params = params
        self._inputs: tuple[Tensor, ...] = ()
        self._output: Tensor | None = None

    def forward(self, *inputs: Any) -> Any:
        """Return the gate's value, and remember it and the inputs for ``backward``.

        Raises
        ------
        GraphError
            If the number of inputs is not the gate's.
        """
        check_number_of_inputs(self.row, len(inputs), type(self).__name__)
        self._inputs = tuple(Tensor(kept(x)) for x in inputs)
        self._output = apply(self.row, *self._inputs, **self.params)
        return self._output.value

    def backward(self, dz: Any) -> list[Any]:
        """Return what flows to each input when ``dz`` flows into the output; None where there is no rule.

        Parameters
        ----------
        dz : array of the shape that forward returned

        Raises
        ------
        GraphError
            If ``forward`` has not been called.
        ShapeError
            If ``dz`` has another shape than the output.
        """
        me = type(self).__name__
        if self._output is None:
            raise GraphError(f"{me}.backward needs the inputs of a forward pass; call forward first.")
        g = Tensor(dz)
        if g.shape != self._output.shape:
            raise ShapeError(f"{me}.backward: dz has shape {g.shape}; expected {self._output.shape}, as forward gave.")
        rules = self.row.rules(len(self._inputs))
        flows = pulled_back(self._output, g, self._inputs)
        return [flow.value if rule else None for flow, rule in zip(flows, rules, strict=True)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.params.items())})"


def kept(x: Any) -> Any:
    """Return a copy of an array, which its owner may write over before ``backward`` reads it."""
    return x.copy() if isinstance(x, np.ndarray) else x


def class_name(row: Gate) -> str:
    """Return the name of a row's class.

    Examples
    --------
    >>> from zanjir.graph.gate import TABLE
    >>> class_name(TABLE["multiply"]), class_name(TABLE["softmax_cross_entropy"])
    ('MultiplyGate', 'SoftmaxCrossEntropyGate')
    """
    return "".join(part.capitalize() for part in row.name.split("_")) + "Gate"


def documentation(row: Gate) -> str:
    """Return the docstring of a row's class: formula, derivatives, domain and kinks, as the row has them."""
    names = input_names(row)
    latex: Any = row.latex
    template = latex(**row.params) if callable(latex) else latex
    formula = plain(template.format(*names, **{"inputs": ", ".join(names), **row.params}))
    parts = [f"The gate {row.name}: z = {formula}.", *derivatives(row, names)]
    domains = [f"{x} in [{d.low:g}, {d.high:g}]" for x, d in zip(names, row.domain, strict=False)]
    parts += [f"Domain: {', '.join(domains)}."] if domains else []
    parts += [f"Parameters: {', '.join(f'{k}={v!r}' for k, v in row.params.items())}."] if row.params else []
    parts += [f"Kink: {kink.convention}." for kink in row.kinks]
    return "\n\n".join([*parts, *([f"Source: {row.source}."] if row.source else [])])


def input_names(row: Gate) -> list[str]:
    """Return letters for the inputs of a row."""
    n = len(row.vjp) + (1 if row.variadic else 0)
    return list("xyw"[:n]) if n <= len("xyw") else [f"x{i}" for i in range(1, n + 1)]


def derivatives(row: Gate, names: Sequence[str]) -> list[str]:
    """Return what flows to each input, as the rules say; only named where it depends on shapes."""
    rules = row.rules(len(names))
    with_rule = [x for x, rule in zip(names, rules, strict=True) if rule]
    if not with_rule:
        return ["No derivative flows back."]
    if not row.elementwise:
        return [f"Derivatives flow to {', '.join(with_rule)}."]
    leaves = [Tensor(np.array(inside(d.low, d.high)), x) for x, d in zip(names, row.domain, strict=True)]
    z = apply(row, *leaves).named("z")
    flows = pulled_back(z, Tensor(np.array(1.5), "dz"), leaves)
    return [f"d{x} = {written(flow)}." for x, flow in zip(names, flows, strict=True) if x in with_rule]


def inside(low: float, high: float) -> float:
    """Return a number inside a domain, near 1 and off its middle."""
    low, high = max(low, -2.0), min(high, 2.0)
    return low + 0.65 * (high - low)


def written(flow: Tensor) -> str:
    """Write a flow as code, in the names of its inputs."""
    texts: dict[int, Expression] = {}
    for node in topological_order([flow]):
        inputs = [texts[id(x)] for x in node.inputs]
        inner_name = node.name if node is not flow or not node.gate else None
        texts[id(node)] = Expression(inner_name, inner_name) if inner_name else expression(node, inputs)
    return texts[id(flow)].code
