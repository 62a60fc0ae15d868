"""Every NumPy function of HIPS autograd's table, called on tensors in the forms that autograd supports."""

from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import zanjir.gates  # noqa: F401 - fills the table
from witnesses.autograd_samples import SAMPLES
from witnesses.autograd_table import (
    BEYOND_AUTOGRAD,
    DIFFERENTIABLE,
    EMPTY_LIKE,
    HELPERS,
    SYMMETRIC,
    WITHOUT_DERIVATIVE,
    WITHOUT_GATE,
    WRAPPED,
    Call,
)
from zanjir.errors import GraphError
from zanjir.graph import Tensor, gradient

# Gates call what NumPy calls; a handful of roundings where a function is written in several gates.
SAME_VALUE = 1e-14
# Differences of fourth order with step h = 1e-3 err by h^4 = 1e-12 times a fifth derivative, and 1e-16 / h.
DIFFERENCE, STEP = 1e-8, 1e-3
# Two exact methods differ by roundings, times the condition of the worst matrix, about 1e3 at second order.
AGREEMENT = 1e-11
N_WORKING, N_REFUSED, N_WITHOUT_DERIVATIVE = 124, 17, 50

needs_autograd = pytest.mark.skipif(not importlib.util.find_spec("autograd"), reason="autograd is not installed")


def calls_of(table: Mapping[str, list[Call]]) -> list[Any]:
    """Each call of each function, as parameters of a test."""
    return [pytest.param(name, k, id=f"{name}-{k}") for name, calls in table.items() for k in range(len(calls))]


def names_of(call: Call) -> list[str]:
    """The samples that a call takes."""
    return [name for name in inspect.signature(call).parameters if name in SAMPLES]


def parts(result: Any) -> list[Any]:
    """The arrays of a result, which may be one or several, and in autograd's boxes."""
    inside = result
    while hasattr(inside, "_value"):
        inside = inside._value
    return [result[k] for k in range(len(result))] if isinstance(inside, tuple | list) else [result]


class Case:
    """A call with its arrays, and a number that depends on every result: w (r + r^2 / 2), summed."""

    def __init__(self, call: Call) -> None:
        self.call, self.names = call, names_of(call)
        self.arrays = [SAMPLES[name] for name in self.names]
        self.expected = parts(call(np, *self.arrays))
        rng = np.random.default_rng(0)
        self.weights = [rng.standard_normal(np.shape(r)) for r in self.expected]
        self.directions = [0.3 * rng.standard_normal(x.shape) for x in self.arrays]
        if self.names in (["S"], ["Ss"]):  # which are symmetric, as some functions expect
            self.directions = [d + np.swapaxes(d, -1, -2) for d in self.directions]

    def tensors(self, step: float = 0.0) -> list[Tensor]:
        moved = zip(self.names, self.arrays, self.directions, strict=True)
        return [Tensor(x + step * d, name) for name, x, d in moved]

    def loss(self, numpy: Any, arrays: Any) -> Any:
        results = parts(self.call(numpy, *arrays))
        return sum(numpy.sum(w * (r + r * r / 2)) for r, w in zip(results, self.weights, strict=True))

    def along(self, numpy: Any, derivatives: Any) -> Any:
        """The derivative along the directions."""
        return sum(numpy.sum(dx * d) for dx, d in zip(derivatives, self.directions, strict=True))


def differences(f: Callable[[float], float]) -> float:
    """The derivative of a function at 0, by central differences of fourth order."""
    return (8 * (f(STEP) - f(-STEP)) - (f(2 * STEP) - f(-2 * STEP))) / (12 * STEP)


def assert_close(got: Any, expected: Any, tolerance: float) -> None:
    """Compare relative to the largest number."""
    assert np.shape(got) == np.shape(expected)
    assert np.abs(np.subtract(got, expected)).max(initial=0) <= tolerance * max(1.0, np.abs(expected).max(initial=0))


@pytest.mark.parametrize(("name", "k"), calls_of(DIFFERENTIABLE))
def test_a_function_on_tensors_has_numpys_value(name: str, k: int) -> None:
    case = Case(DIFFERENTIABLE[name][k])
    results = parts(case.call(np, *case.tensors()))
    assert len(results) == len(case.expected)
    for result, expected in zip(results, case.expected, strict=True):
        assert isinstance(result, Tensor)
        assert_close(result.value, expected, SAME_VALUE)


