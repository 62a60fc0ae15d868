"""A Python number, such as the 2 of ``2 * x[1]``, flows into gates that move a single element."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import zanjir
from zanjir.gates import reshape_like
from zanjir.graph import Tensor, gradient

X = np.array([0.5, 0.75])
SINGLE: dict[str, Callable[[Any], Any]] = {
    "index": lambda x: x[1],
    "index twice": lambda x: x[:1][0],
    "reshape": lambda x: np.reshape(x[1:], ()),
    "squeeze": lambda x: np.squeeze(x[1:]),
    "reshape_like": lambda x: reshape_like(x[1:], x[0]),
    "sort": lambda x: np.sort(x)[0],
    "take": lambda x: np.take(x, 1),
    "trace": lambda x: np.trace(np.outer(x, x)),
    "norm": np.linalg.norm,
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", SINGLE)
def test_it_flows_as_a_number_with_a_type_does(name: str, dtype: Any) -> None:
    x = Tensor(X.astype(dtype), "x")
    weak = gradient(SINGLE[name](x) * 2.0, x)
    strong = gradient(SINGLE[name](x) * dtype(2), x)
    assert weak.dtype == dtype
    np.testing.assert_array_equal(weak.value, strong.value)
    np.testing.assert_array_equal(gradient(SINGLE[name](x), x).value * 2, strong.value)


@pytest.mark.parametrize("name", SINGLE)
def test_its_program_has_the_gradient_of_the_graph(name: str) -> None:
    x = Tensor(X, "x")
    loss = (SINGLE[name](x) * 2.0).named("loss")
    text = zanjir.source(loss)
    names: dict[str, Any] = {}
    exec(text, names)  # noqa: S102 - the program is what is tested
    returned = text.split("def backward")[0].rsplit("return ", 1)[1].split()
    kept = names["forward"](X)
    values = {"x": X} | dict(zip((r.strip(",") for r in returned), kept if len(returned) > 1 else [kept], strict=True))
    read = text.split("def backward(")[1].split(")")[0].split(", ")
    np.testing.assert_array_equal(names["backward"](*(values[name] for name in read)), gradient(loss, x).value)


@pytest.mark.parametrize("move", [np.ravel, np.atleast_2d, lambda x: np.reshape(x, (1, 1)), np.cumsum, np.squeeze])
def test_it_is_moved_as_an_array_of_one_element_is(move: Callable[[Any], Any]) -> None:
    for number in (3.0, np.array(3.0)):
        x = Tensor(number, "x")
        first = gradient((move(x) ** 3).sum(), x)
        assert (float(first.value), float(gradient(first, x).value)) == (27.0, 18.0)
