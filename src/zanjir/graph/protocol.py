"""How NumPy's functions find their gate: NEP 13 (ufuncs), NEP 18 (other functions) and indexing."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from zanjir.errors import GraphError, ZanjirError
from zanjir.graph.gate import TABLE, Gate
from zanjir.graph.tensor import Tensor, apply

__all__ = ["FUNCTIONS", "answers", "call_function", "call_ufunc", "index", "supported"]

Function: TypeAlias = Callable[..., Any]

FUNCTIONS: dict[Function, Function] = {}
"""NumPy functions that are written in gates, or that take their arguments in another form than a gate does."""

NO_OUT = "a tensor never changes, so out= and in-place updates do not exist here"
SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "true_divide": "/", "matmul": "@", "power": "**"}
REASONS = {
    "where": "a gate works on whole arrays; select first, for example np.sum(np.where(mask, x, 0))",
    "dtype": "the type follows from the inputs; convert first, with x.astype(...)",
    "initial": "take it into account yourself, for example np.maximum(np.max(x), initial)",
    "order": "elements are read row by row, as with order='C'",
}
COMPLEX = "its results are complex numbers, and a tensor holds real ones"
IN_PLACE = "it writes into an array, and a tensor never changes"
# Why functions, or all of a module, have no gate.
NO_GATE = {
    "np.fft": COMPLEX,
    "np.lib.scimath": COMPLEX,
    "np.roots": COMPLEX,
    "np.linalg.eig": f"{COMPLEX}; np.linalg.eigh takes symmetric matrices",
    "np.linalg.eigvals": f"{COMPLEX}; np.linalg.eigvalsh takes symmetric matrices",
    "np.copyto": f"{IN_PLACE}; np.broadcast_to repeats a tensor as np.full does",
    "np.empty_like": "its numbers are whatever lies in memory; use np.zeros_like",
    "np.fill_diagonal": IN_PLACE,
    "np.place": IN_PLACE,
    "np.put": IN_PLACE,
    "np.put_along_axis": IN_PLACE,
    "np.putmask": IN_PLACE,
}
# Arguments with these values ask for what happens anyway.
AS_ALWAYS = {
    "out": (None,),
    "where": (True,),
    "dtype": (None,),
    "order": ("C", None),
    "casting": ("same_kind",),
}


def answers(*functions: Function) -> Callable[[Function], Function]:
    """Register how NumPy functions, called on tensors, are written in gates.

    The decorated function has NumPy's argument names and defaults; arguments that it lacks are refused.
    """

    def register(handler: Function) -> Function:
        FUNCTIONS.update(dict.fromkeys(functions, handler))
        return handler

    return register


def call_ufunc(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Answer ``np.exp(t)`` and the operators, which NumPy's mixin turns into ufuncs."""
    given = {name: value for name, value in kwargs.items() if not is_as_always(name, value)} if kwargs else {}
    if method != "__call__":
        return call_method(ufunc, method, inputs, given)
    if "out" in given:
        raise GraphError(no_out(ufunc.__name__, given["out"]))
    if given:
        raise refused(ufunc.__name__, next(iter(given)))
    if ufunc in FUNCTIONS:
        return FUNCTIONS[ufunc](*inputs)
    return apply(find(ufunc), *inputs)