@pytest.mark.parametrize(("name", "k"), calls_of(DIFFERENTIABLE))
def test_its_first_and_second_derivatives_agree_with_differences_of_numpys_values(name: str, k: int) -> None:
    case = Case(DIFFERENTIABLE[name][k])
    leaves = case.tensors()
    slope = case.along(np, gradient(case.loss(np, leaves), leaves))
    curvature = case.along(np, gradient(slope, leaves))

    def value(step: float) -> float:
        return float(case.loss(np, [x.value for x in case.tensors(step)]))

    def slope_at(step: float) -> float:
        moved = case.tensors(step)
        return float(case.along(np, [dx.value for dx in gradient(case.loss(np, moved), moved)]))

    assert_close(slope.value, differences(value), DIFFERENCE)
    assert_close(curvature.value, differences(slope_at), DIFFERENCE)


@pytest.mark.parametrize(("name", "k"), calls_of(WITHOUT_DERIVATIVE))
def test_a_function_without_a_derivative_has_numpys_value_and_lets_nothing_flow(name: str, k: int) -> None:
    case = Case(WITHOUT_DERIVATIVE[name][k])
    leaves = case.tensors()
    results = parts(case.call(np, *leaves))
    assert len(results) == len(case.expected)
    for result, expected in zip(results, case.expected, strict=True):
        number = result.value if isinstance(result, Tensor) else result
        assert type(result) is Tensor or not isinstance(expected, np.ndarray)
        assert np.array_equal(number, expected)
        if isinstance(result, Tensor):
            assert result.dtype.kind == np.asarray(expected).dtype.kind
            total = np.sum(result * 1.0) + np.sum(leaves[0])
            assert np.array_equal(gradient(total, leaves[0]).value, np.ones(leaves[0].shape))


@pytest.mark.parametrize("name", WITHOUT_GATE)
def test_what_does_not_work_says_why(name: str) -> None:
    reason, call = WITHOUT_GATE[name]
    tensors = [Tensor(SAMPLES[sample], sample) for sample in names_of(call)]
    with pytest.raises(GraphError, match=reason):
        call(np, *tensors)


def test_an_array_to_be_filled_later_says_why_it_does_not_work() -> None:
    with pytest.raises(GraphError, match=EMPTY_LIKE):
        np.empty_like(Tensor(SAMPLES["x"], "x"))


def test_every_function_that_autograd_differentiates_is_called_or_has_a_reason() -> None:
    counts = len(DIFFERENTIABLE), len(WITHOUT_GATE), len(WITHOUT_DERIVATIVE)
    assert counts == (N_WORKING, N_REFUSED, N_WITHOUT_DERIVATIVE)
    assert set(DIFFERENTIABLE).isdisjoint(WITHOUT_GATE)


# Beside autograd itself


@pytest.fixture
def autograd() -> Any:
    return pytest.importorskip("autograd")


@needs_autograd
@pytest.mark.parametrize(("name", "k"), calls_of(DIFFERENTIABLE))
def test_gradients_and_their_derivatives_are_autograds(name: str, k: int, autograd: Any) -> None:
    autograds = importlib.import_module("autograd.numpy")
    case = Case(DIFFERENTIABLE[name][k])

    def theirs(order: int) -> Any:
        def slope(arrays: Any) -> Any:
            return case.along(autograds, autograd.grad(lambda xs: case.loss(autograds, xs))(arrays))

        return autograd.grad((lambda xs: case.loss(autograds, xs)) if order == 1 else slope)(tuple(case.arrays))

    if k in BEYOND_AUTOGRAD.get(name, ()):
        with pytest.raises((NotImplementedError, TypeError, ValueError)):
            theirs(1)
        return
    leaves = case.tensors()
    first = gradient(case.loss(np, leaves), leaves)
    second = gradient(case.along(np, first), leaves)
    for ours, order in ((first, 1), (second, 2)):
        for mine, their in zip(ours, theirs(order), strict=True):
            assert_close(((mine + mine.mT) / 2 if name in SYMMETRIC else mine).value, their, AGREEMENT)


@needs_autograd
def test_the_names_are_those_of_autograds_own_table(autograd: Any) -> None:
    primitives, silent = importlib.import_module("autograd.core"), importlib.import_module("autograd.tracer")
    modules = [importlib.import_module(f"autograd.numpy.{name}") for name in ("linalg", "fft")]
    table = [row.__name__ for row in primitives.primitive_vjps]
    listed = {name.rpartition(".")[2] for name in (*DIFFERENTIABLE, *WITHOUT_GATE)}
    assert all(modules)
    assert set(table) == listed - WRAPPED | HELPERS
    assert {row.__name__ for row in silent.notrace_primitives[primitives.VJPNode]} == {
        *WITHOUT_DERIVATIVE,
        "empty_like",
    }
