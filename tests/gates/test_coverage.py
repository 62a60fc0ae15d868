"""Every NumPy function that can be overridden either works on tensors or says in one sentence that it does not."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.testing.overrides import get_overridable_numpy_array_functions, get_overridable_numpy_ufuncs

import zanjir.gates  # noqa: F401 - fills the table
from zanjir.errors import GraphError, ZanjirError
from zanjir.graph import Tensor
from zanjir.graph.protocol import full_name, supported

X = Tensor(np.array([[2.0, 0.25, 0.5], [0.25, 3.0, 0.125], [0.5, 0.125, 4.0]]), "X")
V = Tensor(np.array([0.25, 0.5, 0.75]), "v")
ARGUMENTS: list[tuple[Any, ...]] = [
    (X,), (V,), (X, X), (V, V), (X, X, X), (X, 1), (X, -1), (X, 0.5), (X, 7), (X, "a"), (X, None), (X, 1, 0), (V, 2),
    (X, (3, 3)), (X, (9, 9)), (X, [0, 1]), (X, (0, 1), (1, 0)), ([X, X],), ([X, V],), (X, X, 5),
    ([X > 1, X < 1], [X, X]), (X, [0, 1], V, [1]), (X, X, X, X, X),
]  # fmt: skip
FURTHER: dict[str, list[tuple[Any, ...]]] = {
    "np.einsum": [("ij->i", X), ("ij,jk->q", X, X), ("ii,->", X, 2.0)],
    "np.dsplit": [(X[None, :, :], 3), (X[None, :, :], 2)],
    "np.take_along_axis": [(X, np.zeros((3, 1), int), 1), (X, np.zeros((3, 1), int), 5)],
}
# Answers about shapes and types, and comparisons of whole arrays, are plain values.
PLAIN = {"allclose", "array_equal", "array_equiv", "iscomplexobj", "isrealobj", "ndim", "result_type", "shape", "size"}


def overridable() -> list[Any]:
    """NumPy's ufuncs and other functions, in the order of their names."""
    functions = get_overridable_numpy_ufuncs() | get_overridable_numpy_array_functions()
    return sorted(functions, key=full_name)


EVERY = overridable()  # once: NumPy finds more of them when more of its modules are loaded
WORKING = [function for function in EVERY if function in supported()]
OTHERS = [function for function in EVERY if function not in supported()]


def outcomes(function: Any) -> Iterator[Any]:
    """What a function returns or raises, where it came to a tensor's protocol at all."""
    further = [(1.0, X), (X, 2)] if isinstance(function, np.ufunc) else FURTHER.get(full_name(function), [])
    for arguments in ARGUMENTS + further:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
                yield function(*arguments)
        except Exception as error:
            if any("zanjir" in frame.filename for frame in traceback.extract_tb(error.__traceback__)[1:]):
                yield error


def is_recorded(result: Any) -> bool:
    """Whether a result is a tensor, or consists of tensors."""
    several = isinstance(result, tuple | list)
    return all(map(is_recorded, result)) if several else isinstance(result, Tensor)


@pytest.mark.parametrize("function", WORKING, ids=full_name)
def test_a_function_that_works_gives_tensors_and_refuses_in_one_sentence(function: Any) -> None:
    found = list(outcomes(function))
    refusals = [result for result in found if isinstance(result, Exception)]
    results = [result for result in found if not isinstance(result, Exception)]
    assert results, f"{full_name(function)} takes nothing of what is offered"
    assert all(map(is_recorded, results)) or function.__name__ in PLAIN
    for error in refusals:
        assert isinstance(error, ZanjirError), error
        assert re.fullmatch(r".*\.", str(error)), error


@pytest.mark.parametrize("function", OTHERS, ids=full_name)
def test_a_function_that_does_not_work_says_so_by_its_name(function: Any) -> None:
    protocol = X.__array_ufunc__ if isinstance(function, np.ufunc) else X.__array_function__
    middle = ("__call__", X) if isinstance(function, np.ufunc) else ((Tensor,), (X,), {})
    with pytest.raises(GraphError, match=rf"^{re.escape(full_name(function))} has no gate.*\.$"):
        protocol(function, *middle)
    for result in outcomes(function):
        # One that asks a tensor for a file's or a string's method hears of the attribute that is missing.
        assert isinstance(result, GraphError | AttributeError), f"{full_name(function)} gives {result!r}"
        assert re.fullmatch(r".*\.", str(result)), result


def test_two_hundred_functions_work() -> None:
    assert len(WORKING) >= 200
