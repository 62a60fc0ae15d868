"""Reverse mode: from a graph to the graph of its gradient, which can again be read, run and differentiated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np

from zanjir.errors import GraphError, ShapeError
from zanjir.graph.gate import TABLE, Rule
from zanjir.graph.order import topological_order
from zanjir.graph.simplify import settled
from zanjir.graph.tensor import Tensor, is_number
from zanjir.graph.trace import trace

__all__ = ["gradient"]


@overload
def gradient(loss: Tensor, wrt: Tensor) -> Tensor: ...
@overload
def gradient(loss: Tensor, wrt: Mapping[str, Tensor]) -> dict[str, Tensor]: ...
@overload
def gradient(loss: Tensor, wrt: Sequence[Tensor]) -> tuple[Tensor, ...]: ...
@overload
def gradient(loss: Callable[..., Any], wrt: Any) -> Any: ...
def gradient(loss: Any, wrt: Any) -> Any:
    r"""Return the derivatives of one number, as tensors for tensors and as arrays for arrays.

    .. math:: \bar x = \sum_{z \in \text{gates that read } x} \Big(\frac{\partial z}{\partial x}\Big)^\top \bar z

    Parameters
    ----------
    loss : Tensor of shape (), or function
        The number to differentiate, or a function that computes it from ``wrt``.
    wrt : Tensor, sequence or mapping of tensors; of arrays where ``loss`` is a function
        What to differentiate with respect to. A function is called with an array as ``f(x)``, with a tuple as
        ``f(*xs)`` and with a mapping as ``f(**xs)``; whole numbers become float64.

    Returns
    -------
    Tensor, tuple or dict of tensors; of arrays where a function was given arrays
        One derivative per tensor, of that tensor's shape, arranged as ``wrt`` is. The derivative of a node
        named ``scores`` is named ``dscores``. Where ``loss`` does not depend on a tensor, zeros; gates without a
        rule, such as ``sign`` and ``greater``, let nothing flow and so give zeros too.

    Raises
    ------
    ShapeError
        If ``loss`` is not a single number.
    GraphError
        If ``wrt`` holds anything but tensors, or an array of whole numbers on which ``loss`` depends smoothly; or a
        function returns anything but a tensor.

    Examples
    --------
    >>> w = Tensor(3.0, "w")
    >>> dw = gradient(w ** 2, w)
    >>> float(dw.value), float(gradient(dw, w).value)
    (6.0, 2.0)
    >>> gradient(lambda x: (x * x).sum(), [1.0, 2.0])
    array([2., 4.])
    """
    traced = trace("gradient", loss, wrt)
    return traced.arranged(gradients("gradient", traced.output, traced.wrt))


def gradients(what: str, loss: Tensor, wrt: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Return the simplified derivatives of a single number with respect to each tensor of a tuple."""
    if loss.shape != ():
        raise ShapeError(
            f"{what} needs a single number; {loss.label} has shape {loss.shape}. "
            "Take .mean() or .sum() first, or use jacobian."
        )
    found = pulled_back(loss, Tensor(1.0), wrt)
    for w, dw in zip(wrt, found, strict=True):
        if isinstance(w.value, np.ndarray) and w.dtype.kind != "f" and dw.gate is not TABLE["zeros_like"]:
            raise GraphError(
                f"{what}: {w.label} holds {w.dtype} numbers, and between whole numbers nothing has a slope. "
                "Build it from floats, for example zanjir.tensor([1.0, 2.0])."
            )
    return found


def pulled_back(output: Tensor, g: Tensor, wrt: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return what flows to each tensor when ``g`` flows into the output, simplified."""
    order = topological_order([output])
    adjoints = backward(output, g, order, {id(w) for w in wrt})
    return tuple(adjoints[id(w)] if id(w) in adjoints else TABLE["zeros_like"](w) for w in wrt)


def backward(output: Tensor, g: Tensor, order: list[Tensor], wanted: set[int]) -> dict[int, Tensor]:
    """Return the adjoint of every node on a path from a wanted node to the output.

    Each flow is simplified where it arises, so that nothing is computed on top of what simplification drops; the
    forward nodes stay the very nodes they are.
    """
    on_path = set(wanted)
    for node in order:
        # Nothing flows through a gate without rules, such as a comparison.
        if node.gate is not None and any(node.gate.vjp) and not on_path.isdisjoint(map(id, node.inputs)):
            on_path.add(id(node))
    forward = {id(node): node for node in order}
    simple = forward | {id(g): g}
    adjoints = {id(output): g}
    for node in reversed(order):
        if id(node) not in on_path or id(node) not in adjoints:
            continue
        g = adjoints[id(node)]
        # Every gate that reads the node has been visited: the sum is finished and may have its name.
        if node.name and g.gate and not g.name and id(g) not in forward:
            adjoints[id(node)] = g = g.named(f"d{node.name}")
            simple[id(g)] = g
        for x, rule in rules_of(node):
            if rule is None or id(x) not in on_path:
                continue
            flow = undo_broadcasting(flow_in_dtype(rule, g, node, x), x)
            total = settled(flow, simple)
            if id(x) in adjoints:
                total = settled(total + adjoints[id(x)], simple)
            adjoints[id(x)] = total
    return adjoints


def flow_in_dtype(rule: Rule, g: Tensor, node: Tensor, x: Tensor) -> Tensor:
    """Return what flows to an input; a Python number that the rule gives axes takes the node's dtype first."""
    flow = rule(g, node, *node.inputs, **node.params)
    if is_number(g.value) and flow.shape and flow.dtype != x.dtype and isinstance(node.value, np.ndarray):
        flow = rule(TABLE["broadcast_like"](g, node), node, *node.inputs, **node.params)
    return flow


def rules_of(node: Tensor) -> Iterable[tuple[Tensor, Rule | None]]:
    """Pair each input of a node with its rule."""
    return zip(node.inputs, node.gate.rules(len(node.inputs)), strict=True) if node.gate else ()


def undo_broadcasting(flow: Tensor, x: Tensor) -> Tensor:
    """Sum a flow over the axes along which ``x`` was repeated. Done here, once, and in no rule."""
    if flow.shape == x.shape:
        return flow
    extra = flow.ndim - x.ndim
    if extra < 0 or np.broadcast_shapes(flow.shape, x.shape) != flow.shape:
        return TABLE["broadcast_like"](flow, x)
    for _ in range(extra):
        flow = flow.sum(axis=0)
    for axis, (wide, narrow) in enumerate(zip(flow.shape, x.shape, strict=True)):
        if wide != narrow:
            flow = flow.sum(axis=axis, keepdims=True)
    return flow
