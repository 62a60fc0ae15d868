"""Sizes that do not fit: which tensors, which axes, and what was probably meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zanjir.errors import GraphError, NonFiniteError, ParameterError, ShapeError, ZanjirError, listed
from zanjir.graph.gate import Gate

if TYPE_CHECKING:
    from zanjir.graph.tensor import Tensor

__all__ = ["check_inputs", "check_number_of_inputs", "check_parameters", "described", "misfit", "out_of_range"]


def check_number_of_inputs(row: Gate, n: int, what: str) -> None:
    """Raise if a gate does not take so many inputs."""
    # x[1:] has no array of positions; a concatenation of nothing is none.
    wanted = max(1, len(row.vjp) - row.variadic)
    if n < wanted or (n > wanted and not row.variadic):
        at_least = "at least " if row.variadic else ""
        by_name = f" Give {listed(row.params)} by name." if n > wanted and row.params else ""
        raise GraphError(f"{what} takes {at_least}{wanted} input{'s' if wanted != 1 else ''}; got {n}.{by_name}")


def check_parameters(row: Gate, given: Mapping[str, Any], what: str) -> None:
    """Raise if a gate does not have a parameter."""
    for name in given:
        if name not in row.params:
            known = listed(row.params) if row.params else "none"
            raise ParameterError(f"{what} has no parameter {name!r}; expected {known}.")


def described(nodes: Sequence[Tensor]) -> str:
    """Return the shapes of nodes as words: ``X is (5, 3), W1 is (4, 8)``."""
    return ", ".join(f"{node.label} is {node.shape}" for node in nodes)


def misfit(row: Gate, nodes: Sequence[Tensor], error: Exception) -> ZanjirError:
    """Return the error for inputs that a gate's forward function refused."""
    said = str(error).rstrip(". ")
    if len(nodes) == 1:
        return ShapeError(f"{row.name}: {described(nodes)}: {said}.")
    if not row.elementwise or len(nodes) > 2:
        return ShapeError(f"{row.name}: {described(nodes)} do not fit together: {said}.")
    if broadcast(nodes[0].shape, nodes[1].shape):
        types = ", ".join(f"{node.label} is {node.dtype}" for node in nodes)
        return GraphError(f"{row.name}: {types}: {said}. Convert with .astype(float), or write 1.0 for 1.")
    return ShapeError(f"{row.name}: {described(nodes)} do not fit together: {clash(*nodes)}{likely_fix(*nodes)}")


def out_of_range(row: Gate, nodes: Sequence[Tensor], error: ArithmeticError) -> NonFiniteError:
    """Return the error for Python's own numbers, which know neither infinity nor not-a-number as a result."""
    read = ", ".join(f"{node.name} = {node.value!r}" if node.name else repr(node.value) for node in nodes)
    said = error.args[-1] if error.args else error
    return NonFiniteError(f"{row.name} of {read}: {said}. With np.float64 in place of float the result is inf or nan.")


def clash(x: Tensor, y: Tensor) -> str:
    """Return which two sizes of arrays do not broadcast; axes are counted from the end, as NumPy pairs them."""
    pairs = enumerate(zip(x.shape[::-1], y.shape[::-1], strict=False), start=1)
    axis, (a, b) = next((axis, sizes) for axis, sizes in pairs if sizes[0] != sizes[1] and 1 not in sizes)
    which = "the last axis" if axis == 1 else f"axis -{axis}"
    return f"{which} has sizes {a} and {b}, expected the same size or 1"


def likely_fix(x: Tensor, y: Tensor) -> str:
    """Return what would make two arrays broadcast, if something simple does."""
    for a, b in ((x, y), (y, x)):
        if a.ndim == b.ndim + 1 and broadcast(a.shape, (*b.shape, 1)):
            wanted = ", ".join(map(str, (*b.shape, 1)))
            per_column = "" if b.gate else f", or shape ({a.shape[-1]},) for one number per column"
            return (
                f"; {b.label} has one number per row: give it shape ({wanted}), "
                f"with keepdims=True or [:, None]{per_column}."
            )
    if x.ndim == y.ndim == 2 and broadcast(x.shape, y.shape[::-1]):
        return f". Did you mean {y.label}.T?"
    for a, b in ((x, y), (y, x)):
        if a.ndim == 2 and b.ndim == 1:
            return f". With one number per column {b.label} would have shape ({a.shape[1]},)."
    return "."


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Whether two shapes broadcast."""
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        return False
    return True


def check_inputs(row: Gate, nodes: Sequence[Tensor]) -> None:
    """Raise if an input or an axis is missing or too many, or if a letter of the signature has two sizes.

    ``*`` as the first letter of an input stands for any further axes in front; ``?`` marks an axis that may be
    missing.
    """
    if row.variadic:
        return
    check_number_of_inputs(row, len(nodes), row.name)
    if row.elementwise:
        return
    sizes: dict[str, tuple[int, Tensor]] = {}
    for letters, node in zip(row.core_shapes, nodes, strict=True):
        stack = letters[:1] == ("*",)
        core = present_letters(letters[1:] if stack else letters, node, stack)
        if len(core) > node.ndim or (len(core) < node.ndim and not stack):
            raise ShapeError(
                f"{row.name}: {node.label} has shape {node.shape}, expected {'at least ' * stack}{len(core)} axes "
                f"({', '.join(core)}). Reshape it first."
            )
        for axis, letter in enumerate(core, start=node.ndim - len(core)):
            known, owner = sizes.setdefault(letter, (node.shape[axis], node))
            if known != node.shape[axis]:
                raise ShapeError(two_sizes(row, nodes, letter, axis, node, known, owner))


def present_letters(letters: tuple[str, ...], node: Tensor, stack: bool) -> tuple[str, ...]:
    """Return the letters of the axes that a tensor has: an axis marked with ``?`` is missing from a vector."""
    if stack and node.ndim < len(letters):
        return tuple(letter for letter in letters if "?" not in letter)
    return tuple(letter.rstrip("?") for letter in letters)


def two_sizes(
    row: Gate, nodes: Sequence[Tensor], letter: str, axis: int, node: Tensor, known: int, owner: Tensor
) -> str:
    """Return the sentence for a letter with two sizes."""
    if owner is node:
        return (
            f"{row.name}: {node.label} has shape {node.shape}, expected a square matrix; {known} != {node.shape[axis]}."
        )
    wanted = ", ".join(str(known) if i == axis else "..." for i in range(node.ndim))
    kind = "inner sizes" if row.name == "matmul" else f"sizes {letter}"
    meant = transposed(*nodes) if row.name == "matmul" else ""
    return (
        f"{row.name}: {kind} differ: {described(nodes)}; {known} != {node.shape[axis]}. "
        f"{node.label} should have shape ({wanted}{',' if node.ndim == 1 else ''}) to fit {owner.label}.{meant}"
    )


def transposed(x: Tensor, y: Tensor) -> str:
    """Return which product of the two matrices, or of their transposes, would fit."""
    if x.ndim != 2 or y.ndim != 2:
        return ""
    (n, k), (j, m) = x.shape, y.shape
    forms = (
        (k == m, f"{x.label} @ {y.label}.T"),
        (n == j, f"{x.label}.T @ {y.label}"),
        (m == n, f"{y.label} @ {x.label}"),
    )
    return next((f" Did you mean {form}?" for fits, form in forms if fits), "")