def call_method(ufunc: np.ufunc, method: str, inputs: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Answer ``np.add.reduce(t)`` and the like, where a NumPy function does the same."""
    known: dict[tuple[Any, str], Function] = {
        (np.add, "reduce"): np.sum, (np.multiply, "reduce"): np.prod, (np.add, "accumulate"): np.cumsum,
        (np.maximum, "reduce"): np.max, (np.minimum, "reduce"): np.min, (np.multiply, "accumulate"): np.cumprod,
    }  # fmt: skip
    function = known.get((ufunc, method))
    if function is None:
        instead = listed_functions(known)
        raise GraphError(f"np.{ufunc.__name__}.{method} is not recorded in the graph; expected one of {instead}.")
    settings = {"axis": 0, **kwargs}
    return function(inputs[0], **dict(zip(("axis",), inputs[1:], strict=False)), **settings)


def listed_functions(known: Mapping[tuple[Any, str], Function]) -> str:
    """Return the methods of ufuncs that are answered, as a phrase."""
    return ", ".join(f"np.{ufunc.__name__}.{method}" for ufunc, method in known)


def call_function(function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Answer ``np.sum(t, axis=1)`` and the like, with NumPy's own argument names."""
    given = {name: value for name, value in kwargs.items() if not is_as_always(name, value)}
    if function in FUNCTIONS:
        return call_handler(function, args, given)
    row = find(function)
    named = signature_of(function).bind(*args, **given).arguments
    n_inputs = len(row.vjp)
    inputs = list(named.values())[:n_inputs]
    params = {name: value for name, value in list(named.items())[n_inputs:] if not is_as_always(name, value)}
    for name, value in params.items():
        if name not in row.params:
            raise refused(row.name, name, row.params)
        if isinstance(value, Tensor):
            raise GraphError(f"{full_name(function)}: {name} is a tensor, expected a plain value; use its .value.")
    return apply(row, *inputs, **params)


def call_handler(function: Function, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call what answers a NumPy function; say which argument it does not have."""
    handler = FUNCTIONS[function]
    known = signature_of(handler).parameters
    takes_any = any(p.kind is p.VAR_KEYWORD for p in known.values())
    for name in kwargs:
        if name not in known and not takes_any:
            raise refused(function.__name__, name, known)
    try:
        signature_of(handler).bind(*args, **kwargs)
    except TypeError as error:
        raise GraphError(f"{full_name(function)}: {error}; it takes {', '.join(known)}.") from None
    try:
        return handler(*args, **kwargs)
    except ZanjirError:
        raise
    except (AttributeError, IndexError, TypeError, ValueError) as error:  # NumPy's own, for what it cannot use
        raise GraphError(f"{full_name(function)}: {error}.") from error


def full_name(function: Function) -> str:
    """Return how a NumPy function is called: ``np.linalg.eig``."""
    module = getattr(function, "__module__", None) or "numpy"
    return f"np{module.removeprefix('numpy')}.{function.__name__}"


def is_as_always(name: str, value: Any) -> bool:
    """Whether an argument asks for what happens anyway, such as ``out=None``."""
    plain = value is None or isinstance(value, bool | str)
    return plain and name in AS_ALWAYS and value in AS_ALWAYS[name]


def refused(function: str, argument: str, known: Mapping[str, Any] | None = None) -> GraphError:
    """Return the error for an argument that a gate does not have, with the reason."""
    if argument == "out":
        return GraphError(no_out(function))
    reason = REASONS.get(argument, f"expected {', '.join(known) or 'no parameters'}" if known is not None else "")
    return GraphError(f"np.{function}({argument}=...) is not recorded in the graph: {reason or 'leave it out'}.")


def no_out(function: str, out: Any = None) -> str:
    """Return why nothing is written into an array, in the words of the update that was tried."""
    target = out[0] if isinstance(out, tuple) else out
    a = (target.name or "a") if isinstance(target, Tensor) else "a"
    sign = SIGNS.get(function)
    fix = f"write {a} = {a} {sign} b for {a} {sign}= b" if sign else f"write b = np.{function}(a)"
    return f"{function}: {NO_OUT}; {fix}."


@cache
def signature_of(function: Function) -> inspect.Signature:
    """Return a function's signature."""
    return inspect.signature(function)


ROWS_BY_FUNCTION: dict[Function, Gate] = {}


def find(function: Function) -> Gate:
    """Return the gate that a NumPy function means."""
    row = ROWS_BY_FUNCTION.get(function)
    if row is not None:
        return row
    for row in TABLE.values():
        if row.numpy is function:
            ROWS_BY_FUNCTION[function] = row
            return row
    raise missing(function)


def missing(function: Function) -> GraphError:
    """Return the error for a function without a gate: why, where there is a reason, and what is near."""
    name, full = function.__name__, full_name(function)
    if not TABLE:
        return GraphError(f"{full} has no gate: the table of gates is empty; import zanjir.gates, which fills it.")
    reason = NO_GATE.get(full) or NO_GATE.get(full.rpartition(".")[0])
    why = f": {reason}" if reason else ""
    names = sorted({*TABLE, *(known.__name__ for known in FUNCTIONS)})
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    hint = f"near names: {', '.join(near)}. " if near else ""
    return GraphError(f"{full} has no gate{why}; {hint}Use .value for numbers without a graph.")


def supported() -> frozenset[Function]:
    """Return every NumPy function that works on tensors."""
    return frozenset({*FUNCTIONS, *(row.numpy for row in TABLE.values() if row.numpy is not None)})


def index(node: Tensor, key: Any) -> Tensor:
    """Answer ``x[key]``: slices, integers, None, Ellipsis, and arrays of integers or of truth values.

    ``scores[np.arange(N), y]`` is the entry of each row at its label, a gate of its own.
    """
    parts = key if isinstance(key, tuple) else (key,)
    if is_by_label(node, parts):
        return apply(TABLE["pick"], node, parts[1])
    arrays = [part for part in parts if is_array(part)]
    for part in parts:
        if not (part is None or part is Ellipsis or is_array(part) or isinstance(part, (int, np.integer, slice))):
            raise GraphError(f"{node.label}[{part!r}] is no index; expected integers, slices or arrays of them.")
    template = tuple("array" if is_array(part) else part for part in parts)
    return apply(TABLE["index"], node, *map(whole_or_truth, arrays), key=template)


def is_array(part: Any) -> bool:
    """Whether a part of an index is an array: of positions, or of truth values."""
    return isinstance(part, (np.ndarray, list, Tensor, bool, np.bool_))


def is_by_label(node: Tensor, parts: tuple[Any, ...]) -> bool:
    """Whether an index is ``[np.arange(N), y]`` on a matrix."""
    if len(parts) != 2 or node.ndim != 2 or not all(isinstance(part, (np.ndarray, Tensor)) for part in parts):
        return False
    rows, labels = (part.value if isinstance(part, Tensor) else part for part in parts)
    in_range = np.shape(labels) == (len(node),) and labels.dtype.kind in "iu" and (labels >= 0).all()
    return in_range and np.array_equal(rows, np.arange(len(node)))


def whole_or_truth(part: Any) -> Any:
    """Return an index array as it is, or say why it cannot be one."""
    array = part if isinstance(part, Tensor) else np.asarray(part)
    if array.dtype.kind not in "iub" and array.size:
        raise GraphError(
            f"an index holds whole numbers or truth values; got {array.dtype}. Convert it with astype(int)."
        )
    return array if array.size else np.asarray(getattr(array, "value", array)).astype(int)
