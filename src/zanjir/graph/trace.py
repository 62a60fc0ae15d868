"""What every derivative asks: of which output, with respect to what, and in which arrangement to answer.

The output is a tensor, or a plain function of arrays that is run once on tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zanjir.errors import GraphError, ShapeError
from zanjir.graph.gate import TABLE
from zanjir.graph.tensor import Tensor

__all__ = ["Trace", "trace"]


@dataclass(frozen=True)
class Trace:
    """An output and the tensors to differentiate with respect to.

    ``arrange`` puts one answer per tensor into the arrangement of the question; ``as_arrays`` says that arrays
    were given, so that arrays are the answer.
    """

    output: Tensor
    wrt: tuple[Tensor, ...]
    arrange: Callable[[Sequence[Any]], Any]
    as_arrays: bool

    def arranged(self, tensors: Sequence[Tensor]) -> Any:
        """Return one answer per tensor in the arrangement of the question."""
        return self.arrange([self.answer(node) for node in tensors])

    def answer(self, node: Tensor) -> Any:
        """Return a tensor, or its numbers where arrays were given."""
        return np.array(node.value)[()] if self.as_arrays else node


def trace(what: str, output: Any, wrt: Any) -> Trace:
    """Return the graph behind a question.

    Raises
    ------
    GraphError
        If ``output`` is neither tensor nor function, a function returns no tensor, or ``wrt`` holds no tensors.
    """
    parts, arrange = taken_apart(wrt, of_function=is_function(output))
    if not is_function(output):
        if not isinstance(output, Tensor):
            raise GraphError(
                f"{what} takes tensors; got {type(output).__name__}. "
                "Compute it from tensors with operators and NumPy functions, without .value and float(...)."
            )
        check_parts(what, parts)
        return Trace(output, parts, arrange, as_arrays=False)
    names = wrt if isinstance(wrt, Mapping) else [None] * len(parts)
    leaves = tuple(leaf(part, name) for part, name in zip(parts, names, strict=True))
    returned = called(output, arrange(leaves))
    if not isinstance(returned, Tensor):
        raise GraphError(
            f"{what} needs a function that returns a tensor; it returned {type(returned).__name__}. "
            "Compute with operators and NumPy functions on the arguments themselves."
        )
    return Trace(returned, leaves, arrange, as_arrays=not any(isinstance(part, Tensor) for part in parts))


def check_parts(what: str, parts: Sequence[Any]) -> None:
    """Refuse to differentiate by anything but tensors."""
    for part in parts:
        if not isinstance(part, Tensor):
            seen = f"array of shape {part.shape}" if isinstance(part, np.ndarray) else type(part).__name__
            raise GraphError(
                f"{what} takes tensors; got {seen} to differentiate by. Give the tensor itself, W, "
                "and neither its name nor its .value."
            )


def is_function(output: Any) -> bool:
    """Whether an output is a function rather than a tensor."""
    return callable(output) and not isinstance(output, Tensor)


def taken_apart(wrt: Any, *, of_function: bool) -> tuple[tuple[Any, ...], Callable[[Sequence[Any]], Any]]:
    """Return the parts of an arrangement, and what arranges as many parts alike."""
    if isinstance(wrt, Mapping):
        return tuple(wrt.values()), lambda parts: dict(zip(wrt, parts, strict=True))
    if isinstance(wrt, tuple) or (isinstance(wrt, Sequence) and not of_function):
        return tuple(wrt), tuple
    return (wrt,), lambda parts: parts[0]


def leaf(x: Any, name: str | None) -> Tensor:
    """Return what a function is called with: floats of an array; of a tensor a copy, so that it is told apart.

    A function may read the same tensor in another way too, and that is not what it is differentiated by.
    """
    if isinstance(x, Tensor):
        return TABLE["copy"](x)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ShapeError(f"an array has rows of one length; got {x!r}. Give several inputs as a tuple.") from error
    return Tensor(array.astype(float) if array.dtype.kind in "iub" else array, name)


def called(function: Callable[..., Any], arguments: Any) -> Any:
    """Call a function in the way in which its arguments are arranged."""
    if isinstance(arguments, dict):
        return function(**arguments)
    return function(*arguments) if isinstance(arguments, tuple) else function(arguments)
