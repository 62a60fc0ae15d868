"""A program as it is compiled: one line per gate, with type and shape for any number of samples."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from zanjir.graph.order import topological_order
from zanjir.graph.tensor import Tensor, is_number
from zanjir.program.function import free, unused
from zanjir.program.sizes import Shape, shapes

__all__ = ["typed"]


def typed(outputs: Mapping[str, Tensor], batch: Collection[Tensor]) -> str:
    """Return a listing of a program, with N for the number of samples.

    Parameters
    ----------
    outputs : mapping of str to Tensor
        The results of a program; their names stand in the listing.
    batch : tensors
        Its leaves that hold one row per sample.

    Raises
    ------
    GraphError
        If the program does not run with another number of samples.

    Examples
    --------
    >>> import numpy as np
    >>> X, W = Tensor(np.zeros((2, 3), np.float32), "X"), Tensor(np.zeros((3, 5), np.float32), "W")
    >>> print(typed({"h": np.maximum(X @ W, 0.5), "column": X.sum(axis=0)}, [X]))
    X: float32 (N, 3)
    W: float32 (3, 5)
    t1: float32 (N, 5) = matmul X, W
    h: float32 (N, 5) = maximum t1, 0.5
    column: float32 (3,) = sum X, axis=0
    """
    found = shapes(outputs.values(), batch)
    names = names_of(outputs)
    order = topological_order(outputs.values())
    leaves = [node for node in order if node.gate is None and id(node) in names]
    steps = [node for node in order if node.gate is not None]
    lines = [f"{names[id(node)]}: {type_of(node, found[id(node)])}" for node in leaves]
    lines += [f"{names[id(node)]}: {type_of(node, found[id(node)])} = {call_of(node, names)}" for node in steps]
    made = {id(node): names[id(node)] for node in outputs.values() if id(node) in names}
    lines += [f"{name} = {operand_of(node, names)}" for name, node in outputs.items() if made.get(id(node)) != name]
    return "\n".join(lines)


def names_of(outputs: Mapping[str, Tensor]) -> dict[int, str]:
    """Name every node but the numbers of formulas: results and named nodes by their names."""
    wished = {id(node): name for name, node in reversed(list(outputs.items()))}
    promised = set(wished.values())
    names: dict[int, str] = {}
    for node in topological_order(outputs.values()):
        if node.gate is None and node.name is None and is_number(node.value):
            continue
        taken = {*names.values(), *(promised - {wished.get(id(node))})}
        wish = node.name if node.gate is None and node.name else wished.get(id(node)) or node.name
        names[id(node)] = free(wish, taken) if wish else unused("t" if node.gate else "c", taken)
    return names


def type_of(node: Tensor, shape: Shape) -> str:
    """Return type and shape; a number of Python takes the type of its partner and has no shape."""
    if is_number(node.value):
        return type(node.value).__name__
    sizes = ", ".join(map(str, shape))
    return f"{node.dtype} ({sizes}{',' if len(shape) == 1 else ''})"


def call_of(node: Tensor, names: Mapping[int, str]) -> str:
    """Return a gate with its inputs, and the parameters that differ from their defaults."""
    row = node.gate
    assert row is not None  # noqa: S101 - leaves have no call
    inputs = [operand_of(x, names) for x in node.inputs]
    changed = [f"{name}={value!r}" for name, value in node.params.items() if value != row.params[name]]
    return f"{row.name} {', '.join([*inputs, *changed])}".rstrip()


def operand_of(node: Tensor, names: Mapping[int, str]) -> str:
    """Return the name of a node, or the number it is."""
    return names.get(id(node)) or repr(node.value)
