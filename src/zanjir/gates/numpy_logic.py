"""NumPy's questions about arrays: shapes and types, truth values, and positions. None of the answers has a derivative.

What depends on shapes and types alone is a plain answer; what depends on the numbers is a node of the graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zanjir.errors import GraphError, ShapeError
from zanjir.gates.arithmetic import where
from zanjir.gates.compare import equal, isfinite, isnan, logical_and, logical_not, logical_or, not_equal
from zanjir.gates.elementwise import absolute
from zanjir.gates.index import argwhere
from zanjir.gates.reduce import Axis, max_, min_, sum_
from zanjir.gates.rounding import trunc
from zanjir.gates.scan import argsort
from zanjir.gates.shape import astype, broadcast_like, expand_dims, ravel, zeros_like
from zanjir.graph.protocol import answers
from zanjir.graph.tensor import Tensor, as_tensor

__all__: list[str] = []


def numbers(x: Any) -> Any:
    """Return the numbers of a tensor, and anything else as it is."""
    return x.value if isinstance(x, Tensor) else x


# Shapes and types


@answers(np.shape)
def _shape(a: Any) -> tuple[int, ...]:
    return np.shape(numbers(a))


@answers(np.ndim)
def _ndim(a: Any) -> int:
    return np.ndim(numbers(a))


@answers(np.size)
def _size(a: Any, axis: Any = None) -> int:
    return np.size(numbers(a), axis)


@answers(np.result_type)
def _result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    return np.result_type(*map(numbers, arrays_and_dtypes))


@answers(np.iscomplexobj)
def _iscomplexobj(x: Any) -> bool:
    return False


@answers(np.isrealobj)
def _isrealobj(x: Any) -> bool:
    return True


@answers(np.astype)
def _astype(x: Any, dtype: Any, /) -> Tensor:
    return astype(x, dtype=np.dtype(dtype).name)


@answers(np.ones_like)
def _ones_like(a: Any) -> Tensor:
    return broadcast_like(1, a)


@answers(np.full_like)
def _full_like(a: Any, fill_value: Any) -> Tensor:
    return broadcast_like(fill_value, a)


# Comparisons of whole arrays, which a plain truth value answers


@answers(np.array_equal)
def _array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    return np.array_equal(numbers(a1), numbers(a2), equal_nan)


@answers(np.array_equiv)
def _array_equiv(a1: Any, a2: Any) -> bool:
    return np.array_equiv(numbers(a1), numbers(a2))


@answers(np.allclose)
def _allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> bool:
    return np.allclose(numbers(a), numbers(b), numbers(rtol), numbers(atol), equal_nan)


# Truth values, element by element


@answers(np.isclose)
def _isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Tensor:
    both = logical_and(isfinite(a), isfinite(b))
    near_to, this = where(both, b, 0), where(both, a, 0)  # infinities have no distance
    near = logical_and(both, absolute(this - near_to) <= atol + rtol * absolute(near_to))
    near = logical_or(near, equal(a, b))
    return logical_or(near, logical_and(isnan(a), isnan(b))) if equal_nan else near


@answers(np.isinf)
def _isinf(x: Any) -> Tensor:
    return equal(absolute(x), np.inf)


@answers(np.isposinf)
def _isposinf(x: Any) -> Tensor:
    return equal(x, np.inf)


@answers(np.isneginf)
def _isneginf(x: Any) -> Tensor:
    return equal(x, -np.inf)


@answers(np.iscomplex)
def _iscomplex(x: Any) -> Tensor:
    return astype(zeros_like(x), dtype="bool")


@answers(np.isreal)
def _isreal(x: Any) -> Tensor:
    return logical_not(_iscomplex(x))


@answers(np.logical_xor)
def _logical_xor(x1: Any, x2: Any) -> Tensor:
    return not_equal(not_equal(x1, 0), not_equal(x2, 0))


@answers(np.fix)
def _fix(x: Any) -> Tensor:
    return trunc(x)


@answers(np.all)
def _all(a: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return min_(not_equal(a, 0), axis=axis, keepdims=keepdims)


@answers(np.any)
def _any(a: Any, axis: Axis = None, keepdims: bool = False) -> Tensor:
    return max_(not_equal(a, 0), axis=axis, keepdims=keepdims)


@answers(np.count_nonzero)
def _count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> Tensor:
    return sum_(not_equal(a, 0), axis=axis, keepdims=keepdims)


# Positions


@answers(np.where)
def _where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    return _nonzero(condition) if x is None and y is None else where(condition, x, y)


@answers(np.nonzero)
def _nonzero(a: Any) -> tuple[Tensor, ...]:
    a = as_tensor(a)
    if not a.ndim:
        raise GraphError(f"np.nonzero: {a.label} is a single number and has no positions; use np.atleast_1d first.")
    places = argwhere(a)
    return tuple(places[:, k] for k in range(a.ndim))


@answers(np.flatnonzero)
def _flatnonzero(a: Any) -> Tensor:
    return argwhere(ravel(a))[:, 0]


@answers(np.argpartition)
def _argpartition(a: Any, kth: Any, axis: int | None = -1) -> Tensor:
    a, axis = (ravel(a), 0) if axis is None else (as_tensor(a), axis)
    check_places("argpartition", a, kth, axis)
    return argsort(a, axis=axis)


def check_places(function: str, a: Tensor, kth: Any, axis: int) -> None:
    """Raise unless every place lies within an axis; a sorted array is divided at all of them.

    Raises
    ------
    ShapeError
        If one does not.
    """
    size = a.shape[axis]
    for k in np.atleast_1d(kth):
        if not -size <= k < size:
            raise ShapeError(f"{function}: kth is {k}, but {a.label} has {size} elements along axis {axis}.")


@answers(np.searchsorted)
def _searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Tensor:
    ordered, sought = as_tensor(a) if sorter is None else as_tensor(a)[sorter], as_tensor(v)
    if ordered.ndim != 1 or side not in ("left", "right"):
        raise GraphError(
            f"np.searchsorted: got {ordered.ndim} axes and side={side!r}; expected sorted numbers along one axis, "
            "and 'left' or 'right'."
        )
    v = expand_dims(sought, axis=-1)
    return sum_(ordered < v if side == "left" else ordered <= v, axis=-1)
